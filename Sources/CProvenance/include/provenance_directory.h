/* SPDX-License-Identifier: Apache-2.0 */
/* Directories: opening without following, and reading raw entries. */
#ifndef PROVENANCE_DIRECTORY_H
#define PROVENANCE_DIRECTORY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	PROV_O_PATH = 010000000,	/* generic value; checked against fcntl.h in directory.c */
	PROV_AT_EMPTY_PATH = 0x1000,
};

/* openat(2) with O_CLOEXEC; an interrupted call is repeated. Returns a descriptor or -errno. */
int prov_openat(int dirfd, const char *name, int flags, mode_t mode);

/*
 * getdents64(2): fills `buffer` with struct linux_dirent64 records, laid out as
 * d_ino (8 bytes), d_off (8), d_reclen (2), d_type (1), d_name (NUL-terminated).
 * Returns the bytes filled, 0 at the end, or -errno.
 */
ssize_t prov_getdents64(int fd, void *buffer, size_t size);

#endif
