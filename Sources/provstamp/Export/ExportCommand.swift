// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Provenance
import SystemPackage

struct ExportCommand: ParsableCommand {
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case agentTrace = "agent-trace"
    case inToto = "in-toto"
    case prov = "prov-json"
    case ocsf
  }

  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Tell other programs what sessions wrote, in a format of theirs.",
    discussion: """
      FORMATS
        agent-trace  a trace record of Agent Trace 0.1
        in-toto      a statement of in-toto v1; with --key a signed envelope (DSSE, Ed25519)
        prov-json    a document of W3C PROV
        ocsf         a File System Activity of OCSF 1.6 for each file, one a line

      All are about the files that report is about. agent-trace and in-toto speak of content: they \
      read it, and leave out every file whose stamp does not hold, before or after; how many, is \
      said on standard error. An unsigned statement proves nothing.

      EXAMPLES
        provstamp export --format ocsf --session 3f2a99c1
        provstamp export --format prov-json > provenance.json
        provstamp export --format in-toto src > statement.json

      EXIT STATUS
        0 if there is something to tell, 1 if not, 2 on trouble.
      """)

  @Option(help: "For whom.")
  var format: Format

  @Option(
    help: ArgumentHelp(
      "Sign with this private key, an Ed25519 key in a PEM file; openssl(1) does it.",
      valueName: "file"),
    completion: .file())
  var key: ByteArgument?

  @OptionGroup var query: ReportQuery

  func validate() throws {
    if key != nil && format != .inToto {
      throw ValidationError("--key: \(format.rawValue) has no signature; way out: --format in-toto")
    }
  }

  func run() throws {
    let context = try ScanContext(
      query.operands, query.scan, kinds: .any, try OutputOptions.parse([]))
    let report = try query.collect(context)
    var buffer = try export(report, context)
    if context.diagnostics.hasTrouble { throw ExitCode.trouble }
    if buffer.isEmpty { throw ExitCode.negative }
    context.sink.flush(&buffer)
  }

  private func export(_ report: Report, _ context: ScanContext) throws -> ByteBuffer {
    switch format {
    case .prov: return ProvExport.document(report)
    case .ocsf: return OcsfExport.events(report)
    case .agentTrace: return AgentTraceExport.record(report, contents(of: report, context))
    case .inToto:
      let statement = InTotoExport.statement(report, contents(of: report, context))
      guard let key, !statement.isEmpty else { return statement }
      return try Envelope.signed(statement, with: key.bytes, context.diagnostics)
    }
  }

  private func contents(
    of report: Report, _ context: ScanContext
  ) -> [(file: ReportedFile, content: FileContent)] {
    let regular = report.files.filter(\.isRegular)
    let contents: [(ReportedFile, FileContent)] = regular.compactMap { file in
      guard file.record.state == .ok else { return nil }
      do throws(Errno) {
        return try FileContent.read(file).map { (file, $0) }
      } catch {
        context.diagnostics.report(file.path, error, doing: "cannot read its content")
        return nil
      }
    }
    let left = regular.count - contents.count
    if left > 0 {
      context.diagnostics.note(
        "\(counted(left, "file")) left out, whose stamp does not hold; `provstamp verify` says why")
    }
    return contents
  }
}
