// SPDX-License-Identifier: Apache-2.0
import Provenance
import SystemPackage

/// One thread's part of `verify`.
final class VerifyVisitor: ScanVisitor {
  private let options: VerifyCommand
  private let verifier: Verifier
  private(set) var reasons: [Verdict.Reason: Int] = [:]
  /// Who could have forged the stamps of the files that are ok.
  private(set) var trusts: [Trust: Int] = [:]
  /// Files without a stamp that wait to be put together.
  private(set) var unstamped: [FileRecord] = []
  /// The directories that stamped files are in, where it is to be known.
  private(set) var stampedDirectories: Set<[UInt8]> = []
  private var lastStamped: WalkPlace?
  private let putsTogether: Bool

  init(_ context: ScanContext, options: VerifyCommand) {
    self.options = options
    putsTogether = !options.each && !context.isJSON && !context.style.isNullTerminated
    verifier = Verifier(options.strict ? .ctime : options.byMtime ? .mtime : .asStamped)
    super.init(context)
  }

  override func received(_ found: StampReader.Found, _ entry: WalkEntry) throws(Errno) {
    let judgement = try verifier.judge(entry.file, try found.holding(of: entry.file))
    reasons[judgement.verdict.reason, default: 0] += 1
    if judgement.verdict.state == .ok, let trust = judgement.trust {
      trusts[trust, default: 0] += 1
    }
    if putsTogether, judgement.verdict.state != .unstamped { noteStamped(entry) }
    guard isListed(judgement.verdict.state) else { return }
    let record = FileRecord(path: entry.path, judgement: judgement)
    if putsTogether, record.state == .unstamped {
      unstamped.append(record)
    } else if context.isJSON {
      record.appendJSON(to: &json)
    } else {
      record.appendVerdict(context.style, to: &buffer)
    }
  }

  /// Most files are in the same directory as the one before.
  private func noteStamped(_ entry: WalkEntry) {
    guard let place = entry.place, !(lastStamped.map { $0.isSame(as: place) } ?? false) else {
      return
    }
    lastStamped = place
    stampedDirectories.insert(place.path)
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
  func appendVerdict(_ style: Style, to buffer: inout ByteBuffer) {
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
