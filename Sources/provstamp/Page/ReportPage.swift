// SPDX-License-Identifier: Apache-2.0
import Provenance

/// A report as one HTML page that needs nothing else: no script, no network.
struct ReportPage {
  let report: Report
  let sections: [ReportSection]
  private let palette: Palette

  init(_ report: Report, _ sections: [ReportSection]) {
    self.report = report
    self.sections = sections
    palette = Palette(report.sessions.map(\.id))
  }

  func append(to buffer: inout ByteBuffer) {
    var markup = Markup()
    markup.raw(
      """
      <!DOCTYPE html>
      <html lang="en"><head><meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>What sessions wrote</title>
      <style>
      """)
    markup.raw(Self.style)
    markup.raw("</style></head>\n")
    markup.element("body") { markup in
      markup.element("h1", text: "What sessions wrote")
      let paths = report.operands.prefix(8).map { Escaping.text($0) }.joined(separator: ", ")
      let more = report.operands.count > 8 ? ", …" : ""
      markup.element("p", text: "Of \(paths)\(more), as it was \(time(report.made)).")
      for (index, section) in sections.enumerated() {
        append(section, &markup)
        if index == 0 { appendDrawings(&markup) }
      }
    }
    markup.raw("</html>\n")
    buffer.append(markup.buffer.bytes)
  }

  private func appendDrawings(_ markup: inout Markup) {
    guard !report.files.isEmpty else { return }
    markup.element("section", [("id", "drawings")]) { markup in
      markup.element("h2", text: "When, by session")
      TimelineDrawing(palette: palette, label: label, time: time)
        .append(report.sessions.map(\.id), report.files, to: &markup)
      markup.element("h2", text: "Where, by session")
      appendLegend(&markup)
      TreemapDrawing(palette: palette, label: label).append(tree, to: &markup)
    }
    markup.raw("\n")
  }

  private func appendLegend(_ markup: inout Markup) {
    let named = report.sessions.prefix(8).map { (palette.color($0.id), label($0.id)) }
    let more = report.sessions.count > 8 ? [(Palette.others, "other sessions")] : []
    markup.element("ul", [("class", "legend")]) { markup in
      for (color, text) in named + more + [(Palette.nobody, label(nil))] {
        markup.element("li") { markup in
          markup.element("svg", [("viewBox", "0 0 10 10"), ("class", "key")]) {
            $0.element("rect", [("width", "10"), ("height", "10"), ("fill", color)])
          }
          markup.text(text)
        }
      }
    }
    markup.element("p", text: "Areas are as large as files are. Point at one to read its name.")
  }

  private static func names(_ path: [UInt8]) -> [[UInt8]] {
    let slash = UInt8(ascii: "/")
    return (path.first == slash ? [[slash]] : []) + path.split(separator: slash).map { Array($0) }
  }

  /// What is deeper is too small to be seen.
  private static let deepest = 64

  /// A directory of each path that was named, with what others have there in one leaf a directory.
  private var tree: TreemapNode {
    let root = TreemapNode("")
    for file in report.files where file.isRegular {
      var names = Self.names(file.path)
      guard let name = names.popLast() else { continue }
      root.add(
        TreemapNode.Leaf(
          name: Escaping.text(name), weight: max(1, Double(file.size)), session: file.session),
        below: names.prefix(Self.deepest))
    }
    for (directory, others) in report.bystanders {
      let names = Self.names(directory)
      root.add(
        TreemapNode.Leaf(
          name: counted(others.files, "file"), weight: max(1, Double(others.bytes)), session: nil,
          files: others.files), below: names.prefix(Self.deepest))
    }
    return root
  }

  private func append(_ section: ReportSection, _ markup: inout Markup) {
    markup.element("section") { markup in
      markup.element("h2", text: section.title)
      for sentence in section.sentences { markup.element("p", text: sentence) }
      guard !section.rows.isEmpty else { return }
      markup.element("div", [("class", "scroll")]) { markup in
        markup.element("table") { markup in
          markup.element("thead") { row("th", section.columns, &$0) }
          markup.element("tbody") { body in for cells in section.rows { row("td", cells, &body) } }
        }
      }
    }
    markup.raw("\n")
  }

  private func row(_ name: StaticString, _ cells: [String], _ markup: inout Markup) {
    markup.element("tr") { markup in for cell in cells { markup.element(name, text: cell) } }
    markup.raw("\n")
  }

  /// What a session is called, after the beginning of its id.
  private func label(_ session: SessionID?) -> String {
    guard let session else { return "others, or nobody known" }
    guard !session.isNone else { return "outside any session" }
    let short = String(session.description.prefix(8))
    return SessionLabel.text(session).map { "\(short) \(Escaping.text($0.utf8))" } ?? short
  }

  private func time(_ nanoseconds: UInt64) -> String {
    String(Timestamp.utc(nanoseconds).prefix(19)) + "Z"
  }

  private static let style: StaticString = """
    :root { color-scheme: light dark; --line: #8886; --soft: #8882; }
    body { font: 15px/1.5 system-ui, sans-serif; max-width: 1140px; margin: 2em auto; padding: 0 1em; }
    h1 { font-size: 1.6em; } h2 { font-size: 1.2em; margin: 1.8em 0 .5em; }
    p { max-width: 80ch; }
    svg { display: block; width: 100%; height: auto; }
    svg { fill: currentColor; } svg text { font: 10.5px system-ui, sans-serif; }
    .treemap { border: 1px solid var(--line); }
    .treemap .leaf { stroke: Canvas; stroke-width: .7; }
    .treemap .frame { fill: var(--soft); stroke: var(--line); }
    .timeline .line { fill: var(--line); }
    .legend { list-style: none; display: flex; flex-wrap: wrap; gap: .3em 1.4em; padding: 0; }
    .legend .key { display: inline-block; width: .8em; height: .8em; margin-right: .4em; }
    .scroll { overflow-x: auto; }
    table { border-collapse: collapse; font-size: .9em; }
    th, td { text-align: left; vertical-align: top; padding: .25em .9em .25em 0; white-space: nowrap; }
    th { border-bottom: 1px solid var(--line); } td { border-bottom: 1px solid var(--soft); }
    td:first-child { font-family: ui-monospace, monospace; font-size: .9em; }
    td:first-child, td:last-child { white-space: normal; overflow-wrap: anywhere; min-width: 20em; }
    """
}
