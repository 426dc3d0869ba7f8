/* SPDX-License-Identifier: GPL-2.0-only */
/* The least of io_uring that a test needs: one request at a time. */
#ifndef URING_H
#define URING_H

#include <linux/io_uring.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct uring {
	int fd;
	unsigned int flags;
	uint32_t *sq_tail, *sq_flags, *sq_array, sq_mask;
	uint32_t *cq_head, *cq_tail, cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
};

static inline int uring_open(struct uring *ring, unsigned int flags)
{
	struct io_uring_params params = { .flags = flags, .sq_thread_idle = 1000 };
	size_t size;
	char *map;

	ring->fd = syscall(__NR_io_uring_setup, 8, &params);
	if (ring->fd < 0)
		return -1;
	ring->flags = flags;
	size = params.sq_off.array + params.sq_entries * sizeof(uint32_t);
	if (size < params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe))
		size = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
		   ring->fd, IORING_OFF_SQ_RING);
	ring->sqes = mmap(NULL, params.sq_entries * sizeof(*ring->sqes),
			  PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
			  ring->fd, IORING_OFF_SQES);
	if (map == MAP_FAILED || ring->sqes == MAP_FAILED)
		return -1;
	ring->sq_tail = (uint32_t *)(map + params.sq_off.tail);
	ring->sq_flags = (uint32_t *)(map + params.sq_off.flags);
	ring->sq_array = (uint32_t *)(map + params.sq_off.array);
	ring->sq_mask = *(uint32_t *)(map + params.sq_off.ring_mask);
	ring->cq_head = (uint32_t *)(map + params.cq_off.head);
	ring->cq_tail = (uint32_t *)(map + params.cq_off.tail);
	ring->cq_mask = *(uint32_t *)(map + params.cq_off.ring_mask);
	ring->cqes = (struct io_uring_cqe *)(map + params.cq_off.cqes);
	return 0;
}

/* Submits one request and waits for it; its result. */
static inline int uring_run(struct uring *ring, const struct io_uring_sqe *request)
{
	uint32_t tail = *ring->sq_tail, head = *ring->cq_head;
	unsigned int enter = IORING_ENTER_GETEVENTS;
	int result;

	ring->sqes[tail & ring->sq_mask] = *request;
	ring->sq_array[tail & ring->sq_mask] = tail & ring->sq_mask;
	__atomic_store_n(ring->sq_tail, tail + 1, __ATOMIC_RELEASE);
	if (ring->flags & IORING_SETUP_SQPOLL)
		enter |= IORING_ENTER_SQ_WAKEUP;
	while (__atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE) == head) {
		if (syscall(__NR_io_uring_enter, ring->fd, 1, 1, enter, NULL, 0) < 0)
			return -1000;
	}
	result = ring->cqes[head & ring->cq_mask].res;
	__atomic_store_n(ring->cq_head, head + 1, __ATOMIC_RELEASE);
	return result;
}

#endif /* URING_H */
