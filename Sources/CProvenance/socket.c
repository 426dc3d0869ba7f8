/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "provenance_socket.h"

#include "provenance_process.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* asm-generic/socket.h of Linux 6.5 */
#define PROV_SO_PEERPIDFD 77

static int close_with(int fd, int error)
{
	close(fd);
	return error;
}

static int set_address(struct sockaddr_un *address, const char *path)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	strcpy(address->sun_path, path);
	return 0;
}

int prov_daemon_listen(const char *path)
{
	struct sockaddr_un address;
	int error = set_address(&address, path), fd;

	if (error)
		return error;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (unlink(path) && errno != ENOENT)
		return close_with(fd, -errno);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) || chmod(path, 0666) ||
	    listen(fd, 128))
		return close_with(fd, -errno);
	return fd;
}

int prov_daemon_accept(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

/*
 * Until Linux 6.5 only the number of the process is told, which another one may have
 * by now. As long as nobody has closed the other end, and the owner is the same, it
 * is at least one of the same user.
 */
static int peer_by_number(int connection)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	struct pollfd end = { .fd = connection };
	struct stat process;
	char path[32];
	int pidfd;

	if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size))
		return -errno;
	pidfd = prov_pidfd_open(peer.pid);
	if (pidfd < 0)
		return pidfd;
	snprintf(path, sizeof(path), "/proc/%d", peer.pid);
	if (stat(path, &process))
		return close_with(pidfd, -errno);
	if (process.st_uid != peer.uid || poll(&end, 1, 0) < 0 || end.revents & (POLLHUP | POLLERR))
		return close_with(pidfd, -ESRCH);
	return pidfd;
}

int prov_daemon_peer(int connection)
{
	int pidfd;
	socklen_t size = sizeof(pidfd);

	if (!getsockopt(connection, SOL_SOCKET, PROV_SO_PEERPIDFD, &pidfd, &size))
		return pidfd;
	return errno == ENOPROTOOPT ? peer_by_number(connection) : -errno;
}

static int connect_to_root(const char *path, int milliseconds)
{
	struct sockaddr_un address;
	struct timeval limit = { milliseconds / 1000, milliseconds % 1000 * 1000 };
	struct ucred peer;
	socklen_t size = sizeof(peer);
	int error = set_address(&address, path), fd;

	if (error)
		return error;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size))
		return close_with(fd, -errno);
	return peer.uid ? close_with(fd, -EPERM) : fd;
}

ssize_t prov_daemon_ask(const char *path, unsigned char request, void *answer, size_t size,
			int milliseconds)
{
	int fd = connect_to_root(path, milliseconds);
	ssize_t received;

	if (fd < 0)
		return fd;
	if (send(fd, &request, 1, MSG_NOSIGNAL) != 1)
		return close_with(fd, -errno);
	received = recv(fd, answer, size, 0);
	if (received < 0)
		return close_with(fd, errno == EAGAIN ? -ETIMEDOUT : -errno);
	close(fd);
	return received ? received : -ECONNRESET;
}

int prov_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address;
	socklen_t length;
	int error, fd;

	if (!path || !*path)
		return 0;
	error = set_address(&address, path);
	if (error)
		return error;
	length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	if (*path == '@')
		address.sun_path[0] = 0;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address, length) < 0)
		return close_with(fd, -errno);
	close(fd);
	return 0;
}
