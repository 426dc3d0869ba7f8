// SPDX-License-Identifier: Apache-2.0
import CBpf
import Provenance

/// What one writer did to one inode, with times of CLOCK_MONOTONIC.
struct Change {
  let key: inode_key
  let inode: Inode
  let writer: Writer
  /// Whether it is not known in which session the writer is.
  let isUnknown: Bool
  let isOpen: Bool
  let flags: Stamp.Flags
  let first: UInt64
  /// The last write happened after the first of these and before the second.
  let last: ClosedRange<UInt64>
  let end: UInt64
  let mtime: UInt64
  let hasChanged: Bool

  /// How long after its note a write may still take effect, in nanoseconds.
  private static let writeTime: UInt64 = 10_000_000

  /// - Parameter clock: what CLOCK_REALTIME is ahead of CLOCK_MONOTONIC.
  init(_ noted: change, clock: UInt64) {
    key = noted.key
    inode = Inode(noted.key)
    let writer = Writer(noted.writer)
    self.writer = writer ?? Writer(session: .none, pid: 0, uid: 0, comm: .empty)
    // Outside the sessions that the kernel keeps may still be in one of the registry's.
    isUnknown = self.writer.session.isNone || noted.flags & UInt32(CHANGE_UNKNOWN) != 0
    isOpen = noted.flags & UInt32(CHANGE_OPEN) != 0
    flags = Self.flags(noted.flags)
    first = noted.first
    end = max(noted.end, noted.last)
    let latest = flags.contains(.mapped) ? end : min(end, noted.last &+ Self.writeTime)
    last = min(noted.last, latest)...latest
    mtime = noted.mtime
    hasChanged = Self.hasChanged(noted, clock: clock)
  }

  private static func flags(_ noted: UInt32) -> Stamp.Flags {
    var flags: Stamp.Flags = []
    if noted & UInt32(CHANGE_CREATED) != 0 { flags.insert(.created) }
    if noted & UInt32(CHANGE_MAPPED) != 0 { flags.insert(.mapped) }
    return flags
  }

  /// A write of no bytes, or one that failed, is noted too. The kernel dates changes at its last tick, so
  /// one that follows another closely may leave mtime as it was.
  private static func hasChanged(_ noted: change, clock: UInt64) -> Bool {
    let isCertain = noted.flags & UInt32(CHANGE_CERTAIN) != 0
    if isCertain || noted.mtime != noted.mtime_before || noted.size != noted.size_before {
      return true
    }
    return noted.mtime_before &+ 1_000_000_000 > noted.first &+ clock
  }
}

/// An inode on this machine, until it is removed.
struct Inode: Hashable {
  private let number, subvolume: UInt64
  private let device, generation: UInt32

  init(_ key: inode_key) {
    number = key.inode
    subvolume = key.subvolume
    device = key.device
    generation = key.generation
  }
}

extension Writer {
  /// Nil where what was noted cannot be.
  init?(_ noted: CBpf.writer) {
    let session = withUnsafeBytes(of: noted.session) { SessionID(bytes: $0) }
    guard let session else { return nil }
    let root = withUnsafeBytes(of: noted.root) {
      UInt32(bigEndian: $0.loadUnaligned(as: UInt32.self))
    }
    let comm = withUnsafeBytes(of: noted.comm) { name in
      TaskName(UnsafeRawBufferPointer(rebasing: name.prefix { $0 != 0 }))
    }
    self.init(
      session: session, root: RootPrefix(root), pid: noted.pid, uid: noted.uid, comm: comm)
  }
}
