// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

struct RecordCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "record",
    abstract: "Keep with the last commit who wrote its files.",
    discussion: """
      What the post-commit hook runs. For each path that the commit at HEAD changed, the stamp that the \
      file in the work tree bears goes into the commit's note under refs/notes/provenance: if the stamp \
      holds, and if the file still is what was committed. provstamp blame reads these notes.

      Of a merge, paths count that are as no parent has them. Commits that git makes anew from others, \
      as rebase and cherry-pick do, get the records of those, where the content came through whole.

      Notes are claims: whoever may push them can write anything into them.

      EXAMPLES
        provstamp git record
        git log --notes=provenance -1

      EXIT STATUS
        0 if something was recorded, 1 if nothing, 2 on trouble.
      """)

  @Flag(
    name: [.short, .long], help: "Say only what could not be recorded, although it is stamped.")
  var quiet = false

  func run() throws {
    let diagnostics = Diagnostics()
    try reportingFailure {
      let recorder = try CommitRecorder(diagnostics)
      if !recorder.differing.isEmpty {
        let names = recorder.differing.map { Escaping.text($0) }
        diagnostics.note(
          "not recorded, because the work tree has something else than was committed: "
            + names.prefix(10).joined(separator: ", ")
            + (names.count > 10 ? ", and \(names.count - 10) more" : ""))
      }
      if !quiet { diagnostics.note(recorder.summary) }
      if recorder.recorded == 0 { throw ExitCode.negative }
    }
    if diagnostics.hasTrouble { throw ExitCode.trouble }
  }
}

extension CommitRecorder {
  /// What was done, in words.
  var summary: String {
    let what = "\(recorded) \(recorded == 1 ? "path" : "paths") recorded"
    if isCarried { return what + "; the commit was made from another, whose records count" }
    let causes = unknown.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
    return causes.isEmpty ? what : "\(what); not recorded: \(causes.joined(separator: ", "))"
  }
}
