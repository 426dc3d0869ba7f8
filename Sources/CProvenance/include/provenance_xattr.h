/* SPDX-License-Identifier: Apache-2.0 */
/* Extended attributes of the file `name` in the directory `dirfd`, or of `dirfd` itself. */
#ifndef PROVENANCE_XATTR_H
#define PROVENANCE_XATTR_H

#include <stddef.h>
#include <sys/types.h>

/*
 * `name` is never followed if it is a symbolic link; an empty `name` means the
 * file that `dirfd` refers to, which may have been opened with O_PATH. A size of
 * zero asks for the length alone. Linux 6.13 has the *xattrat system calls; on
 * older kernels /proc/self/fd leads to the same file.
 */
ssize_t prov_getxattrat(int dirfd, const char *name, const char *attribute,
			void *value, size_t size);
ssize_t prov_listxattrat(int dirfd, const char *name, char *list, size_t size);
int prov_setxattrat(int dirfd, const char *name, const char *attribute,
		    const void *value, size_t size, int flags);
int prov_removexattrat(int dirfd, const char *name, const char *attribute);

/* 1 where the kernel has getxattrat(2), else 0. */
int prov_has_getxattrat(void);

#endif
