// SPDX-License-Identifier: GPL-2.0-only
/* Agent namespaces: budgets, the reaper that enforces them, sysctls. */

#define pr_fmt(fmt) "agent_ns: " fmt

#include <linux/agent_namespaces.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/nsproxy.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sysctl.h>
#include <linux/workqueue.h>

#include "agent_ns_internal.h"

#define AGENT_NS_REAPER_INTERVAL_MAX	60

bool agent_ns_enabled __read_mostly = true;
static unsigned int agent_ns_reaper_interval = AGENT_NS_REAPER_INTERVAL_MAX;
static unsigned int agent_ns_max_lifetime = 24 * 60 * 60;

/* On while there is a session to count for. */
DEFINE_STATIC_KEY_FALSE(agent_ns_counting);

static bool agent_ns_loosens(u64 limit, u64 wanted)
{
	return wanted && limit && wanted > limit;
}

/**
 * agent_ns_tighten - lower the limits of a budget
 * @budget: changed on success only
 * @wanted: a limit of 0 leaves that limit as it is
 *
 * Return: 0, -EINVAL for an action or a bit that does not exist, -EPERM if
 * anything would be looser than it is.
 */
int agent_ns_tighten(struct agent_ns_budget *budget,
		     const struct agent_ns_budget *wanted)
{
	if (wanted->reserved || wanted->action > AGENT_NS_ACTION_KILL)
		return -EINVAL;
	if (wanted->action < budget->action ||
	    agent_ns_loosens(budget->max_syscalls, wanted->max_syscalls) ||
	    agent_ns_loosens(budget->max_write_bytes, wanted->max_write_bytes) ||
	    agent_ns_loosens(budget->max_elapsed_ns, wanted->max_elapsed_ns))
		return -EPERM;

	budget->action = wanted->action;
	if (wanted->max_syscalls)
		WRITE_ONCE(budget->max_syscalls, wanted->max_syscalls);
	if (wanted->max_write_bytes)
		WRITE_ONCE(budget->max_write_bytes, wanted->max_write_bytes);
	if (wanted->max_elapsed_ns)
		WRITE_ONCE(budget->max_elapsed_ns, wanted->max_elapsed_ns);
	return 0;
}

static bool agent_ns_above(u64 value, u64 limit)
{
	return limit && value > limit;
}

/**
 * agent_ns_exceeded - whether usage is above any limit
 * @budget:   limits, 0 for none
 * @counters: usage
 *
 * Return: whether it is; exactly the limit is within it.
 */
bool agent_ns_exceeded(const struct agent_ns_budget *budget,
		       const struct agent_ns_counters *counters)
{
	return agent_ns_above(counters->total_syscalls, budget->max_syscalls) ||
	       agent_ns_above(counters->write_bytes, budget->max_write_bytes) ||
	       agent_ns_above(counters->elapsed_ns, budget->max_elapsed_ns);
}

/**
 * agent_ns_sentence - what happens to a session that has exceeded its budget
 * @action: the budget's
 * @warned: the reaper has taken that action before
 *
 * Return: the verdict; a SIGTERM that was ignored becomes a SIGKILL.
 */
enum agent_ns_verdict agent_ns_sentence(u32 action, bool warned)
{
	switch (action) {
	case AGENT_NS_ACTION_LOG:
		return AGENT_NS_LIVES;
	case AGENT_NS_ACTION_TERM:
		return warned ? AGENT_NS_DIES : AGENT_NS_TERMINATES;
	default:
		return AGENT_NS_DIES;
	}
}

/**
 * agent_ns_set_budget - a session tightens its own budget
 * @ns:     the session
 * @wanted: see agent_ns_tighten()
 *
 * Return: as agent_ns_tighten().
 */
int agent_ns_set_budget(struct agent_namespace *ns,
			const struct agent_ns_budget *wanted)
{
	u32 action;
	int err;

	guard(mutex)(&agent_ns_mutex);
	action = ns->budget.action;
	err = agent_ns_tighten(&ns->budget, wanted);
	if (err)
		return err;
	/* Only a worse action is worth a new warning: no budget buys time. */
	if (ns->budget.action > action)
		ns->warned = false;
	agent_ns_update_counting();
	return 0;
}

static bool agent_ns_any_limits_usage(void)
{
	struct agent_namespace *ns;

	for (ns = &init_agent_ns; ns; ns = agent_ns_next(ns, &init_agent_ns))
		if (agent_ns_limits_usage(ns))
			return true;
	return false;
}

/**
 * agent_ns_update_counting - switch the counter hooks on or off
 *
 * With kernel.agent_ns.enabled at 0, sessions that live within a budget are
 * counted for all the same: switching the feature off lets nobody escape.
 */
void agent_ns_update_counting(void)
{
	bool wanted;

	lockdep_assert_held(&agent_ns_mutex);

	wanted = !list_empty(&init_agent_ns.children) &&
		 (agent_ns_enabled || agent_ns_any_limits_usage());
	if (wanted == static_key_enabled(&agent_ns_counting))
		return;
	if (wanted)
		static_branch_enable(&agent_ns_counting);
	else
		static_branch_disable(&agent_ns_counting);
}

/*
 * Where logging is all that happens, a line that is lost is an action that
 * was not taken: those have a limit of their own, and are tried again.
 */
static bool agent_ns_log_exceeded(const struct agent_namespace *ns)
{
	static DEFINE_RATELIMIT_STATE(log_limit, DEFAULT_RATELIMIT_INTERVAL,
				      DEFAULT_RATELIMIT_BURST);
	static DEFINE_RATELIMIT_STATE(kill_limit, DEFAULT_RATELIMIT_INTERVAL,
				      DEFAULT_RATELIMIT_BURST);
	bool logs = ns->budget.action == AGENT_NS_ACTION_LOG;

	if (!__ratelimit(logs ? &log_limit : &kill_limit))
		return !logs;
	pr_warn("session %*phN is over its budget, action %u\n",
		AGENT_NS_ID_BYTES, ns->id.bytes, ns->budget.action);
	return true;
}

static bool agent_ns_judge(struct agent_namespace *ns)
{
	u64 lifetime = (u64)READ_ONCE(agent_ns_max_lifetime) * NSEC_PER_SEC;
	struct agent_ns_counters total = {
		.elapsed_ns = ktime_get_ns() - ns->start_ns,
	};

	ns->verdict = ns->parent->verdict;
	if (agent_ns_limits_usage(ns))
		agent_ns_to_counters(&ns->subtotal, ns, &total);
	if (agent_ns_above(total.elapsed_ns, lifetime)) {
		ns->verdict = AGENT_NS_DIES;
		pr_warn_ratelimited("session %*phN is older than kernel.agent_ns.max_lifetime\n",
				    AGENT_NS_ID_BYTES, ns->id.bytes);
	}
	if (agent_ns_exceeded(&ns->budget, &total)) {
		ns->verdict = max(ns->verdict,
				  agent_ns_sentence(ns->budget.action, ns->warned));
		if (!ns->warned)
			ns->warned = agent_ns_log_exceeded(ns);
	}
	return ns->verdict != AGENT_NS_LIVES;
}

static enum agent_ns_verdict agent_ns_process_verdict(struct task_struct *process)
{
	struct task_struct *thread;

	/* The leader may have exited, and its namespaces be gone with it. */
	for_each_thread(process, thread) {
		guard(task_lock)(thread);
		if (thread->nsproxy)
			return thread->nsproxy->agent_ns->verdict;
	}
	return AGENT_NS_LIVES;
}

/*
 * A forking session cannot outrun this: copy_process() makes a child visible
 * under tasklist_lock, and not any more with a SIGKILL pending.
 */
static void agent_ns_execute(void)
{
	enum agent_ns_verdict verdict;
	struct task_struct *process;

	lockdep_assert_held(&agent_ns_mutex);

	guard(read_lock)(&tasklist_lock);
	for_each_process(process) {
		if (is_global_init(process) || (process->flags & PF_KTHREAD))
			continue;
		verdict = agent_ns_process_verdict(process);
		if (verdict == AGENT_NS_LIVES)
			continue;
		do_send_sig_info(verdict == AGENT_NS_DIES ? SIGKILL : SIGTERM,
				 SEND_SIG_PRIV, process, PIDTYPE_TGID);
	}
}

/* Every session's subtotal at once: no session is read more than once. */
static void agent_ns_add_up(void)
{
	struct agent_namespace *ns, *pos;
	struct agent_ns_usage own;

	for (ns = &init_agent_ns; ns; ns = agent_ns_next(ns, &init_agent_ns)) {
		if (!is_agent_session(ns))
			continue;
		own = (struct agent_ns_usage) {};
		agent_ns_add_own_usage(&own, ns);
		ns->subtotal = own;
		for (pos = ns->parent; is_agent_session(pos); pos = pos->parent)
			agent_ns_add_usage(&pos->subtotal, &own);
		cond_resched();
	}
}

static void agent_ns_reap(struct work_struct *work)
{
	struct agent_namespace *ns;
	bool condemned = false;

	guard(mutex)(&agent_ns_mutex);
	if (agent_ns_any_limits_usage())
		agent_ns_add_up();
	for (ns = &init_agent_ns; ns; ns = agent_ns_next(ns, &init_agent_ns)) {
		if (is_agent_session(ns))
			condemned |= agent_ns_judge(ns);
		cond_resched();
	}
	if (condemned)
		agent_ns_execute();
	agent_ns_update_counting();
	agent_ns_watch();
}

static DECLARE_DELAYED_WORK(agent_ns_reaper, agent_ns_reap);

/**
 * agent_ns_watch - see to it that the reaper runs while there are sessions
 */
void agent_ns_watch(void)
{
	lockdep_assert_held(&agent_ns_mutex);

	if (!list_empty(&init_agent_ns.children))
		queue_delayed_work(system_freezable_wq, &agent_ns_reaper,
				   READ_ONCE(agent_ns_reaper_interval) * HZ);
}

#ifdef CONFIG_SYSCTL
static int agent_ns_do_enabled(const struct ctl_table *table, int write,
			       void *buffer, size_t *lenp, loff_t *ppos)
{
	int err = proc_dobool(table, write, buffer, lenp, ppos);

	if (err || !write)
		return err;
	guard(mutex)(&agent_ns_mutex);
	agent_ns_update_counting();
	return 0;
}

static int agent_ns_do_interval(const struct ctl_table *table, int write,
				void *buffer, size_t *lenp, loff_t *ppos)
{
	int err = proc_douintvec_minmax(table, write, buffer, lenp, ppos);

	if (err || !write)
		return err;
	guard(mutex)(&agent_ns_mutex);
	if (delayed_work_pending(&agent_ns_reaper))
		mod_delayed_work(system_freezable_wq, &agent_ns_reaper,
				 READ_ONCE(agent_ns_reaper_interval) * HZ);
	return 0;
}

static const unsigned int agent_ns_reaper_interval_max =
	AGENT_NS_REAPER_INTERVAL_MAX;

static const struct ctl_table agent_ns_sysctls[] = {
	{
		.procname	= "enabled",
		.data		= &agent_ns_enabled,
		.maxlen		= sizeof(agent_ns_enabled),
		.mode		= 0644,
		.proc_handler	= agent_ns_do_enabled,
	},
	{
		.procname	= "reaper_interval",
		.data		= &agent_ns_reaper_interval,
		.maxlen		= sizeof(agent_ns_reaper_interval),
		.mode		= 0644,
		.proc_handler	= agent_ns_do_interval,
		.extra1		= SYSCTL_ONE,
		.extra2		= (void *)&agent_ns_reaper_interval_max,
	},
	{
		.procname	= "max_lifetime",
		.data		= &agent_ns_max_lifetime,
		.maxlen		= sizeof(agent_ns_max_lifetime),
		.mode		= 0644,
		.proc_handler	= proc_douintvec,
	},
};

static int __init agent_ns_sysctl_init(void)
{
	register_sysctl_init("kernel/agent_ns", agent_ns_sysctls);
	return 0;
}
late_initcall(agent_ns_sysctl_init);
#endif /* CONFIG_SYSCTL */
