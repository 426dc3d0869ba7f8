/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks as /proc shows them. */
#ifndef PROVENANCE_TASK_H
#define PROVENANCE_TASK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Opens /proc. Returns a descriptor (O_PATH) or -errno: -ENODEV where /proc is
 * not a proc filesystem, -EXDEV where it numbers the processes of another pid
 * namespace than the caller's, so that its numbers would name others.
 */
int prov_open_proc(void);

/* Opens /proc/TASK/NAME for reading. Returns a descriptor or -errno; -ENOENT without such a task. */
int prov_open_task_file(int proc, pid_t task, const char *name);

/*
 * The number of the pid namespace that a process is in, or -errno: -EACCES to
 * whoever may not trace the process.
 */
int64_t prov_pid_namespace(int proc, pid_t process);

/*
 * pread(2) from the beginning; an interrupted call is repeated. On an open file
 * of a task that has gone the result is -ESRCH, also when another task has its
 * number now: the file belongs to the task, not to the number.
 */
ssize_t prov_read_at_start(int fd, void *buffer, size_t size);

/* Names the calling task (PR_SET_NAME): the first 15 bytes. Returns 0 or -errno. */
int prov_set_task_name(const char *name);

/*
 * Nobody but who has CAP_SYS_PTRACE can trace this process from now on, nor its
 * children until they execute a program (PR_SET_DUMPABLE). Returns 0 or -errno.
 */
int prov_forbid_tracing(void);

#endif
