// SPDX-License-Identifier: GPL-2.0-only
/*
 * When what has changed is stamped.
 *
 * The identity of a writer is taken when it writes and kept with the inode:
 * when an exiting task's files are released, its namespaces are gone. The
 * stamp is made when a file through which content was changed is released,
 * or earlier, when another writer takes over.
 *
 * Locks: freeze protection of the superblock, i_rwsem, provfs_inode.lock.
 * Freeze protection is never waited for. A release does not wait for i_rwsem
 * for long either: who holds it can be made to wait by others (defer.c).
 */

#include <linux/fs.h>
#include <linux/slab.h>

#include "provfs.h"

/* Whether somebody may yet change content. */
static bool is_open(struct inode *inode)
{
	struct provfs_inode *state = provfs_inode(inode);

	lockdep_assert_held(&state->lock);
	return !list_empty(&state->candidates) || state->crowded ||
	       mapping_writably_mapped(inode->i_mapping);
}

/* A change that no stamp covers, or the stamp after the last writer. */
static bool is_due(struct inode *inode)
{
	struct provfs_inode *state = provfs_inode(inode);

	guard(spinlock)(&state->lock);
	return state->changed || (state->again && !is_open(inode));
}

/* Whether a stamp says all that was done to the content, and nobody is at it. */
bool provfs_is_settled(struct inode *inode)
{
	struct provfs_inode *state = provfs_inode(inode);

	guard(spinlock)(&state->lock);
	return !state->changed && !state->again && !is_open(inode);
}

/*
 * The stamp on the file covers changes within the clock tick in which it was
 * made, by whom it names: as when a small file is created, written and closed.
 */
static bool is_current(const struct inode *inode,
		       const struct provfs_inode *state)
{
	struct timespec64 ctime = inode_get_ctime(inode);

	/* Stores to tmpfs do not show in its files' times. */
	return state->stamped && !state->doubt && !state->mapped &&
	       timespec64_to_ns(&ctime) <= state->stamped;
}

/* Takes what is to be stamped off the account. */
static bool take_due(struct inode *inode, struct provfs_due *due)
{
	struct provfs_inode *state = provfs_inode(inode);
	bool open;

	guard(spinlock)(&state->lock);
	if (!state->changed)
		return false;
	if (is_current(inode, state)) {
		provfs_clear_suspects(state);
		provfs_count(PROVFS_CURRENT);
		return false;
	}
	open = is_open(inode);
	due->writer = state->writer;
	due->others = state->others;
	due->doubt = state->doubt;
	due->sole = state->sole;
	due->flags = (state->mapped ? PROV_FLAG_MAPPED : 0) |
		     (open ? PROV_FLAG_OPEN : 0);
	state->others = NULL;
	state->mapped = false;
	state->again = open;
	state->stamped = 0;
	provfs_clear_suspects(state);
	return true;
}

/* Neither a stamp nor its removal is allowed: the next close tries. */
static void give_back(struct provfs_inode *state, struct provfs_due *due)
{
	struct provfs_suspect *other;

	lockdep_assert_held(&state->lock);
	provfs_add_suspect(state, &due->writer);
	for (other = due->others; other; other = other->next)
		provfs_add_suspect(state, &other->writer);
	state->doubt |= due->doubt;
	state->mapped |= !!(due->flags & PROV_FLAG_MAPPED);
}

static void free_suspects(struct provfs_suspect *other)
{
	struct provfs_suspect *next;

	for (; other; other = next) {
		next = other->next;
		kfree(other);
	}
}

static void write_stamp(struct dentry *dentry, struct provfs_due *due)
{
	struct provfs_inode *state = provfs_inode(d_inode(dentry));
	u64 time;
	int error = provfs_write_stamp(dentry, due, &time);

	scoped_guard(spinlock, &state->lock) {
		if (error)
			give_back(state, due);
		else if (!state->changed && !due->doubt &&
			 provfs_identical(&state->writer, &due->writer))
			state->stamped = due->flags & PROV_FLAG_OPEN ? 0 : time;
	}
	free_suspects(due->others);
}

/* Nobody has changed content since, and nobody will. */
static void finish_stamp(struct dentry *dentry)
{
	struct inode *inode = d_inode(dentry);
	struct provfs_inode *state = provfs_inode(inode);
	struct provfs_writer writer;
	u64 time;

	scoped_guard(spinlock, &state->lock) {
		if (!state->again || is_open(inode))
			return;
		state->again = false;
	}
	provfs_finish_stamp(dentry, &writer, &time);
	guard(spinlock)(&state->lock);
	if (time && !state->changed) {
		state->writer = writer;
		state->stamped = time;
	}
}

static void stamp_locked(struct dentry *dentry)
{
	struct inode *inode = d_inode(dentry);
	struct provfs_due due;

	if (IS_RDONLY(inode) || IS_IMMUTABLE(inode))
		provfs_count(IS_RDONLY(inode) ? PROVFS_SKIPPED_READONLY :
						PROVFS_SKIPPED_IMMUTABLE);
	else if (take_due(inode, &due))
		write_stamp(dentry, &due);
	else
		finish_stamp(dentry);
	/* The stamp has moved ctime: what comes after must be after it. */
	scoped_guard(spinlock, &provfs_inode(inode)->lock)
		if (!list_empty(&provfs_inode(inode)->candidates)) {
			provfs_look(inode);
			provfs_ask_ctime(inode);
		}
}

/* A file of O_TMPFILE that can get a name, whoever has it open then. */
static bool is_linkable(struct inode *inode)
{
	return inode_state_read_once(inode) & I_LINKABLE;
}

static bool keep_from_freezing(struct super_block *sb)
{
	if (sb_start_write_trylock(sb))
		return true;
	provfs_count(PROVFS_SKIPPED_FROZEN);
	return false;
}

/**
 * provfs_settle - stamp what has changed, before another writer changes more
 * @dentry: the file
 * @as: what the caller holds. It waits for the inode's lock, as the write will
 *	that it goes before
 */
void provfs_settle(struct dentry *dentry, enum provfs_settle_as as)
{
	struct inode *inode = d_inode(dentry);

	if (!is_due(inode))
		return;
	if (as == PROVFS_LOCKED) {
		stamp_locked(dentry);
		return;
	}
	if (!keep_from_freezing(inode->i_sb))
		return;
	inode_lock(inode);
	stamp_locked(dentry);
	inode_unlock(inode);
	sb_end_write(inode->i_sb);
}

/**
 * provfs_try_settle - stamp what has changed, without waiting
 * @dentry: the file
 *
 * Return: false if somebody holds the inode's lock, and it is to be tried
 * again.
 */
bool provfs_try_settle(struct dentry *dentry)
{
	struct inode *inode = d_inode(dentry);
	bool locked;

	if (!is_due(inode))
		return true;
	/* A file that cannot get a name any more needs none. */
	if (!inode->i_nlink && !is_linkable(inode)) {
		provfs_count(PROVFS_SKIPPED_UNLINKED);
		return true;
	}
	if (!keep_from_freezing(inode->i_sb))
		return true;
	locked = inode_trylock(inode);
	if (locked) {
		stamp_locked(dentry);
		inode_unlock(inode);
	}
	sb_end_write(inode->i_sb);
	return locked;
}
