// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Provenance

struct BlameCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "blame",
    abstract: "Tell which session wrote each line of a file in git.",
    discussion: """
      git blame says which commit a line is of; the commit's note, kept by provstamp git record, who had \
      written the file that was committed. A line that is not committed is of the file's stamp, if nobody \
      else is on record since the last commit. For each line: the session (none: outside any; ?: nobody \
      can tell), its name or else the program's, or the reason for ?, the commit, the date, the line.

      The reasons: not-recorded; rewritten (recorded for other content, which a rebase has changed); \
      several-writers; records-differ; by-git (git put the content there, in a merge or a checkout); and \
      those of provstamp status for lines that are not committed.

      A stamp is of a whole file, so a line is its writer's as far as the file is. Notes are claims: \
      whoever may push refs/notes/provenance can write anything into them.

      EXAMPLES
        provstamp blame src/parser.c
        provstamp blame -L 10,20 src/parser.c
        provstamp blame --json src/parser.c

      EXIT STATUS
        0 if every line's writer is known, 1 if not, 2 on trouble.
      """)

  @Argument(
    help: ArgumentHelp("A file in a git work tree.", valueName: "file"), completion: .file())
  var file: ByteArgument

  @Option(
    name: .customShort("L"),
    help: ArgumentHelp(
      "These lines alone, as git blame takes them: 10,20 or 10,+5 or :function. May be repeated.",
      valueName: "range"))
  var ranges: [ByteArgument] = []

  @Option(
    help: ArgumentHelp(
      "As the file was in this commit, without what came later.", valueName: "commit"))
  var revision: ByteArgument?

  @Flag(name: .customShort("w"), help: "Leave white space out of account, as git blame does.")
  var ignoresWhitespace = false

  @Flag(
    help: "What git blame --porcelain prints, with agent-session and agent-session-cause added.")
  var porcelain = false

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if porcelain && output.json {
      throw ValidationError("--porcelain and --json exclude each other; way out: leave out one")
    }
    if revision?.bytes.first == UInt8(ascii: "-") {
      throw ValidationError("--revision takes a commit, and no option; way out: name one")
    }
  }

  func run() throws {
    let sink = Sink()
    let diagnostics = Diagnostics()
    var options: [[UInt8]] = ranges.flatMap { [Array("-L".utf8), $0.bytes] }
    if ignoresWhitespace { options.append(Array("-w".utf8)) }
    if let revision { options.append(revision.bytes) }
    try reportingFailure {
      let blame = try Blame(file.bytes, options, diagnostics)
      var buffer = ByteBuffer()
      if output.json {
        blame.appendJSON(file.bytes, to: &buffer)
      } else if porcelain {
        blame.appendPorcelain(to: &buffer)
      } else {
        BlameText(style: Style(output, sink: sink)).append(blame, to: &buffer)
      }
      sink.flush(&buffer)
      if !output.json { blame.note(diagnostics) }
      if diagnostics.hasTrouble { throw ExitCode.trouble }
      if !blame.lines.allSatisfy({ blame.writer(of: $0).isKnown }) { throw ExitCode.negative }
    }
  }
}
