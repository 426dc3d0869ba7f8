/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_AGENT_NAMESPACES_H
#define _LINUX_AGENT_NAMESPACES_H

#include <linux/compiler.h>
#include <linux/err.h>
#include <linux/jump_label.h>
#include <linux/list.h>
#include <linux/ns_common.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/thread_info.h>
#include <uapi/linux/agent_namespaces.h>

struct nsset;
struct pid;
struct pid_namespace;
struct seq_file;
struct task_struct;
struct ucounts;
struct user_namespace;

enum agent_ns_counter {
	AGENT_NS_SYSCALLS,
	AGENT_NS_OPENS,
	AGENT_NS_WRITE_BYTES,
	AGENT_NS_CONNECTS,
	AGENT_NS_UNLINKS,
	AGENT_NS_FORKS,
	AGENT_NS_NR_COUNTERS,
};

struct agent_ns_usage {
	u64 count[AGENT_NS_NR_COUNTERS];
};

enum agent_ns_verdict {
	AGENT_NS_LIVES,
	AGENT_NS_TERMINATES,
	AGENT_NS_DIES,
};

/**
 * struct agent_namespace - one agent session
 * @ns:        common part; its reference count keeps the memory
 * @user_ns:   the user namespace that owns the session
 * @ucounts:   who is charged for the session's existence
 * @parent:    the session it is nested in, or init_agent_ns; referenced
 * @outermost: the ancestor, or itself, whose parent is init_agent_ns
 * @level:     number of sessions that it is nested in
 * @id:        never changes
 * @start_ns:  CLOCK_MONOTONIC when it was made
 * @usage:     what its own tasks did
 * @live:      nsproxies that refer to it, and live sessions nested in it.
 *             Only these can add to the usage. The session ends at 0 and
 *             cannot be entered any more; open descriptors may keep the
 *             memory for longer.
 * @started:   a task has entered it
 * @children:  live sessions nested in it directly
 * @sibling:   entry in the parent's @children
 * @ended:     usage of nested sessions that have ended
 * @subtotal:  what it and those nested in it did, as the reaper last saw it
 * @budget:    limits
 * @warned:    the budget's action has been taken once
 * @verdict:   what the reaper does to its tasks
 * @intent_lock: protects the two below
 * @intent_set: jiffies of the last change of @intent, 0 if there was none
 * @intent:    printable, or empty
 *
 * @children, @sibling, @ended, @subtotal, @budget, @warned and @verdict are
 * protected by agent_ns_mutex; the budget's limits are read without it as
 * well, to learn whether there are any.
 */
struct agent_namespace {
	struct ns_common	ns;
	struct user_namespace	*user_ns;
	struct ucounts		*ucounts;
	struct agent_namespace	*parent;
	struct agent_namespace	*outermost;
	unsigned int		level;
	struct agent_session_id	id;
	u64			start_ns;
	struct agent_ns_usage __percpu *usage;
	refcount_t		live;
	int			started;

	struct list_head	children;
	struct list_head	sibling;
	struct agent_ns_usage	ended;
	struct agent_ns_usage	subtotal;
	struct agent_ns_budget	budget;
	bool			warned;
	enum agent_ns_verdict	verdict;

	/* Protects the two below. */
	spinlock_t		intent_lock;
	u64			intent_set;
	char			intent[AGENT_NS_INTENT_MAX + 1];
} __randomize_layout;

/**
 * struct agent_session - who a task acts for, as a security module stamps it
 * @id:        the session
 * @outermost: the outermost session that @id is nested in; all zero where
 *             @id is not nested
 */
struct agent_session {
	struct agent_session_id id;
	struct agent_session_id outermost;
};

#ifdef CONFIG_AGENT_NS

DECLARE_STATIC_KEY_FALSE(agent_ns_counting);

static inline struct agent_namespace *to_agent_ns(struct ns_common *ns)
{
	return container_of(ns, struct agent_namespace, ns);
}

static inline struct agent_namespace *get_agent_ns(struct agent_namespace *ns)
{
	ns_ref_inc(ns);
	return ns;
}

void put_agent_ns(struct agent_namespace *ns);
struct agent_namespace *copy_agent_ns(u64 flags, struct user_namespace *user_ns,
				      struct agent_namespace *old_ns);
void leave_agent_ns(struct agent_namespace *ns);
void agent_ns_mark_task(struct task_struct *task, struct agent_namespace *ns);
void agent_ns_start(struct task_struct *task);
void __init agent_ns_init(void);

bool agent_session_current(struct agent_session *session);
bool agent_session_of_task(struct task_struct *task,
			   struct agent_session *session);

long agent_ns_prctl(int option, unsigned long arg2, unsigned long arg3,
		    unsigned long arg4, unsigned long arg5);
int proc_agent_session_show(struct seq_file *m, struct pid_namespace *ns,
			    struct pid *pid, struct task_struct *task);
int proc_agent_lineage_show(struct seq_file *m, struct pid_namespace *ns,
			    struct pid *pid, struct task_struct *task);
int proc_agent_intent_show(struct seq_file *m, struct pid_namespace *ns,
			   struct pid *pid, struct task_struct *task);
int proc_agent_counters_show(struct seq_file *m, struct pid_namespace *ns,
			     struct pid *pid, struct task_struct *task);

void __agent_ns_count(enum agent_ns_counter counter, u64 amount);

/**
 * agent_ns_count - charge the current task's session
 * @counter: what was done
 * @amount:  how often, or how many bytes
 *
 * A patched-out branch while there is no session to count for, and one test
 * of a hot flag in tasks outside any session otherwise.
 */
static __always_inline void agent_ns_count(enum agent_ns_counter counter,
					   u64 amount)
{
	if (static_branch_unlikely(&agent_ns_counting) &&
	    test_syscall_work(AGENT_NS))
		__agent_ns_count(counter, amount);
}

/**
 * agent_ns_count_write - charge bytes that a write to a descriptor accepted
 * @written: what the write returned: bytes, or a negative error
 * @queued:  what is charged where the write was only queued (-EIOCBQUEUED):
 *           the outcome is known later, when the session may have ended
 */
static __always_inline void agent_ns_count_write(ssize_t written, size_t queued)
{
	if (written > 0)
		agent_ns_count(AGENT_NS_WRITE_BYTES, written);
	else if (written == -EIOCBQUEUED)
		agent_ns_count(AGENT_NS_WRITE_BYTES, queued);
}

#else /* !CONFIG_AGENT_NS */

static inline void put_agent_ns(struct agent_namespace *ns) { }

static inline struct agent_namespace *copy_agent_ns(u64 flags,
						    struct user_namespace *user_ns,
						    struct agent_namespace *old_ns)
{
	if (flags & CLONE_NEWAGENT)
		return ERR_PTR(-EINVAL);
	return old_ns;
}

static inline void leave_agent_ns(struct agent_namespace *ns) { }
static inline void agent_ns_mark_task(struct task_struct *task,
				      struct agent_namespace *ns) { }
static inline void agent_ns_start(struct task_struct *task) { }
static inline void agent_ns_init(void) { }

static inline bool agent_session_current(struct agent_session *session)
{
	return false;
}

static inline bool agent_session_of_task(struct task_struct *task,
					 struct agent_session *session)
{
	return false;
}

static inline long agent_ns_prctl(int option, unsigned long arg2,
				  unsigned long arg3, unsigned long arg4,
				  unsigned long arg5)
{
	return -EINVAL;
}

static inline void agent_ns_count(enum agent_ns_counter counter, u64 amount) { }
static inline void agent_ns_count_write(ssize_t written, size_t queued) { }

#endif /* CONFIG_AGENT_NS */

#endif /* _LINUX_AGENT_NAMESPACES_H */
