// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Provenance
import SystemPackage

/// A git work tree: where its files are, and what they are called from where the user stands.
///
/// Git names files from the top of the work tree, whatever directory it was asked in.
struct WorkTree {
  /// The top, opened with O_PATH, for as long as the program runs.
  let top: CInt
  /// From the top to the directory that was asked about; empty, or ends with a slash.
  private let prefix: [UInt8]
  /// What the paths below `prefix` begin with for the user; empty, or ends with a slash.
  private let below: [UInt8]

  /// The words that have git say where it is.
  static let question = ["rev-parse", "--show-cdup", "--show-prefix"]

  /// - Parameters:
  ///   - answer: what git printed for ``question``.
  ///   - directory: where it was asked; empty is the current directory.
  /// - Throws: that the top cannot be opened.
  init(_ answer: [UInt8], in directory: [UInt8]) throws(GitFailure) {
    // The way up is a line of `../`, or empty; or an absolute path, with an empty prefix after it,
    // where GIT_WORK_TREE is somewhere else. Names may hold newlines.
    let isElsewhere = answer.first == UInt8(ascii: "/")
    let lines = answer.dropLast()
    let end =
      (isElsewhere ? lines.lastIndex(of: 0x0a) : lines.firstIndex(of: 0x0a)) ?? lines.endIndex
    let up = Array(lines[..<end])
    prefix = Array(lines[end...].dropFirst())
    let start = directory.isEmpty ? [] : Self.asDirectory(directory)
    below = isElsewhere ? Self.asDirectory(up) : start
    let way = isElsewhere ? up : start + up
    let path = (way.isEmpty ? [UInt8(ascii: ".")] : way) + [0]
    let opened = path.withUnsafeBytes { bytes -> CInt in
      guard let name = bytes.assumingMemoryBound(to: CChar.self).baseAddress else { return -EINVAL }
      return prov_openat(AT_FDCWD, name, CInt(PROV_O_PATH) | O_DIRECTORY, 0)
    }
    guard opened >= 0 else {
      throw GitFailure(
        "\(Escaping.text(path.dropLast())): cannot open the top of the work tree: "
          + "\(Errno(rawValue: -opened)); way out: ask as its owner or as root")
    }
    top = opened
  }

  /// What a file is called from the user's directory.
  ///
  /// - Parameter path: from the top of the work tree, as git names it.
  func name(of path: [UInt8]) -> [UInt8] {
    if path.starts(with: prefix) { return below + path.dropFirst(prefix.count) }
    let slash = UInt8(ascii: "/")
    var inner = prefix.split(separator: slash)[...]
    var outer = path.split(separator: slash)[...]
    while let first = inner.first, outer.count > 1, outer.first == first {
      inner.removeFirst()
      outer.removeFirst()
    }
    let up = [UInt8](repeatElement(Array("../".utf8), count: inner.count).joined())
    return below + up + outer.joined(separator: [slash])
  }

  /// Calls `body` with a file of the tree. A symbolic link is not followed.
  func withFile<Value>(
    _ path: [UInt8], _ body: (FileReference) throws(Errno) -> Value
  ) throws(Errno) -> Value {
    let name = (path + [0]).map { CChar(bitPattern: $0) }
    return try name.withUnsafeBufferPointer { buffer throws(Errno) in
      guard let start = buffer.baseAddress else { throw .invalidArgument }
      return try body(FileReference(directory: top, name: start))
    }
  }

  private static func asDirectory(_ path: [UInt8]) -> [UInt8] {
    path.last == UInt8(ascii: "/") ? path : path + [UInt8(ascii: "/")]
  }
}
