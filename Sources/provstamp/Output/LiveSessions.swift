// SPDX-License-Identifier: Apache-2.0
import Glibc
import Provenance

/// A session that runs.
struct LiveSession {
  var kind: LedgerEntry.Kind
  /// Of its leader, where it has one.
  var uid: uid_t?
  /// What it is for, in its starter's words.
  var intent: SessionIntent?
  /// What the registry says of it, where it is one of the registry's and it is to be found there.
  var record: SessionRecord?
}

/// The sessions that run now, as the kernel and the registry of `provstamp run` know them, read once.
enum LiveSessions {
  static let all: [SessionID: LiveSession] = {
    // Where neither can be read nothing is claimed of any session; `doctor` says why.
    let kernel = (try? KernelSession.running()) ?? [:]
    let registered = (try? SessionRegistry().sessions()) ?? []
    let ofKernel = kernel.mapValues { LiveSession(kind: .kernel, intent: $0) }
    return registered.reduce(into: ofKernel) { sessions, session in
      sessions[session.id] = LiveSession(
        kind: .registry, uid: session.uid, intent: session.record?.intent, record: session.record)
    }
  }()

  /// The session, if it runs as far as can be seen from here.
  static func find(_ id: SessionID) -> LiveSession? {
    id.isNone ? nil : all[id]
  }
}
