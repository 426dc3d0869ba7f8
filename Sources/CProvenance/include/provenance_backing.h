/* SPDX-License-Identifier: Apache-2.0 */
/* Backing files of FUSE passthrough: Linux 6.9 and later, fs/fuse/backing.c. */
#ifndef PROVENANCE_BACKING_H
#define PROVENANCE_BACKING_H

#include <stdint.h>

/*
 * Registers the file that `fd`, which may be an O_PATH descriptor, refers to with
 * a FUSE connection. Its data are then read and written with the calling thread's
 * fsuid and capabilities, except CAP_FSETID: a write takes set-user-id bits away
 * whoever makes it. Needs CAP_SYS_ADMIN. Returns an id above 0, or -errno.
 */
int prov_backing_open(int connection, int fd);

/* An empty file in memory, which can be registered wherever any file can. An fd, or -errno. */
int prov_memory_file(void);

/* Ends a registration; files that were opened with it go on. Returns 0 or -errno. */
int prov_backing_close(int connection, int id);

/*
 * Writes the file's dirty pages back: the next store to one of them through a
 * mapping moves mtime. Returns 0 or -errno.
 */
int prov_write_back(int fd);

/*
 * Whether the file is open or mapped for writing anywhere. `fd` must be open for
 * reading only. Returns 1, 0, or -errno where the filesystem has no leases; needs
 * CAP_LEASE for files of other owners.
 */
int prov_is_open_for_writing(int fd);

/*
 * How many pages of the file, from `offset` on for `length` bytes (0: to its end),
 * are dirty or being written back: cachestat(2), Linux 6.5. `fd` must not be an
 * O_PATH one. Returns the number, or -errno.
 */
int64_t prov_dirty_pages(int fd, uint64_t offset, uint64_t length);

#endif
