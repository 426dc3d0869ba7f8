// SPDX-License-Identifier: Apache-2.0

/// What the server lets its client ask: commands of provstamp that only read.
enum ContextTool: String, CaseIterable {
  case who, find, verify, status, report

  /// What a call may say besides `paths`, the option that it becomes, and what it means.
  struct Parameter {
    enum Kind: String {
      case text = "string"
      case count = "integer"
      case flag = "boolean"
    }

    let name: String
    let option: String
    let kind: Kind
    let meaning: String

    init(_ name: String, _ option: String, _ meaning: String, kind: Kind = .text) {
      self.name = name
      self.option = option
      self.kind = kind
      self.meaning = meaning
    }
  }

  var title: String {
    switch self {
    case .who: "Who wrote a file"
    case .find: "Find what a session or user wrote"
    case .verify: "Which files changed with nothing watching"
    case .status: "Whose each change in a git tree is"
    case .report: "All that a session wrote"
    }
  }

  var meaning: String {
    switch self {
    case .who:
      "Who last changed each file: the agent session, its name, the program, user and time, whether that "
        + "still holds (state), and who could have forged it (trust). A line for each file."
    case .find:
      "Files by who wrote them. Without a filter, every stamped file. A line for each file, then a summary "
        + "that says how many were looked at."
    case .verify:
      "Which files are not as their stamp found them, and why. A line for each, then a summary."
    case .status:
      "What git status lists, each with the session that wrote it, and whether that is the caller's own "
        + "(mine). Look here before committing beside other sessions."
    case .report:
      "What a session created, changed and wrote over, whose that was, what to look at first, and coverage: "
        + "an empty report means that nothing was written only where whole is true."
    }
  }

  var paths: String {
    switch self {
    case .who: "Files."
    case .status: "One directory in a git work tree; the current one's whole tree without it."
    case .find, .verify, .report: "Files and directories; the current directory without any."
    }
  }

  var parameters: [Parameter] {
    let session = Parameter(
      "session", "session",
      "Session id, at least 4 digits of its beginning, or its name; self is the caller's own, none is outside any."
    )
    let exclude = Parameter("exclude", "exclude", "Leave out what matches this glob.")
    switch self {
    case .who: return []
    case .status: return [session]
    case .report: return [session, exclude]
    case .verify:
      return [exclude, Parameter("all", "all", "List files that are ok, too.", kind: .flag)]
    case .find:
      return [
        session, exclude,
        Parameter("name", "name", "Only files whose name matches this glob."),
        Parameter("since", "since", "Stamped then or later: RFC 3339, 2h, yesterday."),
        Parameter("until", "until", "Stamped before then."),
        Parameter("user", "user", "By this user."),
        Parameter("program", "comm", "By a process of this name."),
        Parameter("intent", "intent", "By a session that was started for this."),
        Parameter("state", "state", "ok, unproven, changed, copied, malformed or unstamped."),
        Parameter("limit", "limit", "So many at most; 200 unless given.", kind: .count),
      ]
    }
  }

  struct Refusal: Error {
    let message: String

    init(_ message: String) { self.message = message }
  }

  /// The arguments of the command that answers a call. No value can become an option of its own.
  func words(for call: JSONValue?) throws(Refusal) -> [[UInt8]] {
    guard case .object(let members) = call ?? .object([:]) else {
      throw Refusal("arguments: not an object")
    }
    var words = [rawValue, "--json"]
    for (name, value) in members.sorted(by: { $0.key < $1.key })
    where name != "paths" && value != .null {
      guard let parameter = parameters.first(where: { $0.name == name }) else {
        let known = (parameters.map(\.name) + ["paths"]).joined(separator: ", ")
        throw Refusal("\(name): \(rawValue) takes no such argument; way out: \(known)")
      }
      words += try parameter.words(value)
    }
    if self == .find, !words.contains(where: { $0.hasPrefix("--limit=") }) {
      words.append("--limit=200")
    }
    return (words + ["--"] + (try paths(members["paths"]))).map { Array($0.utf8) }
  }

  private func paths(_ value: JSONValue?) throws(Refusal) -> [String] {
    guard case .array(let elements) = value ?? .array([]) else {
      throw Refusal("paths: not an array; way out: [\"path\"]")
    }
    let paths = elements.compactMap(\.text)
    guard paths.count == elements.count, !paths.contains(where: { $0.contains("\0") }) else {
      throw Refusal("paths: not all are text without NUL")
    }
    if self == .who, paths.isEmpty { throw Refusal("paths: none; way out: name a file") }
    if self == .status, paths.count > 1 { throw Refusal("paths: several; way out: one directory") }
    return paths
  }
}

extension ContextTool.Parameter {
  fileprivate func words(_ value: JSONValue) throws(ContextTool.Refusal) -> [String] {
    switch kind {
    case .text:
      guard let text = value.text, !text.contains("\0") else {
        throw ContextTool.Refusal("\(name): not a text without NUL")
      }
      return ["--\(option)=\(text)"]
    case .count:
      guard let count = value.count else {
        throw ContextTool.Refusal("\(name): not a whole number")
      }
      return ["--\(option)=\(count)"]
    case .flag:
      guard case .bool(let isSet) = value else {
        throw ContextTool.Refusal("\(name): neither true nor false")
      }
      return isSet ? ["--\(option)"] : []
    }
  }

  fileprivate func append(to json: inout JSONWriter) {
    json.object(name) { json in
      json.field("type", kind.rawValue)
      json.field("description", meaning)
    }
  }
}

extension ContextTool {
  /// As `tools/list` has it.
  func append(to json: inout JSONWriter) {
    json.object { json in
      json.field("name", rawValue)
      json.field("title", title)
      json.field("description", meaning)
      json.object("inputSchema") { appendSchema(to: &$0) }
      json.object("annotations") { json in
        json.field("readOnlyHint", true)
        json.field("openWorldHint", false)
      }
    }
  }

  private func appendSchema(to json: inout JSONWriter) {
    json.field("type", "object")
    json.object("properties") { json in
      json.object("paths") { json in
        json.field("type", "array")
        json.object("items") { $0.field("type", "string") }
        json.field("description", paths)
      }
      for parameter in parameters { parameter.append(to: &json) }
    }
    json.field("required", array: self == .who ? ["paths"] : []) { $0.element($1) }
    json.field("additionalProperties", false)
  }
}
