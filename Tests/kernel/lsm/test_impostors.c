// SPDX-License-Identifier: GPL-2.0-only
/*
 * Content that is put in the place of another's, by each kind of user: who did
 * it is named, whatever the way.
 */

#include "attackers.h"

/* Attacks on the content of PATH, to which OTHER is a link. */
typedef int (*change)(const char *path, const char *other);

static int by_overwriting(const char *path, const char *other)
{
	return write_file(path, O_WRONLY, "forged") ? outcome(-1) : DONE;
}

static int by_truncating(const char *path, const char *other)
{
	return outcome(truncate(path, 3));
}

static int by_another_link(const char *path, const char *other)
{
	return write_file(other, O_WRONLY, "forged") || unlink(other) ? 1 : DONE;
}

static int by_renaming_over(const char *path, const char *other)
{
	return unlink(other) || write_file(other, O_CREAT | O_WRONLY, "forged") ||
	       rename(other, path) ? 1 : DONE;
}

static int by_linking_in_its_place(const char *path, const char *other)
{
	return unlink(other) || write_file(other, O_CREAT | O_WRONLY, "forged") ||
	       unlink(path) || link(other, path) ? 1 : DONE;
}

static int by_exchanging_names(const char *path, const char *other)
{
	return unlink(other) || write_file(other, O_CREAT | O_WRONLY, "forged") ||
	       renameat2(AT_FDCWD, other, AT_FDCWD, path, RENAME_EXCHANGE) ? 1 : DONE;
}

static int by_setting_times_back(const char *path, const char *other)
{
	struct stat before;
	int fd;

	stat(path, &before);
	fd = open(path, O_WRONLY);
	if (write(fd, "forged", 6) != 6)
		return 1;
	/* Only the owner may, and who is root. */
	if (futimens(fd, (struct timespec[2]){ before.st_atim, before.st_mtim }) &&
	    errno != EPERM)
		return 2;
	return close(fd) ? 3 : DONE;
}

static int by_storing(const char *path, const char *other)
{
	int fd = open(path, O_RDWR);
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (page == MAP_FAILED || close(fd))
		return 1;
	memcpy(page, "forged", 6);
	return munmap(page, 4096) ? 2 : DONE;
}

static int by_handle(const char *path, const char *other)
{
	int fd = open_handle(path, other);

	return outcome(fd < 0 ? -1 : write(fd, "forged", 6));
}

static int by_writing_to_a_bind_mount(const char *path, const char *other)
{
	if (bind_elsewhere(path, other))
		return outcome(-1);
	return write_file(other, O_WRONLY, "forged") ? 1 : DONE;
}

static int by_writing_to_an_idmapped_mount(const char *path, const char *other)
{
	int tree = mount_mapped(path);
	char name[64];

	if (tree < 0)
		return outcome(tree);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", tree);
	return write_file(name, O_WRONLY, "forged") ? 1 : DONE;
}

static const struct {
	const char *name;
	change run;
	/* Who cannot do this is refused; what is left to him is his. */
	bool takes_root, takes_mounts;
} attacks_on_content[] = {
	{ "overwriting", by_overwriting },
	{ "truncating", by_truncating },
	{ "another hard link", by_another_link },
	{ "renaming over it", by_renaming_over },
	{ "exchanging names", by_exchanging_names },
	{ "a hard link in its place", by_linking_in_its_place },
	{ "setting times back", by_setting_times_back },
	{ "stores to a mapping", by_storing },
	{ "a file handle", by_handle, .takes_root = true },
	{ "a bind mount", by_writing_to_a_bind_mount, .takes_mounts = true },
	{ "an idmapped mount", by_writing_to_an_idmapped_mount, .takes_root = true },
};

TEST_F(file, who_changes_content_is_named)
{
	struct prov_stamp stamp;
	unsigned int who, how;
	struct writer agent;
	int expected;
	pid_t pid;

	for (who = 0; who < ARRAY_SIZE(attackers); who++)
		for (how = 0; how < ARRAY_SIZE(attacks_on_content); how++) {
			ASSERT_EQ(0, prepare(self->path, self->other));
			ASSERT_EQ(0, unlink(self->other));
			ASSERT_EQ(0, link(self->path, self->other));
			expected = DONE;
			if ((attacks_on_content[how].takes_root && attackers[who].uid) ||
			    (attacks_on_content[how].takes_mounts && attackers[who].uid &&
			     !attackers[who].in_user_namespace))
				expected = REFUSED;
			pid = fork_attacker(&attackers[who], &agent);
			ASSERT_LE(0, pid);
			if (!pid)
				_exit(attacks_on_content[how].run(self->path, self->other));
			EXPECT_EQ(expected, exit_status(pid))
				TH_LOG("by %s: %s", attackers[who].name,
				       attacks_on_content[how].name);
			ASSERT_TRUE(get_stamp(self->path, &stamp));
			EXPECT_EQ(expected == DONE, is_by(&stamp, &agent))
				TH_LOG("by %s: %s", attackers[who].name,
				       attacks_on_content[how].name);
			EXPECT_TRUE(covers(&stamp, self->path));
		}
}

/* A name can be chosen; session, pid and uid cannot. */
TEST_F(file, the_name_of_a_process_is_its_own_claim)
{
	struct prov_stamp stamp;
	struct writer agent;
	pid_t pid;

	pid = fork_in_session(&agent);
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(prctl(PR_SET_NAME, "systemd") ||
		      write_file(self->path, O_CREAT | O_WRONLY, "x"));
	ASSERT_EQ(0, exit_status(pid));
	ASSERT_TRUE(get_stamp(self->path, &stamp));
	EXPECT_STREQ("systemd", (char *)stamp.comm);
	memcpy(agent.comm, stamp.comm, sizeof(agent.comm));
	EXPECT_TRUE(is_by(&stamp, &agent));
}

TEST_HARNESS_MAIN
