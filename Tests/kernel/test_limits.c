// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may make sessions and how many; and that making and leaving them leaks
 * nothing.
 */

#include "agent_ns_test.h"

#include <sys/mman.h>
#include <time.h>

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
	ASSERT_EQ(0, exit_status(first));
	/* Given back when the session is gone, and not only at the reboot. */
	first = fork_with(CLONE_NEWAGENT);
	ASSERT_LE(0, first);
	if (!first)
		_exit(0);
	ASSERT_EQ(0, exit_status(first));
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

TEST(a_failed_unshare_gives_back_the_other_namespaces)
{
	int i;

	ASSERT_EQ(0, become_rootless());
	ASSERT_EQ(0, set_sysctl("user/max_time_namespaces", "1"));
	ASSERT_EQ(0, set_sysctl("user/max_uts_namespaces", "1"));
	ASSERT_EQ(0, set_sysctl("user/max_agent_namespaces", "0"));
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(-1, unshare(CLONE_NEWTIME | CLONE_NEWUTS | CLONE_NEWAGENT));
		ASSERT_EQ(ENOSPC, errno);
	}
	ASSERT_EQ(0, unshare(CLONE_NEWTIME | CLONE_NEWUTS));
}

TEST(sysctls_begin_with_what_the_page_says)
{
	char text[16];

	if (!getenv("PROVFS_IN_VM"))
		SKIP(return, "this machine may have been set otherwise");
	ASSERT_LT(0, read_text("/proc/sys/kernel/agent_ns/enabled", text, sizeof(text)));
	EXPECT_STREQ("1\n", text);
	ASSERT_LT(0, read_text("/proc/sys/kernel/agent_ns/reaper_interval", text, sizeof(text)));
	EXPECT_STREQ("60\n", text);
	ASSERT_LT(0, read_text("/proc/sys/kernel/agent_ns/max_lifetime", text, sizeof(text)));
	EXPECT_STREQ("86400\n", text);
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
		ASSERT_EQ(0, exit_status(pid));
	}
	/* Those that earlier tests had in io_uring's hands may be gone since. */
	ASSERT_GE(before, count_sessions());
}

#define LEVELS	32
#define HOLDERS	32

static uint64_t memory_of(const char *cgroup, const char *kind)
{
	char path[128], text[8192], wanted[64], *line;

	snprintf(path, sizeof(path), "%s/memory.stat", cgroup);
	snprintf(wanted, sizeof(wanted), "\n%s ", kind);
	if (read_text(path, text, sizeof(text)) < 0)
		return 0;
	line = strstr(text, wanted);
	return line ? strtoull(line + strlen(wanted), NULL, 10) : 0;
}

static void hold_sessions(struct gate gates[3], const char *procs)
{
	int level;

	if (write_text(procs, "0"))
		_exit(1);
	release(&gates[0]);
	hold(&gates[1]);
	for (level = 0; level < LEVELS; level++)
		if (enter_session())
			_exit(2);
	release(&gates[0]);
	hold(&gates[2]);
	_exit(0);
}

/* What holders of sessions do to their cgroup between two gates. */
TEST(sessions_are_charged_to_the_cgroup_of_their_maker)
{
	struct gate gates[3] = { make_gate(), make_gate(), make_gate() };
	uint64_t percpu, slab, sessions = LEVELS * HOLDERS;
	char cgroup[64], procs[128];
	pid_t pids[HOLDERS];
	int i;

	ASSERT_EQ(0, write_text("/sys/fs/cgroup/cgroup.subtree_control", "+memory"));
	snprintf(cgroup, sizeof(cgroup), "/sys/fs/cgroup/agent_ns.%d", getpid());
	snprintf(procs, sizeof(procs), "%s/cgroup.procs", cgroup);
	ASSERT_EQ(0, mkdir(cgroup, 0755));
	for (i = 0; i < HOLDERS; i++) {
		pids[i] = fork();
		if (!pids[i])
			hold_sessions(gates, procs);
		hold(&gates[0]);
	}
	percpu = memory_of(cgroup, "percpu");
	slab = memory_of(cgroup, "slab");
	for (i = 0; i < HOLDERS; i++)
		release(&gates[1]);
	for (i = 0; i < HOLDERS; i++)
		hold(&gates[0]);
	/* Six counters for each processor, and at least their names. */
	EXPECT_LE(percpu + sessions * 6 * sizeof(uint64_t), memory_of(cgroup, "percpu"));
	EXPECT_LE(slab + sessions * 256, memory_of(cgroup, "slab"));
	for (i = 0; i < HOLDERS; i++)
		release(&gates[2]);
	for (i = 0; i < HOLDERS; i++)
		EXPECT_EQ(0, exit_status(pids[i]));
	EXPECT_EQ(0, rmdir(cgroup));
}

static void read_counters_for_ever(const pid_t *outer, volatile pid_t *newest)
{
	char text[1024];
	ssize_t length;

	for (;;) {
		if (read_proc(*outer, "agent_counters", text, sizeof(text)) < 1)
			_exit(1);
		length = read_proc(*newest, "agent_counters", text, sizeof(text));
		if (length < 1 && length != -ESRCH && length != -ENOENT)
			_exit(2);
	}
}

/* All with a budget, so that each pass has to add up those that are ending. */
TEST(sessions_end_while_they_are_reaped_and_read)
{
	struct agent_ns_budget budget = {
		.max_write_bytes = 1 << 30, .action = AGENT_NS_ACTION_KILL };
	volatile pid_t *newest;
	struct timespec start, now;
	pid_t outer = getpid(), reader, pid;
	int cycles = 0;

	newest = mmap(NULL, sizeof(*newest), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, newest);
	*newest = outer;
	ASSERT_EQ(0, set_sysctl("kernel/agent_ns/reaper_interval", "1"));
	reader = fork();
	if (!reader)
		read_counters_for_ever(&outer, newest);
	ASSERT_EQ(0, enter_session());
	ASSERT_EQ(0, set_budget(budget));
	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		pid = fork_with(CLONE_NEWAGENT);
		ASSERT_LE(0, pid);
		if (!pid)
			_exit(set_budget(budget) || enter_session() ? 1 : 0);
		*newest = pid;
		EXPECT_EQ(0, exit_status(pid));
		cycles++;
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (cycles < 300 || now.tv_sec - start.tv_sec < 8);
	EXPECT_EQ(0, waitpid(reader, NULL, WNOHANG));
	kill(reader, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, exit_status(reader));
	EXPECT_EQ(cycles, own_counters().fork_count);
	EXPECT_EQ(0, set_sysctl("kernel/agent_ns/reaper_interval", "60"));
}

AGENT_NS_TEST_MAIN
