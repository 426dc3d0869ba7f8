// SPDX-License-Identifier: Apache-2.0
import Provenance
import SystemPackage

/// What git lists as changed in a work tree, with the writers of the files.
struct ChangeReader {
  /// One path that git lists.
  struct Change {
    var entry: GitStatusEntry
    var writer: FileWriter
  }

  private(set) var tree: WorkTree
  private let status: GitRun

  /// - Parameters:
  ///   - question: what git is asked, `git status --porcelain=v2 -z` in some form.
  ///   - directory: where; empty is the current directory.
  /// - Throws: that git cannot tell where it is.
  init(_ question: [String], in directory: [UInt8]) throws(GitFailure) {
    let git = try Git(askedIn: directory)
    // Both run at once.
    let place = try git.start(WorkTree.question)
    status = try git.start(question)
    let answer = try place.readToEnd()
    try place.finish()
    tree = try WorkTree(answer, in: directory)
  }

  /// Calls `body` for each path as git lists it. What cannot be read is reported, and of an unknown
  /// writer.
  ///
  /// - Throws: that git cannot tell what has changed.
  func forEach(_ diagnostics: Diagnostics, _ body: (Change) -> Void) throws(GitFailure) {
    var parser = GitStatusParser()
    var reader = FileWriterReader()
    while true {
      let bytes = try status.read()
      if bytes.isEmpty { break }
      try parser.take(bytes) { entry in
        var writer = FileWriter(cause: "unreadable")
        do throws(Errno) {
          writer = try reader.writer(of: entry, in: tree)
        } catch {
          diagnostics.report(tree.name(of: entry.path), error, doing: "cannot read its stamp")
        }
        body(Change(entry: entry, writer: writer))
      }
    }
    try parser.finish()
    try status.finish()
    for warning in status.warnings { Self.report(warning, diagnostics) }
  }

  /// What git could not look into is missing from the answer.
  private static func report(_ warning: ArraySlice<UInt8>, _ diagnostics: Diagnostics) {
    let text = "git: \(Escaping.text(warning))"
    if warning.starts(with: "warning: could not open directory".utf8) {
      diagnostics.trouble("\(text); ask as its owner or as root")
    } else {
      diagnostics.note(text)
    }
  }
}

extension Git {
  /// - Throws: that the directory is not there.
  init(askedIn directory: [UInt8]) throws(GitFailure) {
    do throws(Errno) {
      try self.init(in: directory)
    } catch {
      throw GitFailure(
        "\(Escaping.text(directory)): \(error); way out: name a directory in a git work tree")
    }
  }
}

extension FileWriterReader {
  /// - Throws: the error of getxattr(2) or statx(2).
  mutating func writer(of entry: GitStatusEntry, in tree: WorkTree) throws(Errno) -> FileWriter {
    if entry.isSubmodule { return FileWriter(cause: "submodule") }
    if entry.isDirectory { return FileWriter(cause: "repository") }
    return try tree.withFile(entry.path) { file throws(Errno) in try writer(of: file) }
  }
}
