// SPDX-License-Identifier: GPL-2.0-only
/* Who is stamped, and when: every way to change a file's content. */

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

TEST_F(file, creation_names_the_creator)
{
	struct timespec before, after;
	struct prov_stamp stamp, log[PROV_LOG_MAX];
	struct writer agent;
	pid_t pid;

	/* By the clock that files are dated by, which moves once a tick. */
	clock_gettime(CLOCK_REALTIME_COARSE, &before);
	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(write_file(self->path, O_CREAT | O_EXCL | O_WRONLY, ""));
	ASSERT_EQ(0, exit_status(pid));
	clock_gettime(CLOCK_REALTIME, &after);
	EXPECT_STAMP(self->path, &agent, PROV_FLAG_CREATED);
	ASSERT_TRUE(get_stamp(self->path, &stamp));
	EXPECT_LE(nanoseconds(&before), le64toh(stamp.time));
	EXPECT_GE(nanoseconds(&after), le64toh(stamp.time));
	EXPECT_EQ(0, get_log(self->path, log));
}

TEST_F(file, outside_a_session_the_process_is_named)
{
	static const uint8_t none[PROV_SESSION_SIZE];

	ASSERT_EQ(0, memcmp(self->me.session, none, sizeof(none)));
	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "x"));
	EXPECT_STAMP(self->path, &self->me, PROV_FLAG_CREATED);
}

TEST_F(file, writing_names_the_writer_and_logs_the_earlier_one)
{
	struct prov_stamp log[PROV_LOG_MAX];
	struct writer agent;
	pid_t pid;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "one\n"));
	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(write_file(self->path, O_WRONLY | O_APPEND, "two\n"));
	ASSERT_EQ(0, exit_status(pid));
	EXPECT_STAMP(self->path, &agent, 0);
	ASSERT_EQ(1, get_log(self->path, log));
	EXPECT_TRUE(is_by(&log[0], &self->me));
	EXPECT_EQ(PROV_FLAG_CREATED, le16toh(log[0].flags));
}

TEST_F(file, same_writer_renews_the_stamp_and_logs_nothing)
{
	struct prov_stamp first, second, log[PROV_LOG_MAX];

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "one\n"));
	ASSERT_TRUE(get_stamp(self->path, &first));
	/* Beyond a tick of the clock that file times are taken from. */
	usleep(20000);
	ASSERT_EQ(0, write_file(self->path, O_WRONLY | O_APPEND, "two\n"));
	EXPECT_STAMP(self->path, &self->me, PROV_FLAG_CREATED);
	ASSERT_TRUE(get_stamp(self->path, &second));
	EXPECT_LT(le64toh(first.time), le64toh(second.time));
	EXPECT_EQ(0, get_log(self->path, log));
}

TEST_F(file, opening_without_change_stamps_nothing)
{
	struct rlimit limit = { .rlim_cur = 100, .rlim_max = 100 };
	struct prov_stamp before, after;
	struct writer agent;
	pid_t pid;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "content"));
	ASSERT_TRUE(get_stamp(self->path, &before));
	usleep(20000);
	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid) {
		int fd = open(self->path, O_RDWR);
		char byte;

		if (fd < 0 || read(fd, &byte, 1) != 1 || close(fd))
			_exit(1);
		/* No byte, an offset that no file has, and one too far. */
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
		fd = open(self->path, O_RDWR);
		if (write(fd, "", 0) != 0 || pwrite(fd, "x", 1, -1) != -1 ||
		    pwrite(fd, "x", 1, 100) != -1 || close(fd))
			_exit(2);
		_exit(0);
	}
	ASSERT_EQ(0, exit_status(pid));
	ASSERT_TRUE(get_stamp(self->path, &after));
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)))
		print_stamp(self->path);
}

TEST_F(file, names_and_modes_are_not_content)
{
	struct prov_stamp before, after;
	struct timespec times[2] = { { .tv_sec = 1 }, { .tv_sec = 2 } };
	struct writer agent;
	pid_t pid;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "content"));
	ASSERT_TRUE(get_stamp(self->path, &before));
	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(chmod(self->path, 0600) || chown(self->path, 1, 1) ||
		      setxattr(self->path, "user.note", "x", 1, 0) ||
		      utimensat(AT_FDCWD, self->path, times, 0) ||
		      link(self->path, self->other) ||
		      rename(self->other, self->path) || unlink(self->path));
	ASSERT_EQ(0, exit_status(pid));
	ASSERT_TRUE(get_stamp(self->other, &after));
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
}


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

/* Nobody closes: the process ends with its descriptors open. */
static int by_exiting(const char *path, const char *other)
{
	int fd = open(path, O_WRONLY);

	return write(fd, "left open", 9) != 9;
}

static const struct {
	const char *name;
	change run;
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
};

TEST_F(file, every_way_to_change_content_is_stamped)
{
	struct prov_stamp log[PROV_LOG_MAX];
	struct writer agent;
	unsigned int i;
	pid_t pid;

	for (i = 0; i < ARRAY_SIZE(changes); i++) {
		unlink(self->path);
		ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY,
					"content that root has written"));
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

TEST_F(file, reflink_is_stamped)
{
	struct writer agent;
	bool can = self->filesystem == XFS_MAGIC ||
		   self->filesystem == BTRFS_MAGIC;
	pid_t pid;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "target"));
	ASSERT_EQ(0, write_file(self->other, O_CREAT | O_WRONLY, "source"));
	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid) {
		int in = open(self->other, O_RDONLY);
		int out = open(self->path, O_WRONLY);

		if (ioctl(out, FICLONE, in))
			_exit(errno == EOPNOTSUPP ? 2 : 1);
		_exit(close(out));
	}
	ASSERT_EQ(can ? 0 : 2, exit_status(pid));
	if (can) {
		EXPECT_STAMP(self->path, &agent, 0);
	}
}

/* That two files come to share their blocks is no change of either. */
TEST_F(file, deduplication_is_not_stamped)
{
	struct {
		struct file_dedupe_range header;
		struct file_dedupe_range_info target;
	} range = { .header = { .src_length = PAGE, .dest_count = 1 } };
	struct prov_stamp before, after;
	char block[PAGE + 1] = "";
	struct writer agent;
	pid_t pid;

	if (self->filesystem != XFS_MAGIC && self->filesystem != BTRFS_MAGIC)
		return;
	memset(block, 'x', PAGE);
	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, block));
	ASSERT_EQ(0, write_file(self->other, O_CREAT | O_WRONLY, block));
	ASSERT_TRUE(get_stamp(self->path, &before));
	usleep(20000);
	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid) {
		int in = open(self->other, O_RDONLY);
		int out = open(self->path, O_RDWR);

		range.target.dest_fd = out;
		if (ioctl(in, FIDEDUPERANGE, &range) ||
		    range.target.status != FILE_DEDUPE_RANGE_SAME ||
		    range.target.bytes_deduped != PAGE)
			_exit(1);
		_exit(close(out));
	}
	ASSERT_EQ(0, exit_status(pid));
	ASSERT_TRUE(get_stamp(self->path, &after));
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)))
		print_stamp(self->path);
}

TEST_F(file, a_killed_writer_is_named)
{
	struct writer agent;
	int status;
	pid_t pid;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "content"));
	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid) {
		int fd = open(self->path, O_WRONLY);

		if (write(fd, "killed", 6) == 6)
			kill(getpid(), SIGKILL);
		_exit(1);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFSIGNALED(status));
	EXPECT_STAMP(self->path, &agent, 0);
}

TEST_HARNESS_MAIN
