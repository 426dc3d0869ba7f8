// SPDX-License-Identifier: GPL-2.0-only
/* prctl(2): sizes, bits and arguments that are refused; intent tags. */

#include "agent_ns_test.h"

#include <time.h>

static int set_intent(const char *intent)
{
	return prctl(PR_SET_AGENT_INTENT_TAG, intent, 0, 0, 0);
}

/* How many changes of an intent are due since @start, the first included. */
static long changes_due(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return 1 + (now.tv_sec - start->tv_sec) - (now.tv_nsec < start->tv_nsec);
}

static int get_intent(char intent[AGENT_NS_INTENT_MAX + 1])
{
	return prctl(PR_GET_AGENT_INTENT_TAG, intent, AGENT_NS_INTENT_MAX + 1, 0, 0);
}

TEST(arguments_that_an_option_does_not_name_are_refused)
{
	unsigned char buffer[4096] = {};
	int option;

	ASSERT_EQ(0, enter_session());
	for (option = PR_GET_AGENT_SESSION_ID; option <= PR_SET_AGENT_NS; option++) {
		EXPECT_EQ(-1, prctl(option, buffer, 0, 1, 0));
		EXPECT_EQ(EINVAL, errno);
		EXPECT_EQ(-1, prctl(option, buffer, 0, 0, 1));
		EXPECT_EQ(EINVAL, errno);
	}
	EXPECT_EQ(-1, prctl(PR_SET_AGENT_NS, 1, 0, 0, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, prctl(PR_SET_AGENT_NS, 0, 1, 0, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, prctl(PR_SET_AGENT_INTENT_TAG, "tag", 3, 0, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, prctl(PR_AGENT_BASE, buffer, 0, 0, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, prctl(PR_SET_AGENT_NS + 1, buffer, 0, 0, 0));
	EXPECT_EQ(EINVAL, errno);
}

TEST(ids_have_one_size)
{
	struct agent_session_id id, again;

	ASSERT_EQ(0, enter_session());
	ASSERT_EQ(0, prctl(PR_GET_AGENT_SESSION_ID, &id, sizeof(id), 0, 0));
	/* Programs from before there was a size pass 0. */
	ASSERT_EQ(0, prctl(PR_GET_AGENT_SESSION_ID, &again, 0, 0, 0));
	ASSERT_EQ(0, memcmp(&id, &again, sizeof(id)));
	EXPECT_EQ(-1, prctl(PR_GET_AGENT_SESSION_ID, &id, sizeof(id) - 1, 0, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, prctl(PR_GET_AGENT_PARENT_ID, &id, sizeof(id) + 1, 0, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, prctl(PR_GET_AGENT_SESSION_ID, NULL, sizeof(id), 0, 0));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, prctl(PR_GET_AGENT_SESSION_ID, -4096L, sizeof(id), 0, 0));
	EXPECT_EQ(EFAULT, errno);
}

TEST(counters_may_grow)
{
	struct {
		struct agent_ns_counters known;
		uint64_t unknown[2];
	} larger;

	memset(&larger, 0xff, sizeof(larger));
	ASSERT_EQ(0, enter_session());
	EXPECT_EQ(0, prctl(PR_GET_AGENT_COUNTERS, &larger, sizeof(larger), 0, 0));
	EXPECT_EQ(0, larger.unknown[0]);
	EXPECT_EQ(0, larger.unknown[1]);
	EXPECT_EQ(-1, prctl(PR_GET_AGENT_COUNTERS, &larger, sizeof(larger.known) - 8, 0, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, prctl(PR_GET_AGENT_COUNTERS, &larger, 1UL << 20, 0, 0));
	EXPECT_EQ(E2BIG, errno);
	EXPECT_EQ(-1, prctl(PR_GET_AGENT_COUNTERS, NULL, 0, 0, 0));
	EXPECT_EQ(EFAULT, errno);
}

TEST(budgets_with_unknown_bits_are_refused)
{
	struct {
		struct agent_ns_budget known;
		uint64_t unknown;
	} larger = { .known = { .max_syscalls = 1ULL << 40 } };

	ASSERT_EQ(0, enter_session());
	EXPECT_EQ(0, prctl(PR_SET_AGENT_BUDGET_LIMITS, &larger, sizeof(larger), 0, 0));
	larger.unknown = 1;
	EXPECT_EQ(-1, prctl(PR_SET_AGENT_BUDGET_LIMITS, &larger, sizeof(larger), 0, 0));
	EXPECT_EQ(E2BIG, errno);
	EXPECT_EQ(-1, prctl(PR_SET_AGENT_BUDGET_LIMITS, &larger, sizeof(larger.known) - 1, 0, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, prctl(PR_SET_AGENT_BUDGET_LIMITS, &larger, 1UL << 20, 0, 0));
	EXPECT_EQ(E2BIG, errno);
	larger.known.reserved = 1;
	EXPECT_EQ(-1, set_budget(larger.known));
	EXPECT_EQ(EINVAL, errno);
	larger.known.reserved = 0;
	larger.known.action = AGENT_NS_ACTION_KILL + 1;
	EXPECT_EQ(-1, set_budget(larger.known));
	EXPECT_EQ(EINVAL, errno);
}

TEST(budgets_can_only_be_tightened)
{
	ASSERT_EQ(0, enter_session());
	ASSERT_EQ(0, set_budget((struct agent_ns_budget){
		.max_syscalls = 1000000, .max_write_bytes = 1000000, .action = 1 }));
	EXPECT_EQ(0, set_budget((struct agent_ns_budget){ .max_syscalls = 999999, .action = 1 }));
	EXPECT_EQ(-1, set_budget((struct agent_ns_budget){ .max_syscalls = 1000000, .action = 1 }));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, set_budget((struct agent_ns_budget){ .max_write_bytes = UINT64_MAX, .action = 1 }));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, set_budget((struct agent_ns_budget){ .action = 0 }));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(0, set_budget((struct agent_ns_budget){ .action = 2 }));
	EXPECT_EQ(-1, set_budget((struct agent_ns_budget){ .action = 1 }));
	EXPECT_EQ(EPERM, errno);
}

TEST(outside_any_session_there_is_nothing_to_set)
{
	char intent[AGENT_NS_INTENT_MAX + 1];

	EXPECT_EQ(-1, set_budget((struct agent_ns_budget){ .max_syscalls = 1 }));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, set_intent("mine"));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(0, get_intent(intent));
	EXPECT_STREQ("", intent);
}

TEST(an_intent_is_set_read_and_inherited)
{
	char longest[AGENT_NS_INTENT_MAX + 1] = {}, intent[AGENT_NS_INTENT_MAX + 1];
	char text[128], expected[128];
	pid_t pid;

	memset(longest, 'x', AGENT_NS_INTENT_MAX);
	ASSERT_EQ(0, enter_session());
	ASSERT_EQ(0, get_intent(intent));
	ASSERT_STREQ("", intent);
	ASSERT_EQ(0, set_intent(longest));
	pid = fork();
	if (!pid)
		_exit(get_intent(intent) || strcmp(intent, longest));
	ASSERT_EQ(0, exit_status(pid));
	snprintf(expected, sizeof(expected), "%s\n", longest);
	ASSERT_LT(0, read_proc(getpid(), "agent_intent", text, sizeof(text)));
	ASSERT_STREQ(expected, text);
	EXPECT_EQ(-1, prctl(PR_GET_AGENT_INTENT_TAG, intent, 10, 0, 0));
	EXPECT_EQ(EINVAL, errno);
}

TEST(an_intent_cannot_break_a_line)
{
	char longer[AGENT_NS_INTENT_MAX + 2] = {};
	static const char *const refused[] = {
		"two\nlines", "\033[31mred", "tab\there", "del\x7f", "caf\xc3\xa9", "cr\r",
	};
	unsigned int i;

	ASSERT_EQ(0, enter_session());
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		EXPECT_EQ(-1, set_intent(refused[i]));
		EXPECT_EQ(EINVAL, errno);
	}
	memset(longer, 'x', AGENT_NS_INTENT_MAX + 1);
	EXPECT_EQ(-1, set_intent(longer));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, set_intent(NULL));
	EXPECT_EQ(EFAULT, errno);
	/* None of these used up the second. */
	EXPECT_EQ(0, set_intent("fine"));
}

TEST(an_intent_changes_once_a_second)
{
	char intent[AGENT_NS_INTENT_MAX + 1];
	struct timespec start;
	long changes = 0;
	pid_t pid;
	int i;

	ASSERT_EQ(0, enter_session());
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (i = 0; i < 1000; i++) {
		if (!set_intent("first"))
			changes++;
		else
			ASSERT_EQ(EAGAIN, errno);
	}
	ASSERT_LE(1, changes);
	ASSERT_GE(changes_due(&start), changes);
	/* It is a limit of each session's own. */
	pid = fork_with(CLONE_NEWAGENT);
	if (!pid)
		_exit(set_intent("nested") ? 1 : 0);
	ASSERT_EQ(0, exit_status(pid));
	while (set_intent("second"))
		ASSERT_EQ(EAGAIN, errno);
	ASSERT_EQ(0, get_intent(intent));
	ASSERT_STREQ("second", intent);
}

TEST(one_of_many_that_set_the_intent_at_once_wins)
{
	struct gate gate = make_gate();
	struct timespec start;
	long won = 0;
	pid_t pids[16];
	char tag[16];
	int i;

	ASSERT_EQ(0, enter_session());
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (i = 0; i < 16; i++) {
		pids[i] = fork();
		if (!pids[i]) {
			snprintf(tag, sizeof(tag), "racer %d", i);
			hold(&gate);
			_exit(set_intent(tag) ? errno == EAGAIN ? 1 : 2 : 0);
		}
	}
	for (i = 0; i < 16; i++)
		release(&gate);
	for (i = 0; i < 16; i++) {
		int status = exit_status(pids[i]);

		ASSERT_NE(2, status);
		won += !status;
	}
	ASSERT_LE(1, won);
	ASSERT_GE(changes_due(&start), won);
}

AGENT_NS_TEST_MAIN
