/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "provenance_lsm.h"

#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As in linux/lsm.h and asm/unistd.h, which may be older than Linux 6.8. */
#ifndef SYS_lsm_set_self_attr
#define SYS_lsm_set_self_attr 460
#endif
#define LSM_ATTRIBUTE_FSCREATE 102

struct context {
	uint64_t id;
	uint64_t flags;
	uint64_t length;
	uint64_t value_length;
	struct prov_stamp value;
};

int prov_write_for(const struct prov_stamp *writer)
{
	struct context context = {
		.id = LSM_ID_PROVFS,
		.length = sizeof(context) - sizeof(context.value),
	};

	if (writer) {
		context.length = sizeof(context);
		context.value_length = sizeof(*writer);
		context.value = *writer;
	}
	if (syscall(SYS_lsm_set_self_attr, LSM_ATTRIBUTE_FSCREATE, &context, (uint32_t)sizeof(context),
		    0) < 0)
		return -errno;
	return 0;
}
