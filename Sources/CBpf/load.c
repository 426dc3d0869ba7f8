/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "bpf.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What libbpf said last; it tells more than its errors do. One thread loads, once. */
static char last_words[400];

static int keep_last_words(enum libbpf_print_level level, const char *format, va_list arguments)
{
	if (level == LIBBPF_WARN)
		vsnprintf(last_words, sizeof(last_words), format, arguments);
	return 0;
}

static int fail(char *reason, size_t size, const char *step, const char *name, int error)
{
	size_t length = strlen(last_words);

	while (length && last_words[length - 1] == '\n')
		last_words[--length] = 0;
	snprintf(reason, size, "%s%s%s: %s%s%s%s", step, *name ? " " : "", name, strerror(-error),
		 *last_words ? " (" : "", last_words, *last_words ? ")" : "");
	return error;
}

/* A program is pinned under another name first, and then replaces its predecessor at once. */
static int pin(struct bpf_link *link, const char *directory, const char *name)
{
	char fresh[512], path[512];
	int error;

	if ((size_t)snprintf(path, sizeof(path), "%s/link_%s", directory, name) >= sizeof(path) ||
	    (size_t)snprintf(fresh, sizeof(fresh), "%s/new_%s", directory, name) >= sizeof(fresh))
		return -ENAMETOOLONG;
	if (unlink(fresh) && errno != ENOENT)
		return -errno;
	error = bpf_link__pin(link, fresh);
	if (error)
		return error;
	return rename(fresh, path) ? -errno : 0;
}

static int attach(struct prov_bpf *bpf, const char *directory, char *reason, size_t size)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, bpf->object) {
		const char *name = bpf_program__name(program);
		struct bpf_link *link = bpf_program__attach(program);
		int error;

		if (!link)
			return fail(reason, size, "cannot attach", name, -errno);
		bpf->links[bpf->link_count++] = link;
		error = pin(link, directory, name);
		if (error)
			return fail(reason, size, "cannot pin", name, error);
		if (bpf->link_count == PROV_PROGRAMS_MAX)
			return fail(reason, size, "too many programs", "", -E2BIG);
	}
	return 0;
}

static int find_maps(struct prov_bpf *bpf)
{
	bpf->sessions = bpf_object__find_map_fd_by_name(bpf->object, "sessions");
	bpf->files = bpf_object__find_map_fd_by_name(bpf->object, "files");
	bpf->backlog = bpf_object__find_map_fd_by_name(bpf->object, "backlog");
	bpf->counts = bpf_object__find_map_fd_by_name(bpf->object, "counts");
	bpf->ring_map = bpf_object__find_map_fd_by_name(bpf->object, "ring");
	return prov_ring_open(&bpf->ring, bpf->ring_map,
			      bpf_map__max_entries(bpf_object__find_map_by_name(bpf->object, "ring")));
}

static int digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

static unsigned char *decode(const char *hexadecimal, size_t length)
{
	unsigned char *bytes = malloc(length / 2);

	for (size_t i = 0; bytes && i < length / 2; i++)
		bytes[i] = (unsigned char)(digit(hexadecimal[2 * i]) << 4 | digit(hexadecimal[2 * i + 1]));
	return bytes;
}

static int load(struct prov_bpf *bpf, const char *directory, char *reason, size_t size)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "provstampd",
		    .pin_root_path = directory);
	int error;

	bpf->bytes = decode(bpf->hexadecimal, bpf->length);
	if (!bpf->bytes)
		return fail(reason, size, "cannot read the programs", "", -ENOMEM);
	if (mkdir(directory, 0700) && errno != EEXIST)
		return fail(reason, size, "cannot make", directory, -errno);
	bpf->object = bpf_object__open_mem(bpf->bytes, bpf->length / 2, &options);
	if (!bpf->object)
		return fail(reason, size, "cannot read the programs", "", -errno);
	error = bpf_object__load(bpf->object);
	if (error)
		return fail(reason, size, "the kernel does not take the programs", "", error);
	error = find_maps(bpf);
	if (error)
		return fail(reason, size, "cannot map the ring", "", error);
	return attach(bpf, directory, reason, size);
}

int prov_bpf_load(struct prov_bpf **loaded, const char *hexadecimal, size_t length,
		  const char *directory, char *reason, size_t size)
{
	struct prov_bpf *bpf = calloc(1, sizeof(*bpf));
	int error;

	if (!bpf)
		return -ENOMEM;
	bpf->hexadecimal = hexadecimal;
	bpf->length = length;
	libbpf_set_print(keep_last_words);
	error = load(bpf, directory, reason, size);
	if (error) {
		prov_bpf_free(bpf);
		return error;
	}
	*loaded = bpf;
	return 0;
}

void prov_bpf_free(struct prov_bpf *bpf)
{
	prov_ring_close(&bpf->ring);
	for (int i = 0; i < bpf->link_count; i++)
		bpf_link__destroy(bpf->links[i]);
	bpf_object__close(bpf->object);
	free(bpf->bytes);
	free(bpf);
}
