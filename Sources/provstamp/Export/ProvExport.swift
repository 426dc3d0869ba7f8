// SPDX-License-Identifier: Apache-2.0
import Provenance

/// A document of W3C PROV, as PROV-JSON: files are entities, sessions activities, users agents.
enum ProvExport {
  static func document(_ report: Report) -> ByteBuffer {
    guard !report.files.isEmpty else { return ByteBuffer() }
    var json = JSONWriter()
    json.object { json in
      json.object("prefix") { $0.field("provstamp", "urn:provstamp:") }
      json.object("entity") { json in
        for (index, file) in report.files.enumerated() {
          json.object("provstamp:file-\(index + 1)") { appendEntity(file, to: &$0) }
        }
      }
      json.object("activity") { json in
        for session in report.sessions {
          json.object(activity(session.id)) { appendActivity(session, to: &$0) }
        }
      }
      appendAgents(report, to: &json)
      json.object("wasGeneratedBy") { json in
        // What was written since by nobody knows whom, the session did not generate.
        for (index, file) in report.files.enumerated() where file.record.state == .ok {
          json.object("_:generation-\(index + 1)") { json in
            json.field("prov:entity", "provstamp:file-\(index + 1)")
            json.field("prov:activity", activity(file.session))
            if let time = file.time { json.field("prov:time", Timestamp.utc(time)) }
          }
        }
      }
    }
    json.buffer.append("\n")
    return json.buffer
  }

  private static func activity(_ session: SessionID) -> String {
    "provstamp:session-\(session.isNone ? "none" : session.description)"
  }

  private static func appendEntity(_ file: ReportedFile, to json: inout JSONWriter) {
    json.field("prov:label", bytes: file.path)
    if String(validating: file.path, as: UTF8.self) == nil {
      json.field("provstamp:path_bytes", JSONWriter.base64(file.path))
    }
    json.field("provstamp:state", file.record.state.rawValue)
    json.field("provstamp:deed", file.deed.rawValue)
    if let trust = file.record.judgement.trust { json.field("provstamp:trust", trust.rawValue) }
    if let comm = file.holding.comm { json.field("provstamp:comm", Escaping.text(comm)) }
  }

  private static func appendActivity(_ session: ReportedSession, to json: inout JSONWriter) {
    let account = session.account
    if let started = account.started { json.field("prov:startTime", Timestamp.utc(started)) }
    if let ended = account.entry?.ending?.time { json.field("prov:endTime", Timestamp.utc(ended)) }
    if let label = SessionLabel.text(session.id) { json.field("prov:label", label) }
    if !account.commandText.isEmpty { json.field("provstamp:command", account.commandText) }
  }

  /// For each session the users whose files name it.
  private static func appendAgents(_ report: Report, to json: inout JSONWriter) {
    struct Pair: Hashable {
      let session: SessionID
      let user: UInt32
    }
    let pairs = Set(
      report.files.compactMap { file in
        file.holding.uid.map { Pair(session: file.session, user: $0) }
      }
    ).sorted { ($0.session.description, $0.user) < ($1.session.description, $1.user) }
    json.object("agent") { json in
      for user in Set(pairs.map(\.user)).sorted() {
        json.object("provstamp:user-\(user)") { $0.field("prov:label", UserNames.display(user)) }
      }
    }
    json.object("wasAssociatedWith") { json in
      for (index, pair) in pairs.enumerated() {
        json.object("_:association-\(index + 1)") { json in
          json.field("prov:activity", activity(pair.session))
          json.field("prov:agent", "provstamp:user-\(pair.user)")
        }
      }
    }
  }
}
