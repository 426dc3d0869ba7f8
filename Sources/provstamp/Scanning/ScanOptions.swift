// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Provenance

/// What a scan goes through.
struct ScanOptions: ParsableArguments {
  /// One kind of file, by the letter that find(1) has for it.
  enum Kind: String, ExpressibleByArgument, CaseIterable {
    case file = "f"
    case directory = "d"
    case link = "l"
    case fifo = "p"
    case socket = "s"
    case block = "b"
    case character = "c"
    case any

    var entryKinds: WalkEntry.Kinds {
      switch self {
      case .file: [.regular]
      case .directory: [.directory]
      case .link: [.symbolicLink]
      case .fifo: [.fifo]
      case .socket: [.socket]
      case .block: [.blockDevice]
      case .character: [.characterDevice]
      case .any: .all
      }
    }
  }

  @Flag(
    name: [.customShort("x"), .customLong("one-file-system")],
    help: "Do not enter other filesystems than each path's own.")
  var staysOnFilesystem = false

  @Option(
    name: .customLong("type"),
    help: ArgumentHelp(
      "Only this kind of file: f, d, l, p, s, b, c as in find(1), or any. May be repeated, or parted by commas.",
      valueName: "kind"))
  var kinds: [CommaList<Kind>] = []

  @Option(
    name: .customLong("name"),
    help: ArgumentHelp(
      "Only files whose last name matches this pattern of the shell's. May be repeated.",
      valueName: "glob"))
  var names: [ByteArgument] = []

  @Option(
    name: .customLong("exclude"),
    help: ArgumentHelp(
      "Leave out files and directories of which the last name matches or, with a slash in the pattern, the path. May be repeated.",
      valueName: "glob"))
  var excluded: [ByteArgument] = []

  @Option(
    help: ArgumentHelp(
      "Enter directories at most so many levels below the paths that were named; 0 looks at these alone.",
      valueName: "levels"))
  var maxDepth: Int?

  @Flag(
    name: .customLong("git-dir"),
    help: "Enter .git directories, which are left out unless they are named.")
  var entersGitDirectories = false

  func validate() throws {
    if let maxDepth, maxDepth < 0 {
      throw ValidationError("--max-depth \(maxDepth): less than 0; way out: --max-depth 1")
    }
  }

  /// The kinds that were asked for, or else `fallback`.
  func entryKinds(else fallback: Kind) -> WalkEntry.Kinds {
    (kinds.isEmpty ? [fallback] : kinds.flatMap(\.elements)).reduce([]) { $0.union($1.entryKinds) }
  }
}
