// SPDX-License-Identifier: Apache-2.0
import Provenance

/// A statement of in-toto v1: which sessions wrote these contents.
enum InTotoExport {
  static let predicateType = "urn:provstamp:session-files:v1"

  static func statement(
    _ report: Report, _ contents: [(file: ReportedFile, content: FileContent)]
  ) -> ByteBuffer {
    guard !contents.isEmpty else { return ByteBuffer() }
    var json = JSONWriter()
    json.object { json in
      json.field("_type", "https://in-toto.io/Statement/v1")
      json.field("subject", array: contents) { json, entry in
        json.object { json in
          json.field("name", bytes: entry.file.path)
          json.object("digest") { $0.field("sha256", entry.content.sha256) }
        }
      }
      json.field("predicateType", predicateType)
      json.object("predicate") { appendPredicate(report, contents.map(\.file), to: &$0) }
    }
    json.buffer.append("\n")
    return json.buffer
  }

  private static func appendPredicate(
    _ report: Report, _ files: [ReportedFile], to json: inout JSONWriter
  ) {
    json.object("generator") { json in
      json.field("name", "provstamp")
      json.field("version", Release.version)
    }
    json.field("made", Timestamp.utc(report.made))
    json.field("whole", report.isWhole)
    json.field("conclusion", report.conclusion)
    json.field("sessions", array: report.sessions) { json, session in
      json.object { session.account.appendFields(to: &$0) }
    }
    json.field("files", array: files) { json, file in
      json.object { json in
        json.field("path", bytes: file.path, exactly: "path_bytes")
        json.field("deed", file.deed.rawValue)
        json.field("reason", file.record.judgement.verdict.reason.rawValue)
        file.holding.appendFields(on: file.record.judgement.status, to: &json)
      }
    }
  }
}
