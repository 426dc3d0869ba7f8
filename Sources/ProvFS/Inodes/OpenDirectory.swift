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

  /// Goes to the entry at `offset`, unless the next unread one is it.
  mutating func seek(_ offset: off_t) throws(Errno) {
    guard offset != self.offset else { return }
    _ = try valueOrErrno(prov_lseek(descriptor, offset, SEEK_SET))
    self.offset = offset
    unread = 0..<0
  }

  /// The next entry, or nil at the end. It stays the next one, and valid, until ``advance(_:)``.
  mutating func peek() throws(Errno) -> DirectoryEntry? {
    if unread.isEmpty {
      let count = try valueOrErrno(
        prov_getdents64(descriptor, buffer.baseAddress!, buffer.count))
      guard count > 0 else { return nil }
      unread = 0..<count
    }
    guard let entry = DirectoryEntry(UnsafeRawBufferPointer(rebasing: buffer[unread])) else {
      throw .ioError
    }
    return entry
  }

  mutating func advance(_ entry: DirectoryEntry) {
    unread = (unread.lowerBound + entry.length)..<unread.upperBound
    offset = entry.next
  }
}
