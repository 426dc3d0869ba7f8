// SPDX-License-Identifier: Apache-2.0
import CBpf
import CProvenance
import Glibc
import Provenance
import SystemPackage

/// The programs in the kernel, which go on without this process: they are pinned.
final class Programs {
  static let pins = "/sys/fs/bpf/provstampd-\(RECORDS_VERSION)"

  private let bpf: OpaquePointer

  /// Loads and attaches them, in place of a predecessor's.
  init() throws(Trouble) {
    try BpfFilesystem.ensure()
    try Attachment.check()
    var loaded: OpaquePointer?
    var reason = [CChar](repeating: 0, count: 1024)
    let result = prov_bpf_load(
      &loaded, UnsafeRawPointer(bpfObject.utf8Start).assumingMemoryBound(to: CChar.self),
      bpfObject.utf8CodeUnitCount, Self.pins, &reason, reason.count)
    guard result >= 0, let loaded else {
      let text = String(decoding: reason.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
      throw Trouble(
        """
        \(text)
        This kernel does not let BPF programs be attached to its functions. Use a view instead: \
        provfs DIRECTORY DIRECTORY
        """)
    }
    bpf = loaded
    try Attachment.note()
  }

  deinit {
    prov_bpf_free(bpf)
  }

  /// Readable when there may be changes.
  var descriptor: CInt { prov_bpf_descriptor(bpf) }

  /// Every change that has ended by now, in no order.
  func ended() -> [change] {
    collect { prov_bpf_receive(self.bpf, $0, $1) }
      + collect { prov_bpf_receive_backlog(self.bpf, $0, $1) }
  }

  /// Changes of files that are still open.
  func ongoing() -> [change] {
    collect { prov_bpf_receive_open(self.bpf, $0, $1) }
  }

  private func collect(
    _ receive: (prov_bpf_receiver, UnsafeMutableRawPointer) -> CInt
  ) -> [change] {
    var changes: [change] = []
    withUnsafeMutablePointer(to: &changes) { list in
      _ = receive(
        { context, received in
          guard let context, let received else { return }
          context.assumingMemoryBound(to: [change].self).pointee.append(received.pointee)
        }, UnsafeMutableRawPointer(list))
    }
    return changes
  }

  var counts: Counts {
    var counts = Counts()
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: Int(COUNTS.rawValue)) { values in
      values.initialize(repeating: 0)
      guard prov_bpf_counts(bpf, values.baseAddress) >= 0 else { return }
      counts.changes = values[Int(COUNT_CHANGES.rawValue)]
      counts.overflowed = values[Int(COUNT_OVERFLOWED.rawValue)]
      counts.lost = values[Int(COUNT_LOST.rawValue)] + values[Int(COUNT_UNNOTED.rawValue)]
    }
    counts.skipped = UInt64(max(0, prov_bpf_misses(bpf)))
    return counts
  }

  /// The session of the process that a pidfd stands for; nil where it is in none.
  func session(of process: CInt) throws(Errno) -> task_session? {
    var session = task_session()
    let result = prov_bpf_session(bpf, process, &session)
    if result == -ENOENT { return nil }
    _ = try valueOrErrno(result)
    return session
  }

  func enter(_ session: task_session, _ process: CInt) throws(Errno) {
    var session = session
    _ = try valueOrErrno(prov_bpf_enter(bpf, process, &session))
  }
}

/// What the programs count.
struct Counts: Equatable {
  var changes: UInt64 = 0
  /// Of them, what the ring had no room for.
  var overflowed: UInt64 = 0
  /// Changes that nobody will hear of.
  var lost: UInt64 = 0
  /// Times that a program did not run because it was running on that processor.
  var skipped: UInt64 = 0
}
