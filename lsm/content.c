// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether a file's content has changed, as its size and times tell.
 */

#include <linux/fs.h>
#include <linux/stat.h>

#include "provfs.h"

/*
 * Whether each change of content shows in mtime, once ctime has been asked
 * for. Otherwise two changes within a clock tick look like one.
 */
static bool times_are_proof(const struct inode *inode)
{
	return is_mgtime(inode) && !IS_NOCMTIME(inode) &&
	       inode->i_sb->s_time_gran < NSEC_PER_MSEC;
}

/**
 * provfs_shows_writes - whether writes through an open file show in mtime
 * @file: the open file. XFS lets root write so that nothing tells
 *
 * Return: whether each does, once ctime has been asked for.
 */
bool provfs_shows_writes(const struct file *file)
{
	return times_are_proof(file_inode(file)) &&
	       !(file->f_mode & FMODE_NOCMTIME);
}

/**
 * provfs_mark - remember what the content is
 * @inode: whose
 * @mark: result, from which provfs_moved() tells any later change
 */
void provfs_mark(struct inode *inode, struct provfs_mark *mark)
{
	struct kstat stat = { };

	/*
	 * Once ctime has been asked for, the next change moves it, and mtime
	 * with it. What changes an empty file changes its size.
	 */
	mark->size = i_size_read(inode);
	if (mark->size && times_are_proof(inode))
		fill_mg_cmtime(&stat, STATX_CTIME, inode);
	mark->mtime = inode_get_mtime(inode);
}

/* Whether content has changed, if nobody has set mtime meanwhile. */
bool provfs_moved(const struct provfs_mark *now,
		  const struct provfs_mark *since)
{
	return now->size != since->size ||
	       !timespec64_equal(&now->mtime, &since->mtime);
}

/* From now on each change is later than any stamp that was made before. */
void provfs_ask_ctime(struct inode *inode)
{
	struct kstat stat = { };

	if (times_are_proof(inode))
		fill_mg_cmtime(&stat, STATX_CTIME, inode);
}
