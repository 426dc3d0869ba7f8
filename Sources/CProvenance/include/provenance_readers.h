/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that take messages from one descriptor, each message read by one of them. */
#ifndef PROVENANCE_READERS_H
#define PROVENANCE_READERS_H

/*
 * Threads that block in read(2) on /dev/fuse are woken in turn: the one that has
 * waited longest, whose caches are coldest. Those that wait here are woken the
 * other way round, the last one first (ep_poll() of fs/eventpoll.c adds exclusive
 * waiters at the head), so that few messages in a row are all read by one thread.
 */

/* Makes reading from `fd` return -EAGAIN instead of blocking. Returns a descriptor, or -errno. */
int prov_readers_open(int fd);

/*
 * Waits until there may be something to read, or the other end is gone. Returns 0,
 * or -errno: -EINTR for a signal. Nobody else is woken until prov_readers_next().
 */
int prov_readers_wait(int readers);

/* To be called after each wait and the read that follows: wakes somebody for what is left. */
int prov_readers_next(int readers, int fd);

#endif
