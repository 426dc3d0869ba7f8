/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The programs of provstampd in the kernel, and what they tell. Functions return a
 * value that is not negative, or -errno.
 */
#ifndef PROV_CBPF_H
#define PROV_CBPF_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>

#include "../../../bpf/records.h"

struct prov_bpf;

/*
 * Loads the object that is written in hexadecimal, attaches its programs them, and pins them below `directory`, a path in a
 * BPF filesystem, in place of those that are pinned there; maps that are pinned
 * there stay. On an error `reason` says which step failed and why.
 */
int prov_bpf_load(struct prov_bpf **bpf, const char *hexadecimal, size_t length,
		  const char *directory, char *reason, size_t size);
void prov_bpf_free(struct prov_bpf *bpf);

/* Readable when there may be changes */
int prov_bpf_descriptor(const struct prov_bpf *bpf);

typedef void (*prov_bpf_receiver)(void *context, const struct change *change);

/* Hands over every change that had been noted to the end when this was called. */
int prov_bpf_receive(struct prov_bpf *bpf, prov_bpf_receiver receiver, void *context);

/* Hands over what found no room in the ring, until `counts` says otherwise nothing. */
int prov_bpf_receive_backlog(struct prov_bpf *bpf, prov_bpf_receiver receiver, void *context);

/* Hands over the notes of files that are open, and leaves them. */
int prov_bpf_receive_open(struct prov_bpf *bpf, prov_bpf_receiver receiver, void *context);

int prov_bpf_counts(const struct prov_bpf *bpf, uint64_t counts[COUNTS]);

/* How often a program was skipped because it was running on the same processor */
int64_t prov_bpf_misses(const struct prov_bpf *bpf);

/* -ENOENT: the process is in no session */
int prov_bpf_session(const struct prov_bpf *bpf, int pidfd, struct task_session *session);
int prov_bpf_enter(const struct prov_bpf *bpf, int pidfd, const struct task_session *session);

#endif
