/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FUSE over io_uring (Linux 6.14, Documentation/filesystems/fuse-io-uring.rst).
 *
 * An entry is memory for one request and its reply. The kernel fills it with a request and completes it
 * on the ring that has offered it last: the one that has registered it, or has committed a reply with it.
 * A ring belongs to one thread.
 */
#ifndef PROVFS_CRING_H
#define PROVFS_CRING_H

#include <stddef.h>
#include <stdint.h>

/* Bytes that FUSE keeps for its header, and for an operation's own: linux/fuse.h. */
#define PROV_RING_HEADER_SIZE 128
#define PROV_RING_OPERATION_SIZE 128

struct prov_ring;
struct prov_ring_entry;

/*
 * A ring that has room to offer `entries` at once, for a thread that enables it.
 *
 * Returns 0, or -errno: -ENOSYS or -EPERM where this process may not use io_uring.
 */
int prov_ring_create(struct prov_ring **ring, unsigned int entries);

/* The calling thread, and no other, uses the ring from now on. Returns 0 or -errno. */
int prov_ring_enable(struct prov_ring *ring);

/* Sends what was committed. Entries that the kernel holds come back, and what comes to them fails. */
void prov_ring_destroy(struct prov_ring *ring);

/*
 * Memory for `count` entries of one queue of a FUSE connection. `device` is a descriptor of /dev/fuse;
 * `payload_size` is in bytes, a multiple of the page size: the most that an operation takes or gives
 * beside its header. None of it takes real memory before it is used. It cannot be freed: the kernel
 * may write to it as long as there is a ring.
 *
 * Returns an array, or NULL and sets errno.
 */
struct prov_ring_entry *prov_ring_entries(int device, uint16_t queue, unsigned int count,
					  size_t payload_size);

struct prov_ring_entry *prov_ring_entry_at(struct prov_ring_entry *entries, unsigned int index);

/*
 * Offers an entry for the first time. Returns 0, or -errno. After an error the kernel uses no ring for
 * this connection any more.
 */
int prov_ring_register(struct prov_ring *ring, struct prov_ring_entry *entry);

/* Causes that error, while no ring is in use. */
void prov_ring_refuse(struct prov_ring *ring, int device);

/* Sends the reply in `entry` and offers it again, as soon as ring is waited for. */
void prov_ring_commit(struct prov_ring *ring, struct prov_ring_entry *entry);

/*
 * Waits until an entry holds a request. Returns 0; -EINTR for a signal; -ENOTCONN once the connection
 * has ended; or another -errno.
 */
int prov_ring_wait(struct prov_ring *ring, struct prov_ring_entry **entry);

/*
 * The request in `entry`, as it would have been read from /dev/fuse.
 *
 * Returns its first byte, `*size` bytes in all, of which `*payload` are the operation's own data; or
 * NULL where the kernel's message makes no sense.
 */
void *prov_ring_request(struct prov_ring_entry *entry, size_t *size, size_t *payload);

/* Where the reply's data, all but the FUSE header, go. They overwrite the request's own data. */
void *prov_ring_payload(struct prov_ring_entry *entry);

/* Completes the reply to `unique`: `size` bytes of data, or -errno. */
void prov_ring_answer(struct prov_ring_entry *entry, uint64_t unique, int error, size_t size);

#endif
