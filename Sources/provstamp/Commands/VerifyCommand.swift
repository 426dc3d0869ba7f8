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
      Files that are not ok are listed with the reason, and a summary counts all. Without a path, \
      the current directory is checked. Only regular files are, unless --type says otherwise: of \
      anything else a stamp names the creator alone.

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

  @OptionGroup var scan: ScanOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if all && quiet { throw ValidationError("--all and --quiet exclude each other") }
    if strict && byMtime { throw ValidationError("--strict and --by-mtime exclude each other") }
  }

  func run() throws {
    let context = try ScanContext(operands, scan, kinds: .file, output)
    let diagnostics = context.diagnostics
    let (visitors, _) = context.run { VerifyVisitor(context, options: self) }
    let reasons = visitors.reduce(into: [:]) { $0.merge($1.reasons, uniquingKeysWith: +) }
    let trusts = visitors.reduce(into: [:]) { $0.merge($1.trusts, uniquingKeysWith: +) }
    printSummary(reasons, trusts, context)
    if diagnostics.hasTrouble { throw ExitCode.trouble }
    let isOK = reasons.keys.allSatisfy {
      $0.state == .ok || ($0.state == .unstamped && allowUnstamped)
    }
    if !isOK { throw ExitCode.negative }
  }

  /// What trust and state say together in the file's own words.
  fileprivate static let advisory = "whoever owns the file could have forged the stamp"

  /// - Parameter trusts: of the files that are ok.
  private func printSummary(
    _ reasons: [Verdict.Reason: Int], _ trusts: [Trust: Int], _ context: ScanContext
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
      }
      context.sink.flush(&json.buffer)
      return
    }
    let counts = Verdict.State.allCases.compactMap { state in
      states[state].map { context.style.colored("\($0) \(state.rawValue)", as: state) }
    }
    var buffer = ByteBuffer()
    let files = reasons.values.reduce(0, +)
    buffer.append(
      "\(files) \(files == 1 ? "file" : "files")" + (counts.isEmpty ? "" : ": ")
        + counts.joined(separator: ", ") + "\n")
    if let count = trusts[.advisory] {
      buffer.append("of those that are ok, \(count) only advisory: \(Self.advisory)\n")
    }
    // With -0, standard output holds records alone.
    if operands.null {
      context.diagnostics.note(String(decoding: buffer.bytes.dropLast(), as: UTF8.self))
    } else {
      context.sink.flush(&buffer)
    }
  }
}

private final class VerifyVisitor: ScanVisitor {
  private let options: VerifyCommand
  private let verifier: Verifier
  private(set) var reasons: [Verdict.Reason: Int] = [:]
  /// Who could have forged the stamps of the files that are ok.
  private(set) var trusts: [Trust: Int] = [:]

  init(_ context: ScanContext, options: VerifyCommand) {
    self.options = options
    verifier = Verifier(options.strict ? .ctime : options.byMtime ? .mtime : .asStamped)
    super.init(context)
  }

  override func received(_ found: StampReader.Found, _ entry: WalkEntry) throws(Errno) {
    let judgement = try verifier.judge(entry.file, try found.holding(of: entry.file))
    reasons[judgement.verdict.reason, default: 0] += 1
    if judgement.verdict.state == .ok, let trust = judgement.trust {
      trusts[trust, default: 0] += 1
    }
    guard isListed(judgement.verdict.state) else { return }
    let record = FileRecord(path: entry.path, judgement: judgement)
    if context.isJSON {
      record.appendJSON(to: &json)
    } else {
      record.appendVerdict(context.style, to: &buffer)
    }
  }

  private func isListed(_ state: Verdict.State) -> Bool {
    switch state {
    case .ok: options.all
    case .unstamped: !options.quiet && (!options.allowUnstamped || options.all)
    case .unproven, .changed, .copied, .malformed: !options.quiet
    }
  }
}

extension FileRecord {
  /// One line: the state, its reason, and the reason in words.
  fileprivate func appendVerdict(_ style: Style, to buffer: inout ByteBuffer) {
    style.append(name: path, to: &buffer)
    buffer.append(style.colored(state.rawValue, as: state))
    buffer.append(" (" + judgement.verdict.reason.rawValue + "): ")
    buffer.append(Explanation.text(judgement, style))
    if state == .ok, judgement.trust == .advisory {
      buffer.append("; advisory: \(VerifyCommand.advisory)")
    }
    buffer.append("\n")
    guard judgement.reading.secondary != nil, let verdict = judgement.secondaryVerdict else {
      return
    }
    style.append(name: path, to: &buffer)
    buffer.append(
      "also has a user.prov, which is \(verdict.state.rawValue) (\(verdict.reason.rawValue))\n")
  }
}
