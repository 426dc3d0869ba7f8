// SPDX-License-Identifier: Apache-2.0
import SystemPackage

/// Judges stamps against the files that carry them.
///
/// Two times speak of a file. ctime moves with every change of the inode and only the kernel's clock
/// sets it; setting a stamp moves it too, to the moment of stamping. mtime moves with the content
/// alone, but the file's owner can set it to anything. Both come from the kernel's coarse clock, which
/// stands still for up to one tick (1 to 10 ms), so both may be earlier than the moment they
/// stand for, and never later.
public struct Verifier: Sendable {
  /// Nanoseconds by which ctime may lie from a stamp's time and still be the stamping itself: two
  /// ticks of the slowest clock that kernels are built with (HZ=100). Earlier than the stamp by up to
  /// one tick, because the stamp's time is exact and ctime is not; later by what passes between
  /// taking the time and setting the attribute.
  public static let slack: UInt64 = 20_000_000

  /// What has to show that a file is as its stamp found it.
  public enum Proof: Sendable {
    /// What the stamper warrants. The LSM sees every change, that of a time too: mtime suffices. A view
    /// of provfs sees what passes through it, and renews its stamps there: a later ctime shows that
    /// something happened past it.
    case asStamped
    /// mtime, for every stamp.
    case mtime
    /// ctime, for every stamp: whatever changed the inode later, a chmod or a rename too, leaves the
    /// file ``Verdict/State/unproven``.
    case ctime
  }

  public var proof: Proof

  public init(_ proof: Proof = .asStamped) {
    self.proof = proof
  }

  /// A file's stamp with its verdict.
  public struct Judgement: Hashable, Sendable {
    public var reading: StampReading
    public var verdict: Verdict
    /// Verdict on ``StampReading/secondary``, where there is one.
    public var secondaryVerdict: Verdict?
    public var status: FileStatus
  }

  /// Reads and judges the stamp of `file`, and what else it carries.
  ///
  /// - Throws: the error of getxattr(2) or statx(2).
  public func judge(_ file: FileReference) throws(Errno) -> Judgement {
    try judge(file, try StampReading(file))
  }

  /// Judges what a scan found in `file`. What else the file carries is read only where it matters:
  /// where a `security.prov` does not hold any more.
  ///
  /// - Throws: the error of getxattr(2) or statx(2).
  public func judge(
    _ file: FileReference, _ holding: StampReading.Holding
  ) throws(Errno) -> Judgement {
    let status = try FileStatus(file)
    let verdict = judge(holding, status: status)
    if verdict.state.isOutdated || verdict.state == .malformed { return try judge(file) }
    return Judgement(
      reading: StampReading(holding: holding), verdict: verdict, secondaryVerdict: nil,
      status: status)
  }

  /// How often a stamp is read anew that is being replaced. Whoever replaces it without end is judged
  /// by what was read last.
  private static let patience = 100

  /// Judges `reading`; where the stamp is being replaced at the same time it is read anew, so that no
  /// old stamp is judged by a new time.
  private func judge(_ file: FileReference, _ reading: StampReading) throws(Errno) -> Judgement {
    var reading = reading
    var attempts = 0
    while true {
      let status = try FileStatus(file)
      let verdict = judge(reading.holding, status: status)
      if verdict.state.isOutdated {
        let again = try StampReading(file)
        if again != reading && attempts < Self.patience {
          reading = again
          attempts += 1
          continue
        }
      }
      return Judgement(
        reading: reading, verdict: verdict,
        secondaryVerdict: reading.secondary.map { judge($0, status: status) }, status: status)
    }
  }

  /// Judges what was read, given the status that was read after it.
  ///
  /// - Parameters:
  ///   - now: CLOCK_REALTIME in nanoseconds, not earlier than the reading.
  ///   - liveness: looks for the writer of an `open` stamp.
  public func judge(
    _ holding: StampReading.Holding, status: FileStatus, now: UInt64 = Clock.realTime,
    liveness: (Stamp) -> WriterLiveness = WriterLiveness.init(of:)
  ) -> Verdict {
    switch holding {
    case .unstamped(.noAttributes): Verdict(.noAttributes)
    case .unstamped(.noStamp): Verdict(.noStamp)
    case .malformed(let error, _): Verdict(Verdict.Reason(error))
    case .legacy(let legacy): judge(legacy, status: status, now: now)
    case .stamp(let stamp, _): judge(stamp, status: status, now: now, liveness: liveness)
    }
  }

  private func judge(
    _ stamp: Stamp, status: FileStatus, now: UInt64, liveness: (Stamp) -> WriterLiveness
  ) -> Verdict {
    guard stamp.inode == status.inode else { return Verdict(.otherInode) }
    guard status.isRegular else {
      return Verdict(stamp.time > now.addingSaturated(Self.slack) ? .stampInFuture : .creation)
    }
    let byTime = judge(
      time: stamp.time, precision: 0, status: status, now: now,
      mtimeSuffices: proof == .mtime || proof == .asStamped && stamp.stamper != .provfs)
    guard stamp.flags.contains(.open), byTime.reason != .stampInFuture else { return byTime }
    switch liveness(stamp) {
    case .gone: return Verdict(.writerGone)
    case .alive where byTime.reason == .modifiedLater: return Verdict(.stillOpen)
    case .alive, .unknown: return byTime
    }
  }

  private func judge(_ legacy: LegacyStamp, status: FileStatus, now: UInt64) -> Verdict {
    guard let time = legacy.time else {
      return Verdict(legacy.hasTime ? .legacyTimeMalformed : .legacyTimeMissing)
    }
    // Nobody who made such a stamp is watching any more.
    var verdict = judge(
      time: time.nanoseconds, precision: time.precision, status: status, now: now,
      mtimeSuffices: proof == .mtime)
    if verdict.reason == .contentUnchanged { verdict.reason = .legacyContentUnchanged }
    return verdict
  }

  /// Judges by time alone.
  ///
  /// - Parameters:
  ///   - precision: the stamp was made up to this many nanoseconds after `time`.
  ///   - mtimeSuffices: whether a later change of the inode alone leaves the stamp proven.
  private func judge(
    time: UInt64, precision: UInt64, status: FileStatus, now: UInt64, mtimeSuffices: Bool
  ) -> Verdict {
    let latest = time.addingSaturated(precision)
    let window = max(Self.slack, precision, status.timeGranularity)
    let inodeChanged = status.ctime > latest.addingSaturated(Self.slack)
    if time > now.addingSaturated(Self.slack) { return Verdict(.stampInFuture) }
    if status.ctime.addingSaturated(window) < time { return Verdict(.stampAfterInode) }
    if status.mtime > latest {
      // A write sets both times from one clock, so a later mtime was set by hand: before the stamp
      // where ctime is the stamping, and some time or other where it is not.
      if status.mtime <= status.ctime { return Verdict(.modifiedLater) }
      return inodeChanged
        ? Verdict(.modifiedTimeSet) : Verdict(.inodeUnchanged, window: window)
    }
    if !inodeChanged { return Verdict(.inodeUnchanged, window: window) }
    return mtimeSuffices ? Verdict(.contentUnchanged, window: window) : Verdict(.inodeChangedLater)
  }
}

extension Verdict.State {
  /// Whether a stamp that is set meanwhile can be another one.
  fileprivate var isOutdated: Bool { self == .unproven || self == .changed || self == .copied }
}

extension FileStatus {
  /// Nanoseconds between the times that the filesystem can keep: a second for those that keep whole
  /// seconds (ext4 with 128-byte inodes, ext2, UBIFS, squashfs), else none that matters beside a
  /// clock tick. Told from ctime, which nobody can set; a whole second comes up by chance once in
  /// 1e9 / tick readings. FAT, with its two seconds, keeps no extended attributes.
  var timeGranularity: UInt64 { ctime.isMultiple(of: 1_000_000_000) ? 1_000_000_000 : 0 }
}

extension UInt64 {
  func addingSaturated(_ other: UInt64) -> UInt64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
