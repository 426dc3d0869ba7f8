// SPDX-License-Identifier: GPL-2.0-only
/*
 * What has changed, by whom, and when that is to be stamped.
 *
 * The identity of a writer is taken when it writes and kept with the inode:
 * when an exiting task's files are released, its namespaces are gone. The
 * stamp is made when a file through which content was changed is released,
 * or earlier, when another writer takes over.
 *
 * Locks: freeze protection of the superblock, i_rwsem, provfs_inode.lock.
 * None of these is waited for with mmap_lock held, and freeze protection is
 * never waited for at all.
 */

#include <linux/fs.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/stat.h>

#include "provfs.h"

/* How the caller of settle() comes, and what it holds. */
enum settle_as {
	SETTLE_UNLOCKED,
	SETTLE_LOCKED,		/* write access to the mount, and i_rwsem */
};

/*
 * Whether each change of content shows in ctime, once ctime has been asked
 * for. Otherwise two changes within a clock tick look like one.
 */
static bool ctime_is_proof(const struct inode *inode)
{
	return is_mgtime(inode) && !IS_NOCMTIME(inode) &&
	       inode->i_sb->s_time_gran < NSEC_PER_MSEC;
}

/* The ctime, from which the next change's will differ if ctime_is_proof(). */
static struct timespec64 ask_ctime(struct inode *inode)
{
	struct kstat stat = { };

	if (!is_mgtime(inode))
		return inode_get_ctime(inode);
	fill_mg_cmtime(&stat, STATX_CTIME, inode);
	return stat.ctime;
}

static u64 ctime_ns(const struct inode *inode)
{
	struct timespec64 ctime = inode_get_ctime(inode);

	return timespec64_to_ns(&ctime);
}

static void begin_pending(struct inode *inode, struct provfs_inode *state)
{
	lockdep_assert_held(&state->lock);
	state->pending = true;
	state->certain = !ctime_is_proof(inode);
	state->size = i_size_read(inode);
	/* What changes an empty file changes its size: its ctime can stay. */
	if (state->size && !state->certain)
		state->ctime = ask_ctime(inode);
	else
		state->ctime = inode_get_ctime(inode);
}

static bool really_changed(struct inode *inode, struct provfs_inode *state)
{
	struct timespec64 ctime = inode_get_ctime(inode);

	lockdep_assert_held(&state->lock);
	return state->certain || state->size != i_size_read(inode) ||
	       !timespec64_equal(&state->ctime, &ctime);
}

/* Due: a change that no stamp covers, or the stamp after the last writer. */
static bool is_due(const struct provfs_inode *state)
{
	return state->pending || (state->again && !state->writers);
}

/*
 * Drops what turns out to need no stamp: a write that failed or had no bytes,
 * and changes within the clock tick in which the file was stamped for the
 * same writer, as when a small file is created, written and closed.
 */
static bool still_due(struct inode *inode, struct provfs_inode *state)
{
	guard(spinlock)(&state->lock);
	if (!is_due(state))
		return false;
	if (state->pending && !really_changed(inode, state)) {
		state->pending = false;
		provfs_count(PROVFS_UNCHANGED);
		if (!is_due(state))
			return false;
	}
	if (!state->stamped || ctime_ns(inode) > state->stamped)
		return true;
	state->pending = false;
	state->again = state->writers;
	provfs_count(PROVFS_CURRENT);
	return false;
}

static bool take_pending(struct provfs_inode *state,
			 struct provfs_writer *writer, u16 *flags, bool *sole)
{
	guard(spinlock)(&state->lock);
	if (!is_due(state))
		return false;
	*writer = state->writer;
	*sole = state->sole;
	*flags = (state->mapped ? PROV_FLAG_MAPPED : 0) |
		 (state->writers ? PROV_FLAG_OPEN : 0);
	state->pending = false;
	state->again = state->writers;
	if (!state->writers)
		state->mapped = false;
	return true;
}

/* An earlier stamp is on the file that is not true: the next close tries. */
static void keep_pending(struct provfs_inode *state, u16 flags)
{
	lockdep_assert_held(&state->lock);
	state->pending = true;
	state->certain = true;
	if (flags & PROV_FLAG_MAPPED)
		state->mapped = true;
}

static void stamp_locked(struct dentry *dentry)
{
	struct inode *inode = d_inode(dentry);
	struct provfs_inode *state = provfs_inode(inode);
	struct provfs_writer writer;
	bool sole;
	u64 time;
	u16 flags;
	int error;

	if (IS_RDONLY(inode)) {
		provfs_count(PROVFS_SKIPPED_READONLY);
		return;
	}
	if (IS_IMMUTABLE(inode)) {
		provfs_count(PROVFS_SKIPPED_IMMUTABLE);
		return;
	}
	if (!take_pending(state, &writer, &flags, &sole))
		return;
	error = provfs_write_stamp(dentry, &writer, flags, sole, &time);

	guard(spinlock)(&state->lock);
	if (error)
		keep_pending(state, flags);
	if (provfs_identical(&state->writer, &writer))
		state->stamped = flags & PROV_FLAG_OPEN ? 0 : time;
}

static void settle(struct dentry *dentry, enum settle_as as)
{
	struct inode *inode = d_inode(dentry);

	if (!still_due(inode, provfs_inode(inode)))
		return;
	if (!inode->i_nlink) {
		provfs_count(PROVFS_SKIPPED_UNLINKED);
		return;
	}
	if (as == SETTLE_LOCKED) {
		stamp_locked(dentry);
		return;
	}
	if (!sb_start_write_trylock(inode->i_sb)) {
		provfs_count(PROVFS_SKIPPED_FROZEN);
		return;
	}
	inode_lock(inode);
	stamp_locked(dentry);
	inode_unlock(inode);
	sb_end_write(inode->i_sb);
}

static bool other_is_pending(struct provfs_inode *state,
			     const struct provfs_writer *writer)
{
	guard(spinlock)(&state->lock);
	return state->pending && !provfs_same_writer(&state->writer, writer);
}

/**
 * note_change - the content is about to change
 * @dentry: of which file
 * @file: through which open file, whose release will stamp; or NULL
 * @writer: by whom
 * @mapped: by stores to a mapping, which have happened
 * @as: what the caller holds
 */
static void note_change(struct dentry *dentry, struct file *file,
			const struct provfs_writer *writer, bool mapped,
			enum settle_as as)
{
	struct inode *inode = d_inode(dentry);
	struct provfs_inode *state = provfs_inode(inode);

	if (other_is_pending(state, writer))
		settle(dentry, as);

	guard(spinlock)(&state->lock);
	if (!provfs_identical(&state->writer, writer)) {
		if (!provfs_same_writer(&state->writer, writer)) {
			state->mapped = false;
			state->sole = false;
		}
		state->writer = *writer;
		state->stamped = 0;
	}
	if (!state->pending)
		begin_pending(inode, state);
	if (!i_size_read(inode))
		state->sole = true;
	if (mapped)
		state->mapped = true;
	/* XFS lets root write so that the file's times do not tell. */
	if (mapped || (file && (file->f_mode & FMODE_NOCMTIME)))
		state->certain = true;
	if (file && !provfs_file(file)->changed) {
		provfs_file(file)->changed = true;
		state->writers++;
	}
}

static bool is_stamped_file(const struct inode *inode)
{
	return S_ISREG(inode->i_mode) && provfs_in_scope(inode->i_sb);
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

	if (!is_stamped_file(inode))
		return;
	state = provfs_inode(inode);
	provfs_current_writer(&writer);
	/*
	 * The next of many writes. A race with the stamp that another release
	 * makes is harmless: @file is counted, so that this was not the last.
	 */
	if (data_race(provfs_file(file)->changed && state->pending &&
		      provfs_identical(&state->writer, &writer)))
		return;
	note_change(file_dentry(file), file, &writer, false, SETTLE_UNLOCKED);
}

/* A file that changed while it was mapped is taken to be changed by that. */
static void note_mapped(struct file *file, const struct provfs_mapping *mapping)
{
	struct inode *inode = file_inode(file);
	struct timespec64 ctime = inode_get_ctime(inode);

	/* Stores to tmpfs do not show in its files' times. */
	if (ctime_is_proof(inode) && !shmem_mapping(inode->i_mapping) &&
	    timespec64_equal(&ctime, &mapping->ctime))
		return;
	note_change(file_dentry(file), file, &mapping->writer, true,
		    SETTLE_UNLOCKED);
}

/**
 * provfs_file_maps - the current task maps a file, shared
 * @file: opened for writing
 * @mmap_locked: mmap_lock is held
 *
 * No hook sees the stores: who maps is taken for who stores. An mprotect()
 * may allow them later.
 *
 * Return: 0 or -ENOMEM.
 */
int provfs_file_maps(struct file *file, bool mmap_locked)
{
	struct inode *inode = file_inode(file);
	struct provfs_file *own = provfs_file(file);
	struct provfs_mapping *mapping, *earlier;

	if (!is_stamped_file(inode))
		return 0;
	mapping = kmalloc_obj(*mapping);
	if (!mapping)
		return -ENOMEM;
	provfs_current_writer(&mapping->writer);
	mapping->ctime = ask_ctime(inode);

	scoped_guard(spinlock, &provfs_inode(inode)->lock) {
		earlier = own->mapping;
		if (!earlier ||
		    !provfs_identical(&earlier->writer, &mapping->writer))
			swap(own->mapping, mapping);
	}
	/* Now @mapping is what is not needed: an earlier mapper's, or none. */
	if (mapping && mapping == earlier && !mmap_locked)
		note_mapped(file, mapping);
	kfree(mapping);
	return 0;
}

/**
 * provfs_file_released - the last reference to an open file goes
 * @file: it, mappings included
 */
void provfs_file_released(struct file *file)
{
	struct inode *inode = file_inode(file);
	struct provfs_file *own = provfs_file(file);
	struct provfs_inode *state = provfs_inode(inode);
	bool due;

	if (!(file->f_mode & FMODE_WRITE) || !S_ISREG(inode->i_mode))
		return;
	if (!provfs_in_scope(inode->i_sb))
		provfs_count(PROVFS_SKIPPED_FILESYSTEM);
	else if (own->mapping)
		note_mapped(file, own->mapping);
	kfree(own->mapping);
	own->mapping = NULL;
	if (!own->changed && !READ_ONCE(state->pending))
		return;

	scoped_guard(spinlock, &state->lock) {
		if (own->changed)
			state->writers--;
		own->changed = false;
		due = is_due(state);
	}
	if (due)
		settle(file_dentry(file), SETTLE_UNLOCKED);
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

	if (!is_stamped_file(d_inode(dentry)))
		return;
	provfs_current_writer(&writer);
	/* open(2) truncates for those, too, who cannot write afterwards. */
	if (!(file->f_mode & FMODE_WRITE))
		file = NULL;
	note_change(dentry, file, &writer, false, SETTLE_LOCKED);
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

	if (!is_stamped_file(inode))
		return;
	if (by_path) {
		provfs_current_writer(&writer);
		note_change(dentry, NULL, &writer, false, SETTLE_LOCKED);
	}
	scoped_guard(spinlock, &state->lock) {
		state->certain = true;
		if (!i_size_read(inode))
			state->sole = true;
		released_later = !by_path && state->writers;
	}
	if (!released_later)
		settle(dentry, SETTLE_LOCKED);
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
	state->pending = false;
	state->again = false;
	state->stamped = 0;
}
