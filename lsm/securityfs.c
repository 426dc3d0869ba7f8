// SPDX-License-Identifier: GPL-2.0-only
/*
 * provfs/stats: how often what happened since boot.
 * provfs/restore: 1 while stamps may be restored; writing 0 ends that.
 */

#define pr_fmt(fmt) "provfs: " fmt

#include <linux/capability.h>
#include <linux/err.h>
#include <linux/kstrtox.h>
#include <linux/security.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "provfs.h"

/* docs/lsm.md explains each of these. */
static const char *const count_names[] = {
	[PROVFS_CREATED]		= "created",
	[PROVFS_STAMPED]		= "stamped",
	[PROVFS_LOGGED]			= "logged",
	[PROVFS_CURRENT]		= "current",
	[PROVFS_UNCHANGED]		= "unchanged",
	[PROVFS_REMOVED]		= "removed",
	[PROVFS_REFUSED]		= "refused",
	[PROVFS_DROPPED]		= "dropped",
	[PROVFS_RESTORED]		= "restored",
	[PROVFS_SKIPPED_FILESYSTEM]	= "skipped_filesystem",
	[PROVFS_SKIPPED_UNLINKED]	= "skipped_unlinked",
	[PROVFS_SKIPPED_FROZEN]		= "skipped_frozen",
	[PROVFS_SKIPPED_READONLY]	= "skipped_readonly",
	[PROVFS_SKIPPED_IMMUTABLE]	= "skipped_immutable",
	[PROVFS_FAILED_SPACE]		= "failed_space",
	[PROVFS_FAILED_MEMORY]		= "failed_memory",
	[PROVFS_FAILED_OTHER]		= "failed_other",
	[PROVFS_FAILED_LOG]		= "failed_log",
	[PROVFS_STAND_INS]		= "stand_ins",
};

static_assert(ARRAY_SIZE(count_names) == PROVFS_NR_COUNTS);

static int stats_show(struct seq_file *m, void *unused)
{
	int i;

	for (i = 0; i < PROVFS_NR_COUNTS; i++)
		seq_printf(m, "%s: %lu\n", count_names[i],
			   provfs_count_read(i));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static ssize_t restore_read(struct file *file, char __user *buffer, size_t size,
			    loff_t *position)
{
	const char *state = provfs_restoring() ? "1\n" : "0\n";

	return simple_read_from_buffer(buffer, size, position, state, 2);
}

static ssize_t restore_write(struct file *file, const char __user *buffer,
			     size_t size, loff_t *position)
{
	bool wanted;
	int error;

	if (!file_ns_capable(file, &init_user_ns, CAP_MAC_ADMIN))
		return -EPERM;
	error = kstrtobool_from_user(buffer, size, &wanted);
	if (error)
		return error;
	if (!wanted)
		provfs_end_restoring();
	else if (!provfs_restoring())
		return -EPERM;
	return size;
}

static const struct file_operations restore_fops = {
	.read	= restore_read,
	.write	= restore_write,
	.llseek	= generic_file_llseek,
};

int __init provfs_init_securityfs(void)
{
	struct dentry *directory, *file;

	directory = securityfs_create_dir("provfs", NULL);
	if (IS_ERR(directory))
		return PTR_ERR(directory);
	file = securityfs_create_file("stats", 0444, directory, NULL,
				      &stats_fops);
	if (!IS_ERR(file))
		file = securityfs_create_file("restore", 0644, directory, NULL,
					      &restore_fops);
	if (IS_ERR(file)) {
		securityfs_remove(directory);
		return PTR_ERR(file);
	}
	return 0;
}
