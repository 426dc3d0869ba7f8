/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _AGENT_NS_INTERNAL_H
#define _AGENT_NS_INTERNAL_H

#include <linux/agent_namespaces.h>
#include <linux/mutex.h>

/* Sessions nest no deeper than user and pid namespaces do. */
#define AGENT_NS_MAX_LEVEL	32

/*
 * Protects the tree of live sessions and what hangs on it: see struct
 * agent_namespace. Nests outside tasklist_lock and cpu_hotplug_lock.
 */
extern struct mutex agent_ns_mutex;

/* kernel.agent_ns.enabled: new sessions may be made, and are counted for */
extern bool agent_ns_enabled;

static inline bool is_agent_session(const struct agent_namespace *ns)
{
	return ns != &init_agent_ns;
}

static inline bool agent_ns_limits_usage(const struct agent_namespace *ns)
{
	return READ_ONCE(ns->budget.max_syscalls) ||
	       READ_ONCE(ns->budget.max_write_bytes);
}

/* agent_namespaces.c */
struct agent_namespace *get_task_agent_ns(struct task_struct *task);

/* agent_ns_usage.c */
struct agent_namespace *agent_ns_next(struct agent_namespace *pos,
				      struct agent_namespace *root);
void agent_ns_add_usage(struct agent_ns_usage *sum,
			const struct agent_ns_usage *usage);
void agent_ns_add_own_usage(struct agent_ns_usage *sum,
			    const struct agent_namespace *ns);
void agent_ns_to_counters(const struct agent_ns_usage *sum,
			  const struct agent_namespace *ns,
			  struct agent_ns_counters *counters);
void agent_ns_total(struct agent_namespace *ns,
		    struct agent_ns_counters *total);

/* agent_ns_budget.c */
void agent_ns_watch(void);
void agent_ns_update_counting(void);
int agent_ns_set_budget(struct agent_namespace *ns,
			const struct agent_ns_budget *wanted);
int agent_ns_tighten(struct agent_ns_budget *budget,
		     const struct agent_ns_budget *wanted);
bool agent_ns_exceeded(const struct agent_ns_budget *budget,
		       const struct agent_ns_counters *counters);
enum agent_ns_verdict agent_ns_sentence(u32 action, bool warned);

/* agent_ns_user.c */
bool agent_ns_intent_valid(const char *intent);

#endif /* _AGENT_NS_INTERNAL_H */
