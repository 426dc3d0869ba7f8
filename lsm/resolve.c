// SPDX-License-Identifier: GPL-2.0-only
/*
 * What those who had claims did.
 *
 * When an open file is released, a claim is nothing if the content is as it
 * was, or if the file's stamps name its writer since. Otherwise he is stamped
 * then.
 */

#include <linux/fs.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>

#include "provfs.h"

/* What becomes of a claim. */
enum verdict {
	NOTHING,	/* it made no change that is not on record */
	CHANGED,	/* it did, or may have */
	ASK_RECORD,	/* it may have, unless it is on record since */
};

static bool claim_moved(const struct file *file,
			const struct provfs_claim *claim)
{
	struct inode *inode = file_inode(file);

	if (!provfs_ctime_is_proof(inode) || (file->f_mode & FMODE_NOCMTIME))
		return true;
	/* Stores to tmpfs do not show in its files' times. */
	if (claim->mapped && shmem_mapping(inode->i_mapping))
		return true;
	return provfs_moved(inode, &claim->since);
}

/* Whether content was changed after the last stamp, by nobody who was noted. */
static bool has_strayed(const struct file *file,
			const struct provfs_inode *state)
{
	return !state->pending &&
	       (state->stray || (file->f_mode & FMODE_NOCMTIME) ||
		provfs_content_moved(file_inode(file), &state->since));
}

static enum verdict judge(const struct file *file,
			  const struct provfs_claim *claim)
{
	struct provfs_inode *state = provfs_inode(file_inode(file));

	lockdep_assert_held(&state->lock);
	if (claim->turn <= state->void_turn || !claim_moved(file, claim))
		return NOTHING;
	if (claim->mapped)
		return CHANGED;
	/* He will be stamped. */
	if (state->pending &&
	    provfs_same_writer(&state->writer, &claim->writer))
		return NOTHING;
	if (has_strayed(file, state))
		return CHANGED;
	return provfs_is_recorded(state, claim) ? NOTHING : ASK_RECORD;
}

/* Whether an open file has been written through by others, too. */
static bool has_other_writers(const struct provfs_file *own,
			      const struct provfs_claim *writers)
{
	const struct provfs_claim *claim;

	if (own->shared || own->crowded)
		return true;
	for (claim = &own->first; claim; claim = claim->next)
		if (claim != writers && !claim->mapped)
			return true;
	return false;
}

/* Sees to it that a claim's writer is on record if he may have written. */
static void resolve(struct file *file, const struct provfs_claim *claim,
		    enum provfs_settle_as as)
{
	static const struct provfs_writer nobody;
	struct dentry *dentry = file_dentry(file);
	const struct provfs_writer *writer;
	struct provfs_claim asked;
	enum verdict verdict;

	scoped_guard(spinlock, &provfs_inode(file_inode(file))->lock) {
		asked = *claim;
		writer = &asked.writer;
		verdict = judge(file, claim);
		/* Which of those that are on record is not to be known. */
		if (verdict == CHANGED && !asked.mapped &&
		    has_other_writers(provfs_file(file), claim))
			writer = &nobody;
	}
	if (verdict == ASK_RECORD) {
		switch (provfs_find_record(dentry, &asked.writer, asked.time)) {
		case PROVFS_ON_RECORD:
			return;
		case PROVFS_NOT_ON_RECORD:
			break;
		case PROVFS_RECORD_LOST:
			writer = &nobody;
		}
	}
	if (verdict != NOTHING)
		provfs_note_now(dentry, writer, asked.mapped, as);
}

/* The claim of a writer, if this open file has one. */
static const struct provfs_claim *
find_claim(const struct file *file, const struct provfs_writer *writer)
{
	const struct provfs_file *own = provfs_file(file);
	const struct provfs_claim *claim;

	guard(spinlock)(&provfs_inode(file_inode(file))->lock);
	for (claim = own->changed ? &own->first : NULL; claim;
	     claim = claim->next)
		if (!claim->mapped &&
		    provfs_same_writer(&claim->writer, writer))
			return claim;
	return NULL;
}

/**
 * provfs_resolve_earlier - before a writer's claim begins anew
 * @file: the open file that he writes through again
 * @writer: who
 * @as: what the caller holds
 */
void provfs_resolve_earlier(struct file *file,
			    const struct provfs_writer *writer,
			    enum provfs_settle_as as)
{
	const struct provfs_claim *claim = find_claim(file, writer);

	if (claim)
		resolve(file, claim, as);
}

/* A write that failed or had no bytes was nobody's. */
static void drop_unchanged(struct file *file)
{
	struct provfs_inode *state = provfs_inode(file_inode(file));
	const struct provfs_claim *claim = &provfs_file(file)->first;

	lockdep_assert_held(&state->lock);
	if (!state->pending || state->certain || state->kept)
		return;
	for (; claim; claim = claim->next) {
		if (claim->mapped || claim->turn != state->turn ||
		    claim_moved(file, claim) ||
		    !provfs_identical(&claim->writer, &state->writer))
			continue;
		provfs_forget_change(state);
		provfs_count(PROVFS_UNCHANGED);
		return;
	}
}

static void resolve_all(struct file *file)
{
	static const struct provfs_writer nobody;
	struct provfs_file *own = provfs_file(file);
	struct provfs_claim *claim;

	for (claim = own->first.next; claim; claim = claim->next)
		if (claim->mapped)
			resolve(file, claim, PROVFS_UNLOCKED);
	for (claim = own->changed ? &own->first : NULL; claim;
	     claim = claim->next)
		if (!claim->mapped)
			resolve(file, claim, PROVFS_UNLOCKED);
	if (own->crowded)
		provfs_note_now(file_dentry(file), &nobody, false,
				PROVFS_UNLOCKED);
}

static void free_claims(struct provfs_file *own)
{
	struct provfs_claim *claim, *next;

	for (claim = own->first.next; claim; claim = next) {
		next = claim->next;
		kfree(claim);
	}
	own->first.next = NULL;
}

/*
 * Whether an open file has one writer, whose change is the pending one, so
 * that he will be stamped: as most files are written.
 */
static bool has_only_pending(const struct provfs_inode *state,
			     const struct provfs_file *own)
{
	lockdep_assert_held(&state->lock);
	return state->pending && !own->first.next && !own->crowded &&
	       provfs_identical(&own->first.writer, &state->writer);
}

/* Nothing is left to be found out of what was done through an open file. */
static void end_claims(struct provfs_inode *state)
{
	lockdep_assert_held(&state->lock);
	if (--state->claims)
		return;
	state->stray = false;
	state->mapped = state->mapped && state->pending;
}

static void release_changed(struct file *file)
{
	struct provfs_inode *state = provfs_inode(file_inode(file));

	scoped_guard(spinlock, &state->lock) {
		bool resolved = has_only_pending(state, provfs_file(file));

		state->writers--;
		drop_unchanged(file);
		if (resolved) {
			end_claims(state);
			return;
		}
	}
	resolve_all(file);
	scoped_guard(spinlock, &state->lock)
		end_claims(state);
}

static void release(struct file *file)
{
	struct provfs_file *own = provfs_file(file);
	struct provfs_inode *state = provfs_inode(file_inode(file));

	if (own->changed)
		release_changed(file);
	else if (own->first.next || own->crowded)
		resolve_all(file);
	/* What others begin now, they end. */
	if (data_race(own->changed || state->pending || state->again))
		provfs_settle(file_dentry(file), PROVFS_UNLOCKED);
}

/**
 * provfs_file_released - the last reference to an open file goes
 * @file: it, mappings included
 */
void provfs_file_released(struct file *file)
{
	struct inode *inode = file_inode(file);

	if (!(file->f_mode & FMODE_WRITE) || !S_ISREG(inode->i_mode))
		return;
	if (provfs_in_scope(inode->i_sb))
		release(file);
	else
		provfs_count(PROVFS_SKIPPED_FILESYSTEM);
	free_claims(provfs_file(file));
}
