// SPDX-License-Identifier: Apache-2.0
import Provenance

extension LineWriter {
  /// What stands beside the session: its name, or else the program's; or why there is none.
  var label: String {
    if let cause { return cause }
    if let session, let label = SessionLabel.text(session) { return Escaping.text(label.utf8) }
    return comm.map { Escaping.text($0) } ?? "-"
  }

  func session(_ style: Style) -> String {
    session.map { $0.isNone ? "none" : style.session($0) } ?? "?"
  }
}

extension Blame {
  /// Says how far the answer is to be trusted.
  func note(_ diagnostics: Diagnostics) {
    var recorded = 0
    var causes: [String: Int] = [:]
    for line in lines {
      let writer = writer(of: line)
      if case .recorded = writer { recorded += 1 }
      if let cause = writer.cause { causes[cause, default: 0] += 1 }
    }
    if recorded > 0 {
      diagnostics.note(
        "\(recorded) of \(lines.count) lines by notes: claims of whoever may push \(NoteStore.ref)")
    }
    if !causes.isEmpty {
      let parts = causes.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
      diagnostics.note("of \(lines.count) lines nobody can tell \(parts.joined(separator: ", "))")
    }
    if strangeNotes > 0 {
      diagnostics.note(
        "\(strangeNotes) lines in notes are no records that this version knows; they were passed over"
      )
    }
  }

  func appendPorcelain(to buffer: inout ByteBuffer) {
    for line in lines {
      let writer = writer(of: line)
      buffer.append(line.head)
      let session = writer.session.map { $0.isNone ? "none" : $0.description } ?? "?"
      buffer.append("agent-session \(session)\n")
      if let cause = writer.cause { buffer.append("agent-session-cause \(cause)\n") }
      buffer.append("\t")
      buffer.append(line.content)
      buffer.append("\n")
    }
  }

  func appendJSON(_ path: [UInt8], to buffer: inout ByteBuffer) {
    var json = JSONWriter()
    var known = 0
    for line in lines {
      let writer = writer(of: line)
      if writer.isKnown { known += 1 }
      json.line("line") { json in
        json.field("path", bytes: path, exactly: "path_bytes")
        json.field("line", line.number)
        json.field("commit", line.isCommitted ? String(decoding: line.commit, as: UTF8.self) : nil)
        json.field("original_path", bytes: line.path, exactly: "original_path_bytes")
        json.field("original_line", line.originalNumber)
        json.field("author_time", line.authorTime)
        writer.appendFields(to: &json)
        json.field("content", bytes: line.content, exactly: "content_bytes")
      }
    }
    json.line("summary") { json in
      json.field("lines", lines.count)
      json.field("known", known)
      json.field("strange_note_lines", strangeNotes)
    }
    buffer = json.buffer
  }
}

extension LineWriter {
  fileprivate func appendFields(to json: inout JSONWriter) {
    json.field("known", isKnown)
    json.field("cause", cause)
    json.field("candidates", array: candidates) { json, session in
      json.element(session.isNone ? "none" : session.description)
    }
    json.field("session", session.flatMap { $0.isNone ? nil : $0.description })
    json.field("name", session.flatMap(SessionLabel.text))
    if let comm {
      json.field("comm", bytes: comm, exactly: "comm_bytes")
    } else {
      json.field("comm", nil as String?)
    }
    json.field("uid", uid)
    json.field("time", time.map(Timestamp.utc))
    switch self {
    case .recorded(let record):
      json.field("source", "note")
      json.field("trust", Trust.advisory.rawValue)
      json.field("recorded_trust", record.trust.rawValue)
    case .stamped: json.field("source", "stamp")
    case .unknown: json.field("source", nil as String?)
    }
  }
}

/// Blamed lines as text: at a terminal in columns, elsewhere parted by tabs. Of the file's own text,
/// what a terminal could act on is made visible; tabs stay.
struct BlameText {
  let style: Style

  private static let widestLabel = 16
  private static let commitDigits = 8

  func append(_ blame: Blame, to buffer: inout ByteBuffer) {
    let labels = blame.lines.map { blame.writer(of: $0).label }
    let width = min(labels.map(\.count).max() ?? 0, Self.widestLabel)
    let numbers = String(blame.lines.last?.number ?? 0).count
    for (line, label) in zip(blame.lines, labels) {
      let writer = blame.writer(of: line)
      let session = writer.session(style)
      let commit = String(decoding: line.commit, as: UTF8.self)
      let time = UInt64(clamping: line.authorTime).multipliedReportingOverflow(by: 1_000_000_000)
      let date = style.time(time.partialValue)
      if style.isTerminal {
        let padded = Columns.padded(session, to: 8)
        buffer.append(writer.isKnown ? padded : style.colored(padded, as: .unstamped))
        buffer.append("  \(Columns.fitted(label, to: width))  \(commit.prefix(Self.commitDigits))")
        buffer.append("  \(date.prefix(10))  ")
        buffer.append(Columns.aligned(String(line.number), to: numbers) + ") ")
      } else {
        let fields = [session, label, commit, date, String(line.number), ""]
        buffer.append(fields.joined(separator: "\t"))
      }
      Escaping.appendContent(line.content, to: &buffer)
      buffer.append("\n")
    }
  }
}
