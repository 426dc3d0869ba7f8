// SPDX-License-Identifier: GPL-2.0-only
/*
 * The only program of a machine whose power fails; see power_cuts beside this
 * directory. Looks at what the last failure left of its disks, says what it
 * found, and writes until the power fails again. Speaks to the host through a
 * virtio port, a line at a time:
 *
 *	begin verify DISK	provstamp's own lines, and
 *	end verify STATUS	how it ended
 *	content DISK NAME SIZE ZEROS OTHERS FIRST LAST
 *				of a file: bytes, how many of them are zero,
 *				how many lines are no line of a writer's, and
 *				the sessions of its first and last whole line
 *	check DISK STATUS	of e2fsck -fn or xfs_repair -n, after its own lines
 *	writer DISK SESSION PID
 *	go			the writers begin
 *	durable DISK NAME SESSION
 *				written, closed and synced
 *	trouble TEXT
 */
#include "../stamps.h"

#include <dirent.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/sysmacros.h>

#define LINE	64	/* bytes: session, generation, padding and newline */
#define LINES	300	/* most that a file is written with at once */
#define FILES	12	/* of each kind on each disk */

struct disk {
	const char *name;
	const char *device;
	const char *at;
	const char *options;
	const char *check[4];
};

static const struct disk disks[] = {
	{ "ext4", "/dev/vda", "/ext4", "commit=1", { "/bin/e2fsck", "-fn", "/dev/vda" } },
	{ "xfs", "/dev/vdb", "/xfs", NULL, { "/bin/xfs_repair", "-n", "/dev/vdb" } },
};

static int port;

static void say(const char *format, ...)
{
	char line[512];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(line, sizeof(line) - 1, format, arguments);
	va_end(arguments);
	line[length++] = '\n';
	/* One write a line: the writers share the port. */
	if (write(port, line, length) != length)
		reboot(RB_POWER_OFF);
}

static void require(bool good, const char *what)
{
	if (good)
		return;
	say("trouble %s: %s", what, strerror(errno));
	sync();
	reboot(RB_POWER_OFF);
}

static int run(const char *const command[])
{
	pid_t pid = fork();

	if (!pid) {
		dup2(port, STDOUT_FILENO);
		dup2(port, STDERR_FILENO);
		execv(command[0], (char *const *)command);
		_exit(127);
	}
	return exit_status(pid);
}

static void set(const char *path, const char *value)
{
	require(!write_file(path, O_WRONLY, value), path);
}

static void mount_disk(const struct disk *disk)
{
	mkdir(disk->at, 0755);
	require(!mount(disk->device, disk->at, disk->name, MS_NOATIME, disk->options),
		disk->device);
}

/* A line that a writer wrote whole: 32 digits, a space, 8 digits, dots. */
static bool is_line(const char *line)
{
	return strspn(line, "0123456789abcdef") == 32 && line[32] == ' ' &&
	       strspn(line + 33, "0123456789") == 8 && line[41] == ' ' &&
	       strspn(line + 42, ".") == LINE - 43 && line[LINE - 1] == '\n';
}

static void show_content(const struct disk *disk, const char *name)
{
	static char content[2 * LINE * LINES * 64];
	const char *first = "-", *last = "-";
	char path[300];
	long size, at, zeros = 0, others = 0;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", disk->at, name);
	fd = open(path, O_RDONLY | O_NOATIME);
	require(fd >= 0, path);
	size = read(fd, content, sizeof(content));
	require(size >= 0, path);
	close(fd);
	for (at = 0; at < size; at++)
		zeros += !content[at];
	for (at = 0; at + LINE <= size; at += LINE) {
		if (is_line(content + at)) {
			last = content + at;
			if (*first == '-')
				first = last;
		} else {
			static const char empty[LINE];

			others += memcmp(content + at, empty, LINE) != 0;
		}
	}
	say("content %s %s %ld %ld %ld %.*s %.*s", disk->name, name, size, zeros,
	    others + (size % LINE != 0), *first == '-' ? 1 : 32, first,
	    *last == '-' ? 1 : 32, last);
}

static void look_at(const struct disk *disk)
{
	const char *const verify[] = { "/bin/provstamp", "verify", "--all",
				       "--json", disk->at, NULL };
	struct dirent *entry;
	DIR *directory;

	mount_disk(disk);
	say("begin verify %s", disk->name);
	say("end verify %d", run(verify));
	directory = opendir(disk->at);
	require(directory, disk->at);
	while ((entry = readdir(directory)))
		if (entry->d_type == DT_REG)
			show_content(disk, entry->d_name);
	closedir(directory);
	require(!umount(disk->at), disk->at);
	say("check %s %d", disk->name, run(disk->check));
	mount_disk(disk);
}

struct load {
	const struct disk *disk;
	char session[33];
	unsigned int generation;
};

static int write_lines(int fd, struct load *load, int lines)
{
	static char content[LINE * LINES];
	char line[LINE + 1];
	int i;

	snprintf(line, sizeof(line), "%s %08u ", load->session, ++load->generation);
	memset(line + 42, '.', LINE - 43);
	line[LINE - 1] = '\n';
	for (i = 0; i < lines; i++)
		memcpy(content + i * LINE, line, LINE);
	return write(fd, content, lines * LINE) != lines * LINE;
}

static int change(struct load *load, const char *path, int flags)
{
	int fd = open(path, O_WRONLY | O_CREAT | flags, 0644);

	if (fd < 0)
		return -1;
	if (write_lines(fd, load, 1 + rand() % LINES))
		return -1;
	if (rand() % 8 == 0)
		fsync(fd);
	return close(fd);
}

static int synced(const char *path)
{
	int fd = open(path, O_RDONLY);

	return fd < 0 || fsync(fd) || close(fd);
}

/* What is there is not the disk's: it is lost whole. */
static int lock(const char *name)
{
	char path[120];
	int fd;

	snprintf(path, sizeof(path), "/locks/%s", name);
	fd = open(path, O_CREAT | O_RDWR, 0600);
	require(fd >= 0 && !flock(fd, LOCK_EX), path);
	return fd;
}

/* Two sessions write the same files in turn, in each of the ways that there are. */
static void write_for_ever(struct load *load)
{
	static const char *const kinds[] = { "truncated", "appended", "replaced",
					     "removed", "overwritten", "durable" };
	char path[200], other[220], name[80], key[100];
	int kind, turn, held;
	struct stat status;

	for (turn = 0;; turn++) {
		kind = rand() % 5;
		if (turn % 20 == 19)
			kind = 5;
		if (kind == 5)
			snprintf(name, sizeof(name), "durable.%.8s.%d", load->session, turn);
		else
			snprintf(name, sizeof(name), "%s.%d", kinds[kind], rand() % FILES);
		snprintf(path, sizeof(path), "%s/%s", load->disk->at, name);
		snprintf(key, sizeof(key), "%s.%s", load->disk->name, name);
		held = lock(key);
		switch (kind) {
		case 0:
			require(!change(load, path, O_TRUNC), path);
			break;
		case 1:
			if (!stat(path, &status) && status.st_size > 32 * LINE * LINES)
				truncate(path, 0);
			require(!change(load, path, O_APPEND), path);
			break;
		case 2:
			snprintf(other, sizeof(other), "%s.%.8s", path, load->session);
			require(!change(load, other, O_TRUNC) && !rename(other, path), path);
			break;
		case 3:
			unlink(path);
			require(!change(load, path, O_EXCL), path);
			break;
		case 4:
			require(!change(load, path, 0), path);
			break;
		case 5:
			require(!change(load, path, O_EXCL) && !synced(path), path);
			say("durable %s %s %s", load->disk->name, name, load->session);
			break;
		}
		close(held);
	}
}

static void start_writer(const struct disk *disk, int number)
{
	struct load load = { .disk = disk };
	int i, ready[2];
	char byte;

	require(!pipe(ready), "pipe");
	if (fork()) {
		close(ready[1]);
		require(read(ready[0], &byte, 1) == 1, "a writer");
		close(ready[0]);
		return;
	}
	require(!unshare(CLONE_NEWAGENT), "unshare(CLONE_NEWAGENT)");
	for (i = 0; i < PROV_SESSION_SIZE; i++)
		sprintf(load.session + 2 * i, "%02x", myself().session[i]);
	srand(time(NULL) * 31 + getpid() + number);
	say("writer %s %s %d", disk->name, load.session, getpid());
	require(write(ready[1], "", 1) == 1, "pipe");
	/* Until all are there and the host knows them. */
	kill(getpid(), SIGSTOP);
	write_for_ever(&load);
}

int main(void)
{
	unsigned int i;

	mkdir("/dev", 0755);
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mkdir("/locks", 0755);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("securityfs", "/sys/kernel/security", "securityfs", 0, NULL);
	port = open("/dev/vport1p1", O_WRONLY | O_CLOEXEC);
	if (port < 0)
		port = open("/dev/vport0p1", O_WRONLY | O_CLOEXEC);
	if (port < 0)
		reboot(RB_POWER_OFF);
	/* What is written gets to the disk at any time, not after half a minute only. */
	set("/proc/sys/vm/dirty_writeback_centisecs", "20");
	set("/proc/sys/vm/dirty_expire_centisecs", "60");
	for (i = 0; i < sizeof(disks) / sizeof(*disks); i++)
		look_at(&disks[i]);
	for (i = 0; i < 2 * sizeof(disks) / sizeof(*disks); i++)
		start_writer(&disks[i / 2], i);
	say("go");
	kill(-1, SIGCONT);
	for (;;)
		require(wait(&(int){ 0 }) < 0 && errno == EINTR, "a writer ended");
}
