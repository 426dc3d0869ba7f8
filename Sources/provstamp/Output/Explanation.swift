// SPDX-License-Identifier: Apache-2.0
import Provenance

/// The reason of a verdict in words.
enum Explanation {
  static func text(_ judgement: Verifier.Judgement, _ style: Style) -> String {
    let status = judgement.status
    switch judgement.verdict.reason {
    case .inodeUnchanged:
      return "nothing about the inode has changed since the stamp"
    case .contentUnchanged:
      return
        "content not changed since the stamp, by mtime, which its owner can set back; the inode "
        + "changed \(style.time(status.ctime))"
    case .legacyContentUnchanged:
      return "content not changed since the stamp, by mtime; this older form names no inode, so a "
        + "copy does not show"
    case .creation:
      return "no regular file: the stamp names who created it"
    case .modifiedLater:
      return "modified \(style.time(status.mtime)), after the stamp, by whom is not known"
    case .modifiedTimeSet:
      return
        "its mtime, \(style.time(status.mtime)), was set by hand and proves nothing; the inode "
        + "changed \(style.time(status.ctime)), after the stamp"
    case .inodeChangedLater:
      return
        "the inode changed \(style.time(status.ctime)), after the stamp, where nothing watched; by "
        + "mtime the content did not, but who wrote could have set that back (cp -p, rsync -a)"
    case .stampInFuture:
      return "the stamp's time has not come yet"
    case .stampAfterInode:
      return
        "the inode last changed \(style.time(status.ctime)), before the stamp's time: the clock "
        + "was set back, or the stamp's time is false"
    case .writerGone:
      return "stamped while the writer had it open, and the writer is gone without a final stamp"
    case .stillOpen:
      return "the writer still has it open and has written more; a final stamp follows"
    case .otherInode:
      return "the stamp is of another inode than this one (\(status.inode)): a copy or a restore "
        + "carried it here"
    case .malformedSize, .malformedVersion, .malformedStamper, .malformedFlags, .malformedSession,
      .malformedRoot, .malformedComm:
      return judgement.reading.holding.claim(style, on: status)
    case .legacyTimeMissing:
      return
        "an older stamper's text without a time: \(judgement.reading.holding.claim(style, on: status))"
    case .legacyTimeMalformed:
      return
        "an older stamper's text whose time is none: \(judgement.reading.holding.claim(style, on: status))"
    case .noAttributes:
      return "this filesystem keeps no extended attributes"
    case .noStamp:
      return "nothing stamped it"
    }
  }
}
