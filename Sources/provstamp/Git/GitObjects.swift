// SPDX-License-Identifier: Apache-2.0

/// Objects of a repository, asked for all at once.
struct GitObjects {
  let git: Git

  /// The bytes of several objects. Those that are not there are missing from the result.
  func contents(of objects: Set<[UInt8]>) throws(GitFailure) -> [[UInt8]: [UInt8]] {
    guard !objects.isEmpty else { return [:] }
    let newline = UInt8(ascii: "\n")
    let output = try git.output(
      ["cat-file", "--batch"], input: Array(objects.joined(separator: [newline])) + [newline])
    var contents: [[UInt8]: [UInt8]] = [:]
    var rest = output[...]
    while let end = rest.firstIndex(of: newline) {
      let words = rest[..<end].split(separator: UInt8(ascii: " "))
      rest = rest[(end + 1)...]
      // NAME missing, or NAME TYPE SIZE and so many bytes and a newline.
      guard words.count == 3 else { continue }
      guard let size = Int(String(decoding: words[2], as: UTF8.self)), size >= 0,
        size < rest.count
      else { throw Self.notUnderstood }
      contents[Array(words[0])] = Array(rest.prefix(size))
      rest = rest.dropFirst(size + 1)
    }
    return contents
  }

  /// One file of one commit.
  struct File: Hashable {
    var commit: [UInt8]
    var path: [UInt8]
  }

  /// Git's names for what files are in commits.
  func names(of files: Set<File>) throws(GitFailure) -> [File: [UInt8]] {
    let newline = UInt8(ascii: "\n")
    // A line is a question: names with newlines are asked for one by one.
    let simple = files.filter { !$0.path.contains(newline) }.sorted {
      ($0.commit + $0.path).lexicographicallyPrecedes($1.commit + $1.path)
    }
    var names: [File: [UInt8]] = [:]
    if !simple.isEmpty {
      let input = simple.flatMap { $0.commit + [UInt8(ascii: ":")] + $0.path + [newline] }
      let answers = try git.output(["cat-file", "--batch-check=%(objectname)"], input: input)
        .split(separator: newline, omittingEmptySubsequences: false)
      guard answers.count == simple.count + 1 else { throw Self.notUnderstood }
      for (file, answer) in zip(simple, answers) where !answer.contains(UInt8(ascii: " ")) {
        names[file] = Array(answer)
      }
    }
    for file in files where file.path.contains(newline) {
      let run = try git.start(
        ["rev-parse", "--quiet", "--verify"],
        paths: [file.commit + [UInt8(ascii: ":")] + file.path])
      let answer = try run.readToEnd().prefix { $0 != newline }
      if try run.finish(accepting: [0, 1, 128]) == 0 { names[file] = Array(answer) }
    }
    return names
  }

  private static let notUnderstood = GitFailure(
    "git cat-file printed what is not its batch format; way out: git 2.25 or later")
}
