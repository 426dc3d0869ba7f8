// SPDX-License-Identifier: GPL-2.0-only
/* Attacks by those who are not root, and on the processes that write. */

#include "attackers.h"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#define EXT4_MAGIC	0xEF53

static const char forged[PROV_STAMP_SIZE] = { 1, 1 };

/* linux/ext4.h, which the C library's kernel headers may be too old to have */
struct move_extent {
	uint32_t reserved;
	uint32_t donor_fd;
	uint64_t orig_start;
	uint64_t donor_start;
	uint64_t len;
	uint64_t moved_len;
};
#define EXT4_IOC_MOVE_EXT	_IOWR('f', 15, struct move_extent)
/* libxfs/xfs_fs.h: version, two descriptors, offset, length, padding, struct xfs_bstat */
struct xfs_swapext {
	int64_t version, target, donor, offset, length;
	char padding[16];
	char stat[136];
};
#define XFS_IOC_SWAPEXT		_IOWR('X', 109, struct xfs_swapext)

static bool is_refused(int result)
{
	return result == -1 && errno == EPERM;
}

/* Exchanging the blocks of two files would leave stamp and times as they were. */
TEST_F(file, exchanging_blocks_is_refused)
{
	struct prov_stamp before, after;
	char content[16] = "";
	pid_t pid;
	int fd;

	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "an agent's text"));
	ASSERT_EQ(0, chmod(self->path, 0666));
	ASSERT_TRUE(get_stamp(self->path, &before));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		int target = -1, donor;

		if (!be_user(OWNER) ||
		    write_file(self->other, O_CREAT | O_WRONLY, "a forged text!!"))
			_exit(1);
		target = open(self->path, O_RDWR);
		donor = open(self->other, O_RDWR);
		if (target < 0 || donor < 0 || fsync(target) || fsync(donor))
			_exit(2);
		if (self->filesystem == EXT4_MAGIC) {
			struct move_extent exchange = { .donor_fd = target, .len = 1 };

			_exit(!is_refused(ioctl(donor, EXT4_IOC_MOVE_EXT, &exchange)));
		}
		if (self->filesystem == XFS_MAGIC) {
			struct xfs_swapext exchange = {
				.target = target, .donor = donor, .length = 15,
			};

			_exit(!is_refused(ioctl(donor, XFS_IOC_SWAPEXT, &exchange)));
		}
		_exit(0);
	}
	EXPECT_EQ(0, exit_status(pid));
	fd = open(self->path, O_RDONLY);
	ASSERT_EQ(15, read(fd, content, sizeof(content)));
	EXPECT_EQ(0, memcmp(content, "an agent's text", 15));
	ASSERT_TRUE(get_stamp(self->path, &after));
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
}

/* The traced process writes what its tracer wants, and is named: it wrote. */
TEST_F(file, a_traced_process_is_named)
{
	static char text[8] __attribute__((aligned(8))) = "honest.";
	struct writer victim;
	uint64_t forgery;
	int status;
	pid_t pid;

	memcpy(&forgery, "forged.", 8);
	pid = fork_in_session(&victim);
	ASSERT_LE(0, pid);
	if (!pid) {
		raise(SIGSTOP);
		_exit(write_file(self->path, O_CREAT | O_WRONLY, text));
	}
	ASSERT_EQ(pid, waitpid(pid, &status, WUNTRACED));
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, pid, NULL, NULL));
	ASSERT_EQ(pid, waitpid(pid, &status, __WALL));
	ASSERT_EQ(0, ptrace(PTRACE_POKEDATA, pid, text, forgery));
	ASSERT_EQ(0, ptrace(PTRACE_DETACH, pid, NULL, NULL));
	ASSERT_EQ(0, kill(pid, SIGCONT));
	ASSERT_EQ(0, exit_status(pid));
	EXPECT_STAMP(self->path, &victim, PROV_FLAG_CREATED);
}

/* As with /proc/PID/mem: the mapping's owner stores. */
TEST_F(file, process_vm_writev_stores_as_the_mapper)
{
	struct iovec from = { .iov_base = "forged", .iov_len = 6 }, to = { .iov_len = 6 };
	struct writer victim;
	int ready[2], go[2];
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, pipe(go));
	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "content"));
	pid = fork_in_session(&victim);
	ASSERT_LE(0, pid);
	if (!pid) {
		int fd = open(self->path, O_RDWR);
		void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

		close(go[1]);
		if (write(ready[1], &page, sizeof(page)) != sizeof(page))
			_exit(1);
		_exit(read(go[0], &byte, 1));
	}
	ASSERT_EQ(sizeof(to.iov_base), read(ready[0], &to.iov_base, sizeof(to.iov_base)));
	ASSERT_EQ(6, process_vm_writev(pid, &from, 1, &to, 1, 0));
	close(go[1]);
	ASSERT_EQ(0, exit_status(pid));
	EXPECT_STAMP(self->path, &victim, PROV_FLAG_MAPPED);
}

/* An overlay of a user's own, over what an agent has written. */
TEST_F(file, an_overlay_in_a_user_namespace_is_stamped_below)
{
	char lower[300], path[320], options[400];
	struct prov_stamp stamp;
	struct writer agent;
	pid_t pid;

	snprintf(lower, sizeof(lower), "%s/lower", self->directory);
	snprintf(path, sizeof(path), "%s/file", lower);
	snprintf(options, sizeof(options),
		 "lowerdir=%s,upperdir=upper,workdir=work,userxattr", lower);
	ASSERT_EQ(0, mkdir(lower, 0755));
	ASSERT_EQ(0, write_file(path, O_CREAT | O_WRONLY, "an agent's text"));
	/* An overlay copies up only what belongs to somebody that its mounter knows. */
	ASSERT_EQ(0, chown(path, 1000, 1000));
	ASSERT_EQ(0, mkdir(self->other, 0777));
	ASSERT_EQ(0, chmod(self->other, 0777));
	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid) {
		if (!be_user(OWNER) || unshare(CLONE_NEWUSER | CLONE_NEWNS) ||
		    write_file("/proc/self/setgroups", O_WRONLY, "deny") ||
		    write_file("/proc/self/uid_map", O_WRONLY, "0 1000 1") ||
		    write_file("/proc/self/gid_map", O_WRONLY, "0 1000 1") ||
		    mount("none", self->other, "tmpfs", 0, NULL) || chdir(self->other))
			_exit(1);
		if (mkdir("upper", 0755) || mkdir("work", 0755) || mkdir("merged", 0755))
			_exit(2);
		if (mount("overlay", "merged", "overlay", 0, options))
			_exit(3);
		if (write_file("merged/file", O_WRONLY, "forged by way of an overlay"))
			_exit(4);
		/* Which is dropped. */
		if (setxattr("merged/file", PROV_XATTR_SECURITY, forged, 64, 0) ||
		    removexattr("merged/file", PROV_XATTR_SECURITY))
			_exit(5);
		if (!get_stamp("upper/file", &stamp))
			_exit(6);
		_exit(memcmp(stamp.session, agent.session, PROV_SESSION_SIZE) ||
		      le32toh(stamp.uid) != 1000 ? 7 : 0);
	}
	EXPECT_EQ(0, exit_status(pid));
	EXPECT_STAMP(path, &self->me, PROV_FLAG_CREATED);
}

/*
 * Making another process write: it is named, for it did. /proc/PID/mem into
 * a shared mapping stores as the mapper does.
 */
TEST_F(file, stores_to_anothers_mapping_are_the_mappers)
{
	struct writer victim;
	int ready[2], go[2], memory;
	char name[64], byte;
	void *page;
	pid_t pid;

	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, pipe(go));
	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "content"));
	pid = fork_in_session(&victim);
	ASSERT_LE(0, pid);
	if (!pid) {
		int fd = open(self->path, O_RDWR);

		page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		close(go[1]);
		if (write(ready[1], &page, sizeof(page)) != sizeof(page))
			_exit(1);
		_exit(read(go[0], &byte, 1));
	}
	ASSERT_EQ((ssize_t)sizeof(page), read(ready[0], &page, sizeof(page)));
	snprintf(name, sizeof(name), "/proc/%d/mem", pid);
	memory = open(name, O_RDWR);
	ASSERT_LE(0, memory);
	ASSERT_EQ(6, pwrite(memory, "forged", 6, (uintptr_t)page));
	close(go[1]);
	ASSERT_EQ(0, exit_status(pid));
	EXPECT_STAMP(self->path, &victim, PROV_FLAG_MAPPED);
}

/* Who wrote is no tool of others: this process is root's, and has written. */
TEST_F(file, the_writer_is_not_at_the_service_of_others)
{
	static char text[8] = "content";
	struct iovec from = { "forged", 6 }, to = { text, 6 };
	char memory[64];
	unsigned int who;
	pid_t pid;

	snprintf(memory, sizeof(memory), "/proc/%d/mem", getpid());
	for (who = 0; who < ARRAY_SIZE(attackers); who++) {
		if (!attackers[who].uid)
			continue;
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			if (!become(&attackers[who]))
				_exit(97);
			if (ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) != -1 || errno != EPERM)
				_exit(1);
			if (process_vm_writev(getppid(), &from, 1, &to, 1, 0) != -1 || errno != EPERM)
				_exit(2);
			if (open(memory, O_RDWR) != -1 || errno != EACCES)
				_exit(3);
			_exit(REFUSED);
		}
		EXPECT_EQ(REFUSED, exit_status(pid))
			TH_LOG("by %s", attackers[who].name);
	}
	EXPECT_STREQ("content", text);
}

TEST_HARNESS_MAIN
