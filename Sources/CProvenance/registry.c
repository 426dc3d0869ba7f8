/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "provenance_registry.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sha2.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static_assert(PROV_SHA256_SIZE == SHA256_DIGEST_LENGTH, "SHA-256 has 32 bytes");
static_assert(PROV_AT_STATX_DONT_SYNC == AT_STATX_DONT_SYNC, "AT_STATX_DONT_SYNC differs");

int prov_open_anchor(const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* -EAGAIN is what a rename somewhere in the system can cause (openat2(2)). */
static int open_below(int directory, const char *path, uint64_t flags)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS |
			   RESOLVE_NO_XDEV,
	};
	long fd;

	for (int attempt = 0; attempt < 16; attempt++) {
		fd = syscall(SYS_openat2, directory, path, &how, sizeof(how));
		if (fd >= 0)
			return (int)fd;
		if (errno != EAGAIN && errno != EINTR)
			break;
	}
	return -errno;
}

int prov_open_below(int directory, const char *path)
{
	return open_below(directory, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
}

int prov_open_directory_below(int directory, const char *path)
{
	return open_below(directory, path, O_RDONLY | O_DIRECTORY);
}

int prov_create_below(int directory, const char *name, mode_t mode)
{
	int fd = openat(directory, name,
			O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);

	if (fd < 0)
		return -errno;
	if (fchmod(fd, mode) < 0) {
		int error = -errno;

		close(fd);
		return error;
	}
	return fd;
}

int prov_make_directory(int directory, const char *path, mode_t mode)
{
	if (mkdirat(directory, path, mode) < 0 || fchmodat(directory, path, mode, 0) < 0)
		return -errno;
	return 0;
}

int prov_rename_to_new(int directory, const char *from, const char *to)
{
	return renameat2(directory, from, directory, to, RENAME_NOREPLACE) < 0 ? -errno : 0;
}

int prov_lock_file(int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_OFD_SETLK, &lock) < 0 ? -errno : 0;
}

/* Asking for a read lock finds a write lock only, which takes the right to write. */
int prov_is_locked(int fd)
{
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_OFD_GETLK, &lock) < 0)
		return -errno;
	return lock.l_type != F_UNLCK;
}

int prov_open_to_readers(int fd)
{
	return fchmod(fd, 0644) < 0 ? -errno : 0;
}

int prov_write_all(int fd, const void *bytes, size_t size)
{
	const char *next = bytes;

	while (size > 0) {
		ssize_t written = write(fd, next, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		next += written;
		size -= (size_t)written;
	}
	return 0;
}

int prov_random(void *buffer, size_t size)
{
	char *next = buffer;

	while (size > 0) {
		ssize_t filled = getrandom(next, size, 0);

		if (filled < 0 && errno == EINTR)
			continue;
		if (filled < 0)
			return -errno;
		next += filled;
		size -= (size_t)filled;
	}
	return 0;
}

void prov_sha256(const void *bytes, size_t size, uint8_t digest[PROV_SHA256_SIZE])
{
	SHA2_CTX context;

	SHA256Init(&context);
	SHA256Update(&context, bytes, size);
	SHA256Final(digest, &context);
}
