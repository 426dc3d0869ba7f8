// SPDX-License-Identifier: GPL-2.0-only
/* Agent namespaces: what the tasks of a session have done. */

#include <linux/agent_namespaces.h>
#include <linux/ktime.h>
#include <linux/nsproxy.h>
#include <linux/percpu.h>
#include <linux/sched.h>

#include "agent_ns_internal.h"

void __agent_ns_count(enum agent_ns_counter counter, u64 amount)
{
	struct nsproxy *nsproxy = current->nsproxy;
	struct agent_namespace *ns, *pos;

	/* Tasks that have left their namespaces behind still write. */
	if (!nsproxy)
		return;
	ns = nsproxy->agent_ns;
	if (!is_agent_session(ns))
		return;
	if (!READ_ONCE(agent_ns_enabled)) {
		for (pos = ns; !agent_ns_limits_usage(pos); pos = pos->parent)
			if (!is_agent_session(pos))
				return;
	}
	this_cpu_add(ns->usage->count[counter], amount);
}

void agent_ns_add_usage(struct agent_ns_usage *sum,
			const struct agent_ns_usage *usage)
{
	int i;

	for (i = 0; i < AGENT_NS_NR_COUNTERS; i++)
		sum->count[i] += READ_ONCE(usage->count[i]);
}

/* What the tasks of @ns itself did, and the nested sessions that have ended. */
void agent_ns_add_own_usage(struct agent_ns_usage *sum,
			    const struct agent_namespace *ns)
{
	int cpu;

	agent_ns_add_usage(sum, &ns->ended);
	for_each_possible_cpu(cpu)
		agent_ns_add_usage(sum, per_cpu_ptr(ns->usage, cpu));
}

void agent_ns_to_counters(const struct agent_ns_usage *sum,
			  const struct agent_namespace *ns,
			  struct agent_ns_counters *counters)
{
	*counters = (struct agent_ns_counters) {
		.total_syscalls	= sum->count[AGENT_NS_SYSCALLS],
		.openat_count	= sum->count[AGENT_NS_OPENS],
		.write_bytes	= sum->count[AGENT_NS_WRITE_BYTES],
		.connect_count	= sum->count[AGENT_NS_CONNECTS],
		.unlink_count	= sum->count[AGENT_NS_UNLINKS],
		.fork_count	= sum->count[AGENT_NS_FORKS],
		.elapsed_ns	= ktime_get_ns() - ns->start_ns,
	};
}

/**
 * agent_ns_next - the next session of a walk over a part of the tree
 * @pos:  a live session in @root
 * @root: where the walk began
 *
 * Return: the next one, nested sessions after their parent; NULL at the end.
 */
struct agent_namespace *agent_ns_next(struct agent_namespace *pos,
				      struct agent_namespace *root)
{
	lockdep_assert_held(&agent_ns_mutex);

	if (!list_empty(&pos->children))
		return list_first_entry(&pos->children, struct agent_namespace,
					sibling);
	while (pos != root) {
		if (!list_is_last(&pos->sibling, &pos->parent->children))
			return list_next_entry(pos, sibling);
		pos = pos->parent;
	}
	return NULL;
}

/**
 * agent_ns_total - what a live session and those nested in it have done
 * @ns:    the session
 * @total: result
 */
void agent_ns_total(struct agent_namespace *ns,
		    struct agent_ns_counters *total)
{
	struct agent_ns_usage sum = {};
	struct agent_namespace *pos;

	for (pos = ns; pos; pos = agent_ns_next(pos, ns)) {
		agent_ns_add_own_usage(&sum, pos);
		cond_resched();
	}
	agent_ns_to_counters(&sum, ns, total);
}
