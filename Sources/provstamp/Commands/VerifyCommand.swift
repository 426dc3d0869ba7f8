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
        changed    the content changed after the stamp, or that cannot be excluded
        copied     the stamp is another inode's: cp -a, rsync -X, tar or a restore brought it
        malformed  not a stamp that provstamp knows
        unstamped  no stamp
      Files that are not ok are listed with the reason, and a summary counts all. Without a path, \
      the current directory is checked. Only regular files are, unless --type says otherwise: of \
      anything else a stamp names the creator alone.

      ok rests on one of two times. ctime no program can set: where it is the moment of stamping, \
      nothing about the file has changed since. A chmod or a rename moves it; then mtime decides, \
      which the file's owner can set back. --strict trusts ctime alone.

      EXAMPLES
        provstamp verify
        provstamp verify --strict --json /srv/data
        provstamp verify --allow-unstamped src

      EXIT STATUS
        0 if all are ok, 1 if not, 2 on trouble.
      """)

  @OptionGroup var operands: Operands

  @Flag(help: "Trust ctime alone: whatever changed the inode later makes a file changed.")
  var strict = false

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
  }

  func run() throws {
    let context = try ScanContext(operands, scan, kinds: .file, output)
    let diagnostics = context.diagnostics
    let (visitors, _) = context.run { VerifyVisitor(context, options: self) }
    let reasons = visitors.reduce(into: [:]) { $0.merge($1.reasons, uniquingKeysWith: +) }
    printSummary(reasons, context)
    if diagnostics.hasTrouble { throw ExitCode.trouble }
    let isOK = reasons.keys.allSatisfy {
      $0.state == .ok || ($0.state == .unstamped && allowUnstamped)
    }
    if !isOK { throw ExitCode.negative }
  }

  private func printSummary(_ reasons: [Verdict.Reason: Int], _ context: ScanContext) {
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

  init(_ context: ScanContext, options: VerifyCommand) {
    self.options = options
    verifier = Verifier(isStrict: options.strict)
    super.init(context)
  }

  override func received(_ found: StampReader.Found, _ entry: WalkEntry) throws(Errno) {
    let judgement = try verifier.judge(entry.file, try found.holding(of: entry.file))
    reasons[judgement.verdict.reason, default: 0] += 1
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
    case .changed, .copied, .malformed: !options.quiet
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
    buffer.append("\n")
    guard judgement.reading.secondary != nil, let verdict = judgement.secondaryVerdict else {
      return
    }
    style.append(name: path, to: &buffer)
    buffer.append(
      "also has a user.prov, which is \(verdict.state.rawValue) (\(verdict.reason.rawValue))\n")
  }
}
