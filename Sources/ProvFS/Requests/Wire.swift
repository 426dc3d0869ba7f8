// SPDX-License-Identifier: Apache-2.0
import CFuse
import CProvenance
import Glibc

// What libfuse 3.14 writes only as a part of replies that lack what later kernels have added.

extension fuse_entry_out {
  init(_ entry: fuse_entry_param) {
    let entryTimeout = WireTimeout(entry.entry_timeout)
    let attributeTimeout = WireTimeout(entry.attr_timeout)
    self.init(
      nodeid: entry.ino, generation: entry.generation, entry_valid: entryTimeout.seconds,
      attr_valid: attributeTimeout.seconds, entry_valid_nsec: entryTimeout.nanoseconds,
      attr_valid_nsec: attributeTimeout.nanoseconds, attr: fuse_attr(entry.attr))
  }
}

extension fuse_attr {
  init(_ attributes: stat) {
    self.init(
      ino: UInt64(attributes.st_ino), size: UInt64(bitPattern: Int64(attributes.st_size)),
      blocks: UInt64(bitPattern: Int64(attributes.st_blocks)),
      atime: UInt64(bitPattern: Int64(attributes.st_atim.tv_sec)),
      mtime: UInt64(bitPattern: Int64(attributes.st_mtim.tv_sec)),
      ctime: UInt64(bitPattern: Int64(attributes.st_ctim.tv_sec)),
      atimensec: UInt32(attributes.st_atim.tv_nsec),
      mtimensec: UInt32(attributes.st_mtim.tv_nsec),
      ctimensec: UInt32(attributes.st_ctim.tv_nsec), mode: attributes.st_mode,
      nlink: UInt32(truncatingIfNeeded: attributes.st_nlink), uid: attributes.st_uid,
      gid: attributes.st_gid, rdev: UInt32(truncatingIfNeeded: attributes.st_rdev),
      blksize: UInt32(truncatingIfNeeded: attributes.st_blksize), flags: 0)
  }
}

/// Seconds as FUSE writes them.
struct WireTimeout {
  let seconds: UInt64
  let nanoseconds: UInt32

  init(_ value: Double) {
    seconds = UInt64(value)
    nanoseconds = UInt32((value - value.rounded(.towardZero)) * 1e9)
  }
}
