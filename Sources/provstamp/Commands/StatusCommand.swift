// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Provenance
import SystemPackage

struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Tell whose each change in a git work tree is.",
    discussion: """
      Lists what git status lists, every untracked file by itself, each with the session that wrote \
      what is there now, the session's name or else the program's, how long ago, and the path. The \
      letters are those of git status. Git is asked what has changed; the files, who changed it.

      The session is none where the file was written outside any, and ? where nobody can tell. Then \
      the reason stands beside it: deleted (a file that is gone has no stamp), unstamped (nothing \
      watched), changed (somebody wrote where nothing watched), copied, submodule, repository.

      --mine, --others, --unknown and --session add up. What is of an unknown writer is neither mine \
      nor others'. Mine is what this session and sessions nested in it wrote; outside any session, \
      what was written outside any by you. With -0, names alone are printed, as git add takes them; \
      --literal-pathspecs keeps git from taking a name such as *.c for a pattern.

      EXAMPLES
        provstamp status
        provstamp status --others
        provstamp status --mine -0 | git --literal-pathspecs add --pathspec-from-file=- --pathspec-file-nul

      EXIT STATUS
        0 if something is listed, 1 if nothing, 2 on trouble.
      """)

  @Argument(
    help: ArgumentHelp(
      "A directory in a git work tree: what is below it. Without one, the whole tree that the current directory is in.",
      valueName: "directory"),
    completion: .directory)
  var directory: ByteArgument?

  @Option(
    help: ArgumentHelp(
      "Only what this session, or one nested in it, wrote: its id, at least 4 digits of its beginning, or its name; self is the asker's, none is outside any. Several may be given, with commas.",
      valueName: "session"),
    completion: SessionQuery.completion, transform: SessionQuery.init(orExplain:))
  var session: SessionQuery?

  @Flag(help: "Leave out sessions nested in the given one.")
  var exact = false

  @Flag(help: "What this session wrote.")
  var mine = false

  @Flag(help: "What is known to be written by somebody else.")
  var others = false

  @Flag(help: "What nobody can tell the writer of.")
  var unknown = false

  @Flag(
    name: [.customShort("0"), .customLong("null")],
    help: "Print names alone, raw, each ended by NUL.")
  var null = false

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if exact && session == nil {
      throw ValidationError("--exact says something about --session; way out: give both")
    }
    if null && output.json {
      throw ValidationError("-0 and --json exclude each other; way out: leave out one")
    }
  }

  func run() throws {
    let sink = Sink()
    let diagnostics = Diagnostics()
    for remark in session?.remarks ?? [] { diagnostics.note(remark) }
    let needsSelf = mine || others || output.json
    let selection = StatusSelection(self, own: needsSelf ? OwnSession.find() : .unknown)
    if mine || others, case .unknown = selection.own {
      diagnostics.trouble(
        "this process's session cannot be told, so not what is its own; way out: --session ID")
      throw ExitCode.trouble
    }
    let scan: StatusScan
    do throws(GitFailure) {
      scan = try StatusScan(selection, in: directory?.bytes ?? [], diagnostics)
    } catch {
      diagnostics.trouble(error.description)
      throw ExitCode.trouble
    }
    if let ambiguity = selection.ambiguity(among: scan.candidates) {
      diagnostics.trouble(ambiguity)
      throw ExitCode.trouble
    }
    print(scan, selection, sink)
    if !output.json { scan.note(selection, diagnostics) }
    if diagnostics.hasTrouble { throw ExitCode.trouble }
    if scan.rows.isEmpty { throw ExitCode.negative }
  }

  private func print(_ scan: StatusScan, _ selection: StatusSelection, _ sink: Sink) {
    var buffer = ByteBuffer()
    if output.json {
      var json = JSONWriter()
      for row in scan.rows { row.appendJSON(own: selection.own, to: &json) }
      json.line("summary") { json in
        json.field("listed", scan.rows.count)
        json.field("unknown", scan.unknown)
        json.field("left_out", scan.leftOut)
      }
      buffer = json.buffer
    } else if null {
      for row in scan.rows {
        buffer.append(row.name)
        buffer.append(byte: 0)
      }
    } else {
      StatusText(style: Style(output, sink: sink)).append(scan.rows, to: &buffer)
    }
    sink.flush(&buffer)
  }
}
