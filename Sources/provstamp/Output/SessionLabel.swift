// SPDX-License-Identifier: Apache-2.0
import Provenance

/// What people call a session, where that is known.
enum SessionLabel {
  /// What the session is for, in its starter's words: of a session that runs.
  static func text(_ id: SessionID) -> String? {
    LiveSessions.find(id)?.intent?.description
  }
}
