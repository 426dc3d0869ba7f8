// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ways to forge, copy or lose a stamp. docs/threat-model.md lists them.
 * Each is tried as root with every capability: who has less can do less.
 */

#include "stamp_test.h"

#include <sys/mount.h>

#include "../uring.h"

#ifndef __NR_setxattrat
#define __NR_setxattrat 463
#define __NR_removexattrat 466
#endif

struct xattr_arguments {
	uint64_t value;
	uint32_t size;
	uint32_t flags;
};

static const char *const names[] = {
	PROV_XATTR_SECURITY, PROV_XATTR_SECURITY_LOG,
};

static const char forged[PROV_STAMP_SIZE] = { 1, 1 };

#define EXPECT_REFUSED(call)						\
do {									\
	errno = 0;							\
	EXPECT_EQ(-1, call);						\
	EXPECT_EQ(EPERM, errno);					\
} while (0)

TEST_F(file, setting_is_refused)
{
	struct xattr_arguments arguments = {
		.value = (uintptr_t)forged, .size = sizeof(forged),
	};
	struct prov_stamp before, after;
	unsigned int i;
	int fd;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "x"));
	ASSERT_TRUE(get_stamp(self->path, &before));
	fd = open(self->path, O_RDWR);
	ASSERT_LE(0, fd);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		EXPECT_REFUSED(setxattr(self->path, names[i], forged,
					sizeof(forged), 0));
		EXPECT_REFUSED(lsetxattr(self->path, names[i], forged,
					 sizeof(forged), XATTR_REPLACE));
		EXPECT_REFUSED(fsetxattr(fd, names[i], forged,
					 sizeof(forged), XATTR_CREATE));
		EXPECT_REFUSED(fsetxattr(fd, names[i], "", 0, 0));
		EXPECT_REFUSED(syscall(__NR_setxattrat, AT_FDCWD, self->path, 0,
				       names[i], &arguments, sizeof(arguments)));
	}
	close(fd);
	ASSERT_TRUE(get_stamp(self->path, &after));
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
}

TEST_F(file, removing_is_refused)
{
	struct prov_stamp before, after;
	unsigned int i;
	int fd;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "x"));
	ASSERT_TRUE(get_stamp(self->path, &before));
	fd = open(self->path, O_RDWR);
	ASSERT_LE(0, fd);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		EXPECT_REFUSED(removexattr(self->path, names[i]));
		EXPECT_REFUSED(lremovexattr(self->path, names[i]));
		EXPECT_REFUSED(fremovexattr(fd, names[i]));
		EXPECT_REFUSED(syscall(__NR_removexattrat, AT_FDCWD, self->path,
				       0, names[i]));
	}
	close(fd);
	ASSERT_TRUE(get_stamp(self->path, &after));
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
}

TEST_F(file, what_is_not_a_file_is_protected_too)
{
	ASSERT_EQ(0, mkdir(self->path, 0755));
	ASSERT_EQ(0, symlink("x", self->other));
	EXPECT_REFUSED(setxattr(self->path, names[0], forged, sizeof(forged), 0));
	EXPECT_REFUSED(removexattr(self->path, names[0]));
	EXPECT_REFUSED(lsetxattr(self->other, names[0], forged, sizeof(forged), 0));
	EXPECT_REFUSED(lremovexattr(self->other, names[0]));
}

TEST_F(file, io_uring_is_refused)
{
	struct io_uring_sqe by_path = {
		.opcode = IORING_OP_SETXATTR, .addr = (uintptr_t)names[0],
		.addr2 = (uintptr_t)forged, .len = sizeof(forged),
		.addr3 = (uintptr_t)self->path,
	};
	struct io_uring_sqe by_descriptor = {
		.opcode = IORING_OP_FSETXATTR, .addr = (uintptr_t)names[0],
		.addr2 = (uintptr_t)forged, .len = sizeof(forged),
	};
	struct uring ring;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "x"));
	by_descriptor.fd = open(self->path, O_RDWR);
	ASSERT_EQ(0, uring_open(&ring, 0));
	EXPECT_EQ(-EPERM, uring_run(&ring, &by_path));
	EXPECT_EQ(-EPERM, uring_run(&ring, &by_descriptor));
	EXPECT_STAMP(self->path, &self->me, PROV_FLAG_CREATED);
}

TEST_F(file, a_file_handle_is_refused)
{
	struct { struct file_handle header; char bytes[128]; } handle;
	int mount_id, directory, fd;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "x"));
	handle.header.handle_bytes = sizeof(handle.bytes);
	ASSERT_EQ(0, name_to_handle_at(AT_FDCWD, self->path, &handle.header,
				       &mount_id, 0));
	directory = open(self->directory, O_DIRECTORY);
	fd = open_by_handle_at(directory, &handle.header, O_RDWR);
	ASSERT_LE(0, fd);
	EXPECT_REFUSED(fsetxattr(fd, names[0], forged, sizeof(forged), 0));
	EXPECT_REFUSED(fremovexattr(fd, names[0]));
}

/* What is written through another mount of the same file is stamped. */
TEST_F(file, a_bind_mount_is_the_same_file)
{
	struct writer agent;
	pid_t pid;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "x"));
	ASSERT_EQ(0, mkdir(self->other, 0755));
	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid) {
		char path[400];

		if (unshare(CLONE_NEWNS) ||
		    mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL) ||
		    mount(self->directory, self->other, NULL, MS_BIND, NULL))
			_exit(1);
		snprintf(path, sizeof(path), "%s/file", self->other);
		if (write_file(path, O_WRONLY, "by another way"))
			_exit(2);
		_exit(setxattr(path, names[0], forged, sizeof(forged), 0) != -1 ||
		      errno != EPERM);
	}
	ASSERT_EQ(0, exit_status(pid));
	EXPECT_STAMP(self->path, &agent, 0);
}

/* A tmpfs of an unprivileged user's own is stamped by the same rules. */
TEST_F(file, root_of_a_user_namespace_is_refused)
{
	pid_t pid;

	ASSERT_EQ(0, mkdir(self->other, 0777));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		struct prov_stamp stamp;
		struct writer me;
		char path[400];

		if (setresuid(1000, 1000, 1000) ||
		    prctl(PR_SET_DUMPABLE, 1) ||
		    unshare(CLONE_NEWUSER | CLONE_NEWNS) ||
		    write_file("/proc/self/setgroups", O_WRONLY, "deny") ||
		    write_file("/proc/self/uid_map", O_WRONLY, "0 1000 1") ||
		    write_file("/proc/self/gid_map", O_WRONLY, "0 0 1") ||
		    mount("none", self->other, "tmpfs", 0, NULL))
			_exit(1);
		snprintf(path, sizeof(path), "%s/file", self->other);
		if (write_file(path, O_CREAT | O_WRONLY, "x"))
			_exit(2);
		if (setxattr(path, names[0], forged, sizeof(forged), 0) != -1 ||
		    errno != EPERM)
			_exit(3);
		if (removexattr(path, names[0]) != -1 || errno != EPERM)
			_exit(4);
		me = myself();
		me.uid = 1000;
		_exit(!get_stamp(path, &stamp) || !is_by(&stamp, &me));
	}
	EXPECT_EQ(0, exit_status(pid));
}

/*
 * Making another process write: it is named, for it did. /proc/PID/mem into
 * a shared mapping stores as the mapper does.
 */
TEST_F(file, stores_to_anothers_mapping_are_the_mappers)
{
	struct writer victim;
	int ready[2], go[2], memory;
	char name[64], byte;
	void *page;
	pid_t pid;

	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, pipe(go));
	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "content"));
	pid = fork_in_session(&victim);
	ASSERT_LE(0, pid);
	if (!pid) {
		int fd = open(self->path, O_RDWR);

		page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		close(go[1]);
		if (write(ready[1], &page, sizeof(page)) != sizeof(page))
			_exit(1);
		_exit(read(go[0], &byte, 1));
	}
	ASSERT_EQ((ssize_t)sizeof(page), read(ready[0], &page, sizeof(page)));
	snprintf(name, sizeof(name), "/proc/%d/mem", pid);
	memory = open(name, O_RDWR);
	ASSERT_LE(0, memory);
	ASSERT_EQ(6, pwrite(memory, "forged", 6, (uintptr_t)page));
	close(go[1]);
	ASSERT_EQ(0, exit_status(pid));
	EXPECT_STAMP(self->path, &victim, PROV_FLAG_MAPPED);
}

/* A copied stamp shows: nobody can carry it to another inode, and a rename
 * over a stamped file brings the other inode's own.
 */
TEST_F(file, renaming_over_a_stamped_file_brings_its_own_stamp)
{
	struct writer agent;
	pid_t pid;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "x"));
	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(write_file(self->other, O_CREAT | O_WRONLY, "forged") ||
		      rename(self->other, self->path));
	ASSERT_EQ(0, exit_status(pid));
	EXPECT_STAMP(self->path, &agent, PROV_FLAG_CREATED);
}

TEST_F(file, hard_links_share_one_stamp)
{
	struct writer agent;
	pid_t pid;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "x"));
	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(link(self->path, self->other) ||
		      write_file(self->other, O_WRONLY, "forged") ||
		      unlink(self->other));
	ASSERT_EQ(0, exit_status(pid));
	EXPECT_STAMP(self->path, &agent, 0);
}

/* Changing content and putting the time back does not take the stamp away. */
TEST_F(file, setting_the_time_back_hides_nothing)
{
	struct timespec past[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	struct writer agent;
	pid_t pid;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "content"));
	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid) {
		int fd = open(self->path, O_RDWR);

		_exit(write(fd, "forged!", 7) != 7 || futimens(fd, past) ||
		      close(fd));
	}
	ASSERT_EQ(0, exit_status(pid));
	EXPECT_STAMP(self->path, &agent, 0);
}

/* A name can be chosen; session, pid and uid cannot. */
TEST_F(file, the_name_of_a_process_is_its_own_claim)
{
	struct prov_stamp stamp;
	struct writer agent;
	pid_t pid;

	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(prctl(PR_SET_NAME, "systemd") ||
		      write_file(self->path, O_CREAT | O_WRONLY, "x"));
	ASSERT_EQ(0, exit_status(pid));
	ASSERT_TRUE(get_stamp(self->path, &stamp));
	EXPECT_STREQ("systemd", (char *)stamp.comm);
	memcpy(agent.comm, stamp.comm, sizeof(agent.comm));
	EXPECT_TRUE(is_by(&stamp, &agent));
}

TEST_HARNESS_MAIN
