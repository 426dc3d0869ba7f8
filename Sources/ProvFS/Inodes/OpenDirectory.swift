// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc
import Provenance
import SystemPackage

/// A directory that is open in the view; its address is the FUSE file handle. The kernel reads a
/// directory by one request at a time.
struct OpenDirectory: ~Copyable {
  let descriptor: CInt
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 32768, alignment: 8)
  /// Unread bytes of `buffer`.
  private var unread = 0..<0
  /// The offset of the next unread entry, as the source counts: a cookie, not a position.
  private var offset: off_t = 0

  init(descriptor: CInt) {
    self.descriptor = descriptor
  }

  deinit {
    close(descriptor)
    buffer.deallocate()
  }

  static func reference(
    _ info: UnsafeMutablePointer<fuse_file_info>?
  ) -> UnsafeMutablePointer<OpenDirectory>? {
    info.flatMap { UnsafeMutablePointer(bitPattern: UInt($0.pointee.fh)) }
  }

  /// One entry, valid until the next call.
  struct Entry {
    let inode: UInt64
    /// Where the next one begins.
    let next: off_t
    /// A type bit of `st_mode`, or zero where the source does not tell.
    let type: mode_t
    let name: UnsafePointer<CChar>

    /// `.` or `..`
    var isDot: Bool {
      name[0] == 46 && (name[1] == 0 || (name[1] == 46 && name[2] == 0))
    }
  }

  /// Goes to the entry at `offset`, unless the next unread one is it.
  mutating func seek(_ offset: off_t) throws(Errno) {
    guard offset != self.offset else { return }
    _ = try valueOrErrno(prov_lseek(descriptor, offset, SEEK_SET))
    self.offset = offset
    unread = 0..<0
  }

  /// The next entry, or nil at the end. It stays the next one until ``advance(_:)``.
  mutating func peek() throws(Errno) -> Entry? {
    if unread.isEmpty {
      let count = try valueOrErrno(
        prov_getdents64(descriptor, buffer.baseAddress!, buffer.count))
      guard count > 0 else { return nil }
      unread = 0..<count
    }
    // struct linux_dirent64: d_ino, d_off, d_reclen, d_type, d_name.
    let record = UnsafeRawPointer(buffer.baseAddress! + unread.lowerBound)
    return Entry(
      inode: record.loadUnaligned(as: UInt64.self),
      next: off_t(record.loadUnaligned(fromByteOffset: 8, as: Int64.self)),
      type: mode_t(record.load(fromByteOffset: 18, as: UInt8.self)) << 12,
      name: (record + 19).assumingMemoryBound(to: CChar.self))
  }

  mutating func advance(_ entry: Entry) {
    let record = UnsafeRawPointer(buffer.baseAddress! + unread.lowerBound)
    let length = Int(record.loadUnaligned(fromByteOffset: 16, as: UInt16.self))
    unread = min(unread.lowerBound + length, unread.upperBound)..<unread.upperBound
    offset = entry.next
  }
}
