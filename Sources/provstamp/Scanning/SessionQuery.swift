// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Provenance

/// The session that `find --session` asks about.
struct SessionQuery: Sendable, ExpressibleByArgument {
  private enum Form: Sendable {
    case none
    case prefix(SessionPrefix)
  }

  let text: String
  private let form: Form

  init?(argument: String) {
    text = argument
    if argument == "none" {
      form = .none
    } else if let prefix = SessionPrefix(argument) {
      form = .prefix(prefix)
    } else {
      return nil
    }
  }

  /// Whether fewer digits were given than an id has.
  var isPrefix: Bool {
    if case .prefix(let prefix) = form { prefix.digits < 32 } else { false }
  }

  /// Whether a stamp's stored bytes can match: true for what is no stamp.
  func admits(_ bytes: UnsafeRawBufferPointer, isExact: Bool) -> Bool {
    guard bytes.count == Stamp.size, let id = SessionID(stamped: bytes) else { return true }
    switch form {
    case .none: return id.isNone
    case .prefix(let prefix):
      return prefix.matches(id) && !id.isNone
        || !isExact && prefix.matches(RootPrefix(stamped: bytes))
    }
  }

  func match(_ writer: Writer, isExact: Bool) -> Filter.Match? {
    switch form {
    case .none: return writer.session.isNone ? .own : nil
    case .prefix(let prefix):
      if !writer.session.isNone && prefix.matches(writer.session) { return .own }
      return !isExact && prefix.matches(writer.root) ? .nested : nil
    }
  }

  func match(_ legacy: LegacyStamp) -> Filter.Match? {
    switch form {
    case .none: return legacy.session.isNone ? .own : nil
    case .prefix(let prefix):
      return !legacy.session.isNone && prefix.matches(legacy.session) ? .own : nil
    }
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

  /// Outermost sessions of which only four bytes are known, and no candidate begins with them.
  private var otherRoots: [RootPrefix] {
    let prefixes = Set(ids.map(\.prefix))
    return roots.filter { !prefixes.contains($0) }
  }

  var count: Int { ids.count + otherRoots.count }

  /// The candidates, the first twenty.
  var description: String {
    let all = ids.map(\.description).sorted() + otherRoots.map { "\($0)…" }.sorted()
    return all.prefix(20).joined(separator: ", ") + (all.count > 20 ? ", …" : "")
  }
}
