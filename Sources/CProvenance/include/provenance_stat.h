/* SPDX-License-Identifier: Apache-2.0 */
/* statx(2), with struct statx from the kernel's own header. */
#ifndef PROVENANCE_STAT_H
#define PROVENANCE_STAT_H

#include <linux/stat.h>
#include <stddef.h>

enum {
	PROV_AT_NO_AUTOMOUNT = 0x800,	/* checked against fcntl.h in stat.c */
	PROV_AT_STATX_FORCE_SYNC = 0x2000,
};

/* Returns 0 or -errno. An empty `name` with PROV_AT_EMPTY_PATH means `dirfd` itself. */
int prov_statx(int dirfd, const char *name, int flags, unsigned int mask, struct statx *out);

/* What a mount is, as strings in the caller's buffer; one that the kernel does not tell is empty. */
struct prov_mount {
	const char *type;
	const char *subtype;	/* provfs, of fuse.provfs */
	const char *options;	/* the filesystem's own, separated by commas */
};

/*
 * The mount through which the file was reached, by statmount(2). Returns 0 or
 * -errno: -ENOSYS before Linux 6.8; -EPERM for a mount that starts above this
 * process's root directory, without CAP_SYS_ADMIN; -EOVERFLOW where the buffer
 * is too small. The filesystem is not asked.
 */
int prov_statmount(int dirfd, const char *name, char *buffer, size_t size, struct prov_mount *out);

#endif
