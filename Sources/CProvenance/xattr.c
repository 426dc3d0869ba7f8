/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "provenance_xattr.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

/*
 * The numbers are the same on every architecture (the syscall table has been
 * unified since 5.1); glibc's headers may be older than the running kernel.
 */
#define NR_SETXATTRAT 463
#define NR_GETXATTRAT 464
#define NR_LISTXATTRAT 465
#define NR_REMOVEXATTRAT 466

struct xattr_arguments {
	uint64_t value __attribute__((aligned(8)));
	uint32_t size;
	uint32_t flags;
};

static _Atomic int kernel_lacks_xattrat;

/*
 * Where the l*xattr calls find the same file. An O_PATH descriptor of a symbolic
 * link is reached by following the magic link in /proc, which ends at the link
 * itself; so with an empty name the calls that follow are the right ones.
 */
struct proc_path {
	char text[sizeof("/proc/self/fd/-2147483648/") + 255];
	const char *start;	/* the caller's own name, or `text` */
	int follow;
	int error;
};

static void find_proc_path(struct proc_path *path, int dirfd, const char *name)
{
	int length;

	path->follow = !*name;
	path->error = 0;
	path->start = name;
	if (dirfd == AT_FDCWD || *name == '/')
		return;
	length = snprintf(path->text, sizeof(path->text), "/proc/self/fd/%d%s%s",
			  dirfd, *name ? "/" : "", name);
	if (length < 0 || (size_t)length >= sizeof(path->text))
		path->error = -ENAMETOOLONG;
	path->start = path->text;
}

static ssize_t result(ssize_t r)
{
	return r < 0 ? -errno : r;
}

/*
 * -ENOSYS settles it for the process. -EPERM may be a container's seccomp filter
 * that knows of no such call: the older call tells.
 */
static int lacks_xattrat(ssize_t r)
{
	if (r == -ENOSYS)
		atomic_store_explicit(&kernel_lacks_xattrat, 1, memory_order_relaxed);
	return r == -ENOSYS || r == -EPERM;
}

static int must_fall_back(void)
{
	return atomic_load_explicit(&kernel_lacks_xattrat, memory_order_relaxed);
}

/*
 * The f*xattr calls refuse an O_PATH descriptor, as the *xattrat calls with an
 * empty name do; its path in /proc leads to the file.
 */
static int is_path_descriptor(ssize_t r)
{
	return r == -EBADF;
}

int prov_has_getxattrat(void)
{
	struct xattr_arguments arguments = { 0 };

	return syscall(NR_GETXATTRAT, -1, "", AT_EMPTY_PATH, "user.prov", &arguments,
		       sizeof(arguments)) < 0 && errno != ENOSYS;
}

ssize_t prov_getxattrat(int dirfd, const char *name, const char *attribute,
			void *value, size_t size)
{
	if (size > UINT32_MAX)
		return -EINVAL;
	if (!*name) {
		ssize_t r = result(fgetxattr(dirfd, attribute, value, size));

		if (!is_path_descriptor(r))
			return r;
	} else if (!must_fall_back()) {
		struct xattr_arguments arguments = {
			.value = (uintptr_t)value, .size = (uint32_t)size,
		};
		ssize_t r = result(syscall(NR_GETXATTRAT, dirfd, name, AT_SYMLINK_NOFOLLOW,
					   attribute, &arguments, sizeof(arguments)));

		if (!lacks_xattrat(r))
			return r;
	}
	struct proc_path path;

	find_proc_path(&path, dirfd, name);
	if (path.error)
		return path.error;
	return result(path.follow ? getxattr(path.start, attribute, value, size)
				  : lgetxattr(path.start, attribute, value, size));
}

ssize_t prov_listxattrat(int dirfd, const char *name, char *list, size_t size)
{
	if (!*name) {
		ssize_t r = result(flistxattr(dirfd, list, size));

		if (!is_path_descriptor(r))
			return r;
	} else if (!must_fall_back()) {
		ssize_t r = result(syscall(NR_LISTXATTRAT, dirfd, name, AT_SYMLINK_NOFOLLOW,
					   list, size));

		if (!lacks_xattrat(r))
			return r;
	}
	struct proc_path path;

	find_proc_path(&path, dirfd, name);
	if (path.error)
		return path.error;
	return result(path.follow ? listxattr(path.start, list, size)
				  : llistxattr(path.start, list, size));
}

int prov_setxattrat(int dirfd, const char *name, const char *attribute,
		    const void *value, size_t size, int flags)
{
	if (size > UINT32_MAX)
		return -EINVAL;
	if (!*name) {
		int r = (int)result(fsetxattr(dirfd, attribute, value, size, flags));

		if (!is_path_descriptor(r))
			return r;
	} else if (!must_fall_back()) {
		struct xattr_arguments arguments = {
			.value = (uintptr_t)value, .size = (uint32_t)size,
			.flags = (uint32_t)flags,
		};
		ssize_t r = result(syscall(NR_SETXATTRAT, dirfd, name, AT_SYMLINK_NOFOLLOW,
					   attribute, &arguments, sizeof(arguments)));

		if (!lacks_xattrat(r))
			return (int)r;
	}
	struct proc_path path;

	find_proc_path(&path, dirfd, name);
	if (path.error)
		return path.error;
	return (int)result(path.follow ? setxattr(path.start, attribute, value, size, flags)
				       : lsetxattr(path.start, attribute, value, size, flags));
}

int prov_removexattrat(int dirfd, const char *name, const char *attribute)
{
	if (!*name) {
		int r = (int)result(fremovexattr(dirfd, attribute));

		if (!is_path_descriptor(r))
			return r;
	} else if (!must_fall_back()) {
		ssize_t r = result(syscall(NR_REMOVEXATTRAT, dirfd, name, AT_SYMLINK_NOFOLLOW,
					   attribute));

		if (!lacks_xattrat(r))
			return (int)r;
	}
	struct proc_path path;

	find_proc_path(&path, dirfd, name);
	if (path.error)
		return path.error;
	return (int)result(path.follow ? removexattr(path.start, attribute)
				       : lremovexattr(path.start, attribute));
}
