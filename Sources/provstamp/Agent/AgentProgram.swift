// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// An agent that can be given the server of `provstamp mcp`: where it is told so, and how it is started.
enum AgentProgram: String, CaseIterable, ExpressibleByArgument {
  case claudeCode = "claude-code"
  case cursor
  case gemini
  case codex

  /// Below the project's directory, or for ``codex`` below the home directory.
  var settings: String {
    switch self {
    case .claudeCode: ".mcp.json"
    case .cursor: ".cursor/mcp.json"
    case .gemini: ".gemini/settings.json"
    case .codex: ".codex/config.toml"
    }
  }

  var isOfUser: Bool { self == .codex }

  /// The command that starts it in a session.
  var start: String {
    switch self {
    case .claudeCode: "provstamp run --name claude -- claude"
    case .cursor: "provstamp run --name cursor -- cursor-agent"
    case .gemini: "provstamp run --name gemini -- gemini"
    case .codex: "provstamp run --name codex -- codex"
    }
  }

  private static let server = #"{"command": "provstamp", "args": ["mcp"]}"#

  func inserted(into text: [UInt8]) throws(JSONSettings.Refusal) -> [UInt8] {
    switch self {
    case .codex: return try Self.marked.inserted(into: text)
    case .claudeCode, .cursor, .gemini: return try json.inserted(into: text)
    }
  }

  func removed(from text: [UInt8]) throws(JSONSettings.Refusal) -> [UInt8] {
    switch self {
    case .codex: return try Self.marked.removed(from: text)
    case .claudeCode, .cursor, .gemini: return try json.removed(from: text)
    }
  }

  private var json: JSONSettings {
    JSONSettings(group: "mcpServers", name: "provstamp", value: Self.server)
  }

  private static let marked = MarkedLines(
    lines: ["[mcp_servers.provstamp]", #"command = "provstamp""#, #"args = ["mcp"]"#])

  /// What is written into an empty file.
  var lines: String {
    let text = (try? inserted(into: [])) ?? []
    return String(decoding: text, as: UTF8.self)
  }
}

/// Lines between two marks, at the end of settings that are lines, as TOML is.
struct MarkedLines {
  let lines: [String]

  private static let first = "# provstamp: from here"
  private static let last = "# provstamp: to here"

  private var block: [UInt8] {
    Array(([Self.first] + lines + [Self.last]).map { $0 + "\n" }.joined().utf8)
  }

  /// - Throws: where there is such a table already that is not ours.
  func inserted(into text: [UInt8]) throws(JSONSettings.Refusal) -> [UInt8] {
    if place(in: text) != nil { return text }
    let isTaken = text.split(separator: UInt8(ascii: "\n")).contains { line in
      line.filter { $0 != 0x20 }.starts(with: Array(lines[0].utf8))
    }
    guard !isTaken else { throw .taken }
    let end: [UInt8] = text.isEmpty || text.last == UInt8(ascii: "\n") ? [] : [UInt8(ascii: "\n")]
    return text + end + block
  }

  func removed(from text: [UInt8]) throws(JSONSettings.Refusal) -> [UInt8] {
    guard let place = place(in: text) else { return text }
    var rest = text
    rest.removeSubrange(place)
    return rest
  }

  private func place(in text: [UInt8]) -> Range<Int>? {
    let block = block
    guard text.count >= block.count else { return nil }
    for start in 0...(text.count - block.count)
    where (start == 0 || text[start - 1] == UInt8(ascii: "\n"))
      && text[start...].starts(with: block)
    {
      return start..<start + block.count
    }
    return nil
  }
}
