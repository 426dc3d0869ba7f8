// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ways to write that no shell and no Python has: ways WAY FILE writes five bytes to FILE, which is there.
 *
 * Exit status: 0 written; 1 not written, and why; 2 wrong usage.
 */
#include <err.h>
#include <fcntl.h>
#include <liburing.h>
#include <linux/aio_abi.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char text[] = "after";

static int open_file(const char *path)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

static void write_by_ring(const char *path, unsigned int setup, unsigned int flags)
{
	struct io_uring_params parameters = { .flags = setup };
	struct io_uring_cqe *done;
	struct io_uring_sqe *entry;
	struct io_uring ring;
	int fd = open_file(path), status = io_uring_queue_init_params(8, &ring, &parameters);

	if (status)
		errx(1, "io_uring_setup: %s", strerror(-status));
	entry = io_uring_get_sqe(&ring);
	io_uring_prep_write(entry, fd, text, strlen(text), 0);
	io_uring_sqe_set_flags(entry, flags);
	io_uring_submit(&ring);
	status = io_uring_wait_cqe(&ring, &done);
	if (status || done->res != (int)strlen(text))
		errx(1, "io_uring: %d", status ? status : done->res);
	io_uring_queue_exit(&ring);
	close(fd);
}

static void by_ring(const char *path) { write_by_ring(path, 0, 0); }
static void by_ring_worker(const char *path) { write_by_ring(path, 0, IOSQE_ASYNC); }
static void by_ring_poller(const char *path) { write_by_ring(path, IORING_SETUP_SQPOLL, 0); }

static void by_aio(const char *path)
{
	aio_context_t context = 0;
	int fd = open_file(path);
	struct iocb request = { .aio_lio_opcode = IOCB_CMD_PWRITE, .aio_fildes = fd,
				.aio_buf = (unsigned long)text, .aio_nbytes = strlen(text) };
	struct iocb *requests[] = { &request };
	struct io_event event;

	if (syscall(SYS_io_setup, 1, &context) || syscall(SYS_io_submit, context, 1, requests) != 1 ||
	    syscall(SYS_io_getevents, context, 1, 1, &event, NULL) != 1)
		err(1, "aio");
	if (event.res != (long long)strlen(text))
		errx(1, "aio: %lld", (long long)event.res);
	close(fd);
}

static const struct {
	const char *name;
	void (*write)(const char *path);
} ways[] = {
	{ "io_uring", by_ring },
	{ "io_uring-worker", by_ring_worker },
	{ "io_uring-poller", by_ring_poller },
	{ "aio", by_aio },
};

int main(int count, char **arguments)
{
	for (size_t i = 0; count == 3 && i < sizeof(ways) / sizeof(*ways); i++) {
		if (strcmp(arguments[1], ways[i].name))
			continue;
		ways[i].write(arguments[2]);
		return 0;
	}
	errx(2, "usage: ways io_uring|io_uring-worker|io_uring-poller|aio FILE");
}
