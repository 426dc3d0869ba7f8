// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Provenance

/// Which stamps to look for.
struct FilterOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Written by this session or one nested in it: its id, dashed or not, at least 4 digits of its beginning, or its name; self is the asker's, none is outside any. Several may be given, with commas.",
      valueName: "session"),
    completion: SessionQuery.completion, transform: SessionQuery.init(orExplain:))
  var session: SessionQuery?

  @Flag(help: "Leave out sessions nested in the given one.")
  var exact = false

  @Option(
    help: ArgumentHelp(
      "Written by a session that was started for this: a pattern of the shell's, or a part of the text, in either case of letters.",
      valueName: "text"))
  var intent: ByteArgument?

  @Option(
    help: ArgumentHelp("Stamped at this time or later.", valueName: "time"),
    transform: TimeArgument.init(orExplain:))
  var since: TimeArgument?

  @Option(
    help: ArgumentHelp("Stamped before this time.", valueName: "time"),
    transform: TimeArgument.init(orExplain:))
  var until: TimeArgument?

  @Option(
    name: [.long, .customLong("user")],
    help: ArgumentHelp(
      "Written by this user, by name or number. Several may be given, with commas.",
      valueName: "user"),
    completion: .custom { _, _, _ in UserNames.all() })
  var uid: CommaList<String>?

  @Option(
    help: ArgumentHelp(
      "Written by a process of this name; its first 15 bytes count, as in ps. Several may be given, with commas.",
      valueName: "name"))
  var comm: CommaList<ByteArgument>?

  @Option(
    help: ArgumentHelp(
      "Who could have forged the stamp. May be repeated, or parted by commas.", valueName: "trust"))
  var trust: [CommaList<Trust>] = []

  @Option(
    help: ArgumentHelp(
      "Whether the stamp holds, as verify tells it. May be repeated, or parted by commas.",
      valueName: "state"))
  var state: [CommaList<Verdict.State>] = []

  @Flag(help: "Files without a stamp: the same as --state unstamped.")
  var unstamped = false

  /// Whether a file passes only by what its stamp says of its writer.
  var asksAboutWriter: Bool {
    session != nil || intent != nil || since != nil || until != nil || uid != nil || comm != nil
  }

  func validate() throws {
    let states = state.flatMap(\.elements)
    if unstamped || states.contains(.unstamped), asksAboutWriter || !trust.isEmpty {
      throw ValidationError(
        "\(unstamped ? "--unstamped" : "--state unstamped"): such files have no writer to filter by; "
          + "way out: leave out the other filters")
    }
    if exact && session == nil {
      throw ValidationError("--exact says something about --session; way out: give both")
    }
  }
}

extension Trust: ExpressibleByArgument {}
extension Verdict.State: ExpressibleByArgument {}
