/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least that a search for a session's files takes: reads the directories, asks for the
 * stamp of each entry, compares the session, prints the path.
 *
 *   walker THREADS SESSION TREE
 *
 * It neither verifies nor decodes, escapes no names, and gives up at the first error. SESSION
 * is 32 hexadecimal digits. Needs getxattrat(2), of Linux 6.13.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef SYS_getxattrat
#define SYS_getxattrat 464
#endif

enum { STAMP_SIZE = 64, SESSION_OFFSET = 16, SESSION_SIZE = 16, DIRECTORY_BUFFER = 32768, OUTPUT_BUFFER = 65536 };

/* As in linux/xattr.h, which older C libraries lack. */
struct xattr_arguments {
	uint64_t value;
	uint32_t size;
	uint32_t flags;
};

struct entry {
	uint64_t inode;
	int64_t offset;
	uint16_t length;
	uint8_t type;
	char name[];
};

struct output {
	size_t length;
	char bytes[OUTPUT_BUFFER];
};

static unsigned char session[SESSION_SIZE];

/* Directories that are still to be read, last in first out, and how many threads may add some. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static char **waiting;
static size_t waiting_count, waiting_capacity;
static long busy;

static void push(char *path)
{
	pthread_mutex_lock(&lock);
	if (waiting_count == waiting_capacity) {
		waiting_capacity = waiting_capacity ? 2 * waiting_capacity : 1024;
		waiting = realloc(waiting, waiting_capacity * sizeof(*waiting));
		if (!waiting)
			err(2, "realloc");
	}
	waiting[waiting_count++] = path;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
}

/* The next directory, NULL when there will be none; `was_busy`: the caller has read one. */
static char *pop(int was_busy)
{
	char *path = NULL;

	pthread_mutex_lock(&lock);
	busy -= was_busy;
	while (!waiting_count && busy)
		pthread_cond_wait(&changed, &lock);
	if (waiting_count) {
		path = waiting[--waiting_count];
		busy++;
	} else {
		pthread_cond_broadcast(&changed);
	}
	pthread_mutex_unlock(&lock);
	return path;
}

static void flush(struct output *output)
{
	size_t done = 0;

	while (done < output->length) {
		ssize_t written = write(STDOUT_FILENO, output->bytes + done, output->length - done);

		if (written < 0)
			err(2, "write");
		done += written;
	}
	output->length = 0;
}

static void print(struct output *output, const char *directory, const char *name)
{
	size_t needed = strlen(directory) + strlen(name) + 2;

	if (needed > sizeof(output->bytes))
		errx(2, "%s: path too long", name);
	if (output->length + needed > sizeof(output->bytes))
		flush(output);
	output->length += sprintf(output->bytes + output->length, "%s/%s", directory, name);
	output->bytes[output->length++] = '\n';
}

static long get(int directory, const char *name, const char *attribute, void *stamp)
{
	struct xattr_arguments arguments = { .value = (uintptr_t)stamp, .size = STAMP_SIZE };

	return syscall(SYS_getxattrat, directory, name, AT_SYMLINK_NOFOLLOW, attribute,
		       &arguments, sizeof(arguments));
}

static int is_sessions(int directory, const char *name)
{
	unsigned char stamp[STAMP_SIZE];
	long size = get(directory, name, "security.prov", stamp);

	if (size < 0 && errno == ENODATA)
		size = get(directory, name, "user.prov", stamp);
	if (size < 0 && errno != ENODATA && errno != EOPNOTSUPP)
		err(2, "%s", name);
	return size == STAMP_SIZE && !memcmp(stamp + SESSION_OFFSET, session, SESSION_SIZE);
}

static char *join(const char *directory, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", directory, name) < 0)
		err(2, "asprintf");
	return path;
}

static void read_directory(const char *path, char *buffer, struct output *output)
{
	int directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	long count;

	if (directory < 0)
		err(2, "%s", path);
	while ((count = syscall(SYS_getdents64, directory, buffer, DIRECTORY_BUFFER)) > 0) {
		struct entry *entry;

		for (char *at = buffer; at < buffer + count; at += entry->length) {
			entry = (struct entry *)at;
			if (!strcmp(entry->name, ".") || !strcmp(entry->name, ".."))
				continue;
			if (is_sessions(directory, entry->name))
				print(output, path, entry->name);
			if (entry->type == DT_DIR)
				push(join(path, entry->name));
		}
	}
	if (count < 0)
		err(2, "%s", path);
	close(directory);
}

static void *walk(void *unused)
{
	struct output *output = calloc(1, sizeof(*output));
	char *buffer = malloc(DIRECTORY_BUFFER), *path;

	(void)unused;
	if (!output || !buffer)
		err(2, "malloc");
	for (int was_busy = 0; (path = pop(was_busy)); was_busy = 1) {
		read_directory(path, buffer, output);
		free(path);
	}
	flush(output);
	free(buffer);
	free(output);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[64];
	long count = argc == 4 ? strtol(argv[1], NULL, 10) : 0;

	if (count < 1 || count > 64 || strlen(argv[2]) != 2 * SESSION_SIZE)
		errx(2, "usage: walker THREADS SESSION TREE");
	for (int i = 0; i < SESSION_SIZE; i++)
		if (sscanf(argv[2] + 2 * i, "%2hhx", &session[i]) != 1)
			errx(2, "%s: not a session", argv[2]);
	push(strdup(argv[3]));
	for (long i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, walk, NULL))
			errx(2, "pthread_create");
	for (long i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
