// SPDX-License-Identifier: Apache-2.0

/// Writes one JSON object at a time into a buffer. Everything that a terminal could act on is escaped,
/// so that the output is as safe to look at as to parse.
struct JSONWriter {
  var buffer = ByteBuffer()
  private var needsComma = false

  mutating func object(_ body: (inout JSONWriter) -> Void) {
    separate()
    buffer.append("{")
    needsComma = false
    body(&self)
    buffer.append("}")
    needsComma = true
  }

  /// A whole line: one object with the schema's name and its own type.
  mutating func line(_ type: String, _ body: (inout JSONWriter) -> Void) {
    needsComma = false
    object { json in
      json.field("schema", "provstamp/1")
      json.field("type", type)
      body(&json)
    }
    buffer.append("\n")
    needsComma = false
  }

  mutating func field(_ name: String, _ value: String?) {
    key(name)
    if let value { string(value.utf8) } else { buffer.append("null") }
  }

  mutating func field(_ name: String, _ value: (some BinaryInteger)?) {
    key(name)
    if let value { buffer.append(value) } else { buffer.append("null") }
  }

  /// A number as somebody else wrote it.
  mutating func field(_ name: String, number: String) {
    key(name)
    buffer.append(number)
  }

  mutating func field(_ name: String, _ value: Bool?) {
    key(name)
    buffer.append(value.map { $0 ? "true" : "false" } ?? "null")
  }

  mutating func object(_ name: String, _ body: (inout JSONWriter) -> Void) {
    key(name)
    needsComma = false
    object(body)
  }

  mutating func field<Element>(
    _ name: String, array elements: some Sequence<Element>,
    _ body: (inout JSONWriter, Element) -> Void
  ) {
    key(name)
    buffer.append("[")
    needsComma = false
    for element in elements {
      body(&self, element)
      needsComma = true
    }
    buffer.append("]")
    needsComma = true
  }

  /// An array's element.
  mutating func element(_ value: String) {
    separate()
    string(value.utf8)
  }

  /// An array's element.
  mutating func element(number: some BinaryInteger) {
    separate()
    buffer.append(number)
    needsComma = true
  }

  /// Bytes that are mostly text: as a string, in which what is no UTF-8 is U+FFFD; and where there is
  /// such, all of them in base64 under `bytesName`.
  mutating func field(_ name: String, bytes: [UInt8], exactly bytesName: String) {
    key(name)
    string(bytes)
    if String(validating: bytes, as: UTF8.self) == nil {
      field(bytesName, Self.base64(bytes))
    }
  }

  /// Bytes that are mostly text, where there is room for a string alone.
  mutating func field(_ name: String, bytes: [UInt8]) {
    key(name)
    string(bytes)
  }

  private mutating func key(_ name: String) {
    separate()
    buffer.append("\"")
    buffer.append(name)
    buffer.append("\":")
    needsComma = true
  }

  private mutating func separate() {
    if needsComma { buffer.append(",") }
    needsComma = false
  }

  private mutating func string(_ bytes: some Collection<UInt8>) {
    defer { needsComma = true }
    buffer.append("\"")
    if bytes.allSatisfy({
      $0 >= 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "\"")
    }) {
      buffer.append(bytes)
    } else {
      escape(bytes)
    }
    buffer.append("\"")
  }

  private mutating func escape(_ bytes: some Collection<UInt8>) {
    Escaping.scan(bytes) { piece in
      switch piece {
      case .invalid: buffer.append("\u{FFFD}")
      case .scalar("\""): buffer.append("\\\"")
      case .scalar("\\"): buffer.append("\\\\")
      case .scalar("\n"): buffer.append("\\n")
      case .scalar(let scalar) where Escaping.isUnsafe(scalar):
        for unit in UTF16.encode(scalar) ?? .init() {
          let digits = String(unit, radix: 16)
          buffer.append("\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits)
        }
      case .scalar(let scalar): buffer.append(String(scalar))
      }
    }
  }

  static func base64(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let value = group.reduce(0) { $0 << 8 | UInt32($1) } << (8 * (3 - UInt32(group.count)))
      for digit in 0...group.count {
        text.append(alphabet[Int(value >> (18 - 6 * UInt32(digit)) & 63)])
      }
      text.append(contentsOf: repeatElement(UInt8(ascii: "="), count: 3 - group.count))
    }
    return String(decoding: text, as: UTF8.self)
  }
}
