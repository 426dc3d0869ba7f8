// SPDX-License-Identifier: GPL-2.0-only
/* Agent namespaces: prctl(2) and /proc/PID. */

#include <linux/agent_namespaces.h>
#include <linux/jiffies.h>
#include <linux/limits.h>
#include <linux/nsproxy.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>

#include <trace/events/agent_ns.h>

#include "agent_ns_internal.h"

static const struct agent_session_id no_session;

/* Outside any session nothing is counted. */
static int agent_ns_read_counters(struct agent_namespace *ns,
				  struct agent_ns_counters *counters)
{
	memset(counters, 0, sizeof(*counters));
	if (!is_agent_session(ns))
		return 0;
	if (mutex_lock_killable(&agent_ns_mutex))
		return -EINTR;
	agent_ns_total(ns, counters);
	mutex_unlock(&agent_ns_mutex);
	return 0;
}

static long agent_ns_copy_id(const struct agent_session_id *id,
			     unsigned long to, unsigned long size)
{
	if (size && size != sizeof(*id))
		return -EINVAL;
	if (copy_to_user((void __user *)to, id, sizeof(*id)))
		return -EFAULT;
	return 0;
}

/**
 * agent_ns_intent_valid - whether an intent tag may be printed anywhere
 * @intent: the tag
 *
 * Return: whether it is printable ASCII: no line breaks, no escapes.
 */
bool agent_ns_intent_valid(const char *intent)
{
	for (; *intent; intent++)
		if (*intent < ' ' || *intent > '~')
			return false;
	return true;
}

static long agent_ns_set_intent(struct agent_namespace *ns, unsigned long from)
{
	char intent[sizeof(ns->intent)] = {};
	u64 now = get_jiffies_64();
	long length;

	if (!is_agent_session(ns))
		return -EPERM;
	length = strncpy_from_user(intent, (const char __user *)from,
				   sizeof(intent));
	if (length < 0)
		return length;
	if (length == sizeof(intent) || !agent_ns_intent_valid(intent))
		return -EINVAL;

	scoped_guard(spinlock, &ns->intent_lock) {
		if (ns->intent_set && time_before64(now, ns->intent_set + HZ))
			return -EAGAIN;
		ns->intent_set = now;
		memcpy(ns->intent, intent, sizeof(intent));
	}
	trace_agent_intent_set(ns, intent);
	return 0;
}

static void agent_ns_read_intent(struct agent_namespace *ns,
				 char intent[AGENT_NS_INTENT_MAX + 1])
{
	guard(spinlock)(&ns->intent_lock);
	memcpy(intent, ns->intent, sizeof(ns->intent));
}

static long agent_ns_copy_intent(struct agent_namespace *ns, unsigned long to,
				 unsigned long size)
{
	char intent[sizeof(ns->intent)];

	if (size && size < sizeof(intent))
		return -EINVAL;
	agent_ns_read_intent(ns, intent);
	if (copy_to_user((void __user *)to, intent, sizeof(intent)))
		return -EFAULT;
	return 0;
}

static long agent_ns_copy_budget(struct agent_namespace *ns, unsigned long from,
				 unsigned long size)
{
	struct agent_ns_budget wanted;
	int err;

	if (!is_agent_session(ns))
		return -EPERM;
	size = size ?: AGENT_NS_BUDGET_SIZE_VER0;
	if (size < AGENT_NS_BUDGET_SIZE_VER0)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	err = copy_struct_from_user(&wanted, sizeof(wanted),
				    (const void __user *)from, size);
	return err ?: agent_ns_set_budget(ns, &wanted);
}

static long agent_ns_copy_counters(struct agent_namespace *ns, unsigned long to,
				   unsigned long size)
{
	struct agent_ns_counters counters;
	int err;

	size = size ?: AGENT_NS_COUNTERS_SIZE_VER0;
	if (size < AGENT_NS_COUNTERS_SIZE_VER0)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	err = agent_ns_read_counters(ns, &counters);
	return err ?: copy_struct_to_user((void __user *)to, size, &counters,
					  sizeof(counters), NULL);
}

/**
 * agent_ns_prctl - the prctl(2) options of agent sessions
 * @option: PR_GET_AGENT_SESSION_ID to PR_SET_AGENT_NS
 * @arg2:   see linux/agent_namespaces.h
 * @arg3:   likewise
 * @arg4:   must be 0
 * @arg5:   must be 0
 *
 * Return: 0 or a negative error.
 */
long agent_ns_prctl(int option, unsigned long arg2, unsigned long arg3,
		    unsigned long arg4, unsigned long arg5)
{
	struct agent_namespace *ns = current->nsproxy->agent_ns;

	if (arg4 || arg5)
		return -EINVAL;

	switch (option) {
	case PR_GET_AGENT_SESSION_ID:
		return agent_ns_copy_id(&ns->id, arg2, arg3);
	case PR_SET_AGENT_INTENT_TAG:
		return arg3 ? -EINVAL : agent_ns_set_intent(ns, arg2);
	case PR_GET_AGENT_INTENT_TAG:
		return agent_ns_copy_intent(ns, arg2, arg3);
	case PR_SET_AGENT_BUDGET_LIMITS:
		return agent_ns_copy_budget(ns, arg2, arg3);
	case PR_GET_AGENT_COUNTERS:
		return agent_ns_copy_counters(ns, arg2, arg3);
	case PR_GET_AGENT_PARENT_ID:
		return agent_ns_copy_id(ns->parent ? &ns->parent->id : &no_session,
					arg2, arg3);
	case PR_SET_AGENT_NS:
		return arg2 || arg3 ? -EINVAL : ksys_unshare(CLONE_NEWAGENT);
	default:
		return -EINVAL;
	}
}

static void agent_ns_show_id(struct seq_file *m,
			     const struct agent_session_id *id)
{
	seq_printf(m, "%*phN\n", AGENT_NS_ID_BYTES, id->bytes);
}

int proc_agent_session_show(struct seq_file *m, struct pid_namespace *ns,
			    struct pid *pid, struct task_struct *task)
{
	struct agent_namespace *session = get_task_agent_ns(task);

	if (!session)
		return -ESRCH;
	agent_ns_show_id(m, &session->id);
	put_agent_ns(session);
	return 0;
}

int proc_agent_lineage_show(struct seq_file *m, struct pid_namespace *ns,
			    struct pid *pid, struct task_struct *task)
{
	struct agent_namespace *session = get_task_agent_ns(task);
	const struct agent_namespace *pos;

	if (!session)
		return -ESRCH;
	for (pos = session; is_agent_session(pos); pos = pos->parent)
		agent_ns_show_id(m, &pos->id);
	put_agent_ns(session);
	return 0;
}

int proc_agent_intent_show(struct seq_file *m, struct pid_namespace *ns,
			   struct pid *pid, struct task_struct *task)
{
	struct agent_namespace *session = get_task_agent_ns(task);
	char intent[AGENT_NS_INTENT_MAX + 1];

	if (!session)
		return -ESRCH;
	agent_ns_read_intent(session, intent);
	put_agent_ns(session);
	seq_printf(m, "%s\n", intent);
	return 0;
}

/* Counters tell what a process does: the same right as for /proc/PID/io. */
static struct agent_namespace *get_readable_agent_ns(struct task_struct *task)
{
	struct agent_namespace *session = ERR_PTR(-EACCES);
	int err;

	err = down_read_killable(&task->signal->exec_update_lock);
	if (err)
		return ERR_PTR(err);
	if (ptrace_may_access(task, PTRACE_MODE_READ_FSCREDS))
		session = get_task_agent_ns(task) ?: ERR_PTR(-ESRCH);
	up_read(&task->signal->exec_update_lock);
	return session;
}

int proc_agent_counters_show(struct seq_file *m, struct pid_namespace *ns,
			     struct pid *pid, struct task_struct *task)
{
	struct agent_namespace *session = get_readable_agent_ns(task);
	struct agent_ns_counters counters;
	int err;

	if (IS_ERR(session))
		return PTR_ERR(session);
	err = agent_ns_read_counters(session, &counters);
	put_agent_ns(session);
	if (err)
		return err;
	seq_printf(m,
		   "total_syscalls: %llu\n"
		   "openat_count: %llu\n"
		   "write_bytes: %llu\n"
		   "connect_count: %llu\n"
		   "unlink_count: %llu\n"
		   "fork_count: %llu\n"
		   "elapsed_ns: %llu\n",
		   counters.total_syscalls, counters.openat_count,
		   counters.write_bytes, counters.connect_count,
		   counters.unlink_count, counters.fork_count,
		   counters.elapsed_ns);
	return 0;
}
