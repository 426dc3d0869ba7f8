// SPDX-License-Identifier: GPL-2.0-only
/* A session from its birth: unshare, /proc, prctl, counters. */

#include "agent_ns_test.h"

TEST(outside_any_session_the_id_is_zero)
{
	struct agent_session_id id = { { 1 } };

	ASSERT_STREQ(no_session, session_of(getpid()).hex);
	ASSERT_EQ(0, prctl(PR_GET_AGENT_SESSION_ID, &id, sizeof(id), 0, 0));
	ASSERT_STREQ(no_session, name_of_id(&id).hex);
}

TEST(unshare_makes_a_session)
{
	struct session_name name;
	struct agent_session_id id;
	int i;

	ASSERT_EQ(0, enter_session());
	name = session_of(getpid());
	ASSERT_STRNE(no_session, name.hex);
	for (i = 0; i < ID_HEX; i++)
		ASSERT_NE(NULL, strchr("0123456789abcdef", name.hex[i]));
	ASSERT_EQ(0, prctl(PR_GET_AGENT_SESSION_ID, &id, sizeof(id), 0, 0));
	ASSERT_STREQ(name.hex, name_of_id(&id).hex);
	ASSERT_NE(0, id.bytes[0] | id.bytes[1] | id.bytes[2] | id.bytes[3]);
}

TEST(prctl_makes_a_session)
{
	ASSERT_EQ(0, prctl(PR_SET_AGENT_NS, 0, 0, 0, 0));
	ASSERT_STRNE(no_session, session_of(getpid()).hex);
}

TEST(ids_are_never_used_twice)
{
	struct session_name seen[64];
	int i, j, status, report[2];
	pid_t pid;

	ASSERT_EQ(0, pipe(report));
	for (i = 0; i < 64; i++) {
		pid = fork_with(CLONE_NEWAGENT);
		ASSERT_LE(0, pid);
		if (!pid) {
			struct session_name name = session_of(getpid());

			_exit(write(report[1], &name, sizeof(name)) != sizeof(name));
		}
		ASSERT_EQ(sizeof(seen[i]), read(report[0], &seen[i], sizeof(seen[i])));
		status = exit_status(pid);
		ASSERT_EQ(0, status);
		for (j = 0; j < i; j++)
			ASSERT_STRNE(seen[j].hex, seen[i].hex);
	}
}

TEST(a_nested_session_knows_its_parent)
{
	struct session_name outer, inner;
	struct agent_session_id parent;
	char lineage[256], expected[256];

	ASSERT_EQ(0, enter_session());
	outer = session_of(getpid());
	ASSERT_EQ(0, prctl(PR_GET_AGENT_PARENT_ID, &parent, sizeof(parent), 0, 0));
	ASSERT_STREQ(no_session, name_of_id(&parent).hex);

	ASSERT_EQ(0, enter_session());
	inner = session_of(getpid());
	ASSERT_STRNE(outer.hex, inner.hex);
	ASSERT_EQ(0, prctl(PR_GET_AGENT_PARENT_ID, &parent, sizeof(parent), 0, 0));
	ASSERT_STREQ(outer.hex, name_of_id(&parent).hex);

	snprintf(expected, sizeof(expected), "%s\n%s\n", inner.hex, outer.hex);
	ASSERT_LT(0, read_proc(getpid(), "agent_lineage", lineage, sizeof(lineage)));
	ASSERT_STREQ(expected, lineage);
}

TEST(outside_any_session_the_lineage_is_empty)
{
	char lineage[256];

	ASSERT_EQ(0, read_proc(getpid(), "agent_lineage", lineage, sizeof(lineage)));
}

TEST(counters_begin_at_zero_and_move)
{
	struct agent_ns_counters before, after;
	char text[1024];
	uint64_t value;
	int fd;

	ASSERT_EQ(0, enter_session());
	before = own_counters();
	ASSERT_EQ(0, before.write_bytes);
	ASSERT_EQ(0, before.openat_count);
	ASSERT_EQ(0, before.fork_count);
	/* This prctl() and nothing else: unshare() began outside. */
	ASSERT_EQ(1, before.total_syscalls);

	fd = open_scratch("counters", O_WRONLY | O_TRUNC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(5, write(fd, "hello", 5));
	after = own_counters();
	ASSERT_EQ(5, after.write_bytes);
	ASSERT_EQ(1, after.openat_count);
	/* open_scratch asks for its pid: getpid, openat, write, prctl. */
	ASSERT_EQ(before.total_syscalls + 4, after.total_syscalls);
	ASSERT_LT(before.elapsed_ns, after.elapsed_ns);

	ASSERT_LT(0, read_proc(getpid(), "agent_counters", text, sizeof(text)));
	ASSERT_EQ(1, sscanf(strstr(text, "write_bytes: "), "write_bytes: %" SCNu64, &value));
	ASSERT_EQ(5, value);
	remove_scratch("counters");
}

/* All but the time that has passed, which is the last line. */
static void read_counts(pid_t pid, char counts[1024])
{
	char *time;

	if (read_proc(pid, "agent_counters", counts, 1024) < 1)
		abort();
	time = strstr(counts, "elapsed_ns: ");
	if (!time)
		abort();
	*time = '\0';
}

TEST(outside_any_session_nothing_is_counted)
{
	struct agent_ns_counters zero = {}, counters;
	char before[1024], after[1024];
	int fd, status;
	pid_t pid;

	/* The hooks are live while there is a session somewhere. */
	pid = fork_with(CLONE_NEWAGENT);
	ASSERT_LE(0, pid);
	if (!pid) {
		raise(SIGSTOP);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, WUNTRACED));
	read_counts(pid, before);
	fd = open_scratch("outside", O_WRONLY | O_TRUNC);
	ASSERT_EQ(7, write(fd, "nothing", 7));
	remove_scratch("outside");
	if (!fork())
		_exit(0);
	wait(NULL);
	/* Nothing to the session that there is, nor to whoever did it. */
	read_counts(pid, after);
	EXPECT_STREQ(before, after);
	counters = own_counters();
	EXPECT_EQ(0, memcmp(&zero, &counters, sizeof(zero)));
	kill(pid, SIGKILL);
	exit_status(pid);
}

TEST(the_link_in_proc_names_the_namespace)
{
	char outside[64] = {}, inside[64] = {};

	ASSERT_LT(0, readlink("/proc/self/ns/agent", outside, sizeof(outside) - 1));
	ASSERT_STREQ("agent:[4026531584]", outside);
	ASSERT_EQ(0, enter_session());
	ASSERT_LT(0, readlink("/proc/self/ns/agent", inside, sizeof(inside) - 1));
	ASSERT_EQ(0, strncmp("agent:[", inside, 7));
	ASSERT_STRNE(outside, inside);
}

AGENT_NS_TEST_MAIN
