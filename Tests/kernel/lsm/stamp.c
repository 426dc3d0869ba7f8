// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: stamp FILE...            prints each stamp: SESSION PID UID COMM FLAGS FILE
 *        stamp --log FILE...      prints the earlier ones, newest first
 *        stamp --verify FILE      prints SESSION and ok, or changed where mtime is after the stamp's time
 *        stamp --states FILE...   prints of each SESSION PID, ok or changed, and FILE; "copied" if it is another inode's
 *        stamp --session CMD...   runs CMD in a new session, whose id goes to descriptor 3
 *
 * Exit status: 0; 1 a file has no stamp, or a malformed one; 2 trouble; with --session CMD's.
 */
#include "stamps.h"

static void print(const struct prov_stamp *stamp, const char *path)
{
	int i;

	for (i = 0; i < PROV_SESSION_SIZE; i++)
		printf("%02x", stamp->session[i]);
	printf(" %u %u %.16s %x %s\n", le32toh(stamp->pid), le32toh(stamp->uid),
	       (const char *)stamp->comm, le16toh(stamp->flags), path);
}

static int run_in_session(char **command)
{
	struct writer me;
	int i;

	if (enter_session()) {
		perror("unshare(CLONE_NEWAGENT)");
		return 2;
	}
	me = myself();
	for (i = 0; i < PROV_SESSION_SIZE; i++)
		dprintf(3, "%02x", me.session[i]);
	dprintf(3, "\n");
	close(3);
	execvp(command[0], command);
	perror(command[0]);
	return 2;
}

static int verify(const char *path)
{
	struct prov_stamp stamp;
	int i;

	if (!get_stamp(path, &stamp))
		return 1;
	for (i = 0; i < PROV_SESSION_SIZE; i++)
		printf("%02x", stamp.session[i]);
	printf(" %s\n", covers(&stamp, path) ? "ok" : "changed");
	return 0;
}

static const char *state_of(const struct prov_stamp *stamp, const char *path)
{
	struct stat status;

	if (lstat(path, &status) || le64toh(stamp->inode) != status.st_ino)
		return "copied";
	return covers(stamp, path) ? "ok" : "changed";
}

static int print_states(char **paths)
{
	struct prov_stamp stamp;
	int i, status = 0;

	for (; *paths; paths++) {
		if (!get_stamp(*paths, &stamp)) {
			status = 1;
			continue;
		}
		for (i = 0; i < PROV_SESSION_SIZE; i++)
			printf("%02x", stamp.session[i]);
		printf(" %u %s %s\n", le32toh(stamp.pid),
		       state_of(&stamp, *paths), *paths);
	}
	return status;
}

int main(int count, char **arguments)
{
	bool earlier = count > 1 && !strcmp(arguments[1], "--log");
	struct prov_stamp log[PROV_LOG_MAX];
	int i, entry, entries, status = 0;

	if (count > 2 && !strcmp(arguments[1], "--session"))
		return run_in_session(arguments + 2);
	if (count > 2 && !strcmp(arguments[1], "--states"))
		return print_states(arguments + 2);
	if (count == 3 && !strcmp(arguments[1], "--verify"))
		return verify(arguments[2]);
	for (i = earlier ? 2 : 1; i < count; i++) {
		entries = earlier ? get_log(arguments[i], log) :
				    get_stamp(arguments[i], log);
		if (entries < 0 || (!earlier && !entries)) {
			fprintf(stderr, "%s: no stamp: %s\n", arguments[i],
				strerror(errno));
			status = 1;
		}
		for (entry = 0; entry < entries; entry++)
			print(&log[entry], arguments[i]);
	}
	return status;
}
