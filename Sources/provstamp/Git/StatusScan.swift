// SPDX-License-Identifier: Apache-2.0
import Provenance

/// What `provstamp status` shows, and what it leaves out.
struct StatusScan {
  private(set) var rows: [StatusRow] = []
  /// Paths of an unknown writer, shown or not.
  private(set) var unknown = 0
  /// Paths that the selection leaves out.
  private(set) var leftOut = 0
  /// Sessions that the one that was asked for may be.
  private(set) var candidates = SessionCandidates()

  /// Every untracked file is listed by itself, because each has a writer of its own.
  private static let question = ["status", "--porcelain=v2", "-z", "--untracked-files=all"]

  /// - Parameter directory: what is below it; empty is the whole tree around the current directory.
  /// - Throws: that git cannot tell.
  init(
    _ selection: StatusSelection, in directory: [UInt8], _ diagnostics: Diagnostics
  ) throws(GitFailure) {
    let changes = try ChangeReader(
      Self.question + (directory.isEmpty ? [] : ["--", "."]), in: directory)
    try changes.forEach(diagnostics) { add($0, changes.tree, selection) }
  }

  private mutating func add(
    _ change: ChangeReader.Change, _ tree: WorkTree, _ selection: StatusSelection
  ) {
    let (entry, writer) = (change.entry, change.writer)
    if !writer.isKnown { unknown += 1 }
    if let known = writer.known, let match = selection.match(known) {
      candidates.insert(known, match)
    }
    guard selection.admits(writer) else {
      leftOut += 1
      return
    }
    rows.append(
      StatusRow(
        entry: entry, name: tree.name(of: entry.path),
        sourceName: entry.source.map(tree.name(of:)), writer: writer))
  }

  /// Says what the rows alone do not tell.
  func note(_ selection: StatusSelection, _ diagnostics: Diagnostics) {
    if selection.leavesOutUnknown && unknown > 0 {
      diagnostics.note(
        "\(unknown) of \(rows.count + leftOut) changed files are of an unknown writer and not shown; "
          + "--unknown lists them")
    }
  }
}
