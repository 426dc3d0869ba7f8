// SPDX-License-Identifier: GPL-2.0-only
/*
 * The instructions that files cost, as the only program of a machine that QEMU
 * emulates with -icount shift=0: there the time stamp counter advances by one
 * with each instruction. /dev/vda is an ext4 with FILES files "old.N" that
 * nobody has stamped. /tree.tar is what tar(1) extracts, /tree.git what git(1)
 * checks out. See scripts/count-stamps.
 */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#define FILES 1000
#define TURNS 5
#define SYNCS 200

_Static_assert(TURNS * SYNCS == FILES, "each file is stamped once");

static char content[4096];

static void check(int failed, const char *what)
{
	if (!failed)
		return;
	perror(what);
	reboot(RB_POWER_OFF);
}

static void change(const char *path, int flags)
{
	int fd = open(path, flags, 0644);

	check(fd < 0, path);
	check(write(fd, content, sizeof(content)) != sizeof(content), "write");
	check(close(fd), "close");
}

static void open_read_close(int round)
{
	char bytes[64];
	int fd = open("/disk/old.0", O_RDONLY);

	check(fd < 0 || read(fd, bytes, sizeof(bytes)) < 0, "read");
	close(fd);
}

static void rewrite(int round)
{
	change("/disk/again", O_WRONLY | O_CREAT);
}

static void numbered(const char *name, int number, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/disk/%s.%d", name, number);
	change(path, flags);
}

/* In directories of one block each: looking through them is not at issue. */
static void create_write_close(int round)
{
	char path[64];

	snprintf(path, sizeof(path), "/disk/in.%d", round / 20);
	if (round % 20 == 0)
		check(mkdir(path, 0755), path);
	snprintf(path, sizeof(path), "/disk/in.%d/new.%d", round / 20, round);
	change(path, O_WRONLY | O_CREAT | O_EXCL);
}

/* A new file as tar(1) extracts it, of 8 KiB: its system calls alone. */
static void extract(int round)
{
	struct timespec times[2] = { { .tv_sec = 1000000000 }, { .tv_sec = 1000000000 } };
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/disk/in.%d/tar.%d", round / 20, round);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	check(fd < 0, path);
	check(write(fd, content, sizeof(content)) < 0, "write");
	check(write(fd, content, sizeof(content)) < 0, "write");
	check(futimens(fd, times), "futimens");
	check(fchown(fd, 0, 0), "fchown");
	check(fchmod(fd, 0644), "fchmod");
	check(close(fd), "close");
}

/* As git-checkout(1) writes one. */
static void check_out(int round)
{
	struct stat status;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/disk/in.%d/git.%d", round / 20, round);
	check(!lstat(path, &status), path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0666);
	check(fd < 0, path);
	check(write(fd, content, sizeof(content)) < 0, "write");
	check(write(fd, content, sizeof(content)) < 0, "write");
	check(fstat(fd, &status), "fstat");
	check(close(fd), "close");
	check(lstat(path, &status), path);
}

static void make_directory(int round)
{
	char path[64];

	snprintf(path, sizeof(path), "/disk/in.%d/directory.%d", round / 20,
		 round);
	check(mkdir(path, 0755), path);
}

static void replace(int round)
{
	change("/disk/replacing", O_WRONLY | O_CREAT | O_EXCL);
	check(rename("/disk/replacing", "/disk/replaced"), "rename");
}

/* Outside sessions, another name is another writer. The log is soon full. */
static void replace_anothers(int round)
{
	check(prctl(PR_SET_NAME, round % 2 ? "one" : "other"), "prctl");
	replace(round);
}

/* Once a file's times have been looked at, it gets new ones. */
static void touch(int round)
{
	struct stat status;

	if (!round)
		change("/disk/touched", O_WRONLY | O_CREAT | O_EXCL);
	check(lstat("/disk/touched", &status), "/disk/touched");
	check(utimensat(AT_FDCWD, "/disk/touched", NULL, 0), "utimensat");
}

static int compare(const void *a, const void *b)
{
	const uint64_t *one = a, *other = b;

	return (*one > *other) - (*one < *other);
}

/* The median: the clock goes on while the machine waits for its disk. */
static void measure(const char *name, void (*action)(int round))
{
	static uint64_t counts[FILES];
	uint64_t start;
	int round;

	sync();
	for (round = 0; round < FILES; round++) {
		start = __rdtsc();
		action(round);
		counts[round] = __rdtsc() - start;
	}
	qsort(counts, FILES, sizeof(counts[0]), compare);
	printf("instructions %s %llu\n", name,
	       (unsigned long long)counts[FILES / 2]);
	fflush(stdout);
}

/* Whether a task works for this program: itself, and the journal's thread. */
static bool is_ours(const char *pid)
{
	char path[300], name[16] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	fd = open(path, O_RDONLY);
	if (fd >= 0 && read(fd, name, sizeof(name) - 1) < 0)
		name[0] = '\0';
	close(fd);
	return atoi(pid) == 1 || !strncmp(name, "jbd2", 4);
}

/*
 * What has run so far, in nanoseconds: one for each instruction. Waiting does
 * not count; what comes by when the clock jumps to the end of a wait does, if
 * all tasks do.
 */
static uint64_t busy(bool all)
{
	struct rusage children;
	struct timespec time;
	struct dirent *entry;
	uint64_t sum;
	DIR *tasks;

	getrusage(RUSAGE_CHILDREN, &children);
	sum = (children.ru_utime.tv_sec + children.ru_stime.tv_sec) * 1000000000ULL +
	      (children.ru_utime.tv_usec + children.ru_stime.tv_usec) * 1000ULL;
	tasks = opendir("/proc");
	check(!tasks, "/proc");
	while ((entry = readdir(tasks))) {
		/* As clock_getcpuclockid(3) makes it of the pid, which it wants to be the caller's. */
		if (isdigit(entry->d_name[0]) && (all || is_ours(entry->d_name)) &&
		    !clock_gettime((~(clockid_t)atoi(entry->d_name) << 3) | 2, &time))
			sum += time.tv_sec * 1000000000ULL + time.tv_nsec;
	}
	closedir(tasks);
	return sum;
}

static void print_median(const char *name, uint64_t counts[TURNS])
{
	qsort(counts, TURNS, sizeof(counts[0]), compare);
	printf("instructions %s %llu\n", name,
	       (unsigned long long)counts[TURNS / 2]);
	fflush(stdout);
}

/* Many operations that wait for the disk; the count is for one. */
static void measure_syncs(const char *name, void (*action)(int turn))
{
	uint64_t counts[TURNS], start;
	int turn;

	sync();
	for (turn = 0; turn < TURNS; turn++) {
		start = busy(false);
		action(turn);
		counts[turn] = (busy(false) - start) / SYNCS;
	}
	print_median(name, counts);
}

/* All that a program does and causes, until the disk has it. */
static void measure_program(const char *name, void (*action)(int turn))
{
	uint64_t counts[TURNS], start;
	int turn;

	sync();
	for (turn = 0; turn < TURNS; turn++) {
		start = busy(true);
		action(turn);
		sync();
		counts[turn] = busy(true) - start;
	}
	print_median(name, counts);
}

/* Which waits until the content is on the disk. */
static void first_stamp(int turn)
{
	int file;

	for (file = 0; file < SYNCS; file++)
		numbered("old", turn * SYNCS + file, O_WRONLY);
}

/* A mail spool: each message is on the disk before the next comes. */
static void append_and_sync(int turn)
{
	int message, fd;

	for (message = 0; message < SYNCS; message++) {
		fd = open("/disk/spool", O_WRONLY | O_CREAT | O_APPEND, 0644);
		check(fd < 0, "/disk/spool");
		check(write(fd, content, sizeof(content)) < 0, "write");
		check(fsync(fd), "fsync");
		check(close(fd), "close");
	}
}

/* A database: pages in place, each synced, and the file stays open. */
static void write_and_sync(int turn)
{
	int page, fd = open("/disk/database", O_WRONLY | O_CREAT, 0644);

	check(fd < 0, "/disk/database");
	for (page = 0; page < SYNCS; page++) {
		check(pwrite(fd, content, sizeof(content), page * 4096L) < 0, "write");
		check(fdatasync(fd), "fdatasync");
	}
	check(close(fd), "close");
}

/* An editor: a new file that is on the disk before it takes the old one's place. */
static void replace_and_sync(int turn)
{
	int round, fd;

	for (round = 0; round < SYNCS; round++) {
		fd = open("/disk/text.new", O_WRONLY | O_CREAT | O_EXCL, 0644);
		check(fd < 0, "/disk/text.new");
		check(write(fd, content, sizeof(content)) < 0, "write");
		check(fsync(fd), "fsync");
		check(close(fd), "close");
		check(rename("/disk/text.new", "/disk/text"), "rename");
	}
}

static void run(char *const arguments[])
{
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		execv(arguments[0], arguments);
		_exit(127);
	}
	check(waitpid(pid, &status, 0) != pid || status, arguments[0]);
}

static void untar(int turn)
{
	char directory[32];
	char *arguments[] = { "/bin/tar", "-xf", "/tree.tar", "-C", directory, NULL };

	snprintf(directory, sizeof(directory), "/disk/untar.%d", turn);
	check(mkdir(directory, 0755), directory);
	run(arguments);
}

static void git_checkout(int turn)
{
	char tree[48];
	char *arguments[] = { "/bin/git", "--git-dir=/tree.git", tree, "checkout", "--quiet", "--force", "main", NULL };

	snprintf(tree, sizeof(tree), "--work-tree=/disk/checkout.%d", turn);
	check(mkdir(strchr(tree, '=') + 1, 0755), tree);
	check(chdir(strchr(tree, '=') + 1), tree);
	run(arguments);
}

int main(void)
{
	mkdir("/dev", 0755);
	mkdir("/proc", 0755);
	mkdir("/disk", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	check(mount("/dev/vda", "/disk", "ext4", 0, NULL), "mount /dev/vda");
	printf("\n");
	measure("open-read-close", open_read_close);
	measure("open-write-close", rewrite);
	measure_syncs("first-stamp", first_stamp);
	measure("create-write-close", create_write_close);
	measure("mkdir", make_directory);
	measure("extract", extract);
	measure("check-out", check_out);
	measure("replace", replace);
	measure("touch", touch);
	measure_syncs("append-fsync-close", append_and_sync);
	measure_syncs("pwrite-fdatasync", write_and_sync);
	measure_syncs("create-fsync-rename", replace_and_sync);
	measure_program("untar", untar);
	measure_program("git-checkout", git_checkout);
	measure("replace-anothers", replace_anothers);
	printf("instructions end\n");
	fflush(stdout);
	reboot(RB_POWER_OFF);
}
