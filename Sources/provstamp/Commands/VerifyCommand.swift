// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Provenance
import SystemPackage

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check that stamps still hold: which files changed with nothing watching?",
    discussion: """
      Every file is in one state:
        ok         the stamp is this file's, and the content has not changed since
        unproven   by mtime not changed, but the inode was, where nothing watched
        changed    the content changed after the stamp, or that cannot be excluded
        copied     the stamp is another inode's: cp -a, rsync -X, tar or a restore brought it
        malformed  not a stamp that provstamp knows
        unstamped  no stamp
      Files that are not ok are listed with the reason, and a summary counts all. A directory in \
      which no file is stamped is one line, except with --each. Without a path, \
      the current directory is checked. Only regular files are, unless --type says otherwise: of \
      anything else a stamp names the creator alone. What is in .git directories is left out, except \
      with --git-dir or where such a directory is named.

      ok rests on one of two times. ctime no program can set: where it is the moment of stamping, \
      nothing about the file has changed since. mtime its owner can set back, as cp -p, rsync -a and \
      touch -r do. Of the LSM's stamps, which sees that too, mtime decides where ctime is later. Of \
      provfs's stamps a later ctime shows that something happened past the view, be it a chmod or a \
      write: unproven. --by-mtime lets mtime decide for all, --strict trusts ctime alone.

      ok is as good as the stamp: of an advisory one, in user.prov, the file's owner could have \
      forged all of it. The summary says how many those are.

      EXAMPLES
        provstamp verify
        provstamp verify --strict --json /srv/data
        provstamp verify --allow-unstamped src

      EXIT STATUS
        0 if all are ok, 1 if not, 2 on trouble.
      """)

  @OptionGroup var operands: Operands

  @Flag(help: "Trust ctime alone: whatever changed the inode later makes a file unproven.")
  var strict = false

  @Flag(help: "Trust mtime: what it does not show has not happened, and unproven files are ok.")
  var byMtime = false

  @Flag(help: "Unstamped files are no reason for exit status 1, and are not listed.")
  var allowUnstamped = false

  @Flag(name: [.short, .long], help: "List files that are ok too.")
  var all = false

  @Flag(name: [.short, .long], help: "Print the summary alone.")
  var quiet = false

  @Flag(
    help: "List every unstamped file by itself, and not whole directories of them.")
  var each = false

  @OptionGroup var scan: ScanOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if all && quiet { throw ValidationError("--all and --quiet exclude each other") }
    if strict && byMtime { throw ValidationError("--strict and --by-mtime exclude each other") }
  }

  func run() throws {
    let context = try ScanContext(operands, scan, kinds: .file, output)
    let diagnostics = context.diagnostics
    let (visitors, counts) = context.run { VerifyVisitor(context, options: self) }
    printUnstamped(visitors, context)
    let reasons = visitors.reduce(into: [:]) { $0.merge($1.reasons, uniquingKeysWith: +) }
    let trusts = visitors.reduce(into: [:]) { $0.merge($1.trusts, uniquingKeysWith: +) }
    printSummary(reasons, trusts, counts, context)
    if diagnostics.hasTrouble { throw ExitCode.trouble }
    let isOK = reasons.keys.allSatisfy {
      $0.state == .ok || ($0.state == .unstamped && allowUnstamped)
    }
    if !isOK { throw ExitCode.negative }
  }

  /// Files that waited for it to be seen which directories hold no stamped file at all.
  private func printUnstamped(_ visitors: [VerifyVisitor], _ context: ScanContext) {
    let trees = UnstampedTrees(
      operands: context.operands,
      withStamps: visitors.reduce(into: []) { $0.formUnion($1.stampedDirectories) })
    var buffer = ByteBuffer()
    for line in trees.lines(visitors.flatMap(\.unstamped)) {
      switch line {
      case .file(let record): record.appendVerdict(context.style, to: &buffer)
      case .tree(let path, let files):
        Escaping.append(path, to: &buffer)
        let state = context.style.colored("unstamped", as: .unstamped)
        buffer.append(
          "\(path.last == UInt8(ascii: "/") ? "" : "/"): \(state): all \(files) files below\n")
      }
    }
    context.sink.flush(&buffer)
  }

  /// What trust and state say together in the file's own words.
  static let advisory = "whoever owns the file could have forged the stamp"

  /// - Parameter trusts: of the files that are ok.
  private func printSummary(
    _ reasons: [Verdict.Reason: Int], _ trusts: [Trust: Int], _ counts: ScanCounts,
    _ context: ScanContext
  ) {
    let states = Dictionary(reasons.map { ($0.key.state, $0.value) }, uniquingKeysWith: +)
    if output.json {
      var json = JSONWriter()
      json.line("summary") { json in
        json.field("files", reasons.values.reduce(0, +))
        json.object("states") { json in
          for state in Verdict.State.allCases { json.field(state.rawValue, states[state] ?? 0) }
        }
        json.object("reasons") { json in
          for reason in Verdict.Reason.allCases where reasons[reason] != nil {
            json.field(reason.rawValue, reasons[reason])
          }
        }
        json.object("ok_trusts") { json in
          for trust in Trust.allCases { json.field(trust.rawValue, trusts[trust] ?? 0) }
        }
        json.field("unreadable", counts.unreadable)
        json.field("git_directories_left_out", counts.gitDirectories)
      }
      context.sink.flush(&json.buffer)
      return
    }
    let stateCounts = Verdict.State.allCases.compactMap { state in
      states[state].map { context.style.colored("\($0) \(state.rawValue)", as: state) }
    }
    let files = reasons.values.reduce(0, +)
    var lines = [
      counted(files, "file") + (stateCounts.isEmpty ? "" : ": ")
        + stateCounts.joined(separator: ", ")
    ]
    if let count = trusts[.advisory] {
      lines.append("of those that are ok, \(count) only advisory: \(Self.advisory)")
    }
    if let leftOut = counts.leftOut { lines.append(leftOut) }
    // With -0, standard output holds records alone.
    guard !operands.null else { return lines.forEach(context.diagnostics.note) }
    var buffer = ByteBuffer()
    for line in lines { buffer.append(line + "\n") }
    context.sink.flush(&buffer)
  }
}
