/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "ring.h"

#include <errno.h>
#include <linux/bpf.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

/* The kernel maps the data twice in a row: a record that wraps is read as one. */
int prov_ring_open(struct prov_ring *ring, int map, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *start;

	ring->size = size;
	ring->consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
	if (ring->consumer == MAP_FAILED)
		return -errno;
	start = mmap(NULL, page + 2 * size, PROT_READ, MAP_SHARED, map, (off_t)page);
	if (start == MAP_FAILED) {
		int error = -errno;

		munmap((void *)ring->consumer, page);
		return error;
	}
	ring->producer = (const volatile unsigned long *)start;
	ring->data = start + page;
	return 0;
}

void prov_ring_close(struct prov_ring *ring)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (!ring->data)
		return;
	munmap((void *)ring->consumer, page);
	munmap((void *)ring->producer, page + 2 * ring->size);
}

/* A record is reserved for as long as a program copies into it, which no sleep interrupts. */
static uint32_t wait_for_record(const uint32_t *header)
{
	uint32_t length;

	while ((length = __atomic_load_n(header, __ATOMIC_ACQUIRE)) & BPF_RINGBUF_BUSY_BIT)
		sched_yield();
	return length;
}

int prov_ring_receive(struct prov_ring *ring, prov_bpf_receiver receiver, void *context)
{
	unsigned long end = __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE);
	unsigned long position = *ring->consumer;
	int received = 0;

	while (position < end) {
		const uint32_t *header = (const void *)(ring->data + (position & (ring->size - 1)));
		uint32_t length = wait_for_record(header);
		uint32_t bytes = length & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);

		if (!(length & BPF_RINGBUF_DISCARD_BIT) && bytes == sizeof(struct change)) {
			receiver(context, (const struct change *)(header + 2));
			received++;
		}
		position += (bytes + BPF_RINGBUF_HDR_SZ + 7) & ~7UL;
		__atomic_store_n(ring->consumer, position, __ATOMIC_RELEASE);
	}
	return received;
}
