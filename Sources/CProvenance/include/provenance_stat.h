/* SPDX-License-Identifier: Apache-2.0 */
/* statx(2), with struct statx from the kernel's own header. */
#ifndef PROVENANCE_STAT_H
#define PROVENANCE_STAT_H

#include <linux/stat.h>

/* Returns 0 or -errno. An empty `name` with PROV_AT_EMPTY_PATH means `dirfd` itself. */
int prov_statx(int dirfd, const char *name, int flags, unsigned int mask, struct statx *out);

#endif
