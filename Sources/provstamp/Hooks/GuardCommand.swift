// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import Provenance
import SystemPackage

struct GuardCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "guard",
    abstract: "Refuse a commit of files that another running session wrote.",
    discussion: """
      What the pre-commit hook runs. Of each file that the commit changes, the stamp in the work tree \
      is read, where the work tree still has what is committed. The commit is refused where another \
      session wrote it that still runs; the session that this one is nested in, and those nested in \
      this one, are no others.

      Sessions that have ended, or that cannot be seen from here, are no reason to refuse; nor is a \
      file of an unknown writer.

      Ways past it: git commit --no-verify, once; provstamp.allowPath in git's configuration for paths \
      that everybody may commit (a pattern of the path from the top of the tree, in which * is \
      anything, / too), and provstamp.allowSession for sessions (an id or at least 4 digits of its \
      beginning). Both may be given several times.

      EXAMPLES
        git config --add provstamp.allowPath 'locales/*'

      EXIT STATUS
        0 if nothing speaks against the commit, 1 if it is refused.
      """)

  func run() throws {
    let diagnostics = Diagnostics()
    do throws(GitFailure) {
      let findings = try CommitGuard(diagnostics)
      if findings.isClear { return }
      for line in findings.account { diagnostics.note(line) }
    } catch {
      // Git says itself what is wrong with the repository, and goes on or not.
      diagnostics.note("\(error); this commit was not looked at")
      return
    }
    throw ExitCode.negative
  }
}

/// Files of other running sessions that are about to be committed.
struct CommitGuard {
  private var paths: [SessionID: [[UInt8]]] = [:]
  private let own: OwnSession

  /// The index that is about to be committed is the one that git names to its hook.
  static let question = [
    "--no-optional-locks", "status", "--porcelain=v2", "-z", "--untracked-files=no", "--no-renames",
  ]

  init(_ diagnostics: Diagnostics) throws(GitFailure) {
    let changes = try ChangeReader(Self.question, in: [])
    var suspects: [(entry: GitStatusEntry, holding: StampReading.Holding, session: SessionID)] = []
    try changes.forEach(diagnostics) { change in
      guard change.entry.isStaged, let holding = change.writer.known, let session = holding.session,
        LiveSessions.find(session) != nil
      else { return }
      suspects.append((change.entry, holding, session))
    }
    guard !suspects.isEmpty else {
      own = .unknown
      return
    }
    own = OwnSession.find()
    let allowed = try AllowedCommits(Git(askedIn: []))
    for (entry, holding, session) in suspects {
      if own.owns(holding) || own.isWithin(holding) || allowed.contains(entry.path, session) {
        continue
      }
      if !entry.differsFromIndex || Self.isOnlyWriter(holding, entry.path, in: changes.tree) {
        paths[session, default: []].append(entry.path)
      } else {
        diagnostics.note(
          "\(Escaping.text(entry.path)): session \(session), which is still running, has written to it "
            + "since it was staged; whose the staged content is cannot be told")
      }
    }
  }

  var isClear: Bool { paths.isEmpty }

  /// Whether nobody else is on the file's record.
  private static func isOnlyWriter(
    _ holding: StampReading.Holding, _ path: [UInt8], in tree: WorkTree
  ) -> Bool {
    guard case .stamp(let stamp, let attribute) = holding else { return false }
    let earlier = try? tree.withFile(path) { file throws(Errno) in
      try EarlierStamps.read(file, beside: stamp, in: attribute)
    }
    return (earlier ?? nil)?.allSatisfy { $0.writer.isSameWriter(as: stamp.writer) } ?? false
  }

  /// What is said where the commit is refused.
  var account: [String] {
    let sessions = paths.sorted { $0.key.description < $1.key.description }
    let count = sessions.count == 1 ? "another session" : "\(sessions.count) other sessions"
    var lines = ["this commit holds files of \(count) still running:"]
    for (session, paths) in sessions {
      let name = SessionLabel.text(session).map { " \"\(Escaping.text($0.utf8))\"" } ?? ""
      lines.append("  session \(session)\(name)")
      lines += paths.map { "    \(Escaping.text($0))" }
    }
    if case .unknown = own {
      lines.append("this process's own session cannot be told: it may be one of these")
    }
    return lines + [wayOut]
  }

  private var wayOut: String {
    // `git commit -a` and `git commit PATH` commit an index of their own, which is gone afterwards.
    let index = getenv("GIT_INDEX_FILE").map { String(cString: $0) } ?? "index"
    let isOwnIndex = index.hasSuffix(".lock")
    let names = paths.values.joined().map { ShellWord.shown(Array(":(top,literal)".utf8) + $0) }
    let first =
      isOwnIndex
      ? "name the files that you want to commit, and not these"
      : "`git reset -q -- \(names.sorted().joined(separator: " "))` leaves them out"
    return
      "way out: \(first); or wait for the session to end; git commit --no-verify commits all the same"
  }
}

/// What the repository's configuration lets everybody commit.
private struct AllowedCommits {
  private let patterns: [[UInt8]]
  private let sessions: [SessionPrefix]

  init(_ git: Git) throws(GitFailure) {
    patterns = try Self.values("provstamp.allowPath", git)
    sessions = try Self.values("provstamp.allowSession", git).compactMap {
      SessionPrefix(String(decoding: $0, as: UTF8.self))
    }
  }

  func contains(_ path: [UInt8], _ session: SessionID) -> Bool {
    sessions.contains { $0.matches(session) }
      || patterns.contains { pattern in
        withCPath(pattern) { pattern in withCPath(path) { fnmatch(pattern, $0, 0) == 0 } }
      }
  }

  private static func values(_ key: String, _ git: Git) throws(GitFailure) -> [[UInt8]] {
    (try git.value(["config", "-z", "--get-all", key]) ?? []).split(separator: 0).map(Array.init)
  }
}
