// SPDX-License-Identifier: Apache-2.0
import Glibc
import Provenance

/// A pattern as the shell has them, for names or, with a slash in it, for paths.
struct NamePattern: Sendable {
  private let pattern: [CChar]
  /// The same for a path that it matches from some name on.
  private let below: [CChar]
  private let isOfPath: Bool

  init(_ pattern: [UInt8]) {
    var pattern = pattern[...]
    // A slash at the end is how people write that they mean a directory.
    while pattern.count > 1, pattern.last == UInt8(ascii: "/") { pattern.removeLast() }
    let bytes = pattern.map { CChar(bitPattern: $0) }
    self.pattern = bytes + [0]
    below = "*/".utf8.map { CChar(bitPattern: $0) } + bytes + [0]
    isOfPath = pattern.contains(UInt8(ascii: "/"))
  }

  /// Whether it matches the entry's last name or, with a slash, its path from the beginning or from
  /// any name in it on; there `*` is any text, slashes too.
  func matches(_ entry: WalkEntry) -> Bool {
    guard isOfPath else { return matches(lastNameOf: entry) }
    let path = entry.path.map { CChar(bitPattern: $0) } + [0]
    return fnmatch(pattern, path, 0) == 0 || fnmatch(below, path, 0) == 0
  }

  private func matches(lastNameOf entry: WalkEntry) -> Bool {
    // Below an operand the name has no slash; an operand may have some, also at its end.
    guard entry.isOperand else { return fnmatch(pattern, entry.file.name, 0) == 0 }
    let names = entry.path.split(separator: UInt8(ascii: "/"))
    let name = (names.last ?? []).map { CChar(bitPattern: $0) } + [0]
    return fnmatch(pattern, name, 0) == 0
  }
}
