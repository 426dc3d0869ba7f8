// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What a session was, as whoever started it wrote it down. It outlives the session, and proves
/// nothing: a stamp says who wrote, an entry what the writer is called.
public struct LedgerEntry: Hashable, Sendable {
  /// Who keeps the session.
  public enum Kind: String, Sendable, CaseIterable {
    case registry, kernel
  }

  /// How the session's command ended.
  public enum Status: Hashable, Sendable {
    case exited(Int32)
    case killed(Int32)
  }

  /// The end of a session, which is that of its last process.
  public struct Ending: Hashable, Sendable {
    /// CLOCK_REALTIME in nanoseconds since 1970.
    public var time: UInt64
    public var status: Status

    public init(time: UInt64, status: Status) {
      self.time = time
      self.status = status
    }
  }

  public var id: SessionID
  public var kind: Kind
  /// The session that it was started in; ``SessionID/none`` outside any.
  public var parent = SessionID.none
  /// An id that the starter gave it, such as the agent's own; ``SessionID/none`` where there is none.
  public var alias = SessionID.none
  public var name: SessionName?
  public var intent: SessionIntent?
  /// The command's arguments, from its own name on, as far as they fit into an entry.
  public var command: [[UInt8]] = []
  public var commandIsWhole = true
  /// Where the command was started; empty where that is not known.
  public var directory: [UInt8] = []
  public var uid: uid_t
  /// The host's name.
  public var host: [UInt8] = []
  /// CLOCK_REALTIME in nanoseconds since 1970.
  public var started: UInt64
  /// Nil while it runs, and where nobody was there to see the end.
  public var ending: Ending?

  public init(id: SessionID, kind: Kind, uid: uid_t, started: UInt64) {
    self.id = id
    self.kind = kind
    self.uid = uid
    self.started = started
  }
}
