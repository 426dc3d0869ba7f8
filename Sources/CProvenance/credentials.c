/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "provenance_credentials.h"

#include <errno.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The id -1 changes nothing; the call then returns the id in force. */
int prov_thread_setfsuid(uid_t uid)
{
	if (uid == (uid_t)-1)
		return -EINVAL;
	syscall(SYS_setfsuid, uid);
	return (uid_t)syscall(SYS_setfsuid, -1) == uid ? 0 : -EPERM;
}

int prov_thread_setfsgid(gid_t gid)
{
	if (gid == (gid_t)-1)
		return -EINVAL;
	syscall(SYS_setfsgid, gid);
	return (gid_t)syscall(SYS_setfsgid, -1) == gid ? 0 : -EPERM;
}

int prov_thread_setgroups(const gid_t *groups, size_t count)
{
	return syscall(SYS_setgroups, count, groups) < 0 ? -errno : 0;
}

int prov_thread_unshare_umask(void)
{
	return unshare(CLONE_FS) < 0 ? -errno : 0;
}

int prov_no_new_privileges(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

long prov_raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	return limit.rlim_cur > 0x7fffffff ? 0x7fffffff : (long)limit.rlim_cur;
}

static _Thread_local void *thread_values[PROV_THREAD_SLOTS];

void *prov_thread_value(enum prov_thread_slot slot)
{
	return thread_values[slot];
}

void prov_thread_set_value(enum prov_thread_slot slot, void *value)
{
	thread_values[slot] = value;
}
