// SPDX-License-Identifier: GPL-2.0-only
/* Kinds of files, their names, and where no stamp belongs. */

#include "stamp_test.h"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

TEST_F(file, everything_that_is_created_is_stamped)
{
	static const char * const names[] = {
		"directory", "symlink", "fifo", "device", "socket",
	};
	struct prov_stamp stamp;
	struct writer agent;
	char path[512];
	unsigned int i;
	pid_t pid;

	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(chdir(self->directory) || mkdir(names[0], 0755) ||
		      symlink("nowhere", names[1]) || mkfifo(names[2], 0644) ||
		      mknod(names[3], S_IFCHR | 0600, makedev(1, 3)) ||
		      mknod(names[4], S_IFSOCK | 0600, 0));
	ASSERT_EQ(0, exit_status(pid));
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", self->directory, names[i]);
		EXPECT_TRUE(get_stamp(path, &stamp)) TH_LOG("%s", names[i]);
		EXPECT_TRUE(is_by(&stamp, &agent)) TH_LOG("%s", names[i]);
		EXPECT_EQ(PROV_FLAG_CREATED, le16toh(stamp.flags));
	}
}

TEST_F(file, a_symlinks_target_is_not_stamped_for_it)
{
	struct prov_stamp before, after;
	struct writer agent;
	pid_t pid;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "target"));
	ASSERT_TRUE(get_stamp(self->path, &before));
	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(symlink(self->path, self->other));
	ASSERT_EQ(0, exit_status(pid));
	ASSERT_TRUE(get_stamp(self->path, &after));
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
}

TEST_F(file, a_file_made_without_a_name_is_stamped)
{
	struct writer agent;
	pid_t pid;

	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid) {
		int fd = open(self->directory, O_TMPFILE | O_RDWR, 0644);
		char name[64];

		snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
		usleep(20000);
		_exit(fd < 0 || write(fd, "content", 7) != 7 ||
		      linkat(AT_FDCWD, name, AT_FDCWD, self->path,
			     AT_SYMLINK_FOLLOW) || close(fd));
	}
	ASSERT_EQ(0, exit_status(pid));
	EXPECT_STAMP(self->path, &agent, PROV_FLAG_CREATED);
}

TEST_F(file, a_stamp_goes_with_its_inode)
{
	struct writer agent;
	pid_t pid;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "x"));
	ASSERT_EQ(0, link(self->path, self->other));
	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(write_file(self->other, O_WRONLY, "by its other name"));
	ASSERT_EQ(0, exit_status(pid));
	EXPECT_STAMP(self->path, &agent, 0);
	ASSERT_EQ(0, unlink(self->path));
	ASSERT_EQ(0, rename(self->other, self->path));
	EXPECT_STAMP(self->path, &agent, 0);
}

TEST_F(file, any_name_will_do)
{
	char name[256], path[600];
	int directory;

	memset(name, 0xff, 255);
	name[0] = '\n';
	name[255] = '\0';
	directory = open(self->directory, O_DIRECTORY);
	ASSERT_LE(0, directory);
	ASSERT_EQ(0, fchdir(directory));
	ASSERT_EQ(0, write_file(name, O_CREAT | O_WRONLY, "x"));
	snprintf(path, sizeof(path), "%s/%s", self->directory, name);
	EXPECT_STAMP(path, &self->me, PROV_FLAG_CREATED);
}

static unsigned long long count_of(const char *name)
{
	unsigned long long value = -1ULL;
	char line[128], key[64];
	FILE *file;

	file = fopen("/sys/kernel/security/provfs/stats", "re");
	while (file && fgets(line, sizeof(line), file)) {
		unsigned long long number;

		if (sscanf(line, "%63[^:]: %llu", key, &number) == 2 &&
		    !strcmp(key, name))
			value = number;
	}
	if (file)
		fclose(file);
	return value;
}

TEST_F(file, an_unlinked_file_costs_no_stamp)
{
	unsigned long long stamped = count_of("stamped");
	unsigned long long skipped = count_of("skipped_unlinked");
	int fd;

	ASSERT_NE(-1ULL, skipped);
	fd = open(self->path, O_CREAT | O_RDWR, 0644);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, unlink(self->path));
	usleep(20000);
	ASSERT_EQ(4, write(fd, "temp", 4));
	ASSERT_EQ(0, close(fd));
	EXPECT_EQ(stamped, count_of("stamped"));
	EXPECT_EQ(skipped + 1, count_of("skipped_unlinked"));
}

/* Sets one attribute of chattr(1), or takes it away again. */
static int set_flag(const char *path, int flag, bool on)
{
	int fd = open(path, O_RDONLY);
	int flags, result;

	result = ioctl(fd, FS_IOC_GETFLAGS, &flags);
	flags = on ? flags | flag : flags & ~flag;
	if (!result)
		result = ioctl(fd, FS_IOC_SETFLAGS, &flags);
	close(fd);
	return result;
}

TEST_F(file, an_immutable_file_keeps_its_stamp)
{
	unsigned long long skipped = count_of("skipped_immutable");
	struct prov_stamp before, after;
	struct writer agent;
	pid_t pid;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "content"));
	ASSERT_TRUE(get_stamp(self->path, &before));
	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid) {
		int fd = open(self->path, O_WRONLY);

		_exit(write(fd, "changed", 7) != 7 ||
		      set_flag(self->path, FS_IMMUTABLE_FL, true) || close(fd));
	}
	ASSERT_EQ(0, exit_status(pid));
	ASSERT_TRUE(get_stamp(self->path, &after));
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
	EXPECT_EQ(skipped + 1, count_of("skipped_immutable"));
	/* The next open for writing that ends makes up for it. */
	ASSERT_EQ(0, set_flag(self->path, FS_IMMUTABLE_FL, false));
	ASSERT_EQ(0, close(open(self->path, O_WRONLY)));
	EXPECT_STAMP(self->path, &agent, 0);
}

TEST_F(file, an_append_only_file_is_stamped)
{
	struct writer agent;
	pid_t pid;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "line\n"));
	ASSERT_EQ(0, set_flag(self->path, FS_APPEND_FL, true));
	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(write_file(self->path, O_WRONLY | O_APPEND, "line\n"));
	EXPECT_EQ(0, exit_status(pid));
	EXPECT_STAMP(self->path, &agent, 0);
	ASSERT_EQ(0, set_flag(self->path, FS_APPEND_FL, false));
}

TEST_F(file, a_program_just_written_can_run)
{
	char *arguments[] = { self->path, NULL };
	struct writer agent;
	pid_t pid;

	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid) {
		if (write_file(self->path, O_CREAT | O_WRONLY,
			       "#!/bin/sh\nexit 42\n") || chmod(self->path, 0755))
			_exit(1);
		execv(self->path, arguments);
		_exit(2);
	}
	EXPECT_EQ(42, exit_status(pid));
	EXPECT_STAMP(self->path, &agent, PROV_FLAG_CREATED);
}

/* cap_chown, effective and permitted, revision 2 */
static const uint8_t file_capability[20] = { 1, 0, 0, 2, 1 };

TEST_F(file, neighbours_keep_their_attributes)
{
	uint8_t value[64];
	struct writer agent;
	pid_t pid;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "#!/bin/sh\n"));
	ASSERT_EQ(0, setxattr(self->path, "security.ima", "\x04", 1, 0));
	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(write_file(self->path, O_WRONLY | O_APPEND, "exit 0\n"));
	ASSERT_EQ(0, exit_status(pid));
	ASSERT_EQ(0, setxattr(self->path, "security.capability",
			      file_capability, sizeof(file_capability), 0));
	EXPECT_STAMP(self->path, &agent, 0);
	EXPECT_EQ(1, getxattr(self->path, "security.ima", value, sizeof(value)));
	EXPECT_EQ((ssize_t)sizeof(file_capability),
		  getxattr(self->path, "security.capability", value,
			   sizeof(value)));
	/* Opened and closed, not changed: still privileged. */
	ASSERT_EQ(0, close(open(self->path, O_RDWR)));
	EXPECT_EQ((ssize_t)sizeof(file_capability),
		  getxattr(self->path, "security.capability", value,
			   sizeof(value)));
	/* Changed: the kernel takes the privilege away, and we stamp. */
	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(write_file(self->path, O_WRONLY | O_APPEND, "exit 1\n"));
	ASSERT_EQ(0, exit_status(pid));
	EXPECT_STAMP(self->path, &agent, 0);
	EXPECT_EQ(-1, getxattr(self->path, "security.capability", value,
			       sizeof(value)));
}

/* As install(1) leaves it: written, then privileged, then closed. */
TEST_F(file, a_stamp_takes_no_privilege_away)
{
	uint8_t value[64];
	struct stat status;
	struct writer agent;
	pid_t pid;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "#!/bin/sh\n"));
	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid) {
		int fd = open(self->path, O_WRONLY | O_APPEND);

		_exit(write(fd, "exit 0\n", 7) != 7 || fchmod(fd, 06755) ||
		      fsetxattr(fd, "security.capability", file_capability,
				sizeof(file_capability), 0) || close(fd));
	}
	ASSERT_EQ(0, exit_status(pid));
	EXPECT_STAMP(self->path, &agent, 0);
	ASSERT_EQ(0, stat(self->path, &status));
	EXPECT_EQ(06755, status.st_mode & 07777);
	EXPECT_EQ((ssize_t)sizeof(file_capability),
		  getxattr(self->path, "security.capability", value,
			   sizeof(value)));
	EXPECT_EQ(0, memcmp(value, file_capability, sizeof(file_capability)));
}

TEST_F(file, a_sparse_file_of_many_terabytes_is_stamped)
{
	struct writer agent;
	pid_t pid;

	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid) {
		int fd = open(self->path, O_CREAT | O_WRONLY, 0644);

		_exit(pwrite(fd, "end", 3, 15L << 40) != 3 || close(fd));
	}
	ASSERT_EQ(0, exit_status(pid));
	EXPECT_STAMP(self->path, &agent, PROV_FLAG_CREATED);
}

TEST_F(file, pseudo_filesystems_are_left_alone)
{
	unsigned long long skipped;
	struct prov_stamp stamp;
	char name[64];
	int fd;

	fd = memfd_create("stamped?", 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(1, write(fd, "x", 1));
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	EXPECT_EQ(-1, getxattr(name, PROV_XATTR_SECURITY, &stamp, sizeof(stamp)));
	skipped = count_of("skipped_filesystem");
	ASSERT_EQ(0, write_file("/proc/self/comm", O_WRONLY, "renamed"));
	EXPECT_FALSE(get_stamp("/proc/self/comm", &stamp));
	EXPECT_LT(skipped, count_of("skipped_filesystem"));
	EXPECT_FALSE(get_stamp("/dev/null", &stamp));
}

TEST_HARNESS_MAIN
