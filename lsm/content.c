// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether a file's content has changed, as its size and times tell.
 */

#include <linux/fs.h>
#include <linux/stat.h>

#include "provfs.h"

/*
 * Whether each change of content shows in ctime, once ctime has been asked
 * for. Otherwise two changes within a clock tick look like one.
 */
bool provfs_ctime_is_proof(const struct inode *inode)
{
	return is_mgtime(inode) && !IS_NOCMTIME(inode) &&
	       inode->i_sb->s_time_gran < NSEC_PER_MSEC;
}

/**
 * provfs_mark - remember what the content is
 * @inode: whose
 * @mark: result, from which provfs_moved() tells any later change if
 *	provfs_ctime_is_proof()
 */
void provfs_mark(struct inode *inode, struct provfs_mark *mark)
{
	struct kstat stat = { };

	mark->size = i_size_read(inode);
	mark->mtime = inode_get_mtime(inode);
	/* What changes an empty file changes its size: its ctime can stay. */
	if (!mark->size || !provfs_ctime_is_proof(inode)) {
		mark->ctime = inode_get_ctime(inode);
		return;
	}
	/* Once it has been asked for, the next change moves it. */
	fill_mg_cmtime(&stat, STATX_CTIME, inode);
	mark->ctime = stat.ctime;
}

/* Whether anything has changed: content, or what else moves ctime. */
bool provfs_moved(const struct inode *inode, const struct provfs_mark *since)
{
	struct timespec64 ctime = inode_get_ctime(inode);

	return since->size != i_size_read(inode) ||
	       !timespec64_equal(&since->ctime, &ctime);
}

/* Whether content has changed, if nobody has set mtime meanwhile. */
bool provfs_content_moved(const struct inode *inode,
			  const struct provfs_mark *since)
{
	struct timespec64 mtime = inode_get_mtime(inode);

	return since->size != i_size_read(inode) ||
	       !timespec64_equal(&since->mtime, &mtime);
}

/**
 * provfs_times_change - somebody is about to set a file's mtime
 * @inode: the file; its i_rwsem is held
 *
 * Which may then tell nothing of a change that came before.
 */
void provfs_times_change(struct inode *inode)
{
	struct provfs_inode *state = provfs_inode(inode);

	if (!READ_ONCE(state->claims))
		return;
	guard(spinlock)(&state->lock);
	if (!state->pending && provfs_content_moved(inode, &state->since))
		state->stray = true;
}

/**
 * provfs_times_changed - somebody has set a file's mtime, which is no change
 * @inode: the file; its i_rwsem is held
 */
void provfs_times_changed(struct inode *inode)
{
	struct provfs_inode *state = provfs_inode(inode);

	if (!READ_ONCE(state->claims))
		return;
	guard(spinlock)(&state->lock);
	state->since.mtime = inode_get_mtime(inode);
}
