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
      stamped file. Without a path, the current directory is searched.

      --session ID finds what the session wrote and what the sessions nested in it wrote; --exact \
      leaves the latter out. A stamp names its own session in full and the outermost one by four \
      bytes: sessions between the two are found by their own id alone. A prefix of an id must mean \
      one session among the files searched; results are held back until that is certain.

      Files whose stamp does not hold any more are found too, and counted on standard error: \
      --state ok leaves them out, --long says why for each.

      TIMES
        2026-11-23, 2026-11-23T14:02, 2026-11-23T14:02:11.5+01:00 (local without a zone)
        @1764000000.5                  seconds since 1970
        90s, 1h30m, 2 hours, 3d, 1w    before now; a following ago changes nothing
        10:00, yesterday 18:30         of today, or of that day
        now, today, yesterday          today and yesterday are from midnight

      EXAMPLES
        provstamp find --session 3f2a99c1 --type f
        provstamp find --since 2h --uid alice --long /srv
        provstamp find --state changed,copied .
        provstamp find --unstamped --type f -0 src | xargs -0 ls -l

      EXIT STATUS
        0 if something was found, 1 if not, 2 on trouble.
      """)

  @OptionGroup var operands: Operands

  @OptionGroup(title: "Filters") var filter: FilterOptions
  @OptionGroup var scan: ScanOptions

  @Flag(name: [.short, .long], help: "Print for each file what who prints.")
  var long = false

  @Option(help: "Order the results; path is the only order. They are held back until the end.")
  var sort: ResultOrder?

  @OptionGroup var output: OutputOptions

  enum ResultOrder: String, ExpressibleByArgument, CaseIterable {
    case path
  }

  func run() throws {
    let context = try ScanContext(operands, scan, kinds: .any, output)
    let diagnostics = context.diagnostics
    let filter = try Filter(filter)
    for remark in filter.remarks { diagnostics.note(remark) }
    let (visitors, counts) = context.run {
      FindVisitor(
        context, filter: filter, isLong: long, holdsBack: sort != nil || filter.needsResolution)
    }
    let candidates = visitors.reduce(into: SessionCandidates()) { $0.merge($1.candidates) }
    if let ambiguity = filter.ambiguity(among: candidates) {
      diagnostics.trouble(ambiguity)
      throw ExitCode.trouble
    }
    printHeldBack(visitors, context)
    let states = visitors.reduce(into: [:]) { $0.merge($1.states, uniquingKeysWith: +) }
    let nested = visitors.reduce(0) { $0 + $1.nested }
    if output.json {
      var json = JSONWriter()
      json.line("summary") { $0.appendSummary(counts, states: states, nested: nested) }
      context.sink.flush(&json.buffer)
    } else {
      Self.noteSummary(counts, states: states, nested: nested, diagnostics)
    }
    if diagnostics.hasTrouble { throw ExitCode.trouble }
    if states.isEmpty { throw ExitCode.negative }
  }

  private func printHeldBack(_ visitors: [FindVisitor], _ context: ScanContext) {
    var results = visitors.flatMap(\.heldBack)
    if sort == .path { results.sort { $0.path.lexicographicallyPrecedes($1.path) } }
    var buffer = ByteBuffer()
    for result in results { buffer.append(result.text) }
    context.sink.flush(&buffer)
  }

  /// Makes an empty result, and one that must not be taken at face value, explain itself.
  private static func noteSummary(
    _ counts: ScanCounts, states: [Verdict.State: Int], nested: Int, _ diagnostics: Diagnostics
  ) {
    if states.isEmpty {
      var parts = ["\(counts.unstamped) unstamped"]
      if counts.withoutAttributes > 0 {
        parts.append("\(counts.withoutAttributes) of them where no extended attributes are kept")
      }
      if counts.malformed > 0 { parts.append("\(counts.malformed) malformed") }
      parts.append("\(counts.unreadable) unreadable")
      if counts.skippedMounts > 0 { parts.append("\(counts.skippedMounts) mounts not entered") }
      diagnostics.note(
        "nothing found among \(counts.examined) files: \(parts.joined(separator: ", "))")
      return
    }
    let found = states.values.reduce(0, +)
    let doubtful = [Verdict.State.unproven, .changed, .copied].compactMap { state in
      states[state].map { "\($0) \(state.rawValue)" }
    }
    if !doubtful.isEmpty {
      diagnostics.note(
        "of \(found) found, \(doubtful.joined(separator: ", ")): there the stamp does not hold, or may not; "
          + "`provstamp verify` says why, --state ok leaves them out")
    }
    if nested > 0 {
      diagnostics.note(
        "of \(found) found, \(nested) by sessions nested in this one; --exact leaves them out")
    }
  }
}

extension JSONWriter {
  fileprivate mutating func appendSummary(
    _ counts: ScanCounts, states: [Verdict.State: Int], nested: Int
  ) {
    field("found", states.values.reduce(0, +))
    field("nested", nested)
    object("states") { json in
      for state in Verdict.State.allCases { json.field(state.rawValue, states[state] ?? 0) }
    }
    field("examined", counts.examined)
    field("unstamped", counts.unstamped)
    field("without_xattrs", counts.withoutAttributes)
    field("unreadable", counts.unreadable)
    field("skipped_mounts", counts.skippedMounts)
  }
}
