/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes and signals, for the supervisor of a session. All functions return
 * a value or -errno.
 */
#ifndef PROVENANCE_PROCESS_H
#define PROVENANCE_PROCESS_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* fork(2). The caller must have one thread only. */
pid_t prov_fork(void);

/* Orphaned descendants of this process become its children. */
int prov_become_subreaper(void);

/* This process leaves no core file, whatever ends it. */
int prov_disable_core_dump(void);

/* A descriptor that stays bound to the process, also when its number is used again. */
int prov_pidfd_open(pid_t process);
int prov_pidfd_send_signal(int pidfd, int signal);

/* Closes every descriptor but those in `kept`, which must be in ascending order. */
int prov_close_all_but(const int *kept, size_t count);

/* What a process was told when it started, to be handed on to the command. */
struct prov_signal_settings {
	sigset_t mask;
	struct sigaction child;
};

/*
 * Blocks every signal but those that report a fault of the program itself, gives
 * SIGCHLD its default action, and returns a descriptor from which the blocked
 * ones are read (O_NONBLOCK). `before` receives what held before.
 */
int prov_take_signals(struct prov_signal_settings *before);

enum {
	PROV_SIGNAL_FROM_KERNEL = 0x80,	/* SI_KERNEL, checked in process.c */
};

struct prov_signal {
	int number;
	int code;	/* si_code of sigaction(2) */
};

/* Takes the next pending signal. Returns 1, or 0 where there is none. */
int prov_next_signal(int signals, struct prov_signal *out);

/* Does what `number` does by default to this process itself, now. Returns after a SIGCONT. */
int prov_raise_default(int number);

/* Returns when each signal to this process's group that has reached this process has reached the others. */
void prov_await_group_signals(void);

/*
 * Restores `before`, which is NULL where signals were left as they were, and executes
 * a program as execvp(3) does. Returns only where that fails: -errno.
 */
int prov_execute(char *const arguments[], const struct prov_signal_settings *before);

enum prov_child_event {
	PROV_CHILD_NONE,	/* nothing has happened since */
	PROV_CHILD_EXITED,	/* status is the exit status; the process is reaped */
	PROV_CHILD_KILLED,	/* status is the signal; the process is reaped */
	PROV_CHILD_STOPPED,	/* status is the signal */
	PROV_CHILD_CONTINUED,
};

struct prov_child {
	enum prov_child_event event;
	pid_t process;
	int status;
};

/* Takes the next event of any child, without waiting. Returns 0, or -ECHILD where none is left. */
int prov_next_child_event(struct prov_child *out);

/* 1 where the process is a child of this one, which may have ended and not been reaped; else 0. */
int prov_is_child(pid_t process);

/* Waits for a child to end. Returns 0, or -ECHILD where it is not one of this process. */
int prov_wait_for_end(pid_t process);

/* Two connected sockets that keep messages apart (SOCK_SEQPACKET). */
int prov_message_pair(int sockets[2]);
/* Returns 0, or -EPIPE where nobody is at the other end. */
int prov_send_message(int socket, const void *message, size_t size);
/* Returns the size, 0 at the end, or -EAGAIN where there is none yet. */
ssize_t prov_receive_message(int socket, void *message, size_t size);

/*
 * Blocks SIGINT and SIGTERM. Returns a descriptor that can be read when one of them has come, or -errno.
 */
int prov_hold_back_interruption(void);

/* Waits until one of two descriptors can be read. Bit 0 of the result stands for the first. */
int prov_wait_readable(int first, int second);

#endif
