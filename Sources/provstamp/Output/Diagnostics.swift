// SPDX-License-Identifier: Apache-2.0
import Glibc
import Provenance
import Synchronization
import SystemPackage

/// Messages on standard error, in the form `provstamp: PATH: cause; way out`, and how many told of
/// trouble.
final class Diagnostics: Sendable {
  private let troubles = Mutex(0)

  /// Whether anything could not be read.
  var hasTrouble: Bool { troubles.withLock { $0 > 0 } }

  /// Reports an error about one file.
  func report(_ path: [UInt8], _ error: Errno, doing what: String) {
    trouble("\(Escaping.text(path)): \(what): \(Self.cause(error)); \(Self.wayOut(error))")
  }

  /// Reports an error about one file that a walk met.
  func report(_ failure: WalkFailure) {
    let what =
      switch failure.operation {
      case .examining: "cannot examine"
      case .opening: "cannot open the directory"
      case .reading: "cannot read the directory to its end"
      }
    report(failure.path, failure.error, doing: what)
  }

  func trouble(_ message: String) {
    troubles.withLock {
      $0 += 1
      Self.say(message)
    }
  }

  /// Says something that is no trouble.
  func note(_ message: String) {
    troubles.withLock { _ in Self.say(message) }
  }

  private static func say(_ message: String) {
    writeAll(Array("provstamp: \(message)\n".utf8), to: STDERR_FILENO)
  }

  /// The errno in the words of strerror(3), beginning small because it stands inside a sentence.
  private static func cause(_ error: Errno) -> String {
    let text = error.description
    return text.prefix(1).lowercased() + text.dropFirst()
  }

  private static func wayOut(_ error: Errno) -> String {
    switch error {
    case .permissionDenied, .notPermitted: "ask as its owner or as root"
    case .noSuchFileOrDirectory: "check the spelling, and the directory that you are in"
    case .fileNameTooLong: "change to a directory that is closer to it"
    case .notDirectory: "a part of the path is a file"
    case .tooManyOpenFiles, .tooManyOpenFilesInSystem: "raise the limit with ulimit -n"
    case .ioError: "the kernel's log (dmesg) may say more of the disk"
    case .staleNFSFileHandle: "mount the filesystem again"
    default: "`provstamp doctor` on its directory may say more"
    }
  }
}
