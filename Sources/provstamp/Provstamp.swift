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
      SessionsCommand.self, StatusCommand.self, BlameCommand.self, GitCommand.self, RunCommand.self,
      PsCommand.self, WhoamiCommand.self, DoctorCommand.self,
    ])

  static func main() {
    let arguments = RawArguments.ofProcess()
    do {
      try refuseUnknownCommand(arguments)
      var command = try parseAsRoot(arguments)
      try command.run()
    } catch {
      Glibc.exit(finish(error))
    }
  }

  /// A first word that is no command, of provstamp or of the command before it, is refused by its name;
  /// so is one that help is asked about.
  private static func refuseUnknownCommand(_ arguments: [String]) throws {
    var words = arguments[...]
    if words.first == "help" { words.removeFirst() }
    var command: any ParsableCommand.Type = Provstamp.self
    while let word = words.popFirst(), !word.hasPrefix("-") {
      let below = command.configuration.subcommands
      guard !below.isEmpty else { return }
      let named = below.first { $0.configuration.commandName == word }
      guard let named else {
        if word == "help" { return }
        let names = below.compactMap { $0.configuration.commandName }
        let nearest =
          Suggestion.nearest(to: word, among: names).map { "did you mean \($0)? " } ?? ""
        throw ValidationError(
          "\(Escaping.text(RawArguments.bytes(word))): no such command; \(nearest)way out: one of "
            + names.joined(separator: ", "))
      }
      command = named
    }
  }

  /// Says what is to be said of `error`, and gives the exit status for it. Every kind of wrong usage
  /// is trouble, status 2, as it is for grep and diff.
  private static func finish(_ error: any Error) -> CInt {
    if let code = error as? ExitCode { return code.rawValue }
    let message = fullMessage(for: error)
    if exitCode(for: error).isSuccess {
      writeAll(Array("\(message)\n".utf8), to: STDOUT_FILENO)
      return 0
    }
    let label = "Error: "
    let cause = message.hasPrefix(label) ? String(message.dropFirst(label.count)) : message
    writeAll(Array("provstamp: \(cause)\n".utf8), to: STDERR_FILENO)
    return ExitCode.trouble.rawValue
  }
}

extension ExitCode {
  /// Nothing was found, or something is not ok.
  static let negative = ExitCode(1)
  /// A file could not be read, or the command line is wrong.
  static let trouble = ExitCode(2)
}
