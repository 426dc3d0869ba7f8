// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import Provenance

@main
struct Provstamp: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "provstamp",
    abstract: "Tell which agent session wrote a file, from the file itself.",
    discussion: """
      ProvFS stamps each file with the session, process and user that last changed its content. \
      provstamp reads these stamps; that never takes root.

      EXAMPLES
        provstamp who report.md            Who wrote this file?
        provstamp find --session 3f2a99c1  What did this session write?
        provstamp verify                   What changed with nothing watching?
        provstamp run -- make test         Make a session for a command.

      EXIT STATUS
        0  found; all ok
        1  nothing found; something is not ok
        2  trouble: a file could not be read, or the command line is wrong
      """,
    version: Release.version,
    subcommands: [
      WhoCommand.self, LogCommand.self, FindCommand.self, VerifyCommand.self,
      SessionsCommand.self, ReportCommand.self, AuditCommand.self, WatchCommand.self,
      StatusCommand.self, BlameCommand.self,
      GitCommand.self, RunCommand.self,
      PsCommand.self, WhoamiCommand.self, ExportCommand.self, McpCommand.self, AgentCommand.self,
      DoctorCommand.self,
    ])

  static func main() {
    let arguments = RawArguments.ofProcess()
    do {
      try CommandWords.refuseUnknown(arguments)
      var command = try parseAsRoot(arguments)
      try command.run()
    } catch {
      Glibc.exit(CommandWords(arguments).finish(error))
    }
  }
}

extension ExitCode {
  /// Nothing was found, or something is not ok.
  static let negative = ExitCode(1)
  /// A file could not be read, or the command line is wrong.
  static let trouble = ExitCode(2)
}
