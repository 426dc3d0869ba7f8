// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import Provenance

/// What `provstamp run` was asked for.
struct RequestedSession {
  let intent: SessionIntent?
  let budget: SessionBudget?
  let isInUserNamespace: Bool
  let identity: SessionIdentity
  /// Where it is started: the current directory, empty where that is gone, and the session of whoever
  /// starts it.
  let directory: [UInt8]
  let parent: SessionID
  /// When it was looked which sessions run, in nanoseconds since 1970.
  let lookedAround: UInt64
  /// The command's name and its arguments.
  let command: [[UInt8]]

  /// The option that takes a session of the kernel's, where there is one.
  var kernelOption: String? {
    if budget != nil { return "--budget" }
    return isInUserNamespace ? "--user-namespace" : nil
  }

  /// - Throws: `ExitCode.ownFailure` after saying what is wrong.
  init(_ options: RunCommand) throws {
    do throws(SessionIntent.Fault) {
      intent = try options.intent.map { text throws(SessionIntent.Fault) in
        try SessionIntent(text)
      }
    } catch {
      fail("--intent: the text \(error); way out: --intent \"fix the parser\"")
      throw ExitCode.ownFailure
    }
    do throws(BudgetArgument.Fault) {
      budget = try options.budget.map { text throws(BudgetArgument.Fault) in
        try BudgetArgument(text).budget
      }
    } catch {
      fail("--budget: \(error); way out: --budget max_syscalls=1000000,max_elapsed=1h,action=term")
      throw ExitCode.ownFailure
    }
    isInUserNamespace = options.userNamespace
    identity = try SessionIdentity(options)
    directory = WorkingDirectory.path
    lookedAround = Clock.realTime
    // Now: `lookedAround` is when.
    if !identity.alias.isNone { _ = LiveSessions.all }
    parent = if case .session(let id, _) = OwnSession.find() { id } else { .none }
    command = try Self.command(options.command.map(\.bytes))
  }

  private static func command(_ arguments: [[UInt8]]) throws -> [[UInt8]] {
    var command = arguments[...]
    if command.first == Array("--".utf8) {
      command.removeFirst()
    } else if let first = command.first, first.first == UInt8(ascii: "-") {
      let shown = Escaping.text(first)
      let nearest =
        Suggestion.nearest(to: shown, among: RunCommand.optionNames)
        .map { "did you mean \($0)? " } ?? ""
      fail(
        "\(shown): no such option; \(nearest)way out: provstamp run --help, or -- before a command of "
          + "that name")
      throw ExitCode.ownFailure
    }
    guard !command.isEmpty else {
      fail("no command named; way out: provstamp run -- COMMAND [ARGUMENT…]")
      throw ExitCode.ownFailure
    }
    return Array(command)
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
