// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each allocation on the way to a stamp is made to fail in turn. close(2) does
 * not tell; no stamp says what is not true. debug_faults.sh says which
 * allocations can fail.
 */

#include "stamp_test.h"

#ifndef __NR_lsm_set_self_attr
#define __NR_lsm_set_self_attr 460
#endif
#define LSM_ID_PROVFS 0x70726f76
#define LSM_ATTR_FSCREATE 102
#define ALLOCATIONS_MAX 1000

/* How a child ended whose allocation was to fail. */
enum { NO_FAULT, DID_WITHOUT, DID_NOT, WRONG };

static int fail_nth = -1;

static void arm(int nth)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%d", nth);

	if (fail_nth < 0)
		fail_nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (pwrite(fail_nth, text, length, 0) != length)
		_exit(WRONG);
}

/* How ACTION ended, whose RESULT is -1 if it failed; disarms. */
static int ended(long result)
{
	int error = errno;
	char text[16] = "";
	bool used;

	if (pread(fail_nth, text, sizeof(text) - 1, 0) < 1)
		_exit(WRONG);
	used = atoi(text) == 0;
	arm(0);
	if (result >= 0)
		return used ? DID_WITHOUT : NO_FAULT;
	/* tmpfs says ENOSPC where it gets no inode. */
	return used && (error == ENOMEM || error == ENOSPC) ? DID_NOT : WRONG;
}

/* The stamp of PATH is AGENT's, or missing, or shows that it is older. */
static bool tells_no_lie(const char *path, const struct writer *agent,
			 bool *named)
{
	struct prov_stamp stamp;
	bool there = get_stamp(path, &stamp);

	*named = there && is_by(&stamp, agent) && covers(&stamp, path);
	return *named || !there || (!is_by(&stamp, agent) && !covers(&stamp, path));
}

TEST_F(file, no_failing_allocation_leaves_a_stamp_that_is_not_true)
{
	struct prov_stamp log[PROV_LOG_MAX];
	int nth, status, faults = 0;
	struct writer agent;
	bool named;
	pid_t pid;

	for (nth = 1; nth < ALLOCATIONS_MAX; nth++) {
		unlink(self->path);
		ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "content"));
		usleep(20000);
		pid = fork_in_session(&agent);
		ASSERT_LE(0, pid);
		if (!pid) {
			int fd = open(self->path, O_WRONLY);

			if (write(fd, "changed", 7) != 7)
				_exit(WRONG);
			arm(nth);
			_exit(ended(close(fd)));
		}
		status = exit_status(pid);
		ASSERT_TRUE(status == NO_FAULT || status == DID_WITHOUT)
			TH_LOG("allocation %d: %d", nth, status);
		EXPECT_TRUE(tells_no_lie(self->path, &agent, &named))
			print_stamp(self->path);
		if (status == NO_FAULT)
			break;
		faults++;
	}
	TH_LOG("allocations of a stamp: %d", faults);
	/* The log's at least */
	EXPECT_LE(1, faults);
	EXPECT_TRUE(named);
	EXPECT_EQ(1, get_log(self->path, log));
}

TEST_F(file, what_is_created_has_a_stamp_or_is_not_there)
{
	int nth, status, faults = 0;
	struct writer agent;
	pid_t pid;

	for (nth = 1; nth < ALLOCATIONS_MAX; nth++) {
		unlink(self->path);
		pid = fork_in_session(&agent);
		ASSERT_LE(0, pid);
		if (!pid) {
			arm(nth);
			_exit(ended(open(self->path, O_CREAT | O_EXCL | O_WRONLY, 0644)));
		}
		status = exit_status(pid);
		ASSERT_NE(WRONG, status) TH_LOG("allocation %d", nth);
		if (!access(self->path, F_OK)) {
			EXPECT_STAMP(self->path, &agent, PROV_FLAG_CREATED);
		} else {
			EXPECT_EQ(DID_NOT, status);
		}
		if (status == NO_FAULT)
			break;
		faults++;
	}
	TH_LOG("allocations of a creation: %d", faults);
	EXPECT_LE(1, faults);
	EXPECT_EQ(NO_FAULT, status);
}

/* Who cannot be remembered as a mapper gets no mapping. */
TEST_F(file, a_mapping_is_remembered_or_refused)
{
	int nth, status, faults = 0;
	struct writer agent;
	bool named;
	pid_t pid;

	for (nth = 1; nth < ALLOCATIONS_MAX; nth++) {
		unlink(self->path);
		ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "content"));
		usleep(20000);
		pid = fork_in_session(&agent);
		ASSERT_LE(0, pid);
		if (!pid) {
			int fd = open(self->path, O_RDWR);
			char *page;

			arm(nth);
			page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
			status = ended(page == MAP_FAILED ? -1 : 0);
			if (page != MAP_FAILED)
				page[0] = 'X';
			_exit(status);
		}
		status = exit_status(pid);
		ASSERT_NE(WRONG, status) TH_LOG("allocation %d", nth);
		tells_no_lie(self->path, &agent, &named);
		if (status != DID_NOT) {
			EXPECT_TRUE(named) print_stamp(self->path);
		} else if (self->filesystem != TMPFS_MAGIC) {
			/* tmpfs does not tell of stores: there who is refused later is taken for a mapper, too. */
			EXPECT_FALSE(named) print_stamp(self->path);
		}
		if (status == NO_FAULT)
			break;
		faults += status == DID_NOT;
	}
	TH_LOG("allocations of a mapping: %d", faults);
	EXPECT_LE(1, faults);
	EXPECT_EQ(NO_FAULT, status);
}

/* A stand-in is taken on, or the thread writes for itself as before. */
TEST_F(file, a_stand_in_is_taken_on_or_refused)
{
	struct {
		uint64_t id, flags, len, ctx_len;
		struct prov_stamp writer;
	} stand_in = {
		.id = LSM_ID_PROVFS, .len = sizeof(stand_in),
		.ctx_len = sizeof(stand_in.writer),
		.writer = { .version = PROV_STAMP_VERSION, .pid = htole32(4321) },
	};
	struct writer client = { .pid = 4321 }, agent;
	int nth, status, faults = 0;
	pid_t pid;

	for (nth = 1; nth < ALLOCATIONS_MAX; nth++) {
		unlink(self->path);
		pid = fork_in_session(&agent);
		ASSERT_LE(0, pid);
		if (!pid) {
			arm(nth);
			status = ended(syscall(__NR_lsm_set_self_attr, LSM_ATTR_FSCREATE,
					       &stand_in, sizeof(stand_in), 0));
			_exit(write_file(self->path, O_CREAT | O_WRONLY, "x") ? WRONG : status);
		}
		status = exit_status(pid);
		ASSERT_NE(WRONG, status) TH_LOG("allocation %d", nth);
		EXPECT_STAMP(self->path, status == DID_NOT ? &agent : &client, PROV_FLAG_CREATED);
		if (status == NO_FAULT)
			break;
		faults++;
	}
	TH_LOG("allocations of a stand-in: %d", faults);
	EXPECT_LE(1, faults);
	EXPECT_EQ(NO_FAULT, status);
}

TEST_HARNESS_MAIN
