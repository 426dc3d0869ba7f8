// SPDX-License-Identifier: GPL-2.0-only
/* Setting a file's times is no change: its stamp goes with them, if it holds. */

#include "stamp_test.h"

#include <sys/mman.h>

/* A session writes a file that it has created, some ticks before now. */
static struct writer write_in_session(const char *path)
{
	struct writer agent;
	pid_t pid;

	pid = fork_in_session(&agent);
	if (!pid)
		_exit(write_file(path, O_CREAT | O_EXCL | O_WRONLY, "content"));
	if (exit_status(pid))
		memset(&agent, 0xff, sizeof(agent));
	usleep(50000);
	return agent;
}

static uint64_t stamp_time(const char *path)
{
	struct prov_stamp stamp;

	return get_stamp(path, &stamp) ? le64toh(stamp.time) : 0;
}

static int set_mtime(const char *path, time_t seconds)
{
	struct timespec times[2] = {
		{ .tv_nsec = UTIME_OMIT }, { .tv_sec = seconds },
	};

	return utimensat(AT_FDCWD, path, times, 0);
}

static int touch(const char *path)
{
	return utimensat(AT_FDCWD, path, NULL, 0);
}

TEST_F(file, touching_renews_the_time_and_nothing_else)
{
	struct prov_stamp before, after, log[PROV_LOG_MAX];
	struct writer agent = write_in_session(self->path);
	int i;

	ASSERT_TRUE(get_stamp(self->path, &before));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, touch(self->path));
		EXPECT_STAMP(self->path, &agent, PROV_FLAG_CREATED);
		ASSERT_TRUE(get_stamp(self->path, &after));
		EXPECT_LT(le64toh(before.time), le64toh(after.time));
		before.time = after.time;
		EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
		usleep(50000);
	}
	EXPECT_EQ(0, get_log(self->path, log));
}

TEST_F(file, so_do_times_that_are_given)
{
	struct writer agent = write_in_session(self->path);
	struct timespec times[2];

	/* Finer than the clock by which files are dated. */
	clock_gettime(CLOCK_REALTIME, &times[0]);
	times[1] = times[0];
	ASSERT_EQ(0, utimensat(AT_FDCWD, self->path, times, 0));
	EXPECT_STAMP(self->path, &agent, PROV_FLAG_CREATED);
}

TEST_F(file, what_touch_creates_is_covered)
{
	int fd = open(self->path, O_CREAT | O_WRONLY, 0644);

	ASSERT_LE(0, fd);
	usleep(20000);
	ASSERT_EQ(0, futimens(fd, NULL));
	ASSERT_EQ(0, close(fd));
	EXPECT_STAMP(self->path, &self->me, PROV_FLAG_CREATED);
}

TEST_F(file, a_time_before_the_stamps_needs_none)
{
	uint64_t before;

	write_in_session(self->path);
	before = stamp_time(self->path);
	ASSERT_NE(0, before);
	ASSERT_EQ(0, set_mtime(self->path, 1000000000));
	EXPECT_EQ(before, stamp_time(self->path));
}

TEST_F(file, no_stamp_is_renewed_into_the_future)
{
	uint64_t before;

	write_in_session(self->path);
	before = stamp_time(self->path);
	ASSERT_NE(0, before);
	ASSERT_EQ(0, set_mtime(self->path, time(NULL) + 3600));
	EXPECT_EQ(before, stamp_time(self->path));
}

/* Otherwise that would hide what happened where nobody watched. */
TEST_F(file, times_set_back_and_forward_prove_nothing)
{
	uint64_t before;

	write_in_session(self->path);
	before = stamp_time(self->path);
	ASSERT_NE(0, before);
	ASSERT_EQ(0, set_mtime(self->path, 1000000000));
	ASSERT_EQ(0, touch(self->path));
	EXPECT_EQ(before, stamp_time(self->path));
	ASSERT_EQ(0, touch(self->path));
	EXPECT_EQ(before, stamp_time(self->path));
}

TEST_F(file, after_anything_else_no_stamp_is_renewed)
{
	uint64_t before;

	write_in_session(self->path);
	before = stamp_time(self->path);
	ASSERT_NE(0, before);
	ASSERT_EQ(0, chmod(self->path, 0600));
	ASSERT_EQ(0, touch(self->path));
	EXPECT_EQ(before, stamp_time(self->path));
}

/* What is written, and not stamped yet, is not laid to the earlier writer. */
TEST_F(file, touching_does_not_cover_anothers_change)
{
	struct writer first = write_in_session(self->path), second;
	struct prov_stamp stamp;
	int wait[2], fd;
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe(wait));
	pid = fork_in_session(&second);
	ASSERT_LE(0, pid);
	if (!pid) {
		close(wait[1]);
		fd = open(self->path, O_WRONLY | O_APPEND);
		if (fd < 0 || write(fd, " and more", 9) != 9 ||
		    write_file(self->other, O_CREAT | O_WRONLY, "written"))
			_exit(1);
		_exit(read(wait[0], &byte, 1) || close(fd));
	}
	close(wait[0]);
	while (access(self->other, F_OK))
		usleep(1000);
	ASSERT_EQ(0, touch(self->path));
	EXPECT_FALSE(get_stamp(self->path, &stamp) && is_by(&stamp, &first) &&
		     covers(&stamp, self->path));
	close(wait[1]);
	ASSERT_EQ(0, exit_status(pid));
	EXPECT_STAMP(self->path, &second, 0);
}

TEST_F(file, while_a_file_is_mapped_nothing_is_renewed)
{
	uint64_t before;
	char *mapping;
	int fd;

	write_in_session(self->path);
	before = stamp_time(self->path);
	ASSERT_NE(0, before);
	fd = open(self->path, O_RDWR);
	ASSERT_LE(0, fd);
	mapping = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, mapping);
	ASSERT_EQ(0, touch(self->path));
	EXPECT_EQ(before, stamp_time(self->path));
}

TEST_HARNESS_MAIN
