// SPDX-License-Identifier: Apache-2.0
import Provenance

/// When which session wrote, as SVG: a row for each.
struct TimelineDrawing {
  let palette: Palette
  let label: (SessionID?) -> String
  let time: (UInt64) -> String

  private static let left = 210.0
  private static let width = 880.0
  private static let row = 24.0
  private static let columns = 160
  /// Most sessions that have a row.
  static let most = 24

  func append(_ sessions: [SessionID], _ files: [ReportedFile], to markup: inout Markup) {
    let totals = ReportTotals(files)
    guard let first = totals.first, let last = totals.last else { return }
    let shown = sessions.prefix(Self.most)
    let height = Self.row * Double(shown.count) + 22
    let size = "0 0 \(Markup.number(Self.left + Self.width + 10)) \(Markup.number(height))"
    markup.element(
      "svg",
      [
        ("viewBox", size), ("role", "img"), ("class", "timeline"),
        ("aria-label", "Timeline by session"),
      ]
    ) { markup in
      let counts = Self.counts(files, first, last)
      for (index, session) in shown.enumerated() {
        append(session, counts[session] ?? [:], Double(index) * Self.row, first, last, &markup)
      }
      let base = Markup.number(height - 6)
      let ends: [(Double, String, UInt64)] =
        last == first
        ? [(Self.left, "start", first)]
        : [(Self.left, "start", first), (Self.left + Self.width, "end", last)]
      for (x, anchor, moment) in ends {
        markup.element(
          "text", [("x", Markup.number(x)), ("y", base), ("text-anchor", anchor)],
          text: time(moment))
      }
    }
  }

  private func append(
    _ session: SessionID, _ counts: [Int: Int], _ y: Double, _ first: UInt64, _ last: UInt64,
    _ markup: inout Markup
  ) {
    let place: [(StaticString, String)] = [
      ("x", Markup.number(Self.left - 8)), ("y", Markup.number(y + 16)), ("text-anchor", "end"),
    ]
    markup.element("text", place, text: Columns.cut(label(session), to: 32))
    let line = Area(x: Self.left, y: y + 20, width: Self.width, height: 1)
    markup.element("rect", line.attributes + [("class", "line")])
    let most = Double(counts.values.max() ?? 1)
    let step = Self.width / Double(Self.columns)
    for (column, count) in counts.sorted(by: { $0.key < $1.key }) {
      let height = 4 + 15 * Double(count) / most
      let bar = Area(
        x: Self.left + Double(column) * step, y: y + 20 - height, width: max(2, step - 0.5),
        height: height)
      markup.element("rect", bar.attributes + [("fill", palette.color(session))]) {
        let moment = first + (last - first) / UInt64(Self.columns) * UInt64(column)
        $0.element(
          "title", text: "\(label(session)): \(counted(count, "file")) from \(time(moment))")
      }
    }
  }

  /// Files by session and column.
  private static func counts(
    _ files: [ReportedFile], _ first: UInt64, _ last: UInt64
  ) -> [SessionID: [Int: Int]] {
    let span = Double(max(1, last - first))
    return files.reduce(into: [:]) { counts, file in
      guard let moment = file.time else { return }
      let column = min(columns - 1, Int(Double(moment - first) / span * Double(columns)))
      counts[file.session, default: [:]][column, default: 0] += 1
    }
  }
}
