/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Agent sessions of the kernel, for kernels that have them: docs/kernel.md has
 * the ABI. All functions return 0 or -errno.
 */
#ifndef PROVENANCE_AGENT_H
#define PROVENANCE_AGENT_H

#include "../../../include/uapi/linux/agent_namespaces.h"

/* This process makes a session nested in its own, and enters it. It must have one thread only. */
int prov_enter_new_session(void);

/*
 * The same in a new user namespace, in which the process keeps its ids and nobody
 * has any other: what an ordinary user may do.
 */
int prov_enter_new_session_and_user_namespace(void);

/* The id of this process's session; all zero outside any. */
int prov_session_id(struct agent_session_id *out);

/* Of this process's session. The text ends with NUL. */
int prov_set_session_intent(const char *text);
int prov_set_session_budget(const struct agent_ns_budget *budget);

/* Whether this process could make a session: a child of its tries, and ends. */
int prov_try_new_session(void);

#endif
