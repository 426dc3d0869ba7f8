/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that run for this one, and whose output it reads. All functions return a value or -errno. */
#ifndef PROVENANCE_PROGRAM_H
#define PROVENANCE_PROGRAM_H

#include <stddef.h>
#include <sys/types.h>

struct prov_program {
	char *const *arguments;	/* ends with NULL; the first is looked up in PATH */
	int input, output, errors;	/* become the program's descriptors 0, 1 and 2 */
	/* Used when changes_user is not 0: who the program runs as. */
	int changes_user;
	uid_t user;
	gid_t group;
	const gid_t *groups;
	size_t group_count;
};

/*
 * Starts a program. The caller must have one thread only, and all its own descriptors close at
 * execve(2). Returns the process, or the error of what could not be done, execve(2) included.
 */
pid_t prov_start_program(const struct prov_program *program);

/* Waits for a program's end. Returns its exit status, or 128 + the signal that killed it. */
int prov_program_status(pid_t process);

/* pipe2(2) with O_CLOEXEC. */
int prov_pipe(int ends[2]);

#endif
