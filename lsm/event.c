// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the hooks see: a write, a mapping, a change of size or times, creation,
 * release.
 */

#include <linux/fs.h>

#include "provfs.h"

/* Whether somebody else's change is not stamped yet, after a look. */
static bool other_is_due(struct inode *inode,
			 const struct provfs_writer *writer)
{
	struct provfs_inode *state = provfs_inode(inode);

	lockdep_assert_held(&state->lock);
	return state->changed && !provfs_same_writer(&state->writer, writer);
}

/**
 * provfs_file_changes - the current task is about to write
 * @file: through this open file
 */
void provfs_file_changes(struct file *file)
{
	struct inode *inode = file_inode(file);
	struct provfs_inode *state;
	struct provfs_writer writer;

	provfs_call_begins();
	if (!provfs_is_stamped_file(inode))
		return;
	state = provfs_inode(inode);
	provfs_current_writer(&writer);
	scoped_guard(spinlock, &state->lock) {
		provfs_look(inode);
		if (!other_is_due(inode, &writer)) {
			provfs_admit(file, &writer);
			return;
		}
	}
	provfs_settle(file_dentry(file), PROVFS_UNLOCKED);
	guard(spinlock)(&state->lock);
	provfs_look(inode);
	provfs_admit(file, &writer);
}

/**
 * provfs_file_maps - the current task maps a file, shared
 * @file: opened for writing
 *
 * No hook sees the stores: who maps is taken for who stores. An mprotect()
 * may allow them later.
 *
 * Return: 0.
 */
int provfs_file_maps(struct file *file)
{
	struct inode *inode = file_inode(file);
	struct provfs_writer writer;

	provfs_call_begins();
	if (!provfs_is_stamped_file(inode))
		return 0;
	provfs_current_writer(&writer);
	guard(spinlock)(&provfs_inode(inode)->lock);
	provfs_look(inode);
	provfs_admit_mapper(file, &writer);
	return 0;
}

/* Before size or times are set: under i_rwsem, nobody else is setting them. */
static void begin_setting(struct inode *inode)
{
	struct provfs_inode *state = provfs_inode(inode);

	lockdep_assert_held(&state->lock);
	state->setting = false;
	provfs_look(inode);
	state->setting = true;
}

/**
 * provfs_size_changes - the current task is about to set a file's size
 * @dentry: the file; its i_rwsem is held, and write access to the mount
 * @file: through this open file, or NULL
 *
 * Followed by provfs_size_changed() if that succeeds.
 */
void provfs_size_changes(struct dentry *dentry, const struct file *file)
{
	struct inode *inode = d_inode(dentry);
	struct provfs_inode *state = provfs_inode(inode);
	struct provfs_writer writer;
	bool due;

	provfs_call_begins();
	if (!provfs_is_stamped_file(inode))
		return;
	provfs_current_writer(&writer);
	scoped_guard(spinlock, &state->lock) {
		begin_setting(inode);
		due = other_is_due(inode, &writer);
		/* open(2) truncates for those, too, who only read. */
		state->unreleased = !file || !(file->f_mode & FMODE_WRITE);
	}
	if (due)
		provfs_settle(dentry, PROVFS_LOCKED);
}

/**
 * provfs_size_changed - the current task has set a file's size
 * @dentry: the file; its i_rwsem is held, and write access to the mount
 */
void provfs_size_changed(struct dentry *dentry)
{
	struct inode *inode = d_inode(dentry);
	struct provfs_inode *state = provfs_inode(inode);
	struct provfs_writer writer;
	bool now;

	if (!provfs_is_stamped_file(inode))
		return;
	provfs_current_writer(&writer);
	scoped_guard(spinlock, &state->lock) {
		state->setting = false;
		provfs_set_by(inode, &writer);
		/* What rivals do next is not to be taken for his. */
		now = state->unreleased || provfs_has_rivals(state, &writer);
	}
	if (now)
		provfs_settle(dentry, PROVFS_LOCKED);
}

/**
 * provfs_times_change - somebody is about to set a file's mtime
 * @dentry: the file; its i_rwsem is held, and write access to the mount
 *
 * Which then tells nothing of a change that came before: it is stamped.
 */
void provfs_times_change(struct dentry *dentry)
{
	struct inode *inode = d_inode(dentry);
	bool due;

	if (!provfs_is_stamped_file(inode))
		return;
	scoped_guard(spinlock, &provfs_inode(inode)->lock) {
		begin_setting(inode);
		due = provfs_inode(inode)->changed;
	}
	if (due)
		provfs_settle(dentry, PROVFS_LOCKED);
}

/**
 * provfs_times_changed - somebody has set a file's mtime, which is no change
 * @inode: the file; its i_rwsem is held
 *
 * A store to a mapping may have moved it before, of which nothing tells then.
 */
void provfs_times_changed(struct inode *inode)
{
	struct provfs_inode *state = provfs_inode(inode);

	guard(spinlock)(&state->lock);
	state->setting = false;
	provfs_forget_stores(state, true);
	provfs_seen(inode);
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

/**
 * provfs_stamp_restored - a stamp is set or removed by other hands
 * @inode: on which file; its i_rwsem is held
 *
 * What root restores is not stamped over by root's own writes before.
 */
void provfs_stamp_restored(struct inode *inode)
{
	struct provfs_inode *state = provfs_inode(inode);

	guard(spinlock)(&state->lock);
	provfs_look(inode);
	provfs_clear_suspects(state);
	provfs_forget_stores(state, false);
	state->again = false;
	state->stamped = 0;
}

/**
 * provfs_file_released - the last reference to an open file goes
 * @file: it, mappings included
 */
void provfs_file_released(struct file *file)
{
	struct inode *inode = file_inode(file);
	struct provfs_inode *state = provfs_inode(inode);

	if (!(file->f_mode & FMODE_WRITE) || !S_ISREG(inode->i_mode))
		return;
	if (provfs_file(file)->changed) {
		guard(spinlock)(&state->lock);
		provfs_look(inode);
		if (provfs_dismiss(file))
			provfs_count(PROVFS_UNCHANGED);
	}
	if (!provfs_in_scope(inode->i_sb))
		provfs_count(PROVFS_SKIPPED_FILESYSTEM);
	/* What others begin now, they end. */
	else if (data_race(state->changed || state->again))
		provfs_settle_released(file);
}
