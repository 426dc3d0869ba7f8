// SPDX-License-Identifier: GPL-2.0-only
/*
 * An inode's account: who may have changed its content, and who has.
 *
 * Whoever is let through a hook to write, or maps the file, is a candidate
 * until the open file is released. Each time the module is called it looks at
 * the content. If that has moved since it looked last, the candidates whose
 * write was under way at some time in between are suspects: one of them
 * changed it. Suspects are settled by a stamp (settle.c): for him, if they are
 * all one writer; by none, and entries in the log, if they are not.
 *
 * All of this is under provfs_inode.lock.
 */

#include <linux/fs.h>
#include <linux/list.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>

#include "provfs.h"

/* Of one inode. Who is over makes room for more. */
#define CANDIDATES_MAX	24

static const struct provfs_writer nobody;

/* One more who may have changed content since the last stamp. */
void provfs_add_suspect(struct provfs_inode *state,
			const struct provfs_writer *writer)
{
	struct provfs_suspect **end = &state->others, *other;
	unsigned int count = 0;

	lockdep_assert_held(&state->lock);
	if (!state->changed) {
		if (!provfs_same_writer(&state->writer, writer))
			state->sole = false;
		if (!provfs_identical(&state->writer, writer))
			state->stamped = 0;
	}
	if (!state->changed || provfs_same_writer(&state->writer, writer)) {
		state->changed = true;
		state->writer = *writer;
		return;
	}
	state->doubt = true;
	for (; *end; end = &(*end)->next, count++)
		if (provfs_same_writer(&(*end)->writer, writer))
			return;
	if (provfs_is_unknown(writer) || count == PROV_LOG_MAX)
		return;
	other = kmalloc_obj(*other, GFP_ATOMIC | __GFP_NOWARN);
	if (!other) {
		provfs_count(PROVFS_FAILED_LOG);
		return;
	}
	other->writer = *writer;
	other->next = NULL;
	*end = other;
}

/* Nobody is suspected of anything. */
void provfs_clear_suspects(struct provfs_inode *state)
{
	struct provfs_suspect *other;

	while (state->others) {
		other = state->others;
		state->others = other->next;
		kfree(other);
	}
	state->changed = false;
	state->doubt = false;
}

static bool may_be_writing(const struct provfs_candidate *candidate)
{
	return candidate->mapped || candidate->many ||
	       !provfs_call_is_over(&candidate->call);
}

static void accuse(struct provfs_inode *state,
		   struct provfs_candidate *candidate)
{
	candidate->accused = true;
	if (candidate->mapped)
		state->mapped = true;
	provfs_add_suspect(state, &candidate->writer);
}

/* Content has moved: one of those who could have done it has. */
static void accuse_all(struct provfs_inode *state)
{
	struct provfs_candidate *candidate;
	bool nobody_could = !state->crowded;

	if (list_empty(&state->candidates))
		return;
	list_for_each_entry(candidate, &state->candidates, list)
		nobody_could = nobody_could && !candidate->could;
	/* What completes after its call is over, as direct I/O. */
	list_for_each_entry(candidate, &state->candidates, list)
		if (nobody_could || candidate->could)
			accuse(state, candidate);
	if (state->crowded || state->setting ||
	    (nobody_could && state->replaced))
		provfs_add_suspect(state, &nobody);
	list_for_each_entry(candidate, &state->candidates, list)
		if (candidate->could)
			candidate->contested = state->doubt;
}

/**
 * provfs_look - see whether content has changed, and who may have done that
 * @inode: of which file
 */
void provfs_look(struct inode *inode)
{
	struct provfs_inode *state = provfs_inode(inode);
	struct provfs_candidate *candidate;
	struct provfs_mark now;

	lockdep_assert_held(&state->lock);
	/* Times or size are set under the inode's lock. */
	if (state->setting && !inode_is_locked(inode))
		state->setting = false;
	list_for_each_entry(candidate, &state->candidates, list)
		candidate->still = may_be_writing(candidate);
	/* Whose write is over has done all of it before the content is seen. */
	smp_rmb();
	provfs_mark(inode, &now);
	if (provfs_moved(&now, &state->seen))
		accuse_all(state);
	state->seen = now;
	list_for_each_entry(candidate, &state->candidates, list)
		candidate->could = candidate->still;
}

/* What the content is now is accounted for. */
void provfs_seen(struct inode *inode)
{
	struct provfs_inode *state = provfs_inode(inode);

	lockdep_assert_held(&state->lock);
	provfs_mark(inode, &state->seen);
}

/* Whether another may change content, too. */
bool provfs_has_rivals(const struct provfs_inode *state,
		       const struct provfs_writer *writer)
{
	struct provfs_candidate *candidate;

	lockdep_assert_held(&state->lock);
	list_for_each_entry(candidate, &state->candidates, list)
		if (!provfs_same_writer(&candidate->writer, writer))
			return true;
	return state->crowded;
}

/**
 * provfs_set_by - the current task has set the file's size
 * @inode: of which file; its i_rwsem is held since provfs_look()
 * @writer: who
 *
 * Only stores to a mapping can have come between.
 */
void provfs_set_by(struct inode *inode, const struct provfs_writer *writer)
{
	struct provfs_inode *state = provfs_inode(inode);
	struct provfs_candidate *candidate;

	lockdep_assert_held(&state->lock);
	provfs_add_suspect(state, writer);
	list_for_each_entry(candidate, &state->candidates, list) {
		if (provfs_same_writer(&candidate->writer, writer))
			continue;
		candidate->contested = true;
		if (candidate->mapped)
			accuse(state, candidate);
	}
	if (!i_size_read(inode))
		state->sole = !state->doubt;
	provfs_seen(inode);
}

static bool is_of(const struct provfs_candidate *candidate,
		  const struct file *file, const struct provfs_writer *writer,
		  bool mapped)
{
	return candidate->file == file && candidate->mapped == mapped &&
	       provfs_same_writer(&candidate->writer, writer);
}

static struct provfs_candidate *find(const struct file *file,
				     const struct provfs_writer *writer,
				     bool mapped)
{
	struct provfs_inode *state = provfs_inode(file_inode(file));
	struct provfs_candidate *candidate;

	list_for_each_entry(candidate, &state->candidates, list)
		if (is_of(candidate, file, writer, mapped))
			return candidate;
	return NULL;
}

/* His write through the file is over, or is the current task's own last one. */
static struct provfs_candidate *find_over(const struct file *file,
					  const struct provfs_writer *writer)
{
	struct provfs_inode *state = provfs_inode(file_inode(file));
	struct provfs_candidate *candidate;

	list_for_each_entry(candidate, &state->candidates, list)
		if (is_of(candidate, file, writer, false) &&
		    !may_be_writing(candidate))
			return candidate;
	return NULL;
}

static void remove_candidate(struct provfs_candidate *candidate)
{
	struct provfs_inode *state = provfs_inode(file_inode(candidate->file));

	list_del(&candidate->list);
	state->count--;
	provfs_forget_call(&candidate->call);
	if (candidate == &provfs_file(candidate->file)->first)
		candidate->file = NULL;
	else
		kfree(candidate);
}

/* Makes room, if there is somebody who is over. */
static bool make_room(struct provfs_inode *state)
{
	struct provfs_candidate *candidate;

	if (state->count < CANDIDATES_MAX)
		return true;
	list_for_each_entry(candidate, &state->candidates, list) {
		if (candidate->could || candidate->blind)
			continue;
		remove_candidate(candidate);
		state->replaced = true;
		return true;
	}
	return false;
}

static struct provfs_candidate *add(struct file *file,
				    const struct provfs_writer *writer)
{
	struct provfs_inode *state = provfs_inode(file_inode(file));
	struct provfs_candidate *added = NULL;

	if (make_room(state)) {
		added = &provfs_file(file)->first;
		if (added->file)
			added = kmalloc_obj(*added, GFP_ATOMIC | __GFP_NOWARN);
	}
	if (!added)
		return NULL;
	*added = (struct provfs_candidate) { .file = file };
	added->writer = *writer;
	list_add_tail(&added->list, &state->candidates);
	state->count++;
	return added;
}

/* Who finds a file empty has it to himself, as long as nobody else writes. */
static void begin_alone(struct inode *inode, const struct provfs_writer *writer)
{
	struct provfs_inode *state = provfs_inode(inode);

	if (i_size_read(inode) || state->changed)
		return;
	if (!provfs_identical(&state->writer, writer)) {
		state->writer = *writer;
		state->stamped = 0;
	}
	state->sole = true;
}

/* He may change content, and nothing will tell: of others who may, neither. */
static void contest_unseen(struct provfs_inode *state,
			   const struct provfs_writer *writer)
{
	struct provfs_candidate *candidate;

	list_for_each_entry(candidate, &state->candidates, list)
		if (!provfs_same_writer(&candidate->writer, writer))
			candidate->contested = true;
	provfs_add_suspect(state, writer);
}

/**
 * provfs_admit - a writer is let through
 * @file: the open file through which he writes; provfs_look() has been called
 * @writer: who
 */
void provfs_admit(struct file *file, const struct provfs_writer *writer)
{
	struct provfs_inode *state = provfs_inode(file_inode(file));
	bool shows = provfs_shows_writes(file);
	struct provfs_candidate *candidate;

	lockdep_assert_held(&state->lock);
	provfs_file(file)->changed = true;
	/* What he does in this tick, another's stamp of it must not cover. */
	if (!provfs_identical(&state->writer, writer))
		provfs_ask_ctime(file_inode(file));
	begin_alone(file_inode(file), writer);
	if (!shows)
		contest_unseen(state, writer);
	candidate = find_over(file, writer) ?: add(file, writer);
	if (!candidate) {
		candidate = find(file, writer, false);
		if (!candidate) {
			state->crowded = true;
			return;
		}
		candidate->many = true;
	}
	candidate->writer = *writer;
	candidate->blind = !shows;
	candidate->could = true;
	provfs_note_call(&candidate->call);
}

/* Whether somebody has, through a mapping: to the same page, nothing shows. */
static bool has_stored(const struct file *file)
{
	struct provfs_inode *state = provfs_inode(file_inode(file));
	struct provfs_candidate *candidate;

	list_for_each_entry(candidate, &state->candidates, list)
		if (candidate->file == file && candidate->mapped &&
		    candidate->accused)
			return true;
	return false;
}

/**
 * provfs_admit_mapper - somebody may store from now on
 * @file: the open file that he maps
 * @writer: who
 */
void provfs_admit_mapper(struct file *file, const struct provfs_writer *writer)
{
	struct inode *inode = file_inode(file);
	struct provfs_candidate *candidate = find(file, writer, true);

	lockdep_assert_held(&provfs_inode(inode)->lock);
	provfs_file(file)->changed = true;
	if (!candidate)
		candidate = add(file, writer);
	if (!candidate) {
		provfs_inode(inode)->crowded = true;
		return;
	}
	candidate->writer = *writer;
	candidate->mapped = true;
	candidate->accused |= has_stored(file);
	candidate->could = true;
	/* Stores to tmpfs do not show in its files' times. */
	candidate->blind = !provfs_shows_writes(file) ||
			   shmem_mapping(inode->i_mapping);
}

/*
 * A mapper's first store to a page shows, and the next do not. Where another
 * has changed content meanwhile, whether he stored after that is not known.
 */
static void accuse_unseen(struct provfs_inode *state,
			  struct provfs_candidate *candidate)
{
	if (!candidate->blind && !(candidate->mapped && candidate->accused))
		return;
	accuse(state, candidate);
	if (candidate->contested)
		provfs_add_suspect(state, &nobody);
}

/**
 * provfs_dismiss - an open file is released: nobody writes through it any more
 * @file: it; provfs_look() has been called
 *
 * Return: whether somebody was let through it in vain.
 */
bool provfs_dismiss(struct file *file)
{
	struct provfs_inode *state = provfs_inode(file_inode(file));
	struct provfs_candidate *candidate, *next;
	bool vain = true;

	lockdep_assert_held(&state->lock);
	list_for_each_entry_safe(candidate, next, &state->candidates, list) {
		if (candidate->file != file)
			continue;
		accuse_unseen(state, candidate);
		vain = vain && !candidate->accused;
		remove_candidate(candidate);
	}
	if (list_empty(&state->candidates)) {
		state->crowded = false;
		state->replaced = false;
	}
	return vain;
}

/**
 * provfs_forget_stores - what was stored before does not count, or does
 * @state: of which file
 * @stored: which of the two
 */
void provfs_forget_stores(struct provfs_inode *state, bool stored)
{
	struct provfs_candidate *candidate;

	lockdep_assert_held(&state->lock);
	list_for_each_entry(candidate, &state->candidates, list)
		if (candidate->mapped)
			candidate->accused = stored;
}
