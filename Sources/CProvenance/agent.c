/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "provenance_agent.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* linux/sched.h of a patched kernel; docs/kernel.md, "Why 0x20". */
#ifndef CLONE_NEWAGENT
#define CLONE_NEWAGENT 0x00000020
#endif

static int result(long r)
{
	return r < 0 ? -errno : 0;
}

int prov_enter_new_session(void)
{
	return result(prctl(PR_SET_AGENT_NS, 0, 0, 0, 0));
}

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t written;
	int error;

	if (fd < 0)
		return -errno;
	written = write(fd, text, strlen(text));
	error = written < 0 ? -errno : 0;
	close(fd);
	return error;
}

static int map_itself(const char *path, unsigned int id)
{
	char line[32];

	snprintf(line, sizeof(line), "%u %u 1", id, id);
	return write_text(path, line);
}

int prov_enter_new_session_and_user_namespace(void)
{
	/* In the new namespace, ids are unknown until they are mapped. */
	unsigned int uid = geteuid(), gid = getegid();
	int error;

	if (unshare(CLONE_NEWUSER | CLONE_NEWAGENT) < 0)
		return -errno;
	error = map_itself("/proc/self/uid_map", uid);
	/* Who may set groups could give up one that a file's permissions deny (user_namespaces(7)). */
	if (!error)
		error = write_text("/proc/self/setgroups", "deny");
	if (!error)
		error = map_itself("/proc/self/gid_map", gid);
	return error;
}

int prov_session_id(struct agent_session_id *out)
{
	return result(prctl(PR_GET_AGENT_SESSION_ID, out, sizeof(*out), 0, 0));
}

int prov_set_session_intent(const char *text)
{
	return result(prctl(PR_SET_AGENT_INTENT_TAG, text, 0, 0, 0));
}

int prov_set_session_budget(const struct agent_ns_budget *budget)
{
	return result(prctl(PR_SET_AGENT_BUDGET_LIMITS, budget, sizeof(*budget), 0, 0));
}

int prov_try_new_session(void)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		return -errno;
	if (!child)
		_exit(-prov_enter_new_session());
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}
