// SPDX-License-Identifier: Apache-2.0

/// One path that `git status` lists.
struct GitStatusEntry: Equatable {
  /// What became of it from HEAD to the index, and from the index to the work tree, in the letters of
  /// git-status(1); `.` is nothing. `?` twice: git does not know it.
  var index: UInt8
  var workTree: UInt8
  /// From the top of the work tree.
  var path: [UInt8]
  /// What it was renamed or copied from.
  var source: [UInt8]?
  var isSubmodule = false
  var isUnmerged = false
  /// The content that is in the index, by git's name for it; nil where that is not said.
  var blob: [UInt8]?

  var isUntracked: Bool { index == UInt8(ascii: "?") }
  /// Whether the next commit changes it.
  var isStaged: Bool { !isUntracked && index != UInt8(ascii: ".") }
  /// Whether the work tree's file is not what is in the index.
  var differsFromIndex: Bool { workTree != UInt8(ascii: ".") }
  /// Whether git lists a whole directory as one, as it does with another repository inside this one.
  var isDirectory: Bool { path.last == UInt8(ascii: "/") }
}

/// Reads what `git status --porcelain=v2 -z` prints, as it comes.
struct GitStatusParser {
  /// What has come of the record that is not whole yet.
  private var rest: [UInt8] = []
  /// A rename whose source is the next record.
  private var awaiting: GitStatusEntry?

  /// Takes further bytes, and hands on what they complete.
  ///
  /// - Throws: that something is no record.
  mutating func take(_ bytes: [UInt8], _ body: (GitStatusEntry) -> Void) throws(GitFailure) {
    var start = bytes.startIndex
    while let end = bytes[start...].firstIndex(of: 0) {
      let record = rest + bytes[start..<end]
      rest.removeAll(keepingCapacity: true)
      start = end + 1
      if let entry = try complete(record[...]) { body(entry) }
    }
    rest += bytes[start...]
  }

  /// - Throws: that the output ends in the middle.
  func finish() throws(GitFailure) {
    guard rest.isEmpty, awaiting == nil else { throw Self.notUnderstood(rest[...]) }
  }

  private mutating func complete(_ record: ArraySlice<UInt8>) throws(GitFailure) -> GitStatusEntry?
  {
    if var entry = awaiting {
      awaiting = nil
      entry.source = Array(record)
      return entry
    }
    switch record.first {
    case UInt8(ascii: "1"): return try Self.changed(record, fields: 8)
    case UInt8(ascii: "2"):
      awaiting = try Self.changed(record, fields: 9)
      return nil
    case UInt8(ascii: "u"):
      var entry = try Self.changed(record, fields: 10)
      entry.isUnmerged = true
      entry.blob = nil
      return entry
    case UInt8(ascii: "?") where record.count > 2:
      let mark = UInt8(ascii: "?")
      return GitStatusEntry(index: mark, workTree: mark, path: Array(record.dropFirst(2)))
    case UInt8(ascii: "#"), UInt8(ascii: "!"): return nil
    default: throw Self.notUnderstood(record)
    }
  }

  /// - Parameter fields: how many fields there are before the path.
  private static func changed(
    _ record: ArraySlice<UInt8>, fields count: Int
  ) throws(GitFailure) -> GitStatusEntry {
    let fields = record.split(
      separator: UInt8(ascii: " "), maxSplits: count, omittingEmptySubsequences: false)
    guard fields.count == count + 1, fields[1].count == 2, let index = fields[1].first,
      let workTree = fields[1].last, let path = fields.last, !path.isEmpty
    else { throw notUnderstood(record) }
    return GitStatusEntry(
      index: index, workTree: workTree, path: Array(path),
      isSubmodule: fields[2].first == UInt8(ascii: "S"), blob: Array(fields[7]))
  }

  private static func notUnderstood(_ record: ArraySlice<UInt8>) -> GitFailure {
    GitFailure(
      "git status printed what is no record of its format 2: \(Escaping.text(record.prefix(80))); "
        + "way out: git 2.25 or later")
  }
}
