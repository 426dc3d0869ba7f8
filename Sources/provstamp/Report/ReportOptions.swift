// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Provenance

/// What report and audit have in common.
struct ReportOptions: ParsableArguments {
  enum Form: String, EnumerableFlag {
    case markdown, csv, html

    static func help(for value: Form) -> ArgumentHelp? {
      switch value {
      case .markdown: "Print Markdown."
      case .csv: "Print a table of the files alone, as RFC 4180 has it."
      case .html: "Print one page that needs nothing else, with a timeline and a map of the tree."
      }
    }
  }

  @OptionGroup var operands: Operands

  @Option(
    help: ArgumentHelp(
      "On this session and those nested in it, as find takes it; without it, on all sessions.",
      valueName: "session"),
    completion: SessionQuery.completion, transform: SessionQuery.init(orExplain:))
  var session: SessionQuery?

  @Flag(help: "Leave out sessions nested in the given one.")
  var exact = false

  @OptionGroup var scan: ScanOptions

  @Flag(name: [.short, .long], help: "List every file in text, Markdown and HTML, too.")
  var long = false

  @Flag var form: Form?

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if output.json, let form {
      throw ValidationError("--json --\(form.rawValue): two forms; way out: leave out one")
    }
    if operands.null {
      guard operands.listFile != nil else {
        throw ValidationError(
          "-0 says something about --files-from here; way out: --csv or --json for names as they are"
        )
      }
    }
    if exact && session == nil {
      throw ValidationError("--exact says something about --session; way out: give both")
    }
  }

  /// Collects and prints the report.
  func run() throws -> Report {
    let context = try ScanContext(operands, scan, kinds: .any, output)
    for remark in session?.remarks ?? [] { context.diagnostics.note(remark) }
    let subject = ReportSubject(query: session, isExact: exact)
    let (visitors, counts) = context.run {
      ReportVisitor(
        context, subject, listsGitDirectories: scan.entersGitDirectories,
        mapsBystanders: form == .html)
    }
    try refuseAmbiguity(visitors, context)
    let hasFound = visitors.contains { !$0.files.isEmpty || !$0.lost.isEmpty }
    // A beginning of an id means the session that was found by it.
    let named = session.map { $0.isPrefix && hasFound ? [] : $0.known } ?? []
    let coverage = Coverage.all(context.operands, staysOnFilesystem: scan.staysOnFilesystem)
    let report = Report(visitors, counts, coverage, of: named, context.operands)
    print(report, context)
    if context.diagnostics.hasTrouble { throw ExitCode.trouble }
    return report
  }

  private func refuseAmbiguity(_ visitors: [ReportVisitor], _ context: ScanContext) throws {
    let candidates = visitors.reduce(into: SessionCandidates()) { $0.merge($1.candidates) }
    guard let ambiguity = session?.ambiguity(among: candidates) else { return }
    context.diagnostics.trouble(ambiguity)
    throw ExitCode.trouble
  }

  private func print(_ report: Report, _ context: ScanContext) {
    var buffer = ByteBuffer()
    if output.json {
      var json = JSONWriter()
      ReportJSON.append(report, to: &json)
      buffer = json.buffer
    } else {
      var style = context.style
      if form != nil { style.isTerminal = false }
      let sections = ReportSections(report: report, listsFiles: long, style: style)
      switch form {
      case nil: ReportText.append(sections.all(), to: &buffer)
      case .markdown: ReportMarkdown.append(sections.all(), to: &buffer)
      case .html: ReportPage(report, sections.all()).append(to: &buffer)
      case .csv: ReportCSV.append(report.files, to: &buffer)
      }
    }
    context.sink.flush(&buffer)
  }
}
