// SPDX-License-Identifier: Apache-2.0
import Glibc
import Provenance

/// Which entries of a tree a scan looks at, and which directories it enters.
struct ScanScope: Sendable {
  private let kinds: WalkEntry.Kinds
  private let names: [NamePattern]
  private let excluded: [NamePattern]
  private let deepest: Int
  private let entersGitDirectories: Bool
  /// Whether operands come from elsewhere than from whoever asks.
  private let excludesOperands: Bool

  init(_ options: ScanOptions, kinds fallback: ScanOptions.Kind, excludesOperands: Bool) {
    kinds = options.entryKinds(else: fallback)
    names = options.names.map { NamePattern($0.bytes) }
    excluded = options.excluded.map { NamePattern($0.bytes) }
    self.excludesOperands = excludesOperands
    deepest = options.maxDepth ?? .max
    entersGitDirectories = options.entersGitDirectories
  }

  func contains(_ entry: WalkEntry) -> Bool {
    guard kinds.contains(entry.kind) || (entry.isOperand && entry.kind != .directory) else {
      return false
    }
    if names.isEmpty && excluded.isEmpty { return true }
    return !isExcluded(entry) && (names.isEmpty || names.contains { $0.matches(entry) })
  }

  /// What is done about a directory that the walk has come to.
  enum Entry {
    case entered, leftOut
    /// Git's own files, which were not asked for.
    case gitDirectory
  }

  func entry(of directory: WalkEntry) -> Entry {
    if directory.depth >= deepest || isExcluded(directory) { return .leftOut }
    return !entersGitDirectories && isGitDirectory(directory) ? .gitDirectory : .entered
  }

  /// What was named is not excluded.
  private func isExcluded(_ entry: WalkEntry) -> Bool {
    !excluded.isEmpty && (excludesOperands || !entry.isOperand)
      && excluded.contains { $0.matches(entry) }
  }

  private func isGitDirectory(_ entry: WalkEntry) -> Bool {
    let git: StaticString = ".git"
    return !entry.isOperand && strcmp(entry.file.name, git.cString) == 0
  }
}
