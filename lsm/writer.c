// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who the current task is, as a stamp names it.
 */

#include <linux/agent_namespaces.h>
#include <linux/cred.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/uidgid.h>

#include "provfs.h"

static_assert(PROV_SESSION_SIZE == AGENT_NS_ID_BYTES);
static_assert(PROV_COMM_SIZE == TASK_COMM_LEN);
static_assert(PROV_UID_UNMAPPED == (uid_t)-1);

/*
 * The user that a task acts for. Filesystems that stand on others write to
 * them with the credentials of whoever mounted them: the task's own, which
 * such an override leaves alone, name the writer. A server in the kernel
 * does the opposite: it takes on its client's credentials. The threads of
 * io_uring have as their own what the process had when they were made, which
 * it may have dropped since.
 */
static kuid_t writing_uid(void)
{
	if (current->flags & PF_KTHREAD)
		return current_fsuid();
	if (current->flags & PF_IO_WORKER)
		return task_cred_xxx(current->group_leader, fsuid);
	return current_real_cred()->fsuid;
}

/**
 * provfs_current_writer - name the task that changes content now
 * @writer: result
 */
void provfs_current_writer(struct provfs_writer *writer)
{
	const struct provfs_writer *stand_in = provfs_task(current)->stand_in;
	struct agent_session session;

	if (unlikely(stand_in)) {
		*writer = *stand_in;
		return;
	}

	if (agent_session_current(&session)) {
		memcpy(writer->session, session.id.bytes, PROV_SESSION_SIZE);
		memcpy(writer->root, session.outermost.bytes, PROV_ROOT_SIZE);
	} else {
		memset(writer->session, 0, PROV_SESSION_SIZE);
		memset(writer->root, 0, PROV_ROOT_SIZE);
	}
	writer->pid = task_tgid_nr(current);
	/* What a kuid is; from_kuid() would search the namespace's map. */
	writer->uid = __kuid_val(writing_uid());
	scoped_guard(rcu)
		strscpy_pad(writer->comm, current->group_leader->comm);
}

/**
 * provfs_same_writer - whether a change of hands is none
 * @a: a writer
 * @b: another
 *
 * A session is one writer whatever its processes are. Outside sessions, runs
 * of the same program by the same user are.
 *
 * Return: true if both are one writer.
 */
bool provfs_same_writer(const struct provfs_writer *a,
			const struct provfs_writer *b)
{
	if (memcmp(a->session, b->session, PROV_SESSION_SIZE) ||
	    provfs_is_unknown(a) != provfs_is_unknown(b))
		return false;
	if (memchr_inv(a->session, 0, PROV_SESSION_SIZE))
		return true;
	return a->uid == b->uid && !memcmp(a->comm, b->comm, PROV_COMM_SIZE);
}

bool provfs_is_unknown(const struct provfs_writer *writer)
{
	return !writer->pid;
}

bool provfs_identical(const struct provfs_writer *a,
		      const struct provfs_writer *b)
{
	return !memcmp(a, b, sizeof(*a));
}
