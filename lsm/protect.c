// SPDX-License-Identifier: GPL-2.0-only
/*
 * The attributes that hold stamps are nobody's to change, nor is content past
 * the hooks, by an ioctl.
 *
 * A backup that brings stamps along can be restored on a kernel that was
 * booted with provfs.restore=1, until somebody ends that through securityfs.
 * It cannot be begun later.
 */

#define pr_fmt(fmt) "provfs: " fmt

#include <linux/capability.h>
#include <linux/init.h>
#include <linux/ioctl.h>
#include <linux/kstrtox.h>
#include <linux/magic.h>
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

/* A restored stamp is counted and told of. */
static void tell_of_restoring(struct dentry *dentry, const char *name)
{
	provfs_count(PROVFS_RESTORED);
	provfs_stamp_restored(d_inode(dentry));
	pr_notice_ratelimited("%s of inode %llu on %s changed by %s[%d]\n",
			      name, (u64)d_inode(dentry)->i_ino,
			      dentry->d_sb->s_id, current->comm,
			      task_tgid_nr(current));
}

/* Whether a value is what a stamped file has, and programs copy with it. */
static bool is_genuine(const char *name, const void *value, size_t size)
{
	const struct prov_stamp *stamps = value;
	struct provfs_writer writer;
	size_t i, count = size / sizeof(*stamps);

	if (!count || size % sizeof(*stamps) || count > PROV_LOG_MAX)
		return false;
	if (count > 1 && !strcmp(name, PROV_XATTR_SECURITY))
		return false;
	for (i = 0; i < count; i++)
		if (!provfs_decode(&writer, &stamps[i], sizeof(*stamps)))
			return false;
	return true;
}

/**
 * provfs_set_xattr - decide on a request to set an attribute
 * @dentry: of which file; its i_rwsem is held
 * @name: of the attribute
 * @value: to which
 * @size: of @value
 *
 * Whoever gets here may set attributes of security modules. Programs that copy
 * and unpack files bring stamps along, and fail, or complain of each file, when
 * they are refused: what they bring is dropped.
 *
 * Return: 0 if the attribute is not one of ours, or if stamps are being
 * restored; -ECANCELED to leave the file as it is and say nothing; -EPERM if
 * the value is no stamp.
 */
int provfs_set_xattr(struct dentry *dentry, const char *name, const void *value,
		     size_t size)
{
	if (likely(!provfs_is_own_xattr(name)))
		return 0;
	if (provfs_restoring()) {
		tell_of_restoring(dentry, name);
		return 0;
	}
	if (is_genuine(name, value, size)) {
		provfs_count(PROVFS_DROPPED);
		return -ECANCELED;
	}
	provfs_count(PROVFS_REFUSED);
	return -EPERM;
}

/**
 * provfs_remove_xattr - decide on a request to remove an attribute
 * @dentry: of which file; its i_rwsem is held
 * @name: of the attribute
 *
 * Copying a file that has no stamp, rsync removes the one that the copy has
 * got.
 *
 * Return: 0 or -ECANCELED, as provfs_set_xattr().
 */
int provfs_remove_xattr(struct dentry *dentry, const char *name)
{
	if (likely(!provfs_is_own_xattr(name)))
		return 0;
	if (provfs_restoring()) {
		tell_of_restoring(dentry, name);
		return 0;
	}
	provfs_count(PROVFS_DROPPED);
	return -ECANCELED;
}

/*
 * EXT4_IOC_MOVE_EXT, XFS_IOC_SWAPEXT and F2FS_IOC_MOVE_RANGE exchange blocks;
 * F2FS_IOC_SEC_TRIM_FILE discards them.
 */
static bool changes_blocks(const struct super_block *sb, unsigned int command)
{
	switch (sb->s_magic) {
	case EXT4_SUPER_MAGIC:
		return _IOC_TYPE(command) == 'f' && _IOC_NR(command) == 15;
	case XFS_SUPER_MAGIC:
		return _IOC_TYPE(command) == 'X' && _IOC_NR(command) == 109;
	case F2FS_SUPER_MAGIC:
		return _IOC_TYPE(command) == 0xf5 &&
		       (_IOC_NR(command) == 9 || _IOC_NR(command) == 20);
	}
	return false;
}

/**
 * provfs_refuse_ioctl - decide on a request that may change content unseen
 * @file: to which it is made
 * @command: what it is
 *
 * What defragments exchanges the blocks of two files that the caller may
 * write, asks no hook and leaves their times as they are, and so does what
 * discards them: whoever may write a file could give it other content under
 * its stamp. Which files they are
 * stands in the caller's memory, where it can change.
 *
 * Return: -EPERM for such a request without CAP_SYS_ADMIN, else 0.
 */
int provfs_refuse_ioctl(const struct file *file, unsigned int command)
{
	if (likely(!changes_blocks(file_inode(file)->i_sb, command)) ||
	    capable(CAP_SYS_ADMIN))
		return 0;
	provfs_count(PROVFS_REFUSED);
	return -EPERM;
}
