// SPDX-License-Identifier: GPL-2.0-only
/* A file that takes another's name takes its history, too. */

#include "stamp_test.h"

#include <linux/fs.h>

/* A session writes a new file, and gives it the name of the old one. */
static struct writer replace(const char *path, const char *by)
{
	struct writer agent;
	pid_t pid;

	pid = fork_in_session(&agent);
	if (!pid)
		_exit(write_file(by, O_CREAT | O_EXCL | O_WRONLY, "new") ||
		      rename(by, path));
	if (exit_status(pid))
		memset(&agent, 0xff, sizeof(agent));
	return agent;
}

static uint64_t inode_of(const char *path)
{
	struct stat status = { 0 };

	lstat(path, &status);
	return status.st_ino;
}

TEST_F(file, who_wrote_what_was_replaced_is_in_the_log)
{
	struct prov_stamp log[PROV_LOG_MAX];
	struct writer agent;
	uint64_t replaced;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "old"));
	replaced = inode_of(self->path);
	agent = replace(self->path, self->other);
	EXPECT_STAMP(self->path, &agent, PROV_FLAG_CREATED);
	ASSERT_EQ(1, get_log(self->path, log));
	EXPECT_TRUE(is_by(&log[0], &self->me));
	EXPECT_EQ(replaced, le64toh(log[0].inode));
	EXPECT_EQ(PROV_FLAG_CREATED, le16toh(log[0].flags));
}

TEST_F(file, who_replaces_his_own_is_not_his_own_predecessor)
{
	struct prov_stamp log[PROV_LOG_MAX];

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "old"));
	ASSERT_EQ(0, write_file(self->other, O_CREAT | O_WRONLY, "new"));
	ASSERT_EQ(0, rename(self->other, self->path));
	EXPECT_STAMP(self->path, &self->me, PROV_FLAG_CREATED);
	EXPECT_EQ(0, get_log(self->path, log));
}

TEST_F(file, a_history_goes_through_many_files_and_ends_where_a_log_is_full)
{
	struct prov_stamp log[PROV_LOG_MAX];
	struct writer agents[PROV_LOG_MAX + 2];
	int i, last = ARRAY_SIZE(agents) - 1;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "old"));
	for (i = 0; i <= last; i++)
		agents[i] = replace(self->path, self->other);
	EXPECT_STAMP(self->path, &agents[last], PROV_FLAG_CREATED);
	ASSERT_EQ(PROV_LOG_MAX, get_log(self->path, log));
	for (i = 0; i < PROV_LOG_MAX; i++)
		EXPECT_TRUE(is_by(&log[i], &agents[last - 1 - i])) TH_LOG("%d", i);
}

TEST_F(file, the_heirs_own_history_comes_first)
{
	struct prov_stamp log[PROV_LOG_MAX];
	struct writer agent;
	pid_t pid;

	agent = replace(self->path, self->other);
	ASSERT_EQ(0, write_file(self->other, O_CREAT | O_WRONLY, "mine"));
	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(write_file(self->other, O_WRONLY | O_APPEND, " and his"));
	ASSERT_EQ(0, exit_status(pid));
	ASSERT_EQ(0, rename(self->other, self->path));
	EXPECT_STAMP(self->path, &agent, 0);
	ASSERT_EQ(2, get_log(self->path, log));
	EXPECT_TRUE(is_by(&log[0], &self->me));
	EXPECT_EQ(inode_of(self->path), le64toh(log[0].inode));
	EXPECT_NE(inode_of(self->path), le64toh(log[1].inode));
}

TEST_F(file, names_that_are_exchanged_or_new_bring_nothing_along)
{
	struct prov_stamp log[PROV_LOG_MAX];
	struct writer agent;

	agent = replace(self->other, self->path);
	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "old"));
	ASSERT_EQ(0, renameat2(AT_FDCWD, self->path, AT_FDCWD, self->other,
			       RENAME_EXCHANGE));
	EXPECT_STAMP(self->path, &agent, PROV_FLAG_CREATED);
	EXPECT_STAMP(self->other, &self->me, PROV_FLAG_CREATED);
	EXPECT_EQ(0, get_log(self->path, log));
	EXPECT_EQ(0, get_log(self->other, log));
}

TEST_F(file, a_whiteout_left_behind_changes_nothing)
{
	struct prov_stamp log[PROV_LOG_MAX];
	struct writer agent;
	pid_t pid;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "old"));
	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(write_file(self->other, O_CREAT | O_WRONLY, "new"));
	ASSERT_EQ(0, exit_status(pid));
	ASSERT_EQ(0, renameat2(AT_FDCWD, self->other, AT_FDCWD, self->path,
			       RENAME_WHITEOUT));
	EXPECT_STAMP(self->path, &agent, PROV_FLAG_CREATED);
	ASSERT_EQ(1, get_log(self->path, log));
	EXPECT_TRUE(is_by(&log[0], &self->me));
}

TEST_F(file, what_keeps_another_name_keeps_its_stamp)
{
	struct prov_stamp log[PROV_LOG_MAX];
	struct writer agent;
	char kept[300];

	snprintf(kept, sizeof(kept), "%s/kept", self->directory);
	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "old"));
	ASSERT_EQ(0, link(self->path, kept));
	agent = replace(self->path, self->other);
	EXPECT_STAMP(kept, &self->me, PROV_FLAG_CREATED);
	EXPECT_EQ(0, get_log(kept, log));
	EXPECT_EQ(1, get_log(self->path, log));
	EXPECT_STAMP(self->path, &agent, PROV_FLAG_CREATED);
}

TEST_F(file, a_failed_rename_tells_nothing)
{
	struct prov_stamp log[PROV_LOG_MAX];
	struct writer agent;

	agent = replace(self->other, self->path);
	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "old"));
	EXPECT_EQ(-1, renameat2(AT_FDCWD, self->path, AT_FDCWD, self->other,
				RENAME_NOREPLACE));
	EXPECT_STAMP(self->other, &agent, PROV_FLAG_CREATED);
	EXPECT_EQ(0, get_log(self->path, log));
}

/* The writer of the old file has not closed it by then. */
TEST_F(file, a_change_of_what_is_replaced_is_its_writers)
{
	struct prov_stamp log[PROV_LOG_MAX];
	struct writer first, second;
	int held[2], fd;
	char byte;
	pid_t pid;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "old"));
	usleep(20000);
	ASSERT_EQ(0, pipe(held));
	pid = fork_in_session(&first);
	ASSERT_LE(0, pid);
	if (!pid) {
		close(held[1]);
		fd = open(self->path, O_WRONLY | O_APPEND);
		if (fd < 0 || write(fd, " and his", 8) != 8 ||
		    write_file(self->other, O_CREAT | O_WRONLY, "written"))
			_exit(1);
		_exit(read(held[0], &byte, 1) || close(fd));
	}
	close(held[0]);
	while (access(self->other, F_OK))
		usleep(1000);
	usleep(20000);
	ASSERT_EQ(0, unlink(self->other));
	second = replace(self->path, self->other);
	EXPECT_STAMP(self->path, &second, PROV_FLAG_CREATED);
	ASSERT_EQ(2, get_log(self->path, log));
	EXPECT_TRUE(is_by(&log[0], &first));
	EXPECT_EQ(0, le16toh(log[0].flags));
	EXPECT_TRUE(is_by(&log[1], &self->me));
	close(held[1]);
	ASSERT_EQ(0, exit_status(pid));
	EXPECT_STAMP(self->path, &second, PROV_FLAG_CREATED);
	EXPECT_EQ(2, get_log(self->path, log));
}

/* The writer of the new file renames it before he closes it. */
TEST_F(file, a_change_of_the_heir_is_its_writers)
{
	struct prov_stamp log[PROV_LOG_MAX];
	struct writer first, second;
	pid_t pid;
	int fd;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "old"));
	pid = fork_in_session(&first);
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(write_file(self->other, O_CREAT | O_WRONLY, "new"));
	ASSERT_EQ(0, exit_status(pid));
	usleep(20000);
	pid = fork_in_session(&second);
	ASSERT_LE(0, pid);
	if (!pid) {
		fd = open(self->other, O_WRONLY | O_APPEND);
		_exit(fd < 0 || write(fd, " and newer", 10) != 10 ||
		      rename(self->other, self->path) || close(fd));
	}
	ASSERT_EQ(0, exit_status(pid));
	EXPECT_STAMP(self->path, &second, 0);
	ASSERT_EQ(2, get_log(self->path, log));
	EXPECT_TRUE(is_by(&log[0], &first));
	EXPECT_TRUE(is_by(&log[1], &self->me));
}

/* A symbolic link has a creator, and no content. */
TEST_F(file, other_kinds_of_files_have_no_history)
{
	struct prov_stamp log[PROV_LOG_MAX];
	struct writer agent;

	ASSERT_EQ(0, symlink("nowhere", self->path));
	agent = replace(self->path, self->other);
	EXPECT_STAMP(self->path, &agent, PROV_FLAG_CREATED);
	EXPECT_EQ(0, get_log(self->path, log));
	ASSERT_EQ(0, symlink("nowhere", self->other));
	ASSERT_EQ(0, rename(self->other, self->path));
	EXPECT_EQ(0, get_log(self->path, log));
}

TEST_HARNESS_MAIN
