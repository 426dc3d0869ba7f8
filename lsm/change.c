// SPDX-License-Identifier: GPL-2.0-only
/*
 * What has changed, by whom, and when that is to be stamped.
 *
 * The identity of a writer is taken when it writes and kept with the inode:
 * when an exiting task's files are released, its namespaces are gone. The
 * stamp is made when a file through which content was changed is released,
 * or earlier, when another writer takes over.
 *
 * A change that has been noted is pending until it is stamped, or found to be
 * none. Between the hook that notes it and the write itself any time can pass,
 * in which others write: that the last one noted is the one who wrote is a
 * guess, which resolve.c corrects when the open file is released.
 *
 * Locks: freeze protection of the superblock, i_rwsem, provfs_inode.lock.
 * None of these is waited for with mmap_lock held, and freeze protection is
 * never waited for at all.
 */

#include <linux/fs.h>

#include "provfs.h"

/* Why a stamp is made now. */
enum settle_for {
	SETTLE_RELEASE,
	SETTLE_HANDOVER,	/* another writer takes over */
};

/* What is to be stamped. */
struct due {
	struct provfs_writer	writer;
	u16			flags;
	bool			sole;
	bool			changed;
};

/* Whether somebody may yet change content without being noted before. */
static bool is_open(struct inode *inode, const struct provfs_inode *state)
{
	return state->writers || mapping_writably_mapped(inode->i_mapping);
}

/* A change that no stamp covers, or the stamp after the last writer. */
static bool is_due(struct inode *inode, const struct provfs_inode *state)
{
	lockdep_assert_held(&state->lock);
	return state->pending || (state->again && !is_open(inode, state));
}

/*
 * Begins a pending change. What those who have the file open for changes have
 * done since the last stamp is not forgotten by that.
 */
static void begin_pending(struct inode *inode, struct provfs_inode *state,
			  const struct provfs_mark *now)
{
	lockdep_assert_held(&state->lock);
	state->pending = true;
	state->kept = false;
	state->owed = true;
	state->certain = !provfs_ctime_is_proof(inode);
	if (state->claims &&
	    (state->stray || provfs_content_moved(inode, &state->since)))
		return;
	state->stray = false;
	state->since = *now;
}

/* The pending change is none, or stamped, or to be forgotten. */
void provfs_forget_change(struct provfs_inode *state)
{
	lockdep_assert_held(&state->lock);
	state->pending = false;
	state->kept = false;
}

/*
 * Drops what turns out to need no stamp: a write that failed or had no bytes,
 * and changes within the clock tick in which the file was stamped for the
 * same writer, as when a small file is created, written and closed.
 */
static bool still_due(struct inode *inode, struct provfs_inode *state)
{
	struct timespec64 ctime = inode_get_ctime(inode);

	guard(spinlock)(&state->lock);
	if (state->pending && !state->certain &&
	    !provfs_moved(inode, &state->since)) {
		provfs_forget_change(state);
		provfs_count(PROVFS_UNCHANGED);
	}
	if (!is_due(inode, state))
		return false;
	/* Stores to tmpfs do not show in its files' times. */
	if (!state->pending || !state->stamped || state->mapped ||
	    timespec64_to_ns(&ctime) > state->stamped)
		return true;
	provfs_forget_change(state);
	state->owed = false;
	state->again = is_open(inode, state);
	if (state->claims)
		provfs_mark(inode, &state->since);
	provfs_count(PROVFS_CURRENT);
	return false;
}

static bool take_due(struct inode *inode, struct provfs_inode *state,
		     struct due *due)
{
	bool open;

	guard(spinlock)(&state->lock);
	if (!is_due(inode, state))
		return false;
	open = is_open(inode, state);
	due->writer = state->writer;
	due->sole = state->sole;
	due->changed = state->pending;
	due->flags = (state->mapped ? PROV_FLAG_MAPPED : 0) |
		     (open ? PROV_FLAG_OPEN : 0);
	provfs_forget_change(state);
	state->again = open;
	/* Until it is known what all have done who had it open. */
	if (!state->claims)
		state->mapped = false;
	return true;
}

/* It cannot be stamped now, and the open file that tells of it may be gone. */
static void keep_pending(struct provfs_inode *state)
{
	guard(spinlock)(&state->lock);
	if (!state->pending)
		return;
	state->kept = true;
	state->certain = true;
}

/* Nobody knows any more who wrote last: there is room for one that is kept. */
static void lose_writer(struct provfs_inode *state)
{
	lockdep_assert_held(&state->lock);
	if (state->owed)
		state->unrecorded = state->turn;
	state->turn++;
	state->writer = (struct provfs_writer) { };
	state->owed = true;
	state->stamped = 0;
	provfs_count(PROVFS_FAILED_LOG);
}

/* An earlier stamp is on the file that is not true: the next close tries. */
static void keep_failed(struct provfs_inode *state, const struct due *due)
{
	lockdep_assert_held(&state->lock);
	if (!state->pending)
		state->writer = due->writer;
	else if (!provfs_same_writer(&state->writer, &due->writer))
		lose_writer(state);
	state->pending = true;
	state->kept = true;
	state->certain = true;
	if (due->flags & PROV_FLAG_MAPPED)
		state->mapped = true;
}

static void stamp_locked(struct dentry *dentry)
{
	struct inode *inode = d_inode(dentry);
	struct provfs_inode *state = provfs_inode(inode);
	struct due due;
	int error = 0;
	u64 time;

	if (IS_RDONLY(inode) || IS_IMMUTABLE(inode)) {
		provfs_count(IS_RDONLY(inode) ? PROVFS_SKIPPED_READONLY :
						PROVFS_SKIPPED_IMMUTABLE);
		keep_pending(state);
		return;
	}
	if (!take_due(inode, state, &due))
		return;
	if (due.changed)
		error = provfs_write_stamp(dentry, &due.writer, due.flags,
					   due.sole, &time);
	else
		provfs_finish_stamp(dentry, &due.writer, &time);

	guard(spinlock)(&state->lock);
	if (error)
		keep_failed(state, &due);
	else if (due.changed &&
		 provfs_same_writer(&state->writer, &due.writer))
		state->owed = state->pending;
	/* The stamp itself has moved ctime. */
	if (state->claims || state->pending) {
		state->stray = false;
		provfs_mark(inode, &state->since);
	}
	if (!error && provfs_identical(&state->writer, &due.writer))
		state->stamped = due.flags & PROV_FLAG_OPEN ? 0 : time;
}

static void settle(struct dentry *dentry, enum provfs_settle_as as,
		   enum settle_for what)
{
	struct inode *inode = d_inode(dentry);
	struct provfs_inode *state = provfs_inode(inode);

	if (!still_due(inode, state))
		return;
	/* Two writers are on record, even if the file has a name only later. */
	if (!inode->i_nlink && what == SETTLE_RELEASE) {
		provfs_count(PROVFS_SKIPPED_UNLINKED);
		keep_pending(state);
		return;
	}
	if (as == PROVFS_LOCKED) {
		stamp_locked(dentry);
		return;
	}
	if (!sb_start_write_trylock(inode->i_sb)) {
		provfs_count(PROVFS_SKIPPED_FROZEN);
		keep_pending(state);
		return;
	}
	inode_lock(inode);
	stamp_locked(dentry);
	inode_unlock(inode);
	sb_end_write(inode->i_sb);
}

void provfs_settle(struct dentry *dentry, enum provfs_settle_as as)
{
	settle(dentry, as, SETTLE_RELEASE);
}

/**
 * provfs_settle_replaced - stamp what has changed in a file that lost its name
 * @dentry: the file; its i_rwsem is held, and write access to the mount
 *
 * For whoever inherits its history.
 */
void provfs_settle_replaced(struct dentry *dentry)
{
	settle(dentry, PROVFS_LOCKED, SETTLE_HANDOVER);
}

/* Whether a stamp says all that was done to the content, and nobody is at it. */
bool provfs_is_settled(struct inode *inode)
{
	struct provfs_inode *state = provfs_inode(inode);

	guard(spinlock)(&state->lock);
	return !state->pending && !state->again && !state->claims &&
	       !is_open(inode, state);
}

static bool other_is_pending(struct provfs_inode *state,
			     const struct provfs_writer *writer)
{
	guard(spinlock)(&state->lock);
	return state->pending && !provfs_same_writer(&state->writer, writer);
}

static void take_over(struct provfs_inode *state,
		      const struct provfs_writer *writer)
{
	lockdep_assert_held(&state->lock);
	if (!provfs_same_writer(&state->writer, writer)) {
		state->mapped = false;
		state->sole = false;
		if (state->owed)
			state->unrecorded = state->turn;
		state->owed = true;
		state->turn++;
	}
	state->writer = *writer;
	state->stamped = 0;
}

/**
 * provfs_note_change - the content is about to change
 * @dentry: of which file
 * @file: through which open file, whose release will stamp; or NULL
 * @writer: by whom
 * @mapped: by stores to a mapping, which have happened
 * @as: what the caller holds
 */
void provfs_note_change(struct dentry *dentry, struct file *file,
			const struct provfs_writer *writer, bool mapped,
			enum provfs_settle_as as)
{
	struct inode *inode = d_inode(dentry);
	struct provfs_inode *state = provfs_inode(inode);
	struct provfs_mark now;

	if (other_is_pending(state, writer))
		settle(dentry, as, SETTLE_HANDOVER);

	guard(spinlock)(&state->lock);
	provfs_mark(inode, &now);
	if (state->pending && state->kept &&
	    !provfs_same_writer(&state->writer, writer)) {
		if (!file)
			lose_writer(state);
		else
			state->unrecorded = state->turn;
	} else if (!provfs_identical(&state->writer, writer)) {
		take_over(state, writer);
	}
	if (!state->pending)
		begin_pending(inode, state, &now);
	if (!i_size_read(inode))
		state->sole = true;
	if (mapped)
		state->mapped = true;
	/* XFS lets root write so that the file's times do not tell. */
	if (mapped || (file && (file->f_mode & FMODE_NOCMTIME)))
		state->certain = true;
	if (file)
		provfs_claim(file, writer, &now);
	else
		state->kept = true;
}

static void note_and_settle(struct dentry *dentry,
			    const struct provfs_writer *writer, bool mapped,
			    enum provfs_settle_as as)
{
	struct provfs_inode *state = provfs_inode(d_inode(dentry));

	provfs_note_change(dentry, NULL, writer, mapped, as);
	scoped_guard(spinlock, &state->lock)
		state->certain = state->pending;
	provfs_settle(dentry, as);
}

/**
 * provfs_note_now - content was changed, which is to be stamped now
 * @dentry: of which file
 * @writer: by whom
 * @mapped: by stores to a mapping
 * @as: what the caller holds
 *
 * Under i_rwsem, so that nobody else's change comes between.
 */
void provfs_note_now(struct dentry *dentry, const struct provfs_writer *writer,
		     bool mapped, enum provfs_settle_as as)
{
	struct inode *inode = d_inode(dentry);

	if (as == PROVFS_LOCKED || !sb_start_write_trylock(inode->i_sb)) {
		note_and_settle(dentry, writer, mapped, as);
		return;
	}
	inode_lock(inode);
	note_and_settle(dentry, writer, mapped, PROVFS_LOCKED);
	inode_unlock(inode);
	sb_end_write(inode->i_sb);
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
	provfs_forget_change(state);
	state->again = false;
	state->owed = false;
	state->stamped = 0;
	state->void_turn = state->turn++;
}
