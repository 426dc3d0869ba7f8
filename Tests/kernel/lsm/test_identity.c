// SPDX-License-Identifier: GPL-2.0-only
/* Which identity a stamp bears: sessions in sessions, users, threads. */

#include "stamp_test.h"

#include <pthread.h>

#include "../uring.h"

#ifndef __NR_lsm_get_self_attr
#define __NR_lsm_get_self_attr 459
#define __NR_lsm_set_self_attr 460
#endif
#ifndef LSM_ID_PROVFS
#define LSM_ID_PROVFS 0x70726f76
#endif

TEST_F(file, a_nested_session_bears_its_root)
{
	struct writer outer, inner, innermost;
	int levels[2];
	pid_t pid;

	ASSERT_EQ(0, pipe(levels));
	pid = fork_in_session(&outer);
	ASSERT_LE(0, pid);
	if (!pid) {
		if (enter_session())
			_exit(1);
		inner = myself();
		if (enter_session())
			_exit(2);
		innermost = myself();
		if (write(levels[1], &inner, sizeof(inner)) < 0 ||
		    write(levels[1], &innermost, sizeof(inner)) < 0)
			_exit(3);
		_exit(write_file(self->path, O_CREAT | O_WRONLY, "x"));
	}
	ASSERT_EQ(0, exit_status(pid));
	ASSERT_EQ(sizeof(inner), read(levels[0], &inner, sizeof(inner)));
	ASSERT_EQ(sizeof(inner), read(levels[0], &innermost, sizeof(inner)));
	EXPECT_NE(0, memcmp(outer.session, inner.session, PROV_SESSION_SIZE));
	EXPECT_NE(0, memcmp(inner.session, innermost.session,
			    PROV_SESSION_SIZE));
	memcpy(innermost.root, outer.session, PROV_ROOT_SIZE);
	EXPECT_STAMP(self->path, &innermost, PROV_FLAG_CREATED);
}

/* A session in a user namespace of its own is not another root's. */
TEST_F(file, laundering_through_a_user_namespace_bears_the_root)
{
	struct writer outer;
	struct prov_stamp stamp;
	pid_t pid;

	pid = fork_in_session(&outer);
	ASSERT_LE(0, pid);
	if (!pid) {
		if (setresuid(1000, 1000, 1000) ||
		    unshare(CLONE_NEWUSER | CLONE_NEWNS))
			_exit(1);
		if (unshare(CLONE_NEWAGENT | CLONE_NEWPID))
			_exit(2);
		_exit(write_file(self->path, O_CREAT | O_WRONLY, "x"));
	}
	ASSERT_EQ(0, exit_status(pid));
	ASSERT_TRUE(get_stamp(self->path, &stamp));
	EXPECT_EQ(0, memcmp(stamp.root, outer.session, PROV_ROOT_SIZE));
	EXPECT_NE(0, memcmp(stamp.session, outer.session, PROV_SESSION_SIZE));
	EXPECT_EQ(1000, le32toh(stamp.uid));
	EXPECT_EQ(outer.pid, le32toh(stamp.pid));
}

/* Root of a user namespace writes as the user that it is outside. */
TEST_F(file, the_uid_is_the_initial_user_namespaces)
{
	struct prov_stamp stamp;
	pid_t pid;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (setresuid(1000, 1000, 1000) ||
		    prctl(PR_SET_DUMPABLE, 1) || unshare(CLONE_NEWUSER))
			_exit(1);
		if (write_file("/proc/self/uid_map", O_WRONLY, "0 1000 1") ||
		    getuid() != 0)
			_exit(2);
		_exit(write_file(self->path, O_CREAT | O_WRONLY, "x"));
	}
	ASSERT_EQ(0, exit_status(pid));
	ASSERT_TRUE(get_stamp(self->path, &stamp));
	EXPECT_EQ(1000, le32toh(stamp.uid));
	EXPECT_EQ((uint32_t)pid, le32toh(stamp.pid));
}

static int write_by_worker(struct uring *ring, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	struct io_uring_sqe request = {
		.opcode = IORING_OP_WRITE, .fd = fd, .flags = IOSQE_ASYNC,
		.addr = (uintptr_t)"uring", .len = 5,
	};

	return uring_run(ring, &request) != 5 || close(fd);
}

/* A worker lives on, with the user of when it was made. */
TEST_F(file, a_worker_writes_as_the_user_that_its_process_has_become)
{
	struct prov_stamp stamp;
	pid_t pid;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "x"));
	ASSERT_EQ(0, chmod(self->path, 0666));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		struct uring ring;

		if (uring_open(&ring, 0) || write_by_worker(&ring, self->other))
			_exit(1);
		if (setresgid(1000, 1000, 1000) || setresuid(1000, 1000, 1000))
			_exit(2);
		_exit(write_by_worker(&ring, self->path));
	}
	ASSERT_EQ(0, exit_status(pid));
	ASSERT_TRUE(get_stamp(self->path, &stamp));
	EXPECT_EQ((uint32_t)pid, le32toh(stamp.pid));
	EXPECT_EQ(1000, le32toh(stamp.uid));
	ASSERT_TRUE(get_stamp(self->other, &stamp));
	EXPECT_EQ(0, le32toh(stamp.uid));
}

struct late_write {
	const char *path;
	pthread_t leader;
};

static void *write_after_the_leader(void *argument)
{
	struct late_write *late = argument;

	prctl(PR_SET_NAME, "thread");
	pthread_join(late->leader, NULL);
	_exit(write_file(late->path, O_WRONLY, "written by a thread"));
}

TEST_F(file, a_thread_writes_as_its_process)
{
	struct writer agent;
	pid_t pid;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "x"));
	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid) {
		static struct late_write late;
		pthread_t thread;

		late.path = self->path;
		late.leader = pthread_self();
		if (pthread_create(&thread, NULL, write_after_the_leader, &late))
			_exit(1);
		pthread_exit(NULL);
	}
	ASSERT_EQ(0, exit_status(pid));
	EXPECT_STAMP(self->path, &agent, 0);
}

TEST_F(file, two_sessions_in_turn_alternate_in_the_log)
{
	struct prov_stamp log[PROV_LOG_MAX];
	struct writer agents[2];
	int turn, ends[2][2], done[2];
	pid_t pids[2];
	char byte;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, ""));
	ASSERT_EQ(0, pipe(done));
	for (turn = 0; turn < 2; turn++) {
		ASSERT_EQ(0, pipe(ends[turn]));
		pids[turn] = fork_in_session(&agents[turn]);
		ASSERT_LE(0, pids[turn]);
		if (pids[turn])
			continue;
		close(ends[turn][1]);
		if (turn)
			close(ends[0][1]);
		while (read(ends[turn][0], &byte, 1) == 1)
			if (write_file(self->path, O_WRONLY | O_APPEND, "line") ||
			    write(done[1], "", 1) != 1)
				_exit(1);
		_exit(0);
	}
	for (turn = 0; turn < 6; turn++) {
		ASSERT_EQ(1, write(ends[turn % 2][1], "", 1));
		ASSERT_EQ(1, read(done[0], &byte, 1));
	}
	close(ends[0][1]);
	close(ends[1][1]);
	EXPECT_EQ(0, exit_status(pids[0]));
	EXPECT_EQ(0, exit_status(pids[1]));
	EXPECT_STAMP(self->path, &agents[1], 0);
	ASSERT_EQ(6, get_log(self->path, log));
	for (turn = 0; turn < 5; turn++)
		EXPECT_TRUE(is_by(&log[turn], &agents[turn % 2]));
	EXPECT_TRUE(is_by(&log[5], &self->me));
}

/* Whatever the interleaving: no stamp of anybody else, none torn. */
TEST_F(file, two_sessions_at_once_are_both_on_record)
{
	struct prov_stamp stamp, log[PROV_LOG_MAX];
	struct writer agents[2];
	int turn, i, entries;
	bool seen[2] = { false, false };
	pid_t pids[2];

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, ""));
	for (turn = 0; turn < 2; turn++) {
		pids[turn] = fork_in_session(&agents[turn]);
		ASSERT_LE(0, pids[turn]);
		if (pids[turn])
			continue;
		for (i = 0; i < 200; i++)
			if (write_file(self->path, O_WRONLY | O_APPEND, "line"))
				_exit(1);
		_exit(0);
	}
	EXPECT_EQ(0, exit_status(pids[0]));
	EXPECT_EQ(0, exit_status(pids[1]));
	ASSERT_TRUE(get_stamp(self->path, &stamp));
	entries = get_log(self->path, log);
	ASSERT_LE(1, entries);
	ASSERT_TRUE(is_by(&stamp, &agents[0]) || is_by(&stamp, &agents[1]));
	EXPECT_TRUE(covers(&stamp, self->path));
	EXPECT_EQ(0, le16toh(stamp.flags));
	for (i = -1; i < entries; i++) {
		const struct prov_stamp *one = i < 0 ? &stamp : &log[i];

		seen[0] |= is_by(one, &agents[0]);
		seen[1] |= is_by(one, &agents[1]);
		EXPECT_TRUE(is_by(one, &agents[0]) || is_by(one, &agents[1]) ||
			    is_by(one, &self->me));
	}
	EXPECT_TRUE(seen[0] && seen[1]);
}

/*
 * Who looks at any moment finds a whole stamp, of one of the two; or none,
 * where both were writing and either may have made a change.
 */
TEST_F(file, a_stamp_is_never_torn_while_it_is_replaced)
{
	struct prov_stamp stamp;
	struct writer agents[2];
	int turn, round, looked = 0, status;
	pid_t pids[2];

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, ""));
	for (turn = 0; turn < 2; turn++) {
		pids[turn] = fork_in_session(&agents[turn]);
		ASSERT_LE(0, pids[turn]);
		if (pids[turn])
			continue;
		for (round = 0; round < 300; round++)
			if (write_file(self->path, O_WRONLY | O_TRUNC, "line"))
				_exit(1);
		_exit(0);
	}
	do {
		looked++;
		if (!get_stamp(self->path, &stamp)) {
			ASSERT_EQ(ENODATA, errno);
			continue;
		}
		ASSERT_TRUE(is_by(&stamp, &agents[0]) || is_by(&stamp, &agents[1]) ||
			    is_by(&stamp, &self->me)) print_stamp(self->path);
	} while (!waitpid(pids[0], &status, WNOHANG));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, exit_status(pids[1]));
	EXPECT_LT(1, looked);
}

#define LSM_ATTR_FSCREATE 102

/* As in linux/lsm.h, which the C library's headers may be too old to have */
struct lsm_ctx {
	uint64_t id;
	uint64_t flags;
	uint64_t len;
	uint64_t ctx_len;
};

struct stand_in {
	struct lsm_ctx header;
	struct prov_stamp stamp;
};

static int set_stand_in(const struct prov_stamp *stamp)
{
	struct stand_in context = {
		.header.id = LSM_ID_PROVFS,
		.header.len = sizeof(struct lsm_ctx),
	};

	if (stamp) {
		context.header.len = sizeof(context);
		context.header.ctx_len = sizeof(*stamp);
		context.stamp = *stamp;
	}
	return syscall(__NR_lsm_set_self_attr, LSM_ATTR_FSCREATE, &context,
		       sizeof(context), 0);
}

TEST_F(file, a_privileged_thread_writes_for_another)
{
	struct writer agent = {
		.session = "0123456789abcde", .root = "root", .pid = 4321,
		.uid = 1234, .comm = "client",
	};
	struct prov_stamp stamp = {
		.version = PROV_STAMP_VERSION,
		.pid = htole32(4321), .uid = htole32(1234),
	};
	struct stand_in got;
	uint32_t size = sizeof(got);

	memcpy(stamp.session, agent.session, sizeof(stamp.session));
	memcpy(stamp.root, agent.root, sizeof(stamp.root));
	memcpy(stamp.comm, agent.comm, sizeof(stamp.comm));
	ASSERT_EQ(0, set_stand_in(&stamp));
	EXPECT_EQ(1, syscall(__NR_lsm_get_self_attr, LSM_ATTR_FSCREATE, &got,
			     &size, 0));
	EXPECT_EQ(0, memcmp(&got.stamp, &stamp, sizeof(stamp)));
	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "for a client"));
	EXPECT_STAMP(self->path, &agent, PROV_FLAG_CREATED);
	ASSERT_EQ(0, set_stand_in(NULL));
	ASSERT_EQ(0, write_file(self->path, O_WRONLY, "for itself"));
	EXPECT_STAMP(self->path, &self->me, 0);
}

/* A pid of 0: who writes is not known, so no stamp says so. */
TEST_F(file, what_is_written_for_nobody_known_has_no_stamp)
{
	struct prov_stamp nobody = { .version = PROV_STAMP_VERSION }, stamp;
	struct prov_stamp log[PROV_LOG_MAX];

	ASSERT_EQ(0, set_stand_in(&nobody));
	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "unknown"));
	EXPECT_FALSE(get_stamp(self->path, &stamp));
	ASSERT_EQ(0, set_stand_in(NULL));
	ASSERT_EQ(0, write_file(self->path, O_WRONLY, "known"));
	EXPECT_STAMP(self->path, &self->me, 0);
	ASSERT_EQ(0, set_stand_in(&nobody));
	ASSERT_EQ(0, write_file(self->path, O_WRONLY, "unknown again"));
	EXPECT_FALSE(get_stamp(self->path, &stamp));
	ASSERT_EQ(1, get_log(self->path, log));
	EXPECT_TRUE(is_by(&log[0], &self->me));
	ASSERT_EQ(0, set_stand_in(NULL));
}

TEST_F(file, a_stand_in_is_not_inherited)
{
	struct prov_stamp stamp = { .version = PROV_STAMP_VERSION };
	struct writer child;
	pid_t pid;

	ASSERT_EQ(0, set_stand_in(&stamp));
	pid = fork_in_session(&child);
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(write_file(self->path, O_CREAT | O_WRONLY, "x"));
	ASSERT_EQ(0, exit_status(pid));
	EXPECT_STAMP(self->path, &child, PROV_FLAG_CREATED);
}

TEST_F(file, nobody_else_may_write_for_another)
{
	struct prov_stamp stamp = { .version = PROV_STAMP_VERSION };
	pid_t pid;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (setresuid(1000, 1000, 1000))
			_exit(1);
		if (set_stand_in(&stamp) != -1 || errno != EPERM)
			_exit(2);
		/* Root in a user namespace of one's own does not count. */
		if (unshare(CLONE_NEWUSER))
			_exit(3);
		_exit(set_stand_in(&stamp) == -1 && errno == EPERM ? 0 : 4);
	}
	EXPECT_EQ(0, exit_status(pid));
}

TEST_F(file, a_malformed_stand_in_is_refused)
{
	struct prov_stamp good = { .version = PROV_STAMP_VERSION }, bad;

	bad = good;
	bad.version = 2;
	EXPECT_EQ(-1, set_stand_in(&bad));
	EXPECT_EQ(EINVAL, errno);
	bad = good;
	bad.time = htole64(1);
	EXPECT_EQ(-1, set_stand_in(&bad));
	bad = good;
	bad.inode = htole64(1);
	EXPECT_EQ(-1, set_stand_in(&bad));
	bad = good;
	bad.stamper = PROV_STAMPER_LSM;
	EXPECT_EQ(-1, set_stand_in(&bad));
	bad = good;
	bad.flags = htole16(PROV_FLAG_CREATED);
	EXPECT_EQ(-1, set_stand_in(&bad));
	/* A root without a session */
	bad = good;
	bad.root[0] = 1;
	EXPECT_EQ(-1, set_stand_in(&bad));
	/* No session's id begins so, and nothing follows a name's end. */
	bad = good;
	bad.session[PROV_SESSION_SIZE - 1] = 1;
	EXPECT_EQ(-1, set_stand_in(&bad));
	bad = good;
	bad.comm[1] = 'x';
	EXPECT_EQ(-1, set_stand_in(&bad));
	EXPECT_EQ(0, set_stand_in(&good));
}

TEST_HARNESS_MAIN
