// SPDX-License-Identifier: GPL-2.0-only
/*
 * The attributes that hold stamps are nobody's to change.
 *
 * A backup that brings stamps along can be restored on a kernel that was
 * booted with provfs.restore=1, until somebody ends that through securityfs.
 * It cannot be begun later.
 */

#define pr_fmt(fmt) "provfs: " fmt

#include <linux/init.h>
#include <linux/kstrtox.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "provfs.h"

static bool restoring;

static int __init provfs_setup_restore(char *value)
{
	if (kstrtobool(value, &restoring))
		pr_warn("provfs.restore= wants 0 or 1; stamps stay protected\n");
	else if (restoring)
		pr_warn("stamps may be set and removed by root until 0 is written to provfs/restore in securityfs\n");
	return 1;
}
__setup("provfs.restore=", provfs_setup_restore);

bool provfs_restoring(void)
{
	return READ_ONCE(restoring);
}

void provfs_end_restoring(void)
{
	if (xchg(&restoring, false))
		pr_notice("stamps are protected from now on (%s[%d])\n",
			  current->comm, task_tgid_nr(current));
}

bool provfs_is_own_xattr(const char *name)
{
	return !strcmp(name, PROV_XATTR_SECURITY) ||
	       !strcmp(name, PROV_XATTR_SECURITY_LOG);
}

/**
 * provfs_refuse_xattr - decide on a request to set or remove an attribute
 * @dentry: of which file; its i_rwsem is held
 * @name: of the attribute
 *
 * Return: 0 if the attribute is not one of ours, or if stamps are being
 * restored: what the capabilities allow is then decided elsewhere. -EPERM
 * otherwise.
 */
int provfs_refuse_xattr(struct dentry *dentry, const char *name)
{
	if (likely(!provfs_is_own_xattr(name)))
		return 0;
	if (provfs_restoring()) {
		provfs_count(PROVFS_RESTORED);
		provfs_stamp_restored(d_inode(dentry));
		pr_notice_ratelimited("%s of inode %llu on %s changed by %s[%d]\n",
				      name, (u64)d_inode(dentry)->i_ino,
				      dentry->d_sb->s_id, current->comm,
				      task_tgid_nr(current));
		return 0;
	}
	provfs_count(PROVFS_REFUSED);
	return -EPERM;
}
