/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "provenance_content.h"

#include <errno.h>
#include <sha2.h>
#include <string.h>
#include <unistd.h>

static uint64_t count_ends(const char *bytes, size_t size)
{
	const char *end = bytes + size;
	uint64_t count = 0;

	while ((bytes = memchr(bytes, '\n', (size_t)(end - bytes)))) {
		bytes++;
		count++;
	}
	return count;
}

int prov_read_content(int fd, struct prov_content *content)
{
	char buffer[1 << 16];
	SHA2_CTX context;
	char last = '\n';
	ssize_t got;

	memset(content, 0, sizeof(*content));
	SHA256Init(&context);
	while ((got = read(fd, buffer, sizeof(buffer)))) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		SHA256Update(&context, (const uint8_t *)buffer, (size_t)got);
		content->size += (uint64_t)got;
		content->lines += count_ends(buffer, (size_t)got);
		last = buffer[got - 1];
	}
	if (last != '\n')
		content->lines++;
	SHA256Final(content->sha256, &context);
	return 0;
}
