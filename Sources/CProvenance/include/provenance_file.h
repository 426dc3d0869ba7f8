/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations on files by descriptor. Those named _fd reach the file itself
 * through /proc/self/fd, so that an O_PATH descriptor will do, also of a
 * symbolic link. All return a count, a descriptor or 0, or -errno.
 */
#ifndef PROVENANCE_FILE_H
#define PROVENANCE_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <time.h>

#include <linux/stat.h>

enum {	/* checked against the system's headers in file.c */
	PROV_O_TMPFILE = 020200000,
	PROV_O_DIRECT = 040000,
	PROV_O_NOATIME = 01000000,
	PROV_ST_NODEV = 4,
	PROV_ST_NOEXEC = 8,
	PROV_UTIME_NOW = 0x3fffffff,
	PROV_UTIME_OMIT = 0x3ffffffe,
	PROV_FMODE_EXEC = 0x20,	/* in the flags of an open for execve(2); see linux/fs.h */
};

enum {	/* ioctls on files, checked against linux/fs.h in file.c */
	PROV_FS_IOC_GETFLAGS = 0x80086601,
	PROV_FS_IOC_SETFLAGS = 0x40086602,
	PROV_FS_IOC_GETVERSION = 0x80087601,
	PROV_FS_IOC_FSGETXATTR = 0x801c581f,
	PROV_FS_IOC_FSSETXATTR = 0x401c5820,
};

/* Opens the same file anew. */
int prov_open_fd(int fd, int flags);
/* 0 if the calling thread may open the file for reading; -ENOSYS before Linux 5.8. */
int prov_may_read(int fd);
int prov_chmod_fd(int fd, mode_t mode);
int prov_chown_fd(int fd, uid_t uid, gid_t gid);
int prov_truncate_fd(int fd, off_t length);
int prov_utimens_fd(int fd, const struct timespec times[2]);
int prov_link_fd(int fd, int directory, const char *name);
ssize_t prov_readlink_fd(int fd, char *target, size_t size);

int prov_mkdirat(int directory, const char *name, mode_t mode);
int prov_mknodat(int directory, const char *name, mode_t mode, dev_t device);
int prov_symlinkat(const char *target, int directory, const char *name);
int prov_unlinkat(int directory, const char *name, int flags);
int prov_renameat2(int from, const char *old_name, int to, const char *new_name,
		   unsigned int flags);

ssize_t prov_pread(int fd, void *buffer, size_t size, off_t offset);
ssize_t prov_pwrite(int fd, const void *buffer, size_t size, off_t offset);
int prov_ftruncate(int fd, off_t length);
/* Writes back everything that is dirty on the file's filesystem. */
int prov_syncfs(int fd);
int prov_fsync(int fd, int datasync);
/* Takes the mount away whose root this is; what is open in it stays usable. */
int prov_detach_mount(int fd);
/* Has set-user-id bits and devices count again on the mount whose root this is. */
int prov_allow_on_mount(int fd, int suid, int dev);
int prov_fallocate(int fd, int mode, off_t offset, off_t length);
ssize_t prov_copy_file_range(int in, off_t in_offset, int out, off_t out_offset, size_t length,
			     unsigned int flags);
off_t prov_lseek(int fd, off_t offset, int whence);
int prov_fstatvfs(int fd, struct statvfs *out);
/* The filesystem's magic number (statfs(2) f_type). */
long prov_filesystem_type(int fd);
int prov_ioctl(int fd, unsigned long command, void *argument);
/* Turns O_APPEND of an open file on or off. */
int prov_set_append(int fd, int append);
/* Closes a duplicate: the file's flush operation runs, and `fd` stays. */
int prov_flush(int fd);

void prov_stat_from_statx(const struct statx *from, struct stat *to);

#endif
