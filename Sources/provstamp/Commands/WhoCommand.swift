// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Provenance
import SystemPackage

struct WhoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "who",
    abstract: "Tell who last wrote each file.",
    discussion: """
      For each file: the writing session, the process as name[pid], the user, when, and who could \
      have forged that (kernel: nobody; privileged: only root; advisory: the file's owner).

      A stamp that does not hold any more is never shown as if it did: the line then begins with \
      unproven, changed, copied, malformed or unstamped, and says why.

      EXAMPLES
        provstamp who report.md
        provstamp who --json src/*.c
        git diff --relative --diff-filter=d --name-only -z | provstamp who -0 --files-from -

      EXIT STATUS
        0 if every file's writer is known, 1 if not, 2 on trouble.
      """)

  @OptionGroup var operands: Operands
  @OptionGroup var output: OutputOptions

  func validate() throws {
    try operands.requireSome()
  }

  func run() throws {
    let session = FileSession(operands, output)
    var isKnown = true
    for path in try operands.resolve(session.diagnostics) {
      session.withFile(path) { file throws(Errno) in
        let judgement = try Verifier().judge(file)
        isKnown = isKnown && judgement.verdict.state == .ok
        session.print(FileRecord(path: path, judgement: judgement))
      }
    }
    try session.finish(isPositive: isKnown)
  }
}
