// SPDX-License-Identifier: GPL-2.0-only
/* Runs a command in a session of its own, for tests in shell. */

#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <linux/agent_namespaces.h>

static const char usage[] =
	"usage: run_in_session [OPTION]... [--] COMMAND [ARGUMENT]...\n"
	"\n"
	"Makes an agent session nested in the current one, enters it and runs COMMAND.\n"
	"\n"
	"  --intent TAG          what the session is for\n"
	"  --max-syscalls N      budget: system calls\n"
	"  --max-write-bytes N   budget: bytes written\n"
	"  --max-elapsed-ns N    budget: nanoseconds\n"
	"  --action N            when it is exceeded: 0 log, 1 SIGTERM, 2 SIGKILL\n"
	"\n"
	"Exit status: COMMAND's; 125 if there is no session, 127 if there is no COMMAND.\n";

static void fail(const char *what)
{
	fprintf(stderr, "run_in_session: %s: %s\n", what, strerror(errno));
	exit(125);
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || end == text || *end) {
		fprintf(stderr, "run_in_session: not a number: %s\n", text);
		exit(125);
	}
	return value;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "intent", required_argument, NULL, 'i' },
		{ "max-syscalls", required_argument, NULL, 's' },
		{ "max-write-bytes", required_argument, NULL, 'w' },
		{ "max-elapsed-ns", required_argument, NULL, 'e' },
		{ "action", required_argument, NULL, 'a' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	struct agent_ns_budget budget = {};
	const char *intent = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		switch (option) {
		case 'i':
			intent = optarg;
			break;
		case 's':
			budget.max_syscalls = number(optarg);
			break;
		case 'w':
			budget.max_write_bytes = number(optarg);
			break;
		case 'e':
			budget.max_elapsed_ns = number(optarg);
			break;
		case 'a':
			budget.action = number(optarg);
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 125;
		}
	}
	if (optind == argc) {
		fputs(usage, stderr);
		return 125;
	}
	if (prctl(PR_SET_AGENT_NS, 0, 0, 0, 0))
		fail("no session could be made");
	if (intent && prctl(PR_SET_AGENT_INTENT_TAG, intent, 0, 0, 0))
		fail("the intent could not be set");
	if (prctl(PR_SET_AGENT_BUDGET_LIMITS, &budget, sizeof(budget), 0, 0))
		fail("the budget could not be set");
	execvp(argv[optind], argv + optind);
	fprintf(stderr, "run_in_session: %s: %s\n", argv[optind], strerror(errno));
	return 127;
}
