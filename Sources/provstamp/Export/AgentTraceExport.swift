// SPDX-License-Identifier: Apache-2.0
import Provenance

/// A trace record of Agent Trace, by cursor/agent-trace's schema v1.
enum AgentTraceExport {
  static func record(
    _ report: Report, _ contents: [(file: ReportedFile, content: FileContent)]
  ) -> ByteBuffer {
    guard !contents.isEmpty else { return ByteBuffer() }
    var json = JSONWriter()
    json.object { json in
      json.field("version", "0.1")
      json.field("id", RandomID.uuid())
      json.field("timestamp", Timestamp.utc(report.made))
      json.object("tool") { json in
        json.field("name", "provstamp")
        json.field("version", Release.version)
      }
      json.field("files", array: contents) { json, entry in
        json.object { append(entry.file, entry.content, to: &$0) }
      }
      json.object("metadata") { json in
        json.object("provstamp") { json in
          json.field("whole", report.isWhole)
          json.field("conclusion", report.conclusion)
        }
      }
    }
    json.buffer.append("\n")
    return json.buffer
  }

  private static func append(
    _ file: ReportedFile, _ content: FileContent, to json: inout JSONWriter
  ) {
    json.field("path", bytes: file.path)
    json.field("conversations", array: [file.session]) { json, session in
      json.object { json in
        // Of a file that was there before nobody knows which lines the session wrote.
        let isWhole = file.deed == .created && !session.isNone
        json.object("contributor") { $0.field("type", isWhole ? "ai" : "unknown") }
        json.field("ranges", array: content.lines == 0 ? [] : [content.lines]) { json, lines in
          json.object { json in
            json.field("start_line", 1)
            json.field("end_line", lines)
            json.field("content_hash", "sha256:\(content.sha256)")
          }
        }
        json.field("related", array: [SessionAccount.dashed(session)].compactMap(\.self)) {
          json, id in
          json.object { json in
            json.field("type", "session")
            json.field("url", "urn:uuid:\(id)")
          }
        }
      }
    }
  }
}

/// Ids that nobody has had.
enum RandomID {
  /// Of version 4.
  static func uuid() -> String {
    var bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
    bytes[6] = bytes[6] & 0x0f | 0x40
    bytes[8] = bytes[8] & 0x3f | 0x80
    let digits = bytes.map(TwoDigits.hexadecimal)
    return [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { digits[$0].joined() }.joined(separator: "-")
  }
}
