// SPDX-License-Identifier: GPL-2.0-only
/*
 * The reaper against those who would rather live: signals ignored, forks,
 * nested sessions, laundered usage, the switch that turns the feature off.
 * Nothing here measures time; a session that escapes is waited for for ever,
 * which the runner's time limit turns into a failure.
 */

#include "agent_ns_test.h"

#include <pthread.h>

#define KILLED	(128 + SIGKILL)
#define TERMED	(128 + SIGTERM)

FIXTURE(reaper)
{
	int file;
};

FIXTURE_SETUP(reaper)
{
	ASSERT_EQ(0, set_sysctl("kernel/agent_ns/reaper_interval", "1"));
	self->file = open_scratch("budget", O_WRONLY | O_APPEND);
	ASSERT_LE(0, self->file);
}

FIXTURE_TEARDOWN(reaper)
{
	remove_scratch("budget");
	set_sysctl("kernel/agent_ns/enabled", "1");
	set_sysctl("kernel/agent_ns/max_lifetime", "86400");
	set_sysctl("kernel/agent_ns/reaper_interval", "60");
}

/* A child in a session of its own, with a budget. 0 in the child. */
static pid_t fork_with_budget(struct agent_ns_budget budget)
{
	pid_t pid = fork_with(CLONE_NEWAGENT);

	if (!pid && set_budget(budget))
		_exit(100);
	return pid;
}

/* For ever, without counting for anything but time. */
static void stay(void)
{
	for (;;)
		pause();
}

static pid_t write_too_much(int file, unsigned int action)
{
	pid_t pid = fork_with_budget((struct agent_ns_budget){
		.max_write_bytes = 10, .action = action });

	if (pid)
		return pid;
	if (write(file, "eleven byte", 11) != 11)
		_exit(101);
	stay();
	return 0;
}

/* Waits until @pid has stopped itself: it has done what it had to do. */
static int wait_for_stop(pid_t pid)
{
	int status;

	return waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status);
}

TEST_F(reaper, the_action_is_taken)
{
	EXPECT_EQ(KILLED, exit_status(write_too_much(self->file, AGENT_NS_ACTION_KILL)));
	EXPECT_EQ(TERMED, exit_status(write_too_much(self->file, AGENT_NS_ACTION_TERM)));
}

TEST_F(reaper, the_action_log_spares)
{
	pid_t logged = fork_with_budget((struct agent_ns_budget){
		.max_write_bytes = 10, .action = AGENT_NS_ACTION_LOG });

	if (!logged) {
		if (write(self->file, "eleven byte", 11) != 11)
			_exit(101);
		raise(SIGSTOP);
		stay();
	}
	ASSERT_TRUE(wait_for_stop(logged));
	/* The pass that kills this one has seen the other one too. */
	EXPECT_EQ(KILLED, exit_status(write_too_much(self->file, AGENT_NS_ACTION_KILL)));
	EXPECT_EQ(0, waitpid(logged, NULL, WNOHANG));
	kill(logged, SIGKILL);
	EXPECT_EQ(KILLED, exit_status(logged));
}

TEST_F(reaper, exactly_the_limit_is_within_it)
{
	pid_t within = fork_with_budget((struct agent_ns_budget){
		.max_write_bytes = 10, .action = AGENT_NS_ACTION_KILL });

	if (!within) {
		if (write(self->file, "ten bytes!", 10) != 10)
			_exit(101);
		raise(SIGSTOP);
		stay();
	}
	ASSERT_TRUE(wait_for_stop(within));
	EXPECT_EQ(KILLED, exit_status(write_too_much(self->file, AGENT_NS_ACTION_KILL)));
	EXPECT_EQ(0, waitpid(within, NULL, WNOHANG));
	kill(within, SIGKILL);
	EXPECT_EQ(KILLED, exit_status(within));
}

TEST_F(reaper, every_limit_counts)
{
	pid_t pid;

	pid = fork_with_budget((struct agent_ns_budget){
		.max_syscalls = 1000, .action = AGENT_NS_ACTION_KILL });
	if (!pid)
		for (;;)
			getppid();
	EXPECT_EQ(KILLED, exit_status(pid));
	pid = fork_with_budget((struct agent_ns_budget){
		.max_elapsed_ns = 1, .action = AGENT_NS_ACTION_KILL });
	if (!pid)
		stay();
	EXPECT_EQ(KILLED, exit_status(pid));
}

TEST_F(reaper, sigterm_that_is_ignored_becomes_sigkill)
{
	pid_t pid;

	signal(SIGTERM, SIG_IGN);
	pid = fork_with_budget((struct agent_ns_budget){
		.max_elapsed_ns = 1, .action = AGENT_NS_ACTION_TERM });
	if (!pid)
		stay();
	EXPECT_EQ(KILLED, exit_status(pid));
}

TEST_F(reaper, setting_the_budget_again_buys_no_time)
{
	struct agent_ns_budget budget = {
		.max_elapsed_ns = 1, .action = AGENT_NS_ACTION_TERM };
	pid_t pid;

	signal(SIGTERM, SIG_IGN);
	pid = fork_with_budget(budget);
	if (!pid)
		for (;;)
			set_budget(budget);
	EXPECT_EQ(KILLED, exit_status(pid));
}

TEST_F(reaper, a_forking_session_cannot_outrun_it)
{
	int alive[2];
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe2(alive, O_CLOEXEC));
	pid = fork_with_budget((struct agent_ns_budget){
		.max_elapsed_ns = 1, .action = AGENT_NS_ACTION_KILL });
	if (!pid) {
		/* Each one leaves two, up to a bound that spares the machine. */
		close(alive[0]);
		for (;;) {
			pid = fork();
			if (pid < 0)
				stay();
			if (pid && fork() > 0)
				_exit(0);
			if (own_counters().fork_count > 20000)
				stay();
		}
	}
	close(alive[1]);
	/* Whoever lives holds the pipe open. */
	ASSERT_EQ(0, read(alive[0], &byte, 1));
	exit_status(pid);
}

TEST_F(reaper, processes_whose_leader_has_exited_die_too)
{
	int alive[2];
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe2(alive, O_CLOEXEC));
	pid = fork_with_budget((struct agent_ns_budget){
		.max_elapsed_ns = 1, .action = AGENT_NS_ACTION_KILL });
	if (!pid) {
		pthread_t thread;

		close(alive[0]);
		pthread_create(&thread, NULL, (void *(*)(void *))stay, NULL);
		syscall(SYS_exit, 0);
	}
	close(alive[1]);
	ASSERT_EQ(0, read(alive[0], &byte, 1));
	EXPECT_EQ(KILLED, exit_status(pid));
}

TEST_F(reaper, stopped_processes_die_too)
{
	sigset_t terminate;
	pid_t pid;

	sigemptyset(&terminate);
	sigaddset(&terminate, SIGTERM);
	sigprocmask(SIG_BLOCK, &terminate, NULL);
	pid = fork_with_budget((struct agent_ns_budget){
		.max_elapsed_ns = 1, .action = AGENT_NS_ACTION_TERM });
	if (!pid) {
		raise(SIGSTOP);
		stay();
	}
	EXPECT_EQ(KILLED, exit_status(pid));
}

TEST_F(reaper, the_init_of_a_pid_namespace_dies_too)
{
	pid_t pid = fork_with(CLONE_NEWAGENT | CLONE_NEWPID);

	if (!pid) {
		if (set_budget((struct agent_ns_budget){
				.max_elapsed_ns = 1, .action = AGENT_NS_ACTION_TERM }))
			_exit(100);
		stay();
	}
	EXPECT_EQ(KILLED, exit_status(pid));
}

TEST_F(reaper, nested_sessions_spend_the_budget_and_die_by_it)
{
	int alive[2];
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe2(alive, O_CLOEXEC));
	pid = fork_with_budget((struct agent_ns_budget){
		.max_write_bytes = 10, .action = AGENT_NS_ACTION_KILL });
	if (!pid) {
		close(alive[0]);
		/* Its own session has none; what it does is its parent's too. */
		if (!fork_with(CLONE_NEWAGENT) &&
		    write(self->file, "eleven byte", 11) == 11)
			stay();
		stay();
	}
	close(alive[1]);
	ASSERT_EQ(0, read(alive[0], &byte, 1));
	EXPECT_EQ(KILLED, exit_status(pid));
}

TEST_F(reaper, usage_is_not_laundered_by_sessions_that_end)
{
	pid_t pid = fork_with_budget((struct agent_ns_budget){
		.max_write_bytes = 10, .action = AGENT_NS_ACTION_KILL });

	if (!pid) {
		for (int i = 0; i < 11; i++) {
			if (!fork_with(CLONE_NEWAGENT))
				_exit(write(self->file, "x", 1) != 1);
			wait(NULL);
		}
		stay();
	}
	EXPECT_EQ(KILLED, exit_status(pid));
}

TEST_F(reaper, a_session_of_ones_own_is_no_escape)
{
	pid_t pid = fork_with_budget((struct agent_ns_budget){
		.max_write_bytes = 10, .action = AGENT_NS_ACTION_KILL });

	if (!pid) {
		if (enter_session() || unshare(CLONE_NEWUSER) || enter_session() ||
		    write(self->file, "eleven byte", 11) != 11)
			_exit(102);
		stay();
	}
	EXPECT_EQ(KILLED, exit_status(pid));
}

TEST_F(reaper, disabling_lets_nobody_escape)
{
	pid_t pid = fork_with_budget((struct agent_ns_budget){
		.max_write_bytes = 10, .action = AGENT_NS_ACTION_KILL });

	if (!pid) {
		if (set_sysctl("kernel/agent_ns/enabled", "0") ||
		    write(self->file, "eleven byte", 11) != 11)
			_exit(102);
		stay();
	}
	EXPECT_EQ(KILLED, exit_status(pid));
}

TEST_F(reaper, disabling_lets_nobody_escape_from_any_limit)
{
	pid_t pid;

	pid = fork_with_budget((struct agent_ns_budget){
		.max_syscalls = 1000, .action = AGENT_NS_ACTION_KILL });
	if (!pid) {
		if (set_sysctl("kernel/agent_ns/enabled", "0"))
			_exit(102);
		for (;;)
			getppid();
	}
	EXPECT_EQ(KILLED, exit_status(pid));
	ASSERT_EQ(0, set_sysctl("kernel/agent_ns/enabled", "1"));
	pid = fork_with(CLONE_NEWAGENT);
	if (!pid) {
		if (set_sysctl("kernel/agent_ns/enabled", "0") ||
		    set_budget((struct agent_ns_budget){
				.max_elapsed_ns = 1, .action = AGENT_NS_ACTION_KILL }))
			_exit(102);
		stay();
	}
	EXPECT_EQ(KILLED, exit_status(pid));
}

TEST_F(reaper, sessions_do_not_outlive_max_lifetime)
{
	pid_t pid = fork_with(CLONE_NEWAGENT), outside;

	if (!pid)
		stay();
	outside = fork();
	if (!outside)
		stay();
	ASSERT_EQ(0, set_sysctl("kernel/agent_ns/max_lifetime", "1"));
	EXPECT_EQ(KILLED, exit_status(pid));
	EXPECT_EQ(0, waitpid(outside, NULL, WNOHANG));
	kill(outside, SIGKILL);
	exit_status(outside);
}

TEST_F(reaper, sysctls_refuse_what_they_cannot_mean)
{
	EXPECT_EQ(-EINVAL, set_sysctl("kernel/agent_ns/reaper_interval", "0"));
	EXPECT_EQ(-EINVAL, set_sysctl("kernel/agent_ns/reaper_interval", "61"));
	EXPECT_EQ(-EINVAL, set_sysctl("kernel/agent_ns/reaper_interval", "-1"));
	EXPECT_EQ(0, set_sysctl("kernel/agent_ns/max_lifetime", "0"));
	EXPECT_EQ(-EINVAL, set_sysctl("kernel/agent_ns/max_lifetime", "-1"));
}

AGENT_NS_TEST_MAIN
