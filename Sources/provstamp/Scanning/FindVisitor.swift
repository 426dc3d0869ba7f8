// SPDX-License-Identifier: Apache-2.0
import Provenance
import SystemPackage

/// One thread's part of `find`.
final class FindVisitor: ScanVisitor {
  /// A result that waits for the end of the scan.
  struct Result {
    var path: [UInt8]
    var text: [UInt8]
  }

  private let filter: Filter
  private let isLong: Bool
  private let holdsBack: Bool
  private let verifier = Verifier()
  private(set) var candidates = SessionCandidates()
  private(set) var states: [Verdict.State: Int] = [:]
  private(set) var nested = 0
  private(set) var heldBack: [Result] = []

  init(_ context: ScanContext, filter: Filter, isLong: Bool, holdsBack: Bool) {
    self.filter = filter
    self.isLong = isLong
    self.holdsBack = holdsBack
    super.init(context)
  }

  override func received(_ found: StampReader.Found, _ entry: WalkEntry) throws(Errno) {
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
    guard filter.admits(judgement), let match = filter.match(latest) else { return }
    states[judgement.verdict.state, default: 0] += 1
    if match == .nested { nested += 1 }
    print(FileRecord(path: entry.path, judgement: judgement, isNested: match == .nested))
  }

  private func print(_ record: FileRecord) {
    if context.isJSON {
      record.appendJSON(to: &json)
    } else if isLong {
      record.appendText(context.style, to: &buffer)
    } else if context.style.isNullTerminated {
      buffer.append(record.path)
      buffer.append(byte: 0)
    } else {
      if context.style.isTerminal {
        Escaping.append(record.path, to: &buffer)
      } else {
        buffer.append(record.path)
      }
      buffer.append("\n")
    }
    guard holdsBack else { return }
    heldBack.append(Result(path: record.path, text: buffer.bytes + json.buffer.bytes))
    buffer.removeAll()
    json.buffer.removeAll()
  }
}
