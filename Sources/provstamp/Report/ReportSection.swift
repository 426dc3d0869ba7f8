// SPDX-License-Identifier: Apache-2.0
import Provenance

/// A part of a report for people, whatever it is printed as.
struct ReportSection {
  /// Text that is printed as it is: escaped for a terminal, and not yet for anything else.
  typealias Cell = String

  let title: String
  var sentences: [String] = []
  var columns: [String] = []
  var rows: [[Cell]] = []

  /// Of each section: what is more is counted.
  static let mostRows = 200

  init(_ title: String, _ sentences: [String] = []) {
    self.title = title
    self.sentences = sentences
  }

  init<Element>(
    _ title: String, _ columns: [String], _ elements: [Element], _ row: (Element) -> [Cell]
  ) {
    self.title = title
    self.columns = columns
    rows = elements.prefix(Self.mostRows).map(row)
    if elements.count > Self.mostRows {
      sentences = ["\(elements.count - Self.mostRows) more; --csv and --json have all."]
    }
  }
}

/// The sections of a report.
struct ReportSections {
  let report: Report
  let listsFiles: Bool
  /// At a terminal local times and short ids.
  let style: Style

  func all() -> [ReportSection] {
    let sections = [
      summary, sessions, coverage, calledOut, doubtful, overwritten, lost, directories, timeline,
    ]
    return sections.compactMap(\.self) + (listsFiles ? [files] : [])
  }

  private var summary: ReportSection {
    let totals = report.totals
    var sentences = [report.conclusion + "."]
    if totals.files + totals.others > 0 { sentences.append(Self.account(of: totals) + ".") }
    if report.copies > 0 {
      sentences.append(
        "\(counted(report.copies, "file")) with a copy of such a stamp left out: nobody wrote \(report.copies == 1 ? "it" : "them") there."
      )
    }
    sentences.append(
      "Looked at: \(counted(report.counts.examined, "file")), of which \(report.counts.unstamped) without a stamp, "
        + "\(report.counts.malformed) with a malformed one; \(report.counts.unreadable) unreadable."
    )
    return ReportSection("Summary", sentences)
  }

  private static func account(of totals: ReportTotals) -> String {
    let deeds = Deed.allCases.map { "\(totals.deeds[$0] ?? 0) \($0.rawValue)" }
    let others = totals.others > 0 ? ", and \(totals.others) directories, links and others" : ""
    return "\(counted(totals.files, "file")) with \(totals.bytes) bytes\(others): "
      + deeds.joined(separator: ", ")
  }

  private var sessions: ReportSection {
    let columns = [
      "session", "name", "intent", "files", "bytes", "first", "last", "started", "ended", "state",
      "user",
      "command",
    ]
    return ReportSection("Sessions", columns, report.sessions) { session in
      let (account, totals) = (session.account, session.totals)
      return [
        label(session.id), account.entry?.name.map { text($0.description) } ?? "-",
        account.intent.map { text($0.description) } ?? "-", "\(totals.files)", "\(totals.bytes)",
        time(totals.first), time(totals.last), time(account.started),
        time(account.entry?.ending?.time),
        account.state, account.uid.map(UserNames.display) ?? "-",
        account.commandText.isEmpty ? "-" : account.commandText,
      ]
    }
  }

  private var coverage: ReportSection {
    var section = ReportSection(
      "Coverage", ["mounted on", "type", "watched by", "since", "what that means"], report.coverage
    ) { coverage in
      [
        Escaping.text(coverage.mountpoint), text(coverage.type), coverage.name,
        time(coverage.since),
        coverage.detail,
      ]
    }
    let skipped = report.counts.skippedMounts
    if skipped > 0 { section.sentences.append("\(counted(skipped, "mount")) not entered.") }
    return section
  }

  private var calledOut: ReportSection? {
    section("Look at these first", ["file", "why", "deed", "session"], report.calledOut) { file in
      [
        path(file), file.concerns.map(\.rawValue).joined(separator: ", "), file.deed.rawValue,
        label(file.session),
      ]
    }
  }

  private var doubtful: ReportSection? {
    section("Stamps that do not hold, or may not", ["file", "state", "reason"], report.doubtful) {
      let judgement = $0.record.judgement
      return [
        path($0), judgement.verdict.state.rawValue,
        "\(judgement.verdict.reason.rawValue): \(Explanation.text(judgement, style))",
      ]
    }
  }

  private var overwritten: ReportSection? {
    section(
      "Written over what others had written", ["file", "session", "over", "of"], report.overwriting
    ) { file in
      guard let stamp = file.overwritten else { return [] }
      return [path(file), label(file.session), writer(stamp), time(stamp.time)]
    }
  }

  private var lost: ReportSection? {
    section(
      "Written once, and by others since", ["file", "session", "when", "now"], report.lost
    ) { lost in
      [
        Escaping.text(lost.record.path), label(lost.stamp.writer.session), time(lost.stamp.time),
        later(lost.record),
      ]
    }
  }

  private func later(_ record: FileRecord) -> String {
    guard case .stamp(let stamp, _) = record.judgement.reading.holding else {
      return "\(record.state.rawValue): whose it is now is not known"
    }
    return writer(stamp)
  }

  private var directories: ReportSection? {
    section(
      "Directories, with all below", ["directory", "files", "bytes", "last"],
      ReportedDirectory.all(report.files)
    ) {
      [
        Escaping.text($0.path), "\($0.totals.files)", "\($0.totals.bytes)", time($0.totals.last),
      ]
    }
  }

  private var timeline: ReportSection? {
    section("Timeline", ["from", "until", "files", "bytes"], ReportedMoment.all(report.files)) {
      [time($0.start), time($0.end), "\($0.totals.files)", "\($0.totals.bytes)"]
    }
  }

  private var files: ReportSection {
    ReportSection(
      "Files", ["file", "deed", "state", "size", "session", "program", "user", "when"], report.files
    ) { file in
      [
        path(file), file.deed.rawValue, file.record.state.rawValue, "\(file.size)",
        label(file.session),
        file.holding.comm.map { Escaping.text($0) } ?? "-",
        file.holding.uid.map(UserNames.display) ?? "-", time(file.time),
      ]
    }
  }

  /// Nil where there is nothing in it.
  private func section<Element>(
    _ title: String, _ columns: [String], _ elements: [Element],
    _ row: (Element) -> [ReportSection.Cell]
  ) -> ReportSection? {
    elements.isEmpty ? nil : ReportSection(title, columns, elements, row)
  }

  private func path(_ file: ReportedFile) -> String { Escaping.text(file.path) }

  private func text(_ text: String) -> String { Escaping.text(text.utf8) }

  private func label(_ id: SessionID) -> String { id.isNone ? "outside" : style.session(id) }

  private func writer(_ stamp: Stamp) -> String {
    let writer = stamp.writer
    let session = writer.session.isNone ? "no session" : "session \(label(writer.session))"
    return "\(session), \(Escaping.text(writer.comm.bytes))[\(writer.pid)], "
      + UserNames.display(writer.uid)
  }

  private func time(_ nanoseconds: UInt64?) -> String {
    guard let nanoseconds else { return "-" }
    if style.isTerminal { return style.time(nanoseconds) }
    return String(Timestamp.utc(nanoseconds).prefix(19)) + "Z"
  }
}
