// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

struct GitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "git",
    abstract: "Guard and record commits in a git repository.",
    discussion: """
      EXAMPLES
        provstamp git install-hook               Refuse commits of others' files.
        provstamp git install-hook post-commit   Keep writers with each commit.
        provstamp git show-hook
        provstamp git remove-hook
      """,
    subcommands: [
      InstallHookCommand.self, RemoveHookCommand.self, ShowHookCommand.self, GuardCommand.self,
      RecordCommand.self, TrailersCommand.self,
    ])
}
