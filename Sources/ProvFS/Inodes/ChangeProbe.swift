// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import Provenance
import SystemPackage

/// Finds out whether a filesystem's timestamps tell of every change of content, so that it is noticed
/// although nobody has asked the daemon to make it.
///
/// They do since Linux 6.13 on filesystems with multigrain timestamps (btrfs, ext4, xfs, tmpfs): a
/// change that follows a look at mtime moves it. Before, two changes within a clock tick look the same.
/// tmpfs does not tell of stores through mappings at all.
enum ChangeProbe {
  private static let size = 4096
  /// More than a clock tick can pass between by chance.
  private static let attempts = 16

  /// - Parameter directory: on the filesystem; a file without a name is made in it.
  static func showsChanges(in directory: CInt) -> Bool {
    let file = prov_openat(directory, ".", CInt(PROV_O_TMPFILE) | O_RDWR, 0o600)
    guard file >= 0 else { return false }
    defer { close(file) }
    guard prov_ftruncate(file, off_t(size)) == 0 else { return false }
    return (try? showsWrites(file) && showsStores(file)) ?? false
  }

  private static func showsWrites(_ file: CInt) throws(Errno) -> Bool {
    var version = try version(file)
    for attempt in 0..<attempts {
      var byte = UInt8(attempt)
      guard prov_pwrite(file, &byte, 1, 0) == 1 else { return false }
      guard try changed(&version, file) else { return false }
    }
    return true
  }

  /// A store to a page that is clean shows; and writing back cleans it.
  private static func showsStores(_ file: CInt) throws(Errno) -> Bool {
    guard let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0),
      memory != MAP_FAILED
    else { return false }
    defer { munmap(memory, size) }
    var version = try version(file)
    for attempt in 0..<2 {
      guard prov_write_back(file) == 0 else { return false }
      memory.storeBytes(of: UInt8(attempt), as: UInt8.self)
      guard try changed(&version, file) else { return false }
    }
    return true
  }

  private static func changed(_ version: inout ContentVersion, _ file: CInt) throws(Errno) -> Bool {
    let before = version
    version = try Self.version(file)
    return version != before
  }

  private static func version(_ file: CInt) throws(Errno) -> ContentVersion {
    ContentVersion(try statx(of: file, UInt32(STATX_BASIC_STATS)))
  }
}
