// SPDX-License-Identifier: GPL-2.0-only
/*
 * The instructions that files cost, as the only program of a machine that QEMU
 * emulates with -icount shift=0: there the time stamp counter advances by one
 * with each instruction. /dev/vda is an ext4 with FILES files "old.N" that
 * nobody has stamped. See scripts/count-stamps.
 */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

#define FILES 1000

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

static void first_stamp(int round)
{
	numbered("old", round, O_WRONLY);
}

static void make_directory(int round)
{
	char path[64];

	snprintf(path, sizeof(path), "/disk/in.%d/directory.%d", round / 20,
		 round);
	check(mkdir(path, 0755), path);
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

int main(void)
{
	mkdir("/dev", 0755);
	mkdir("/disk", 0755);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	check(mount("/dev/vda", "/disk", "ext4", 0, NULL), "mount /dev/vda");
	printf("\n");
	measure("open-read-close", open_read_close);
	measure("open-write-close", rewrite);
	measure("first-stamp", first_stamp);
	measure("create-write-close", create_write_close);
	measure("mkdir", make_directory);
	measure("extract", extract);
	measure("check-out", check_out);
	printf("instructions end\n");
	fflush(stdout);
	reboot(RB_POWER_OFF);
}
