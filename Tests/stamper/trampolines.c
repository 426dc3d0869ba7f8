// SPDX-License-Identifier: GPL-2.0-only
/*
 * What provstampd needs of a kernel, in programs of five instructions: that BPF programs attach to a function's entry
 * and exit, and, where bpf is among the active LSMs, to an LSM hook, and that each of them runs at a write(2).
 * That a program attaches is not yet that it runs; that the list names bpf is not that it attaches.
 *
 * Prints TAP. Exit status: 0 all passed; 1 something failed.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int tests, failures;

static void verdict(bool good, const char *what, const char *cause)
{
	tests++;
	failures += !good;
	printf("%sok %d - %s\n", good ? "" : "not ", tests, what);
	if (!good)
		printf("# %s\n", cause);
}

static bool lsm_is_active(const char *name)
{
	char list[512] = "", *one, *rest = list;
	FILE *file = fopen("/sys/kernel/security/lsm", "r");

	if (!file || !fgets(list, sizeof(list), file)) {
		perror("/sys/kernel/security/lsm");
		exit(2);
	}
	fclose(file);
	while ((one = strsep(&rest, ",\n")))
		if (!strcmp(one, name))
			return true;
	return false;
}

/* A program that adds one to the only value of the map. */
static int load(enum bpf_prog_type type, enum bpf_attach_type attach, int function, int counter)
{
	struct bpf_insn program[] = {
		{ .code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = 1, .src_reg = BPF_PSEUDO_MAP_VALUE, .imm = counter },
		{ 0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2, .imm = 1 },
		{ .code = BPF_STX | BPF_DW | BPF_ATOMIC, .dst_reg = 1, .src_reg = 2, .imm = BPF_ADD },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = attach, .attach_btf_id = function);

	return bpf_prog_load(type, "count", "GPL", program, sizeof(program) / sizeof(*program), &options);
}

static uint64_t count(int counter)
{
	uint64_t value = 0;
	int key = 0;

	bpf_map_lookup_elem(counter, &key, &value);
	return value;
}

static void write_once(void)
{
	FILE *file = tmpfile();

	if (!file || write(fileno(file), "x", 1) != 1) {
		perror("write");
		exit(2);
	}
	fclose(file);
}

/* Whether a program on this function attaches and runs at a write. */
static bool runs(const struct btf *types, enum bpf_prog_type type, enum bpf_attach_type attach, const char *name,
		 char *cause, size_t size)
{
	int function = btf__find_by_name_kind(types, name, BTF_KIND_FUNC);
	int counter = bpf_map_create(BPF_MAP_TYPE_ARRAY, "counter", sizeof(int), sizeof(uint64_t), 1, NULL);
	int program = function < 0 ? function : load(type, attach, function, counter);
	int link = program < 0 ? program : bpf_raw_tracepoint_open(NULL, program);
	uint64_t before = count(counter);

	write_once();
	snprintf(cause, size, "%s: BTF id %d, program %d, link %d, ran %lu times", name, function, program, link,
		 (unsigned long)(count(counter) - before));
	return link >= 0 && count(counter) > before;
}

int main(void)
{
	const struct btf *types = btf__load_vmlinux_btf();
	bool has_lsm = lsm_is_active("bpf");
	char cause[200];
	bool good;

	if (!types) {
		printf("Bail out! this kernel tells no types: /sys/kernel/btf/vmlinux: %s\n", strerror(errno));
		return 1;
	}
	good = runs(types, BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, "locks_remove_file", cause, sizeof(cause));
	verdict(good, "a program at the entry of locks_remove_file runs at a close", cause);
	good = runs(types, BPF_PROG_TYPE_TRACING, BPF_TRACE_FEXIT, "security_file_permission", cause, sizeof(cause));
	verdict(good, "a program at the exit of security_file_permission runs at a write", cause);
	/* Where bpf is not active the hook takes a program all the same, and never calls it. */
	good = runs(types, BPF_PROG_TYPE_LSM, BPF_LSM_MAC, "bpf_lsm_file_permission", cause, sizeof(cause));
	verdict(good == has_lsm, has_lsm ? "a program on an LSM hook runs at a write" :
		"no program runs on an LSM hook, since bpf is not active", cause);
	printf("1..%d\n", tests);
	return failures ? 1 : 0;
}
