/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Identities of one thread. glibc's wrappers change every thread of the process
 * (setgroups) or hide failures (setfsuid); these are the bare system calls.
 */
#ifndef PROVENANCE_CREDENTIALS_H
#define PROVENANCE_CREDENTIALS_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Set the calling thread's fsuid or fsgid and make sure of it: the system calls
 * themselves report no error. Return 0, -EINVAL for the id -1, or -EPERM.
 */
int prov_thread_setfsuid(uid_t uid);
int prov_thread_setfsgid(gid_t gid);

/* Sets the calling thread's supplementary groups. Returns 0 or -errno. */
int prov_thread_setgroups(const gid_t *groups, size_t count);

/* Gives the calling thread a umask of its own. Returns 0 or -errno. */
int prov_thread_unshare_umask(void);

/* No program that this process or its children start gains privilege. 0 or -errno. */
int prov_no_new_privileges(void);

/*
 * Raises the soft limit of open descriptors to the hard one. Returns the limit
 * in force, or -errno.
 */
long prov_raise_descriptor_limit(void);

/* Pointers that each thread has for itself; NULL until they are set. */
enum prov_thread_slot {
	PROV_THREAD_CREDENTIALS,
	PROV_THREAD_WORKER,
	PROV_THREAD_SLOTS,
};

void *prov_thread_value(enum prov_thread_slot slot);
void prov_thread_set_value(enum prov_thread_slot slot, void *value);

#endif
