// SPDX-License-Identifier: GPL-2.0-only
/* KUnit tests of what is pure arithmetic in agent namespaces. */

#include <kunit/test.h>

#include "agent_ns_internal.h"

static const struct agent_ns_budget limited = {
	.max_syscalls		= 100,
	.max_write_bytes	= 1000,
	.max_elapsed_ns		= 10000,
	.action			= AGENT_NS_ACTION_TERM,
};

static void agent_ns_tighten_takes_lower_limits(struct kunit *test)
{
	const struct agent_ns_budget lower = {
		.max_syscalls		= 99,
		.max_write_bytes	= 1,
		.max_elapsed_ns		= 10000,
		.action			= AGENT_NS_ACTION_KILL,
	};
	struct agent_ns_budget budget = limited;

	KUNIT_EXPECT_EQ(test, agent_ns_tighten(&budget, &lower), 0);
	KUNIT_EXPECT_MEMEQ(test, &budget, &lower, sizeof(lower));
}

static void agent_ns_tighten_sets_limits_where_none_were(struct kunit *test)
{
	struct agent_ns_budget budget = {};

	KUNIT_EXPECT_EQ(test, agent_ns_tighten(&budget, &limited), 0);
	KUNIT_EXPECT_MEMEQ(test, &budget, &limited, sizeof(limited));
}

static void agent_ns_tighten_leaves_limits_that_are_zero(struct kunit *test)
{
	const struct agent_ns_budget one = {
		.max_write_bytes	= 5,
		.action			= AGENT_NS_ACTION_TERM,
	};
	struct agent_ns_budget budget = limited;

	KUNIT_EXPECT_EQ(test, agent_ns_tighten(&budget, &one), 0);
	KUNIT_EXPECT_EQ(test, budget.max_syscalls, limited.max_syscalls);
	KUNIT_EXPECT_EQ(test, budget.max_write_bytes, 5ULL);
	KUNIT_EXPECT_EQ(test, budget.max_elapsed_ns, limited.max_elapsed_ns);
}

static void agent_ns_tighten_refuses(struct kunit *test)
{
	const struct {
		struct agent_ns_budget wanted;
		int err;
	} refused[] = {
		{ { .max_syscalls = 101, .action = 1 }, -EPERM },
		{ { .max_write_bytes = 1001, .action = 1 }, -EPERM },
		{ { .max_elapsed_ns = U64_MAX, .action = 1 }, -EPERM },
		{ { .max_syscalls = 1, .action = 0 }, -EPERM },
		{ { .max_syscalls = 1, .max_write_bytes = 1001, .action = 2 }, -EPERM },
		{ { .max_syscalls = 1, .action = 3 }, -EINVAL },
		{ { .max_syscalls = 1, .action = U32_MAX }, -EINVAL },
		{ { .max_syscalls = 1, .action = 1, .reserved = 1 }, -EINVAL },
	};
	struct agent_ns_budget budget;
	int i;

	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		budget = limited;
		KUNIT_EXPECT_EQ_MSG(test, refused[i].err,
				    agent_ns_tighten(&budget, &refused[i].wanted),
				    "case %d", i);
		KUNIT_EXPECT_MEMEQ_MSG(test, &budget, &limited, sizeof(limited),
				       "case %d changed the budget", i);
	}
}

static void agent_ns_exceeded_means_above(struct kunit *test)
{
	struct agent_ns_counters counters = {
		.total_syscalls	= 100,
		.write_bytes	= 1000,
		.elapsed_ns	= 10000,
	};

	KUNIT_EXPECT_FALSE(test, agent_ns_exceeded(&limited, &counters));
	counters.total_syscalls++;
	KUNIT_EXPECT_TRUE(test, agent_ns_exceeded(&limited, &counters));
	counters.total_syscalls--;
	counters.write_bytes++;
	KUNIT_EXPECT_TRUE(test, agent_ns_exceeded(&limited, &counters));
	counters.write_bytes--;
	counters.elapsed_ns++;
	KUNIT_EXPECT_TRUE(test, agent_ns_exceeded(&limited, &counters));
}

static void agent_ns_exceeded_knows_no_limit(struct kunit *test)
{
	const struct agent_ns_budget none = { .action = AGENT_NS_ACTION_KILL };
	const struct agent_ns_counters counters = {
		.total_syscalls	= U64_MAX,
		.write_bytes	= U64_MAX,
		.elapsed_ns	= U64_MAX,
	};

	KUNIT_EXPECT_FALSE(test, agent_ns_exceeded(&none, &counters));
}

static void agent_ns_sentence_escalates(struct kunit *test)
{
	const struct {
		u32 action;
		bool warned;
		enum agent_ns_verdict verdict;
	} sentences[] = {
		{ AGENT_NS_ACTION_LOG, false, AGENT_NS_LIVES },
		{ AGENT_NS_ACTION_LOG, true, AGENT_NS_LIVES },
		{ AGENT_NS_ACTION_TERM, false, AGENT_NS_TERMINATES },
		{ AGENT_NS_ACTION_TERM, true, AGENT_NS_DIES },
		{ AGENT_NS_ACTION_KILL, false, AGENT_NS_DIES },
		{ AGENT_NS_ACTION_KILL, true, AGENT_NS_DIES },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(sentences); i++)
		KUNIT_EXPECT_EQ_MSG(test, sentences[i].verdict,
				    agent_ns_sentence(sentences[i].action,
						      sentences[i].warned),
				    "case %d", i);
}

static void agent_ns_intent_is_printable(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, agent_ns_intent_valid(""));
	KUNIT_EXPECT_TRUE(test, agent_ns_intent_valid(" refactor ~ the parser "));
	KUNIT_EXPECT_FALSE(test, agent_ns_intent_valid("two\nlines"));
	KUNIT_EXPECT_FALSE(test, agent_ns_intent_valid("\033[2J"));
	KUNIT_EXPECT_FALSE(test, agent_ns_intent_valid("del\x7f"));
	KUNIT_EXPECT_FALSE(test, agent_ns_intent_valid("caf\xc3\xa9"));
}

static struct kunit_case agent_ns_cases[] = {
	KUNIT_CASE(agent_ns_tighten_takes_lower_limits),
	KUNIT_CASE(agent_ns_tighten_sets_limits_where_none_were),
	KUNIT_CASE(agent_ns_tighten_leaves_limits_that_are_zero),
	KUNIT_CASE(agent_ns_tighten_refuses),
	KUNIT_CASE(agent_ns_exceeded_means_above),
	KUNIT_CASE(agent_ns_exceeded_knows_no_limit),
	KUNIT_CASE(agent_ns_sentence_escalates),
	KUNIT_CASE(agent_ns_intent_is_printable),
	{}
};

static struct kunit_suite agent_ns_suite = {
	.name		= "agent_ns",
	.test_cases	= agent_ns_cases,
};

kunit_test_suite(agent_ns_suite);
