// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Provenance

/// One word that names sessions, and what it stands for.
struct SessionTerm: Sendable {
  let text: String
  private let prefix: SessionPrefix
  /// Sessions to which the ledger says that the word was given as an id.
  private let aliased: [SessionID]
  /// What to tell of a word that is no id.
  let remark: String?

  var isPrefix: Bool { prefix.digits < 32 }

  func matches(_ id: SessionID) -> Bool {
    prefix.matches(id) || aliased.contains(id)
  }

  func matches(_ root: RootPrefix) -> Bool {
    prefix.matches(root) || !root.isNone && aliased.contains { $0.prefix == root }
  }

  private init?(_ text: String, aliased: [SessionID] = [], remark: String? = nil) {
    guard let prefix = SessionPrefix(text) else { return nil }
    self.text = text
    self.prefix = prefix
    self.aliased = aliased
    self.remark = remark
  }

  /// - Throws: `ValidationError` where the word stands for nothing.
  static func all(for word: String) throws -> [SessionTerm] {
    if word == "self" { return [try own()] }
    if let prefix = SessionPrefix(word) {
      return [try ofID(word, prefix)].compactMap(\.self)
    }
    return try ofName(word)
  }

  private static func own() throws -> SessionTerm {
    switch OwnSession.find() {
    case .session(let id, _):
      if let term = SessionTerm(id.description) { return term }
    case .outside:
      throw ValidationError(
        "self: this process is in no session; way out: provstamp run -- COMMAND, or give an id")
    case .unknown: break
    }
    throw ValidationError(
      "self: this process's session cannot be told; way out: give its id (`provstamp doctor` may say more)"
    )
  }

  /// An id counts as such before it counts as what somebody called a session.
  private static func ofID(_ word: String, _ prefix: SessionPrefix) throws -> SessionTerm? {
    if let id = SessionID(word), LiveSessions.find(id) != nil || KnownSessions.entry(id) != nil {
      return SessionTerm(word)
    }
    let entries = KnownSessions.all().filter { !$0.alias.isNone && prefix.matches($0.alias) }
    let aliases = Set(entries.map(\.alias))
    guard aliases.count <= 1 else {
      let list = aliases.map(\.description).sorted().joined(separator: ", ")
      throw ValidationError(
        "\(word): ambiguous, it begins \(aliases.count) ids that sessions were given; way out: more "
          + "digits of one: \(list)")
    }
    return SessionTerm(
      word, aliased: entries.map(\.id), remark: remark(word, entries.map(\.id)))
  }

  private static func ofName(_ word: String) throws -> [SessionTerm] {
    let entries = KnownSessions.all()
    let ids = entries.filter { $0.name?.description == word }.map(\.id)
    if !ids.isEmpty {
      return ids.enumerated().compactMap { index, id in
        SessionTerm(id.description, remark: index == 0 ? remark(word, ids) : nil)
      }
    }
    let shown = Escaping.text(RawArguments.bytes(word))
    let names = Set(entries.compactMap { $0.name?.description }).sorted()
    let nearest =
      Suggestion.nearest(to: word, among: names + ["self", "none"])
      .map { "did you mean \(Escaping.text($0.utf8))? " } ?? ""
    throw ValidationError(
      "\(shown): no session is called that; \(nearest)way out: a name from `provstamp ps --all`, an id "
        + "or at least 4 digits of its beginning, self, or none")
  }

  private static func remark(_ word: String, _ ids: [SessionID]) -> String? {
    guard let first = ids.first else { return nil }
    let shown = Escaping.text(word.utf8)
    guard ids.count > 1 else { return "\(shown) is session \(first)" }
    let list = ids.prefix(5).map(\.description).joined(separator: ", ")
    return "\(shown) is \(ids.count) sessions: \(list)\(ids.count > 5 ? ", …" : "")"
  }
}

/// What completes a word that names a session.
enum SessionCompletion {
  static func words(_ words: [String]) -> [String] {
    let entries = KnownSessions.all().prefix(200)
    let names = entries.compactMap { $0.name?.description }.filter { !$0.contains(" ") }
    let ids = LiveSessions.all.keys.map(\.description) + entries.map(\.id.description)
    var seen: Set<String> = []
    return (["self", "none"] + names + ids).filter { seen.insert($0).inserted }
  }
}
