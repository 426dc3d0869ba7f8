// SPDX-License-Identifier: Apache-2.0
import Provenance
import SystemPackage

/// What `find` does with what it finds.
struct FindPlan: Sendable {
  enum Form: Sendable {
    case path, long
    case format(RecordFormat)
    /// Only how many there are.
    case count
  }

  let filter: Filter
  let form: Form
  /// Whether results wait for the end: to be ordered, or because only then it is certain whose they are.
  let holdsBack: Bool
  /// What is wanted of results that do not wait.
  let demand: Demand
}

/// One thread's part of `find`.
final class FindVisitor: ScanVisitor {
  private let plan: FindPlan
  private let verifier = Verifier()
  private(set) var candidates = SessionCandidates()
  private(set) var states: [Verdict.State: Int] = [:]
  private(set) var nested = 0
  /// Files that carry a copy of a stamp that was asked for.
  private(set) var copies = 0
  private(set) var heldBack: [FindResult] = []

  init(_ context: ScanContext, _ plan: FindPlan) {
    self.plan = plan
    super.init(context)
  }

  override func enters(_ directory: WalkEntry) -> Bool {
    !plan.demand.isMet && super.enters(directory)
  }

  override func received(_ found: StampReader.Found, _ entry: WalkEntry) throws(Errno) {
    let filter = plan.filter
    // Most files fail by these bytes alone, before anything else is made of them.
    guard filter.admits(found) else { return }
    let holding = try found.holding(of: entry.file)
    if case .malformed = holding { countMalformed() }
    if filter.needsResolution, let match = filter.sessionMatch(holding) {
      candidates.insert(holding, match)
    }
    guard filter.match(holding) != nil else { return }
    let judgement = try verifier.judge(entry.file, holding)
    // A stamp that was replaced meanwhile has been read again: what is printed is what must match.
    let latest = judgement.reading.holding
    if filter.needsResolution, let match = filter.sessionMatch(latest) {
      candidates.insert(latest, match)
    }
    guard let match = filter.match(latest) else { return }
    switch filter.admission(judgement) {
    case .refused: return
    case .copy: copies += 1
    case .admitted:
      guard plan.holdsBack || plan.demand.take() else { return }
      states[judgement.verdict.state, default: 0] += 1
      if match == .nested { nested += 1 }
      print(FileRecord(path: entry.path, judgement: judgement, isNested: match == .nested))
    }
  }

  private func print(_ record: FileRecord) {
    if context.isJSON {
      if case .count = plan.form { return }
      record.appendJSON(to: &json)
    } else {
      appendText(of: record)
    }
    guard plan.holdsBack else { return }
    heldBack.append(FindResult(record, text: buffer.bytes + json.buffer.bytes))
    buffer.removeAll()
    json.buffer.removeAll()
  }

  private func appendText(of record: FileRecord) {
    switch plan.form {
    case .count: break
    case .long: record.appendText(context.style, to: &buffer)
    case .format(let format): format.append(record, context.style, to: &buffer)
    case .path where context.style.isNullTerminated:
      buffer.append(record.path)
      buffer.append(byte: 0)
    case .path:
      if context.style.isTerminal {
        Escaping.append(record.path, to: &buffer)
      } else {
        buffer.append(record.path)
      }
      buffer.append("\n")
    }
  }
}
