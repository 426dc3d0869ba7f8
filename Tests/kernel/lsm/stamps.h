/* SPDX-License-Identifier: GPL-2.0-only */
/* Stamps and sessions as a test program sees them. */
#ifndef STAMPS_H
#define STAMPS_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include <linux/agent_namespaces.h>
#include <linux/provfs.h>

#include "../session.h"

/* Who is expected to have written. */
struct writer {
	uint8_t session[PROV_SESSION_SIZE];
	uint8_t root[PROV_ROOT_SIZE];
	uint32_t pid;
	uint32_t uid;
	char comm[PROV_COMM_SIZE];
};

static inline struct writer myself(void)
{
	struct writer writer = { .pid = getpid(), .uid = getuid() };

	prctl(PR_GET_AGENT_SESSION_ID, writer.session, PROV_SESSION_SIZE, 0, 0);
	prctl(PR_GET_NAME, writer.comm);
	return writer;
}

/*
 * fork(2), and the child enters a session of its own. The parent learns who
 * the child is before the child goes on; the child gets 0.
 */
static inline pid_t fork_in_session(struct writer *child)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	pid = fork();
	if (!pid) {
		if (enter_session())
			_exit(99);
		*child = myself();
		if (write(ends[1], child, sizeof(*child)) != sizeof(*child))
			_exit(98);
		close(ends[0]);
		close(ends[1]);
		return 0;
	}
	close(ends[1]);
	if (pid > 0 && read(ends[0], child, sizeof(*child)) != sizeof(*child))
		memset(child, 0xff, sizeof(*child));
	close(ends[0]);
	return pid;
}

/* 0 if the whole text was written and the descriptor closed. */
static inline int write_file(const char *path, int flags, const char *text)
{
	size_t length = strlen(text);
	int fd;

	fd = open(path, flags | O_CLOEXEC, 0644);
	if (fd < 0)
		return -1;
	if (write(fd, text, length) != (ssize_t)length) {
		close(fd);
		return -1;
	}
	return close(fd);
}

static inline bool get_stamp(const char *path, struct prov_stamp *stamp)
{
	char value[PROV_STAMP_SIZE + 1];
	ssize_t size;

	memset(stamp, 0, sizeof(*stamp));
	size = lgetxattr(path, PROV_XATTR_SECURITY, value, sizeof(value));
	if (size != PROV_STAMP_SIZE)
		return false;
	memcpy(stamp, value, sizeof(*stamp));
	return true;
}

/* The number of earlier writers, or -1. */
static inline int get_log(const char *path, struct prov_stamp log[PROV_LOG_MAX])
{
	ssize_t size;

	size = lgetxattr(path, PROV_XATTR_SECURITY_LOG, log,
			 PROV_LOG_MAX * PROV_STAMP_SIZE);
	if (size < 0)
		return errno == ENODATA ? 0 : -1;
	return size % PROV_STAMP_SIZE ? -1 : size / PROV_STAMP_SIZE;
}

static inline bool is_by(const struct prov_stamp *stamp,
			 const struct writer *writer)
{
	return stamp->version == PROV_STAMP_VERSION &&
	       stamp->stamper == PROV_STAMPER_LSM &&
	       le32toh(stamp->pid) == writer->pid &&
	       le32toh(stamp->uid) == writer->uid &&
	       !memcmp(stamp->root, writer->root, PROV_ROOT_SIZE) &&
	       !memcmp(stamp->session, writer->session, PROV_SESSION_SIZE) &&
	       !memcmp(stamp->comm, writer->comm, PROV_COMM_SIZE);
}

static inline uint64_t nanoseconds(const struct timespec *time)
{
	return time->tv_sec * 1000000000ULL + time->tv_nsec;
}

/* Whether the stamp is this inode's and not older than its content. */
static inline bool covers(const struct prov_stamp *stamp, const char *path)
{
	struct stat status;

	return !lstat(path, &status) &&
	       le64toh(stamp->inode) == status.st_ino &&
	       le64toh(stamp->time) >= nanoseconds(&status.st_mtim);
}

static inline void print_stamp(const char *path)
{
	struct prov_stamp stamp;
	struct stat status = { 0 };
	int i;

	if (!get_stamp(path, &stamp)) {
		fprintf(stderr, "# %s has no stamp\n", path);
		return;
	}
	lstat(path, &status);
	fprintf(stderr, "# %s: flags %x pid %u uid %u comm %.16s time %llu inode %llu (of %llu, mtime %llu) session ",
		path, le16toh(stamp.flags), le32toh(stamp.pid),
		le32toh(stamp.uid), (const char *)stamp.comm,
		(unsigned long long)le64toh(stamp.time),
		(unsigned long long)le64toh(stamp.inode),
		(unsigned long long)status.st_ino,
		(unsigned long long)nanoseconds(&status.st_mtim));
	for (i = 0; i < PROV_SESSION_SIZE; i++)
		fprintf(stderr, "%02x", stamp.session[i]);
	fprintf(stderr, "\n");
}

#endif /* STAMPS_H */
