// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import SystemPackage

/// How a stamper that watches tells its own from what happens past it: a change of the inode that is
/// none of its content (of times, mode, owner, names, attributes) moves ctime. The stamper then sets the
/// stamp again with a new time and changes nothing else, if the stamp held before. So a ctime that is
/// later than a stamp shows that something happened where nobody watched.
///
/// The order matters. Nobody else may change the file meanwhile, so far as the stamper can see to it:
/// 1. read stamp and status, and ask ``Stamp/canBeRenewed(_:now:)``;
/// 2. make the change;
/// 3. take the time, and call ``StampStore/renew(_:of:_:at:)``.
///
/// Setting a stamp that took longer than ``Verifier/slack`` leaves it unproven. Who finds that out, and
/// mtime as it was, sets it once more.
extension Stamp {
  /// Whether the stamp holds, by ctime, for the file in this status, of before the change.
  ///
  /// - Parameter now: CLOCK_REALTIME in nanoseconds, not earlier than the status was read.
  public func canBeRenewed(_ status: FileStatus, now: UInt64 = Clock.realTime) -> Bool {
    // Whether the writer of an open stamp lives does not matter to the stamper that made it.
    let verdict = Verifier(.ctime).judge(
      .stamp(self, .security), status: status, now: now, liveness: { _ in .alive })
    return verdict.reason == .inodeUnchanged
  }
}

extension StampStore {
  /// Sets a stamp's time, and changes nothing else of it.
  ///
  /// - Parameter time: CLOCK_REALTIME in nanoseconds, taken after the change that moved ctime. Not the
  ///   file's mtime, where that was set ahead.
  /// - Throws: the error of setxattr(2). The earlier stamp then remains: true, and unproven.
  public static func renew(
    _ stamp: Stamp, of file: FileReference, _ attribute: StampAttribute, at time: UInt64
  ) throws(Errno) {
    var renewed = stamp
    renewed.time = max(time, stamp.time)
    try set(renewed, file, attribute)
  }
}
