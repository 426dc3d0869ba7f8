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

  @OptionGroup var query: ReportQuery

  @Flag(name: [.short, .long], help: "List every file in text, Markdown and HTML, too.")
  var long = false

  @Flag var form: Form?

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if output.json, let form {
      throw ValidationError("--json --\(form.rawValue): two forms; way out: leave out one")
    }
  }

  /// Collects and prints the report.
  func run() throws -> Report {
    let context = try ScanContext(query.operands, query.scan, kinds: .any, output)
    let report = try query.collect(context, mapsBystanders: form == .html)
    print(report, context)
    if context.diagnostics.hasTrouble { throw ExitCode.trouble }
    return report
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
