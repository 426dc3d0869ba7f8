// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import Provenance

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a command as a session of its own.",
    usage: "provstamp run [--intent TEXT] [--] COMMAND [ARGUMENT…]",
    discussion: """
      Whatever the command and its descendants write where provfs or the LSM watches is stamped \
      with the session's id: also by processes that outlive the command, and until the last of them \
      has ended. A session started inside another is nested in it; stamps name both.

      The command has the caller's terminal, files, environment and signals. AGENT_SESSION_ID in its \
      environment is the session's id, for its own use: nothing relies on it.

      EXAMPLES
        provstamp run -- make test
        provstamp run --intent "fix the parser" -- claude
        provstamp run -- sh -c 'echo $AGENT_SESSION_ID; date > stamped'
        provstamp sessions                   which sessions wrote here?

      EXIT STATUS
        that of the command; if a signal killed it, provstamp ends by the same signal
        125  provstamp itself failed
        126  the command was found and cannot be executed
        127  the command was not found
      """)

  @Option(help: ArgumentHelp("What the session is for, up to 63 bytes.", valueName: "text"))
  var intent: String?

  @Argument(
    parsing: .captureForPassthrough,
    help: ArgumentHelp("The command, and its arguments.", valueName: "command"))
  var command: [ByteArgument] = []

  func run() throws {
    // What follows the first word that is no option of `run` is the command's; so is --help there.
    if let first = command.first, ["--help", "-h"].map({ Array($0.utf8) }).contains(first.bytes) {
      throw CleanExit.helpRequest(self)
    }
    let session = try RequestedSession(intent: intent, arguments: command.map(\.bytes))
    switch Foreground.run(session) {
    case .exited(let status): throw ExitCode(status)
    case .killed(let signal): throw ExitCode(endLike(signal))
    }
  }
}

/// What `provstamp run` was asked for.
struct RequestedSession {
  let intent: SessionIntent?
  /// The command's name and its arguments.
  let command: [[UInt8]]

  /// - Throws: `ExitCode.ownFailure` after saying what is wrong.
  init(intent: String?, arguments: [[UInt8]]) throws {
    do throws(SessionIntent.Fault) {
      self.intent = try intent.map { text throws(SessionIntent.Fault) in try SessionIntent(text) }
    } catch {
      fail("--intent: the text \(error); way out: --intent \"fix the parser\"")
      throw ExitCode.ownFailure
    }
    var command = arguments[...]
    if command.first == Array("--".utf8) {
      command.removeFirst()
    } else if let first = command.first, first.first == UInt8(ascii: "-") {
      fail(Self.refusal(of: first))
      throw ExitCode.ownFailure
    }
    guard !command.isEmpty else {
      fail("no command named; way out: provstamp run -- COMMAND [ARGUMENT…]")
      throw ExitCode.ownFailure
    }
    self.command = Array(command)
  }

  private static func refusal(of option: [UInt8]) -> String {
    // The option that there is on kernels with agent sessions.
    if option.starts(with: "--budget".utf8) {
      return "--budget: only a kernel with agent sessions can hold a session to a budget, and this "
        + "session would be made without it; way out: boot the patched kernel (docs/kernel.md), or "
        + "limit the command with timeout(1) or prlimit(1)"
    }
    return "\(Escaping.text(option)): no such option; way out: provstamp run --help, or -- before "
      + "a command of that name"
  }
}

extension ExitCode {
  /// `provstamp run` itself failed, in the way of env(1) and nohup(1).
  static let ownFailure = ExitCode(125)
  static let cannotExecute = ExitCode(126)
  static let notFound = ExitCode(127)
}

/// Says on standard error why `provstamp run` fails.
func fail(_ message: String) {
  writeAll(Array("provstamp: \(message)\n".utf8), to: STDERR_FILENO)
}
