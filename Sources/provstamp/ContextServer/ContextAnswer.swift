// SPDX-License-Identifier: Apache-2.0
import SystemPackage

/// What a command of provstamp said to a call.
struct ContextAnswer {
  /// Whole lines of JSON.
  let records: [UInt8]
  /// What was said on standard error, and what was left out.
  let remarks: [UInt8]
  let isTrouble: Bool

  /// Most bytes of records: a model has to read them.
  static let mostBytes = 200_000

  /// Runs this program itself: the answer is what anybody gets who asks on a command line.
  init(_ words: [[UInt8]]) {
    do throws(Errno) {
      let program = try Program([Array("/proc/self/exe".utf8)] + words)
      let output = try program.readToEnd()
      let (status, complaint) = program.finish()
      let (kept, dropped) = Self.cut(output)
      records = kept
      let remark =
        dropped == 0
        ? ""
        : "provstamp: \(dropped) lines left out before the last one; ask for less: paths, session, exclude\n"
      remarks = complaint + Array(remark.utf8)
      isTrouble = status > 1
    } catch {
      records = []
      remarks = Array("provstamp: cannot run: \(error)".utf8)
      isTrouble = true
    }
  }

  /// The first lines, and the last one, which is a summary.
  static func cut(_ output: [UInt8], to most: Int = mostBytes) -> (kept: [UInt8], dropped: Int) {
    guard output.count > most else { return (output, 0) }
    let newline = UInt8(ascii: "\n")
    let lines = output.split(separator: newline)
    guard let last = lines.last else { return ([], 0) }
    var kept: [UInt8] = []
    var count = 0
    for line in lines.dropLast() {
      guard kept.count + line.count + last.count + 2 <= most else { break }
      kept += line + [newline]
      count += 1
    }
    return (kept + last + [newline], lines.count - 1 - count)
  }

  /// As the result of `tools/call`.
  func append(to json: inout JSONWriter) {
    let texts = [records, remarks].filter { !$0.isEmpty }.map {
      String(decoding: $0, as: UTF8.self)
    }
    json.field("content", array: texts.isEmpty ? ["nothing found"] : texts) { json, text in
      json.object { json in
        json.field("type", "text")
        json.field("text", text)
      }
    }
    json.field("isError", isTrouble)
  }
}
