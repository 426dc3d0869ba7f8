/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "provenance_process.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static_assert(PROV_SIGNAL_FROM_KERNEL == SI_KERNEL, "SI_KERNEL differs");

static int result(long r)
{
	return r < 0 ? -errno : (int)r;
}

pid_t prov_fork(void)
{
	return result(fork());
}

int prov_become_subreaper(void)
{
	return result(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
}

/* The limit alone does not hold for a core_pattern that is a pipe. */
int prov_disable_core_dump(void)
{
	struct rlimit none = { 0 };

	if (setrlimit(RLIMIT_CORE, &none) < 0)
		return -errno;
	return result(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
}

int prov_pidfd_open(pid_t process)
{
	return result(syscall(SYS_pidfd_open, process, 0));
}

int prov_pidfd_send_signal(int pidfd, int signal)
{
	return result(syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0));
}

static int close_range_of(unsigned int first, unsigned int last)
{
	return first > last ? 0 : result(syscall(SYS_close_range, first, last, 0));
}

int prov_close_all_but(const int *kept, size_t count)
{
	unsigned int first = 0;

	for (size_t index = 0; index < count; index++) {
		if (kept[index] > 0) {
			int error = close_range_of(first, (unsigned int)kept[index] - 1);

			if (error)
				return error;
		}
		first = (unsigned int)kept[index] + 1;
	}
	return close_range_of(first, UINT_MAX);
}

static void fill_with_blocked(sigset_t *set)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS };

	sigfillset(set);
	for (size_t index = 0; index < sizeof(faults) / sizeof(*faults); index++)
		sigdelset(set, faults[index]);
}

int prov_take_signals(struct prov_signal_settings *before)
{
	struct sigaction standard = { .sa_handler = SIG_DFL };
	sigset_t blocked;

	fill_with_blocked(&blocked);
	if (sigprocmask(SIG_BLOCK, &blocked, &before->mask) < 0 ||
	    sigaction(SIGCHLD, &standard, &before->child) < 0)
		return -errno;
	return result(signalfd(-1, &blocked, SFD_CLOEXEC | SFD_NONBLOCK));
}

int prov_next_signal(int signals, struct prov_signal *out)
{
	struct signalfd_siginfo information;
	ssize_t count;

	do {
		count = read(signals, &information, sizeof(information));
	} while (count < 0 && errno == EINTR);
	if (count < 0)
		return errno == EAGAIN ? 0 : -errno;
	out->number = (int)information.ssi_signo;
	out->code = information.ssi_code;
	return 1;
}

int prov_raise_default(int number)
{
	struct sigaction standard = { .sa_handler = SIG_DFL }, before;
	sigset_t set;

	/* Nobody may set another action for SIGKILL and SIGSTOP, and nobody needs to. */
	int changed = sigaction(number, &standard, &before) == 0;

	sigemptyset(&set);
	sigaddset(&set, number);
	if (kill(getpid(), number) < 0)
		return -errno;
	/* A pending signal is delivered before this returns. */
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (changed)
		sigaction(number, &before, NULL);
	return 0;
}

/*
 * The kernel goes through a group with tasklist_lock held for reading. setpgid(2)
 * takes it for writing before it finds that there is no such process (kernel/sys.c).
 */
void prov_await_group_signals(void)
{
	setpgid(INT_MAX, 0);
}

int prov_execute(char *const arguments[], const struct prov_signal_settings *before)
{
	if (before) {
		sigaction(SIGCHLD, &before->child, NULL);
		sigprocmask(SIG_SETMASK, &before->mask, NULL);
	}
	execvp(arguments[0], arguments);
	return -errno;
}

int prov_next_child_event(struct prov_child *out)
{
	siginfo_t information = { 0 };
	int r;

	out->event = PROV_CHILD_NONE;
	do {
		r = waitid(P_ALL, 0, &information, WEXITED | WSTOPPED | WCONTINUED | WNOHANG);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	out->process = information.si_pid;
	out->status = information.si_status;
	switch (information.si_code) {
	case CLD_EXITED:
		out->event = PROV_CHILD_EXITED;
		break;
	case CLD_KILLED:
	case CLD_DUMPED:
		out->event = PROV_CHILD_KILLED;
		break;
	case CLD_STOPPED:
	case CLD_TRAPPED:
		out->event = PROV_CHILD_STOPPED;
		break;
	case CLD_CONTINUED:
		out->event = PROV_CHILD_CONTINUED;
		break;
	}
	return 0;
}

int prov_is_child(pid_t process)
{
	siginfo_t information;

	return waitid(P_PID, (id_t)process, &information, WEXITED | WNOHANG | WNOWAIT) == 0;
}

int prov_wait_for_end(pid_t process)
{
	siginfo_t information;
	int r;

	do {
		r = waitid(P_PID, (id_t)process, &information, WEXITED);
	} while (r < 0 && errno == EINTR);
	return result(r);
}

int prov_message_pair(int sockets[2])
{
	return result(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets));
}

int prov_send_message(int socket, const void *message, size_t size)
{
	ssize_t sent;

	do {
		sent = send(socket, message, size, MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

/*
 * A peer that closed without having read all gives ECONNRESET once, before what
 * it had sent.
 */
ssize_t prov_receive_message(int socket, void *message, size_t size)
{
	ssize_t received;

	do {
		received = recv(socket, message, size, MSG_DONTWAIT);
	} while (received < 0 && (errno == EINTR || errno == ECONNRESET));
	return received < 0 ? -errno : received;
}

int prov_hold_back_interruption(void)
{
	sigset_t signals;
	int fd;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
		return -errno;
	fd = signalfd(-1, &signals, SFD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int prov_wait_readable(int first, int second)
{
	struct pollfd polled[] = {
		{ .fd = first, .events = POLLIN },
		{ .fd = second, .events = POLLIN },
	};
	int r;

	do {
		r = poll(polled, 2, -1);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	return (polled[0].revents ? 1 : 0) | (polled[1].revents ? 2 : 0);
}
