/* SPDX-License-Identifier: Apache-2.0 */
/* A reader of a ring of BPF, that can tell how far the writers were at a moment */
#ifndef PROV_CBPF_RING_H
#define PROV_CBPF_RING_H

#include "CBpf.h"

struct prov_ring {
	volatile unsigned long *consumer;
	const volatile unsigned long *producer;
	const unsigned char *data;
	size_t size;
};

int prov_ring_open(struct prov_ring *ring, int map, size_t size);
void prov_ring_close(struct prov_ring *ring);
int prov_ring_receive(struct prov_ring *ring, prov_bpf_receiver receiver, void *context);

#endif
