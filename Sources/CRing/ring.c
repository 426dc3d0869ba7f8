/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "CRing.h"

#include <errno.h>
#include <liburing.h>
#include <linux/fuse.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

/* Of linux/fuse.h since Linux 6.14; Debian 12's headers are older. */
enum ring_command {
	RING_REGISTER = 1,
	RING_COMMIT_AND_FETCH = 2,
};

struct entry_header {
	uint64_t flags;
	uint64_t commit_id;
	uint32_t payload_size;
	uint32_t padding;
	uint64_t reserved;
};

struct request_header {
	uint8_t in_out[PROV_RING_HEADER_SIZE];
	uint8_t operation[PROV_RING_OPERATION_SIZE];
	struct entry_header entry;
};

/* In the second half of a submission queue entry of 128 bytes. */
struct command_arguments {
	uint64_t flags;
	uint64_t commit_id;
	uint16_t queue;
	uint8_t padding[6];
};

struct prov_ring {
	struct io_uring ring;
};

struct prov_ring_entry {
	int device;
	uint16_t queue;
	/* Followed by room to put a request together, right before the payload. */
	struct request_header *headers;
	uint8_t *payload;
	size_t payload_size;
	/* Where both are, as the kernel wants to be told. */
	struct iovec buffers[2];
};

_Static_assert(sizeof(struct request_header) + sizeof(struct fuse_in_header) +
	       PROV_RING_OPERATION_SIZE <= 4096, "headers and a request's own fit in a page");

int prov_ring_create(struct prov_ring **created, unsigned int entries)
{
	/*
	 * Completions run only while the thread waits for them: no system call of a handler is
	 * interrupted.
	 */
	const unsigned int flags = IORING_SETUP_SQE128 | IORING_SETUP_SINGLE_ISSUER |
				   IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_R_DISABLED;
	struct prov_ring *ring = calloc(1, sizeof(*ring));
	int error;

	if (!ring)
		return -ENOMEM;
	error = io_uring_queue_init(entries, &ring->ring, flags);
	if (error < 0) {
		free(ring);
		return error;
	}
	*created = ring;
	return 0;
}

int prov_ring_enable(struct prov_ring *ring)
{
	int error = io_uring_enable_rings(&ring->ring);

	if (error < 0)
		return error;
	/* Saves looking the descriptor up in each call; where the kernel cannot, nothing is lost. */
	io_uring_register_ring_fd(&ring->ring);
	return 0;
}

void prov_ring_destroy(struct prov_ring *ring)
{
	io_uring_submit(&ring->ring);
	io_uring_queue_exit(&ring->ring);
	free(ring);
}

struct prov_ring_entry *prov_ring_entries(int device, uint16_t queue, unsigned int count,
					  size_t payload_size)
{
	const size_t headroom = (size_t)sysconf(_SC_PAGESIZE);
	const size_t each = headroom + payload_size;
	struct prov_ring_entry *entries = calloc(count, sizeof(*entries));
	uint8_t *memory;

	if (!entries)
		return NULL;
	memory = mmap(NULL, count * each, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED) {
		free(entries);
		return NULL;
	}
	for (unsigned int i = 0; i < count; i++) {
		struct prov_ring_entry *entry = &entries[i];

		entry->device = device;
		entry->queue = queue;
		entry->headers = (struct request_header *)(memory + i * each);
		entry->payload = memory + i * each + headroom;
		entry->payload_size = payload_size;
		entry->buffers[0] = (struct iovec){ entry->headers, sizeof(*entry->headers) };
		entry->buffers[1] = (struct iovec){ entry->payload, payload_size };
	}
	return entries;
}

struct prov_ring_entry *prov_ring_entry_at(struct prov_ring_entry *entries, unsigned int index)
{
	return &entries[index];
}

/* A ring has room for each entry that it can be given, so there is always a submission left. */
static struct command_arguments *prepare(struct prov_ring *ring, enum ring_command command,
					 struct prov_ring_entry *entry, int device,
					 const struct iovec *buffers)
{
	struct io_uring_sqe *submission = io_uring_get_sqe(&ring->ring);

	/* Twice the size that liburing clears. */
	memset(submission, 0, 2 * sizeof(*submission));
	io_uring_prep_rw(IORING_OP_URING_CMD, submission, device, buffers, buffers ? 2 : 0, 0);
	submission->cmd_op = command;
	io_uring_sqe_set_data(submission, entry);
	return (struct command_arguments *)submission->cmd;
}

/* Takes a completion, if there is one. */
static int complete(struct prov_ring *ring, struct prov_ring_entry **entry, int *result)
{
	struct io_uring_cqe *completion;

	if (io_uring_peek_cqe(&ring->ring, &completion) != 0)
		return 0;
	*entry = io_uring_cqe_get_data(completion);
	*result = completion->res;
	io_uring_cqe_seen(&ring->ring, completion);
	return 1;
}

int prov_ring_register(struct prov_ring *ring, struct prov_ring_entry *entry)
{
	struct io_uring_cqe *completion;
	int result;

	prepare(ring, RING_REGISTER, entry, entry->device, entry->buffers)->queue = entry->queue;
	result = io_uring_submit(&ring->ring);
	if (result < 0)
		return result;
	/*
	 * A command that is refused completes at once; one that is taken, with the first request. That
	 * may be there already, and is left for who waits for it.
	 */
	if (io_uring_peek_cqe(&ring->ring, &completion) == 0 && completion->res < 0)
		return completion->res;
	return 0;
}

void prov_ring_refuse(struct prov_ring *ring, int device)
{
	/* There is no such queue. */
	prepare(ring, RING_REGISTER, NULL, device, NULL)->queue = UINT16_MAX;
	io_uring_submit(&ring->ring);
}

void prov_ring_commit(struct prov_ring *ring, struct prov_ring_entry *entry)
{
	struct command_arguments *arguments =
		prepare(ring, RING_COMMIT_AND_FETCH, entry, entry->device, NULL);

	arguments->commit_id = entry->headers->entry.commit_id;
	arguments->queue = entry->queue;
}

int prov_ring_wait(struct prov_ring *ring, struct prov_ring_entry **entry)
{
	int result;

	if (io_uring_sq_ready(&ring->ring) == 0 && complete(ring, entry, &result))
		return result;
	for (;;) {
		int submitted = io_uring_submit_and_wait(&ring->ring, 1);

		if (submitted < 0 && submitted != -EAGAIN && submitted != -EBUSY)
			return submitted;
		if (complete(ring, entry, &result))
			return result;
		/* Interrupted, after the reply had been taken. */
		if (submitted > 0)
			return -EINTR;
	}
}

void *prov_ring_request(struct prov_ring_entry *entry, size_t *size, size_t *payload)
{
	const struct request_header *headers = entry->headers;
	struct fuse_in_header header;
	size_t operation;
	uint8_t *start;

	memcpy(&header, headers->in_out, sizeof(header));
	*payload = headers->entry.payload_size;
	*size = header.len;
	if (*payload > entry->payload_size || *size < sizeof(header) + *payload)
		return NULL;
	operation = *size - sizeof(header) - *payload;
	if (operation > PROV_RING_OPERATION_SIZE)
		return NULL;
	start = entry->payload - operation - sizeof(header);
	memcpy(start, &header, sizeof(header));
	memcpy(start + sizeof(header), headers->operation, operation);
	return start;
}

void *prov_ring_payload(struct prov_ring_entry *entry)
{
	return entry->payload;
}

void prov_ring_answer(struct prov_ring_entry *entry, uint64_t unique, int error, size_t size)
{
	const struct fuse_out_header header = {
		.len = (uint32_t)(sizeof(header) + size),
		.error = error,
		.unique = unique,
	};

	memcpy(entry->headers->in_out, &header, sizeof(header));
	entry->headers->entry.payload_size = (uint32_t)size;
}
