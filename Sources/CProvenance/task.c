/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "provenance_task.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Where /proc belongs to another pid namespace, its "self" is another number, or leads nowhere. */
static int check_proc(int proc)
{
	struct statfs filesystem;
	char self[16];
	ssize_t length;

	if (fstatfs(proc, &filesystem) < 0)
		return -errno;
	if (filesystem.f_type != PROC_SUPER_MAGIC)
		return -ENODEV;
	length = readlinkat(proc, "self", self, sizeof(self) - 1);
	if (length < 0)
		return errno == ENOENT ? -EXDEV : -errno;
	self[length] = '\0';
	return strtol(self, NULL, 10) == getpid() ? 0 : -EXDEV;
}

int prov_open_proc(void)
{
	int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int error;

	if (proc < 0)
		return -errno;
	error = check_proc(proc);
	if (error) {
		close(proc);
		return error;
	}
	return proc;
}

int prov_open_task_file(int proc, pid_t task, const char *name)
{
	char path[64];
	int length = snprintf(path, sizeof(path), "%d/%s", task, name);
	int fd;

	if (length < 0 || (size_t)length >= sizeof(path))
		return -ENAMETOOLONG;
	do {
		fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	} while (fd < 0 && errno == EINTR);
	return fd < 0 ? -errno : fd;
}

int64_t prov_pid_namespace(int proc, pid_t process)
{
	struct stat namespace;
	char path[64];
	int length = snprintf(path, sizeof(path), "%d/ns/pid", process);

	if (length < 0 || (size_t)length >= sizeof(path))
		return -ENAMETOOLONG;
	return fstatat(proc, path, &namespace, 0) < 0 ? -errno : (int64_t)namespace.st_ino;
}

ssize_t prov_read_at_start(int fd, void *buffer, size_t size)
{
	ssize_t count;

	do {
		count = pread(fd, buffer, size, 0);
	} while (count < 0 && errno == EINTR);
	return count < 0 ? -errno : count;
}

int prov_set_task_name(const char *name)
{
	return prctl(PR_SET_NAME, name, 0, 0, 0) < 0 ? -errno : 0;
}

int prov_forbid_tracing(void)
{
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? -errno : 0;
}
