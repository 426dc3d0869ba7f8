// SPDX-License-Identifier: Apache-2.0
import CProvenance

/// The earlier writers of a file: the stamps that were replaced by another writer's, newest first.
public struct StampLog: Hashable, Sendable {
  /// Most entries that are kept; the oldest go.
  public static let capacity = Int(PROV_LOG_MAX)
  /// Most bytes that a log's attribute holds.
  public static let maximumSize = capacity * Stamp.size

  /// Newest first, at most ``capacity``.
  public private(set) var entries: [Stamp]

  public init() {
    entries = []
  }

  /// Decodes the value of a log's attribute. Every byte sequence gives a log or an error: one bad
  /// entry makes the whole log malformed, because nothing tells which of its neighbours to believe.
  public init(_ bytes: UnsafeRawBufferPointer) throws(StampError) {
    guard bytes.count.isMultiple(of: Stamp.size), bytes.count <= Self.maximumSize else {
      throw .size(bytes.count)
    }
    var entries: [Stamp] = []
    // One more: a log is read to be added to.
    entries.reserveCapacity(bytes.count / Stamp.size + 1)
    for start in stride(from: 0, to: bytes.count, by: Stamp.size) {
      entries.append(
        try Stamp(UnsafeRawBufferPointer(rebasing: bytes[start..<start + Stamp.size])))
    }
    self.entries = entries
  }

  /// Puts a replaced stamp in front, and drops the oldest where there are too many. A stamp that is
  /// in front already is not added again: a stamper that died between the log and the stamp left it.
  public mutating func push(_ stamp: Stamp) {
    guard entries.first != stamp else { return }
    entries.insert(stamp, at: 0)
    if entries.count > Self.capacity { entries.removeLast() }
  }

  /// Puts a stamp in front, in place of one of the two latest entries where that is the same writer's.
  mutating func renew(_ stamp: Stamp) {
    let latest = entries.prefix(2)
    if let place = latest.firstIndex(where: { $0.writer.isSameWriter(as: stamp.writer) }) {
      entries.remove(at: place)
    }
    push(stamp)
  }

  /// Adds the history of a file that this log's file has replaced, behind what is there, for as long as there
  /// is room. A writer who follows himself is not added: as in one file's own history, an entry is where the
  /// writer changes.
  ///
  /// - Parameter stamp: the one that is older than all that `history` holds: the last of the entries here,
  ///   or without any the file's own.
  public mutating func append(_ history: [Stamp], after stamp: Stamp?) {
    var last = stamp
    for entry in history where entries.count < Self.capacity {
      if let last, last.writer.isSameWriter(as: entry.writer) { continue }
      entries.append(entry)
      last = entry
    }
  }

  /// The stored bytes: ``entries`` in order.
  public var encoded: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: entries.count * Stamp.size) { buffer, count in
      let bytes = UnsafeMutableRawBufferPointer(buffer)
      for entry in entries {
        entry.store(into: UnsafeMutableRawBufferPointer(rebasing: bytes[count...]))
        count += Stamp.size
      }
    }
  }
}
