// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Provenance

/// Which stamps to look for.
struct FilterOptions: ParsableArguments {
  /// One state, or several with commas.
  struct States: ExpressibleByArgument {
    var states: [Verdict.State]

    init?(argument: String) {
      states = []
      for name in argument.split(separator: ",", omittingEmptySubsequences: false) {
        guard let state = Verdict.State(rawValue: String(name)) else { return nil }
        states.append(state)
      }
    }

    static var allValueStrings: [String] { Verdict.State.allCases.map(\.rawValue) }
    static var defaultCompletionKind: CompletionKind { .list(allValueStrings) }
  }

  @Option(
    help: ArgumentHelp(
      "Written by this session or one nested in it: its id, dashed or not, at least 4 digits of its beginning, or its name; self is the asker's, none is outside any. Several may be given, with commas.",
      valueName: "session"),
    completion: SessionQuery.completion, transform: SessionQuery.init(orExplain:))
  var session: SessionQuery?

  @Flag(help: "Leave out sessions nested in the given one.")
  var exact = false

  @Option(
    help: ArgumentHelp("Stamped at this time or later.", valueName: "time"),
    transform: TimeArgument.init(orExplain:))
  var since: TimeArgument?

  @Option(
    help: ArgumentHelp("Stamped before this time.", valueName: "time"),
    transform: TimeArgument.init(orExplain:))
  var until: TimeArgument?

  @Option(help: ArgumentHelp("Written by this user, by name or number.", valueName: "user"))
  var uid: String?

  @Option(
    help: ArgumentHelp(
      "Written by a process of this name; its first 15 bytes count, as in ps.", valueName: "name"))
  var comm: ByteArgument?

  @Option(help: "Who could have forged the stamp. May be repeated.")
  var trust: [Trust] = []

  @Option(
    help: ArgumentHelp(
      "Whether the stamp holds, as verify tells it. May be repeated, or parted by commas.",
      valueName: "state"))
  var state: [States] = []

  @Flag(help: "Files without a stamp: the same as --state unstamped.")
  var unstamped = false

  func validate() throws {
    let asksAboutWriter =
      session != nil || since != nil || until != nil || uid != nil || comm != nil || !trust.isEmpty
    if unstamped && asksAboutWriter {
      throw ValidationError(
        "--unstamped files have no writer to filter by; way out: leave out the other filters")
    }
    if exact && session == nil {
      throw ValidationError("--exact says something about --session; way out: give both")
    }
  }
}

extension Trust: ExpressibleByArgument {}
