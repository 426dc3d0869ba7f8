// SPDX-License-Identifier: GPL-2.0-only
/* The ways in: which flags make a session, and which are refused. */

#include "agent_ns_test.h"

#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "uring.h"

#ifndef NS_GET_NSTYPE
#define NS_GET_NSTYPE _IO(0xb7, 0x3)
#endif

/* By /proc/self: getpid() may be a pid of another namespace than /proc's. */
static bool outside(void)
{
	char text[256];

	return read_text("/proc/self/agent_session", text, sizeof(text)) != ID_HEX + 1 ||
	       !strncmp(text, no_session, ID_HEX);
}

TEST(clone3_makes_a_session_for_the_child_only)
{
	pid_t pid = fork_with(CLONE_NEWAGENT);

	ASSERT_LE(0, pid);
	if (!pid)
		_exit(outside());
	ASSERT_EQ(0, exit_status(pid));
	ASSERT_TRUE(outside());
}

TEST(clone3_makes_it_along_with_other_namespaces)
{
	pid_t pid = fork_with(CLONE_NEWAGENT | CLONE_NEWUTS | CLONE_NEWTIME |
			      CLONE_NEWPID);

	ASSERT_LE(0, pid);
	if (!pid)
		_exit(outside());
	ASSERT_EQ(0, exit_status(pid));
}

TEST(legacy_clone_takes_the_bit_for_a_signal)
{
	/* There 0x20 is no flag but the exit signal, which the C library hides. */
	uint64_t signal_32 = 1ULL << 31;
	int status;
	pid_t pid;

	ASSERT_EQ(0, syscall(SYS_rt_sigprocmask, SIG_BLOCK, &signal_32, NULL, 8));
	pid = syscall(SYS_clone, (unsigned long)CLONE_NEWAGENT, 0, 0, 0, 0);
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(outside() ? 0 : 1);
	/* A child with another exit signal than SIGCHLD is a clone child. */
	ASSERT_EQ(pid, waitpid(pid, &status, __WALL));
	ASSERT_TRUE(WIFEXITED(status));
	ASSERT_EQ(0, WEXITSTATUS(status));
}

TEST(the_rest_of_the_exit_signal_stays_refused)
{
	int bit;

	for (bit = 0; bit < 8; bit++) {
		if ((1 << bit) == CLONE_NEWAGENT || (1 << bit) == CLONE_NEWTIME)
			continue;
		ASSERT_EQ(-1, fork_with(1 << bit));
		ASSERT_EQ(EINVAL, errno);
		ASSERT_EQ(-1, fork_with(CLONE_NEWAGENT | (1 << bit)));
		ASSERT_EQ(EINVAL, errno);
		ASSERT_EQ(-1, unshare(CLONE_NEWAGENT | (1 << bit)));
		ASSERT_EQ(EINVAL, errno);
	}
	ASSERT_TRUE(outside());
}

TEST(a_thread_cannot_be_cloned_into_another_session)
{
	ASSERT_EQ(-1, fork_with(CLONE_NEWAGENT | CLONE_THREAD | CLONE_SIGHAND |
				CLONE_VM));
	ASSERT_EQ(EINVAL, errno);
	struct clone_args args = {
		.flags = CLONE_NEWAGENT | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM,
	};

	ASSERT_EQ(-1, syscall(__NR_clone3, &args, sizeof(args)));
	ASSERT_EQ(EINVAL, errno);
}

static void *wait_at(void *gate)
{
	hold(gate);
	return NULL;
}

/* A thread that has been joined may still be on its way out of the process. */
static void wait_until_alone(void)
{
	struct stat task;

	do {
		if (stat("/proc/self/task", &task))
			abort();
	} while (task.st_nlink > 3);
}

TEST(a_process_with_threads_cannot_change_its_session)
{
	struct gate gate = make_gate();
	pthread_t thread;
	int fd;

	ASSERT_EQ(0, pthread_create(&thread, NULL, wait_at, &gate));
	ASSERT_EQ(-1, enter_session());
	ASSERT_EQ(EINVAL, errno);
	ASSERT_EQ(-1, prctl(PR_SET_AGENT_NS, 0, 0, 0, 0));
	ASSERT_EQ(EINVAL, errno);
	fd = open("/proc/self/ns/agent", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(-1, setns(fd, CLONE_NEWAGENT));
	ASSERT_EQ(EINVAL, errno);
	release(&gate);
	pthread_join(thread, NULL);
	wait_until_alone();
	ASSERT_EQ(0, enter_session());
}

TEST(the_polling_thread_of_io_uring_is_a_thread)
{
	struct uring ring;
	int fd;

	ASSERT_EQ(0, uring_open(&ring, IORING_SETUP_SQPOLL));
	ASSERT_EQ(-1, enter_session());
	ASSERT_EQ(EINVAL, errno);
	fd = open("/proc/self/ns/agent", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(-1, setns(fd, CLONE_NEWAGENT));
	ASSERT_EQ(EINVAL, errno);
	ASSERT_TRUE(outside());
}

static void *show_session(void *name)
{
	*(struct session_name *)name = session_of(getpid());
	return NULL;
}

TEST(threads_inherit)
{
	struct session_name of_thread;
	pthread_t thread;

	ASSERT_EQ(0, enter_session());
	ASSERT_EQ(0, pthread_create(&thread, NULL, show_session, &of_thread));
	pthread_join(thread, NULL);
	ASSERT_STREQ(session_of(getpid()).hex, of_thread.hex);
}

TEST(vfork_inherits_and_can_be_combined)
{
	struct clone_args args = {
		.flags = CLONE_NEWAGENT | CLONE_VFORK,
		.exit_signal = SIGCHLD,
	};
	struct session_name own;
	pid_t pid;

	ASSERT_EQ(0, enter_session());
	own = session_of(getpid());
	pid = vfork();
	if (!pid)
		_exit(strcmp(own.hex, session_of(getpid()).hex) ? 1 : 0);
	ASSERT_EQ(0, exit_status(pid));

	pid = syscall(__NR_clone3, &args, sizeof(args));
	if (!pid)
		_exit(strcmp(own.hex, session_of(getpid()).hex) ? 0 : 1);
	ASSERT_EQ(0, exit_status(pid));
}

TEST(exec_keeps_the_session)
{
	struct session_name own;
	char command[256];
	pid_t pid;

	ASSERT_EQ(0, enter_session());
	own = session_of(getpid());
	snprintf(command, sizeof(command), "read s </proc/self/agent_session && [ $s = %s ]",
		 own.hex);
	pid = fork();
	if (!pid) {
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(98);
	}
	ASSERT_EQ(0, exit_status(pid));
}

TEST(exec_keeps_the_session_with_a_time_namespace_pending)
{
	char command[256];
	pid_t pid;

	/*
	 * Then exec makes a new nsproxy, where a child that shares its memory
	 * with this process still has the old one.
	 */
	ASSERT_EQ(0, unshare(CLONE_NEWAGENT | CLONE_NEWTIME));
	snprintf(command, sizeof(command), "read s </proc/self/agent_session && [ $s = %s ]",
		 session_of(getpid()).hex);
	pid = vfork();
	if (!pid) {
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(98);
	}
	ASSERT_EQ(0, exit_status(pid));
}

TEST(the_type_of_the_namespace_is_the_flag)
{
	int fd;

	ASSERT_EQ(0, enter_session());
	fd = open("/proc/self/ns/agent", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(CLONE_NEWAGENT, ioctl(fd, NS_GET_NSTYPE));
	ASSERT_EQ(0, setns(fd, CLONE_NEWAGENT));
	ASSERT_EQ(-1, setns(fd, CLONE_NEWUTS));
	ASSERT_EQ(EINVAL, errno);
}

TEST(a_pidfd_opens_the_namespace)
{
	struct gate gate = make_gate();
	int pidfd, fd;
	pid_t pid;

	pid = fork_with(CLONE_NEWAGENT);
	ASSERT_LE(0, pid);
	if (!pid) {
		hold(&gate);
		_exit(0);
	}
	pidfd = syscall(__NR_pidfd_open, pid, 0);
	ASSERT_LE(0, pidfd);
	fd = ioctl(pidfd, PIDFD_GET_AGENT_NAMESPACE, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(CLONE_NEWAGENT, ioctl(fd, NS_GET_NSTYPE));
	ASSERT_EQ(0, setns(fd, 0));
	ASSERT_STREQ(session_of(pid).hex, session_of(getpid()).hex);
	release(&gate);
	ASSERT_EQ(0, exit_status(pid));
}

AGENT_NS_TEST_MAIN
