/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "provenance_stat.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

static_assert(PROV_AT_NO_AUTOMOUNT == AT_NO_AUTOMOUNT, "AT_NO_AUTOMOUNT differs");
static_assert(PROV_AT_STATX_FORCE_SYNC == AT_STATX_FORCE_SYNC, "AT_STATX_FORCE_SYNC differs");

int prov_statx(int dirfd, const char *name, int flags, unsigned int mask, struct statx *out)
{
	return syscall(SYS_statx, dirfd, name, flags, mask, out) < 0 ? -errno : 0;
}

/* From Linux 6.8; Debian 12's headers are older. The number is the same everywhere but on alpha. */
enum {
	NR_STATMOUNT = 457,
	MNT_ID_UNIQUE = 0x4000,
	GET_FS_TYPE = 0x20,
	GET_OPTIONS = 0x80,
	GET_SUBTYPE = 0x100,
};

struct mount_request {
	uint32_t size;
	uint32_t spare;
	uint64_t id;
	uint64_t wanted;
};

struct mount_answer {
	uint32_t size;
	uint32_t options;	/* this and the following: offsets into text */
	uint64_t told;
	uint64_t unused[2];
	uint32_t superblock_flags;
	uint32_t type;
	uint64_t unused_too[8];
	uint32_t root;
	uint32_t mountpoint;
	uint64_t namespace;
	uint32_t subtype;
	uint32_t source;
	uint64_t spare[48];
	char text[];
};

static_assert(sizeof(struct mount_request) == 24, "not the kernel's struct mnt_id_req");
static_assert(offsetof(struct mount_answer, type) == 36, "not the kernel's struct statmount");
static_assert(offsetof(struct mount_answer, subtype) == 120, "not the kernel's struct statmount");
static_assert(sizeof(struct mount_answer) == 512, "not the kernel's struct statmount");

int prov_statmount(int dirfd, const char *name, char *buffer, size_t size, struct prov_mount *out)
{
	struct mount_answer *answer = (void *)buffer;
	struct mount_request request = {
		.size = sizeof(request),
		.wanted = GET_FS_TYPE | GET_OPTIONS | GET_SUBTYPE,
	};
	struct statx status;
	int error = prov_statx(dirfd, name,
			       AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT |
				       AT_STATX_DONT_SYNC,
			       MNT_ID_UNIQUE, &status);

	if (error)
		return error;
	if (!(status.stx_mask & MNT_ID_UNIQUE))
		return -ENOSYS;
	request.id = status.stx_mnt_id;
	if (syscall(NR_STATMOUNT, &request, buffer, size, 0) < 0)
		return -errno;
	out->type = answer->told & GET_FS_TYPE ? answer->text + answer->type : "";
	out->options = answer->told & GET_OPTIONS ? answer->text + answer->options : "";
	out->subtype = answer->told & GET_SUBTYPE ? answer->text + answer->subtype : "";
	return 0;
}
