// SPDX-License-Identifier: Apache-2.0

/// Names and task names are chosen by whoever is being asked about: these make them harmless to show.
enum Escaping {
  /// Text for people: backslashes doubled; control characters, bytes that are no UTF-8, and scalars
  /// that reorder or hide text as `\n`, `\x1b`, `\u{202e}`. Reversible.
  static func append(_ bytes: some Collection<UInt8>, to buffer: inout ByteBuffer) {
    if bytes.allSatisfy({ $0 >= 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\\") }) {
      buffer.append(bytes)
      return
    }
    scan(bytes) { piece in
      switch piece {
      case .invalid(let byte): appendHex(byte, to: &buffer)
      case .scalar("\\"): buffer.append("\\\\")
      case .scalar("\n"): buffer.append("\\n")
      case .scalar("\t"): buffer.append("\\t")
      case .scalar("\r"): buffer.append("\\r")
      case .scalar(let scalar) where scalar.value < 0x80 && isUnsafe(scalar):
        appendHex(UInt8(scalar.value), to: &buffer)
      case .scalar(let scalar) where isUnsafe(scalar):
        buffer.append("\\u{" + String(scalar.value, radix: 16) + "}")
      case .scalar(let scalar): buffer.append(String(scalar))
      }
    }
  }

  /// A line of a file's content for people: as it is, but for what a terminal could act on and bytes that
  /// are no UTF-8. Tabs and backslashes stay, so this is not reversible.
  static func appendContent(_ bytes: some Collection<UInt8>, to buffer: inout ByteBuffer) {
    if bytes.allSatisfy({ $0 >= 0x20 && $0 < 0x7f || $0 == 9 }) {
      buffer.append(bytes)
      return
    }
    scan(bytes) { piece in
      switch piece {
      case .scalar(let scalar) where scalar == "\t" || !isUnsafe(scalar):
        buffer.append(String(scalar))
      case .scalar(let scalar): append(Array(String(scalar).utf8), to: &buffer)
      case .invalid(let byte): appendHex(byte, to: &buffer)
      }
    }
  }

  static func text(_ bytes: some Collection<UInt8>) -> String {
    var buffer = ByteBuffer()
    append(bytes, to: &buffer)
    return String(decoding: buffer.bytes, as: UTF8.self)
  }

  enum Piece {
    case scalar(Unicode.Scalar)
    case invalid(UInt8)
  }

  /// Splits bytes into scalars and bytes that belong to none.
  static func scan(_ bytes: some Collection<UInt8>, _ body: (Piece) -> Void) {
    var rest = Array(bytes)[...]
    while let first = rest.first {
      let length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
      if let text = String(validating: rest.prefix(length), as: UTF8.self),
        let scalar = text.unicodeScalars.first, text.unicodeScalars.count == 1
      {
        body(.scalar(scalar))
        rest.removeFirst(length)
      } else {
        body(.invalid(first))
        rest.removeFirst()
      }
    }
  }

  /// Controls, and what Unicode gives to change the direction of text or to leave no trace on screen.
  static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7f...0x9f: true
    case 0x061c, 0x200e, 0x200f, 0x202a...0x202e, 0x2066...0x2069: true  // direction
    case 0x2028, 0x2029: true  // line and paragraph separators
    case 0xfeff, 0xe0000...0xe007f: true  // zero-width no-break space, tags
    default: false
    }
  }

  private static func appendHex(_ byte: UInt8, to buffer: inout ByteBuffer) {
    let digits = String(byte, radix: 16)
    buffer.append(digits.utf8.count == 1 ? "\\x0" + digits : "\\x" + digits)
  }
}
