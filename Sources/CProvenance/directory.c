/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "provenance_directory.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

static_assert(PROV_O_PATH == O_PATH, "O_PATH differs on this architecture");
static_assert(PROV_AT_EMPTY_PATH == AT_EMPTY_PATH, "AT_EMPTY_PATH differs on this architecture");

int prov_openat(int dirfd, const char *name, int flags, mode_t mode)
{
	int fd;

	do {
		fd = openat(dirfd, name, flags | O_CLOEXEC, mode);
	} while (fd < 0 && errno == EINTR);
	return fd < 0 ? -errno : fd;
}

ssize_t prov_getdents64(int fd, void *buffer, size_t size)
{
	ssize_t filled = syscall(SYS_getdents64, fd, buffer, size);

	return filled < 0 ? -errno : filled;
}
