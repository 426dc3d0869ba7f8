// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Provenance

struct SessionsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sessions",
    abstract: "Show which sessions wrote here, and how much.",
    discussion: """
      One entry for each session that a stamp names: how many files it wrote last, their size, when \
      its first and last of these were stamped, the programs and users that wrote. What was written \
      outside any session is the last entry. Files that only carry a copy of a stamp are counted \
      apart: that session did not write them here.

      An overwritten file counts for its last writer alone; provstamp log knows the earlier ones.

      EXAMPLES
        provstamp sessions
        provstamp sessions --json /srv | jq 'select(.type == "session") | .session'

      EXIT STATUS
        0 if a stamp was found, 1 if not, 2 on trouble.
      """)

  @OptionGroup var operands: Operands

  @OptionGroup var scan: ScanOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let context = try ScanContext(operands, scan, kinds: .file, output)
    let diagnostics = context.diagnostics
    let (visitors, counts) = context.run { SessionsVisitor(context) }
    let sessions = visitors.reduce(into: [SessionID: SessionTotals]()) {
      $0.merge($1.sessions) { $0 + $1 }
    }
    let ordered = sessions.sorted { left, right in
      if left.key.isNone != right.key.isNone { return right.key.isNone }
      return (right.value.last, left.key.description) < (left.value.last, right.key.description)
    }
    var buffer = ByteBuffer()
    var json = JSONWriter()
    for (id, totals) in ordered {
      if output.json {
        json.line("session") { totals.appendFields(id, to: &$0) }
      } else {
        totals.appendText(id, context.style, to: &buffer)
      }
    }
    if output.json {
      json.line("summary") { json in
        json.field("examined", counts.examined)
        json.field("unstamped", counts.unstamped)
        json.field("malformed", counts.malformed)
        json.field("unreadable", counts.unreadable)
        json.field("git_directories_left_out", counts.gitDirectories)
      }
    }
    context.sink.flush(&buffer)
    context.sink.flush(&json.buffer)
    if !output.json {
      diagnostics.note(
        "\(counted(counts.examined, "file")): \(counts.unstamped) unstamped, \(counts.malformed) malformed, "
          + "\(counts.unreadable) unreadable")
      if let leftOut = counts.leftOut { diagnostics.note(leftOut) }
    }
    if diagnostics.hasTrouble { throw ExitCode.trouble }
    if sessions.isEmpty { throw ExitCode.negative }
  }
}
