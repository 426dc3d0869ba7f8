/* SPDX-License-Identifier: GPL-2.0-only */
/* How a test enters a session, and forks into one. */
#ifndef SESSION_H
#define SESSION_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The C library's headers are older than the kernel under test. */
#ifndef CLONE_NEWAGENT
#define CLONE_NEWAGENT 0x00000020
#endif

static inline int enter_session(void)
{
	return unshare(CLONE_NEWAGENT);
}

/* clone3(2) as fork(2) does it, with further flags: CLONE_NEWAGENT. */
static inline pid_t fork_with(uint64_t flags)
{
	struct clone_args args = { .flags = flags, .exit_signal = SIGCHLD };

	return syscall(__NR_clone3, &args, sizeof(args));
}

/* The exit status, or 128 and the signal, as shells have it. */
static inline int exit_status(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#endif /* SESSION_H */
