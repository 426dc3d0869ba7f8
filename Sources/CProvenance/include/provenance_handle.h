/* SPDX-License-Identifier: Apache-2.0 */
/* File handles: an inode's name on its filesystem, which costs no descriptor. */
#ifndef PROVENANCE_HANDLE_H
#define PROVENANCE_HANDLE_H

#include <stdint.h>

enum {
	PROV_HANDLE_BYTES = 128,	/* MAX_HANDLE_SZ, checked in handle.c */
};

/* struct file_handle with room for the longest one. */
struct prov_handle {
	uint32_t bytes;
	int32_t type;
	uint8_t data[PROV_HANDLE_BYTES];
};

/* name_to_handle_at(2) of the file that `fd` refers to. Returns 0 or -errno. */
int prov_handle_of(int fd, struct prov_handle *handle);

/* The same of an entry of a directory; a symbolic link is not followed. */
int prov_handle_at(int directory, const char *name, struct prov_handle *handle);

/*
 * open_by_handle_at(2) with O_CLOEXEC. `mount` is a descriptor, not an O_PATH
 * one, of any file on the handle's mount. Returns a descriptor or -errno.
 */
int prov_open_handle(int mount, const struct prov_handle *handle, int flags);

#endif
