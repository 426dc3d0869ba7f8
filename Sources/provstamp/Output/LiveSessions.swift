// SPDX-License-Identifier: Apache-2.0
import Provenance

/// A session that runs.
struct LiveSession {
  var kind: LedgerEntry.Kind
  /// What it is for, in its starter's words.
  var intent: SessionIntent?
  /// What the registry says of it, where it is one of the registry's.
  var record: SessionRecord?
}

/// The sessions that run now, as the kernel and the registry of `provstamp run` know them, read once.
enum LiveSessions {
  static let all: [SessionID: LiveSession] = {
    // Where neither can be read nothing is claimed of any session; `doctor` says why.
    let kernel = (try? KernelSession.running()) ?? [:]
    let entries = (try? SessionRegistry())?.entries() ?? []
    let ofKernel = kernel.mapValues { LiveSession(kind: .kernel, intent: $0) }
    return entries.reduce(into: ofKernel) { sessions, entry in
      if case .active(let record) = entry.state {
        sessions[record.id] = LiveSession(kind: .registry, intent: record.intent, record: record)
      }
    }
  }()

  /// The session, if it runs as far as can be seen from here.
  static func find(_ id: SessionID) -> LiveSession? {
    id.isNone ? nil : all[id]
  }
}
