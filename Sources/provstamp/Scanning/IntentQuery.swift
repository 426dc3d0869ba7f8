// SPDX-License-Identifier: Apache-2.0
import Glibc
import Provenance

/// What a session is to have been started for.
struct IntentQuery: Sendable {
  private let pattern: [CChar]
  private let sessions: Set<SessionID>

  /// - Parameter text: a pattern of the shell's, or else a part of the intent.
  init(_ text: [UInt8]) {
    let isPattern = text.contains { "*?[".utf8.contains($0) }
    let whole = isPattern ? text : Array("*".utf8) + text + Array("*".utf8)
    let pattern = whole.map { CChar(bitPattern: $0) } + [0]
    self.pattern = pattern
    let known = KnownSessions.all().map { ($0.id, $0.intent) }
    let live = LiveSessions.all.map { ($0.key, $0.value.intent) }
    sessions = Set(
      (known + live).compactMap { id, intent in
        intent.flatMap { Self.matches(Array($0.description.utf8), pattern) ? id : nil }
      })
  }

  func matches(_ session: SessionID) -> Bool {
    !session.isNone && sessions.contains(session)
  }

  func matches(_ legacy: LegacyStamp) -> Bool {
    legacy.intent.map { Self.matches($0, pattern) } ?? matches(legacy.session)
  }

  // FNM_CASEFOLD, which the module of the C library leaves out.
  private static let caseFold: CInt = 1 << 4

  private static func matches(_ intent: [UInt8], _ pattern: [CChar]) -> Bool {
    fnmatch(pattern, intent.map { CChar(bitPattern: $0) } + [0], caseFold) == 0
  }
}
