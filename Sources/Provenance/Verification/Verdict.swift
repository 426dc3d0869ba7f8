// SPDX-License-Identifier: Apache-2.0

/// Whether what a stamp says still holds for the file that carries it, and what that rests on.
public struct Verdict: Hashable, Sendable {
  public enum State: String, Hashable, Sendable, CaseIterable {
    /// The stamp is about this file, and the content has not changed since.
    case ok
    /// By mtime the content has not changed, but the inode has: whoever wrote where nobody watched may
    /// have set mtime back since, as cp -p, rsync -a and touch -r do.
    case unproven
    /// The content changed after the stamp, or that cannot be excluded.
    case changed
    /// The stamp is another inode's: cp -a, rsync -X, tar or a restore carried it here.
    case copied
    /// Not a stamp that this program knows.
    case malformed
    /// No stamp.
    case unstamped
  }

  /// The one observation that decided the state. The raw values are stable, for machines.
  public enum Reason: String, Hashable, Sendable, CaseIterable {
    // ok
    /// ctime is the moment of stamping: nothing about the inode has changed since.
    case inodeUnchanged = "inode-unchanged"
    /// The inode changed later, but mtime is not after the stamp, and mtime suffices. The file's owner
    /// can set mtime back, so this is weaker than ``inodeUnchanged``.
    case contentUnchanged = "content-unchanged"
    /// Like ``contentUnchanged``, for an older stamper's text, which names no inode: a copy does not
    /// show.
    case legacyContentUnchanged = "legacy-content-unchanged"
    /// Not a regular file: the stamp names who created it, which nothing changes.
    case creation = "creation"
    // unproven
    /// The inode changed later, and mtime, which is not after the stamp, does not suffice.
    case inodeChangedLater = "inode-changed-later"
    // changed
    /// mtime is after the stamp: somebody wrote where no stamper was watching.
    case modifiedLater = "modified-later"
    /// mtime is after ctime: it was set by hand and proves nothing about the content.
    case modifiedTimeSet = "modified-time-set"
    /// The stamp's time has not come yet.
    case stampInFuture = "stamp-in-future"
    /// The inode last changed before the stamp says that it was set: the clock was set back, or the
    /// stamp's time is false. Times cannot tell then what came later.
    case stampAfterInode = "stamp-after-inode"
    /// Stamped while the writer had the file open, and the writer is gone without a final stamp.
    case writerGone = "writer-gone"
    /// Stamped while the writer had the file open, and it has written more; a final stamp follows.
    case stillOpen = "still-open"
    // copied
    case otherInode = "other-inode"
    // malformed: one for each StampError, and an older stamper's text without a time.
    case malformedSize = "malformed-size"
    case malformedVersion = "malformed-version"
    case malformedStamper = "malformed-stamper"
    case malformedFlags = "malformed-flags"
    case malformedSession = "malformed-session"
    case malformedRoot = "malformed-root"
    case malformedComm = "malformed-comm"
    case legacyTimeMissing = "legacy-time-missing"
    case legacyTimeMalformed = "legacy-time-malformed"
    // unstamped
    case noAttributes = "no-xattrs"
    case noStamp = "no-stamp"
  }

  public var reason: Reason
  /// Nanoseconds after the stamp's time in which a change would not show, because the clock that
  /// files are dated by ticks that slowly; 0 where the verdict rests on no time.
  public var window: UInt64

  public init(_ reason: Reason, window: UInt64 = 0) {
    self.reason = reason
    self.window = window
  }

  public var state: State { reason.state }
}

extension Verdict.Reason {
  /// The state that this reason stands for.
  public var state: Verdict.State {
    switch self {
    case .inodeUnchanged, .contentUnchanged, .legacyContentUnchanged, .creation: .ok
    case .inodeChangedLater: .unproven
    case .modifiedLater, .modifiedTimeSet, .stampInFuture, .stampAfterInode, .writerGone,
      .stillOpen:
      .changed
    case .otherInode: .copied
    case .malformedSize, .malformedVersion, .malformedStamper, .malformedFlags, .malformedSession,
      .malformedRoot, .malformedComm, .legacyTimeMissing, .legacyTimeMalformed:
      .malformed
    case .noAttributes, .noStamp: .unstamped
    }
  }

  init(_ error: StampError) {
    self =
      switch error {
      case .size: .malformedSize
      case .version: .malformedVersion
      case .stamper: .malformedStamper
      case .flags: .malformedFlags
      case .session: .malformedSession
      case .root: .malformedRoot
      case .comm: .malformedComm
      }
  }
}
