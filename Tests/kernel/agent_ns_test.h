/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of agent namespaces share. Each test runs in a process of
 * its own (kselftest_harness.h), so that it can enter sessions at will.
 */
#ifndef AGENT_NS_TEST_H
#define AGENT_NS_TEST_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/agent_namespaces.h>

#include "session.h"

/* Programs that tests use have a main() of their own. */
#ifndef AGENT_NS_HELPER
#include "kselftest_harness.h"
#endif

/* The C library's headers are older than the kernel under test. */
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#ifndef PIDFD_GET_AGENT_NAMESPACE
#define PIDFD_GET_AGENT_NAMESPACE _IO(0xFF, 0xA0)
#endif
#ifndef __NR_listns
#define __NR_listns 470
#endif

/* What automake and kernel test runners alike take for "cannot run here". */
#define EXIT_SKIPPED 77

#define ID_HEX (2 * AGENT_NS_ID_BYTES)
#define SECOND_NS 1000000000ULL

static const char no_session[] = "00000000000000000000000000000000";

/* A session id as /proc prints it, without the newline. */
struct session_name {
	char hex[ID_HEX + 1];
};

/* The first bytes of a file, ended by NUL; the length, or -errno. */
static inline ssize_t read_text(const char *path, char *text, size_t size)
{
	ssize_t length;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	length = read(fd, text, size - 1);
	if (length < 0)
		length = -errno;
	close(fd);
	text[length < 0 ? 0 : length] = '\0';
	return length;
}

static inline ssize_t read_proc(pid_t pid, const char *name, char *text,
				size_t size)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return read_text(path, text, size);
}

static inline int write_text(const char *path, const char *text)
{
	ssize_t written;
	int fd;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	written = write(fd, text, strlen(text));
	if (written < 0)
		written = -errno;
	close(fd);
	return written < 0 ? written : 0;
}

/* What /proc says, or an error's name where it does not say. */
static inline struct session_name session_of(pid_t pid)
{
	struct session_name name;
	char text[256];
	ssize_t length;

	length = read_proc(pid, "agent_session", text, sizeof(text));
	if (length == ID_HEX + 1 && text[ID_HEX] == '\n') {
		memcpy(name.hex, text, ID_HEX);
		name.hex[ID_HEX] = '\0';
	} else {
		snprintf(name.hex, sizeof(name.hex), "length %d", (int)length);
	}
	return name;
}

static inline struct session_name name_of_id(const struct agent_session_id *id)
{
	struct session_name name;
	int i;

	for (i = 0; i < AGENT_NS_ID_BYTES; i++)
		sprintf(name.hex + 2 * i, "%02x", id->bytes[i]);
	return name;
}

static inline struct agent_ns_counters own_counters(void)
{
	struct agent_ns_counters counters;

	if (prctl(PR_GET_AGENT_COUNTERS, &counters, sizeof(counters), 0, 0))
		memset(&counters, 0xff, sizeof(counters));
	return counters;
}

static inline int set_budget(struct agent_ns_budget budget)
{
	return prctl(PR_SET_AGENT_BUDGET_LIMITS, &budget, sizeof(budget), 0, 0);
}

/* One descriptor to say "go on" and one to hear it: see hold() and release(). */
struct gate {
	int ends[2];
};

static inline struct gate make_gate(void)
{
	struct gate gate;

	if (pipe(gate.ends))
		abort();
	return gate;
}

static inline void release(struct gate *gate)
{
	if (write(gate->ends[1], "", 1) != 1)
		abort();
}

static inline void hold(struct gate *gate)
{
	char byte;

	if (read(gate->ends[0], &byte, 1) != 1)
		_exit(99);
}

/* Sets a sysctl of kernel.agent_ns, or of user. */
static inline int set_sysctl(const char *name, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	return write_text(path, value);
}

/* A directory to write to: the VM's scratch disk, or /tmp. */
static inline const char *scratch_directory(void)
{
	const char *directory = getenv("PROVFS_SCRATCH");

	return directory ? directory : "/tmp";
}

static inline int open_scratch(const char *name, int flags)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/agent_ns.%d.%s", scratch_directory(),
		 getpid(), name);
	return open(path, flags | O_CREAT | O_CLOEXEC, 0600);
}

static inline void remove_scratch(const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/agent_ns.%d.%s", scratch_directory(),
		 getpid(), name);
	unlink(path);
}

static inline void require_agent_namespaces(void)
{
	if (access("/proc/self/agent_session", F_OK)) {
		printf("1..0 # SKIP this kernel has no agent namespaces (/proc/self/agent_session): boot one with the series, CONFIG_AGENT_NS=y\n");
		exit(EXIT_SKIPPED);
	}
	if (geteuid()) {
		printf("1..0 # SKIP needs root: sessions are made with CAP_SYS_ADMIN\n");
		exit(EXIT_SKIPPED);
	}
}

#define AGENT_NS_TEST_MAIN				\
	int main(int argc, char **argv)			\
	{						\
		require_agent_namespaces();		\
		return test_harness_run(argc, argv);	\
	}

#endif /* AGENT_NS_TEST_H */
