// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import SystemPackage

/// Files of the kernel's and the system's that are read whole.
package enum SmallFile {
  /// Most bytes that are read where nothing else is said.
  package static let usualLimit = 1 << 20

  /// - Throws: the error of open(2) or pread(2); `Errno.fileTooLarge` where the file has more than
  ///   `limit` bytes.
  package static func bytes(
    _ path: String, atMost limit: Int = usualLimit
  ) throws(Errno) -> [UInt8] {
    let file = try OwnedDescriptor(prov_openat(AT_FDCWD, path, O_RDONLY, 0))
    return try file.withNumber { number throws(Errno) in try bytes(number, atMost: limit) }
  }

  /// As ``bytes(_:atMost:)``, without white space at the end.
  package static func text(
    _ path: String, atMost limit: Int = usualLimit
  ) throws(Errno) -> String {
    let bytes = try bytes(path, atMost: limit)
    let end = bytes.lastIndex { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: " ") }
    return String(decoding: bytes[..<(end.map { $0 + 1 } ?? 0)], as: UTF8.self)
  }

  /// Reads an open file from its beginning.
  package static func bytes(
    _ descriptor: CInt, atMost limit: Int
  ) throws(Errno) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: min(limit + 1, 1 << 16))
    while true {
      let count = try valueOrErrno(
        prov_pread(descriptor, &chunk, chunk.count, off_t(bytes.count)))
      guard count > 0 else { return bytes }
      bytes += chunk[..<count]
      guard bytes.count <= limit else { throw .fileTooLarge }
    }
  }
}
