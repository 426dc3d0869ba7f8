// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import SystemPackage

struct AgentCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "agent",
    abstract: "Give an agent the server of provstamp mcp, and tell how it is started in a session.",
    discussion: """
      EXAMPLES
        provstamp agent show claude-code      What would be written, and where.
        provstamp agent install claude-code
        provstamp agent remove claude-code
      """,
    subcommands: [AgentShowCommand.self, AgentInstallCommand.self, AgentRemoveCommand.self])
}

/// What the commands about agents have in common.
struct AgentOptions: ParsableArguments {
  @Argument(help: "The agent.")
  var agent: AgentProgram

  @Argument(
    help: ArgumentHelp(
      "The project's directory; the current one without it. The settings of codex are in the home directory.",
      valueName: "directory"),
    completion: .directory)
  var directory: ByteArgument?

  func validate() throws {
    if agent.isOfUser && directory != nil {
      throw ValidationError("the settings of codex are the user's; way out: name no directory")
    }
  }

  func file() throws -> SettingsFile {
    var base = directory?.bytes ?? Array(".".utf8)
    if agent.isOfUser {
      guard let home = getenv("HOME"), home.pointee == CChar(UInt8(ascii: "/")) else {
        throw ValidationError("HOME names no directory; way out: HOME=/path provstamp agent …")
      }
      base = Array(String(cString: home).utf8)
    }
    return SettingsFile(path: base + Array("/\(agent.settings)".utf8))
  }

  /// Reads, edits, and writes where that changed something.
  func edit(
    _ edit: ([UInt8]) throws(JSONSettings.Refusal) -> [UInt8]
  ) throws -> (path: String, hasChanged: Bool) {
    let file = try file()
    let shown = Escaping.text(file.path)
    do {
      let text = try file.read()
      let edited = try edit(text)
      if edited != text { try file.write(edited) }
      return (shown, edited != text)
    } catch let refusal as JSONSettings.Refusal {
      let cause =
        switch refusal {
        case .form: "not JSON as it is understood here, perhaps for its comments"
        case .taken: "it has a server called provstamp that was not made by this command"
        }
      Diagnostics().trouble(
        "\(shown): \(cause); nothing is changed; way out: edit it by hand, `provstamp agent show \(agent.rawValue)` "
          + "has the lines")
      throw ExitCode.trouble
    } catch let error as Errno {
      Diagnostics().report(file.path, error, doing: "cannot change the settings")
      throw ExitCode.trouble
    }
  }
}

struct AgentShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Print what an agent's settings need, and how it is started in a session.",
    discussion: """
      Nothing is written.

      EXAMPLES
        provstamp agent show codex
      """)

  @OptionGroup var options: AgentOptions

  func run() throws {
    let sink = Sink()
    var buffer = ByteBuffer()
    let path = Escaping.text(try options.file().path)
    buffer.append("\(path) needs:\n\n\(options.agent.lines)\n")
    buffer.append("In a session it is started by:\n\n\(options.agent.start)\n")
    sink.flush(&buffer)
  }
}

struct AgentInstallCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "install",
    abstract: "Write the server of provstamp mcp into an agent's settings.",
    discussion: """
      Everything else in the settings stays as it is, byte for byte. Settings that are not understood, \
      such as JSON with comments, are not touched. The agent itself is started in a session by the \
      command that is printed.

      EXAMPLES
        provstamp agent install claude-code
        provstamp agent install cursor ~/src/project

      EXIT STATUS
        0 if it is there, 2 on trouble.
      """)

  @OptionGroup var options: AgentOptions

  func run() throws {
    let (path, hasChanged) = try options.edit { text throws(JSONSettings.Refusal) in
      try options.agent.inserted(into: text)
    }
    let sink = Sink()
    var buffer = ByteBuffer()
    buffer.append(
      "\(path): \(hasChanged ? "provstamp mcp is in it now" : "provstamp mcp is in it already")\n")
    buffer.append("start it in a session: \(options.agent.start)\n")
    sink.flush(&buffer)
  }
}

struct AgentRemoveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Take the server of provstamp mcp out of an agent's settings.",
    discussion: """
      Everything else in the settings stays. A file that holds nothing else stays, too.

      EXAMPLES
        provstamp agent remove claude-code

      EXIT STATUS
        0 if it was there, 1 if not, 2 on trouble.
      """)

  @OptionGroup var options: AgentOptions

  func run() throws {
    let (path, hasChanged) = try options.edit { text throws(JSONSettings.Refusal) in
      try options.agent.removed(from: text)
    }
    let sink = Sink()
    var buffer = ByteBuffer()
    buffer.append(
      "\(path): \(hasChanged ? "provstamp mcp is taken out" : "provstamp mcp is not in it")\n")
    sink.flush(&buffer)
    if !hasChanged { throw ExitCode.negative }
  }
}
