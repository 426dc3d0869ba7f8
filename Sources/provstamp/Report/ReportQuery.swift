// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Provenance

/// Whom and what a report or an export is about.
struct ReportQuery: ParsableArguments {
  @OptionGroup var operands: Operands

  @Option(
    help: ArgumentHelp(
      "On this session and those nested in it, as find takes it; without it, on all sessions.",
      valueName: "session"),
    completion: SessionQuery.completion, transform: SessionQuery.init(orExplain:))
  var session: SessionQuery?

  @Flag(help: "Leave out sessions nested in the given one.")
  var exact = false

  @OptionGroup var scan: ScanOptions

  func validate() throws {
    if operands.null {
      guard operands.listFile != nil else {
        throw ValidationError(
          "-0 says something about --files-from here; way out: --csv or --json for names as they are"
        )
      }
    }
    if exact && session == nil {
      throw ValidationError("--exact says something about --session; way out: give both")
    }
  }

  /// Goes through the tree once.
  func collect(_ context: ScanContext, mapsBystanders: Bool = false) throws -> Report {
    for remark in session?.remarks ?? [] { context.diagnostics.note(remark) }
    let subject = ReportSubject(query: session, isExact: exact)
    let (visitors, counts) = context.run {
      ReportVisitor(
        context, subject, listsGitDirectories: scan.entersGitDirectories,
        mapsBystanders: mapsBystanders)
    }
    try refuseAmbiguity(visitors, context)
    let hasFound = visitors.contains { !$0.files.isEmpty || !$0.lost.isEmpty }
    // A beginning of an id means the session that was found by it.
    let named = session.map { $0.isPrefix && hasFound ? [] : $0.known } ?? []
    let coverage = Coverage.all(context.operands, staysOnFilesystem: scan.staysOnFilesystem)
    return Report(visitors, counts, coverage, of: named, context.operands)
  }

  private func refuseAmbiguity(_ visitors: [ReportVisitor], _ context: ScanContext) throws {
    let candidates = visitors.reduce(into: SessionCandidates()) { $0.merge($1.candidates) }
    guard let ambiguity = session?.ambiguity(among: candidates) else { return }
    context.diagnostics.trouble(ambiguity)
    throw ExitCode.trouble
  }
}
