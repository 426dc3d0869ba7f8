/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM agent_ns

#if !defined(_TRACE_AGENT_NS_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_AGENT_NS_H

#include <linux/agent_namespaces.h>
#include <linux/cred.h>
#include <linux/sched.h>
#include <linux/tracepoint.h>
#include <linux/uidgid.h>

/* The first task of a session has entered it. */
TRACE_EVENT(agent_session_start,
	    TP_PROTO(struct task_struct *task,
		     const struct agent_namespace *session),
	    TP_ARGS(task, session),
	    TP_STRUCT__entry(__array(u8, session, AGENT_NS_ID_BYTES)
			     __array(u8, parent, AGENT_NS_ID_BYTES)
			     __field(unsigned int, level)
			     __field(pid_t, pid)
			     __field(uid_t, uid)
			     __array(char, comm, TASK_COMM_LEN)
	    ),
	    TP_fast_assign(memcpy(__entry->session, &session->id,
				  AGENT_NS_ID_BYTES);
			   memcpy(__entry->parent, &session->parent->id,
				  AGENT_NS_ID_BYTES);
			   __entry->level = session->level;
			   __entry->pid = task->tgid;
			   __entry->uid = from_kuid(&init_user_ns,
						    task_uid(task));
			   strscpy(__entry->comm, task->comm, TASK_COMM_LEN);
	    ),
	    TP_printk("session=%*phN parent=%*phN level=%u pid=%d uid=%u comm=%s",
		      AGENT_NS_ID_BYTES, __entry->session,
		      AGENT_NS_ID_BYTES, __entry->parent,
		      __entry->level, __entry->pid, __entry->uid,
		      __entry->comm)
);

/* The last task of a session, and of those nested in it, has left. */
TRACE_EVENT(agent_session_end,
	    TP_PROTO(const struct agent_namespace *session,
		     const struct agent_ns_counters *counters),
	    TP_ARGS(session, counters),
	    TP_STRUCT__entry(__array(u8, session, AGENT_NS_ID_BYTES)
			     __array(u8, parent, AGENT_NS_ID_BYTES)
			     __field(u64, total_syscalls)
			     __field(u64, openat_count)
			     __field(u64, write_bytes)
			     __field(u64, connect_count)
			     __field(u64, unlink_count)
			     __field(u64, fork_count)
			     __field(u64, elapsed_ns)
	    ),
	    TP_fast_assign(memcpy(__entry->session, &session->id,
				  AGENT_NS_ID_BYTES);
			   memcpy(__entry->parent, &session->parent->id,
				  AGENT_NS_ID_BYTES);
			   __entry->total_syscalls = counters->total_syscalls;
			   __entry->openat_count = counters->openat_count;
			   __entry->write_bytes = counters->write_bytes;
			   __entry->connect_count = counters->connect_count;
			   __entry->unlink_count = counters->unlink_count;
			   __entry->fork_count = counters->fork_count;
			   __entry->elapsed_ns = counters->elapsed_ns;
	    ),
	    TP_printk("session=%*phN parent=%*phN total_syscalls=%llu openat_count=%llu write_bytes=%llu connect_count=%llu unlink_count=%llu fork_count=%llu elapsed_ns=%llu",
		      AGENT_NS_ID_BYTES, __entry->session,
		      AGENT_NS_ID_BYTES, __entry->parent,
		      __entry->total_syscalls, __entry->openat_count,
		      __entry->write_bytes, __entry->connect_count,
		      __entry->unlink_count, __entry->fork_count,
		      __entry->elapsed_ns)
);

/* A task has said what its session is for. */
TRACE_EVENT(agent_intent_set,
	    TP_PROTO(const struct agent_namespace *session, const char *intent),
	    TP_ARGS(session, intent),
	    TP_STRUCT__entry(__array(u8, session, AGENT_NS_ID_BYTES)
			     __field(pid_t, pid)
			     __string(intent, intent)
	    ),
	    TP_fast_assign(memcpy(__entry->session, &session->id,
				  AGENT_NS_ID_BYTES);
			   __entry->pid = current->tgid;
			   __assign_str(intent);
	    ),
	    TP_printk("session=%*phN pid=%d intent=\"%s\"",
		      AGENT_NS_ID_BYTES, __entry->session,
		      __entry->pid, __get_str(intent))
);

#endif /* _TRACE_AGENT_NS_H */

/* This part must be outside protection */
#include <trace/define_trace.h>
