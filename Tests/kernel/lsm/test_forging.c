// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every way to set or remove an attribute, by each kind of user: each is
 * refused, or, for whoever may set those of security modules, dropped.
 * docs/threat-model.md promises it.
 */

#include "attackers.h"

#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>

#include "../uring.h"

#ifndef __NR_setxattrat
#define __NR_setxattrat 463
#define __NR_removexattrat 466
#endif

static const char forged[PROV_STAMP_SIZE] = { 1, 1 };

/* linux/xattr.h, which the C library's kernel headers may be too old to have */
struct xattr_arguments {
	uint64_t value;
	uint32_t size;
	uint32_t flags;
};

static struct xattr_arguments forgery = { .size = sizeof(forged) };

/* Attacks on an attribute of the file PATH; OTHER is an empty file. */
typedef int (*attack)(const char *path, const char *other, const char *attribute);

static int by_setxattr(const char *path, const char *other, const char *attribute)
{
	return outcome(setxattr(path, attribute, forged, sizeof(forged), 0));
}

static int by_lsetxattr(const char *path, const char *other, const char *attribute)
{
	return outcome(lsetxattr(path, attribute, forged, sizeof(forged), 0));
}

static int by_fsetxattr(const char *path, const char *other, const char *attribute)
{
	return outcome(fsetxattr(open(path, O_RDWR), attribute, forged,
				 sizeof(forged), 0));
}

static int by_fsetxattr_of_nothing(const char *path, const char *other, const char *attribute)
{
	return outcome(fsetxattr(open(path, O_RDONLY), attribute, "", 0, 0));
}

static int by_setxattrat(const char *path, const char *other, const char *attribute)
{
	return outcome(syscall(__NR_setxattrat, AT_FDCWD, path, 0, attribute,
			       &forgery, sizeof(forgery)));
}

static int by_setxattrat_of_a_descriptor(const char *path, const char *other, const char *attribute)
{
	return outcome(syscall(__NR_setxattrat, open(path, O_RDONLY), "",
			       AT_EMPTY_PATH, attribute, &forgery,
			       sizeof(forgery)));
}

/* By way of /proc, which takes descriptors that cannot be read or written, too. */
static int set_by_link(int fd, const char *attribute)
{
	char name[64];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	return outcome(setxattr(name, attribute, forged, sizeof(forged), 0));
}

static int by_a_link_of_proc(const char *path, const char *other, const char *attribute)
{
	return set_by_link(open(path, O_PATH), attribute);
}

static int by_removexattr(const char *path, const char *other, const char *attribute)
{
	return outcome(removexattr(path, attribute));
}

static int by_lremovexattr(const char *path, const char *other, const char *attribute)
{
	return outcome(lremovexattr(path, attribute));
}

static int by_fremovexattr(const char *path, const char *other, const char *attribute)
{
	return outcome(fremovexattr(open(path, O_RDWR), attribute));
}

static int by_removexattrat(const char *path, const char *other, const char *attribute)
{
	return outcome(syscall(__NR_removexattrat, AT_FDCWD, path, 0, attribute));
}

static int by_ring(const struct io_uring_sqe *request)
{
	struct uring ring;
	int result;

	if (uring_open(&ring, 0))
		return 1;
	result = uring_run(&ring, request);
	errno = -result;
	return outcome(result < 0 ? -1 : 0);
}

static int by_io_uring(const char *path, const char *other, const char *attribute)
{
	return by_ring(&(struct io_uring_sqe) {
		.opcode = IORING_OP_SETXATTR, .addr = (uintptr_t)attribute,
		.addr2 = (uintptr_t)forged, .len = sizeof(forged),
		.addr3 = (uintptr_t)path });
}

static int by_io_uring_and_descriptor(const char *path, const char *other, const char *attribute)
{
	return by_ring(&(struct io_uring_sqe) {
		.opcode = IORING_OP_FSETXATTR, .addr = (uintptr_t)attribute,
		.addr2 = (uintptr_t)forged, .len = sizeof(forged),
		.fd = open(path, O_RDWR) });
}

static int by_file_handle(const char *path, const char *other, const char *attribute)
{
	int fd = open_handle(path, other);

	if (fd < 0)
		return outcome(fd);
	return outcome(fsetxattr(fd, attribute, forged, sizeof(forged), 0));
}

static int by_bind_mount(const char *path, const char *other, const char *attribute)
{
	if (bind_elsewhere(path, other))
		return outcome(-1);
	return outcome(setxattr(other, attribute, forged, sizeof(forged), 0));
}

static int by_detached_mount(const char *path, const char *other, const char *attribute)
{
	int fd = syscall(__NR_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE);

	return fd < 0 ? outcome(fd) : set_by_link(fd, attribute);
}

static int by_idmapped_mount(const char *path, const char *other, const char *attribute)
{
	int tree = mount_mapped(path);

	return tree < 0 ? outcome(tree) : set_by_link(tree, attribute);
}

/*
 * From now on, the name of any attribute that this process sets is NAME when
 * the kernel reads it: a BPF program writes that over what the caller gave.
 */
static int rename_attributes_under_way(const char *name)
{
	static const char license[] = "GPL";
	uint64_t words[2] = { 0 };
	struct bpf_insn program[] = {
		/* struct syscall_tp_t: two words, then the arguments */
		{ BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_1, BPF_REG_1, 24 },
		{ BPF_LD | BPF_IMM | BPF_DW, BPF_REG_2, 0, 0 }, { 0 },
		{ BPF_STX | BPF_MEM | BPF_DW, BPF_REG_10, BPF_REG_2, -16 },
		{ BPF_LD | BPF_IMM | BPF_DW, BPF_REG_2, 0, 0 }, { 0 },
		{ BPF_STX | BPF_MEM | BPF_DW, BPF_REG_10, BPF_REG_2, -8 },
		{ BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_2, BPF_REG_10 },
		{ BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, 0, 0, -16 },
		{ BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_3, 0, 0, sizeof(words) },
		{ BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_probe_write_user },
		{ BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0 },
		{ BPF_JMP | BPF_EXIT },
	};
	union bpf_attr load = {
		.prog_type = BPF_PROG_TYPE_TRACEPOINT,
		.insns = (uintptr_t)program,
		.insn_cnt = ARRAY_SIZE(program),
		.license = (uintptr_t)license,
	};
	struct perf_event_attr event = {
		.type = PERF_TYPE_TRACEPOINT, .size = sizeof(event),
		.sample_period = 1,
	};
	int fd, perf, error;
	FILE *id;

	strncpy((char *)words, name, sizeof(words) - 1);
	program[1].imm = words[0];
	program[2].imm = words[0] >> 32;
	program[4].imm = words[1];
	program[5].imm = words[1] >> 32;
	fd = syscall(__NR_bpf, BPF_PROG_LOAD, &load, sizeof(load));
	if (fd < 0)
		return -1;
	id = fopen("/sys/kernel/tracing/events/syscalls/sys_enter_setxattr/id", "re");
	if (!id || fscanf(id, "%llu", (unsigned long long *)&event.config) != 1)
		return -1;
	fclose(id);
	perf = syscall(__NR_perf_event_open, &event, 0, -1, -1, 0);
	error = perf < 0 || ioctl(perf, PERF_EVENT_IOC_SET_BPF, fd) ||
		ioctl(perf, PERF_EVENT_IOC_ENABLE, 0);
	close(fd);
	return error ? -1 : perf;
}

static int by_bpf(const char *path, const char *other, const char *attribute)
{
	char name[24] = "user.harmless", value[PROV_STAMP_SIZE];
	int perf, result;

	/* The log's name is too long for the program: it goes as it is. */
	if (strcmp(attribute, PROV_XATTR_SECURITY))
		return by_setxattr(path, other, attribute);
	perf = rename_attributes_under_way("user.renamed");
	if (perf < 0)
		return outcome(perf);
	if (setxattr(path, name, "x", 1, 0) ||
	    getxattr(path, "user.renamed", value, sizeof(value)) != 1)
		return 2;
	close(perf);
	perf = rename_attributes_under_way(attribute);
	strcpy(name, "user.harmless");
	result = setxattr(path, name, forged, sizeof(forged), 0);
	if (perf < 0 || strcmp(name, attribute))
		return 3;
	return outcome(result);
}

static const struct {
	const char *name;
	attack run;
	bool of_nothing;
} attacks_on_attributes[] = {
	{ "setxattr", by_setxattr },
	{ "lsetxattr", by_lsetxattr },
	{ "fsetxattr", by_fsetxattr },
	{ "fsetxattr of no bytes", by_fsetxattr_of_nothing, true },
	{ "setxattrat", by_setxattrat },
	{ "setxattrat of a descriptor", by_setxattrat_of_a_descriptor },
	{ "a link of /proc/self/fd", by_a_link_of_proc },
	{ "removexattr", by_removexattr },
	{ "lremovexattr", by_lremovexattr },
	{ "fremovexattr", by_fremovexattr },
	{ "removexattrat", by_removexattrat },
	{ "IORING_OP_SETXATTR", by_io_uring },
	{ "IORING_OP_FSETXATTR", by_io_uring_and_descriptor },
	{ "file handle", by_file_handle },
	{ "bind mount", by_bind_mount },
	{ "detached mount", by_detached_mount },
	{ "idmapped mount", by_idmapped_mount },
	{ "BPF that renames under way", by_bpf },
};

TEST_F(file, no_attack_on_the_attributes_succeeds)
{
	static const char *const names[] = {
		PROV_XATTR_SECURITY, PROV_XATTR_SECURITY_LOG,
	};
	struct prov_stamp before[1 + PROV_LOG_MAX], after[1 + PROV_LOG_MAX];
	unsigned int who, how, name;
	struct writer agent;
	bool dropped;
	pid_t pid;

	forgery.value = (uintptr_t)forged;
	ASSERT_EQ(0, prepare(self->path, self->other));
	ASSERT_TRUE(get_stamp(self->path, &before[0]));
	ASSERT_EQ(1, get_log(self->path, before + 1));
	for (who = 0; who < ARRAY_SIZE(attackers); who++)
		for (how = 0; how < ARRAY_SIZE(attacks_on_attributes); how++)
			for (name = 0; name < ARRAY_SIZE(names); name++) {
				pid = fork_attacker(&attackers[who], &agent);
				ASSERT_LE(0, pid);
				if (!pid)
					_exit(attacks_on_attributes[how].run(
						self->path, self->other, names[name]));
				dropped = !attackers[who].uid &&
					  !attacks_on_attributes[how].of_nothing;
				EXPECT_EQ(dropped ? DONE : REFUSED,
					  exit_status(pid))
					TH_LOG("%s by %s: %s", names[name],
					       attackers[who].name,
					       attacks_on_attributes[how].name);
			}
	ASSERT_TRUE(get_stamp(self->path, &after[0]));
	ASSERT_EQ(1, get_log(self->path, after + 1));
	EXPECT_EQ(0, memcmp(before, after, 2 * sizeof(after[0])));
}

static const char damaged[PROV_STAMP_SIZE] = { 9, 1 };

TEST_F(file, what_is_no_stamp_is_refused)
{
	static struct prov_stamp many[PROV_LOG_MAX + 1];
	int i;

	for (i = 0; i < ARRAY_SIZE(many); i++)
		memcpy(&many[i], forged, sizeof(forged));
	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "x"));
	EXPECT_EQ(-1, setxattr(self->path, PROV_XATTR_SECURITY, "x", 1, 0));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, setxattr(self->path, PROV_XATTR_SECURITY, damaged, sizeof(damaged), 0));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, setxattr(self->path, PROV_XATTR_SECURITY_LOG, damaged, sizeof(damaged), 0));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, setxattr(self->path, PROV_XATTR_SECURITY, many, 2 * sizeof(many[0]), 0));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, setxattr(self->path, PROV_XATTR_SECURITY_LOG, many, sizeof(many), 0));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(0, setxattr(self->path, PROV_XATTR_SECURITY_LOG, many, sizeof(many) - sizeof(many[0]), 0));
	EXPECT_EQ(0, get_log(self->path, many));
	EXPECT_STAMP(self->path, &self->me, PROV_FLAG_CREATED);
}

TEST_F(file, what_is_not_a_file_is_protected_too)
{
	struct prov_stamp before[2], after[2];

	ASSERT_EQ(0, mkdir(self->path, 0755));
	ASSERT_EQ(0, symlink("x", self->other));
	ASSERT_TRUE(get_stamp(self->path, &before[0]));
	ASSERT_TRUE(get_stamp(self->other, &before[1]));
	EXPECT_EQ(0, setxattr(self->path, PROV_XATTR_SECURITY, forged, sizeof(forged), 0));
	EXPECT_EQ(0, removexattr(self->path, PROV_XATTR_SECURITY));
	EXPECT_EQ(0, lsetxattr(self->other, PROV_XATTR_SECURITY, forged, sizeof(forged), 0));
	EXPECT_EQ(0, lremovexattr(self->other, PROV_XATTR_SECURITY));
	ASSERT_TRUE(get_stamp(self->path, &after[0]));
	ASSERT_TRUE(get_stamp(self->other, &after[1]));
	EXPECT_EQ(0, memcmp(before, after, sizeof(after)));
}

/* A tmpfs of an unprivileged user's own is stamped by the same rules. */
TEST_F(file, root_of_a_user_namespace_changes_nothing)
{
	pid_t pid;

	ASSERT_EQ(0, mkdir(self->other, 0777));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		struct prov_stamp stamp;
		struct writer me;
		char path[400];

		if (setresuid(1000, 1000, 1000) ||
		    prctl(PR_SET_DUMPABLE, 1) ||
		    unshare(CLONE_NEWUSER | CLONE_NEWNS) ||
		    write_file("/proc/self/setgroups", O_WRONLY, "deny") ||
		    write_file("/proc/self/uid_map", O_WRONLY, "0 1000 1") ||
		    write_file("/proc/self/gid_map", O_WRONLY, "0 0 1") ||
		    mount("none", self->other, "tmpfs", 0, NULL))
			_exit(1);
		snprintf(path, sizeof(path), "%s/file", self->other);
		if (write_file(path, O_CREAT | O_WRONLY, "x"))
			_exit(2);
		if (setxattr(path, PROV_XATTR_SECURITY, forged, sizeof(forged), 0))
			_exit(3);
		if (removexattr(path, PROV_XATTR_SECURITY))
			_exit(4);
		me = myself();
		me.uid = 1000;
		_exit(!get_stamp(path, &stamp) || !is_by(&stamp, &me));
	}
	EXPECT_EQ(0, exit_status(pid));
}

TEST_HARNESS_MAIN
