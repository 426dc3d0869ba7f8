// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc

/// The words of a command line that name the command, and what is said where it is used wrongly.
struct CommandWords {
  /// The command that the words name, as far as they name one.
  private let command: any ParsableCommand.Type
  private let words: [String]

  init(_ arguments: [String]) {
    var command: any ParsableCommand.Type = Provstamp.self
    var words: [String] = []
    for word in arguments {
      guard let named = Self.command(word, of: command) else { break }
      command = named
      words.append(word)
    }
    self.command = command
    self.words = words
  }

  private static func command(
    _ word: String, of above: any ParsableCommand.Type
  ) -> (any ParsableCommand.Type)? {
    above.configuration.subcommands.first { $0.configuration.commandName == word }
  }

  /// A first word that is no command, of provstamp or of the command before it, is refused by its name;
  /// so is one that help is asked about.
  static func refuseUnknown(_ arguments: [String]) throws {
    var words = arguments[...]
    if words.first == "help" { words.removeFirst() }
    var command: any ParsableCommand.Type = Provstamp.self
    while let word = words.popFirst(), !word.hasPrefix("-") {
      let below = command.configuration.subcommands
      guard !below.isEmpty else { return }
      guard let named = Self.command(word, of: command) else {
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
  /// is trouble, status 2, as it is for grep and diff; for `run` it is its own failure.
  func finish(_ error: any Error) -> CInt {
    if let code = error as? ExitCode { return code.rawValue }
    if Provstamp.exitCode(for: error).isSuccess {
      writeAll(Array("\(Provstamp.fullMessage(for: error))\n".utf8), to: STDOUT_FILENO)
      return 0
    }
    writeAll(Array("provstamp: \(message(for: error))\n".utf8), to: STDERR_FILENO)
    return (command == RunCommand.self ? ExitCode.ownFailure : .trouble).rawValue
  }

  private func message(for error: any Error) -> String {
    // One that was thrown outside the parser has the usage of no command.
    if let error = error as? ValidationError {
      let help = (["provstamp"] + words + ["--help"]).joined(separator: " ")
      return "\(error.message)\nUsage: \(usage)\n  See '\(help)' for more information."
    }
    let message = Provstamp.fullMessage(for: error)
    let label = "Error: "
    return message.hasPrefix(label) ? String(message.dropFirst(label.count)) : message
  }

  private var usage: String {
    command == Provstamp.self
      ? Provstamp.usageString() : Provstamp.usageString(for: command)
  }
}
