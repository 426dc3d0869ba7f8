// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may make sessions and how many; and that making and leaving them leaks
 * nothing.
 */

#include "agent_ns_test.h"

/* The user namespace's own root, without rights outside. */
static int become_rootless(void)
{
	return unshare(CLONE_NEWUSER);
}

TEST(without_the_capability_there_is_no_session)
{
	ASSERT_EQ(0, setresuid(65534, 65534, 65534));
	EXPECT_EQ(-1, enter_session());
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, fork_with(CLONE_NEWAGENT));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, prctl(PR_SET_AGENT_NS, 0, 0, 0, 0));
	EXPECT_EQ(EPERM, errno);
}

TEST(within_a_session_the_capability_is_needed_as_well)
{
	ASSERT_EQ(0, enter_session());
	ASSERT_EQ(0, setresuid(65534, 65534, 65534));
	EXPECT_EQ(-1, enter_session());
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, prctl(PR_SET_AGENT_NS, 0, 0, 0, 0));
	EXPECT_EQ(EPERM, errno);
}

TEST(in_a_user_namespace_of_ones_own_there_is)
{
	ASSERT_EQ(0, setresuid(65534, 65534, 65534));
	ASSERT_EQ(0, become_rootless());
	ASSERT_EQ(0, enter_session());
	ASSERT_STRNE(no_session, session_of(getpid()).hex);
}

TEST(both_at_once_make_the_session_in_the_new_user_namespace)
{
	ASSERT_EQ(0, setresuid(65534, 65534, 65534));
	ASSERT_EQ(0, unshare(CLONE_NEWUSER | CLONE_NEWAGENT));
	ASSERT_STRNE(no_session, session_of(getpid()).hex);
}

TEST(sessions_nest_thirty_two_deep)
{
	int level;

	for (level = 0; level < 32; level++)
		ASSERT_EQ(0, enter_session());
	ASSERT_EQ(-1, enter_session());
	ASSERT_EQ(ENOSPC, errno);
}

TEST(user_max_agent_namespaces_is_the_limit)
{
	struct gate gate = make_gate();
	pid_t first;

	ASSERT_EQ(0, become_rootless());
	ASSERT_EQ(0, set_sysctl("user/max_agent_namespaces", "1"));
	first = fork_with(CLONE_NEWAGENT);
	ASSERT_LE(0, first);
	if (!first) {
		hold(&gate);
		_exit(0);
	}
	EXPECT_EQ(-1, fork_with(CLONE_NEWAGENT));
	EXPECT_EQ(ENOSPC, errno);
	EXPECT_EQ(-1, enter_session());
	EXPECT_EQ(ENOSPC, errno);
	release(&gate);
	ASSERT_EQ(0, wait_for(first));
	/* Given back when the session is gone, and not only at the reboot. */
	first = fork_with(CLONE_NEWAGENT);
	ASSERT_LE(0, first);
	if (!first)
		_exit(0);
	ASSERT_EQ(0, wait_for(first));
}

TEST(a_failed_clone_gives_its_session_back)
{
	int i;

	ASSERT_EQ(0, become_rootless());
	ASSERT_EQ(0, set_sysctl("user/max_agent_namespaces", "1"));
	/* CLONE_INTO_CGROUP of no cgroup, a pid that is not free: both late. */
	for (i = 0; i < 100; i++) {
		pid_t tid = 1;
		struct clone_args args = {
			.flags = CLONE_NEWAGENT,
			.exit_signal = SIGCHLD,
			.set_tid = (uintptr_t)&tid,
			.set_tid_size = 1,
		};

		ASSERT_EQ(-1, syscall(__NR_clone3, &args, sizeof(args)));
		ASSERT_TRUE(errno == EPERM || errno == EEXIST);
	}
	ASSERT_EQ(0, enter_session());
}

TEST(a_failed_unshare_changes_nothing)
{
	struct session_name before;

	ASSERT_EQ(0, enter_session());
	before = session_of(getpid());
	ASSERT_EQ(0, become_rootless());
	ASSERT_EQ(0, set_sysctl("user/max_agent_namespaces", "0"));
	ASSERT_EQ(-1, unshare(CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWAGENT));
	ASSERT_EQ(ENOSPC, errno);
	ASSERT_STREQ(before.hex, session_of(getpid()).hex);
}

struct listns_request {
	uint32_t size;
	uint32_t spare;
	uint64_t ns_id;
	uint32_t ns_type;
	uint32_t spare2;
	uint64_t user_ns_id;
};

/* Sessions on the machine that are in use or held open. */
static ssize_t count_sessions(void)
{
	static uint64_t ids[65536];
	struct listns_request request = {
		.size = sizeof(request),
		.ns_type = CLONE_NEWAGENT,
	};

	return syscall(__NR_listns, &request, ids, 65536, 0);
}

/*
 * Nothing may be left: neither in the list, nor charged to the user, who has
 * room for two at a time. kmemleak looks at the memory in the debug boot.
 */
TEST(thousands_of_cycles_leave_nothing_behind)
{
	/* The debug kernel looks at each for ten times as long. */
	int i, cycles = access("/proc/self/fail-nth", F_OK) ? 10000 : 1000;
	ssize_t before = count_sessions();
	pid_t pid;

	ASSERT_LT(0, before);
	ASSERT_EQ(0, become_rootless());
	ASSERT_EQ(0, set_sysctl("user/max_agent_namespaces", "2"));
	for (i = 0; i < cycles; i++) {
		pid = fork_with(CLONE_NEWAGENT);
		ASSERT_LE(0, pid);
		if (!pid)
			_exit(enter_session() ? 1 : 0);
		ASSERT_EQ(0, wait_for(pid));
	}
	/* Those that earlier tests had in io_uring's hands may be gone since. */
	ASSERT_GE(before, count_sessions());
}

AGENT_NS_TEST_MAIN
