/* SPDX-License-Identifier: GPL-2.0-only */
/* A write that has been let through by every hook, and waits for its data. */
#ifndef IN_FLIGHT_H
#define IN_FLIGHT_H

#include "stamp_test.h"

#include <pthread.h>

struct in_flight {
	pthread_t thread;
	int fd, ends[2];
	volatile pid_t id;
};

static inline void *write_what_comes(void *argument)
{
	struct in_flight *flight = argument;

	flight->id = syscall(__NR_gettid);
	return (void *)(splice(flight->ends[0], NULL, flight->fd, NULL, 4096, 0));
}

/* The state letter of a thread of this process. */
static inline char state_of(pid_t id)
{
	char name[64], text[512] = "";
	char *state;
	int fd;

	snprintf(name, sizeof(name), "/proc/self/task/%d/stat", id);
	fd = open(name, O_RDONLY);
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = 0;
	close(fd);
	state = strrchr(text, ')');
	return state ? state[2] : 0;
}

/* splice(2) from an empty pipe to FD, which waits. */
static inline int take_off(struct in_flight *flight, int fd)
{
	int calm;

	flight->fd = fd;
	flight->id = 0;
	if (pipe2(flight->ends, O_CLOEXEC) ||
	    pthread_create(&flight->thread, NULL, write_what_comes, flight))
		return -1;
	for (calm = 0; calm < 5; calm++) {
		usleep(10000);
		if (!flight->id || state_of(flight->id) != 'S')
			calm = 0;
	}
	return 0;
}

/* The data come, and the write is done. */
static inline int land(struct in_flight *flight, const char *text)
{
	ssize_t length = strlen(text);
	void *result;

	if (write(flight->ends[1], text, length) != length ||
	    pthread_join(flight->thread, &result) ||
	    (ssize_t)result != length)
		return -1;
	return close(flight->ends[0]) || close(flight->ends[1]) ? -1 : 0;
}

/* How many times the stamp of PATH or its log name WRITER's session. */
static inline int on_record(const char *path, const struct writer *writer)
{
	struct prov_stamp entries[PROV_LOG_MAX + 1];
	int count = 0, i, logged = get_log(path, entries + 1);

	get_stamp(path, entries);
	for (i = 0; i <= logged; i++)
		count += is_by(&entries[i], writer);
	return count;
}

/* Processes that go on in turn. */
struct turns {
	int ends[2];
};

static inline int begin(struct turns *turns)
{
	return pipe(turns->ends);
}

static inline int let_go(const struct turns *turns)
{
	return write(turns->ends[1], "", 1) == 1 ? 0 : -1;
}

static inline int wait_for(const struct turns *turns)
{
	char byte;

	return read(turns->ends[0], &byte, 1) == 1 ? 0 : -1;
}

#endif /* IN_FLIGHT_H */
