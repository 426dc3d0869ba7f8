// SPDX-License-Identifier: Apache-2.0
import Provenance

extension StampReading.Holding {
  /// The fields that say who wrote, in the same order for every command. What is not known is null.
  func appendFields(on file: FileStatus, to json: inout JSONWriter) {
    json.field("trust", trust(on: file)?.rawValue)
    switch self {
    case .stamp(let stamp, let attribute):
      json.field("attribute", attribute.name.description)
      stamp.appendFields(to: &json)
    case .malformed(let error, let attribute):
      json.field("attribute", attribute.name.description)
      json.field("error", error.description)
    case .legacy(let legacy):
      json.field("attribute", LegacyStamp.sessionAttribute.description)
      legacy.appendFields(to: &json)
    case .unstamped: break
    }
  }
}

extension Stamp {
  func appendFields(to json: inout JSONWriter) {
    json.field("stamper", stamperName)
    json.field("session", writer.session.isNone ? nil : writer.session.description)
    json.field("root", writer.root.isNone ? nil : writer.root.description)
    json.field("name", SessionLabel.name(writer.session))
    json.field("intent", SessionLabel.intent(writer.session))
    json.field("comm", bytes: writer.comm.bytes, exactly: "comm_bytes")
    json.field("pid", writer.pid)
    json.field("uid", writer.uid)
    json.field("user", UserNames.name(of: writer.uid))
    json.field("time", Timestamp.utc(time))
    json.field("time_ns", time)
    json.field("inode", inode)
    json.field("flags", array: flags.names) { $0.element($1) }
  }
}

extension LegacyStamp {
  func appendFields(to json: inout JSONWriter) {
    json.field("stamper", "legacy")
    json.field("session", session.isNone ? nil : session.description)
    if let comm {
      json.field("comm", bytes: comm, exactly: "comm_bytes")
    } else {
      json.field("comm", nil as String?)
    }
    json.field("pid", pid)
    json.field("uid", uid)
    json.field("user", uid.flatMap(UserNames.name(of:)))
    json.field("time", (time?.nanoseconds).map(Timestamp.utc))
    json.field("time_ns", time?.nanoseconds)
    json.object("legacy") { json in
      json.field("text", bytes: text, exactly: "text_bytes")
      json.field("ambiguous", isAmbiguous)
      if let tool { json.field("tool", bytes: tool, exactly: "tool_bytes") }
      if let turn { json.field("turn", bytes: turn, exactly: "turn_bytes") }
      if let intent { json.field("intent", bytes: intent, exactly: "intent_bytes") }
      if case .chain(let chain) = identity { chain.appendFields(to: &json) }
    }
  }
}

extension LegacyStamp.Chain {
  fileprivate func appendFields(to json: inout JSONWriter) {
    json.field("chain", array: names) { $0.element(String(decoding: $1, as: UTF8.self)) }
    if let environment { json.field("env", bytes: environment, exactly: "env_bytes") }
    if let workingDirectory { json.field("cwd", bytes: workingDirectory, exactly: "cwd_bytes") }
  }
}
