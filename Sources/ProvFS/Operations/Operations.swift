// SPDX-License-Identifier: Apache-2.0
import CFuse

/// The operations that provfs has. Those that are missing are the kernel's own: locks, access checks
/// (default_permissions), poll; `init` is whoever mounts it to add.
func provfsOperations() -> fuse_lowlevel_ops {
  var operations = fuse_lowlevel_ops()
  operations.lookup = provfsLookup
  operations.forget = provfsForget
  operations.forget_multi = provfsForgetMany
  operations.getattr = provfsGetattr
  operations.setattr = provfsSetattr
  operations.readlink = provfsReadlink
  operations.mknod = provfsMknod
  operations.mkdir = provfsMkdir
  operations.symlink = provfsSymlink
  operations.link = provfsLink
  operations.create = provfsCreate
  operations.unlink = provfsUnlink
  operations.rmdir = provfsRmdir
  operations.rename = provfsRename
  operations.open = provfsOpen
  operations.read = provfsRead
  operations.write = provfsWrite
  operations.flush = provfsFlush
  operations.release = provfsRelease
  operations.fsync = provfsFsync
  operations.opendir = provfsOpendir
  operations.readdir = provfsReaddir
  operations.readdirplus = provfsReaddirplus
  operations.releasedir = provfsReleasedir
  operations.fsyncdir = provfsFsyncdir
  operations.statfs = provfsStatfs
  operations.getxattr = provfsGetxattr
  operations.listxattr = provfsListxattr
  operations.setxattr = provfsSetxattr
  operations.removexattr = provfsRemovexattr
  operations.fallocate = provfsFallocate
  operations.lseek = provfsLseek
  operations.copy_file_range = provfsCopyFileRange
  operations.ioctl = provfsIoctl
  return operations
}
