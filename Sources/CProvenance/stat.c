/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "provenance_stat.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

static_assert(PROV_AT_NO_AUTOMOUNT == AT_NO_AUTOMOUNT, "AT_NO_AUTOMOUNT differs");
static_assert(PROV_AT_STATX_FORCE_SYNC == AT_STATX_FORCE_SYNC, "AT_STATX_FORCE_SYNC differs");

int prov_statx(int dirfd, const char *name, int flags, unsigned int mask, struct statx *out)
{
	return syscall(SYS_statx, dirfd, name, flags, mask, out) < 0 ? -errno : 0;
}
