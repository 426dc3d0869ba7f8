// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Tell all that a session wrote that is still here, and what that leaves out.",
    discussion: """
      For a session, those nested in it included, or without --session for all: which files it \
      created, changed, or wrote over what others had written, and whose; which it wrote once and \
      others have since; directories with all below them; a timeline; which stamps do not hold. \
      Without a path, the current directory is reported on.

      Coverage says which filesystems are watched, by what, and since when. A report says that it \
      is whole only where everything was watched since before the session began, and could be read. \
      Removed files are in no report: a stamp goes with its file.

      DEEDS
        created    made, and nobody else is on record
        overwrote  over what another writer, who is on record, had written
        changed    a file that was there before; whose that was is not on record

      LOOK AT THESE FIRST
        executable  may be run            set-id      runs as its owner or group
        git-hook    git runs it           git-config  can name programs that git runs
        ci          continuous integration runs what it says
        credential  named as keys, passwords and tokens are
        dotfile     its name, or a directory's below the path, begins with a dot

      They are told by name and mode alone: no file is opened. Of .git directories hooks and config \
      are looked at, the rest only with --git-dir or where such a directory is named.

      EXAMPLES
        provstamp report --session 3f2a99c1
        provstamp report --session parser --markdown > report.md
        provstamp report --csv /srv/data
        provstamp report --html > sessions.html

      EXIT STATUS
        0 if something was written, 1 if nothing was found, 2 on trouble.
      """)

  @OptionGroup var options: ReportOptions

  func run() throws {
    let report = try options.run()
    if report.files.isEmpty && report.lost.isEmpty { throw ExitCode.negative }
  }
}

struct AuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Report on a session, and fail where somebody should look.",
    discussion: """
      Prints what report prints. A finding is a file to look at first, a stamp that does not hold or \
      may not, a file written over what somebody else had written or overwritten since, and a report \
      that is not whole, because something was not watched or could not be read.

      EXAMPLES
        provstamp audit --session 3f2a99c1
        provstamp audit --session parser --json src | jq 'select(.type == "summary") | .findings'

      EXIT STATUS
        0 if there is no finding, 1 if there is, 2 on trouble.
      """)

  @OptionGroup var options: ReportOptions

  func run() throws {
    if try options.run().findings > 0 { throw ExitCode.negative }
  }
}
