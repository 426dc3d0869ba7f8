// SPDX-License-Identifier: Apache-2.0
import Provenance

/// Puts files without a stamp together where whole directories have none, so that one line tells it.
struct UnstampedTrees {
  enum Line {
    case file(FileRecord)
    /// A directory in which, and below which, no file that was looked at is stamped.
    case tree([UInt8], files: Int)
  }

  private let operands: Set<[UInt8]>
  /// Directories with a stamped file in them or below.
  private var stamped: Set<[UInt8]> = []

  /// - Parameters:
  ///   - operands: the paths that were named.
  ///   - directories: those that a stamped file is in.
  init(operands: [[UInt8]], withStamps directories: Set<[UInt8]>) {
    self.operands = Set(operands.map(Self.trimmed))
    for directory in directories {
      var next: [UInt8]? = directory
      while let path = next, stamped.insert(path).inserted { next = above(path) }
    }
  }

  /// In the order of their paths.
  func lines(_ records: [FileRecord]) -> [Line] {
    let groups = Dictionary(grouping: records) { tree(around: $0.path) }
    let lines = groups.flatMap { directory, records in
      guard let directory, records.count > 1 else {
        return records.map { (path: $0.path, line: Line.file($0)) }
      }
      return [(path: directory, line: Line.tree(directory, files: records.count))]
    }
    return lines.sorted { $0.path.lexicographicallyPrecedes($1.path) }.map(\.line)
  }

  /// The uppermost directory around a file that has no stamped file in it or below.
  private func tree(around file: [UInt8]) -> [UInt8]? {
    var tree: [UInt8]?
    var next = above(file)
    while let directory = next, !stamped.contains(directory) {
      tree = directory
      next = above(directory)
    }
    return tree
  }

  /// The directory that something is in; nil above what was named.
  private func above(_ path: [UInt8]) -> [UInt8]? {
    guard !operands.contains(path), let slash = path.lastIndex(of: UInt8(ascii: "/")) else {
      return nil
    }
    return slash == 0 ? [UInt8(ascii: "/")] : Self.trimmed(Array(path[..<slash]))
  }

  private static func trimmed(_ path: [UInt8]) -> [UInt8] {
    let end = path.lastIndex { $0 != UInt8(ascii: "/") } ?? 0
    return path.isEmpty ? [] : Array(path[...end])
  }
}
