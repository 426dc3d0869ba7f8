/* SPDX-License-Identifier: Apache-2.0 */
/* What is in files. */
#ifndef PROVENANCE_CONTENT_H
#define PROVENANCE_CONTENT_H

#include <stdint.h>

#include "provenance_registry.h"

struct prov_content {
	uint8_t sha256[PROV_SHA256_SIZE];
	uint64_t size;
	/* The last one need not be ended. */
	uint64_t lines;
};

/* Reads a file from where it is to its end. Returns 0 or -errno. */
int prov_read_content(int fd, struct prov_content *content);

#endif
