/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "provenance_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/fs.h>

static_assert(PROV_O_TMPFILE == O_TMPFILE, "O_TMPFILE differs on this architecture");
static_assert(PROV_O_DIRECT == O_DIRECT, "O_DIRECT differs on this architecture");
static_assert(PROV_ST_NODEV == ST_NODEV, "ST_NODEV differs on this architecture");
static_assert(PROV_ST_NOEXEC == ST_NOEXEC, "ST_NOEXEC differs on this architecture");
static_assert(PROV_UTIME_NOW == UTIME_NOW, "UTIME_NOW differs on this architecture");
static_assert(PROV_UTIME_OMIT == UTIME_OMIT, "UTIME_OMIT differs on this architecture");
static_assert(PROV_O_NOATIME == O_NOATIME, "O_NOATIME differs on this architecture");

static_assert((unsigned int)PROV_FS_IOC_GETFLAGS == FS_IOC_GETFLAGS &&
	      PROV_FS_IOC_SETFLAGS == FS_IOC_SETFLAGS &&
	      PROV_FS_IOC_GETVERSION == FS_IOC_GETVERSION &&
	      PROV_FS_IOC_FSGETXATTR == FS_IOC_FSGETXATTR &&
	      PROV_FS_IOC_FSSETXATTR == FS_IOC_FSSETXATTR,
	      "the ioctls differ on this architecture");

struct proc_path {
	char text[sizeof("/proc/self/fd/-2147483648")];
};

static struct proc_path proc_path(int fd)
{
	struct proc_path path;

	snprintf(path.text, sizeof(path.text), "/proc/self/fd/%d", fd);
	return path;
}

/* Repeats an interrupted call; gives its result, or -errno. */
#define COMPLETED(call)						\
	({							\
		__typeof__(call) completed;			\
								\
		do {						\
			completed = (call);			\
		} while (completed < 0 && errno == EINTR);	\
		completed < 0 ? -errno : completed;		\
	})

int prov_open_fd(int fd, int flags)
{
	struct proc_path path = proc_path(fd);

	return COMPLETED(open(path.text, flags | O_CLOEXEC));
}

int prov_may_read(int fd)
{
	return COMPLETED((int)syscall(SYS_faccessat2, fd, "", R_OK, AT_EACCESS | AT_EMPTY_PATH));
}

int prov_chmod_fd(int fd, mode_t mode)
{
	return COMPLETED(chmod(proc_path(fd).text, mode));
}

int prov_chown_fd(int fd, uid_t uid, gid_t gid)
{
	return COMPLETED(fchownat(fd, "", uid, gid, AT_EMPTY_PATH));
}

int prov_truncate_fd(int fd, off_t length)
{
	return COMPLETED(truncate(proc_path(fd).text, length));
}

int prov_utimens_fd(int fd, const struct timespec times[2])
{
	return COMPLETED(utimensat(AT_FDCWD, proc_path(fd).text, times, 0));
}

int prov_link_fd(int fd, int directory, const char *name)
{
	return COMPLETED(linkat(AT_FDCWD, proc_path(fd).text, directory, name, AT_SYMLINK_FOLLOW));
}

ssize_t prov_readlink_fd(int fd, char *target, size_t size)
{
	return COMPLETED(readlinkat(fd, "", target, size));
}

int prov_mkdirat(int directory, const char *name, mode_t mode)
{
	return COMPLETED(mkdirat(directory, name, mode));
}

int prov_mknodat(int directory, const char *name, mode_t mode, dev_t device)
{
	return COMPLETED(mknodat(directory, name, mode, device));
}

int prov_symlinkat(const char *target, int directory, const char *name)
{
	return COMPLETED(symlinkat(target, directory, name));
}

int prov_unlinkat(int directory, const char *name, int flags)
{
	return COMPLETED(unlinkat(directory, name, flags));
}

int prov_renameat2(int from, const char *old_name, int to, const char *new_name,
		   unsigned int flags)
{
	return COMPLETED((int)syscall(SYS_renameat2, from, old_name, to, new_name, flags));
}

ssize_t prov_pread(int fd, void *buffer, size_t size, off_t offset)
{
	return COMPLETED(pread(fd, buffer, size, offset));
}

ssize_t prov_pwrite(int fd, const void *buffer, size_t size, off_t offset)
{
	return COMPLETED(pwrite(fd, buffer, size, offset));
}

int prov_ftruncate(int fd, off_t length)
{
	return COMPLETED(ftruncate(fd, length));
}

int prov_syncfs(int fd)
{
	return COMPLETED(syncfs(fd));
}

int prov_fsync(int fd, int datasync)
{
	return COMPLETED(datasync ? fdatasync(fd) : fsync(fd));
}

int prov_detach_mount(int fd)
{
	return COMPLETED(umount2(proc_path(fd).text, MNT_DETACH));
}

/* As in linux/mount.h, which sys/mount.h does not go with, and asm/unistd.h. */
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif

int prov_allow_on_mount(int fd, int suid, int dev)
{
	const uint64_t nosuid = 0x2;
	const uint64_t nodev = 0x4;
	const struct {
		uint64_t set;
		uint64_t clear;
		uint64_t propagation;
		uint64_t user_namespace;
	} attributes = { .clear = (suid ? nosuid : 0) | (dev ? nodev : 0) };

	return COMPLETED((int)syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, &attributes,
				      sizeof(attributes)));
}

int prov_fallocate(int fd, int mode, off_t offset, off_t length)
{
	return COMPLETED(fallocate(fd, mode, offset, length));
}

ssize_t prov_copy_file_range(int in, off_t in_offset, int out, off_t out_offset, size_t length,
			     unsigned int flags)
{
	return COMPLETED(copy_file_range(in, &in_offset, out, &out_offset, length, flags));
}

off_t prov_lseek(int fd, off_t offset, int whence)
{
	return COMPLETED(lseek(fd, offset, whence));
}

int prov_fstatvfs(int fd, struct statvfs *out)
{
	return COMPLETED(fstatvfs(fd, out));
}

long prov_filesystem_type(int fd)
{
	struct statfs filesystem;
	int r = COMPLETED(fstatfs(fd, &filesystem));

	return r < 0 ? r : (long)(filesystem.f_type & 0xffffffff);
}

int prov_ioctl(int fd, unsigned long command, void *argument)
{
	return COMPLETED(ioctl(fd, command, argument));
}

int prov_set_append(int fd, int append)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return -errno;
	flags = append ? flags | O_APPEND : flags & ~O_APPEND;
	return fcntl(fd, F_SETFL, flags) < 0 ? -errno : 0;
}

int prov_flush(int fd)
{
	int duplicate = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	/* A lack of descriptors is ours, and says nothing about the file. */
	if (duplicate < 0)
		return 0;
	/* Linux has closed the descriptor whatever close() returns. */
	return close(duplicate) < 0 && errno != EINTR ? -errno : 0;
}

void prov_stat_from_statx(const struct statx *from, struct stat *to)
{
	memset(to, 0, sizeof(*to));
	to->st_dev = makedev(from->stx_dev_major, from->stx_dev_minor);
	to->st_ino = from->stx_ino;
	to->st_mode = from->stx_mode;
	to->st_nlink = from->stx_nlink;
	to->st_uid = from->stx_uid;
	to->st_gid = from->stx_gid;
	to->st_rdev = makedev(from->stx_rdev_major, from->stx_rdev_minor);
	to->st_size = (off_t)from->stx_size;
	to->st_blksize = (blksize_t)from->stx_blksize;
	to->st_blocks = (blkcnt_t)from->stx_blocks;
	to->st_atim.tv_sec = from->stx_atime.tv_sec;
	to->st_atim.tv_nsec = from->stx_atime.tv_nsec;
	to->st_mtim.tv_sec = from->stx_mtime.tv_sec;
	to->st_mtim.tv_nsec = from->stx_mtime.tv_nsec;
	to->st_ctim.tv_sec = from->stx_ctime.tv_sec;
	to->st_ctim.tv_nsec = from->stx_ctime.tv_nsec;
}
