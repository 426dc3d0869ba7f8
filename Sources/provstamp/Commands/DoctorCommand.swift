// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Tell what this machine can do, and what to do about the rest.",
    discussion: """
      Each line is ok, warn (it works, but less well than it could) or fail. What a directory can \
      keep is found out by trying, on a file there that is never visible.

      EXAMPLES
        provstamp doctor
        provstamp doctor ~/src/project --json

      EXIT STATUS
        0 if nothing failed, 1 if something did.
      """)

  @Argument(
    help: ArgumentHelp("Directories whose files are to be stamped.", valueName: "directory"),
    completion: .directory)
  var directories: [ByteArgument] = [ByteArgument(bytes: Array(".".utf8))]

  @OptionGroup var output: OutputOptions

  func run() throws {
    let sink = Sink()
    let findings =
      KernelFindings.all() + directories.flatMap { FileFindings($0.bytes).all() }
      + FuseFindings.all() + SessionFindings.all()
    var buffer = ByteBuffer()
    var json = JSONWriter()
    for finding in findings {
      if output.json {
        json.line("check") { json in
          json.field("name", finding.name)
          json.field("status", finding.status.rawValue)
          json.field("detail", finding.detail)
          json.field("remedy", finding.remedy)
        }
      } else {
        buffer.append("\(colored(finding.status))  \(finding.name): \(finding.detail)\n")
        if let remedy = finding.remedy { buffer.append("      -> \(remedy)\n") }
      }
    }
    sink.flush(&buffer)
    sink.flush(&json.buffer)
    if findings.contains(where: { $0.status == .fail }) { throw ExitCode.negative }
  }

  private func colored(_ status: Finding.Status) -> String {
    let text = status == .ok ? "ok  " : status.rawValue
    guard output.usesColor else { return text }
    let code =
      switch status {
      case .ok: "32"
      case .warn: "33"
      case .fail: "31"
      }
    return "\u{1b}[\(code)m\(text)\u{1b}[0m"
  }
}
