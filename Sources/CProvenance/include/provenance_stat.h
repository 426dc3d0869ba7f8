/* SPDX-License-Identifier: Apache-2.0 */
/* statx(2), with struct statx from the kernel's own header. */
#ifndef PROVENANCE_STAT_H
#define PROVENANCE_STAT_H

#include <linux/stat.h>

enum {
	PROV_AT_NO_AUTOMOUNT = 0x800,	/* checked against fcntl.h in stat.c */
	PROV_AT_STATX_FORCE_SYNC = 0x2000,
};

/* Returns 0 or -errno. An empty `name` with PROV_AT_EMPTY_PATH means `dirfd` itself. */
int prov_statx(int dirfd, const char *name, int flags, unsigned int mask, struct statx *out);

#endif
