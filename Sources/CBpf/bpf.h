/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROV_CBPF_BPF_H
#define PROV_CBPF_BPF_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "CBpf.h"
#include "ring.h"

#define PROV_PROGRAMS_MAX 32

struct prov_bpf {
	const char *hexadecimal;
	size_t length;
	unsigned char *bytes;
	struct bpf_object *object;
	struct bpf_link *links[PROV_PROGRAMS_MAX];
	int link_count;
	int sessions;
	int files;
	int backlog;
	int counts;
	int ring_map;
	struct prov_ring ring;
};

#endif
