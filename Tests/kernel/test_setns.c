// SPDX-License-Identifier: GPL-2.0-only
/*
 * Entering sessions, and every way out that an agent might try: a descriptor
 * of the parent's, of the initial namespace, of a sibling, a user namespace
 * of its own, a file handle, another process's pidfd.
 */

#include "agent_ns_test.h"

#include <linux/nsfs.h>
#include <sys/ioctl.h>

struct listns_request {
	uint32_t size;
	uint32_t spare;
	uint64_t ns_id;
	uint32_t ns_type;
	uint32_t spare2;
	uint64_t user_ns_id;
};

#ifndef NS_GET_ID
#define NS_GET_ID _IOR(0xb7, 13, __u64)
#endif

static int open_own(void)
{
	return open("/proc/self/ns/agent", O_RDONLY | O_CLOEXEC);
}

static int open_of(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/agent", pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* A child that stays in a session of its own until the gate opens. */
static pid_t stay_in_session(struct gate *gate)
{
	pid_t pid = fork_with(CLONE_NEWAGENT);

	if (pid)
		return pid;
	hold(gate);
	_exit(0);
}

static ssize_t listns(uint64_t *ids, size_t count, uint32_t type)
{
	struct listns_request request = {
		.size = sizeof(request),
		.ns_type = type,
	};

	return syscall(__NR_listns, &request, ids, count, 0);
}

static bool is_listed(uint64_t id)
{
	static uint64_t ids[4096];
	ssize_t i, found = listns(ids, 4096, CLONE_NEWAGENT);

	for (i = 0; i < found; i++)
		if (ids[i] == id)
			return true;
	return false;
}

static uint64_t id_of(int fd)
{
	__u64 id = 0;

	return ioctl(fd, NS_GET_ID, &id) ? 0 : id;
}

TEST(setns_enters_a_nested_session)
{
	struct gate gate = make_gate();
	pid_t pid = stay_in_session(&gate);
	int fd;

	ASSERT_LE(0, pid);
	fd = open_of(pid);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, setns(fd, CLONE_NEWAGENT));
	ASSERT_STREQ(session_of(pid).hex, session_of(getpid()).hex);
	release(&gate);
	ASSERT_EQ(0, exit_status(pid));
}

TEST(setns_by_pidfd_enters_a_nested_session)
{
	struct gate gate = make_gate();
	pid_t pid = stay_in_session(&gate);
	int pidfd;

	ASSERT_LE(0, pid);
	pidfd = syscall(__NR_pidfd_open, pid, 0);
	ASSERT_LE(0, pidfd);
	ASSERT_EQ(0, setns(pidfd, CLONE_NEWAGENT | CLONE_NEWUTS));
	ASSERT_STREQ(session_of(pid).hex, session_of(getpid()).hex);
	release(&gate);
	ASSERT_EQ(0, exit_status(pid));
}

TEST(setns_enters_no_other_session)
{
	struct gate gate = make_gate();
	pid_t sibling = stay_in_session(&gate), parent = getpid(), pid;
	int initial = open_own(), of_sibling = open_of(sibling), outer;

	ASSERT_LE(0, initial);
	ASSERT_LE(0, of_sibling);
	ASSERT_EQ(0, enter_session());
	outer = open_own();
	ASSERT_EQ(0, enter_session());

	EXPECT_EQ(-1, setns(initial, CLONE_NEWAGENT));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, setns(outer, CLONE_NEWAGENT));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, setns(of_sibling, CLONE_NEWAGENT));
	EXPECT_EQ(EINVAL, errno);
	/* Nor by way of a process that is outside. */
	pid = syscall(__NR_pidfd_open, getppid(), 0);
	ASSERT_LE(0, pid);
	EXPECT_EQ(-1, setns(pid, CLONE_NEWAGENT));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(parent, getpid());
	release(&gate);
	exit_status(sibling);
}

TEST(a_user_namespace_of_ones_own_is_no_way_out)
{
	int initial = open_own(), outer;

	ASSERT_EQ(0, enter_session());
	outer = open_own();
	ASSERT_EQ(0, unshare(CLONE_NEWUSER));
	/* There it may make sessions, nested in where it is. */
	ASSERT_EQ(0, enter_session());
	EXPECT_EQ(-1, setns(outer, CLONE_NEWAGENT));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, setns(initial, CLONE_NEWAGENT));
	EXPECT_EQ(EPERM, errno);
}

TEST(setns_wants_rights_over_the_session)
{
	struct gate gate = make_gate();
	pid_t sibling = stay_in_session(&gate), pid;
	int of_sibling = open_of(sibling);

	pid = fork();
	if (!pid) {
		/* In charge of a user namespace, but not of that session's. */
		if (unshare(CLONE_NEWUSER))
			_exit(1);
		if (!setns(of_sibling, CLONE_NEWAGENT) || errno != EPERM)
			_exit(2);
		_exit(0);
	}
	ASSERT_EQ(0, exit_status(pid));
	release(&gate);
	exit_status(sibling);
}

TEST(setns_wants_rights_where_the_caller_is_as_well)
{
	struct gate gate = make_gate(), ready = make_gate();
	pid_t pid, caller;
	int fd;

	pid = fork();
	if (!pid) {
		if (setresuid(65534, 65534, 65534) ||
		    unshare(CLONE_NEWUSER | CLONE_NEWAGENT))
			_exit(1);
		release(&ready);
		hold(&gate);
		_exit(0);
	}
	hold(&ready);
	fd = open_of(pid);
	ASSERT_LE(0, fd);
	caller = fork();
	if (!caller) {
		/* It owns that user namespace, and has no right in its own. */
		if (setresuid(65534, 65534, 65534))
			_exit(1);
		if (!setns(fd, CLONE_NEWAGENT))
			_exit(2);
		_exit(errno == EPERM ? 0 : 3);
	}
	EXPECT_EQ(0, exit_status(caller));
	/* Who has it in both gets in. */
	EXPECT_EQ(0, setns(fd, CLONE_NEWAGENT));
	release(&gate);
	ASSERT_EQ(0, exit_status(pid));
}

TEST(a_session_that_has_ended_cannot_be_entered)
{
	struct gate gate = make_gate();
	pid_t pid = stay_in_session(&gate);
	int fd = open_of(pid);

	ASSERT_LE(0, fd);
	release(&gate);
	ASSERT_EQ(0, exit_status(pid));
	ASSERT_EQ(-1, setns(fd, CLONE_NEWAGENT));
	ASSERT_EQ(EINVAL, errno);
}

TEST(a_session_lives_as_long_as_one_nested_in_it)
{
	struct gate outer_gate = make_gate(), inner_gate = make_gate();
	pid_t pid, inner;
	int told[2], outer;

	ASSERT_EQ(0, pipe(told));
	pid = fork_with(CLONE_NEWAGENT);
	ASSERT_LE(0, pid);
	if (!pid) {
		inner = stay_in_session(&inner_gate);
		if (write(told[1], &inner, sizeof(inner)) != sizeof(inner))
			_exit(1);
		hold(&outer_gate);
		_exit(0);
	}
	outer = open_of(pid);
	ASSERT_LE(0, outer);
	ASSERT_EQ(sizeof(inner), read(told[0], &inner, sizeof(inner)));
	release(&outer_gate);
	ASSERT_EQ(0, exit_status(pid));
	/* No task is left in the outer one itself. */
	pid = fork();
	if (!pid)
		_exit(setns(outer, CLONE_NEWAGENT) ? 1 : 0);
	ASSERT_EQ(0, exit_status(pid));
	release(&inner_gate);
}

TEST(the_parent_opens_from_outside_only)
{
	struct gate gate = make_gate();
	pid_t sibling = stay_in_session(&gate);
	int fd = open_of(sibling), parent;

	parent = ioctl(fd, NS_GET_PARENT);
	ASSERT_LE(0, parent);
	ASSERT_EQ(id_of(open_own()), id_of(parent));
	ASSERT_EQ(0, enter_session());
	ASSERT_EQ(-1, ioctl(open_own(), NS_GET_PARENT));
	ASSERT_EQ(EPERM, errno);
	ASSERT_EQ(-1, ioctl(fd, NS_GET_PARENT));
	ASSERT_EQ(EPERM, errno);
	release(&gate);
	exit_status(sibling);
}

TEST(the_owner_is_the_user_namespace_it_was_made_in)
{
	int fd, owner;
	struct stat expected, found;

	ASSERT_EQ(0, unshare(CLONE_NEWUSER | CLONE_NEWAGENT));
	fd = open_own();
	ASSERT_LE(0, fd);
	owner = ioctl(fd, NS_GET_USERNS);
	ASSERT_LE(0, owner);
	ASSERT_EQ(0, fstat(owner, &found));
	ASSERT_EQ(0, stat("/proc/self/ns/user", &expected));
	ASSERT_EQ(expected.st_ino, found.st_ino);
}

TEST(listns_lists_sessions_while_they_live)
{
	struct gate gate = make_gate();
	pid_t pid = stay_in_session(&gate);
	int fd = open_of(pid);
	uint64_t id = id_of(fd), initial = id_of(open_own());

	ASSERT_EQ(9, initial);
	ASSERT_TRUE(is_listed(initial));
	ASSERT_LT(initial, id);
	ASSERT_TRUE(is_listed(id));
	release(&gate);
	ASSERT_EQ(0, exit_status(pid));
	/* The descriptor keeps it in sight, and nothing else does. */
	ASSERT_TRUE(is_listed(id));
	close(fd);
	ASSERT_FALSE(is_listed(id));
}

TEST(listns_without_a_type_lists_sessions_too)
{
	static uint64_t ids[4096];
	ssize_t i, found;
	uint64_t own;

	ASSERT_EQ(0, enter_session());
	own = id_of(open_own());
	found = listns(ids, 4096, 0);
	ASSERT_LT(0, found);
	for (i = 0; i < found && ids[i] != own; i++)
		;
	ASSERT_LT(i, found);
}

TEST(file_handles_open_a_live_session_and_no_other)
{
	struct {
		struct file_handle handle;
		unsigned char bytes[128];
	} file = { .handle.handle_bytes = 128 };
	struct gate gate = make_gate();
	pid_t pid = stay_in_session(&gate);
	int fd = open_of(pid), again, mount_id, initial = open_own();

	ASSERT_EQ(0, name_to_handle_at(fd, "", &file.handle, &mount_id, AT_EMPTY_PATH));
	again = open_by_handle_at(initial, &file.handle, O_RDONLY);
	ASSERT_LE(0, again);
	ASSERT_EQ(id_of(fd), id_of(again));
	close(again);
	close(fd);
	release(&gate);
	ASSERT_EQ(0, exit_status(pid));
	ASSERT_EQ(-1, open_by_handle_at(initial, &file.handle, O_RDONLY));
	ASSERT_EQ(ESTALE, errno);
}

AGENT_NS_TEST_MAIN
