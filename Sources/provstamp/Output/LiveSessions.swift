// SPDX-License-Identifier: Apache-2.0
import Provenance

/// A session that runs.
struct LiveSession {
  /// What it is for, in its starter's words.
  var intent: SessionIntent?
}

/// The sessions that run now, as the kernel and the registry of `provstamp run` know them, read once.
enum LiveSessions {
  private static let sessions: [SessionID: LiveSession] = {
    // Where neither can be read nothing is claimed of any session; `doctor` says why.
    let kernel = (try? KernelSession.running()) ?? [:]
    let entries = (try? SessionRegistry())?.entries() ?? []
    return entries.reduce(into: kernel.mapValues(LiveSession.init)) { sessions, entry in
      if case .active(let record) = entry.state {
        sessions[record.id] = LiveSession(intent: record.intent)
      }
    }
  }()

  /// The session, if it runs as far as can be seen from here.
  static func find(_ id: SessionID) -> LiveSession? {
    id.isNone ? nil : sessions[id]
  }
}
