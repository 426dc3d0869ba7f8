// SPDX-License-Identifier: Apache-2.0

/// The session that a task belongs to, and the outermost one around it.
struct SessionMembership: Hashable, Sendable {
  var session: SessionID
  /// First bytes of the outermost session's id where ``session`` is nested in others.
  var root: RootPrefix

  /// Outside any session.
  static let outside = SessionMembership(session: .none, root: .none)

  /// What becomes of a member that starts the session `id`.
  func entering(_ id: SessionID) -> SessionMembership {
    guard !session.isNone else { return SessionMembership(session: id, root: .none) }
    return SessionMembership(session: id, root: root.isNone ? session.prefix : root)
  }
}
