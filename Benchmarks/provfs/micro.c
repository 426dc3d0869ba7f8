/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times one metadata operation on many small files, by one or more processes,
 * each in a directory of its own.
 *
 *   micro prepare|create|read|stat|rename|unlink DIRECTORY FILES PROCESSES
 *
 * Prints the nanoseconds from the moment when all processes are ready until the
 * last has finished. "prepare" makes the files that the others work on.
 */
#define _GNU_SOURCE
#include <err.h>
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

static void create(int file)
{
	char path[64];

	path_of(path, sizeof(path), "", file);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);

	if (fd < 0 || write(fd, content, CONTENT) != CONTENT || close(fd))
		err(2, "create %s", path);
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

static void rename_once(int file)
{
	char from[64], to[64];

	path_of(from, sizeof(from), "", file);
	path_of(to, sizeof(to), ".new", file);
	if (rename(from, to))
		err(2, "rename %s", from);
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
	void (*run)(int file);
} operations[] = {
	{ "prepare", create }, { "create", create }, { "read", read_whole },
	{ "stat", get_status }, { "rename", rename_once }, { "unlink", unlink_once },
};

static void enter(const char *directory, int process, int files, int make)
{
	char path[64];

	snprintf(path, sizeof(path), "p%d", process);
	if (chdir(directory))
		err(2, "chdir %s", directory);
	if (make && mkdir(path, 0755))
		err(2, "mkdir %s", path);
	if (chdir(path))
		err(2, "chdir %s", path);
	for (int d = 0; make && d * FILES_PER_DIRECTORY < files; d++) {
		snprintf(path, sizeof(path), "%d", d);
		if (mkdir(path, 0755))
			err(2, "mkdir %s", path);
	}
}

int main(int argc, char **argv)
{
	if (argc != 5)
		errx(2, "usage: micro OPERATION DIRECTORY FILES PROCESSES");
	void (*run)(int) = NULL;

	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++)
		if (!strcmp(operations[i].name, argv[1]))
			run = operations[i].run;
	int files = atoi(argv[3]), processes = atoi(argv[4]);

	if (!run || files <= 0 || processes <= 0)
		errx(2, "unusable arguments");
	int make = run == create, ready[2], go[2];

	if (pipe(ready) || pipe(go))
		err(2, "pipe");
	for (int p = 0; p < processes; p++) {
		pid_t child = fork();

		if (child < 0)
			err(2, "fork");
		if (child)
			continue;
		char byte = 0;

		close(go[1]);
		enter(argv[2], p, files, make);
		if (write(ready[1], &byte, 1) != 1 || read(go[0], &byte, 1) != 0)
			err(2, "pipe");
		for (int file = 0; file < files; file++)
			run(file);
		_exit(0);
	}
	close(ready[1]);
	for (int p = 0; p < processes; p++) {
		char byte;

		if (read(ready[0], &byte, 1) != 1)
			errx(2, "a process failed to start");
	}
	struct timespec start, end;
	int status, failed = 0;

	clock_gettime(CLOCK_MONOTONIC, &start);
	close(go[1]);
	while (wait(&status) > 0)
		failed |= status;
	clock_gettime(CLOCK_MONOTONIC, &end);
	if (failed)
		return 2;
	printf("%lld\n", (end.tv_sec - start.tv_sec) * 1000000000LL + end.tv_nsec - start.tv_nsec);
	return 0;
}
