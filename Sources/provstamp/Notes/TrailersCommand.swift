// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Provenance

struct TrailersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trailers",
    abstract: "Name in a commit's message the sessions that wrote its files.",
    discussion: """
      What the prepare-commit-msg hook runs. Adds a line `Agent-Session: ID` for each session that is \
      known to have written a file that the commit changes, unless the message has it already. The \
      message is git's to edit afterwards: a trailer is a hint for readers, and no proof.
      """)

  @Argument(help: ArgumentHelp("The message, as git names it to the hook.", valueName: "file"))
  var message: ByteArgument

  @Argument(help: ArgumentHelp("What else git says to the hook.", visibility: .hidden))
  var rest: [ByteArgument] = []

  func run() throws {
    let diagnostics = Diagnostics()
    try reportingFailure {
      let changes = try ChangeReader(CommitGuard.question, in: [])
      var sessions: Set<SessionID> = []
      try changes.forEach(diagnostics) { change in
        guard change.entry.isStaged, !change.entry.differsFromIndex,
          let session = change.writer.session, !session.isNone
        else { return }
        sessions.insert(session)
      }
      if sessions.isEmpty { return }
      let trailers = sessions.map(\.description).sorted().flatMap {
        ["--trailer", "Agent-Session: \($0)"]
      }
      _ = try Git(askedIn: []).output(
        ["interpret-trailers", "--in-place", "--if-exists", "addIfDifferent"] + trailers,
        paths: [message.bytes])
    }
  }
}
