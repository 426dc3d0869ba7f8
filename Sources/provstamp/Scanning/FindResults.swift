// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Provenance
import Synchronization

/// In which order `find` prints.
enum ResultOrder: String, ExpressibleByArgument, CaseIterable {
  case path, time, size, session
}

/// A result that waits for the end of the scan.
struct FindResult {
  var path: [UInt8]
  /// When it was stamped; 0 where it is not.
  var time: UInt64
  var size: UInt64
  var session: SessionID
  var text: [UInt8]

  init(_ record: FileRecord, text: [UInt8]) {
    let holding = record.judgement.reading.holding
    path = record.path
    time = holding.time ?? 0
    size = record.judgement.status.size
    session = holding.session ?? .none
    self.text = text
  }

  /// By path as bytes; the latest, and the largest, first, as ls(1) has it. What is equal, by path.
  static func precedes(_ left: Self, _ right: Self, in order: ResultOrder) -> Bool {
    switch order {
    case .path: break
    case .time where left.time != right.time: return left.time > right.time
    case .size where left.size != right.size: return left.size > right.size
    case .session where left.session != right.session:
      return left.session.description < right.session.description
    case .time, .size, .session: break
    }
    return left.path.lexicographicallyPrecedes(right.path)
  }
}

/// How many results are still wanted, by all threads together.
final class Demand: Sendable {
  private let left: Atomic<Int>

  init(_ limit: Int?) {
    left = Atomic(limit ?? .max)
  }

  var isMet: Bool { left.load(ordering: .relaxed) <= 0 }

  /// Whether one more is wanted; then it counts.
  func take() -> Bool {
    left.subtract(1, ordering: .relaxed).oldValue > 0
  }
}
