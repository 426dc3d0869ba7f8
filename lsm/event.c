// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the hooks see: a write, a change of a file's size, creation.
 */

#include <linux/fs.h>

#include "provfs.h"

/**
 * provfs_file_changes - the current task is about to write
 * @file: through this open file
 */
void provfs_file_changes(struct file *file)
{
	const struct provfs_file *own = provfs_file(file);
	struct inode *inode = file_inode(file);
	const struct provfs_inode *state;
	struct provfs_writer writer;

	if (!provfs_is_stamped_file(inode))
		return;
	state = provfs_inode(inode);
	provfs_current_writer(&writer);
	/* A claim that another task makes just now could also come later. */
	if (data_race(own->changed)) {
		/*
		 * The next of many writes. A race with the stamp that another
		 * release makes is harmless: @file has a claim.
		 */
		if (data_race(state->pending &&
			      own->first.turn == state->turn &&
			      provfs_identical(&state->writer, &writer) &&
			      provfs_identical(&own->first.writer, &writer)))
			return;
		provfs_resolve_earlier(file, &writer, PROVFS_UNLOCKED);
	}
	provfs_note_change(file_dentry(file), file, &writer, false,
			   PROVFS_UNLOCKED);
}

/**
 * provfs_size_changes - the current task is about to set a file's size
 * @dentry: the file; its i_rwsem is held, and write access to the mount
 * @file: through this open file
 *
 * Followed by provfs_size_changed() if that succeeds.
 */
void provfs_size_changes(struct dentry *dentry, struct file *file)
{
	struct provfs_writer writer;

	if (!provfs_is_stamped_file(d_inode(dentry)))
		return;
	provfs_current_writer(&writer);
	/* open(2) truncates for those, too, who cannot write afterwards. */
	if (!(file->f_mode & FMODE_WRITE))
		file = NULL;
	else
		provfs_resolve_earlier(file, &writer, PROVFS_LOCKED);
	provfs_note_change(dentry, file, &writer, false, PROVFS_LOCKED);
}

/**
 * provfs_size_changed - the current task has set a file's size
 * @dentry: the file; its i_rwsem is held, and write access to the mount
 * @by_path: not through an open file
 */
void provfs_size_changed(struct dentry *dentry, bool by_path)
{
	struct inode *inode = d_inode(dentry);
	struct provfs_inode *state = provfs_inode(inode);
	struct provfs_writer writer;
	bool released_later;

	if (!provfs_is_stamped_file(inode))
		return;
	if (by_path) {
		provfs_current_writer(&writer);
		provfs_note_change(dentry, NULL, &writer, false, PROVFS_LOCKED);
	}
	scoped_guard(spinlock, &state->lock) {
		state->certain = true;
		if (!i_size_read(inode))
			state->sole = true;
		released_later = !by_path && state->writers;
	}
	if (!released_later)
		provfs_settle(dentry, PROVFS_LOCKED);
}

/**
 * provfs_inode_created - the current task creates an inode
 * @inode: the new inode, not yet visible to others
 * @stamp: result, for the filesystem to put on it
 *
 * Return: false if it is not known who creates it: no stamp then.
 */
bool provfs_inode_created(struct inode *inode, struct prov_stamp *stamp)
{
	struct provfs_inode *state = provfs_inode(inode);
	u64 time = provfs_time(inode);

	provfs_current_writer(&state->writer);
	if (provfs_is_unknown(&state->writer))
		return false;
	provfs_encode(stamp, &state->writer, PROV_FLAG_CREATED, time,
		      inode->i_ino);
	state->stamped = time;
	state->sole = true;
	return true;
}
