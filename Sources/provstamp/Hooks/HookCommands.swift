// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import SystemPackage

/// Which hooks of which repository.
struct HookOptions: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "pre-commit refuses others' files, post-commit records writers, prepare-commit-msg adds trailers.",
      valueName: "hook"))
  var hooks: [Hook] = []

  @Option(
    name: .customShort("C"),
    help: ArgumentHelp("In the repository around this directory.", valueName: "directory"),
    completion: .directory)
  var directory: ByteArgument?

  /// The hooks that were named, or else `fallback`.
  func chosen(else fallback: [Hook]) -> [Hook] {
    hooks.isEmpty ? fallback : hooks
  }
}

struct InstallHookCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "install-hook",
    abstract: "Have git ask provstamp at every commit.",
    discussion: """
      Without a name, pre-commit is installed. A hook that is there already is kept: provstamp's runs \
      it first, and goes on only where it succeeds. Git says where hooks are, so core.hooksPath \
      counts; where that is set for all your repositories, --shared is needed. All work trees of a \
      repository share its hooks.

      post-commit also has git carry the notes through amend and rebase (notes.rewriteRef) and merge \
      them line by line (notes.provenance.mergeStrategy).

      EXAMPLES
        provstamp git install-hook
        provstamp git install-hook pre-commit post-commit
      """)

  @OptionGroup var options: HookOptions

  @Flag(help: "Also where the hooks are those of other repositories too.")
  var shared = false

  func run() throws {
    try reportingFailure {
      let place = try HookPlace(of: options.directory?.bytes ?? [])
      let installer = try HookInstaller(place)
      if place.isShared && !shared {
        throw GitFailure(
          "\(Escaping.text(place.directory)): the hooks of all repositories that core.hooksPath is set for "
            + "(\(place.scope ?? "")); way out: --shared, if that is what you want")
      }
      for hook in options.chosen(else: [.guardCommits]) {
        say(try installer.install(hook))
      }
    }
  }
}

struct RemoveHookCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove-hook",
    abstract: "Take provstamp's hooks away again.",
    discussion: """
      Without a name, all of provstamp's are removed. A hook that was there before is put back. One \
      that somebody has changed since is left alone.

      EXIT STATUS
        0 if something was removed, 1 if nothing was there, 2 on trouble.
      """)

  @OptionGroup var options: HookOptions

  func run() throws {
    try reportingFailure {
      let installer = try HookInstaller(HookPlace(of: options.directory?.bytes ?? []))
      let removed = try options.chosen(else: Hook.allCases).compactMap(installer.remove)
      removed.forEach(say)
      if removed.isEmpty { throw ExitCode.negative }
    }
  }
}

struct ShowHookCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show-hook",
    abstract: "Show which hooks are provstamp's, and where.",
    discussion: """
      EXIT STATUS
        0 if one of those that were named (else of all) is provstamp's, 1 if none, 2 on trouble.
      """)

  @OptionGroup var options: HookOptions

  func run() throws {
    try reportingFailure {
      let place = try HookPlace(of: options.directory?.bytes ?? [])
      var isInstalled = false
      for hook in options.chosen(else: Hook.allCases) {
        let installed = try HookInstaller.look(hook, place)
        if case .provstamp = installed.state { isInstalled = true }
        say("\(Escaping.text(installed.path)): \(installed.summary)")
      }
      if !isInstalled { throw ExitCode.negative }
    }
  }
}

extension InstalledHook {
  /// What it is, in words.
  var summary: String {
    let chained = hasBefore ? ", after \(Escaping.text(pathBefore))" : ""
    switch state {
    case .absent: return "none"
    case .provstamp(let script): return "provstamp, \(Escaping.text(script.program))\(chained)"
    case .edited: return "provstamp, changed since it was installed\(chained)"
    case .other: return "not provstamp's"
    }
  }
}

/// Runs what asks git or changes hooks; a failure is reported, and trouble.
func reportingFailure(_ body: () throws -> Void) throws {
  do {
    try body()
  } catch let failure as GitFailure {
    Diagnostics().trouble(failure.description)
    throw ExitCode.trouble
  }
}

/// Prints a line.
private func say(_ line: String) {
  writeAll(Array("\(line)\n".utf8), to: STDOUT_FILENO)
}
