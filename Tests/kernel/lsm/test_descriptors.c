// SPDX-License-Identifier: GPL-2.0-only
/* Descriptors that are inherited, passed on, shared, and several of one file. */

#include "stamp_test.h"

#include <sys/socket.h>
#include <sys/uio.h>

TEST_F(file, the_writer_is_named_not_the_one_who_closes)
{
	struct writer agent;
	pid_t pid;
	int fd;

	fd = open(self->path, O_CREAT | O_RDWR | O_CLOEXEC, 0644);
	ASSERT_LE(0, fd);
	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(write(fd, "inherited", 9) != 9);
	ASSERT_EQ(0, exit_status(pid));
	ASSERT_EQ(0, close(fd));
	EXPECT_STAMP(self->path, &agent, 0);
}

static int send_descriptor(int socket, int fd)
{
	char byte = 0, space[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec part = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = space, .msg_controllen = sizeof(space),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(int));
	return sendmsg(socket, &message, 0) == 1 ? 0 : -1;
}

static int receive_descriptor(int socket)
{
	char byte, space[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec part = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = space, .msg_controllen = sizeof(space),
	};
	int fd = -1;

	if (recvmsg(socket, &message, 0) == 1 && CMSG_FIRSTHDR(&message))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
	return fd;
}

TEST_F(file, a_descriptor_passed_over_a_socket_names_who_writes)
{
	struct writer opener, receiver;
	int sockets[2];
	pid_t one, two;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	ASSERT_EQ(0, write_file(self->path, O_CREAT | O_WRONLY, "content"));
	one = fork_in_session(&opener);
	ASSERT_LE(0, one);
	if (!one)
		_exit(send_descriptor(sockets[0], open(self->path, O_WRONLY)));
	ASSERT_EQ(0, exit_status(one));
	two = fork_in_session(&receiver);
	ASSERT_LE(0, two);
	if (!two)
		_exit(write(receive_descriptor(sockets[1]), "passed", 6) != 6);
	ASSERT_EQ(0, exit_status(two));
	EXPECT_STAMP(self->path, &receiver, 0);
}

TEST_F(file, a_second_writer_settles_the_first_one)
{
	struct prov_stamp stamp, log[PROV_LOG_MAX];
	struct writer first, second;
	pid_t one, two;
	int fd;

	fd = open(self->path, O_CREAT | O_RDWR | O_CLOEXEC, 0644);
	ASSERT_LE(0, fd);
	one = fork_in_session(&first);
	ASSERT_LE(0, one);
	if (!one)
		_exit(write(fd, "first", 5) != 5);
	ASSERT_EQ(0, exit_status(one));
	two = fork_in_session(&second);
	ASSERT_LE(0, two);
	if (!two)
		_exit(write(fd, "second", 6) != 6);
	ASSERT_EQ(0, exit_status(two));

	ASSERT_TRUE(get_stamp(self->path, &stamp));
	EXPECT_TRUE(is_by(&stamp, &first)) print_stamp(self->path);
	EXPECT_EQ(PROV_FLAG_OPEN, le16toh(stamp.flags));
	ASSERT_EQ(0, close(fd));
	EXPECT_STAMP(self->path, &second, 0);
	ASSERT_EQ(2, get_log(self->path, log));
	EXPECT_TRUE(is_by(&log[0], &first));
	EXPECT_EQ(0, le16toh(log[0].flags));
	EXPECT_TRUE(is_by(&log[1], &self->me));
}

TEST_F(file, the_last_of_several_descriptors_makes_the_final_stamp)
{
	int one, two;

	one = open(self->path, O_CREAT | O_WRONLY, 0644);
	two = open(self->path, O_WRONLY);
	ASSERT_LE(0, one);
	ASSERT_LE(0, two);
	usleep(20000);
	ASSERT_EQ(3, write(one, "one", 3));
	ASSERT_EQ(4, write(two, "five", 4));
	ASSERT_EQ(0, close(one));
	EXPECT_STAMP(self->path, &self->me, PROV_FLAG_CREATED | PROV_FLAG_OPEN);
	ASSERT_EQ(4, write(two, "four", 4));
	ASSERT_EQ(0, close(two));
	EXPECT_STAMP(self->path, &self->me, PROV_FLAG_CREATED);
}

TEST_F(file, each_of_two_descriptors_stamps_its_own_writer)
{
	struct prov_stamp stamp, log[PROV_LOG_MAX];
	struct writer agent;
	int fd, written[2], go[2];
	pid_t pid;
	char byte;

	ASSERT_EQ(0, pipe(written));
	ASSERT_EQ(0, pipe(go));
	fd = open(self->path, O_CREAT | O_WRONLY, 0644);
	ASSERT_LE(0, fd);
	usleep(20000);
	ASSERT_EQ(4, write(fd, "mine", 4));
	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid) {
		int own = open(self->path, O_WRONLY);

		close(fd);
		close(go[1]);
		if (write(own, "its", 3) != 3 || write(written[1], "", 1) != 1)
			_exit(1);
		/* Closes after its parent. */
		_exit(read(go[0], &byte, 1) != 0);
	}
	close(go[0]);
	ASSERT_EQ(1, read(written[0], &byte, 1));
	ASSERT_TRUE(get_stamp(self->path, &stamp));
	EXPECT_TRUE(is_by(&stamp, &self->me)) print_stamp(self->path);
	ASSERT_EQ(0, close(fd));
	EXPECT_STAMP(self->path, &agent, PROV_FLAG_OPEN);
	close(go[1]);
	ASSERT_EQ(0, exit_status(pid));
	EXPECT_STAMP(self->path, &agent, 0);
	ASSERT_EQ(1, get_log(self->path, log));
	EXPECT_TRUE(is_by(&log[0], &self->me));
}

TEST_F(file, the_log_keeps_fifteen_earlier_writers)
{
	struct prov_stamp log[PROV_LOG_MAX];
	struct writer agents[PROV_LOG_MAX + 3];
	int i, last = PROV_LOG_MAX + 2;
	pid_t pid;

	for (i = 0; i <= last; i++) {
		pid = fork_in_session(&agents[i]);
		ASSERT_LE(0, pid);
		if (!pid)
			_exit(write_file(self->path, O_CREAT | O_WRONLY, "x"));
		ASSERT_EQ(0, exit_status(pid));
	}
	EXPECT_STAMP(self->path, &agents[last], 0);
	ASSERT_EQ(PROV_LOG_MAX, get_log(self->path, log));
	for (i = 0; i < PROV_LOG_MAX; i++)
		EXPECT_TRUE(is_by(&log[i], &agents[last - 1 - i]));
}

TEST_HARNESS_MAIN
