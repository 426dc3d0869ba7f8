// SPDX-License-Identifier: Apache-2.0
import Provenance

/// What is known of one file, ready to be printed.
struct FileRecord {
  var path: [UInt8]
  var judgement: Verifier.Judgement
  /// The file was written by a session nested in the one that was asked for.
  var isNested = false

  var state: Verdict.State { judgement.verdict.state }
}

extension FileRecord {
  /// One line: the writer where the stamp holds; else first why it does not, then what it says.
  func appendText(_ style: Style, to buffer: inout ByteBuffer) {
    style.append(name: path, to: &buffer)
    let holding = judgement.reading.holding
    if state == .ok {
      buffer.append(holding.claim(style, on: judgement.status))
    } else {
      let stateText = style.colored(state.rawValue, as: state)
      buffer.append(stateText + ": " + Explanation.text(judgement, style))
      if state == .unproven || state == .changed || state == .copied {
        buffer.append("; the stamp says " + holding.claim(style, on: judgement.status))
      }
    }
    if isNested { buffer.append("  (in a nested session)") }
    buffer.append("\n")
    guard let secondary = judgement.reading.secondary, let verdict = judgement.secondaryVerdict
    else { return }
    style.append(name: path, to: &buffer)
    buffer.append("also in user.prov, which its owner could have forged (")
    buffer.append(style.colored(verdict.state.rawValue, as: verdict.state) + "): ")
    buffer.append(secondary.claim(style, on: judgement.status) + "\n")
  }

  /// - Parameter more: appends what a command has to say besides.
  func appendJSON(to json: inout JSONWriter, _ more: (inout JSONWriter) -> Void = { _ in }) {
    json.line("file") { json in
      json.field("path", bytes: path, exactly: "path_bytes")
      json.field("nested", isNested)
      appendFields(judgement.reading.holding, judgement.verdict, to: &json)
      json.field("file_inode", judgement.status.inode)
      json.field("size", judgement.status.size)
      json.field("mtime", Timestamp.utc(judgement.status.mtime))
      json.field("ctime", Timestamp.utc(judgement.status.ctime))
      if let secondary = judgement.reading.secondary, let verdict = judgement.secondaryVerdict {
        json.object("also") { appendFields(secondary, verdict, to: &$0) }
      }
      more(&json)
    }
  }

  private func appendFields(
    _ holding: StampReading.Holding, _ verdict: Verdict, to json: inout JSONWriter
  ) {
    json.field("state", verdict.state.rawValue)
    json.field("reason", verdict.reason.rawValue)
    if verdict.window > 0 { json.field("window_ns", verdict.window) }
    holding.appendFields(on: judgement.status, to: &json)
  }
}
