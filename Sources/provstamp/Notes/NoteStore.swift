// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Provenance
import SystemPackage

/// The notes of a repository that say who wrote what was committed.
struct NoteStore {
  static let ref = "refs/notes/provenance"
  /// The setting that says how git merges two versions of them.
  static let mergeKey = "notes.provenance.mergeStrategy"

  let git: Git

  private static let words = ["notes", "--ref", ref]

  /// Starts listing all notes; ``blobs(listedBy:)`` reads the answer.
  func startListing() throws(GitFailure) -> GitRun {
    try git.start(Self.words + ["list"])
  }

  /// Which object has the note of which commit.
  static func blobs(listedBy run: GitRun) throws(GitFailure) -> [[UInt8]: [UInt8]] {
    let listing = try run.readToEnd()
    try run.finish()
    var blobs: [[UInt8]: [UInt8]] = [:]
    for line in listing.split(separator: UInt8(ascii: "\n")) {
      let words = line.split(separator: UInt8(ascii: " "))
      if words.count == 2 { blobs[Array(words[1])] = Array(words[0]) }
    }
    return blobs
  }

  /// The bytes of one commit's note; nil where there is none.
  func read(_ commit: [UInt8]) throws(GitFailure) -> [UInt8]? {
    let run = try git.start(Self.words + ["list"], paths: [commit])
    let blob = try run.readToEnd().prefix { $0 != UInt8(ascii: "\n") }
    guard try run.finish(accepting: [0, 1]) == 0 else { return nil }
    return try git.output(["cat-file", "blob"], paths: [Array(blob)])
  }

  /// Adds records to a commit's note. Recorders of one repository wait for each other: git itself would
  /// keep the note of the last one alone.
  func add(_ records: [NoteRecord], to commit: [UInt8]) throws(GitFailure) {
    let lock = try lock()
    defer { close(lock) }
    let before = try read(commit) ?? []
    let after = ProvenanceNote.merging(before, with: records)
    if after == before { return }
    let blob = try git.output(["hash-object", "-w", "--stdin"], input: after)
      .prefix { $0 != UInt8(ascii: "\n") }
    // A note that is taken from an object is kept to the byte.
    _ = try git.output(Self.words + ["add", "--force", "-C"], paths: [Array(blob), commit])
  }

  /// Locks the repository's own directory, which its work trees share, until the result is closed.
  private func lock() throws(GitFailure) -> CInt {
    var directory = try git.value(["rev-parse", "--git-common-dir"]) ?? []
    if directory.first != UInt8(ascii: "/"), !git.directory.isEmpty {
      directory = git.directory + [UInt8(ascii: "/")] + directory
    }
    let opened = withCPath(directory) { prov_openat(AT_FDCWD, $0, O_RDONLY | O_DIRECTORY, 0) }
    var error = -opened
    if opened >= 0 {
      repeat { error = flock(opened, LOCK_EX) == 0 ? 0 : errno } while error == EINTR
    }
    guard error == 0 else {
      throw GitFailure(
        "\(Escaping.text(directory)): cannot be locked: \(Errno(rawValue: error)); way out: ask as its owner"
      )
    }
    return opened
  }
}
