// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import SystemPackage

/// One entry of a directory: a record of getdents64(2), where that has put it.
package struct DirectoryEntry {
  private let record: UnsafeRawPointer
  /// Bytes of the record: the next one follows it.
  package let length: Int

  // struct linux_dirent64: d_ino, d_off, d_reclen, d_type, d_name.
  private static let nameOffset = 19

  /// The first record in `bytes`; nil where there is no whole one.
  @inline(__always)
  package init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count > Self.nameOffset, let start = bytes.baseAddress else { return nil }
    record = start
    length = Int(start.loadUnaligned(fromByteOffset: 16, as: UInt16.self))
    guard length > Self.nameOffset, length <= bytes.count else { return nil }
  }

  package var inode: UInt64 { record.loadUnaligned(as: UInt64.self) }

  /// Where the next entry begins, as lseek(2) takes it: a cookie, not a position.
  package var next: off_t { off_t(record.loadUnaligned(fromByteOffset: 8, as: Int64.self)) }

  /// `DT_*`; 0 where the filesystem does not tell. Shifted by twelve bits it is that of `st_mode`.
  package var type: UInt8 { record.load(fromByteOffset: 18, as: UInt8.self) }

  package var name: UnsafePointer<CChar> {
    (record + Self.nameOffset).assumingMemoryBound(to: CChar.self)
  }

  /// `.` or `..`
  package var isDots: Bool {
    let dot = CChar(46)
    return name[0] == dot && (name[1] == 0 || (name[1] == dot && name[2] == 0))
  }
}

/// The names in a directory that are UTF-8, but for "." and "..".
///
/// - Throws: the error of getdents64(2).
func directoryNames(_ directory: borrowing OwnedDescriptor) throws(Errno) -> [String] {
  try directory.withNumber { number throws(Errno) in
    var names: [String] = []
    try withUnsafeTemporaryAllocation(byteCount: 1 << 15, alignment: 8) { buffer throws(Errno) in
      while true {
        let filled = try valueOrErrno(prov_getdents64(number, buffer.baseAddress, buffer.count))
        guard filled > 0 else { return }
        var rest = UnsafeRawBufferPointer(rebasing: buffer[..<filled])
        while let entry = DirectoryEntry(rest) {
          if !entry.isDots, let name = String(validatingCString: entry.name) { names.append(name) }
          rest = UnsafeRawBufferPointer(rebasing: rest[entry.length...])
        }
      }
    }
    return names
  }
}
