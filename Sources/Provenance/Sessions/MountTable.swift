// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import SystemPackage

/// The mounts that this process sees, for what no system call tells without asking the filesystem
/// itself, which may never answer.
struct MountTable {
  private let text: [UInt8]

  /// - Throws: the error that kept `/proc/self/mountinfo` from being read.
  init() throws(Errno) {
    let path: StaticString = "/proc/self/mountinfo"
    let file = try valueOrErrno(prov_openat(AT_FDCWD, path.cString, O_RDONLY, 0))
    defer { close(file) }
    var text: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = chunk.withUnsafeMutableBytes {
        prov_pread(file, $0.baseAddress, $0.count, off_t(text.count))
      }
      _ = try valueOrErrno(count)
      guard count > 0 else { break }
      text += chunk[..<count]
    }
    self.text = text
  }

  init(text: [UInt8]) {
    self.text = text
  }

  struct Mount: Hashable {
    /// Of the filesystem, such as `tmpfs` or `fuse.provfs`.
    var type: String
    /// Of the filesystem, those that belong to a mount apart.
    var options: [Substring]
  }

  /// The mount with this id; nil where there is none.
  func mount(_ id: UInt64) -> Mount? {
    let prefix = "\(id) "
    guard
      let line = text.split(separator: UInt8(ascii: "\n")).first(where: {
        $0.starts(with: prefix.utf8)
      })
    else { return nil }
    // Spaces in paths are escaped; optional fields end with a lone "-". Type, source and options follow.
    let fields = line.split(separator: UInt8(ascii: " "))
    guard let end = fields.firstIndex(where: { $0.elementsEqual("-".utf8) }),
      fields.indices.contains(end + 3)
    else { return nil }
    return Mount(
      type: String(decoding: fields[end + 1], as: UTF8.self),
      options: String(decoding: fields[end + 3], as: UTF8.self).split(separator: ","))
  }
}
