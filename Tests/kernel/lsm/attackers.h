/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Those who attack: another user than the file's owner, the owner, the owner
 * as root of a user namespace, and root; and the means that need privilege.
 */
#ifndef ATTACKERS_H
#define ATTACKERS_H

#include "stamp_test.h"

#include <sys/mount.h>

#ifndef __NR_open_tree
#define __NR_open_tree 428
#endif
#ifndef __NR_mount_setattr
#define __NR_mount_setattr 442
#endif
#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif

#define OWNER 1000

static const struct attacker {
	const char *name;
	uid_t uid;
	bool in_user_namespace;
} attackers[] = {
	{ "another user", OWNER + 1 },
	{ "the owner", OWNER },
	{ "root of a user namespace", OWNER, true },
	{ "root", 0 },
};

/*
 * How an attack ended; anything else is an errno, or a fault of the test. Of
 * one on an attribute, DONE is that it was dropped, if the attribute stays.
 */
enum { REFUSED = 100, DONE };

static inline bool be_user(uid_t uid)
{
	return !setresgid(uid, uid, uid) && !setresuid(uid, uid, uid) &&
	       !prctl(PR_SET_DUMPABLE, 1);
}

static inline bool become(const struct attacker *attacker)
{
	if (attacker->uid && !be_user(attacker->uid))
		return false;
	if (!attacker->in_user_namespace)
		return true;
	return !unshare(CLONE_NEWUSER | CLONE_NEWNS) &&
	       !write_file("/proc/self/setgroups", O_WRONLY, "deny") &&
	       !write_file("/proc/self/uid_map", O_WRONLY, "0 1000 1") &&
	       !write_file("/proc/self/gid_map", O_WRONLY, "0 1000 1");
}

static inline int outcome(long result)
{
	return result >= 0 ? DONE : errno == EPERM ? REFUSED : errno;
}

static inline pid_t fork_attacker(const struct attacker *attacker, struct writer *agent)
{
	pid_t pid = fork_in_session(agent);

	if (!pid && !become(attacker))
		_exit(97);
	agent->uid = attacker->uid;
	return pid;
}

/* A file of OWNER's that root has written, twice, which everybody may write. */
static inline int prepare(const char *path, const char *other)
{
	pid_t pid;

	unlink(path);
	unlink(other);
	if (write_file(path, O_CREAT | O_WRONLY, "another's text") ||
	    write_file(other, O_CREAT | O_WRONLY, ""))
		return -1;
	pid = fork();
	if (!pid)
		_exit(prctl(PR_SET_NAME, "second") ||
		      write_file(path, O_WRONLY, "second text..."));
	return exit_status(pid) || chown(path, OWNER, OWNER) ||
	       chmod(path, 0666) || chown(other, OWNER, OWNER) ||
	       chmod(other, 0666);
}


/* A descriptor of PATH that was opened by handle. */
static inline int open_handle(const char *path, const char *beside)
{
	struct { struct file_handle header; char bytes[128]; } handle;
	int mount_id;

	handle.header.handle_bytes = sizeof(handle.bytes);
	if (name_to_handle_at(AT_FDCWD, path, &handle.header, &mount_id, 0))
		return -1;
	return open_by_handle_at(open(beside, O_RDONLY), &handle.header, O_RDWR);
}

static inline int bind_elsewhere(const char *path, const char *other)
{
	return unshare(CLONE_NEWNS) ||
	       mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) ||
	       mount(path, other, NULL, MS_BIND, NULL) ? -1 : 0;
}

static inline int map_ids(pid_t pid, const char *kind, const char *map)
{
	char name[64];

	snprintf(name, sizeof(name), "/proc/%d/%s_map", pid, kind);
	return write_file(name, O_WRONLY, map);
}

/* A user namespace that shows OWNER as another, if the caller knows both. */
static inline int namespace_of_another(void)
{
	char name[64], byte;
	int ready[2], fd;
	pid_t pid;

	if (pipe(ready))
		return -1;
	pid = fork();
	if (!pid) {
		if (unshare(CLONE_NEWUSER) || write(ready[1], "", 1) != 1)
			_exit(1);
		pause();
	}
	close(ready[1]);
	if (pid < 0 || read(ready[0], &byte, 1) != 1)
		return -1;
	if ((map_ids(pid, "uid", "1000 1001 1") && map_ids(pid, "uid", "0 0 1")) ||
	    (map_ids(pid, "gid", "1000 1001 1") && map_ids(pid, "gid", "0 0 1")))
		return -1;
	snprintf(name, sizeof(name), "/proc/%d/ns/user", pid);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return fd;
}

/* A mount of PATH that shows other owners. */
static inline int mount_mapped(const char *path)
{
	struct mount_attr attributes = { .attr_set = MOUNT_ATTR_IDMAP };
	int tree = syscall(__NR_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE);

	if (tree < 0)
		return -1;
	attributes.userns_fd = namespace_of_another();
	if (syscall(__NR_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes,
		    sizeof(attributes)))
		return -1;
	return tree;
}

#endif /* ATTACKERS_H */
