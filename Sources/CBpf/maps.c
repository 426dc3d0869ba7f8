/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "bpf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* As bpf/maps.h has it */
struct note {
	uint64_t inode;
	struct change change;
};

int prov_bpf_descriptor(const struct prov_bpf *bpf)
{
	return bpf->ring_map;
}

int prov_bpf_receive(struct prov_bpf *bpf, prov_bpf_receiver receiver, void *context)
{
	return prov_ring_receive(&bpf->ring, receiver, context);
}

int prov_bpf_receive_backlog(struct prov_bpf *bpf, prov_bpf_receiver receiver, void *context)
{
	struct inode_key key;
	struct change change;
	int received = 0;

	/*
	 * Taken with one call: what is put there between a look and a removal would be lost.
	 * Hash maps can do that since Linux 5.14.
	 */
	while (!bpf_map_get_next_key(bpf->backlog, NULL, &key)) {
		if (bpf_map_lookup_and_delete_elem(bpf->backlog, &key, &change))
			return errno == ENOENT ? received : -errno;
		receiver(context, &change);
		received++;
	}
	return received;
}

int prov_bpf_receive_open(struct prov_bpf *bpf, prov_bpf_receiver receiver, void *context)
{
	uint64_t key, next;
	const uint64_t *previous = NULL;
	struct note note;
	int received = 0;

	/* A key that goes meanwhile begins the walk anew: it is bounded, and handing over twice is harmless. */
	for (int i = 0; i < 1 << 17 && !bpf_map_get_next_key(bpf->files, previous, &next); i++) {
		key = next;
		previous = &key;
		if (bpf_map_lookup_elem(bpf->files, &key, &note))
			continue;
		receiver(context, &note.change);
		received++;
	}
	return received;
}

int prov_bpf_counts(const struct prov_bpf *bpf, uint64_t counts[COUNTS])
{
	int processors = libbpf_num_possible_cpus();
	uint64_t *values;

	if (processors < 0)
		return processors;
	values = calloc((size_t)processors, sizeof(*values));
	if (!values)
		return -ENOMEM;
	for (uint32_t which = 0; which < COUNTS; which++) {
		counts[which] = 0;
		if (bpf_map_lookup_elem(bpf->counts, &which, values))
			continue;
		for (int i = 0; i < processors; i++)
			counts[which] += values[i];
	}
	free(values);
	return 0;
}

int64_t prov_bpf_misses(const struct prov_bpf *bpf)
{
	struct bpf_program *program;
	int64_t misses = 0;

	bpf_object__for_each_program(program, bpf->object) {
		struct bpf_prog_info info = { 0 };
		uint32_t size = sizeof(info);

		if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size))
			return -errno;
		misses += (int64_t)info.recursion_misses;
	}
	return misses;
}

int prov_bpf_session(const struct prov_bpf *bpf, int pidfd, struct task_session *session)
{
	return bpf_map_lookup_elem(bpf->sessions, &pidfd, session) ? -errno : 0;
}

int prov_bpf_enter(const struct prov_bpf *bpf, int pidfd, const struct task_session *session)
{
	return bpf_map_update_elem(bpf->sessions, &pidfd, session, BPF_ANY) ? -errno : 0;
}
