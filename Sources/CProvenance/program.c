/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "provenance_program.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

static int become(const struct prov_program *program)
{
	if (!program->changes_user)
		return 0;
	if (setgroups(program->group_count, program->groups) < 0 ||
	    setresgid(program->group, program->group, program->group) < 0 ||
	    setresuid(program->user, program->user, program->user) < 0)
		return -errno;
	return 0;
}

/* A duplicate that is none of the standard descriptors, should this process lack some of them. */
static int above_standard(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

static int connect_descriptors(const struct prov_program *program)
{
	int ends[3] = { above_standard(program->input), above_standard(program->output),
			above_standard(program->errors) };

	for (int standard = 0; standard < 3; standard++)
		if (ends[standard] < 0 || dup2(ends[standard], standard) < 0)
			return -errno;
	return 0;
}

/* Returns only where that fails. */
static int execute(const struct prov_program *program)
{
	int error = become(program);

	if (!error)
		error = connect_descriptors(program);
	if (!error) {
		execvp(program->arguments[0], program->arguments);
		error = -errno;
	}
	return error;
}

static ssize_t read_whole(int fd, int *value)
{
	ssize_t count;

	do {
		count = read(fd, value, sizeof(*value));
	} while (count < 0 && errno == EINTR);
	return count;
}

pid_t prov_start_program(const struct prov_program *program)
{
	int failure[2], error = prov_pipe(failure);
	pid_t process;

	if (error)
		return error;
	process = fork();
	if (process == 0) {
		failure[1] = above_standard(failure[1]);
		error = execute(program);
		while (write(failure[1], &error, sizeof(error)) < 0 && errno == EINTR)
			;
		_exit(127);
	}
	error = process < 0 ? -errno : 0;
	close(failure[1]);
	/* The other end is closed by execve(2), or tells why there was none. */
	if (!error && read_whole(failure[0], &error) == (ssize_t)sizeof(error))
		prov_program_status(process);
	close(failure[0]);
	return error ? error : process;
}

int prov_program_status(pid_t process)
{
	int status;

	while (waitpid(process, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int prov_pipe(int ends[2])
{
	return pipe2(ends, O_CLOEXEC) < 0 ? -errno : 0;
}
