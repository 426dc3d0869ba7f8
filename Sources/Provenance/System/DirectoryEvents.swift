// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import SystemPackage

/// What happens in directories, as inotify(7) tells it.
package final class DirectoryEvents: Sendable {
  /// Something that happened to an entry of a watched directory, or that no more is known than that.
  package struct Event {
    /// The number that ``watch(_:)`` gave the directory.
    package let directory: CInt
    package let name: [UInt8]
    /// A directory that was made or moved there: what is in it has not been told of.
    package let isNewDirectory: Bool
    /// Events were lost before this one.
    package let isLoss: Bool
  }

  private let queue: OwnedDescriptor

  private static let entries =
    UInt32(IN_ATTRIB) | UInt32(IN_CLOSE_WRITE) | UInt32(IN_CREATE) | UInt32(IN_MOVED_TO)
  private static let directoriesAlone =
    UInt32(IN_ONLYDIR) | UInt32(IN_DONT_FOLLOW) | UInt32(IN_EXCL_UNLINK)

  /// - Throws: the error of inotify_init1(2).
  package init() throws(Errno) {
    let descriptor = inotify_init1(CInt(IN_CLOEXEC | IN_NONBLOCK))
    queue = try OwnedDescriptor(descriptor < 0 ? -errno : descriptor)
  }

  /// Watches a directory from now on; one that is watched keeps its number.
  ///
  /// - Throws: the error of inotify_add_watch(2).
  package func watch(_ path: [UInt8]) throws(Errno) -> CInt {
    let number = queue.withNumber { queue in
      (path + [0]).withUnsafeBytes { bytes in
        guard let start = bytes.assumingMemoryBound(to: CChar.self).baseAddress else {
          return -EINVAL
        }
        let number = inotify_add_watch(queue, start, Self.entries | Self.directoriesAlone)
        return number < 0 ? -errno : number
      }
    }
    return try valueOrErrno(number)
  }

  /// Waits until something has happened.
  ///
  /// - Parameter other: a descriptor.
  /// - Returns: whether it is this that has happened; else the other descriptor can be read.
  /// - Throws: the error of poll(2).
  package func wait(or other: CInt) throws(Errno) -> Bool {
    let ready = try queue.withNumber { queue throws(Errno) in
      try valueOrErrno(prov_wait_readable(other, queue))
    }
    return ready & 1 == 0
  }

  /// What has happened since the last call.
  ///
  /// - Throws: the error of read(2).
  package func take() throws(Errno) -> [Event] {
    var events: [Event] = []
    try withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 8) { buffer throws(Errno) in
      while true {
        let count = queue.withNumber { read($0, buffer.baseAddress, buffer.count) }
        guard count > 0 else {
          if count == 0 || errno == EAGAIN || errno == EINTR { return }
          throw Errno(rawValue: errno)
        }
        Self.parse(UnsafeRawBufferPointer(rebasing: buffer[..<count]), into: &events)
      }
    }
    return events
  }

  // struct inotify_event: wd, mask, cookie, len, name padded with NULs.
  private static func parse(_ bytes: UnsafeRawBufferPointer, into events: inout [Event]) {
    let header = 16
    var rest = bytes
    while rest.count >= header {
      let mask = rest.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
      let length = Int(rest.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
      guard rest.count >= header + length else { return }
      let isDirectory = mask & UInt32(IN_ISDIR) != 0
      events.append(
        Event(
          directory: rest.loadUnaligned(as: CInt.self),
          name: Array(rest[header..<header + length].prefix { $0 != 0 }),
          isNewDirectory: isDirectory && mask & (UInt32(IN_CREATE) | UInt32(IN_MOVED_TO)) != 0,
          isLoss: mask & UInt32(IN_Q_OVERFLOW) != 0))
      rest = UnsafeRawBufferPointer(rebasing: rest[(header + length)...])
    }
  }
}
