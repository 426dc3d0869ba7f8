// SPDX-License-Identifier: GPL-2.0-only
/* Stores through shared mappings are their mapper's. */

#include "stamp_test.h"

#define PAGE 4096

static const char content[] = "content that root has written";

/* A shared mapping of the file's first page; NULL where that fails. */
static char *map(const char *path, int protection)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	char *page;

	page = mmap(NULL, PAGE, protection, MAP_SHARED, fd, 0);
	close(fd);
	return page == MAP_FAILED ? NULL : page;
}

TEST_F(file, a_store_after_close_is_stamped_at_unmap)
{
	struct prov_stamp stamp;
	struct writer agent;
	pid_t pid;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, content));
	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid) {
		char *page = map(self->path, PROT_READ | PROT_WRITE);

		if (!page)
			_exit(1);
		page[0] = 'X';
		if (munmap(page, PAGE))
			_exit(2);
		_exit(!get_stamp(self->path, &stamp) ||
		      !is_by(&stamp, &agent));
	}
	ASSERT_EQ(0, exit_status(pid));
	EXPECT_STAMP(self->path, &agent, PROV_FLAG_MAPPED);
}

TEST_F(file, a_mapping_that_outlives_the_process_is_stamped)
{
	struct writer agent;
	pid_t pid;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, content));
	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid) {
		char *page = map(self->path, PROT_READ | PROT_WRITE);

		if (!page)
			_exit(1);
		page[0] = 'X';
		_exit(msync(page, PAGE, MS_SYNC));
	}
	ASSERT_EQ(0, exit_status(pid));
	EXPECT_STAMP(self->path, &agent, PROV_FLAG_MAPPED);
}

TEST_F(file, a_killed_mapper_is_stamped)
{
	struct writer agent;
	int status;
	pid_t pid;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, content));
	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid) {
		char *page = map(self->path, PROT_READ | PROT_WRITE);

		if (!page)
			_exit(1);
		page[0] = 'X';
		kill(getpid(), SIGKILL);
		_exit(2);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFSIGNALED(status));
	EXPECT_STAMP(self->path, &agent, PROV_FLAG_MAPPED);
}

TEST_F(file, a_mapping_made_writable_later_is_stamped)
{
	struct writer agent;
	pid_t pid;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, content));
	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid) {
		char *page = map(self->path, PROT_READ);

		if (!page || mprotect(page, PAGE, PROT_READ | PROT_WRITE))
			_exit(1);
		page[0] = 'X';
		_exit(munmap(page, PAGE));
	}
	ASSERT_EQ(0, exit_status(pid));
	EXPECT_STAMP(self->path, &agent, PROV_FLAG_MAPPED);
}

/* Of a file on tmpfs that was mapped, nothing tells whether it changed. */
TEST_F(file, a_mapping_without_a_store_is_no_change)
{
	struct prov_stamp before, after;
	struct writer agent;
	pid_t pid;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, content));
	ASSERT_TRUE(get_stamp(self->path, &before));
	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid) {
		char *page = map(self->path, PROT_READ | PROT_WRITE);

		_exit(!page || page[0] != 'c' || munmap(page, PAGE));
	}
	ASSERT_EQ(0, exit_status(pid));
	ASSERT_TRUE(get_stamp(self->path, &after));
	if (self->filesystem == TMPFS_MAGIC) {
		EXPECT_TRUE(is_by(&after, &agent));
	} else {
		EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
	}
}

TEST_F(file, a_private_mapping_is_no_change)
{
	struct prov_stamp before, after;
	struct writer agent;
	pid_t pid;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, content));
	ASSERT_TRUE(get_stamp(self->path, &before));
	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid) {
		int fd = open(self->path, O_RDWR);
		char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE, fd, 0);

		if (page == MAP_FAILED)
			_exit(1);
		page[0] = 'X';
		_exit(close(fd) || munmap(page, PAGE));
	}
	ASSERT_EQ(0, exit_status(pid));
	ASSERT_TRUE(get_stamp(self->path, &after));
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
}

TEST_F(file, a_write_while_another_maps_names_both)
{
	struct prov_stamp stamp, log[PROV_LOG_MAX];
	struct writer mapper, agent;
	int mapped[2], go[2];
	pid_t one, two;
	char byte;

	ASSERT_EQ(0, pipe(mapped));
	ASSERT_EQ(0, pipe(go));
	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, content));
	one = fork_in_session(&mapper);
	ASSERT_LE(0, one);
	if (!one) {
		char *page = map(self->path, PROT_READ | PROT_WRITE);

		close(go[1]);
		if (!page || write(mapped[1], "", 1) != 1 ||
		    read(go[0], &byte, 1))
			_exit(1);
		page[0] = 'X';
		_exit(munmap(page, PAGE));
	}
	ASSERT_EQ(1, read(mapped[0], &byte, 1));
	two = fork_in_session(&agent);
	ASSERT_LE(0, two);
	if (!two)
		_exit(write_file(self->path, O_WRONLY, "written meanwhile"));
	ASSERT_EQ(0, exit_status(two));
	ASSERT_TRUE(get_stamp(self->path, &stamp));
	EXPECT_TRUE(is_by(&stamp, &agent)) print_stamp(self->path);
	close(go[1]);
	ASSERT_EQ(0, exit_status(one));
	EXPECT_STAMP(self->path, &mapper, PROV_FLAG_MAPPED);
	ASSERT_EQ(2, get_log(self->path, log));
	EXPECT_TRUE(is_by(&log[0], &agent));
	EXPECT_TRUE(is_by(&log[1], &self->me));
}

TEST_HARNESS_MAIN
