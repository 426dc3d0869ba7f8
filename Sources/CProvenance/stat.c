/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "provenance_stat.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

int prov_statx(int dirfd, const char *name, int flags, unsigned int mask, struct statx *out)
{
	return syscall(SYS_statx, dirfd, name, flags, mask, out) < 0 ? -errno : 0;
}
