// SPDX-License-Identifier: GPL-2.0-only
/* Every way to change a file's content is stamped. */

#include "stamp_test.h"

#include <linux/aio_abi.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#include "../uring.h"

#define PAGE 4096

/* Each of these is one change by a session to a file that root has made. */
typedef int (*change)(const char *path, const char *other);

static int by_write(const char *path, const char *other)
{
	return write_file(path, O_WRONLY, "new");
}

static int by_overwriting_in_place(const char *path, const char *other)
{
	int fd = open(path, O_RDWR);

	return pwrite(fd, "q", 1, 3) != 1 || close(fd);
}

/* Past the page cache, where the filesystem can. */
static int by_direct_write(const char *path, const char *other)
{
	static char block[PAGE] __attribute__((aligned(PAGE)));
	int fd = open(path, O_WRONLY | O_DIRECT);

	return write(fd, block, PAGE) != PAGE || close(fd);
}

static int by_synchronous_write(const char *path, const char *other)
{
	return write_file(path, O_WRONLY | O_SYNC, "new");
}

static int by_writev(const char *path, const char *other)
{
	struct iovec parts[2] = { { "a", 1 }, { "b", 1 } };
	int fd = open(path, O_WRONLY);

	return pwritev2(fd, parts, 2, 1, 0) != 2 || close(fd);
}

static int by_truncate(const char *path, const char *other)
{
	return truncate(path, 2);
}

static int by_extending(const char *path, const char *other)
{
	return truncate(path, 1L << 40);
}

static int by_ftruncate(const char *path, const char *other)
{
	int fd = open(path, O_WRONLY);

	return ftruncate(fd, 2) || close(fd);
}

static int by_open_truncate(const char *path, const char *other)
{
	return close(open(path, O_WRONLY | O_TRUNC));
}

static int by_open_truncate_for_reading(const char *path, const char *other)
{
	return close(open(path, O_RDONLY | O_TRUNC));
}

static int by_fallocate(const char *path, const char *other)
{
	int fd = open(path, O_WRONLY);

	return fallocate(fd, 0, 0, 1 << 20) || close(fd);
}

static int by_punching(const char *path, const char *other)
{
	int fd = open(path, O_WRONLY);

	return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			 PAGE) || close(fd);
}

static int by_copy_file_range(const char *path, const char *other)
{
	int in, out;

	if (write_file(other, O_CREAT | O_WRONLY, "from another file"))
		return 1;
	in = open(other, O_RDONLY);
	out = open(path, O_WRONLY);
	return copy_file_range(in, NULL, out, NULL, 10, 0) != 10 || close(out);
}

static int by_sendfile(const char *path, const char *other)
{
	int in, out;

	if (write_file(other, O_CREAT | O_WRONLY, "from another file"))
		return 1;
	in = open(other, O_RDONLY);
	out = open(path, O_WRONLY);
	return sendfile(out, in, NULL, 10) != 10 || close(out);
}

static int by_splice(const char *path, const char *other)
{
	int ends[2], out = open(path, O_WRONLY);

	return pipe(ends) || write(ends[1], "spliced", 7) != 7 ||
	       splice(ends[0], NULL, out, NULL, 7, 0) != 7 || close(out);
}

static int by_uring(const char *path, const char *other)
{
	int fd = open(path, O_WRONLY);
	struct io_uring_sqe request = {
		.opcode = IORING_OP_WRITE, .fd = fd,
		.addr = (uintptr_t)"uring", .len = 5,
	};
	struct uring ring;

	return uring_open(&ring, 0) || uring_run(&ring, &request) != 5 ||
	       close(fd);
}

static int by_uring_worker(const char *path, const char *other)
{
	int fd = open(path, O_WRONLY);
	struct io_uring_sqe request = {
		.opcode = IORING_OP_WRITE, .fd = fd, .flags = IOSQE_ASYNC,
		.addr = (uintptr_t)"uring", .len = 5,
	};
	struct uring ring;

	return uring_open(&ring, 0) || uring_run(&ring, &request) != 5 ||
	       close(fd);
}

static int by_uring_polling_thread(const char *path, const char *other)
{
	int fd = open(path, O_WRONLY);
	struct io_uring_sqe request = {
		.opcode = IORING_OP_WRITE, .fd = fd,
		.addr = (uintptr_t)"uring", .len = 5,
	};
	struct uring ring;

	return uring_open(&ring, IORING_SETUP_SQPOLL) ||
	       uring_run(&ring, &request) != 5 || close(fd);
}

/* The descriptor is closed by the ring. */
static int by_uring_that_closes(const char *path, const char *other)
{
	int fd = open(path, O_WRONLY);
	struct io_uring_sqe write_request = {
		.opcode = IORING_OP_WRITE, .fd = fd,
		.addr = (uintptr_t)"uring", .len = 5,
	};
	struct io_uring_sqe close_request = {
		.opcode = IORING_OP_CLOSE, .fd = fd, .flags = IOSQE_ASYNC,
	};
	struct uring ring;

	return uring_open(&ring, 0) || uring_run(&ring, &write_request) != 5 ||
	       uring_run(&ring, &close_request);
}

static int by_aio(const char *path, const char *other)
{
	int fd = open(path, O_WRONLY);
	struct iocb request = {
		.aio_lio_opcode = IOCB_CMD_PWRITE, .aio_fildes = fd,
		.aio_buf = (uintptr_t)"aio", .aio_nbytes = 3,
	}, *requests[] = { &request };
	struct io_event event;
	aio_context_t context = 0;

	return syscall(__NR_io_setup, 1, &context) ||
	       syscall(__NR_io_submit, context, 1, requests) != 1 ||
	       syscall(__NR_io_getevents, context, 1, 1, &event, NULL) != 1 ||
	       event.res != 3 || close(fd);
}

static int by_cloning_a_range(const char *path, const char *other)
{
	struct file_clone_range range = { .src_length = PAGE };
	char block[PAGE + 1] = "";
	int out;

	memset(block, 'y', PAGE);
	if (write_file(other, O_CREAT | O_WRONLY, block))
		return 1;
	range.src_fd = open(other, O_RDONLY);
	out = open(path, O_WRONLY);
	return ioctl(out, FICLONERANGE, &range) || close(out);
}

static int by_zeroing_a_range(const char *path, const char *other)
{
	int fd = open(path, O_WRONLY);

	return fallocate(fd, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, 0,
			 PAGE) || close(fd);
}

static int by_collapsing_a_range(const char *path, const char *other)
{
	int fd = open(path, O_WRONLY);

	return fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, PAGE) || close(fd);
}

static int by_inserting_a_range(const char *path, const char *other)
{
	int fd = open(path, O_WRONLY);

	return fallocate(fd, FALLOC_FL_INSERT_RANGE, 0, PAGE) || close(fd);
}

/* As in xfs/xfs_fs.h of xfsprogs since 6.10. */
struct xfs_exchange_range {
	int32_t file1_fd;
	uint32_t pad;
	uint64_t file1_offset;
	uint64_t file2_offset;
	uint64_t length;
	uint64_t flags;
};

#define XFS_IOC_EXCHANGE_RANGE _IOW('X', 129, struct xfs_exchange_range)

static int by_exchanging_a_range(const char *path, const char *other)
{
	struct xfs_exchange_range range = { .length = PAGE };
	char block[PAGE + 1] = "";
	int out;

	memset(block, 'y', PAGE);
	if (write_file(other, O_CREAT | O_WRONLY, block))
		return 1;
	range.file1_fd = open(other, O_RDWR);
	out = open(path, O_RDWR);
	return ioctl(out, XFS_IOC_EXCHANGE_RANGE, &range) ||
	       pread(out, block, 1, 0) != 1 || block[0] != 'y' || close(out);
}

/* Nobody closes: the process ends with its descriptors open. */
static int by_exiting(const char *path, const char *other)
{
	int fd = open(path, O_WRONLY);

	return write(fd, "left open", 9) != 9;
}

#define EXT4_MAGIC 0xEF53

/* Where it can be done; 0: everywhere. */
static const struct {
	const char *name;
	change run;
	long on[3];
} changes[] = {
	{ "write", by_write },
	{ "pwrite in place", by_overwriting_in_place },
	{ "O_DIRECT", by_direct_write },
	{ "O_SYNC", by_synchronous_write },
	{ "pwritev2", by_writev },
	{ "truncate", by_truncate },
	{ "truncate to a longer size", by_extending },
	{ "ftruncate", by_ftruncate },
	{ "O_TRUNC", by_open_truncate },
	{ "O_RDONLY | O_TRUNC", by_open_truncate_for_reading },
	{ "fallocate", by_fallocate },
	{ "fallocate, punch hole", by_punching },
	{ "copy_file_range", by_copy_file_range },
	{ "sendfile", by_sendfile },
	{ "splice", by_splice },
	{ "io_uring", by_uring },
	{ "io_uring worker", by_uring_worker },
	{ "io_uring polling thread", by_uring_polling_thread },
	{ "io_uring close", by_uring_that_closes },
	{ "aio", by_aio },
	{ "exit with the file open", by_exiting },
	{ "FICLONERANGE", by_cloning_a_range, { XFS_MAGIC, BTRFS_MAGIC } },
	{ "fallocate, zero range", by_zeroing_a_range,
	  { EXT4_MAGIC, XFS_MAGIC, BTRFS_MAGIC } },
	{ "fallocate, collapse range", by_collapsing_a_range,
	  { EXT4_MAGIC, XFS_MAGIC } },
	{ "fallocate, insert range", by_inserting_a_range,
	  { EXT4_MAGIC, XFS_MAGIC } },
	{ "XFS_IOC_EXCHANGE_RANGE", by_exchanging_a_range, { XFS_MAGIC } },
};

static bool can_be_done(const long on[3], long filesystem)
{
	return !on[0] || on[0] == filesystem || on[1] == filesystem ||
	       on[2] == filesystem;
}

TEST_F(file, every_way_to_change_content_is_stamped)
{
	static char content[3 * PAGE + 1];
	struct prov_stamp log[PROV_LOG_MAX];
	struct writer agent;
	unsigned int i;
	pid_t pid;

	memset(content, 'x', 3 * PAGE);
	for (i = 0; i < ARRAY_SIZE(changes); i++) {
		if (!can_be_done(changes[i].on, self->filesystem))
			continue;
		unlink(self->path);
		unlink(self->other);
		ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY,
					content));
		pid = fork_in_session(&agent);
		ASSERT_LE(0, pid);
		if (!pid)
			_exit(changes[i].run(self->path, self->other));
		TH_LOG("by %s", changes[i].name);
		EXPECT_EQ(0, exit_status(pid));
		EXPECT_STAMP(self->path, &agent, 0);
		EXPECT_EQ(1, get_log(self->path, log));
		EXPECT_TRUE(is_by(&log[0], &self->me));
	}
}

static int use_core_pattern(const char *pattern, char *old, size_t size)
{
	int fd = open("/proc/sys/kernel/core_pattern", O_RDWR | O_CLOEXEC);
	ssize_t length = 0;
	int error;

	if (old)
		length = read(fd, old, size - 1);
	if (length > 0)
		old[length] = '\0';
	error = pwrite(fd, pattern, strlen(pattern), 0) !=
		(ssize_t)strlen(pattern);
	return close(fd) || length < 0 || error;
}

/* The kernel writes it, past the hook before a write, in the task that dies. */
TEST_F(file, a_core_dump_is_of_the_process_that_dumped)
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	struct writer agent;
	char usual[128];
	int status;
	pid_t pid;

	ASSERT_EQ(0, use_core_pattern(self->path, usual, sizeof(usual)));
	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid) {
		if (setrlimit(RLIMIT_CORE, &unlimited) ||
		    prctl(PR_SET_DUMPABLE, 1))
			_exit(1);
		signal(SIGABRT, SIG_DFL);
		abort();
	}
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, use_core_pattern(usual, NULL, 0));
	EXPECT_TRUE(WIFSIGNALED(status) && WCOREDUMP(status));
	EXPECT_STAMP(self->path, &agent, PROV_FLAG_CREATED);
}

TEST_HARNESS_MAIN
