// SPDX-License-Identifier: GPL-2.0-only
/*
 * write_bytes: each way to write through a descriptor counts exactly the
 * bytes that it wrote, and what is no such write counts nothing.
 */

#include "agent_ns_test.h"

#include <linux/aio_abi.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "uring.h"

#define BLOCK 4096

FIXTURE(write)
{
	int file, source, pipe[2];
	char *block;
	uint64_t before;
};

FIXTURE_SETUP(write)
{
	ASSERT_EQ(0, enter_session());
	self->file = open_scratch("out", O_RDWR | O_TRUNC);
	ASSERT_LE(0, self->file);
	self->source = open_scratch("in", O_RDWR | O_TRUNC);
	ASSERT_LE(0, self->source);
	ASSERT_EQ(0, posix_memalign((void **)&self->block, BLOCK, BLOCK));
	memset(self->block, 'x', BLOCK);
	ASSERT_EQ(BLOCK, pwrite(self->source, self->block, BLOCK, 0));
	ASSERT_EQ(0, pipe(self->pipe));
	self->before = own_counters().write_bytes;
	ASSERT_EQ(BLOCK, self->before);
}

FIXTURE_TEARDOWN(write)
{
	remove_scratch("out");
	remove_scratch("in");
	free(self->block);
}

#define EXPECT_COUNTED(bytes) \
	EXPECT_EQ((uint64_t)(bytes), own_counters().write_bytes - self->before)

TEST_F(write, write)
{
	ASSERT_EQ(1000, write(self->file, self->block, 1000));
	EXPECT_COUNTED(1000);
}

TEST_F(write, pwrite)
{
	ASSERT_EQ(1001, pwrite(self->file, self->block, 1001, 5));
	EXPECT_COUNTED(1001);
}

TEST_F(write, writev)
{
	struct iovec parts[2] = { { self->block, 10 }, { self->block, 20 } };

	ASSERT_EQ(30, writev(self->file, parts, 2));
	EXPECT_COUNTED(30);
}

TEST_F(write, pwritev)
{
	struct iovec parts[2] = { { self->block, 11 }, { self->block, 20 } };

	ASSERT_EQ(31, pwritev(self->file, parts, 2, 7));
	EXPECT_COUNTED(31);
}

TEST_F(write, pwritev2)
{
	struct iovec parts[2] = { { self->block, 12 }, { self->block, 20 } };

	ASSERT_EQ(32, pwritev2(self->file, parts, 2, -1, RWF_APPEND));
	ASSERT_EQ(32, pwritev2(self->file, parts, 2, 0, RWF_DSYNC));
	EXPECT_COUNTED(64);
}

TEST_F(write, sendfile_to_a_file)
{
	off_t start = 0;

	ASSERT_EQ(2000, sendfile(self->file, self->source, &start, 2000));
	EXPECT_COUNTED(2000);
}

TEST_F(write, sendfile_to_a_pipe)
{
	off_t start = 0;

	ASSERT_EQ(2001, sendfile(self->pipe[1], self->source, &start, 2001));
	EXPECT_COUNTED(2001);
}

TEST_F(write, copy_file_range)
{
	off_t from = 0, to = 0;

	ASSERT_EQ(3000, copy_file_range(self->source, &from, self->file, &to, 3000, 0));
	EXPECT_COUNTED(3000);
}

TEST_F(write, copy_file_range_on_overlayfs_counts_once)
{
	const char *root = "/run/agent_ns_overlay";
	int from, to;

	/* Overlayfs calls vfs_copy_file_range() for the files below. */
	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	mkdir(root, 0700);
	ASSERT_EQ(0, mount("tmpfs", root, "tmpfs", 0, NULL));
	ASSERT_EQ(0, chdir(root));
	ASSERT_EQ(0, mkdir("lower", 0700));
	ASSERT_EQ(0, mkdir("upper", 0700));
	ASSERT_EQ(0, mkdir("work", 0700));
	ASSERT_EQ(0, mkdir("merged", 0700));
	ASSERT_EQ(0, mount("overlay", "merged", "overlay", 0,
			   "lowerdir=lower,upperdir=upper,workdir=work"));
	from = open("merged/from", O_RDWR | O_CREAT, 0600);
	to = open("merged/to", O_RDWR | O_CREAT, 0600);
	ASSERT_LE(0, from);
	ASSERT_LE(0, to);
	ASSERT_EQ(100, write(from, self->block, 100));
	EXPECT_COUNTED(100);
	ASSERT_EQ(100, copy_file_range(from, &(off_t){ 0 }, to, &(off_t){ 0 }, 100, 0));
	EXPECT_COUNTED(200);
}

TEST_F(write, splice)
{
	int other[2];

	ASSERT_EQ(500, splice(self->source, &(off_t){ 0 }, self->pipe[1], NULL, 500, 0));
	EXPECT_COUNTED(500);
	ASSERT_EQ(0, pipe(other));
	ASSERT_EQ(500, splice(self->pipe[0], NULL, other[1], NULL, 500, 0));
	EXPECT_COUNTED(1000);
	ASSERT_EQ(500, splice(other[0], NULL, self->file, NULL, 500, 0));
	EXPECT_COUNTED(1500);
}

static int run_aio(struct __test_metadata *_metadata, struct iocb *request)
{
	struct io_event event = {};
	aio_context_t context = 0;

	if (syscall(__NR_io_setup, 1, &context))
		return -1;
	if (syscall(__NR_io_submit, context, 1, &request) != 1)
		return -2;
	if (syscall(__NR_io_getevents, context, 1, 1, &event, NULL) != 1)
		return -3;
	syscall(__NR_io_destroy, context);
	return event.res;
}

TEST_F(write, aio)
{
	struct iocb request = {
		.aio_fildes = self->file,
		.aio_lio_opcode = IOCB_CMD_PWRITE,
		.aio_buf = (uintptr_t)self->block,
		.aio_nbytes = 600,
	};

	ASSERT_EQ(600, run_aio(_metadata, &request));
	EXPECT_COUNTED(600);
}

TEST_F(write, aio_direct)
{
	struct iocb request = {
		.aio_fildes = open_scratch("out", O_RDWR | O_DIRECT),
		.aio_lio_opcode = IOCB_CMD_PWRITE,
		.aio_buf = (uintptr_t)self->block,
		.aio_nbytes = BLOCK,
	};

	ASSERT_LE(0, (int)request.aio_fildes);
	/* Allocated beforehand, so that the write itself can be queued. */
	ASSERT_EQ(BLOCK, pwrite(self->file, self->block, BLOCK, 0));
	ASSERT_EQ(0, fsync(self->file));
	ASSERT_EQ(BLOCK, run_aio(_metadata, &request));
	EXPECT_COUNTED(2 * BLOCK);
}

FIXTURE(uring)
{
	int file, source;
	char *block;
	uint64_t before;
	struct uring ring;
};

FIXTURE_VARIANT(uring)
{
	unsigned int setup;
	unsigned char flags;
};

FIXTURE_VARIANT_ADD(uring, in_line) { };
FIXTURE_VARIANT_ADD(uring, by_a_worker) { .flags = IOSQE_ASYNC };
FIXTURE_VARIANT_ADD(uring, by_the_poll_thread) { .setup = IORING_SETUP_SQPOLL };

FIXTURE_SETUP(uring)
{
	ASSERT_EQ(0, enter_session());
	self->file = open_scratch("out", O_RDWR | O_TRUNC);
	self->source = open_scratch("in", O_RDWR | O_TRUNC);
	ASSERT_EQ(0, posix_memalign((void **)&self->block, BLOCK, BLOCK));
	memset(self->block, 'x', BLOCK);
	ASSERT_EQ(BLOCK, pwrite(self->source, self->block, BLOCK, 0));
	ASSERT_EQ(BLOCK, pwrite(self->file, self->block, BLOCK, 0));
	ASSERT_EQ(0, fsync(self->file));
	ASSERT_EQ(0, uring_open(&self->ring, variant->setup));
	self->before = own_counters().write_bytes;
}

FIXTURE_TEARDOWN(uring)
{
	remove_scratch("out");
	remove_scratch("in");
	free(self->block);
}

TEST_F(uring, buffered)
{
	struct io_uring_sqe request = {
		.opcode = IORING_OP_WRITE,
		.flags = variant->flags,
		.fd = self->file,
		.addr = (uintptr_t)self->block,
		.len = 700,
	};

	ASSERT_EQ(700, uring_run(&self->ring, &request));
	EXPECT_COUNTED(700);
}

TEST_F(uring, direct)
{
	struct io_uring_sqe request = {
		.opcode = IORING_OP_WRITE,
		.flags = variant->flags,
		.fd = open_scratch("out", O_RDWR | O_DIRECT),
		.addr = (uintptr_t)self->block,
		.len = BLOCK,
	};

	int tries;

	ASSERT_LE(0, request.fd);
	ASSERT_EQ(BLOCK, uring_run(&self->ring, &request));
	/* A queued write can complete before the one that queued it counts. */
	for (tries = 0; tries < 100000; tries++) {
		if (own_counters().write_bytes != self->before)
			break;
		sched_yield();
	}
	EXPECT_COUNTED(BLOCK);
}

TEST_F(uring, vector)
{
	struct iovec parts[2] = { { self->block, 13 }, { self->block, 20 } };
	struct io_uring_sqe request = {
		.opcode = IORING_OP_WRITEV,
		.flags = variant->flags,
		.fd = self->file,
		.addr = (uintptr_t)parts,
		.len = 2,
	};

	ASSERT_EQ(33, uring_run(&self->ring, &request));
	EXPECT_COUNTED(33);
}

TEST_F(uring, splice)
{
	struct io_uring_sqe request = {
		.opcode = IORING_OP_SPLICE,
		.flags = variant->flags,
		.off = -1,
		.splice_off_in = 0,
		.splice_fd_in = self->source,
		.len = 800,
	};
	int ends[2];

	ASSERT_EQ(0, pipe(ends));
	request.fd = ends[1];
	ASSERT_EQ(800, uring_run(&self->ring, &request));
	EXPECT_COUNTED(800);
}

TEST_F(uring, failure_counts_nothing)
{
	struct io_uring_sqe request = {
		.opcode = IORING_OP_WRITE,
		.flags = variant->flags,
		.fd = self->file,
		.addr = 0,
		.len = 700,
	};

	ASSERT_EQ(-EFAULT, uring_run(&self->ring, &request));
	EXPECT_COUNTED(0);
}

TEST_F(write, what_fails_counts_nothing)
{
	int read_only = open("/proc/self/stat", O_RDONLY);

	EXPECT_EQ(-1, write(read_only, self->block, 10));
	EXPECT_EQ(-1, write(-1, self->block, 10));
	EXPECT_EQ(-1, write(self->file, (void *)BLOCK, 10));
	EXPECT_EQ(-1, pwrite(self->pipe[1], self->block, 10, 0));
	EXPECT_COUNTED(0);
}

TEST_F(write, a_short_write_counts_what_it_wrote)
{
	size_t limit;

	ASSERT_EQ(0, fcntl(self->pipe[1], F_SETFL, O_NONBLOCK));
	limit = fcntl(self->pipe[1], F_GETPIPE_SZ);
	char *large = calloc(1, limit + BLOCK);

	ASSERT_EQ(limit, write(self->pipe[1], large, limit + BLOCK));
	EXPECT_COUNTED(limit);
	free(large);
}

TEST_F(write, what_is_no_write_counts_nothing)
{
	int ends[2];
	char *map;

	ASSERT_EQ(BLOCK, pread(self->source, self->block, BLOCK, 0));
	ASSERT_EQ(0, ftruncate(self->file, BLOCK));
	ASSERT_EQ(0, fallocate(self->file, 0, 0, 2 * BLOCK));
	map = mmap(NULL, BLOCK, PROT_READ | PROT_WRITE, MAP_SHARED, self->file, 0);
	ASSERT_NE(MAP_FAILED, map);
	memset(map, 'y', BLOCK);
	ASSERT_EQ(0, msync(map, BLOCK, MS_SYNC));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	ASSERT_EQ(10, send(ends[0], self->block, 10, 0));
	EXPECT_COUNTED(0);
	/* write() to the same socket is a write through a descriptor. */
	ASSERT_EQ(10, write(ends[0], self->block, 10));
	EXPECT_COUNTED(10);
}

AGENT_NS_TEST_MAIN
