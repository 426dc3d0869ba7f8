// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is counted besides written bytes, for whom, and for how long: nested
 * sessions count for their ancestors and leave their usage to them.
 */

#include "agent_ns_test.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "uring.h"

static int listener(struct sockaddr_in *address)
{
	socklen_t length = sizeof(*address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*address = (struct sockaddr_in) { .sin_family = AF_INET };
	address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (void *)address, length) || listen(fd, 16) ||
	    getsockname(fd, (void *)address, &length))
		return -1;
	return fd;
}

static void bring_up_loopback(void)
{
	if (system("ip link set lo up 2>/dev/null || ifconfig lo up"))
		fprintf(stderr, "# the loopback device may be down\n");
}

TEST(opened_files_are_counted_and_failures_are_not)
{
	int fd;

	fd = open_scratch("name", O_RDWR);
	close(fd);
	ASSERT_EQ(0, enter_session());
	ASSERT_LE(0, open("/proc/self/stat", O_RDONLY));
	ASSERT_LE(0, openat(AT_FDCWD, "/proc/self/stat", O_RDONLY));
	ASSERT_EQ(-1, open("/nowhere/at/all", O_RDONLY));
	ASSERT_EQ(2, own_counters().openat_count);
	fd = syscall(__NR_openat2, AT_FDCWD, "/proc/self/stat", &(uint64_t[3]){ O_RDONLY }, 24);
	ASSERT_LE(0, fd);
	ASSERT_EQ(3, own_counters().openat_count);
	remove_scratch("name");
}

TEST(exec_opens_nothing_that_is_counted)
{
	char path[4096] = {};
	pid_t pid;

	/* Without a loader, whose opens are calls of the program's own. */
	ASSERT_LT(0, readlink("/proc/self/exe", path, sizeof(path) - 32));
	strcpy(strrchr(path, '/'), "/static_nothing");
	ASSERT_EQ(0, enter_session());
	pid = fork();
	if (!pid) {
		execl(path, path, NULL);
		_exit(98);
	}
	ASSERT_EQ(42, exit_status(pid));
	ASSERT_EQ(0, own_counters().openat_count);
}

TEST(removed_names_are_counted_and_failures_are_not)
{
	char path[4096], directory[4100];

	snprintf(path, sizeof(path), "%s/agent_ns.%d.name", scratch_directory(), getpid());
	snprintf(directory, sizeof(directory), "%s.d", path);
	ASSERT_EQ(0, enter_session());
	close(open_scratch("name", O_RDWR));
	ASSERT_EQ(0, unlink(path));
	close(open_scratch("name", O_RDWR));
	ASSERT_EQ(0, unlinkat(AT_FDCWD, path, 0));
	ASSERT_EQ(-1, unlink(path));
	/* Directories and names that something else replaces do not count. */
	ASSERT_EQ(0, mkdir(directory, 0700));
	ASSERT_EQ(0, rmdir(directory));
	ASSERT_EQ(2, own_counters().unlink_count);
}

TEST(connections_are_counted_and_failures_are_not)
{
	struct sockaddr_un nowhere = { .sun_family = AF_UNIX, .sun_path = "/nowhere/at/all" };
	struct sockaddr_in address;
	int fd;

	bring_up_loopback();
	ASSERT_LE(0, listener(&address));
	ASSERT_EQ(0, enter_session());
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ASSERT_EQ(-1, connect(fd, (void *)&nowhere, sizeof(nowhere)));
	ASSERT_EQ(0, own_counters().connect_count);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	ASSERT_EQ(0, connect(fd, (void *)&address, sizeof(address)));
	ASSERT_EQ(1, own_counters().connect_count);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (connect(fd, (void *)&address, sizeof(address)))
		ASSERT_EQ(EINPROGRESS, errno);
	ASSERT_EQ(2, own_counters().connect_count);
}

TEST(io_uring_counts_as_the_calls_do)
{
	struct io_uring_sqe request = {};
	struct sockaddr_in address;
	struct uring ring;
	char path[4096];

	bring_up_loopback();
	ASSERT_LE(0, listener(&address));
	ASSERT_EQ(0, enter_session());
	snprintf(path, sizeof(path), "%s/agent_ns.%d.ring", scratch_directory(), getpid());
	ASSERT_EQ(0, uring_open(&ring, 0));

	request = (struct io_uring_sqe) {
		.opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = (uintptr_t)path,
		.open_flags = O_RDWR | O_CREAT, .len = 0600,
	};
	ASSERT_LE(0, uring_run(&ring, &request));
	ASSERT_EQ(1, own_counters().openat_count);

	request = (struct io_uring_sqe) {
		.opcode = IORING_OP_UNLINKAT, .fd = AT_FDCWD, .addr = (uintptr_t)path,
	};
	ASSERT_EQ(0, uring_run(&ring, &request));
	ASSERT_EQ(1, own_counters().unlink_count);
	ASSERT_EQ(-ENOENT, uring_run(&ring, &request));
	ASSERT_EQ(1, own_counters().unlink_count);

	request = (struct io_uring_sqe) {
		.opcode = IORING_OP_CONNECT, .fd = socket(AF_INET, SOCK_STREAM, 0),
		.addr = (uintptr_t)&address, .off = sizeof(address),
	};
	ASSERT_EQ(0, uring_run(&ring, &request));
	/* However often the kernel had to try. */
	ASSERT_EQ(1, own_counters().connect_count);
}

TEST(io_uring_counts_files_in_slots_once_they_are_there)
{
	int slots[4] = { -1, -1, -1, -1 };
	struct io_uring_sqe request = {
		.opcode = IORING_OP_OPENAT, .fd = AT_FDCWD,
		.addr = (uintptr_t)"/proc/self/stat", .file_index = 1,
	};
	struct uring ring;

	ASSERT_EQ(0, enter_session());
	ASSERT_EQ(0, uring_open(&ring, 0));
	ASSERT_EQ(-ENXIO, uring_run(&ring, &request));
	ASSERT_EQ(0, own_counters().openat_count);
	ASSERT_EQ(0, syscall(__NR_io_uring_register, ring.fd, IORING_REGISTER_FILES, slots, 4));
	ASSERT_EQ(0, uring_run(&ring, &request));
	ASSERT_EQ(1, own_counters().openat_count);
}

static void *nothing(void *arg)
{
	return arg;
}

TEST(processes_and_threads_are_counted)
{
	pthread_t thread;
	pid_t pid;

	ASSERT_EQ(0, enter_session());
	pid = fork();
	if (!pid)
		_exit(0);
	exit_status(pid);
	pid = vfork();
	if (!pid)
		_exit(0);
	exit_status(pid);
	ASSERT_EQ(2, own_counters().fork_count);
	ASSERT_EQ(0, pthread_create(&thread, NULL, nothing, NULL));
	pthread_join(thread, NULL);
	ASSERT_EQ(3, own_counters().fork_count);
	ASSERT_EQ(-1, fork_with(CLONE_SIGHAND));
	ASSERT_EQ(3, own_counters().fork_count);
}

TEST(calls_that_seccomp_denies_are_counted)
{
	struct sock_filter no_getppid[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = 4, .filter = no_getppid };
	uint64_t before;
	int i;

	ASSERT_EQ(0, enter_session());
	ASSERT_EQ(0, prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
	before = own_counters().total_syscalls;
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(-1, syscall(__NR_getppid));
		ASSERT_EQ(EPERM, errno);
	}
	ASSERT_EQ(before + 101, own_counters().total_syscalls);
}

static int ask_under_a_tracer(void)
{
	uint64_t before;

	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		return 1;
	before = own_counters().total_syscalls;
	syscall(__NR_kill, syscall(__NR_getpid), SIGSTOP);
	if (syscall(__NR_getppid) != -1 || errno != ENOSYS)
		return 2;
	/* getpid, kill, what the tracer took away, and this one. */
	return own_counters().total_syscalls == before + 4 ? 0 : 3;
}

TEST(calls_that_a_tracer_takes_away_are_counted)
{
	int status;
	pid_t pid;

	pid = fork_with(CLONE_NEWAGENT);
	if (!pid)
		_exit(ask_under_a_tracer());
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFSTOPPED(status));
	ASSERT_EQ(0, ptrace(PTRACE_SYSEMU, pid, NULL, NULL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFSTOPPED(status));
	ASSERT_EQ(0, ptrace(PTRACE_CONT, pid, NULL, NULL));
	ASSERT_EQ(0, exit_status(pid));
}

TEST(calls_that_do_not_exist_are_counted)
{
	uint64_t before;
	int i;

	ASSERT_EQ(0, enter_session());
	before = own_counters().total_syscalls;
	for (i = 0; i < 100; i++)
		syscall(100000);
	ASSERT_EQ(before + 101, own_counters().total_syscalls);
}

TEST(other_cpus_count_too)
{
	int i, children = 8;
	uint64_t before;

	ASSERT_EQ(0, enter_session());
	before = own_counters().total_syscalls;
	for (i = 0; i < children; i++) {
		if (!fork()) {
			for (int turn = 0; turn < 1000; turn++)
				syscall(100000);
			_exit(0);
		}
	}
	while (wait(NULL) > 0)
		;
	ASSERT_LE(before + children * 1000, own_counters().total_syscalls);
}

/* In a nested session: three bytes, one file. */
static pid_t write_in_nested_session(struct gate *gate, int fd)
{
	pid_t pid = fork_with(CLONE_NEWAGENT);

	if (pid)
		return pid;
	if (write(fd, "abc", 3) != 3 || own_counters().write_bytes != 3)
		_exit(1);
	if (gate)
		hold(gate);
	_exit(0);
}

TEST(nested_sessions_count_for_their_ancestors)
{
	struct gate gate = make_gate();
	int fd = open_scratch("nested", O_WRONLY | O_APPEND);
	uint64_t expected = 1;
	pid_t pid;

	ASSERT_EQ(0, enter_session());
	ASSERT_EQ(1, write(fd, "x", 1));
	pid = write_in_nested_session(NULL, fd);
	ASSERT_EQ(0, exit_status(pid));
	expected += 3;
	ASSERT_EQ(expected, own_counters().write_bytes);

	pid = write_in_nested_session(&gate, fd);
	while (own_counters().write_bytes < expected + 3)
		sched_yield();
	expected += 3;
	ASSERT_EQ(expected, own_counters().write_bytes);
	/* The gate is opened by a byte. */
	release(&gate);
	expected += 1;
	ASSERT_EQ(0, exit_status(pid));
	ASSERT_EQ(expected, own_counters().write_bytes);
	remove_scratch("nested");
}

TEST(entering_a_nested_session_leaves_the_usage_behind)
{
	int fd = open_scratch("left", O_WRONLY), outer[2];
	pid_t pid;

	ASSERT_EQ(0, pipe(outer));
	ASSERT_EQ(0, enter_session());
	ASSERT_EQ(4, write(fd, "abcd", 4));
	pid = fork();
	if (!pid) {
		if (enter_session() || own_counters().write_bytes)
			_exit(1);
		_exit(write(fd, "ef", 2) != 2 || own_counters().write_bytes != 2);
	}
	ASSERT_EQ(0, exit_status(pid));
	ASSERT_EQ(6, own_counters().write_bytes);
	remove_scratch("left");
}

TEST(disabled_refuses_new_sessions_and_counts_no_more)
{
	struct agent_ns_counters before, after;
	int fd = open_scratch("disabled", O_WRONLY);

	ASSERT_EQ(0, enter_session());
	ASSERT_EQ(0, set_sysctl("kernel/agent_ns/enabled", "0"));
	before = own_counters();
	EXPECT_EQ(3, write(fd, "abc", 3));
	EXPECT_EQ(-1, enter_session());
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, fork_with(CLONE_NEWAGENT));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, prctl(PR_SET_AGENT_NS, 0, 0, 0, 0));
	EXPECT_EQ(EPERM, errno);
	after = own_counters();
	EXPECT_EQ(before.write_bytes, after.write_bytes);
	EXPECT_EQ(before.total_syscalls, after.total_syscalls);
	EXPECT_STRNE(no_session, session_of(getpid()).hex);
	EXPECT_EQ(0, set_sysctl("kernel/agent_ns/enabled", "1"));
	EXPECT_EQ(3, write(fd, "abc", 3));
	/* The digit that switched it on again is the first byte to count. */
	EXPECT_EQ(before.write_bytes + 4, own_counters().write_bytes);
	remove_scratch("disabled");
}

TEST(disabled_goes_on_counting_for_those_with_a_budget)
{
	int fd = open_scratch("budgeted", O_WRONLY);
	pid_t pid;

	ASSERT_EQ(0, enter_session());
	ASSERT_EQ(0, set_budget((struct agent_ns_budget){ .max_write_bytes = 1 << 30 }));
	ASSERT_EQ(0, set_sysctl("kernel/agent_ns/enabled", "0"));
	EXPECT_EQ(3, write(fd, "abc", 3));
	EXPECT_EQ(1 + 3, own_counters().write_bytes);
	EXPECT_EQ(0, set_sysctl("kernel/agent_ns/enabled", "1"));
	pid = fork_with(CLONE_NEWAGENT);
	if (!pid) {
		/* Its parent's budget is its own. */
		if (set_sysctl("kernel/agent_ns/enabled", "0") || write(fd, "de", 2) != 2)
			_exit(1);
		_exit(own_counters().write_bytes != 1 + 2);
	}
	EXPECT_EQ(0, exit_status(pid));
	EXPECT_EQ(0, set_sysctl("kernel/agent_ns/enabled", "1"));
	remove_scratch("budgeted");
}

AGENT_NS_TEST_MAIN
