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

/// Random bytes from which, with the leader, a session's id follows.
public struct SessionNonce: Hashable, Sendable {
  static let size = 32

  private let first: Octets16
  private let second: Octets16

  init(_ bytes: UnsafeRawBufferPointer) {
    precondition(bytes.count == Self.size)
    first = Octets16(bytes)
    second = Octets16(UnsafeRawBufferPointer(rebasing: bytes[16...]))
  }

  /// - Returns: nil unless there are exactly 64 hexadecimal digits.
  init?(hexadecimal digits: String) {
    guard digits.utf8.count == 2 * Self.size,
      let first = Octets16(hexadecimal: digits.utf8.prefix(Self.size)),
      let second = Octets16(hexadecimal: digits.utf8.suffix(Self.size))
    else { return nil }
    self.first = first
    self.second = second
  }

  /// 64 lowercase hexadecimal digits.
  var hexadecimalDigits: String {
    first.hexadecimalDigits + second.hexadecimalDigits
  }

  func store(into bytes: UnsafeMutableRawBufferPointer) {
    precondition(bytes.count >= Self.size)
    first.store(into: bytes)
    second.store(into: UnsafeMutableRawBufferPointer(rebasing: bytes[16...]))
  }

  /// - Throws: the error of getrandom(2).
  static func random() throws(Errno) -> SessionNonce {
    try withUnsafeTemporaryAllocation(byteCount: size, alignment: 8) {
      bytes throws(Errno) -> SessionNonce in
      _ = try valueOrErrno(prov_random(bytes.baseAddress, bytes.count))
      return SessionNonce(UnsafeRawBufferPointer(bytes))
    }
  }
}

extension SessionID {
  private static let domain: StaticString = "provfs session"

  /// The id that the session of this leader has: the first sixteen bytes of the SHA-256 of
  /// `provfs session`, the boot id (16 bytes), the leader's pid (4 bytes) and start (8 bytes), both
  /// little endian, and the nonce (32 bytes).
  ///
  /// Whoever reads a record computes the id again. So nobody can claim for his own process the id
  /// of another's session: he would need a nonce with which the hash has given first 128 bits.
  ///
  /// - Returns: nil where the first four bytes are zero, which no id may have.
  init?(certifiedBy boot: BootID, _ leader: SessionLeader, _ nonce: SessionNonce) {
    let domainSize = Self.domain.utf8CodeUnitCount
    let size = domainSize + 16 + 4 + 8 + SessionNonce.size
    let digest = withUnsafeTemporaryAllocation(byteCount: size, alignment: 1) { bytes in
      bytes.copyMemory(
        from: UnsafeRawBufferPointer(start: Self.domain.utf8Start, count: domainSize))
      let fields = UnsafeMutableRawBufferPointer(rebasing: bytes[domainSize...])
      boot.octets.store(into: fields)
      fields.storeBytes(of: leader.pid.littleEndian, toByteOffset: 16, as: Int32.self)
      fields.storeBytes(of: leader.start.littleEndian, toByteOffset: 20, as: UInt64.self)
      nonce.store(into: UnsafeMutableRawBufferPointer(rebasing: fields[28...]))
      return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Int(PROV_SHA256_SIZE)) {
        digest in
        prov_sha256(bytes.baseAddress, bytes.count, digest.baseAddress)
        return Octets16(UnsafeRawBufferPointer(digest))
      }
    }
    guard digest.high >> 32 != 0 else { return nil }
    self.init(octets: digest)
  }
}
