// SPDX-License-Identifier: Apache-2.0
import Provenance

/// One path that git lists, and who wrote it.
struct StatusRow {
  var entry: GitStatusEntry
  /// What the path, and what it was renamed from, are called from the user's directory.
  var name: [UInt8]
  var sourceName: [UInt8]?
  var writer: FileWriter

  /// The two letters of git-status(1), with a space for nothing.
  var code: String {
    let letters = [entry.index, entry.workTree].map { $0 == UInt8(ascii: ".") ? 0x20 : $0 }
    return String(decoding: letters, as: UTF8.self)
  }

  /// What stands beside the session: its name, or else the program's; why nobody can be named.
  var label: String {
    if let cause = writer.cause {
      return writer.formerSession.map { "\(cause), was \($0.description.prefix(8))" } ?? cause
    }
    if let session = writer.session, let label = SessionLabel.text(session) {
      return Escaping.text(label.utf8)
    }
    return writer.known?.comm.map { Escaping.text($0) } ?? "-"
  }
}

/// Rows as text. At a terminal in columns; elsewhere the same fields parted by tabs, with times and
/// ids in full: the path comes last, so that nothing of it is ever cut.
struct StatusText {
  let style: Style
  let now = Clock.realTime

  private struct Fields {
    var code: String
    var session: String
    var label: String
    var time: String
  }

  /// Longest name of a session that a column has room for.
  private static let widestLabel = 28

  func append(_ rows: [StatusRow], to buffer: inout ByteBuffer) {
    let fields = rows.map(fields(of:))
    let sessions = fields.map(\.session.count).max() ?? 0
    let labels = min(fields.map(\.label.count).max() ?? 0, Self.widestLabel)
    let times = fields.map(\.time.count).max() ?? 0
    for (row, field) in zip(rows, fields) {
      if style.isTerminal {
        let session = Columns.padded(field.session, to: sessions)
        buffer.append(field.code + "  ")
        buffer.append(
          row.writer.isKnown
            ? style.colored(session, as: row.writer.session ?? .none)
            : style.colored(session, as: .unstamped))
        buffer.append("  " + Columns.fitted(field.label, to: labels))
        buffer.append("  " + Columns.padded(field.time, to: times) + "  ")
      } else {
        buffer.append(
          [field.code, field.session, field.label, field.time, ""].joined(separator: "\t"))
      }
      if let source = row.sourceName {
        Escaping.append(source, to: &buffer)
        buffer.append(" -> ")
      }
      Escaping.append(row.name, to: &buffer)
      buffer.append("\n")
    }
  }

  private func fields(of row: StatusRow) -> Fields {
    let session = row.writer.session.map { $0.isNone ? "none" : style.session($0) } ?? "?"
    let time = row.writer.known?.time
    return Fields(
      code: row.code, session: session, label: row.label,
      time: time.map { style.isTerminal ? Age.text($0, now: now) : style.time($0) } ?? "-")
  }
}

extension StatusRow {
  func appendJSON(own: OwnSession, to json: inout JSONWriter) {
    json.line("status") { json in
      json.field("path", bytes: name, exactly: "path_bytes")
      if let sourceName { json.field("from", bytes: sourceName, exactly: "from_bytes") }
      json.field("index", Self.letter(entry.index))
      json.field("work_tree", Self.letter(entry.workTree))
      json.field("known", writer.isKnown)
      json.field("cause", writer.cause)
      json.field("mine", isMine(own))
      let session = writer.session
      json.field("session", session.flatMap { $0.isNone ? nil : $0.description })
      json.field("name", session.flatMap(SessionLabel.text))
      guard let judgement = writer.judgement else { return }
      json.field("state", judgement.verdict.state.rawValue)
      json.field("reason", judgement.verdict.reason.rawValue)
      json.object("stamp") { judgement.reading.holding.appendFields(on: judgement.status, to: &$0) }
    }
  }

  private func isMine(_ own: OwnSession) -> Bool? {
    if case .unknown = own { return nil }
    return writer.known.map(own.owns)
  }

  private static func letter(_ letter: UInt8) -> String? {
    letter == UInt8(ascii: ".") ? nil : String(UnicodeScalar(letter))
  }
}
