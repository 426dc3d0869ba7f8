// SPDX-License-Identifier: Apache-2.0
import Provenance

/// A report as plain text: sections with columns.
enum ReportText {
  static func append(_ sections: [ReportSection], to buffer: inout ByteBuffer) {
    for (index, section) in sections.enumerated() {
      buffer.append((index == 0 ? "" : "\n") + section.title.uppercased() + "\n")
      for sentence in section.sentences { buffer.append(sentence + "\n") }
      appendTable(section, to: &buffer)
    }
  }

  private static func appendTable(_ section: ReportSection, to buffer: inout ByteBuffer) {
    guard !section.rows.isEmpty else { return }
    let rows = [section.columns] + section.rows
    let widths = section.columns.indices.map { column in
      rows.compactMap { $0.indices.contains(column) ? $0[column].count : nil }.max() ?? 0
    }
    for row in rows {
      // Nothing is cut: a name that is not whole is none.
      let cells = row.enumerated().map { index, cell in
        index == row.count - 1 ? cell : Columns.padded(cell, to: widths[index])
      }
      buffer.append(cells.joined(separator: "  ") + "\n")
    }
  }
}

/// A report in Markdown, as GitHub and CommonMark with tables understand it.
enum ReportMarkdown {
  static func append(_ sections: [ReportSection], to buffer: inout ByteBuffer) {
    buffer.append("# What sessions wrote\n")
    for section in sections {
      buffer.append("\n## \(section.title)\n\n")
      for sentence in section.sentences { buffer.append(escaped(sentence) + "\n\n") }
      guard !section.rows.isEmpty else { continue }
      buffer.append(row(section.columns))
      buffer.append(row(section.columns.map { _ in "---" }, escapes: false))
      for cells in section.rows { buffer.append(row(cells)) }
    }
  }

  private static func row(_ cells: [String], escapes: Bool = true) -> String {
    let cells = escapes ? cells.map(escaped) : cells
    return "| \(cells.joined(separator: " | ")) |\n"
  }

  /// Nothing of it means anything to Markdown, or to HTML, which may stand in it: no markup, no address
  /// that becomes a link. Text has been escaped for terminals before, so that there is no line break.
  static func escaped(_ text: String) -> String {
    var result = ""
    var last: Unicode.Scalar?
    for scalar in text.unicodeScalars {
      if marks.contains(scalar) || scalar == "." && (last == "w" || last == "W") {
        result += "&#\(scalar.value);"
      } else {
        result.unicodeScalars.append(scalar)
      }
      last = scalar
    }
    return result.replacing("://", with: "&#58;//")
  }

  private static let marks = Set("\\`*_{}[]()<>#!|~&@$".unicodeScalars)
}

/// A report's files as a table for other programs, as RFC 4180 has it, in UTF-8.
enum ReportCSV {
  private static let columns = [
    "path", "path_base64", "deed", "state", "reason", "session", "name", "root", "program", "pid",
    "uid",
    "user", "time", "size", "trust", "concerns", "overwrote_session", "overwrote_program",
    "overwrote_time",
  ]

  static func append(_ files: [ReportedFile], to buffer: inout ByteBuffer) {
    buffer.append(columns.joined(separator: ",") + "\r\n")
    for file in files { buffer.append(cells(file).map(cell).joined(separator: ",") + "\r\n") }
  }

  private static func cells(_ file: ReportedFile) -> [String] {
    let (holding, before) = (file.holding, file.overwritten)
    let isText = String(validating: file.path, as: UTF8.self) != nil
    return [
      Escaping.text(file.path), isText ? "" : JSONWriter.base64(file.path), file.deed.rawValue,
      file.record.state.rawValue, file.record.judgement.verdict.reason.rawValue, id(file.session),
      SessionLabel.name(file.session) ?? "", holding.root.isNone ? "" : "\(holding.root)",
      holding.comm.map { Escaping.text($0) } ?? "", holding.pid.map { "\($0)" } ?? "",
      holding.uid.map { "\($0)" } ?? "", holding.uid.flatMap(UserNames.name(of:)) ?? "",
      file.time.map(Timestamp.utc) ?? "", "\(file.size)",
      file.record.judgement.trust?.rawValue ?? "",
      file.concerns.map(\.rawValue).joined(separator: " "),
      before.map { id($0.writer.session) } ?? "",
      before.map { Escaping.text($0.writer.comm.bytes) } ?? "",
      before.map { Timestamp.utc($0.time) } ?? "",
    ]
  }

  private static func id(_ session: SessionID) -> String {
    session.isNone ? "none" : session.description
  }

  /// What a spreadsheet could take for a formula gets an apostrophe before it.
  private static func cell(_ text: String) -> String {
    let isFormula = text.first.map { "=+-@\t\r".contains($0) } ?? false
    let text = isFormula ? "'" + text : text
    guard text.contains(where: { ",\"\n\r".contains($0) }) || isFormula else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }
}
