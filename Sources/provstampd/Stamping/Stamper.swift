// SPDX-License-Identifier: Apache-2.0
import CBpf
import CProvenance
import Glibc
import Provenance
import SystemPackage

/// Puts what was noted on the files.
struct Stamper {
  private var lastWriters = LastWriters()
  private var retries = RetryQueue()
  private(set) var outcomes = Outcomes()

  /// How much the kernel dates changes too early: a clock tick at most.
  private static let tick: UInt64 = 10_000_000

  var hasRetries: Bool { !retries.isEmpty }

  mutating func apply(_ noted: [change]) {
    let waiting = retries.take()
    guard !noted.isEmpty || !waiting.isEmpty else { return }
    let clock = Clock.realTime &- Clock.monotonic
    var volumes = Volumes()
    for change in waiting { set(change, .latest, clock, &volumes) }
    for one in noted {
      let change = Change(one, clock: clock)
      guard change.hasChanged else { continue }
      retries.forget(change.inode)
      set(change, lastWriters.judge(change), clock, &volumes)
    }
  }

  /// Stamps files that are still open, with a stamp that says so.
  mutating func applyOngoing(_ noted: [change]) {
    apply(
      noted.map { one in
        var one = one
        one.flags |= UInt32(CHANGE_OPEN)
        return one
      })
  }

  private mutating func set(
    _ change: Change, _ verdict: LastWriters.Verdict, _ clock: UInt64, _ volumes: inout Volumes
  ) {
    do throws(Errno) {
      let file = try volumes.open(change.key)
      let outcome = try file.withNumber { number throws(Errno) -> StampStore.Outcome? in
        try Self.set(change, verdict, clock, number)
      }
      note(outcome, change)
    } catch .noSuchFileOrDirectory, .staleNFSFileHandle {
      // Removed meanwhile: nobody can ask about it.
    } catch {
      outcomes.unreached += 1
    }
  }

  private mutating func note(_ outcome: StampStore.Outcome?, _ change: Change) {
    switch outcome {
    case .stamped: outcomes.stamped += 1
    case .removed(let error), .stale(setting: let error, removing: _):
      if RetryQueue.mayPass(error), retries.add(change) { return }
      outcomes.unreached += 1
    case nil: outcomes.unknown += 1
    }
  }

  /// - Returns: nil where the file keeps no stamp because its writer is not known, or keeps the one it has.
  private static func set(
    _ change: Change, _ verdict: LastWriters.Verdict, _ clock: UInt64, _ number: CInt
  ) throws(Errno) -> StampStore.Outcome? {
    let status = try statx(of: number, UInt32(STATX_INO | STATX_NLINK | STATX_MTIME))
    guard status.stx_ino == change.key.inode, status.stx_nlink > 0 else {
      throw .noSuchFileOrDirectory
    }
    let file = FileReference(descriptor: number)
    let earlier = try StampStore.read(file, .security).stamp
    if let earlier, Self.isAnothers(earlier, of: status) { return nil }
    var stamp = Stamp(
      stamper: .provstampd, flags: change.flags, writer: change.writer,
      time: time(of: change, clock, mtimeNow: status.stx_mtime.nanoseconds),
      inode: change.key.inode)
    guard verdict == .latest && !change.isUnknown else {
      if verdict != .earlier { try StampStore.forget(file, .security) }
      // That somebody was in no session would be a claim, too.
      if !change.isUnknown { StampStore.addToLog(stamp, file, .security) }
      return nil
    }
    if let earlier, earlier.inode == stamp.inode, earlier.flags.contains(.created),
      earlier.writer.isSameWriter(as: stamp.writer)
    {
      stamp.flags.insert(.created)
    }
    if change.isOpen { stamp.flags.insert(.open) }
    return StampStore.replace(earlier, of: file, .security, with: stamp)
  }

  /// A view, say, has stamped the change itself, and knows whom it was for.
  private static func isAnothers(_ stamp: Stamp, of status: statx) -> Bool {
    stamp.stamper != .provstampd && stamp.inode == status.stx_ino
      && stamp.time >= status.stx_mtime.nanoseconds
  }

  /// Not before the last change that the stamp covers, and before any that follows: such a change is
  /// dated at the tick before it happens.
  private static func time(of change: Change, _ clock: UInt64, mtimeNow: UInt64) -> UInt64 {
    let end = change.end &+ clock
    let mtime = change.isOpen ? mtimeNow : change.mtime
    return max(end &- tick, min(mtime, max(end, Clock.realTime)))
  }
}

/// What became of the changes that were heard of.
struct Outcomes: Equatable {
  var stamped: UInt64 = 0
  /// The writer could not be told, or an earlier one was heard of late.
  var unknown: UInt64 = 0
  /// The file could not be opened or stamped.
  var unreached: UInt64 = 0
}
