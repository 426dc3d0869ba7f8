// SPDX-License-Identifier: Apache-2.0
import Provenance
import Synchronization

/// What people call a session, where that is known: of one that runs or is in the ledger.
enum SessionLabel {
  /// Its name, or else what it is for, in its starter's words.
  static func text(_ id: SessionID) -> String? {
    name(id) ?? intent(id)
  }

  static func name(_ id: SessionID) -> String? {
    KnownSessions.entry(id)?.name?.description
  }

  static func intent(_ id: SessionID) -> String? {
    (LiveSessions.find(id)?.intent ?? KnownSessions.entry(id)?.intent)?.description
  }

  /// Name and intent as text output adds them to an id, nil where there is neither.
  static func remark(_ id: SessionID) -> String? {
    let quoted = intent(id).map { "\"\(Escaping.text($0.utf8))\"" }
    let parts = [name(id).map { Escaping.text($0.utf8) }, quoted].compactMap(\.self)
    return parts.isEmpty ? nil : parts.joined(separator: "  ")
  }
}

/// The ledger's entries, each looked up once.
enum KnownSessions {
  private static let cache = Mutex<[SessionID: LedgerEntry?]>([:])

  static func entry(_ id: SessionID) -> LedgerEntry? {
    guard !id.isNone else { return nil }
    return cache.withLock { entries in
      if let known = entries[id] { return known }
      let entry = Ledger.readable.lazy.compactMap { $0.entry(id) }.first
      entries[id] = .some(entry)
      return entry
    }
  }

  /// All that can be read, the latest first; of a session that is in two ledgers, root's entry.
  static func all() -> [LedgerEntry] {
    var entries: [SessionID: LedgerEntry] = [:]
    for entry in Ledger.readable.flatMap({ $0.entries() }) where entries[entry.id] == nil {
      entries[entry.id] = entry
    }
    return entries.values.sorted {
      ($1.started, $1.id.description) < ($0.started, $0.id.description)
    }
  }
}
