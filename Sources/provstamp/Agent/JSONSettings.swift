// SPDX-License-Identifier: Apache-2.0

/// Settings that are a JSON object, of which one member of one object in it is ours. Every other byte stays
/// as somebody wrote it.
struct JSONSettings {
  /// The object that programs are named in, such as `mcpServers`.
  let group: String
  let name: String
  /// As it is written.
  let value: String

  enum Refusal: Error {
    /// It is no JSON, such as JSON with comments, or not of the expected form.
    case form
    /// There is one of that name, and it is not ours.
    case taken
  }

  /// - Returns: the same where it is there already.
  func inserted(into text: [UInt8]) throws(Refusal) -> [UInt8] {
    if text.allSatisfy({ $0 == 0x20 || $0 == 0x0a }) {
      return Array("{\n  \"\(group)\": {\n    \"\(name)\": \(value)\n  }\n}\n".utf8)
    }
    let before = try object(text)
    if let there = before[group]?[name] {
      guard there == JSONValue(Array(value.utf8)) else { throw .taken }
      return text
    }
    var scanner = JSONScanner(text)
    guard let root = scanner.members() else { throw .form }
    let edited: [UInt8]
    if let servers = root.last(where: { $0.name == group }) {
      edited = Self.insert("\n    \"\(name)\": \(value)", into: text, at: servers.value)
    } else {
      let member = "\n  \"\(group)\": {\n    \"\(name)\": \(value)\n  }"
      edited = Self.insert(member, into: text, at: scanner.whole)
    }
    try check(edited, against: before)
    return edited
  }

  /// - Returns: the same where it is not there.
  func removed(from text: [UInt8]) throws(Refusal) -> [UInt8] {
    if text.allSatisfy({ $0 == 0x20 || $0 == 0x0a }) { return text }
    let before = try object(text)
    guard let there = before[group]?[name] else { return text }
    guard there == JSONValue(Array(value.utf8)) else { throw .taken }
    var scanner = JSONScanner(text)
    guard let servers = scanner.members()?.last(where: { $0.name == group }) else { throw .form }
    var inner = JSONScanner(text, in: servers.value)
    guard let members = inner.members(),
      let index = members.lastIndex(where: { $0.name == name })
    else { throw .form }
    // With the comma before it, or where it is the first, that after it.
    let whole =
      index > 0
      ? members[index - 1].value.upperBound..<members[index].value.upperBound
      : inner.whole.lowerBound
        + 1..<(members.count > 1 ? members[1].start : members[0].value.upperBound)
    var edited = text
    let rest = members.count > 1 && index == 0 ? Array("\n    ".utf8) : []
    edited.replaceSubrange(whole, with: rest)
    try check(edited, against: before)
    return edited
  }

  private func object(_ text: [UInt8]) throws(Refusal) -> JSONValue {
    guard let value = JSONValue(text), case .object(let members) = value else { throw .form }
    if let servers = members[group], case .object = servers { return value }
    guard members[group] == nil else { throw .form }
    return value
  }

  /// What is others' is as it was: by what it means, whatever was done to the text.
  private func check(_ edited: [UInt8], against before: JSONValue) throws(Refusal) {
    guard let after = JSONValue(edited), without(after) == without(before) else { throw .form }
  }

  private func without(_ value: JSONValue) -> JSONValue {
    guard case .object(var members) = value else { return value }
    guard case .object(var servers) = members[group] ?? .object([:]) else { return value }
    servers[name] = nil
    members[group] = .object(servers)
    return .object(members)
  }

  private static func insert(
    _ member: String, into text: [UInt8], at object: Range<Int>
  ) -> [UInt8] {
    let inside = text[object.lowerBound + 1..<object.upperBound - 1]
    let isEmpty = inside.allSatisfy { [0x20, 0x0a, 0x0d, 0x09].contains($0) }
    var edited = text
    edited.insert(
      contentsOf: Array((member + (isEmpty ? "\n  " : ",")).utf8), at: object.lowerBound + 1)
    return edited
  }
}

/// Where the members of an object are in a text that is known to be JSON.
struct JSONScanner {
  struct Member {
    let name: String
    /// Where its name begins.
    let start: Int
    let value: Range<Int>
  }

  private let text: [UInt8]
  private var index: Int
  /// The object, with its braces.
  private(set) var whole: Range<Int>

  init(_ text: [UInt8], in range: Range<Int>? = nil) {
    self.text = text
    index = range?.lowerBound ?? 0
    whole = index..<index
  }

  mutating func members() -> [Member]? {
    skipSpace()
    let start = index
    guard take(UInt8(ascii: "{")) else { return nil }
    var found: [Member] = []
    skipSpace()
    while index < text.count, text[index] != UInt8(ascii: "}") {
      let nameStart = index
      skipString()
      guard case .string(let name) = JSONValue(Array(text[nameStart..<index])) else { return nil }
      skipSpace()
      guard take(UInt8(ascii: ":")) else { return nil }
      skipSpace()
      let valueStart = index
      skipValue()
      found.append(Member(name: name, start: nameStart, value: valueStart..<index))
      skipSpace()
      if !take(UInt8(ascii: ",")) { break }
      skipSpace()
    }
    guard take(UInt8(ascii: "}")) else { return nil }
    whole = start..<index
    return found
  }

  private mutating func skipValue() {
    var depth = 0
    while index < text.count {
      switch text[index] {
      case UInt8(ascii: "\""):
        skipString()
        if depth == 0 { return }
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if depth == 0 { return }
        depth -= 1
        if depth == 0 {
          index += 1
          return
        }
      case UInt8(ascii: ","), 0x20, 0x0a, 0x0d, 0x09:
        if depth == 0 { return }
      default: break
      }
      index += 1
    }
  }

  private mutating func skipString() {
    index += 1
    while index < text.count, text[index] != UInt8(ascii: "\"") {
      index += text[index] == UInt8(ascii: "\\") ? 2 : 1
    }
    index += 1
  }

  private mutating func skipSpace() {
    while index < text.count, [0x20, 0x0a, 0x0d, 0x09].contains(text[index]) { index += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard index < text.count, text[index] == byte else { return false }
    index += 1
    return true
  }
}
