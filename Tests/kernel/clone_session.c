// SPDX-License-Identifier: GPL-2.0-only
/* Clones a child into a session, for tests in shell of what tracers see. */

#define AGENT_NS_HELPER
#include "agent_ns_test.h"

static const char usage[] =
	"usage: clone_session late-failure\n"
	"       clone_session COMMAND [ARGUMENT]...\n"
	"\n"
	"late-failure: clone3() with CLONE_NEWAGENT and a pid that is taken, which fails when\n"
	"the session has been made. Otherwise: clones a child into a session, lets it exit,\n"
	"prints its pid and session, and runs COMMAND with the session's namespace still open.\n"
	"\n"
	"Exit status: COMMAND's; 0 when the clone failed as it had to; 125 trouble.\n";

static int fail_late(void)
{
	pid_t taken = 1;
	struct clone_args args = {
		.flags = CLONE_NEWAGENT,
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&taken,
		.set_tid_size = 1,
	};

	if (syscall(__NR_clone3, &args, sizeof(args)) != -1 || errno != EEXIST) {
		perror("clone_session: clone3 did not fail with EEXIST");
		return 125;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct gate gate = make_gate();
	char path[64];
	pid_t pid;

	if (argc < 2) {
		fputs(usage, stderr);
		return 125;
	}
	if (!strcmp(argv[1], "late-failure"))
		return fail_late();
	pid = fork_with(CLONE_NEWAGENT);
	if (pid < 0) {
		perror("clone_session: clone3");
		return 125;
	}
	if (!pid) {
		hold(&gate);
		_exit(0);
	}
	snprintf(path, sizeof(path), "/proc/%d/ns/agent", pid);
	if (open(path, O_RDONLY) < 0) {
		perror(path);
		return 125;
	}
	printf("%d %s\n", pid, session_of(pid).hex);
	fflush(stdout);
	release(&gate);
	if (exit_status(pid))
		return 125;
	execvp(argv[1], argv + 1);
	perror(argv[1]);
	return 127;
}
