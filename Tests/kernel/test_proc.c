// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/PID/agent_*: read twice, read while the process exits, of a process
 * whose leader has exited, of threads, of other users.
 */

#include "agent_ns_test.h"

#include <pthread.h>
#include <sys/syscall.h>

static const char *const files[] = {
	"agent_session", "agent_lineage", "agent_intent", "agent_counters",
};

#define FILES (sizeof(files) / sizeof(files[0]))

TEST(reading_twice_from_the_start_gives_the_same)
{
	char path[64], first[1024], second[1024];
	ssize_t length;
	unsigned int i;
	int fd, turn;

	ASSERT_EQ(0, enter_session());
	for (i = 0; i < FILES; i++) {
		snprintf(path, sizeof(path), "/proc/self/%s", files[i]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		ASSERT_LE(0, fd);
		length = pread(fd, first, sizeof(first), 0);
		ASSERT_LT(0, length);
		for (turn = 0; turn < 100; turn++) {
			ASSERT_EQ(0, lseek(fd, 0, SEEK_SET));
			ASSERT_LT(0, read(fd, second, sizeof(second)));
			ASSERT_LT(0, pread(fd, second, sizeof(second), 0));
			if (strcmp(files[i], "agent_counters"))
				ASSERT_EQ(0, memcmp(first, second, length));
		}
		close(fd);
	}
}

TEST(a_zombie_has_left_its_session)
{
	char text[1024];
	siginfo_t info;
	unsigned int i;
	pid_t pid;

	pid = fork_with(CLONE_NEWAGENT);
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(0);
	ASSERT_EQ(0, waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	for (i = 0; i < FILES; i++)
		EXPECT_EQ(-ESRCH, read_proc(pid, files[i], text, sizeof(text)));
	ASSERT_EQ(0, exit_status(pid));
	EXPECT_EQ(-ENOENT, read_proc(pid, files[0], text, sizeof(text)));
}

TEST(an_open_file_outlives_the_process)
{
	struct gate gate = make_gate();
	char path[64], text[1024];
	unsigned int i;
	int fds[FILES];
	pid_t pid;

	pid = fork_with(CLONE_NEWAGENT);
	ASSERT_LE(0, pid);
	if (!pid) {
		hold(&gate);
		_exit(0);
	}
	for (i = 0; i < FILES; i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", pid, files[i]);
		fds[i] = open(path, O_RDONLY | O_CLOEXEC);
		ASSERT_LE(0, fds[i]);
		ASSERT_LT(0, pread(fds[i], text, sizeof(text), 0));
	}
	release(&gate);
	ASSERT_EQ(0, exit_status(pid));
	for (i = 0; i < FILES; i++) {
		EXPECT_EQ(-1, pread(fds[i], text, sizeof(text), 0));
		EXPECT_EQ(ESRCH, errno);
	}
}

TEST(reading_while_processes_exit_fails_cleanly)
{
	int round, reads;
	unsigned int i;
	char text[1024];
	ssize_t length;
	pid_t pid;

	for (round = 0; round < 300; round++) {
		pid = fork_with(CLONE_NEWAGENT);
		ASSERT_LE(0, pid);
		if (!pid)
			_exit(0);
		for (reads = 0; reads < 20; reads++) {
			for (i = 0; i < FILES; i++) {
				length = read_proc(pid, files[i], text, sizeof(text));
				ASSERT_TRUE(length > 0 || length == -ESRCH);
			}
		}
		ASSERT_EQ(0, exit_status(pid));
	}
}

static void *outlive_the_leader(void *arg)
{
	struct gate *gates = arg;

	hold(&gates[1]);
	_exit(0);
}

TEST(a_process_whose_leader_has_exited_is_still_in_its_session)
{
	struct gate gates[2] = { make_gate(), make_gate() };
	struct session_name before;
	char text[1024];
	pthread_t thread;
	unsigned int i;
	pid_t pid;

	pid = fork_with(CLONE_NEWAGENT);
	ASSERT_LE(0, pid);
	if (!pid) {
		if (pthread_create(&thread, NULL, outlive_the_leader, gates))
			_exit(1);
		hold(&gates[0]);
		syscall(SYS_exit, 0);
	}
	before = session_of(pid);
	ASSERT_STRNE(no_session, before.hex);
	release(&gates[0]);
	do {
		ASSERT_LT(0, read_proc(pid, "stat", text, sizeof(text)));
	} while (!strstr(text, ") Z"));
	ASSERT_STREQ(before.hex, session_of(pid).hex);
	for (i = 0; i < FILES; i++)
		EXPECT_LT(0, read_proc(pid, files[i], text, sizeof(text)));
	release(&gates[1]);
	ASSERT_EQ(0, exit_status(pid));
}

static void *say_tid_and_hold(void *arg)
{
	struct gate *gates = arg;
	pid_t tid = syscall(SYS_gettid);

	if (write(gates[0].ends[1], &tid, sizeof(tid)) == sizeof(tid))
		hold(&gates[1]);
	return NULL;
}

TEST(threads_have_the_same_files)
{
	struct gate gates[2] = { make_gate(), make_gate() };
	char name[64], text[1024], own[64] = {}, of_thread[64] = {};
	pthread_t thread;
	unsigned int i;
	pid_t tid;

	ASSERT_EQ(0, enter_session());
	ASSERT_EQ(0, pthread_create(&thread, NULL, say_tid_and_hold, gates));
	ASSERT_EQ(sizeof(tid), read(gates[0].ends[0], &tid, sizeof(tid)));
	for (i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "task/%d/%s", tid, files[i]);
		EXPECT_LT(0, read_proc(getpid(), name, text, sizeof(text)));
		if (!i)
			EXPECT_EQ(0, strncmp(session_of(getpid()).hex, text, ID_HEX));
	}
	snprintf(name, sizeof(name), "/proc/self/task/%d/ns/agent", tid);
	EXPECT_LT(0, readlink("/proc/self/ns/agent", own, sizeof(own) - 1));
	EXPECT_LT(0, readlink(name, of_thread, sizeof(of_thread) - 1));
	EXPECT_STREQ(own, of_thread);
	release(&gates[1]);
	pthread_join(thread, NULL);
}

TEST(another_users_counters_are_as_private_as_its_io)
{
	struct gate gate = make_gate();
	char text[1024];
	pid_t pid, reader;
	ssize_t io, counters;

	pid = fork_with(CLONE_NEWAGENT);
	ASSERT_LE(0, pid);
	if (!pid) {
		hold(&gate);
		_exit(0);
	}
	reader = fork();
	if (!reader) {
		if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
			_exit(1);
		io = read_proc(pid, "io", text, sizeof(text));
		counters = read_proc(pid, "agent_counters", text, sizeof(text));
		if (io != -EACCES || counters != io)
			_exit(2);
		/* Who it acts for is no secret. */
		if (strcmp(session_of(pid).hex, no_session) == 0)
			_exit(3);
		if (read_proc(pid, "agent_lineage", text, sizeof(text)) != ID_HEX + 1)
			_exit(4);
		_exit(0);
	}
	EXPECT_EQ(0, exit_status(reader));
	release(&gate);
	ASSERT_EQ(0, exit_status(pid));
}

TEST(the_counters_have_one_name_and_value_a_line)
{
	static const char *const names[] = {
		"total_syscalls", "openat_count", "write_bytes", "connect_count",
		"unlink_count", "fork_count", "elapsed_ns",
	};
	char text[1024], name[32], *line, *rest;
	unsigned int i = 0;
	uint64_t value;

	ASSERT_EQ(0, enter_session());
	ASSERT_LT(0, read_proc(getpid(), "agent_counters", text, sizeof(text)));
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		ASSERT_LT(i, sizeof(names) / sizeof(names[0]));
		ASSERT_EQ(2, sscanf(line, "%31[^:]: %" SCNu64, name, &value));
		ASSERT_STREQ(names[i], name);
		i++;
	}
	ASSERT_EQ(sizeof(names) / sizeof(names[0]), i);
}

AGENT_NS_TEST_MAIN
