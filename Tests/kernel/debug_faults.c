// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each allocation on the way to a session is made to fail in turn. What comes
 * back is ENOMEM and the old session; kmemleak, KASAN and lockdep watch.
 * Needs the debug kernel: CONFIG_FAULT_INJECTION, FAILSLAB, FAIL_PAGE_ALLOC.
 */

#include "agent_ns_test.h"

#define FAIL_NTH "/proc/thread-self/fail-nth"

static int allow_faults(void)
{
	return write_text("/sys/kernel/debug/failslab/ignore-gfp-wait", "N") ?:
	       write_text("/sys/kernel/debug/failslab/verbose", "0") ?:
	       write_text("/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "N") ?:
	       write_text("/sys/kernel/debug/fail_page_alloc/verbose", "0") ?:
	       write_text("/sys/kernel/debug/fail_page_alloc/min-order", "0");
}

static int arm(int fd, int nth)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%d", nth);

	return pwrite(fd, text, length, 0) == length ? 0 : -1;
}

/* Whether the fault was used up; disarms it. */
static bool was_injected(int fd)
{
	char text[16] = {};
	bool used;

	if (pread(fd, text, sizeof(text) - 1, 0) < 1)
		abort();
	used = atoi(text) == 0;
	arm(fd, 0);
	return used;
}

TEST(unshare_survives_each_failing_allocation)
{
	int fd, nth, failures = 0;
	pid_t pid;

	ASSERT_EQ(0, allow_faults());
	for (nth = 1; nth < 500; nth++) {
		pid = fork();
		if (!pid) {
			struct session_name before;
			bool injected;
			int failed;

			fd = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
			if (fd < 0 || enter_session())
				_exit(10);
			before = session_of(getpid());
			if (arm(fd, nth))
				_exit(11);
			failed = enter_session();
			injected = was_injected(fd);
			if (failed && errno != ENOMEM)
				_exit(12);
			if (failed && strcmp(before.hex, session_of(getpid()).hex))
				_exit(13);
			if (!failed && !strcmp(before.hex, session_of(getpid()).hex))
				_exit(14);
			_exit(injected ? failed ? 1 : 2 : 0);
		}
		switch (exit_status(pid)) {
		case 0:
			/* None is left; the nsproxy's and the session's were. */
			ASSERT_LE(2, failures);
			return;
		case 1:
			failures++;
			break;
		case 2:
			/* Optional: the caller did without. */
			break;
		default:
			ASSERT_TRUE(false);
		}
	}
	ASSERT_TRUE(false);
}

TEST(clone3_survives_each_failing_allocation)
{
	int fd, nth, failures = 0, failed;
	bool injected;
	pid_t pid;

	ASSERT_EQ(0, allow_faults());
	fd = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	for (nth = 1; nth < 2000; nth++) {
		ASSERT_EQ(0, arm(fd, nth));
		pid = fork_with(CLONE_NEWAGENT);
		if (!pid)
			_exit(0);
		failed = pid < 0 ? errno : 0;
		injected = was_injected(fd);
		if (pid > 0) {
			ASSERT_EQ(0, exit_status(pid));
		} else {
			ASSERT_TRUE(failed == ENOMEM || failed == EAGAIN);
		}
		failures += !!failed;
		if (!injected)
			break;
	}
	ASSERT_LT(2, failures);
	ASSERT_LT(nth, 2000);
}

TEST(prctl_survives_each_failing_allocation)
{
	int fd, nth;

	ASSERT_EQ(0, allow_faults());
	fd = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, enter_session());
	for (nth = 1; nth < 10; nth++) {
		ASSERT_EQ(0, arm(fd, nth));
		EXPECT_EQ(0, set_budget((struct agent_ns_budget){ .max_syscalls = 1 << 30 }));
		was_injected(fd);
	}
}

AGENT_NS_TEST_MAIN
