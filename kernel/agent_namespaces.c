// SPDX-License-Identifier: GPL-2.0-only
/*
 * Agent namespaces: which agent session a task acts for.
 *
 * A session has an identity and counters, and nests in the session that made
 * it: what it does is charged to its ancestors as well, and its tasks can
 * enter sessions nested in it, but never leave it.
 */

#include <linux/agent_namespaces.h>
#include <linux/cred.h>
#include <linux/init_task.h>
#include <linux/ktime.h>
#include <linux/nsproxy.h>
#include <linux/nstree.h>
#include <linux/percpu.h>
#include <linux/proc_ns.h>
#include <linux/random.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/user_namespace.h>

#include "agent_ns_internal.h"

#define CREATE_TRACE_POINTS
#include <trace/events/agent_ns.h>

/* Everything else that clone3(2) and unshare(2) take a bit for. */
#define OTHER_FLAGS							      \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_PIDFD |    \
	 CLONE_PTRACE | CLONE_VFORK | CLONE_PARENT | CLONE_THREAD |	      \
	 CLONE_NEWNS | CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID |   \
	 CLONE_CHILD_CLEARTID | CLONE_DETACHED | CLONE_UNTRACED |	      \
	 CLONE_CHILD_SETTID | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | \
	 CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_IO |	      \
	 CLONE_CLEAR_SIGHAND | CLONE_INTO_CGROUP | CLONE_AUTOREAP |	      \
	 CLONE_NNP | CLONE_PIDFD_AUTOKILL | CLONE_EMPTY_MNTNS |		      \
	 CLONE_NEWTIME | UNSHARE_EMPTY_MNTNS)

/*
 * One bit for each namespace type, shared with clone's exit signal as
 * CLONE_NEWTIME is, and no number that upstream has given to something else.
 */
static_assert(__const_hweight32(CLONE_NS_ALL) == 9);
static_assert((CLONE_NEWAGENT & ~CSIGNAL) == 0);
static_assert((CLONE_NEWAGENT & OTHER_FLAGS) == 0);
static_assert(CLONE_NEWAGENT == AGENT_NS);
static_assert(AGENT_NS_INIT_ID == NS_LAST_INIT_ID);
static_assert(AGENT_NS_INIT_INO != MNT_NS_ANON_INO);
static_assert(sizeof(struct agent_ns_budget) == AGENT_NS_BUDGET_SIZE_VER0);
static_assert(sizeof(struct agent_ns_counters) == AGENT_NS_COUNTERS_SIZE_VER0);

/* See agent_ns_internal.h. */
DEFINE_MUTEX(agent_ns_mutex);

struct agent_namespace init_agent_ns = {
	.ns		= NS_COMMON_INIT(init_agent_ns),
	.user_ns	= &init_user_ns,
	.live		= REFCOUNT_INIT(1),
	.children	= LIST_HEAD_INIT(init_agent_ns.children),
	.intent_lock	= __SPIN_LOCK_UNLOCKED(init_agent_ns.intent_lock),
};

static struct ucounts *inc_agent_namespaces(struct user_namespace *ns)
{
	return inc_ucount(ns, current_euid(), UCOUNT_AGENT_NAMESPACES);
}

static void dec_agent_namespaces(struct ucounts *ucounts)
{
	dec_ucount(ucounts, UCOUNT_AGENT_NAMESPACES);
}

/* Stamps name an outermost session by its first four bytes: 0 means none. */
static void agent_ns_make_id(struct agent_session_id *id)
{
	do {
		get_random_bytes(id->bytes, sizeof(id->bytes));
	} while (!memchr_inv(id->bytes, 0, 4));
}

static void agent_ns_publish(struct agent_namespace *ns)
{
	guard(mutex)(&agent_ns_mutex);
	if (is_agent_session(ns->parent))
		refcount_inc(&ns->parent->live);
	list_add_tail(&ns->sibling, &ns->parent->children);
	agent_ns_update_counting();
	agent_ns_watch();
}

static struct agent_namespace *create_agent_ns(struct user_namespace *user_ns,
					       struct agent_namespace *parent)
{
	struct agent_namespace *ns;
	struct ucounts *ucounts;
	int err;

	err = -EPERM;
	if (!READ_ONCE(agent_ns_enabled))
		goto fail;

	err = -ENOSPC;
	if (parent->level >= AGENT_NS_MAX_LEVEL)
		goto fail;
	ucounts = inc_agent_namespaces(user_ns);
	if (!ucounts)
		goto fail;

	err = -ENOMEM;
	ns = kzalloc_obj(*ns, GFP_KERNEL_ACCOUNT);
	if (!ns)
		goto fail_dec;
	ns->usage = alloc_percpu_gfp(struct agent_ns_usage, GFP_KERNEL_ACCOUNT);
	if (!ns->usage)
		goto fail_free;

	err = ns_common_init(ns);
	if (err)
		goto fail_free_usage;

	ns->ucounts = ucounts;
	ns->user_ns = get_user_ns(user_ns);
	ns->parent = get_agent_ns(parent);
	ns->outermost = is_agent_session(parent) ? parent->outermost : ns;
	ns->level = parent->level + 1;
	agent_ns_make_id(&ns->id);
	ns->start_ns = ktime_get_ns();
	refcount_set(&ns->live, 1);
	INIT_LIST_HEAD(&ns->children);
	spin_lock_init(&ns->intent_lock);
	agent_ns_publish(ns);
	ns_tree_add(ns);
	return ns;

fail_free_usage:
	free_percpu(ns->usage);
fail_free:
	kfree(ns);
fail_dec:
	dec_agent_namespaces(ucounts);
fail:
	return ERR_PTR(err);
}

/**
 * copy_agent_ns - a session for a new nsproxy
 * @flags:   clone flags
 * @user_ns: the user namespace that will own a new session
 * @old_ns:  the current task's session
 *
 * Return: @old_ns, or with CLONE_NEWAGENT a new session nested in it; with a
 * reference that leave_agent_ns() drops. Or ERR_PTR: -EPERM while
 * kernel.agent_ns.enabled is 0, -ENOSPC at the limit of nesting or of
 * user.max_agent_namespaces, -ENOMEM.
 */
struct agent_namespace *copy_agent_ns(u64 flags, struct user_namespace *user_ns,
				      struct agent_namespace *old_ns)
{
	if (flags & CLONE_NEWAGENT)
		return create_agent_ns(user_ns, old_ns);

	if (is_agent_session(old_ns))
		refcount_inc(&old_ns->live);
	return get_agent_ns(old_ns);
}

static void free_agent_ns(struct agent_namespace *ns)
{
	ns_tree_remove(ns);
	dec_agent_namespaces(ns->ucounts);
	put_user_ns(ns->user_ns);
	ns_common_free(ns);
	free_percpu(ns->usage);
	/* Concurrent nstree traversal depends on a grace period. */
	kfree_rcu(ns, ns.ns_rcu);
}

void put_agent_ns(struct agent_namespace *ns)
{
	struct agent_namespace *parent;

	while (is_agent_session(ns) && ns_ref_put(ns)) {
		parent = ns->parent;
		free_agent_ns(ns);
		ns = parent;
	}
}

/*
 * Nobody can add to the usage any more: hand it to the parent, so that a
 * session cannot launder it by ending.
 */
static void agent_ns_end(struct agent_namespace *ns)
{
	struct agent_ns_usage sum = {};
	struct agent_ns_counters total;

	lockdep_assert_held(&agent_ns_mutex);

	agent_ns_add_own_usage(&sum, ns);
	agent_ns_add_usage(&ns->parent->ended, &sum);
	list_del(&ns->sibling);
	if (ns->started) {
		agent_ns_to_counters(&sum, ns, &total);
		trace_agent_session_end(ns, &total);
	}
}

/**
 * leave_agent_ns - drop the reference of an nsproxy
 * @ns: a session from copy_agent_ns()
 *
 * Ends the session if that was the last one, and then every ancestor that
 * has neither tasks nor nested sessions left.
 */
void leave_agent_ns(struct agent_namespace *ns)
{
	struct agent_namespace *pos;

	for (pos = ns; is_agent_session(pos); pos = pos->parent) {
		if (!refcount_dec_and_mutex_lock(&pos->live, &agent_ns_mutex))
			break;
		agent_ns_end(pos);
		mutex_unlock(&agent_ns_mutex);
	}
	put_agent_ns(ns);
}

/**
 * agent_ns_mark_task - let a task's system calls be counted
 * @task: current, or a task that does not run yet
 * @ns:   its session
 */
void agent_ns_mark_task(struct task_struct *task, struct agent_namespace *ns)
{
	if (is_agent_session(ns))
		set_task_syscall_work(task, AGENT_NS);
}

/**
 * agent_ns_start - a task has entered its session, and nothing can fail now
 * @task: current, or a task that does not run yet
 */
void agent_ns_start(struct task_struct *task)
{
	struct agent_namespace *ns = task->nsproxy->agent_ns;

	if (!is_agent_session(ns) || READ_ONCE(ns->started))
		return;
	if (!xchg(&ns->started, 1))
		trace_agent_session_start(task, ns);
}

/**
 * get_task_agent_ns - the session that a process acts for
 * @task: any thread of it
 *
 * All threads of a process share one session; one that exits has left its
 * namespaces behind, so any other one is as good.
 *
 * Return: the session with a reference that put_agent_ns() drops, or NULL if
 * the whole process is exiting.
 */
struct agent_namespace *get_task_agent_ns(struct task_struct *task)
{
	struct task_struct *thread;

	guard(rcu)();
	for_each_thread(task, thread) {
		guard(task_lock)(thread);
		if (thread->nsproxy)
			return get_agent_ns(thread->nsproxy->agent_ns);
	}
	return NULL;
}

static bool agent_ns_describe(const struct agent_namespace *ns,
			      struct agent_session *session)
{
	if (!is_agent_session(ns))
		return false;
	*session = (struct agent_session) { .id = ns->id };
	if (ns->outermost != ns)
		session->outermost = ns->outermost->id;
	return true;
}

/**
 * agent_session_current - the session that the current task acts for
 * @session: result
 *
 * Return: false, and @session is untouched, outside any session, in kernel
 * threads, and in a task that has exited so far that its namespaces are gone:
 * do_exit() drops them before the last references to its files.
 */
bool agent_session_current(struct agent_session *session)
{
	struct nsproxy *nsproxy = current->nsproxy;

	if (!nsproxy || (current->flags & PF_KTHREAD))
		return false;
	return agent_ns_describe(nsproxy->agent_ns, session);
}

/**
 * agent_session_of_task - the session that a task acts for
 * @task:    the task
 * @session: result
 *
 * Return: as agent_session_current(); of an exiting thread, what the other
 * threads of its process act for.
 */
bool agent_session_of_task(struct task_struct *task,
			   struct agent_session *session)
{
	struct agent_namespace *ns = get_task_agent_ns(task);
	bool found;

	if (!ns)
		return false;
	found = agent_ns_describe(ns, session);
	put_agent_ns(ns);
	return found;
}

static struct ns_common *agentns_get(struct task_struct *task)
{
	struct nsproxy *nsproxy;

	guard(task_lock)(task);
	nsproxy = task->nsproxy;
	return nsproxy ? &get_agent_ns(nsproxy->agent_ns)->ns : NULL;
}

static void agentns_put(struct ns_common *ns)
{
	put_agent_ns(to_agent_ns(ns));
}

static bool agent_ns_contains(const struct agent_namespace *outer,
			      const struct agent_namespace *ns)
{
	while (ns && ns->level > outer->level)
		ns = ns->parent;
	return ns == outer;
}

static int agentns_install(struct nsset *nsset, struct ns_common *new)
{
	struct nsproxy *nsproxy = nsset->nsproxy;
	struct agent_namespace *ns = to_agent_ns(new);

	if (!ns_capable(ns->user_ns, CAP_SYS_ADMIN) ||
	    !ns_capable(nsset->cred->user_ns, CAP_SYS_ADMIN))
		return -EPERM;

	/* All threads of a process act for the same session. */
	if (!thread_group_empty(current))
		return -EINVAL;

	/*
	 * As with pid namespaces, processes and their children cannot escape
	 * their session, and with it its budget and its name on their files.
	 */
	if (!agent_ns_contains(nsproxy->agent_ns, ns))
		return -EINVAL;

	/* A session that has ended has said so, and does not come back. */
	if (is_agent_session(ns) && !refcount_inc_not_zero(&ns->live))
		return -EINVAL;

	get_agent_ns(ns);
	leave_agent_ns(nsproxy->agent_ns);
	nsproxy->agent_ns = ns;
	return 0;
}

static struct user_namespace *agentns_owner(struct ns_common *ns)
{
	return to_agent_ns(ns)->user_ns;
}

static struct ns_common *agentns_get_parent(struct ns_common *ns)
{
	struct agent_namespace *parent = to_agent_ns(ns)->parent;

	/* Only where the parent is in the caller's own session. */
	if (!parent || !agent_ns_contains(current->nsproxy->agent_ns, parent))
		return ERR_PTR(-EPERM);
	return &get_agent_ns(parent)->ns;
}

const struct proc_ns_operations agentns_operations = {
	.name		= "agent",
	.get		= agentns_get,
	.put		= agentns_put,
	.install	= agentns_install,
	.owner		= agentns_owner,
	.get_parent	= agentns_get_parent,
};

void __init agent_ns_init(void)
{
	ns_tree_add(&init_agent_ns);
}
