// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Provenance

/// The sessions that somebody asks about: ids, beginnings of ids, names, with commas between them.
struct SessionQuery: Sendable {
  let text: String
  private let terms: [SessionTerm]
  private let includesOutside: Bool

  /// - Throws: `ValidationError` that says what is understood.
  init(orExplain text: String) throws {
    self.text = text
    var terms: [SessionTerm] = []
    var includesOutside = false
    for word in text.split(separator: ",", omittingEmptySubsequences: false) {
      if word == "none" {
        includesOutside = true
      } else {
        terms += try SessionTerm.all(for: String(word))
      }
    }
    self.terms = terms
    self.includesOutside = includesOutside
  }

  static let completion = CompletionKind.custom { words, _, _ in SessionCompletion.words(words) }

  /// Whether fewer digits were given than an id has.
  var isPrefix: Bool { terms.contains(where: \.isPrefix) }

  /// Which sessions a name or an alias was taken for.
  var remarks: [String] { terms.compactMap(\.remark) }

  /// The sessions that are known to be meant, whatever they wrote.
  var known: [SessionID] {
    let all = Set(KnownSessions.all().map(\.id)).union(LiveSessions.all.keys)
    return terms.flatMap { term in
      let meant = all.filter { term.matches($0) }
      let isUnknown = meant.isEmpty && !term.isPrefix
      return isUnknown ? [SessionID(term.text)].compactMap(\.self) : Array(meant)
    }
  }

  /// Whether a stamp's stored bytes can match: true for what is no stamp.
  func admits(_ bytes: UnsafeRawBufferPointer, isExact: Bool) -> Bool {
    guard bytes.count == Stamp.size, let id = SessionID(stamped: bytes) else { return true }
    if id.isNone { return includesOutside }
    for term in terms {
      if term.matches(id) || !isExact && term.matches(RootPrefix(stamped: bytes)) { return true }
    }
    return false
  }

  func match(_ writer: Writer, isExact: Bool) -> Filter.Match? {
    if writer.session.isNone { return includesOutside ? .own : nil }
    if terms.contains(where: { $0.matches(writer.session) }) { return .own }
    return !isExact && terms.contains { $0.matches(writer.root) } ? .nested : nil
  }

  func match(_ legacy: LegacyStamp) -> Filter.Match? {
    if legacy.session.isNone { return includesOutside ? .own : nil }
    return terms.contains { $0.matches(legacy.session) } ? .own : nil
  }

  /// What to say where a beginning of an id stands for several sessions.
  func ambiguity(among candidates: SessionCandidates) -> String? {
    for term in terms where term.isPrefix {
      let meant = candidates.matching(term)
      guard meant.count > 1 else { continue }
      return "--session \(term.text): ambiguous, \(meant.count) sessions begin with that; "
        + "give more digits of one: \(meant.description)"
    }
    return nil
  }
}

/// The sessions that a prefix turned out to stand for.
struct SessionCandidates {
  private var ids: Set<SessionID> = []
  private var roots: Set<RootPrefix> = []

  mutating func insert(_ holding: StampReading.Holding, _ match: Filter.Match) {
    switch holding {
    case .stamp(let stamp, _):
      if match == .nested {
        roots.insert(stamp.writer.root)
      } else {
        ids.insert(stamp.writer.session)
      }
    case .legacy(let legacy): ids.insert(legacy.session)
    case .malformed, .unstamped: break
    }
  }

  mutating func merge(_ other: Self) {
    ids.formUnion(other.ids)
    roots.formUnion(other.roots)
  }

  func matching(_ term: SessionTerm) -> SessionCandidates {
    var matching = SessionCandidates()
    matching.ids = ids.filter { !$0.isNone && term.matches($0) }
    matching.roots = roots.filter { term.matches($0) }
    return matching
  }

  /// Outermost sessions of which only four bytes are known, and no candidate begins with them.
  private var otherRoots: [RootPrefix] {
    let prefixes = Set(ids.map(\.prefix))
    return roots.filter { !prefixes.contains($0) }
  }

  var count: Int { ids.count + otherRoots.count }

  /// The candidates, the first twenty, each with what it is called.
  var description: String {
    let all = ids.sorted { $0.description < $1.description }.map { id in
      SessionLabel.text(id).map { "\(id) (\(Escaping.text($0.utf8)))" } ?? id.description
    }
    let shown = all + otherRoots.map { "\($0)…" }.sorted()
    return shown.prefix(20).joined(separator: ", ") + (shown.count > 20 ? ", …" : "")
  }
}
