// SPDX-License-Identifier: Apache-2.0

/// The task whose call changed a file's content, as it is named in a stamp.
public struct Writer: Hashable, Sendable {
  /// The agent session, or ``SessionID/none``.
  public var session: SessionID
  /// First bytes of the outermost session's id, where ``session`` is nested in others.
  public var root: RootPrefix
  /// Thread-group id, in the stamper's pid namespace.
  public var pid: UInt32
  /// The fsuid, in the stamper's user namespace; `PROV_UID_UNMAPPED` where it has no mapping.
  public var uid: UInt32
  /// The task's name when it wrote.
  public var comm: TaskName

  public init(
    session: SessionID, root: RootPrefix = .none, pid: UInt32, uid: UInt32, comm: TaskName
  ) {
    self.session = session
    self.root = root
    self.pid = pid
    self.uid = uid
    self.comm = comm
  }

  /// Whether both count as one writer, so that no entry is added to the log of earlier writers:
  /// the same session; or both outside any session with the same uid and task name.
  public func isSameWriter(as other: Writer) -> Bool {
    guard session == other.session else { return false }
    return !session.isNone || (uid == other.uid && comm == other.comm)
  }
}
