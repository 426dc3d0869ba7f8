/* SPDX-License-Identifier: Apache-2.0 */
/* What the registry of sessions needs. All functions return a value or -errno. */
#ifndef PROVENANCE_REGISTRY_H
#define PROVENANCE_REGISTRY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	PROV_SHA256_SIZE = 32,
	PROV_AT_STATX_DONT_SYNC = 0x4000,	/* checked against fcntl.h in registry.c */
};

/* Opens a directory as a place to look below (O_PATH); a symbolic link is refused. */
int prov_open_anchor(const char *path);

/*
 * Opens a file below `directory` for reading without waiting for anything, and
 * without passing a symbolic link, a mount point or "..".
 */
int prov_open_below(int directory, const char *path);

/* The same for a directory, with a descriptor that can be listed. */
int prov_open_directory_below(int directory, const char *path);

/* Make a new file, opened for writing, or a new directory, with this mode whatever the umask is. */
int prov_create_below(int directory, const char *name, mode_t mode);
int prov_make_directory(int directory, const char *path, mode_t mode);

/* Renames within a directory, never to a name that is taken (-EEXIST). */
int prov_rename_to_new(int directory, const char *from, const char *to);

/*
 * Takes the write lock on a whole file for this open file; -EAGAIN or -EACCES
 * where there is one. It goes when the last descriptor of this open file is closed.
 */
int prov_lock_file(int fd);

/* Whether anybody has the write lock on the file: 1, 0, or -errno. */
int prov_is_locked(int fd);

/* Lets everybody read the file. Returns 0 or -errno. */
int prov_open_to_readers(int fd);

/* Writes all of `size` bytes. Returns 0 or -errno. */
int prov_write_all(int fd, const void *bytes, size_t size);

/* Fills the buffer with random bytes, of the quality that keys need. */
int prov_random(void *buffer, size_t size);

void prov_sha256(const void *bytes, size_t size, uint8_t digest[PROV_SHA256_SIZE]);

#endif
