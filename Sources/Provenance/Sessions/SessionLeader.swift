// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import SystemPackage

/// One boot of one machine.
public struct BootID: Hashable, Sendable {
  let octets: Octets16

  /// The running system's.
  ///
  /// - Throws: the error that kept `/proc/sys/kernel/random/boot_id` from being read;
  ///   `Errno.badMessage` where it is no UUID.
  public static func current() throws(Errno) -> BootID {
    let text = try SmallFile.text("/proc/sys/kernel/random/boot_id")
    guard let octets = Octets16(hexadecimal: text.utf8.filter { $0 != UInt8(ascii: "-") }) else {
      throw .badMessage
    }
    return BootID(octets: octets)
  }
}

/// The process that leads a registered session: its descendants are the session's members. No other
/// process of one boot is the same.
public struct SessionLeader: Hashable, Sendable {
  /// The number of the pid namespace that the process is in.
  public var namespace: UInt64
  /// The process's id in that namespace.
  public var pid: pid_t
  /// When the process started, in clock ticks after boot, as `/proc/PID/stat` tells.
  public var start: UInt64

  public init(namespace: UInt64, pid: pid_t, start: UInt64) {
    self.namespace = namespace
    self.pid = pid
    self.start = start
  }

  /// The name that makes a leader of a process. Only the process itself can set it.
  public static let taskName = "provstamp-run"

  /// The name of the process that stands for a session's command. Orphans become its children only
  /// when the session's leader was killed.
  public static let foregroundName = "provstamp-front"
}

extension SessionID {
  private static let domain: StaticString = "provfs session 2"

  /// The id that the session of this leader has: the first sixteen bytes of the SHA-256 of
  /// `provfs session 2`, the boot id (16 bytes), and the leader's pid namespace (8), pid (4) and start
  /// (8), all three little endian. Where the first four bytes would be zero, which no id's are, the
  /// fourth is 1.
  ///
  /// Nothing in it can be chosen. So nobody can give his own session the id of another's.
  init(ledBy leader: SessionLeader, in boot: BootID) {
    let domainSize = Self.domain.utf8CodeUnitCount
    let size = domainSize + 16 + 8 + 4 + 8
    var digest = withUnsafeTemporaryAllocation(byteCount: size, alignment: 1) { bytes in
      bytes.copyMemory(
        from: UnsafeRawBufferPointer(start: Self.domain.utf8Start, count: domainSize))
      let fields = UnsafeMutableRawBufferPointer(rebasing: bytes[domainSize...])
      boot.octets.store(into: fields)
      fields.storeBytes(of: leader.namespace.littleEndian, toByteOffset: 16, as: UInt64.self)
      fields.storeBytes(of: leader.pid.littleEndian, toByteOffset: 24, as: Int32.self)
      fields.storeBytes(of: leader.start.littleEndian, toByteOffset: 28, as: UInt64.self)
      return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Int(PROV_SHA256_SIZE)) {
        digest in
        prov_sha256(bytes.baseAddress, bytes.count, digest.baseAddress)
        return Octets16(UnsafeRawBufferPointer(digest))
      }
    }
    if digest.high >> 32 == 0 { digest.high |= 1 << 32 }
    self.init(octets: digest)
  }
}

extension ProcFilesystem {
  /// What a process is as a leader, whether it is one or not.
  ///
  /// The process must be known to live afterwards: what is read here goes by its number.
  ///
  /// - Throws: as ``start(_:)`` and ``pidNamespace(_:)``.
  func leader(_ process: pid_t, _ status: TaskStatus) throws(Errno) -> SessionLeader {
    SessionLeader(
      // In the reader's own namespace nobody needs the right to trace the process.
      namespace: try pidNamespace(status.depth == 0 ? getpid() : process),
      pid: status.innermost, start: try start(process))
  }
}
