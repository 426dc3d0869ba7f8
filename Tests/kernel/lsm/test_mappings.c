// SPDX-License-Identifier: GPL-2.0-only
/* Stores through shared mappings are their mapper's. */

#include "stamp_test.h"

#include <sys/ioctl.h>

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

static bool logged(const struct prov_stamp *log, int entries,
		   const struct writer *writer)
{
	while (entries-- > 0)
		if (is_by(&log[entries], writer))
			return true;
	return false;
}

/* He could have stored what the other wrote, and then he alone stores. */
TEST_F(file, a_write_while_another_maps_is_in_doubt)
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
	EXPECT_FALSE(get_stamp(self->path, &stamp)) print_stamp(self->path);
	ASSERT_EQ(3, get_log(self->path, log));
	EXPECT_TRUE(logged(log, 2, &agent));
	EXPECT_TRUE(logged(log, 2, &mapper));
	EXPECT_TRUE(is_by(&log[2], &self->me));
	close(go[1]);
	ASSERT_EQ(0, exit_status(one));
	EXPECT_STAMP(self->path, &mapper, PROV_FLAG_MAPPED);
}

/* A session maps what it inherits, tells that, and stores when it is let go. */
static int store_when_let_go(int fd, int place, int mapped, int go)
{
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	char byte;

	if (page == MAP_FAILED || write(mapped, "", 1) != 1 ||
	    read(go, &byte, 1))
		return 1;
	page[place] = 'X';
	return 0;
}

/* No more than a log has room for, besides who wrote before. */
#define MAPPERS 10

/* To a page that one has stored to, the other's stores do not show. */
TEST_F(file, of_several_mappers_of_one_descriptor_none_is_named)
{
	struct prov_stamp stamp, log[PROV_LOG_MAX];
	struct writer agents[MAPPERS];
	int mapped[2], go[2], number, count, i, fd;
	pid_t pids[MAPPERS];
	char byte;

	for (count = 2; count <= MAPPERS; count += MAPPERS - 2) {
		unlink(self->path);
		ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, content));
		ASSERT_EQ(0, pipe(mapped));
		ASSERT_EQ(0, pipe(go));
		fd = open(self->path, O_RDWR | O_CLOEXEC);
		ASSERT_LE(0, fd);
		for (i = 0; i < count; i++) {
			pids[i] = fork_in_session(&agents[i]);
			ASSERT_LE(0, pids[i]);
			if (!pids[i]) {
				close(go[1]);
				_exit(store_when_let_go(fd, i, mapped[1], go[0]));
			}
			ASSERT_EQ(1, read(mapped[0], &byte, 1));
		}
		close(fd);
		close(go[1]);
		for (i = 0; i < count; i++)
			ASSERT_EQ(0, exit_status(pids[i]));
		EXPECT_FALSE(get_stamp(self->path, &stamp))
			print_stamp(self->path);
		number = get_log(self->path, log);
		EXPECT_TRUE(logged(log, number, &self->me));
		for (i = 0; i < 2; i++)
			EXPECT_TRUE(logged(log, number, &agents[i]));
		close(mapped[0]);
		close(mapped[1]);
		close(go[0]);
	}
}

/* On tmpfs, nothing but the mapping itself tells of it. */
TEST_F(file, a_store_by_who_created_the_file_is_stamped_anew)
{
	struct prov_stamp stamp;
	struct timespec stored;
	char *page;
	int fd;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, content));
	usleep(50000);
	fd = open(self->path, O_RDWR);
	ASSERT_LE(0, fd);
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, page);
	ASSERT_EQ(0, close(fd));
	clock_gettime(CLOCK_REALTIME_COARSE, &stored);
	page[0] = 'X';
	ASSERT_EQ(0, munmap(page, PAGE));
	EXPECT_STAMP(self->path, &self->me, PROV_FLAG_CREATED | PROV_FLAG_MAPPED);
	ASSERT_TRUE(get_stamp(self->path, &stamp));
	EXPECT_LE(nanoseconds(&stored), le64toh(stamp.time));
}

TEST_F(file, a_hole_made_by_madvise_is_stamped)
{
	struct writer agent;
	pid_t pid;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, content));
	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid) {
		char *page = map(self->path, PROT_READ | PROT_WRITE);

		_exit(!page || madvise(page, PAGE, MADV_REMOVE) ||
		      page[0] || munmap(page, PAGE));
	}
	ASSERT_EQ(0, exit_status(pid));
	EXPECT_STAMP(self->path, &agent, PROV_FLAG_MAPPED);
}

/* As in xfs/xfs_fs.h, which is in a package of its own */
struct xfs_handle_request {
	uint32_t fd;
	void *path;
	uint32_t open_flags;
	void *handle;
	uint32_t handle_size;
	void *out_handle;
	uint32_t *out_handle_size;
};

#define XFS_IOC_PATH_TO_HANDLE _IOWR('X', 105, struct xfs_handle_request)
#define XFS_IOC_OPEN_BY_HANDLE _IOWR('X', 107, struct xfs_handle_request)

/* A descriptor through which the file's times do not move. */
static int open_invisibly(const char *path, const char *directory_path)
{
	char handle[64];
	uint32_t size = sizeof(handle);
	int directory = open(directory_path, O_RDONLY);
	struct xfs_handle_request request = {
		.path = (void *)path, .open_flags = O_RDWR,
		.out_handle = handle, .out_handle_size = &size,
	};

	if (ioctl(directory, XFS_IOC_PATH_TO_HANDLE, &request))
		return -1;
	request.handle = handle;
	request.handle_size = size;
	return ioctl(directory, XFS_IOC_OPEN_BY_HANDLE, &request);
}

/* Maps the file invisibly, and stores to the mapping or writes past it. */
static int change_invisibly(const char *path, const char *directory, bool store)
{
	int fd = open_invisibly(path, directory);
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (fd < 0 || page == MAP_FAILED)
		return 1;
	if (!store)
		return munmap(page, PAGE) || pwrite(fd, "X", 1, 0) != 1 ||
		       close(fd);
	page[0] = 'X';
	return msync(page, PAGE, MS_SYNC) || munmap(page, PAGE) || close(fd);
}

/* Often: between the two claims of one release the clock may tick. */
TEST_F(file, stores_and_writes_that_move_no_times_are_stamped)
{
	struct writer agent;
	pid_t pid;
	int i;

	if (self->filesystem != XFS_MAGIC)
		return;
	for (i = 0; i < 100; i++) {
		unlink(self->path);
		ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, content));
		pid = fork_in_session(&agent);
		ASSERT_LE(0, pid);
		if (!pid)
			_exit(change_invisibly(self->path, self->directory, i % 2));
		ASSERT_EQ(0, exit_status(pid));
		EXPECT_STAMP(self->path, &agent, PROV_FLAG_MAPPED);
	}
}

TEST_HARNESS_MAIN
