// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import Provenance

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a command as a session of its own.",
    usage: """
      provstamp run [--name NAME] [--intent TEXT] [--id ID] [--budget LIMITS] [--user-namespace]
                           [--id-file FILE] [--print-id] [-q] [-v] [--] COMMAND [ARGUMENT…]
      """,
    discussion: """
      Whatever the command and its descendants write where provfs or the LSM watches is stamped \
      with the session's id: also by processes that outlive the command, and until the last of them \
      has ended. A session started inside another is nested in it; stamps name both.

      The command has the caller's terminal, files, environment and signals. AGENT_SESSION_ID in its \
      environment is the session's id, for its own use: nothing relies on it. The id is told on \
      standard error, except with -q; so is in which session it is nested, whether a server (tmux, \
      screen, emacs) that belongs to a session started it, and whether anything stamps what is \
      written in the current directory. Where a view was mounted on that directory after it was \
      entered, the command starts within the view.

      What the session was (name, intent, command, directory, times, status) is kept in a ledger, so \
      that later its id still means something: provstamp ps --all shows it, and --session takes its \
      name. An id of the agent's own, such as that of its transcript, is given with --id, and \
      --session takes it too; stamps bear the session's own id in any case, which nobody can choose.

      On a kernel with agent sessions the session is the kernel's, which takes CAP_SYS_ADMIN in the \
      user namespace. Without it there are two ways. --user-namespace makes the session in a user \
      namespace of its own, where set-user-ID programs such as sudo and ping do not work. Otherwise \
      the session is the registry's, as on other kernels, and a note says so: views of provfs name \
      it, the LSM does not. Inside a session of the kernel's, where stamps would not name it, such a \
      session is refused.

      --budget names limits, separated by commas, and what happens when the session is above one: \
      max_syscalls, max_write_bytes (with K, M, G or T), max_elapsed (seconds, or with ms, m, h or \
      d), action (log, the default, or term or kill). The kernel compares every \
      kernel.agent_ns.reaper_interval seconds. Without agent sessions a budget is refused.

      EXAMPLES
        provstamp run -- make test
        provstamp run --name parser --intent "fix the parser" -- claude
        provstamp find --session parser      what did it write?
        provstamp run --budget max_elapsed=2h,max_write_bytes=10G,action=term -- claude
        provstamp run -- sh -c 'echo $AGENT_SESSION_ID; date > stamped'
        provstamp sessions                   which sessions wrote here?

      EXIT STATUS
        that of the command; if a signal killed it, provstamp ends by the same signal
        125  provstamp itself failed
        126  the command was found and cannot be executed
        127  the command was not found
      """)

  static let optionNames = [
    "--name", "--id", "--intent", "--budget", "--user-namespace", "--id-file", "--print-id",
    "--quiet", "--verbose", "--help",
  ]

  @Option(
    help: ArgumentHelp(
      "What to call the session, up to 63 bytes; several sessions may have one name.",
      valueName: "name"))
  var name: String?

  @Option(
    help: ArgumentHelp(
      "An id that the command goes by elsewhere: 32 hexadecimal digits, or a UUID. Refused where a running session of yours has it.",
      valueName: "id"))
  var id: String?

  @Option(help: ArgumentHelp("What the session is for, up to 63 bytes.", valueName: "text"))
  var intent: String?

  @Option(
    help: ArgumentHelp(
      "What the session may do at most, and what happens then; on a kernel with agent sessions.",
      valueName: "limits"))
  var budget: String?

  @Flag(
    help: "Make the session in a user namespace of its own; on a kernel with agent sessions.")
  var userNamespace = false

  @Option(
    help: ArgumentHelp(
      "Write the session's id to FILE before the command starts.", valueName: "file"),
    completion: .file())
  var idFile: ByteArgument?

  @Flag(
    name: .customLong("print-id"),
    help: "Print the session's id on standard output before the command starts.")
  var printID = false

  @Flag(name: [.short, .long], help: "Do not tell the session's id on standard error.")
  var quiet = false

  @Flag(name: [.short, .long], help: "Say which session it is, and whether the kernel made it.")
  var verbose = false

  @Argument(
    parsing: .captureForPassthrough,
    help: ArgumentHelp("The command, and its arguments.", valueName: "command"),
    completion: .custom { words, index, prefix in
      CommandCompletion.words(words, at: index, beginning: prefix)
    })
  var command: [ByteArgument] = []

  func run() throws {
    // What follows the first word that is no option of `run` is the command's; so is --help there.
    if let first = command.first, ["--help", "-h"].map({ Array($0.utf8) }).contains(first.bytes) {
      throw CleanExit.helpRequest(self)
    }
    WorkingDirectory.enterView()
    let session = try RequestedSession(self)
    if !session.identity.isQuiet { Surroundings.notes(session).forEach(tell) }
    try KernelRun.becomeIfPossible(session)
    switch Foreground.run(session) {
    case .exited(let status): throw ExitCode(status)
    case .killed(let signal): throw ExitCode(endLike(signal))
    }
  }
}
