// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may yet change content through an open file.
 *
 * No hook tells when a write ends, or that a mapping is stored to. Whoever has
 * passed the hook before a write, or mapped the file, may change its content
 * until the open file is released, whoever else has written and was stamped
 * meanwhile. So each has a claim with the open file. When that is released, a
 * claim is nothing if the content is as it was, or if the file's stamps name
 * its writer since. Otherwise he is stamped then.
 */

#include <linux/fs.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>

#include "provfs.h"

/* Of one open file, besides the first; each is of another writer. */
#define CLAIMS_MAX	8

/* What becomes of a claim. */
enum verdict {
	NOTHING,	/* it made no change that is not on record */
	CHANGED,	/* it did, or may have */
	ASK_RECORD,	/* it may have, unless it is on record since */
};

static void set_claim(struct file *file, struct provfs_claim *claim,
		      const struct provfs_writer *writer)
{
	struct inode *inode = file_inode(file);

	claim->writer = *writer;
	claim->time = provfs_time(inode);
	claim->turn = provfs_inode(inode)->turn;
	provfs_mark(inode, &claim->since);
}

/* Whether a claim's writer is on record, as far as that is known here. */
static bool is_recorded(const struct provfs_inode *state,
			const struct provfs_claim *claim)
{
	return claim->turn > state->unrecorded &&
	       !(state->owed &&
		 provfs_same_writer(&state->writer, &claim->writer));
}

/* The claim that a writer has or may take the place of, or NULL. */
static struct provfs_claim *find_place(struct file *file,
				       const struct provfs_writer *writer)
{
	struct provfs_inode *state = provfs_inode(file_inode(file));
	struct provfs_file *own = provfs_file(file);
	struct provfs_claim *claim, *place = NULL;

	if (!own->changed)
		return &own->first;
	for (claim = &own->first; claim; claim = claim->next) {
		if (claim->mapped)
			continue;
		if (provfs_same_writer(&claim->writer, writer))
			return claim;
		if (is_recorded(state, claim))
			place = claim;
	}
	if (place)
		own->shared = true;
	return place;
}

/* Puts a claim behind the others, if there is room for one more. */
static bool add_claim(struct file *file, struct provfs_claim *claim,
		      const struct provfs_writer *writer, bool mapped)
{
	struct provfs_claim **end = &provfs_file(file)->first.next;
	unsigned int count = 0;

	for (; *end; end = &(*end)->next)
		count++;
	if (!claim || count >= CLAIMS_MAX) {
		provfs_file(file)->crowded = true;
		return false;
	}
	set_claim(file, claim, writer);
	claim->mapped = mapped;
	claim->next = NULL;
	*end = claim;
	return true;
}

/**
 * provfs_claim - a writer is about to change content through an open file
 * @file: the open file
 * @writer: who; noted as such
 *
 * With provfs_inode.lock held.
 */
void provfs_claim(struct file *file, const struct provfs_writer *writer)
{
	struct provfs_inode *state = provfs_inode(file_inode(file));
	struct provfs_file *own = provfs_file(file);
	struct provfs_claim *place = find_place(file, writer), *added;

	lockdep_assert_held(&state->lock);
	if (!own->changed) {
		own->changed = true;
		state->writers++;
		state->claims++;
	}
	if (place) {
		set_claim(file, place, writer);
		return;
	}
	added = kmalloc_obj(*added, GFP_ATOMIC | __GFP_NOWARN);
	if (!add_claim(file, added, writer, false))
		kfree(added);
}

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
	return is_recorded(state, claim) ? NOTHING : ASK_RECORD;
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
	/*
	 * The next of many writes. A race with the stamp that another release
	 * makes is harmless: @file has a claim.
	 */
	if (data_race(own->changed && state->pending &&
		      own->first.turn == state->turn &&
		      provfs_identical(&state->writer, &writer) &&
		      provfs_identical(&own->first.writer, &writer)))
		return;
	provfs_resolve_earlier(file, &writer, PROVFS_UNLOCKED);
	provfs_note_change(file_dentry(file), file, &writer, false,
			   PROVFS_UNLOCKED);
}

/**
 * provfs_file_maps - the current task maps a file, shared
 * @file: opened for writing
 *
 * No hook sees the stores: who maps is taken for who stores. An mprotect()
 * may allow them later.
 *
 * Return: 0 or -ENOMEM.
 */
int provfs_file_maps(struct file *file)
{
	struct inode *inode = file_inode(file);
	struct provfs_file *own = provfs_file(file);
	struct provfs_claim *claim, *spare;
	struct provfs_writer writer;

	if (!provfs_is_stamped_file(inode))
		return 0;
	spare = kmalloc_obj(*spare);
	if (!spare)
		return -ENOMEM;
	provfs_current_writer(&writer);

	scoped_guard(spinlock, &provfs_inode(inode)->lock) {
		for (claim = own->first.next; claim; claim = claim->next)
			if (claim->mapped &&
			    provfs_same_writer(&claim->writer, &writer))
				break;
		if (claim)
			claim->writer = writer;
		else if (add_claim(file, spare, &writer, true))
			spare = NULL;
	}
	kfree(spare);
	return 0;
}

/* A write that failed or had no bytes was nobody's. */
static void drop_unchanged(struct file *file)
{
	struct provfs_inode *state = provfs_inode(file_inode(file));
	const struct provfs_claim *claim = &provfs_file(file)->first;

	guard(spinlock)(&state->lock);
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

	if (own->changed)
		drop_unchanged(file);
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

static void release(struct file *file)
{
	struct provfs_file *own = provfs_file(file);
	struct inode *inode = file_inode(file);
	struct provfs_inode *state = provfs_inode(inode);

	if (own->changed) {
		scoped_guard(spinlock, &state->lock)
			state->writers--;
	}
	if (own->changed || own->first.next || own->crowded)
		resolve_all(file);
	if (own->changed) {
		guard(spinlock)(&state->lock);
		if (!--state->claims) {
			state->stray = false;
			state->mapped = state->mapped && state->pending;
		}
	}
	/* What others begin now, they end. */
	if (data_race(own->changed || state->pending || state->again) &&
	    provfs_is_due(inode))
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
