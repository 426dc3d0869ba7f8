// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Provenance

struct WhoamiCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "whoami",
    abstract: "Show the session that this process is in.",
    discussion: """
      What a stamper would name if this process wrote: the id, and the outermost session around it \
      by its first four bytes where it is nested. The name, the intent and the id given with --id \
      are the ledger's.

      AGENT_SESSION_ID is not asked: any process can set it to anything.

      EXAMPLES
        provstamp whoami
        provstamp find --session self

      EXIT STATUS
        0 in a session, 1 outside any, 2 where that cannot be told.
      """)

  @OptionGroup var output: OutputOptions

  func run() throws {
    let sink = Sink()
    let own = OwnSession.find()
    var buffer = ByteBuffer()
    if output.json {
      var json = JSONWriter()
      json.line("whoami") { json in Self.appendFields(own, to: &json) }
      buffer = json.buffer
    } else {
      buffer.append(Self.text(own) + "\n")
    }
    sink.flush(&buffer)
    switch own {
    case .session: return
    case .outside: throw ExitCode.negative
    case .unknown: throw ExitCode.trouble
    }
  }

  private static func text(_ own: OwnSession) -> String {
    switch own {
    case .session(let id, let root):
      let nested = root.isNone ? nil : "nested in \(root)…"
      let alias = (KnownSessions.entry(id)?.alias).flatMap(SessionAccount.dashed)
      let parts = [
        "session \(id)", nested, SessionLabel.remark(id), alias.map { "also \($0)" },
      ]
      return parts.compactMap(\.self).joined(separator: "  ")
    case .outside: return "no session"
    case .unknown:
      return
        "unknown: an ancestor cannot be seen, or may not be where this process comes from; "
        + "`provstamp doctor` may say more"
    }
  }

  private static func appendFields(_ own: OwnSession, to json: inout JSONWriter) {
    switch own {
    case .session(let id, let root):
      json.field("known", true)
      SessionAccount(id, KnownSessions.entry(id)).appendFields(to: &json)
      json.field("root", root.isNone ? nil : root.description)
    case .outside:
      json.field("known", true)
      json.field("session", nil as String?)
    case .unknown:
      json.field("known", false)
      json.field("session", nil as String?)
    }
  }
}
