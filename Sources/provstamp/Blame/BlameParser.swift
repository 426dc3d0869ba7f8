// SPDX-License-Identifier: Apache-2.0

/// One line of a file as `git blame --porcelain` describes it.
struct BlamedLine: Equatable {
  /// The commit's name; zeros where the line is not committed.
  var commit: [UInt8]
  /// The line's number in the commit's file, and in the file that was asked about.
  var originalNumber: Int
  var number: Int
  /// What the file was called in the commit.
  var path: [UInt8]
  /// When the author wrote the commit, in seconds since 1970.
  var authorTime: Int64
  /// Without the newline.
  var content: [UInt8]
  /// What git printed of the line before its content, with newlines.
  var head: [UInt8]

  var isCommitted: Bool { commit.contains { $0 != UInt8(ascii: "0") } }
}

/// Reads what `git blame --porcelain` prints.
struct BlameParser {
  /// What git said of a commit when it first came.
  private struct Commit {
    var path: [UInt8] = []
    var authorTime: Int64 = 0
  }

  private var rest: [UInt8] = []
  private var commits: [[UInt8]: Commit] = [:]
  private var current: BlamedLine?

  private static let newline = UInt8(ascii: "\n")
  private static let space = UInt8(ascii: " ")

  /// Takes further bytes, and hands on the lines that they complete.
  ///
  /// - Throws: that something is not what git prints.
  mutating func take(_ bytes: [UInt8], _ body: (BlamedLine) -> Void) throws(GitFailure) {
    var start = bytes.startIndex
    while let end = bytes[start...].firstIndex(of: Self.newline) {
      let line = rest + bytes[start..<end]
      rest.removeAll(keepingCapacity: true)
      start = end + 1
      if let blamed = try complete(line) { body(blamed) }
    }
    rest += bytes[start...]
  }

  /// Hands on a last line that has no newline: git blame adds none.
  ///
  /// - Throws: that the output ends in the middle.
  mutating func finish(_ body: (BlamedLine) -> Void) throws(GitFailure) {
    if !rest.isEmpty, let blamed = try complete(rest) { body(blamed) }
    guard current == nil else { throw Self.notUnderstood }
  }

  private mutating func complete(_ line: [UInt8]) throws(GitFailure) -> BlamedLine? {
    guard var blamed = current else {
      current = try begin(line)
      return nil
    }
    if line.first == UInt8(ascii: "\t") {
      current = nil
      let commit = commits[blamed.commit]
      blamed.path = commit?.path ?? []
      blamed.authorTime = commit?.authorTime ?? 0
      blamed.content = Array(line.dropFirst())
      return blamed
    }
    blamed.head += line + [Self.newline]
    current = blamed
    let words = line.split(separator: Self.space, maxSplits: 1, omittingEmptySubsequences: false)
    guard let key = words.first, let value = words.dropFirst().first else { return nil }
    if key.elementsEqual("filename".utf8) {
      commits[blamed.commit, default: Commit()].path = Self.unquoted(value)
    } else if key.elementsEqual("author-time".utf8) {
      commits[blamed.commit, default: Commit()].authorTime =
        Int64(String(decoding: value, as: UTF8.self)) ?? 0
    }
    return nil
  }

  private func begin(_ line: [UInt8]) throws(GitFailure) -> BlamedLine {
    let words = line.split(separator: Self.space)
    guard words.count >= 3, words[0].count >= 40,
      let original = Int(String(decoding: words[1], as: UTF8.self)),
      let number = Int(String(decoding: words[2], as: UTF8.self))
    else { throw Self.notUnderstood }
    return BlamedLine(
      commit: Array(words[0]), originalNumber: original, number: number, path: [], authorTime: 0,
      content: [], head: line + [Self.newline])
  }

  /// A name as git's C-style quoting has it, where it begins with a quotation mark.
  static func unquoted(_ text: ArraySlice<UInt8>) -> [UInt8] {
    let quote = UInt8(ascii: "\"")
    guard text.count >= 2, text.first == quote, text.last == quote else { return Array(text) }
    let letters: [UInt8: UInt8] = [
      UInt8(ascii: "a"): 7, UInt8(ascii: "b"): 8, UInt8(ascii: "t"): 9, UInt8(ascii: "n"): 10,
      UInt8(ascii: "v"): 11, UInt8(ascii: "f"): 12, UInt8(ascii: "r"): 13,
    ]
    var bytes: [UInt8] = []
    var rest = text.dropFirst().dropLast()
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\"), let next = rest.popFirst() else {
        bytes.append(byte)
        continue
      }
      if (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(next) {
        let digits = [next] + rest.prefix(2)
        rest = rest.dropFirst(2)
        bytes.append(UInt8(String(decoding: digits, as: UTF8.self), radix: 8) ?? 0)
      } else {
        bytes.append(letters[next] ?? next)
      }
    }
    return bytes
  }

  private static let notUnderstood = GitFailure(
    "git blame printed what is not its porcelain format; way out: git 2.25 or later")
}
