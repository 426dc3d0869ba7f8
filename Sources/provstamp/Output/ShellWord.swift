// SPDX-License-Identifier: Apache-2.0

/// Words as a POSIX shell takes them.
enum ShellWord {
  private static let quote = UInt8(ascii: "'")
  private static let escapedQuote = Array(#"'\''"#.utf8)

  static func quoted(_ word: some Sequence<UInt8>) -> [UInt8] {
    [quote] + word.flatMap { $0 == quote ? escapedQuote : [$0] } + [quote]
  }

  /// A word to be shown and copied: what a terminal could act on is written as `$'\x1b'`, which bash, zsh
  /// and ksh take.
  static func shown(_ word: [UInt8]) -> String {
    let text = String(validating: word, as: UTF8.self)
    if let text, !text.unicodeScalars.contains(where: Escaping.isUnsafe) {
      return String(decoding: quoted(word), as: UTF8.self)
    }
    let pieces = word.map { byte in
      let isPlain = (0x20..<0x7f).contains(byte) && byte != quote && byte != UInt8(ascii: "\\")
      return isPlain ? String(UnicodeScalar(byte)) : "\\x" + TwoDigits.hexadecimal(byte)
    }
    return "$'\(pieces.joined())'"
  }

  /// A path within a command to be copied: as it is where nothing in it means anything to a shell, else
  /// as ``shown(_:)``. No program takes it for an option.
  static func path(_ path: [UInt8]) -> String {
    let path = path.first == UInt8(ascii: "-") ? Array("./".utf8) + path : path
    guard !path.isEmpty, path.allSatisfy(isPlain) else { return shown(path) }
    return String(decoding: path, as: UTF8.self)
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "/._-+:,@%".utf8.contains(byte)
    }
  }

  /// - Returns: nil where this is not what ``quoted(_:)`` gives.
  static func unquoted(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    guard text.count >= 2, text.first == quote, text.last == quote else { return nil }
    var word: [UInt8] = []
    var rest = text.dropFirst().dropLast()
    while let byte = rest.first {
      if byte != quote {
        word.append(byte)
        rest.removeFirst()
      } else if rest.starts(with: escapedQuote) {
        word.append(quote)
        rest.removeFirst(escapedQuote.count)
      } else {
        return nil
      }
    }
    return word
  }
}
