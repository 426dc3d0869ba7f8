// SPDX-License-Identifier: Apache-2.0
import Glibc
import Provenance

/// All that is known of one session but for what it wrote: from the kernel or the registry while it
/// runs, and from the ledger.
struct SessionAccount {
  let id: SessionID
  let live: LiveSession?
  let entry: LedgerEntry?

  init(_ id: SessionID, _ entry: LedgerEntry?) {
    self.id = id
    live = LiveSessions.find(id)
    self.entry = entry
  }

  /// Nil where that cannot be told: it is not seen to run, and nobody saw it end.
  static func isRunning(_ id: SessionID) -> Bool? {
    if LiveSessions.find(id) != nil { return true }
    return KnownSessions.entry(id)?.ending == nil ? nil : false
  }

  var kind: LedgerEntry.Kind? { live?.kind ?? entry?.kind }
  var uid: uid_t? { live?.uid ?? entry?.uid }
  var started: UInt64? { live?.record?.started ?? entry?.started }
  var intent: SessionIntent? { live?.intent ?? entry?.intent }
  var command: [[UInt8]]? { live?.record?.command ?? entry?.command }
  var commandIsWhole: Bool { live?.record?.commandIsWhole ?? entry?.commandIsWhole ?? true }

  /// Whether it runs, or how it ended.
  var state: String {
    if live != nil { return "running" }
    return switch entry?.ending?.status {
    case .exited(let status): "exited \(status)"
    case .killed(let signal): "killed \(signal)"
    case nil: "end not seen"
    }
  }

  /// The command's words, escaped, each that holds a space within quotes.
  var commandText: String {
    let words = (command ?? []).map { word in
      let text = Escaping.text(word)
      return text.isEmpty || text.contains(" ") ? "'\(text)'" : text
    }
    return words.joined(separator: " ") + (commandIsWhole ? "" : " …")
  }

  /// As the agent knows it: dashed.
  static func dashed(_ alias: SessionID) -> String? {
    guard !alias.isNone else { return nil }
    var rest = alias.description[...]
    let groups = [8, 4, 4, 4, 12].map { length in
      defer { rest = rest.dropFirst(length) }
      return String(rest.prefix(length))
    }
    return groups.joined(separator: "-")
  }

  func appendFields(to json: inout JSONWriter) {
    json.field("session", id.description)
    json.field("name", entry?.name?.description)
    json.field("alias", (entry?.alias).flatMap(Self.dashed))
    json.field("intent", intent?.description)
    json.field("kind", kind?.rawValue)
    json.field("parent", (entry?.parent).flatMap { $0.isNone ? nil : $0.description })
    json.field("running", Self.isRunning(id))
    json.field("started", started.map(Timestamp.utc))
    json.field("started_ns", started)
    json.field("ended", (entry?.ending?.time).map(Timestamp.utc))
    json.field("ended_ns", entry?.ending?.time)
    appendStatus(entry?.ending?.status, to: &json)
    json.field("uid", uid)
    json.field("user", uid.flatMap(UserNames.name))
    json.field("host", (entry?.host).map { Escaping.text($0) })
    if let directory = entry?.directory, !directory.isEmpty {
      json.field("directory", bytes: directory, exactly: "directory_bytes")
    } else {
      json.field("directory", nil as String?)
    }
    json.field("command", array: command ?? []) { $0.element(Escaping.text($1)) }
    json.field("command_is_whole", commandIsWhole)
  }

  private func appendStatus(_ status: LedgerEntry.Status?, to json: inout JSONWriter) {
    if case .exited(let number) = status {
      json.field("exit_status", number)
    } else {
      json.field("exit_status", nil as Int?)
    }
    if case .killed(let number) = status {
      json.field("signal", number)
    } else {
      json.field("signal", nil as Int?)
    }
  }
}
