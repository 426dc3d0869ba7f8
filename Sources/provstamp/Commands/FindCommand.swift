// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Provenance
import SystemPackage

struct FindCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "find",
    abstract: "Find the files that a session, user or program wrote.",
    discussion: """
      Prints the path of every file whose stamp passes all filters; without a filter, of every \
      stamped file. Without a path, the current directory is searched. A directory that is named is \
      itself looked at, as find(1) does: with --type d it is among the results.

      --session ID finds what the session wrote and what the sessions nested in it wrote; --exact \
      leaves the latter out. A stamp names its own session in full and the outermost one by four \
      bytes: sessions between the two are found by their own id alone. A prefix of an id must mean \
      one session among the files searched; results are held back until that is certain.

      Files whose stamp does not hold any more are found too, and counted on standard error: \
      --state ok leaves them out, --long says why for each. A copy of a stamp (copied) is found by \
      --state copied alone where a writer is asked for: the writer did not write it there.

      What is in .git directories is left out, except with --git-dir or where such a directory is \
      named.

      TIMES
        2026-11-23, 2026-11-23T14:02, 2026-11-23T14:02:11.5+01:00 (local without a zone)
        @1764000000.5                  seconds since 1970
        90s, 1h30m, 2 hours, 3d, 1w    before now; a following ago changes nothing
        10:00, yesterday 18:30         of today, or of that day
        now, today, yesterday          today and yesterday are from midnight

      FORMATS
        %(path), and so with: state, reason, trust, stamper, session, root, name and intent (of the
        session), comm, pid, uid, user, time, age, flags, inode, size, mtime, nested. What is not
        known is -. %% is the sign itself; \\n, \\t, \\0 and \\\\ are what they are elsewhere.

      EXAMPLES
        provstamp find --session 3f2a99c1 --type f
        provstamp find --since 2h --user alice --long /srv
        provstamp find --state changed,copied .
        provstamp find --unstamped --type f -0 src | xargs -0 ls -l
        provstamp find --session parser --sort time --limit 10 --format '%(age)\\t%(path)'
        provstamp find --since today --exclude node_modules --name '*.c' --count

      EXIT STATUS
        0 if something was found, 1 if not, 2 on trouble.
      """)

  @OptionGroup var operands: Operands

  @OptionGroup(title: "Filters") var filter: FilterOptions
  @OptionGroup var scan: ScanOptions

  @Flag(name: [.short, .long], help: "Print for each file what who prints.")
  var long = false

  @Option(
    help: ArgumentHelp("Print this for each file; FORMATS has the fields.", valueName: "format"),
    transform: RecordFormat.init(orExplain:))
  var format: RecordFormat?

  @Flag(name: [.short, .long], help: "Print how many files there are, and not which.")
  var count = false

  @Option(
    help: ArgumentHelp(
      "Order the results: by path, the latest (time) or the largest (size) first, or by session. They are held back until the end.",
      valueName: "order"))
  var sort: ResultOrder?

  @Flag(help: "Turn the order around.")
  var reverse = false

  @Option(
    help: ArgumentHelp("Print so many results at most, and search no further.", valueName: "number")
  )
  var limit: Int?

  @OptionGroup var output: OutputOptions

  func validate() throws {
    let forms = [long, format != nil, count].count { $0 }
    if forms > 1 || (output.json && (long || format != nil)) {
      throw ValidationError(
        "--long, --format, --count and --json exclude each other, but for --count --json; way out: leave out one"
      )
    }
    if let limit, limit < 1 {
      throw ValidationError("--limit \(limit): less than 1; way out: --limit 1")
    }
    if reverse && sort == nil {
      throw ValidationError("--reverse says something about --sort; way out: --sort path --reverse")
    }
  }

  func run() throws {
    let context = try ScanContext(operands, scan, kinds: .any, output)
    let plan = try plan()
    for remark in plan.filter.remarks { context.diagnostics.note(remark) }
    let (visitors, counts) = context.run { FindVisitor(context, plan) }
    let candidates = visitors.reduce(into: SessionCandidates()) { $0.merge($1.candidates) }
    if let ambiguity = plan.filter.ambiguity(among: candidates) {
      context.diagnostics.trouble(ambiguity)
      throw ExitCode.trouble
    }
    printHeldBack(visitors, context)
    let summary = FindSummary(visitors, counts, isPartial: plan.demand.isMet)
    report(summary, context)
    if context.diagnostics.hasTrouble { throw ExitCode.trouble }
    if summary.found == 0 { throw ExitCode.negative }
  }

  private func plan() throws -> FindPlan {
    let filter = try Filter(filter)
    let form: FindPlan.Form =
      if count {
        .count
      } else if let format {
        .format(format)
      } else {
        long ? .long : .path
      }
    let holdsBack = sort != nil || filter.needsResolution
    return FindPlan(
      filter: filter, form: form, holdsBack: holdsBack, demand: Demand(holdsBack ? nil : limit))
  }

  private func printHeldBack(_ visitors: [FindVisitor], _ context: ScanContext) {
    var results = visitors.flatMap(\.heldBack)
    if let sort {
      results.sort { FindResult.precedes($0, $1, in: sort) }
      if reverse { results.reverse() }
    }
    var buffer = ByteBuffer()
    for result in results.prefix(limit ?? .max) { buffer.append(result.text) }
    context.sink.flush(&buffer)
  }

  private func report(_ summary: FindSummary, _ context: ScanContext) {
    if output.json {
      var json = JSONWriter()
      json.line("summary") { summary.appendFields(to: &$0) }
      context.sink.flush(&json.buffer)
      return
    }
    if count {
      var buffer = ByteBuffer()
      buffer.append("\(summary.found)\n")
      context.sink.flush(&buffer)
    }
    for note in summary.notes { context.diagnostics.note(note) }
  }
}
