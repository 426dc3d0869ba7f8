// SPDX-License-Identifier: Apache-2.0
import Provenance

/// Who changed which inode last: changes are heard of when files are closed, which is not in the order of
/// the writes.
struct LastWriters {
  /// What is to become of a change.
  enum Verdict: Equatable {
    /// It is the latest.
    case latest
    /// Somebody has written since.
    case earlier
    /// One of several writes came last, and nothing tells which.
    case unknown
  }

  private struct Entry {
    var writer: Writer?
    var first: UInt64
    var last: ClosedRange<UInt64>
    var end: UInt64
  }

  private var entries: [Inode: Entry] = [:]

  /// Most inodes that are kept. One whose last change is older than all files that are open needs none.
  private static let capacity = 65536
  private static let keptFor: UInt64 = 60_000_000_000

  mutating func judge(_ change: Change) -> Verdict {
    makeRoom(now: change.end)
    let writer = change.isUnknown ? nil : change.writer
    let entry = Entry(writer: writer, first: change.first, last: change.last, end: change.end)
    guard let known = entries[change.inode] else {
      entries[change.inode] = entry
      return .latest
    }
    let verdict = Self.compare(entry, with: known)
    switch verdict {
    case .latest: entries[change.inode] = entry
    case .earlier: break
    case .unknown:
      entries[change.inode] = Entry(
        writer: nil, first: min(entry.first, known.first),
        last: min(
          entry.last.lowerBound, known.last.lowerBound)...max(
            entry.last.upperBound, known.last.upperBound),
        end: max(entry.end, known.end))
    }
    return verdict
  }

  private static func compare(_ entry: Entry, with known: Entry) -> Verdict {
    let isSame = entry.writer.flatMap { one in known.writer.map { one.isSameWriter(as: $0) } }
    if isSame == true || entry.first >= known.end || known.first >= entry.end {
      return entry.last.lowerBound >= known.last.lowerBound ? .latest : .earlier
    }
    if entry.last.lowerBound > known.last.upperBound { return .latest }
    if known.last.lowerBound > entry.last.upperBound { return .earlier }
    return .unknown
  }

  private mutating func makeRoom(now: UInt64) {
    guard entries.count >= Self.capacity else { return }
    entries = entries.filter { $0.value.end &+ Self.keptFor > now }
    if entries.count >= Self.capacity { entries.removeAll(keepingCapacity: true) }
  }
}
