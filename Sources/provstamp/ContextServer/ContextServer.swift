// SPDX-License-Identifier: Apache-2.0
import Provenance

/// Answers one message of the Model Context Protocol after the other: JSON-RPC 2.0, one message a line.
struct ContextServer {
  private enum Failure: Int {
    case noJSON = -32700
    case noRequest = -32600
    case noMethod = -32601
    case badParameters = -32602
  }

  /// Those that differ in nothing that this server does; the latest first.
  private static let versions = ["2025-11-25", "2025-06-18", "2024-11-05"]

  /// - Returns: the line of the answer; nothing for what needs none.
  func answer(_ line: [UInt8]) -> [UInt8] {
    guard let message = JSONValue(line) else {
      return Self.failure(.noJSON, "no JSON", id: .null)
    }
    guard case .object = message, message["jsonrpc"] == .string("2.0") else {
      return Self.failure(.noRequest, "no message of JSON-RPC 2.0", id: .null)
    }
    guard let id = message["id"] else { return [] }  // A notification.
    guard Self.isID(id) else { return Self.failure(.noRequest, "id: no text or number", id: .null) }
    guard let method = message["method"] else { return [] }  // An answer, to no question of ours.
    switch method.text {
    case "initialize": return Self.result(id) { initialize(message["params"], &$0) }
    case "ping": return Self.result(id) { _ in }
    case "tools/list":
      return Self.result(id) { json in
        json.field("tools", array: ContextTool.allCases) { $1.append(to: &$0) }
      }
    case "tools/call": return call(message["params"], id)
    default: return Self.failure(.noMethod, "no such method", id: id)
    }
  }

  private static func isID(_ value: JSONValue) -> Bool {
    switch value {
    case .string, .number: true
    case .null, .bool, .array, .object: false
    }
  }

  private func initialize(_ parameters: JSONValue?, _ json: inout JSONWriter) {
    let wanted = parameters?["protocolVersion"]?.text
    let version = Self.versions.first { $0 == wanted } ?? Self.versions[0]
    json.field("protocolVersion", version)
    json.object("capabilities") { $0.object("tools") { _ in } }
    json.object("serverInfo") { json in
      json.field("name", "provstamp")
      json.field("title", "provstamp: which session wrote a file")
      json.field("version", Release.version)
    }
    json.field(
      "instructions",
      "Files carry stamps that say which agent session last changed them. Answers are JSON Lines. What has no "
        + "stamp is of an unknown writer, not of nobody. Paths are relative to the directory that the server was started "
        + "in. Nothing here changes a file.")
  }

  private func call(_ parameters: JSONValue?, _ id: JSONValue) -> [UInt8] {
    guard let tool = (parameters?["name"]?.text).flatMap(ContextTool.init(rawValue:)) else {
      return Self.failure(.badParameters, "no such tool", id: id)
    }
    do throws(ContextTool.Refusal) {
      let answer = ContextAnswer(try tool.words(for: parameters?["arguments"]))
      return Self.result(id) { answer.append(to: &$0) }
    } catch {
      return Self.failure(.badParameters, error.message, id: id)
    }
  }

  private static func result(_ id: JSONValue, _ body: (inout JSONWriter) -> Void) -> [UInt8] {
    message(id) { $0.object("result", body) }
  }

  private static func failure(_ failure: Failure, _ message: String, id: JSONValue) -> [UInt8] {
    Self.message(id) { json in
      json.object("error") { json in
        json.field("code", failure.rawValue)
        json.field("message", message)
      }
    }
  }

  private static func message(_ id: JSONValue, _ body: (inout JSONWriter) -> Void) -> [UInt8] {
    var json = JSONWriter()
    json.object { json in
      json.field("jsonrpc", "2.0")
      switch id {
      case .string(let text): json.field("id", text)
      case .number(let text): json.field("id", number: text)
      case .null, .bool, .array, .object: json.field("id", nil as String?)
      }
      body(&json)
    }
    json.buffer.append("\n")
    return json.buffer.bytes
  }
}
