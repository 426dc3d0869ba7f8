// SPDX-License-Identifier: GPL-2.0-only
/*
 * The instructions of getpid, of open-write-close and of fork, as the only
 * program of a machine that QEMU emulates with -icount shift=0: there the time
 * stamp counter advances by one with each instruction. The least of several
 * rounds is free of interrupts. See scripts/count-instructions.
 */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

#include <linux/agent_namespaces.h>

#define ROUNDS 400

static void get_pid(void)
{
	syscall(SYS_getpid);
}

static void open_write_close(void)
{
	int fd = open("/file", O_WRONLY | O_CREAT, 0600);

	if (write(fd, "x", 1) != 1 || close(fd))
		abort();
}

static void fork_and_wait(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	if (waitpid(pid, NULL, 0) != pid)
		abort();
}

static uint64_t instructions(void (*action)(void))
{
	uint64_t least = UINT64_MAX, start, end;
	int round;

	for (round = 0; round < ROUNDS; round++) {
		start = __rdtsc();
		action();
		end = __rdtsc();
		if (end - start < least)
			least = end - start;
	}
	return least;
}

static void report(const char *where)
{
	printf("instructions %s getpid %ju open_write_close %ju fork_and_wait %ju\n",
	       where, (uintmax_t)instructions(get_pid),
	       (uintmax_t)instructions(open_write_close),
	       (uintmax_t)instructions(fork_and_wait));
	fflush(stdout);
}

int main(void)
{
	pid_t pid;
	int gate[2];

	report("no-session-on-the-machine");
	if (pipe(gate))
		abort();
	pid = fork();
	if (!pid) {
		if (prctl(PR_SET_AGENT_NS, 0, 0, 0, 0)) {
			printf("instructions end: no agent namespaces here\n");
			fflush(stdout);
			reboot(RB_AUTOBOOT);
		}
		if (write(gate[1], "", 1) != 1)
			abort();
		pause();
	}
	if (read(gate[0], gate, 1) != 1)
		abort();
	report("outside-while-there-is-one");
	if (prctl(PR_SET_AGENT_NS, 0, 0, 0, 0))
		abort();
	report("in-a-session");
	printf("instructions end\n");
	fflush(stdout);
	reboot(RB_AUTOBOOT);
	return 1;
}
