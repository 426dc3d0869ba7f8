// SPDX-License-Identifier: Apache-2.0

/// One path whose content a commit changed. Of a merge: one that is as none of its parents has it.
struct CommittedPath {
  var path: [UInt8]
  /// The content in the commit, by git's name for it.
  var blob: [UInt8]
  /// The content in the first parent; zeros where there was none.
  var blobBefore: [UInt8]

  /// What a commit changed, as git itself compares it with its parents.
  ///
  /// - Returns: the commit's own name, and the paths; files and symbolic links alone.
  static func all(of revision: String, _ git: Git) throws(GitFailure) -> (
    commit: [UInt8], paths: [CommittedPath]
  ) {
    let words = ["diff-tree", "-r", "-c", "-z", "--root", "--raw", "--no-renames"]
    // The name of the commit comes first only where something follows.
    let commit = try git.output(["rev-parse", "--verify", "\(revision)^{commit}"])
      .prefix { $0 != UInt8(ascii: "\n") }
    let output = try git.output(words + ["--no-commit-id"], paths: [Array(commit)])
    let fields = output.split(separator: 0)
    guard fields.count.isMultiple(of: 2) else { throw notUnderstood }
    var paths: [CommittedPath] = []
    for index in stride(from: 0, to: fields.count, by: 2) {
      guard let change = try parse(fields[index], path: fields[index + 1]) else { continue }
      paths.append(change)
    }
    return (Array(commit), paths)
  }

  /// - Parameter change: a colon for each parent; modes, then contents, of each parent and of the commit;
  ///   a letter for each parent.
  /// - Returns: nil where the commit has no file there.
  private static func parse(
    _ change: ArraySlice<UInt8>, path: ArraySlice<UInt8>
  ) throws(GitFailure) -> CommittedPath? {
    let parents = change.prefix { $0 == UInt8(ascii: ":") }.count
    let words = change.dropFirst(parents).split(separator: UInt8(ascii: " "))
    guard parents > 0, words.count == 2 * (parents + 1) + 1 else { throw notUnderstood }
    // 100644, 100755 and 120000 are files and links; 160000 is a submodule, 000000 nothing.
    let mode = words[parents]
    guard mode.starts(with: "100".utf8) || mode.elementsEqual("120000".utf8) else { return nil }
    return CommittedPath(
      path: Array(path), blob: Array(words[2 * parents + 1]), blobBefore: Array(words[parents + 1]))
  }

  private static let notUnderstood = GitFailure(
    "git diff-tree printed what is no change; way out: git 2.25 or later")
}
