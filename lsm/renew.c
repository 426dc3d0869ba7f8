// SPDX-License-Identifier: GPL-2.0-only
/*
 * Setting a file's times is no change of its content: its stamp gets a new
 * time, and stays as it is.
 *
 * But who sets times back can hide by that what happened where this module
 * does not run, and setting them forward again must not prove the contrary. So
 * a stamp is renewed only if it was the last thing that happened to the file,
 * by ctime, which nobody can set.
 */

#include <linux/fs.h>
#include <linux/mnt_idmapping.h>
#include <linux/minmax.h>
#include <linux/timekeeping.h>
#include <linux/xattr.h>

#include "provfs.h"

/*
 * How far the ctime that setting a stamp gives a file is from the stamp's time
 * at most: Verifier.slack of those who verify stamps.
 */
#define SLACK	(20 * NSEC_PER_MSEC)

static bool read_own_stamp(struct dentry *dentry, struct prov_stamp *stamp)
{
	struct provfs_writer writer;
	ssize_t size;

	size = __vfs_getxattr(dentry, d_inode(dentry), PROV_XATTR_SECURITY,
			      stamp, sizeof(*stamp));
	return size > 0 && provfs_decode(&writer, stamp, size) &&
	       stamp->stamper == PROV_STAMPER_LSM &&
	       le64_to_cpu(stamp->inode) == d_inode(dentry)->i_ino;
}

/* Whether nothing about the inode has changed since it was stamped. */
static bool is_last_change(const struct inode *inode, s64 time)
{
	struct timespec64 mtime = inode_get_mtime(inode);
	struct timespec64 ctime = inode_get_ctime(inode);
	s64 later = timespec64_to_ns(&ctime) - time;

	return timespec64_to_ns(&mtime) <= time && later <= SLACK &&
	       -later <= max_t(s64, SLACK, inode->i_sb->s_time_gran);
}

static bool is_renewable(struct dentry *dentry, s64 mtime)
{
	struct prov_stamp stamp;
	s64 time;

	if (!provfs_is_settled(d_inode(dentry)) ||
	    !read_own_stamp(dentry, &stamp) ||
	    stamp.flags & cpu_to_le16(PROV_FLAG_OPEN))
		return false;
	time = le64_to_cpu(stamp.time);
	/* A stamp from the future would cover what others have yet to write. */
	return time >= 0 && time < mtime && mtime <= ktime_get_real_ns() &&
	       is_last_change(d_inode(dentry), time);
}

/**
 * provfs_before_times - somebody is about to set a file's mtime
 * @dentry: the file; its i_rwsem is held, and write access to the mount
 * @attr: to which
 *
 * Followed by provfs_renew() if that succeeds.
 */
void provfs_before_times(struct dentry *dentry, const struct iattr *attr)
{
	struct inode *inode = d_inode(dentry);
	struct provfs_inode *state = provfs_inode(inode);
	s64 mtime = timespec64_to_ns(&attr->ia_mtime);
	bool covered, renew;

	if (!provfs_is_stamped_file(inode))
		return;
	scoped_guard(spinlock, &state->lock)
		covered = state->stamped && mtime <= (s64)state->stamped;
	renew = !covered && is_renewable(dentry, mtime);
	guard(spinlock)(&state->lock);
	state->renew = renew;
}

/* By the time that the filesystem keeps, which may be coarser than was asked. */
static u64 time_of_renewal(const struct inode *inode)
{
	struct timespec64 mtime = inode_get_mtime(inode);

	return max_t(u64, provfs_time(inode), timespec64_to_ns(&mtime));
}

/**
 * provfs_renew - somebody has set a file's mtime
 * @dentry: the file; its i_rwsem is held, and write access to the mount
 */
void provfs_renew(struct dentry *dentry)
{
	struct inode *inode = d_inode(dentry);
	struct provfs_inode *state = provfs_inode(inode);
	struct prov_stamp stamp;
	u64 time;
	int error;

	if (!state->renew || !read_own_stamp(dentry, &stamp))
		return;
	time = time_of_renewal(inode);
	stamp.time = cpu_to_le64(time);
	error = __vfs_setxattr_noperm(&nop_mnt_idmap, dentry,
				      PROV_XATTR_SECURITY, &stamp,
				      sizeof(stamp), 0);
	if (error) {
		provfs_count_failure(dentry, error);
		return;
	}
	provfs_count(PROVFS_STAMPED);
	guard(spinlock)(&state->lock);
	if (state->stamped)
		state->stamped = time;
}
