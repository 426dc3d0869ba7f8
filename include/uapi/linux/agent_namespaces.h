/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
#ifndef _UAPI_LINUX_AGENT_NAMESPACES_H
#define _UAPI_LINUX_AGENT_NAMESPACES_H

#include <linux/types.h>

/*
 * An agent session is an agent namespace, made by CLONE_NEWAGENT (clone3(2)
 * and unshare(2), see linux/sched.h) or by PR_SET_AGENT_NS. What follows are
 * prctl(2) options; they act on the session of the calling process.
 *
 * Arguments that an option does not name must be 0. A size of 0 means the
 * size of the structure as first published.
 */
#define PR_AGENT_BASE			0x41544E53	/* "ATNS" */

/* (struct agent_session_id *, size): all zero outside any session */
#define PR_GET_AGENT_SESSION_ID		(PR_AGENT_BASE + 1)
/*
 * (const char *): printable ASCII, ended by NUL; EINVAL if longer than
 * AGENT_NS_INTENT_MAX, EAGAIN within a second of the last change
 */
#define PR_SET_AGENT_INTENT_TAG		(PR_AGENT_BASE + 2)
/* (char *, size): at least AGENT_NS_INTENT_MAX + 1 bytes; ended by NUL */
#define PR_GET_AGENT_INTENT_TAG		(PR_AGENT_BASE + 3)
/* (const struct agent_ns_budget *, size): EPERM if it loosens anything */
#define PR_SET_AGENT_BUDGET_LIMITS	(PR_AGENT_BASE + 4)
/* (struct agent_ns_counters *, size) */
#define PR_GET_AGENT_COUNTERS		(PR_AGENT_BASE + 5)
/* (struct agent_session_id *, size): all zero in an outermost session */
#define PR_GET_AGENT_PARENT_ID		(PR_AGENT_BASE + 6)
/* (): makes a session nested in the caller's and enters it */
#define PR_SET_AGENT_NS			(PR_AGENT_BASE + 7)

#define AGENT_NS_ID_BYTES		16
#define AGENT_NS_INTENT_MAX		63

/**
 * struct agent_session_id - the identity of a session
 * @bytes: random; the first four are never all zero. /proc/PID/agent_session
 *         prints them in this order, two lowercase hexadecimal digits each.
 */
struct agent_session_id {
	__u8 bytes[AGENT_NS_ID_BYTES];
};

/**
 * struct agent_ns_counters - what a session and those nested in it have done
 * @total_syscalls: system calls entered
 * @openat_count:   files opened by open, openat, openat2, creat and io_uring
 * @write_bytes:    bytes that calls which write to a descriptor accepted
 * @connect_count:  sockets connected, or a connection begun
 * @unlink_count:   names removed by unlink, unlinkat and io_uring
 * @fork_count:     processes and threads created
 * @elapsed_ns:     nanoseconds of CLOCK_MONOTONIC since the session was made
 */
struct agent_ns_counters {
	__u64 total_syscalls;
	__u64 openat_count;
	__u64 write_bytes;
	__u64 connect_count;
	__u64 unlink_count;
	__u64 fork_count;
	__u64 elapsed_ns;
};

#define AGENT_NS_COUNTERS_SIZE_VER0	56	/* sizeof first published struct */

/* What happens to a session that has exceeded its budget. */
enum agent_ns_action {
	AGENT_NS_ACTION_LOG	= 0,	/* a line in the kernel log */
	AGENT_NS_ACTION_TERM	= 1,	/* SIGTERM, and SIGKILL to what remains */
	AGENT_NS_ACTION_KILL	= 2,	/* SIGKILL */
};

/**
 * struct agent_ns_budget - limits of a session, those nested in it included
 * @max_syscalls:    limit of agent_ns_counters.total_syscalls
 * @max_write_bytes: limit of agent_ns_counters.write_bytes
 * @max_elapsed_ns:  limit of agent_ns_counters.elapsed_ns
 * @action:          enum agent_ns_action; may only become more severe
 * @reserved:        must be 0
 *
 * A limit of 0 leaves that limit as it is: none, in a new session. A limit
 * may only be lowered; exceeding means being above it.
 */
struct agent_ns_budget {
	__u64 max_syscalls;
	__u64 max_write_bytes;
	__u64 max_elapsed_ns;
	__u32 action;
	__u32 reserved;
};

#define AGENT_NS_BUDGET_SIZE_VER0	32	/* sizeof first published struct */

#endif /* _UAPI_LINUX_AGENT_NAMESPACES_H */
