/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded into a process, this counts what it allocates, in a file that others can map: the one that
 * PROVFS_TEST_ALLOCATIONS names, as large as struct counts. See allocations.py, which reads it.
 *
 * What libfuse's own code allocates is counted apart. Memory that is mapped is not counted.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FRAMES 24
#define TRACES 256

struct counts {
	_Atomic uint64_t own;
	_Atomic uint64_t library;
	_Atomic uint64_t freed;
	/* How many of the process's own are to be traced from now on; the reader sets it. */
	_Atomic int64_t wanted;
	_Atomic uint64_t traced;
	/* Return addresses, the innermost first, up to a zero. */
	uint64_t traces[TRACES][FRAMES];
};

/* glibc's own, under the names that it keeps for those who replace the others. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

static struct counts *counts;
static uintptr_t library_start, library_end;
static _Thread_local int is_tracing;

static int find_library(struct dl_phdr_info *object, size_t size, void *unused)
{
	(void)size;
	(void)unused;
	if (!strstr(object->dlpi_name, "/libfuse3.so"))
		return 0;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &object->dlpi_phdr[i];

		if (part->p_type != PT_LOAD || !(part->p_flags & PF_X))
			continue;
		library_start = object->dlpi_addr + part->p_vaddr;
		library_end = library_start + part->p_memsz;
	}
	return 1;
}

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("PROVFS_TEST_ALLOCATIONS");
	void *shared, *frames[1];
	int file;

	/* Its first call loads what it needs. */
	backtrace(frames, 1);
	dl_iterate_phdr(find_library, NULL);
	file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	if (file < 0)
		return;
	shared = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	close(file);
	if (shared != MAP_FAILED)
		counts = shared;
}

static void trace(void)
{
	void *frames[FRAMES] = { 0 };
	uint64_t index;

	if (is_tracing || atomic_load(&counts->wanted) <= 0 ||
	    atomic_fetch_sub(&counts->wanted, 1) <= 0)
		return;
	is_tracing = 1;
	backtrace(frames, FRAMES);
	is_tracing = 0;
	index = atomic_fetch_add(&counts->traced, 1);
	for (int i = 0; i < FRAMES && index < TRACES; i++)
		counts->traces[index][i] = (uintptr_t)frames[i];
}

static void count(const void *memory, const void *caller)
{
	uintptr_t address = (uintptr_t)caller;

	if (!memory || !counts)
		return;
	if (address >= library_start && address < library_end) {
		atomic_fetch_add(&counts->library, 1);
	} else {
		atomic_fetch_add(&counts->own, 1);
		trace();
	}
}

void *malloc(size_t size)
{
	void *memory = __libc_malloc(size);

	count(memory, __builtin_return_address(0));
	return memory;
}

void *calloc(size_t number, size_t size)
{
	void *memory = __libc_calloc(number, size);

	count(memory, __builtin_return_address(0));
	return memory;
}

void *memalign(size_t alignment, size_t size)
{
	void *memory = __libc_memalign(alignment, size);

	count(memory, __builtin_return_address(0));
	return memory;
}

void *aligned_alloc(size_t alignment, size_t size)
{
	void *memory = __libc_memalign(alignment, size);

	count(memory, __builtin_return_address(0));
	return memory;
}

int posix_memalign(void **result, size_t alignment, size_t size)
{
	void *memory = __libc_memalign(alignment, size);

	count(memory, __builtin_return_address(0));
	if (!memory)
		return ENOMEM;
	*result = memory;
	return 0;
}

void free(void *memory)
{
	if (memory && counts)
		atomic_fetch_add(&counts->freed, 1);
	__libc_free(memory);
}

/* An allocation, and where there was something before, its end. */
void *realloc(void *old, size_t size)
{
	void *memory = __libc_realloc(old, size);

	count(memory, __builtin_return_address(0));
	if (old && counts && (memory || size == 0))
		atomic_fetch_add(&counts->freed, 1);
	return memory;
}
