// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import SystemPackage

/// A file of somebody's settings. It is replaced whole or not at all, and keeps its mode; where it is a
/// symbolic link, what that leads to is replaced.
struct SettingsFile {
  let path: [UInt8]
  private static let most = 4 << 20

  /// Nothing where there is no file.
  ///
  /// - Throws: the error of open(2) or read(2); `Errno.fileTooLarge`.
  func read() throws(Errno) -> [UInt8] {
    do throws(Errno) {
      let bytes = try WholeFile.read(path, atMost: Self.most)
      guard bytes.count < Self.most else { throw .fileTooLarge }
      return bytes
    } catch {
      guard error == .noSuchFileOrDirectory else { throw error }
      return []
    }
  }

  /// - Throws: the error of mkdir(2), open(2), write(2) or rename(2); `Errno.permissionDenied` where the file
  ///   belongs to somebody else, who would lose it.
  func write(_ bytes: [UInt8]) throws(Errno) {
    let target = Self.target(of: path)
    var mode: mode_t = 0o644
    var status = stat()
    if withCPath(target, { stat($0, &status) }) == 0 {
      guard status.st_uid == geteuid() else { throw .permissionDenied }
      mode = status.st_mode & 0o777
    } else {
      try Self.makeDirectory(above: target)
    }
    let draft = target + Array(".provstamp-\(getpid())".utf8)
    let opened = withCPath(draft) {
      prov_openat(AT_FDCWD, $0, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
    }
    guard opened >= 0 else { throw Errno(rawValue: -opened) }
    var error = writeAll(bytes, to: opened)
    if error == 0 && fchmod(opened, mode) != 0 { error = errno }
    if error == 0 && fsync(opened) != 0 { error = errno }
    if close(opened) != 0 && error == 0 { error = errno }
    if error == 0 { error = WholeFile.rename(draft, to: target) }
    if error != 0 {
      _ = withCPath(draft) { unlink($0) }
      throw Errno(rawValue: error)
    }
  }

  private static func makeDirectory(above path: [UInt8]) throws(Errno) {
    guard let slash = path.lastIndex(of: UInt8(ascii: "/")), slash > 0 else { return }
    let directory = Array(path[..<slash])
    guard withCPath(directory, { mkdir($0, 0o755) }) != 0, errno != EEXIST else { return }
    throw Errno(rawValue: errno)
  }

  private static func target(of path: [UInt8]) -> [UInt8] {
    guard let resolved = withCPath(path, { realpath($0, nil) }) else { return path }
    defer { free(resolved) }
    return Array(UnsafeRawBufferPointer(start: resolved, count: strlen(resolved)))
  }
}
