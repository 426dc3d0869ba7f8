/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "provenance_handle.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

static_assert(PROV_HANDLE_BYTES == MAX_HANDLE_SZ, "the longest handle has another length");
static_assert(offsetof(struct prov_handle, data) == sizeof(struct file_handle),
	      "struct file_handle has another layout");

static int get_handle(int fd, const char *name, struct prov_handle *handle, int flags)
{
	int mount_id;

	handle->bytes = PROV_HANDLE_BYTES;
	if (syscall(SYS_name_to_handle_at, fd, name, handle, &mount_id, flags) < 0)
		return -errno;
	return handle->bytes > PROV_HANDLE_BYTES ? -EOVERFLOW : 0;
}

int prov_handle_of(int fd, struct prov_handle *handle)
{
	return get_handle(fd, "", handle, AT_EMPTY_PATH);
}

int prov_handle_at(int directory, const char *name, struct prov_handle *handle)
{
	return get_handle(directory, name, handle, 0);
}

int prov_open_handle(int mount, const struct prov_handle *handle, int flags)
{
	int fd;

	do {
		fd = (int)syscall(SYS_open_by_handle_at, mount, handle, flags | O_CLOEXEC);
	} while (fd < 0 && errno == EINTR);
	return fd < 0 ? -errno : fd;
}
