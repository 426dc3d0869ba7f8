// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Provenance
import SystemPackage

/// What can be stamped in a directory, found out by trying on a file that is never visible.
struct FileFindings {
  private let path: [UInt8]
  private let shown: String
  /// As a shell takes it.
  private let word: String

  init(_ path: [UInt8]) {
    self.path = path
    shown = Escaping.text(path)
    word = ShellWord.path(path)
  }

  func all() -> [Finding] {
    let directory = (path + [0]).withUnsafeBufferPointer { bytes in
      bytes.withMemoryRebound(to: CChar.self) { name in
        name.baseAddress.map { prov_openat(AT_FDCWD, $0, O_RDONLY | O_DIRECTORY, 0) } ?? -EINVAL
      }
    }
    guard directory >= 0 else {
      return [
        .fail(
          "directory", "\(shown): \(Errno(rawValue: -directory))",
          "name a directory that you may read")
      ]
    }
    defer { close(directory) }
    return [watching(directory)] + attributes(directory)
  }

  /// Whether something stamps what is written here.
  private func watching(_ directory: CInt) -> Finding {
    switch Watch(directory) {
    case .lsm: return .ok("watched", "\(shown): the LSM stamps what is written here")
    case .view(let mode):
      let mode = mode.map { " (\(Escaping.text($0)))" } ?? ""
      return .ok(
        "watched", "\(shown): in a view of provfs, which stamps what is written here\(mode)")
    case .nothing:
      return coveredDirectory
        ?? .warn(
          "watched", "\(shown): nothing stamps what is written here",
          "provfs \(word) \(word)   makes a view of it, in its place")
    }
  }

  /// A relative path begins in a directory that a view was mounted on later.
  private var coveredDirectory: Finding? {
    guard path.first != UInt8(ascii: "/"), WorkingDirectory.isCovered else { return nil }
    return .warn(
      "watched",
      "\(shown): this directory is in a view by its path, but you have been in it since before the view "
        + "was mounted: what you write by relative paths goes past the view",
      "cd \(ShellWord.path(WorkingDirectory.path))   enters it anew, within the view")
  }

  private func attributes(_ directory: CInt) -> [Finding] {
    let writing = CInt(PROV_O_TMPFILE) | O_RDWR
    let descriptor = prov_openat(directory, ".", writing, 0o600)
    guard descriptor >= 0 else {
      return [reading(FileReference(descriptor: directory), Errno(rawValue: -descriptor))]
    }
    defer { close(descriptor) }
    let file = FileReference(descriptor: descriptor)
    var findings = [setting(file, "user.provstamp", in: "user")]
    if geteuid() == 0 { findings.append(setting(file, "security.provstamp", in: "security")) }
    return findings
  }

  /// Tries to set an attribute of a stamp's size. Its name is not one that stampers reserve.
  private func setting(_ file: FileReference, _ name: String, in space: String) -> Finding {
    let value = [UInt8](repeating: 1, count: Stamp.size)
    let result = value.withUnsafeBytes {
      prov_setxattrat(file.directory, file.name, name, $0.baseAddress, $0.count, 0)
    }
    switch -result {
    case 0:
      return .ok("xattr-\(space)", "\(shown): a stamp fits, in \(space).prov")
    case EOPNOTSUPP:
      return .fail(
        "xattr-\(space)", "\(shown): this filesystem keeps no \(space).* attributes",
        "keep the tree on ext4, XFS, Btrfs or tmpfs (user.* there since Linux 6.6)")
    default:
      return .fail(
        "xattr-\(space)",
        "\(shown): cannot set a \(space).* attribute: \(Errno(rawValue: -result))",
        "free space or raise the quota where it is full; else ask as root")
    }
  }

  /// Where no file can be made: whether attributes can be read at least.
  private func reading(_ file: FileReference, _ error: Errno) -> Finding {
    do throws(Errno) {
      if case .unstamped(.noAttributes) = try StampReading(file).holding {
        return .fail(
          "xattr", "\(shown): this filesystem keeps no extended attributes",
          "keep the tree on ext4, XFS, Btrfs or tmpfs")
      }
      return .warn(
        "xattr", "\(shown): stamps can be read; setting one could not be tried: \(error)",
        "ask as a user who may write there")
    } catch {
      return .fail("xattr", "\(shown): \(error)", "ask as a user who may read it")
    }
  }
}
