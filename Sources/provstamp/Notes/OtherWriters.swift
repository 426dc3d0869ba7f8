// SPDX-License-Identifier: Apache-2.0
import Provenance

/// Finds out who else wrote to a file since the content that was committed before.
///
/// The file's own log has its earlier writers; how far back they reach, the note of the commit before
/// tells: an entry that is the very stamp which was recorded there (the same nanosecond of the same
/// file) wrote nothing since, and those before it neither. Without such a note all of them may have.
struct OtherWriters {
  let store: NoteStore
  /// The commit, or its first parent, from which on writers count.
  let base: String

  /// - Parameters:
  ///   - stamp: the file's stamp, which holds.
  ///   - earlier: the log beside it, newest first; nil where it cannot be read.
  ///   - blob: the content of `path` in ``base``.
  /// - Returns: the others, each once; nil where there are some and nobody knows who.
  func than(
    _ stamp: Stamp, _ earlier: [Stamp]?, path: [UInt8], blob: [UInt8]
  ) throws(GitFailure) -> [SessionID]? {
    guard let earlier else { return nil }
    var recent = earlier[...]
    if recent.contains(where: { !$0.writer.isSameWriter(as: stamp.writer) }),
      let recorded = try recorded(path, blob)
    {
      if recorded.contains(where: { $0.isOf(stamp) }) {
        recent = []
      } else if let end = recent.firstIndex(where: { entry in recorded.contains { $0.isOf(entry) } }
      ) {
        recent = recent[..<end]
      }
    }
    let others = recent.filter { !$0.writer.isSameWriter(as: stamp.writer) }
    return Set(others.map(\.writer.session)).sorted { $0.description < $1.description }
  }

  /// The records about `path` that the commit has which changed it last, seen from ``base``.
  private func recorded(_ path: [UInt8], _ blob: [UInt8]) throws(GitFailure) -> [NoteRecord]? {
    let commit = try store.git.value(["rev-parse", "--quiet", "--verify", "\(base)^{commit}"])
    guard commit != nil else { return nil }
    let last = try store.git.output(
      ["rev-list", "--max-count=1", base, "--"], paths: [Array(":(top,literal)".utf8) + path])
    let name = Array(last.prefix { $0 != UInt8(ascii: "\n") })
    guard !name.isEmpty, let note = try store.read(name) else { return nil }
    return ProvenanceNote(note, about: path).records.filter { $0.blob == blob }
  }
}
