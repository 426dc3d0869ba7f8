/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "provenance_backing.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of linux/fuse.h since Linux 6.9; Debian 12's headers are older. */
struct backing_map {
	int32_t fd;
	uint32_t flags;
	uint64_t padding;
};

#define BACKING_OPEN _IOW(229, 1, struct backing_map)
#define BACKING_CLOSE _IOW(229, 2, uint32_t)

typedef struct __user_cap_data_struct capabilities[_LINUX_CAPABILITY_U32S_3];

/*
 * Takes CAP_FSETID out of the thread's effective set; `before` has what it was.
 * Returns 1, 0 where it was not in there (a thread that acts for a user), or -errno.
 */
static int lower_fsetid(capabilities before)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	capabilities lowered;

	if (syscall(SYS_capget, &header, before) < 0)
		return -errno;
	if (!(before[CAP_TO_INDEX(CAP_FSETID)].effective & CAP_TO_MASK(CAP_FSETID)))
		return 0;
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		lowered[i] = before[i];
	lowered[CAP_TO_INDEX(CAP_FSETID)].effective &= ~CAP_TO_MASK(CAP_FSETID);
	return syscall(SYS_capset, &header, lowered) < 0 ? -errno : 1;
}

static int restore(capabilities before)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };

	return syscall(SYS_capset, &header, before) < 0 ? -errno : 0;
}

int prov_backing_open(int connection, int fd)
{
	struct backing_map map = { .fd = fd };
	capabilities before;
	int lowered, result, restored;

	lowered = lower_fsetid(before);
	if (lowered < 0)
		return lowered;
	result = ioctl(connection, BACKING_OPEN, &map);
	if (result < 0)
		result = -errno;
	restored = lowered ? restore(before) : 0;
	if (restored < 0 && result > 0) {
		prov_backing_close(connection, result);
		return restored;
	}
	return result;
}

int prov_memory_file(void)
{
	int fd = memfd_create("provfs", MFD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int prov_backing_close(int connection, int id)
{
	uint32_t argument = (uint32_t)id;

	return ioctl(connection, BACKING_CLOSE, &argument) < 0 ? -errno : 0;
}

int prov_write_back(int fd)
{
	const unsigned int all = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
				 SYNC_FILE_RANGE_WAIT_AFTER;

	return sync_file_range(fd, 0, 0, all) < 0 ? -errno : 0;
}

int prov_is_open_for_writing(int fd)
{
	if (fcntl(fd, F_SETLEASE, F_RDLCK) < 0)
		return errno == EAGAIN ? 1 : -errno;
	return fcntl(fd, F_SETLEASE, F_UNLCK) < 0 ? -errno : 0;
}

/* As in linux/mman.h and asm/unistd.h, which may be older than Linux 6.5. */
#ifndef SYS_cachestat
#define SYS_cachestat 451
#endif

int64_t prov_dirty_pages(int fd, uint64_t offset, uint64_t length)
{
	const struct {
		uint64_t offset;
		uint64_t length;
	} range = { offset, length };
	struct {
		uint64_t cached;
		uint64_t dirty;
		uint64_t written_back;
		uint64_t evicted;
		uint64_t recently_evicted;
	} pages;

	if (syscall(SYS_cachestat, fd, &range, &pages, 0) < 0)
		return -errno;
	return (int64_t)(pages.dirty + pages.written_back);
}
