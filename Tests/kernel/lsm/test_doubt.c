// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where two may have made a change, neither is named, and both are in the log.
 * Who writes nothing is not named, and costs nobody a stamp.
 */

#include "in_flight.h"

static const char content[] = "content that root has written";

static int write_nothing(const char *path)
{
	int fd = open(path, O_WRONLY);

	return fd < 0 || write(fd, "", 0) || close(fd);
}

/* A's data land after B was let through; then A writes nothing elsewhere. */
TEST_F(file, an_empty_write_does_not_hide_one_that_waited)
{
	struct turns off, data, landed, close_now;
	struct writer first, second;
	struct prov_stamp stamp;
	pid_t pid, other;

	ASSERT_EQ(0, begin(&off) || begin(&data) || begin(&landed) ||
			     begin(&close_now));
	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, content));
	pid = fork_in_session(&first);
	ASSERT_LE(0, pid);
	if (!pid) {
		int fd = open(self->path, O_WRONLY);
		struct in_flight flight;

		if (take_off(&flight, fd) || let_go(&off) || wait_for(&data) ||
		    land(&flight, "in flight") || write_nothing(self->path) ||
		    close(fd) || let_go(&landed))
			_exit(1);
		_exit(0);
	}
	ASSERT_EQ(0, wait_for(&off));
	other = fork_in_session(&second);
	ASSERT_LE(0, other);
	if (!other) {
		int fd = open(self->path, O_WRONLY);

		if (pwrite(fd, "b", 1, 20) != 1 || let_go(&data) ||
		    wait_for(&close_now))
			_exit(1);
		_exit(!!close(fd));
	}
	ASSERT_EQ(0, exit_status(pid));
	ASSERT_EQ(0, let_go(&close_now));
	ASSERT_EQ(0, exit_status(other));
	EXPECT_FALSE(get_stamp(self->path, &stamp));
	EXPECT_EQ(1, on_record(self->path, &first));
	EXPECT_EQ(1, on_record(self->path, &second));
	EXPECT_EQ(1, on_record(self->path, &self->me));
}

/* The same through one descriptor; a third one's close does not decide it. */
TEST_F(file, who_wrote_through_a_shared_descriptor_is_in_doubt)
{
	struct writer first, second;
	struct turns off, data;
	struct prov_stamp stamp;
	pid_t pid, other;
	int fd;

	ASSERT_EQ(0, begin(&off) || begin(&data));
	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, content));
	fd = open(self->path, O_WRONLY);
	pid = fork_in_session(&first);
	ASSERT_LE(0, pid);
	if (!pid) {
		struct in_flight flight;

		_exit(take_off(&flight, fd) || let_go(&off) ||
		      wait_for(&data) || land(&flight, "in flight"));
	}
	ASSERT_EQ(0, wait_for(&off));
	other = fork_in_session(&second);
	ASSERT_LE(0, other);
	if (!other)
		_exit(!!write(fd, "", 0));
	ASSERT_EQ(0, exit_status(other));
	ASSERT_EQ(0, close(open(self->path, O_WRONLY)));
	ASSERT_EQ(0, let_go(&data));
	ASSERT_EQ(0, exit_status(pid));
	ASSERT_EQ(0, close(fd));
	/* The second one was let through, and may have written until then. */
	if (get_stamp(self->path, &stamp))
		EXPECT_TRUE(is_by(&stamp, &first));
	EXPECT_EQ(1, on_record(self->path, &first));
}

TEST_F(file, a_crowd_that_writes_nothing_costs_no_stamp)
{
	struct prov_stamp before, after;
	pid_t pid;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, content));
	ASSERT_TRUE(get_stamp(self->path, &before));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		int i, fd = open(self->path, O_WRONLY);
		char name[16];

		for (i = 0; i < 40; i++) {
			snprintf(name, sizeof(name), "name%d", i);
			if (prctl(PR_SET_NAME, name) || write(fd, "", 0))
				_exit(1);
		}
		_exit(!!close(fd));
	}
	ASSERT_EQ(0, exit_status(pid));
	ASSERT_TRUE(get_stamp(self->path, &after));
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
	EXPECT_EQ(1, on_record(self->path, &self->me));
}

/* The descriptor stays open, and nobody has it. */
TEST_F(file, times_set_back_hide_nothing)
{
	struct prov_stamp stamp;
	struct stat before;
	struct writer agent;
	int fd;
	pid_t pid;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, content));
	ASSERT_EQ(0, stat(self->path, &before));
	usleep(20000);
	fd = open(self->path, O_WRONLY);
	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid) {
		struct timespec times[2] = { before.st_atim, before.st_mtim };

		_exit(write(fd, "agent", 5) != 5 || futimens(fd, times));
	}
	ASSERT_EQ(0, exit_status(pid));
	ASSERT_TRUE(get_stamp(self->path, &stamp));
	EXPECT_TRUE(is_by(&stamp, &agent));
	EXPECT_EQ(0, close(fd));
	EXPECT_STAMP(self->path, &agent, 0);
}

/* He closes before it has a name, and somebody else gives it one. */
TEST_F(file, a_file_that_gets_a_name_after_its_writer_closed_is_his)
{
	struct prov_stamp stamp;
	struct writer agent;
	char name[64];
	int fd, reader;
	pid_t pid;

	fd = open(self->directory, O_TMPFILE | O_RDWR, 0644);
	ASSERT_LE(0, fd);
	usleep(20000);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	reader = open(name, O_RDONLY);
	ASSERT_LE(0, reader);
	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(write(fd, "agent", 5) != 5);
	ASSERT_EQ(0, exit_status(pid));
	ASSERT_EQ(0, close(fd));
	snprintf(name, sizeof(name), "/proc/self/fd/%d", reader);
	ASSERT_EQ(0, linkat(AT_FDCWD, name, AT_FDCWD, self->path,
			    AT_SYMLINK_FOLLOW));
	ASSERT_EQ(0, close(reader));
	ASSERT_TRUE(get_stamp(self->path, &stamp));
	EXPECT_TRUE(is_by(&stamp, &agent));
}

/* Others are let through all the time, and write nothing. */
TEST_F(file, who_truncates_by_opening_for_reading_is_on_record)
{
	struct writer agent, other;
	int i, fd;
	pid_t pid, idle;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, content));
	idle = fork_in_session(&other);
	ASSERT_LE(0, idle);
	if (!idle) {
		for (fd = open(self->path, O_WRONLY);; )
			if (write(fd, "", 0))
				_exit(1);
	}
	for (i = 0; i < 50; i++) {
		ASSERT_EQ(0, write_file(self->path, O_WRONLY, content));
		pid = fork_in_session(&agent);
		ASSERT_LE(0, pid);
		if (!pid)
			_exit(!!close(open(self->path, O_RDONLY | O_TRUNC)));
		ASSERT_EQ(0, exit_status(pid));
		EXPECT_LE(1, on_record(self->path, &agent));
	}
	kill(idle, SIGKILL);
	waitpid(idle, NULL, 0);
}

TEST_HARNESS_MAIN
