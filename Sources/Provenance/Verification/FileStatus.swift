// SPDX-License-Identifier: Apache-2.0
import CProvenance
import Glibc
import SystemPackage

/// What statx(2) says of a file, as far as a stamp is judged by it. Times are CLOCK_REALTIME in
/// nanoseconds since 1970; one before 1970 reads as 0, one after 2554 as the largest number.
public struct FileStatus: Hashable, Sendable {
  public var inode: UInt64
  /// Of the device that the file is on: the major number in the upper half, the minor in the lower.
  public var device: UInt64
  /// Type and permission bits, as in `st_mode`.
  public var mode: UInt16
  /// Bytes of content.
  public var size: UInt64
  /// When the content last changed. The file's owner can set it to anything.
  public var mtime: UInt64
  /// When anything about the inode last changed. Only the kernel's clock sets it.
  public var ctime: UInt64
  /// Id of the mount through which the file was reached, as in `/proc/self/mountinfo`; 0 where the
  /// kernel is older than Linux 5.8.
  public var mount: UInt64

  /// Reads the status without following a symbolic link or mounting anything. The filesystem is asked
  /// anew: FUSE and network filesystems may otherwise answer from before the stamp was set.
  public init(_ file: FileReference) throws(Errno) {
    var status = statx()
    let flags = AT_SYMLINK_NOFOLLOW | CInt(PROV_AT_NO_AUTOMOUNT) | CInt(PROV_AT_STATX_FORCE_SYNC)
    let emptyPath = file.name.pointee == 0 ? CInt(PROV_AT_EMPTY_PATH) : 0
    let mask =
      STATX_TYPE | STATX_MODE | STATX_INO | STATX_SIZE | STATX_MTIME | STATX_CTIME
      | STATX_MNT_ID
    _ = try valueOrErrno(
      prov_statx(file.directory, file.name, flags | emptyPath, UInt32(mask), &status))
    self.init(status)
  }

  init(_ status: statx) {
    inode = status.stx_ino
    device = status.device
    mode = status.stx_mode
    mount = status.mount
    size = status.stx_size
    mtime = status.stx_mtime.nanoseconds
    ctime = status.stx_ctime.nanoseconds
  }

  /// Whether the file has content of its own that a stamp speaks for. Of anything else (a directory,
  /// a symbolic link, a fifo, a device) a stamp names the creator alone.
  public var isRegular: Bool { mode & 0o170000 == 0o100000 }
}
