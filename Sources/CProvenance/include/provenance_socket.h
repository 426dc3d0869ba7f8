/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where provstampd answers: a socket that keeps messages apart. All functions
 * return a descriptor or another value, or -errno.
 */
#ifndef PROVENANCE_SOCKET_H
#define PROVENANCE_SOCKET_H

#include <stddef.h>
#include <sys/types.h>

#define PROV_DAEMON_SOCKET "/run/provstampd/socket"

/* What is asked: one byte. The answer is an error number or 0 in one byte, and then what is told. */
enum prov_daemon_request {
	PROV_DAEMON_BARRIER = 'b',	/* every change that has been made is stamped */
	PROV_DAEMON_ENTER = 'e',	/* a fresh session for the asker, in his own: id and root */
	PROV_DAEMON_SESSION = 's',	/* the asker's session: id and root */
};

/* Listens there; anybody may connect. What a predecessor left is taken away. */
int prov_daemon_listen(const char *path);

/* The next who connects; -EAGAIN where there is none. Reading from it does not wait. */
int prov_daemon_accept(int listener);

/* A pidfd of the process that connected, and has not ended since */
int prov_daemon_peer(int connection);

/*
 * Asks the daemon that answers at `path`, which root must own, and waits for at most
 * `milliseconds`. Returns the size of the answer.
 */
ssize_t prov_daemon_ask(const char *path, unsigned char request, void *answer, size_t size,
			int milliseconds);

/* Tells systemd, if it wants to know: sd_notify(3). */
int prov_notify(const char *state);

#endif
