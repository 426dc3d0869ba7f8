// SPDX-License-Identifier: GPL-2.0-only
/*
 * Between the hook that sees a write and the write itself others write, close
 * and are stamped. Who wrote is on record all the same.
 */

#include "in_flight.h"

static const char content[] = "content that root has written";

/* When somebody with a write in flight goes on. */
struct flight_plan {
	struct turns off, data, landed, close;
};

static int begin_plan(struct flight_plan *plan)
{
	return begin(&plan->off) || begin(&plan->data) ||
	       begin(&plan->landed) || begin(&plan->close);
}

static int fly(const struct flight_plan *plan, const char *path)
{
	struct in_flight flight;
	int fd = open(path, O_WRONLY);

	if (fd < 0 || take_off(&flight, fd) || let_go(&plan->off))
		return 1;
	if (wait_for(&plan->data) || land(&flight, "in flight") ||
	    let_go(&plan->landed))
		return 2;
	if (wait_for(&plan->close) || close(fd))
		return 3;
	return 0;
}

/* Another open file of the same writer is closed meanwhile. */
TEST_F(file, a_write_that_waits_is_not_forgotten)
{
	struct stat before;
	struct writer agent;
	pid_t pid;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, content));
	ASSERT_EQ(0, stat(self->path, &before));
	usleep(20000);
	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid) {
		struct timespec times[2] = { before.st_atim, before.st_mtim };
		int one = open(self->path, O_WRONLY);
		int two = open(self->path, O_WRONLY);
		struct in_flight flight;

		if (take_off(&flight, one) || close(two) ||
		    land(&flight, "in flight"))
			_exit(1);
		if (close(one))
			_exit(2);
		_exit(utimensat(AT_FDCWD, self->path, times, 0));
	}
	ASSERT_EQ(0, exit_status(pid));
	EXPECT_STAMP(self->path, &agent, 0);
	EXPECT_EQ(1, on_record(self->path, &self->me));
}

/*
 * B writes and closes: A could have done that as well. Then A's content comes,
 * and nobody else could have written it.
 */
TEST_F(file, a_write_that_waits_is_not_stamped_as_anothers)
{
	struct prov_stamp log[PROV_LOG_MAX];
	struct writer first, second;
	struct flight_plan plan;
	pid_t pid, other;

	ASSERT_EQ(0, begin_plan(&plan));
	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, content));
	pid = fork_in_session(&first);
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(fly(&plan, self->path));
	ASSERT_EQ(0, wait_for(&plan.off));
	other = fork_in_session(&second);
	ASSERT_LE(0, other);
	if (!other)
		_exit(write_file(self->path, O_WRONLY | O_APPEND, "by the second"));
	ASSERT_EQ(0, exit_status(other));
	ASSERT_EQ(0, let_go(&plan.data));
	ASSERT_EQ(0, wait_for(&plan.landed));
	ASSERT_EQ(0, let_go(&plan.close));
	ASSERT_EQ(0, exit_status(pid));
	EXPECT_STAMP(self->path, &first, 0);
	ASSERT_EQ(3, get_log(self->path, log));
	EXPECT_TRUE(is_by(&log[0], &second));
	EXPECT_TRUE(is_by(&log[1], &first));
	EXPECT_TRUE(is_by(&log[2], &self->me));
}

/* He closes while the other's change is not stamped yet. */
TEST_F(file, a_write_that_waits_is_not_lost_in_anothers_change)
{
	struct writer first, second;
	struct turns written, close_now;
	struct flight_plan plan;
	pid_t pid, other;

	ASSERT_EQ(0, begin_plan(&plan));
	ASSERT_EQ(0, begin(&written));
	ASSERT_EQ(0, begin(&close_now));
	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, content));
	pid = fork_in_session(&first);
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(fly(&plan, self->path));
	ASSERT_EQ(0, wait_for(&plan.off));
	other = fork_in_session(&second);
	ASSERT_LE(0, other);
	if (!other) {
		int fd = open(self->path, O_WRONLY | O_APPEND);

		if (write(fd, "by the second", 13) != 13 ||
		    let_go(&written) || wait_for(&close_now))
			_exit(1);
		_exit(!!close(fd));
	}
	ASSERT_EQ(0, wait_for(&written));
	ASSERT_EQ(0, let_go(&plan.data));
	ASSERT_EQ(0, wait_for(&plan.landed));
	ASSERT_EQ(0, let_go(&plan.close));
	ASSERT_EQ(0, exit_status(pid));
	EXPECT_EQ(1, on_record(self->path, &first));
	ASSERT_EQ(0, let_go(&close_now));
	ASSERT_EQ(0, exit_status(other));
	EXPECT_EQ(1, on_record(self->path, &first));
	EXPECT_EQ(1, on_record(self->path, &second));
}

/* The same, and the mtime is set back before the file is closed. */
TEST_F(file, setting_times_back_does_not_hide_a_write_that_waited)
{
	struct writer first, second;
	struct flight_plan plan;
	struct timespec times[2];
	struct stat status;
	pid_t pid, other;

	ASSERT_EQ(0, begin_plan(&plan));
	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, content));
	pid = fork_in_session(&first);
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(fly(&plan, self->path));
	ASSERT_EQ(0, wait_for(&plan.off));
	other = fork_in_session(&second);
	ASSERT_LE(0, other);
	if (!other)
		_exit(write_file(self->path, O_WRONLY | O_APPEND, "by the second"));
	ASSERT_EQ(0, exit_status(other));
	ASSERT_EQ(0, stat(self->path, &status));
	times[0] = status.st_atim;
	times[1] = status.st_mtim;
	ASSERT_EQ(0, let_go(&plan.data));
	ASSERT_EQ(0, wait_for(&plan.landed));
	ASSERT_EQ(0, utimensat(AT_FDCWD, self->path, times, 0));
	ASSERT_EQ(0, let_go(&plan.close));
	ASSERT_EQ(0, exit_status(pid));
	EXPECT_STAMP(self->path, &first, 0);
	EXPECT_EQ(1, on_record(self->path, &second));
}

/* Which of the two changed what is not to be known: both are on record. */
TEST_F(file, two_writes_in_flight_are_both_on_record)
{
	struct writer first, second;
	struct flight_plan plan, other_plan;
	pid_t pid, other;

	ASSERT_EQ(0, begin_plan(&plan));
	ASSERT_EQ(0, begin_plan(&other_plan));
	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, content));
	pid = fork_in_session(&first);
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(fly(&plan, self->path));
	ASSERT_EQ(0, wait_for(&plan.off));
	other = fork_in_session(&second);
	ASSERT_LE(0, other);
	if (!other)
		_exit(fly(&other_plan, self->path));
	ASSERT_EQ(0, wait_for(&other_plan.off));
	ASSERT_EQ(0, let_go(&plan.data));
	ASSERT_EQ(0, wait_for(&plan.landed));
	ASSERT_EQ(0, let_go(&other_plan.data));
	ASSERT_EQ(0, wait_for(&other_plan.landed));
	ASSERT_EQ(0, let_go(&other_plan.close));
	ASSERT_EQ(0, exit_status(other));
	ASSERT_EQ(0, let_go(&plan.close));
	ASSERT_EQ(0, exit_status(pid));
	EXPECT_LE(1, on_record(self->path, &first));
	EXPECT_LE(1, on_record(self->path, &second));
	EXPECT_EQ(1, on_record(self->path, &self->me));
}

/* What the second one does changes nothing, and still is taken for a write. */
TEST_F(file, who_writes_no_bytes_takes_over_nothing)
{
	struct prov_stamp log[PROV_LOG_MAX];
	struct writer first, second;
	struct turns written, close_now;
	pid_t pid, other;

	ASSERT_EQ(0, begin(&written));
	ASSERT_EQ(0, begin(&close_now));
	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, content));
	pid = fork_in_session(&first);
	ASSERT_LE(0, pid);
	if (!pid) {
		int fd = open(self->path, O_WRONLY);

		_exit(write(fd, "first", 5) != 5 || let_go(&written) ||
		      wait_for(&close_now) || close(fd));
	}
	ASSERT_EQ(0, wait_for(&written));
	other = fork_in_session(&second);
	ASSERT_LE(0, other);
	if (!other) {
		int fd = open(self->path, O_WRONLY);

		_exit(write(fd, "", 0) || pwrite(fd, "x", 1, -1) != -1 ||
		      close(fd));
	}
	ASSERT_EQ(0, exit_status(other));
	ASSERT_EQ(0, let_go(&close_now));
	ASSERT_EQ(0, exit_status(pid));
	EXPECT_STAMP(self->path, &first, 0);
	ASSERT_EQ(1, get_log(self->path, log));
	EXPECT_TRUE(is_by(&log[0], &self->me));
}

/* Renaming moves ctime: that is no write of those who have the file open. */
TEST_F(file, who_wrote_before_is_not_named_for_a_rename)
{
	struct writer first, second;
	struct turns written, close_now;
	pid_t pid, other;

	ASSERT_EQ(0, begin(&written));
	ASSERT_EQ(0, begin(&close_now));
	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, content));
	pid = fork_in_session(&first);
	ASSERT_LE(0, pid);
	if (!pid) {
		int fd = open(self->path, O_WRONLY | O_APPEND);

		_exit(write(fd, "first", 5) != 5 || let_go(&written) ||
		      wait_for(&close_now) || close(fd));
	}
	ASSERT_EQ(0, wait_for(&written));
	other = fork_in_session(&second);
	ASSERT_LE(0, other);
	if (!other)
		_exit(write_file(self->path, O_WRONLY | O_APPEND, "second"));
	ASSERT_EQ(0, exit_status(other));
	ASSERT_EQ(0, rename(self->path, self->other));
	ASSERT_EQ(0, chmod(self->other, 0600));
	ASSERT_EQ(0, utimensat(AT_FDCWD, self->other, NULL, 0));
	ASSERT_EQ(0, let_go(&close_now));
	ASSERT_EQ(0, exit_status(pid));
	EXPECT_STAMP(self->other, &second, 0);
	EXPECT_EQ(1, on_record(self->other, &first));
}

/* As the output of make(1) in a file: one descriptor, many writers. */
TEST_F(file, of_many_writers_through_one_descriptor_the_last_is_named)
{
	struct prov_stamp log[PROV_LOG_MAX];
	struct writer agents[12];
	int i, fd;
	pid_t pid;

	fd = open(self->path, O_CREAT | O_WRONLY | O_APPEND, 0644);
	ASSERT_LE(0, fd);
	for (i = 0; i < 12; i++) {
		pid = fork_in_session(&agents[i]);
		ASSERT_LE(0, pid);
		if (!pid)
			_exit(write(fd, "line", 4) != 4);
		ASSERT_EQ(0, exit_status(pid));
	}
	ASSERT_EQ(0, close(fd));
	EXPECT_STAMP(self->path, &agents[11], 0);
	ASSERT_EQ(12, get_log(self->path, log));
	for (i = 0; i < 11; i++)
		EXPECT_TRUE(is_by(&log[i], &agents[10 - i]));
}

static int link_open_file(int fd, const char *path)
{
	char name[64];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, name, AT_FDCWD, path, AT_SYMLINK_FOLLOW);
}

/* Whoever wrote while the file had no name is on record when it has one. */
TEST_F(file, two_writers_of_a_file_without_a_name_are_both_on_record)
{
	struct writer owner, helper;
	pid_t pid;

	pid = fork_in_session(&owner);
	ASSERT_LE(0, pid);
	if (!pid) {
		int fd = open(self->directory, O_TMPFILE | O_RDWR, 0644);
		int told = open(self->other, O_CREAT | O_RDWR, 0644);

		pid = fork_in_session(&helper);
		if (!pid)
			_exit(write(fd, "helper", 6) != 6);
		if (exit_status(pid) ||
		    write(told, &helper, sizeof(helper)) != sizeof(helper) ||
		    write(fd, "owner", 5) != 5 ||
		    link_open_file(fd, self->path))
			_exit(1);
		_exit(close(fd));
	}
	ASSERT_EQ(0, exit_status(pid));
	ASSERT_EQ(sizeof(helper), read(open(self->other, O_RDONLY), &helper,
				       sizeof(helper)));
	EXPECT_STAMP(self->path, &owner, 0);
	memcpy(helper.root, owner.session, PROV_ROOT_SIZE);
	EXPECT_EQ(1, on_record(self->path, &helper));
}

TEST_HARNESS_MAIN
