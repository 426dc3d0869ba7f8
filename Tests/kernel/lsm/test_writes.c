// SPDX-License-Identifier: GPL-2.0-only
/* Who is stamped, and when. test_ways.c has every way to change content. */

#include "stamp_test.h"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

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
