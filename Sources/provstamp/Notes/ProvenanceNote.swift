// SPDX-License-Identifier: Apache-2.0

/// The note of one commit: lines, one for each record, in no order that counts. Lines that are no records
/// are passed over and counted: a note may hold what a later version writes, or what anybody wrote.
struct ProvenanceNote {
  private(set) var records: [NoteRecord] = []
  /// Lines that are no records, but for empty ones.
  private(set) var strangeLines = 0

  private static let newline = UInt8(ascii: "\n")

  init(_ bytes: [UInt8]) {
    self.init(bytes) { _ in true }
  }

  /// The records about one path. Lines about others are not looked at: a note may have many.
  init(_ bytes: [UInt8], about path: [UInt8]) {
    let ending = NoteRecord.ending(path)
    self.init(bytes) { line in line.suffix(ending.count).elementsEqual(ending) }
  }

  private init(_ bytes: [UInt8], _ isWanted: (ArraySlice<UInt8>) -> Bool) {
    for line in bytes.split(separator: Self.newline) where isWanted(line) {
      if let record = NoteRecord(line: line) {
        records.append(record)
      } else {
        strangeLines += 1
      }
    }
  }

  /// A note's bytes with further records: each line once, sorted by bytes, as git's `cat_sort_uniq`
  /// leaves them. What else is in the note stays.
  static func merging(_ bytes: [UInt8], with records: [NoteRecord]) -> [UInt8] {
    var lines = Set(bytes.split(separator: newline).map(Array.init))
    for record in records { lines.insert(record.line) }
    let sorted = lines.sorted { $0.lexicographicallyPrecedes($1) }
    return sorted.flatMap { $0 + [newline] }
  }
}
