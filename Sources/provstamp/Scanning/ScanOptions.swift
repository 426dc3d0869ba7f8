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
      "Only this kind of file: f, d, l, p, s, b, c as in find(1), or any. May be repeated.",
      valueName: "kind"))
  var kinds: [Kind] = []

  /// The kinds that were asked for, or else `fallback`.
  func entryKinds(else fallback: Kind) -> WalkEntry.Kinds {
    (kinds.isEmpty ? [fallback] : kinds).reduce([]) { $0.union($1.entryKinds) }
  }
}
