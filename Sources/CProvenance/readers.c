/* SPDX-License-Identifier: Apache-2.0 */
#include "provenance_readers.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

static int control(int readers, int operation, int fd)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT };

	return epoll_ctl(readers, operation, fd, &event) < 0 ? -errno : 0;
}

int prov_readers_open(int fd)
{
	int flags = fcntl(fd, F_GETFL), readers, error;

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	readers = epoll_create1(EPOLL_CLOEXEC);
	if (readers < 0)
		return -errno;
	error = control(readers, EPOLL_CTL_ADD, fd);
	if (error) {
		close(readers);
		return error;
	}
	return readers;
}

int prov_readers_wait(int readers)
{
	struct epoll_event event;

	return epoll_wait(readers, &event, 1, -1) < 0 ? -errno : 0;
}

int prov_readers_next(int readers, int fd)
{
	return control(readers, EPOLL_CTL_MOD, fd);
}
