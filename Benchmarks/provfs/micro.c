/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times one operation on many small files, by one or more processes, each in a
 * directory of its own.
 *
 *   micro OPERATION DIRECTORY FILES PROCESSES
 *
 * What an operation needs to be done before, `ready` below, is done first, by the
 * same processes. Then it prints "ready" and waits for a line. It answers with two
 * numbers: the nanoseconds from there until the last process has finished, and
 * the processor time of all of them in between, in nanoseconds.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FILES_PER_DIRECTORY = 100, CONTENT = 512 };

static char content[CONTENT];

static void path_of(char *path, size_t size, const char *suffix, int file)
{
	if (snprintf(path, size, "%d/f%d%s", file / FILES_PER_DIRECTORY, file, suffix) >= (int)size)
		errx(2, "path too long");
}

static void make_directory(int file)
{
	char path[64];

	if (file % FILES_PER_DIRECTORY)
		return;
	snprintf(path, sizeof(path), "%d", file / FILES_PER_DIRECTORY);
	if (mkdir(path, 0755))
		err(2, "mkdir %s", path);
}

static void put(int file, int flags)
{
	char path[64];

	path_of(path, sizeof(path), "", file);
	int fd = open(path, O_WRONLY | flags, 0644);

	if (fd < 0 || write(fd, content, CONTENT) != CONTENT || close(fd))
		err(2, "write %s", path);
}

static void create(int file)
{
	put(file, O_CREAT | O_EXCL);
}

static void rewrite(int file)
{
	put(file, 0);
}

static void read_whole(int file)
{
	char path[64], buffer[CONTENT];

	path_of(path, sizeof(path), "", file);
	int fd = open(path, O_RDONLY);

	if (fd < 0 || read(fd, buffer, CONTENT) != CONTENT || close(fd))
		err(2, "read %s", path);
}

static void get_status(int file)
{
	char path[64];
	struct stat status;

	path_of(path, sizeof(path), "", file);
	if (stat(path, &status) || status.st_size != CONTENT)
		err(2, "stat %s", path);
}

static void make_link(int file)
{
	char path[64];

	path_of(path, sizeof(path), ".link", file);
	if (symlink("where/it/leads", path) && errno != EEXIST)
		err(2, "symlink %s", path);
}

static void read_link(int file)
{
	char path[64], target[64];

	path_of(path, sizeof(path), ".link", file);
	if (readlink(path, target, sizeof(target)) != strlen("where/it/leads"))
		err(2, "readlink %s", path);
}

static void ready_link(int file)
{
	make_link(file);
	read_link(file);
}

static void move(int file, const char *old_suffix, const char *new_suffix)
{
	char from[64], to[64];

	path_of(from, sizeof(from), old_suffix, file);
	path_of(to, sizeof(to), new_suffix, file);
	if (rename(from, to))
		err(2, "rename %s", from);
}

static void rename_there(int file)
{
	move(file, "", ".new");
}

static void rename_back(int file)
{
	move(file, ".new", "");
}

static void unlink_once(int file)
{
	char path[64];

	path_of(path, sizeof(path), "", file);
	if (unlink(path))
		err(2, "unlink %s", path);
}

static const struct {
	const char *name;
	void (*ready)(int file);
	void (*run)(int file);
} operations[] = {
	{ "create", make_directory, create },
	{ "read", NULL, read_whole },
	{ "stat", NULL, get_status },
	{ "stat-cached", get_status, get_status },
	{ "stat-after-write", rewrite, get_status },
	{ "readlink", ready_link, read_link },
	{ "rename", NULL, rename_there },
	{ "rename-back", NULL, rename_back },
	{ "unlink", NULL, unlink_once },
};

static void enter(const char *directory, int process)
{
	char path[64];

	if (chdir(directory))
		err(2, "chdir %s", directory);
	snprintf(path, sizeof(path), "p%d", process);
	if (mkdir(path, 0755) && errno != EEXIST)
		err(2, "mkdir %s", path);
	if (chdir(path))
		err(2, "chdir %s", path);
}

static long long nanoseconds(clockid_t clock)
{
	struct timespec now;

	if (clock_gettime(clock, &now))
		err(2, "clock_gettime");
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(int argc, char **argv)
{
	if (argc != 5)
		errx(2, "usage: micro OPERATION DIRECTORY FILES PROCESSES");
	void (*prepare)(int file) = NULL, (*run)(int file) = NULL;

	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++)
		if (!strcmp(operations[i].name, argv[1])) {
			prepare = operations[i].ready;
			run = operations[i].run;
		}
	int files = atoi(argv[3]), processes = atoi(argv[4]);

	if (!run || files <= 0 || processes <= 0)
		errx(2, "unusable arguments");
	int up[2], go[2];

	if (pipe(up) || pipe(go))
		err(2, "pipe");
	for (int p = 0; p < processes; p++) {
		pid_t child = fork();

		if (child < 0)
			err(2, "fork");
		if (child)
			continue;
		long long used = 0;
		char byte;

		close(go[1]);
		enter(argv[2], p);
		for (int file = 0; prepare && file < files; file++)
			prepare(file);
		if (write(up[1], &used, sizeof(used)) != sizeof(used) || read(go[0], &byte, 1) != 0)
			err(2, "pipe");
		long long before = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);

		for (int file = 0; file < files; file++)
			run(file);
		used = nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - before;
		if (write(up[1], &used, sizeof(used)) != sizeof(used))
			err(2, "pipe");
		_exit(0);
	}
	close(up[1]);
	long long used, processor = 0;

	for (int p = 0; p < processes; p++)
		if (read(up[0], &used, sizeof(used)) != sizeof(used))
			errx(2, "a process failed to start");
	if (puts("ready") < 0 || fflush(stdout) || getchar() != '\n')
		errx(2, "nobody waits for the answer");
	long long start = nanoseconds(CLOCK_MONOTONIC);

	close(go[1]);
	for (int p = 0; p < processes; p++) {
		if (read(up[0], &used, sizeof(used)) != sizeof(used))
			errx(2, "a process failed");
		processor += used;
	}
	long long wall = nanoseconds(CLOCK_MONOTONIC) - start;

	while (wait(NULL) > 0)
		;
	printf("%lld %lld\n", wall, processor);
	return 0;
}
