// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// What provstamp does in a hook of git's.
enum Hook: String, CaseIterable, ExpressibleByArgument {
  case guardCommits = "pre-commit"
  case recordCommits = "post-commit"
  case addTrailers = "prepare-commit-msg"

  /// The words after `provstamp git` that the hook runs.
  var action: String {
    switch self {
    case .guardCommits: "guard"
    case .recordCommits: "record --quiet"
    case .addTrailers: "trailers"
    }
  }
}

/// The hook's program: it runs the hook that was there before, and then provstamp.
struct HookScript: Equatable {
  let hook: Hook
  /// Path of provstamp.
  let program: [UInt8]

  private static let mark = "# provstamp hook 1: "
  private static let programKey = "program="

  /// What is added to the name of the hook that was there before.
  static let beforeSuffix = ".before-provstamp"

  var bytes: [UInt8] {
    let name = hook.rawValue
    let head = """
      #!/bin/sh
      \(Self.mark)`provstamp git remove-hook \(name)` takes it away.
      before=${0%/*}/\(name)\(Self.beforeSuffix)
      if [ -x "$before" ]; then
        "$before" "$@" || exit
      fi
      \(Self.programKey)
      """
    let tail = """

      [ -x "$program" ] || program=$(command -v provstamp) || {
        echo "provstamp: not found, so this hook does nothing: $0; way out: remove it, or install provstamp" >&2
        exit 0
      }
      exec "$program" git \(hook.action) "$@"

      """
    return Array(head.utf8) + ShellWord.quoted(program) + Array(tail.utf8)
  }

  init(_ hook: Hook, program: [UInt8]) {
    self.hook = hook
    self.program = program
  }

  /// Reads back what ``bytes`` gives, and nothing else.
  init?(_ hook: Hook, reading bytes: [UInt8]) {
    let key = Array(("\n" + Self.programKey).utf8)
    guard Self.isMarked(bytes), let start = bytes.firstRange(of: key)?.upperBound,
      let end = bytes[start...].firstRange(of: Array("\n[ -x".utf8))?.lowerBound,
      let program = ShellWord.unquoted(bytes[start..<end])
    else { return nil }
    self.init(hook, program: program)
    guard self.bytes == bytes else { return nil }
  }

  /// Whether provstamp wrote this, though somebody may have changed it since.
  static func isMarked(_ bytes: [UInt8]) -> Bool {
    bytes.starts(with: ("#!/bin/sh\n" + mark).utf8)
  }
}
