// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may yet change content through an open file.
 *
 * No hook tells when a write ends, or that a mapping is stored to. Whoever has
 * passed the hook before a write, or mapped the file, may change its content
 * until the open file is released, whoever else has written and was stamped
 * meanwhile. So each has a claim with the open file; resolve.c finds out what
 * he did.
 */

#include <linux/fs.h>
#include <linux/slab.h>

#include "provfs.h"

/* Of one open file, besides the first; each is of another writer. */
#define CLAIMS_MAX	8

static void set_claim(struct file *file, struct provfs_claim *claim,
		      const struct provfs_writer *writer,
		      const struct provfs_mark *now)
{
	struct inode *inode = file_inode(file);

	claim->writer = *writer;
	claim->time = provfs_time(inode);
	claim->turn = provfs_inode(inode)->turn;
	claim->since = *now;
}

/**
 * provfs_is_recorded - whether a claim's writer is on record since
 * @state: of the inode; its lock is held
 * @claim: his
 *
 * Return: true if he is. The file's attributes may say so where this does not.
 */
bool provfs_is_recorded(const struct provfs_inode *state,
			const struct provfs_claim *claim)
{
	lockdep_assert_held(&state->lock);
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
		if (provfs_is_recorded(state, claim))
			place = claim;
	}
	if (place)
		own->shared = true;
	return place;
}

/* Puts a claim behind the others, if there is room for one more. */
static bool add_claim(struct file *file, struct provfs_claim *claim,
		      const struct provfs_writer *writer,
		      const struct provfs_mark *now, bool mapped)
{
	struct provfs_claim **end = &provfs_file(file)->first.next;
	unsigned int count = 0;

	for (; *end; end = &(*end)->next)
		count++;
	if (!claim || count >= CLAIMS_MAX) {
		provfs_file(file)->crowded = true;
		return false;
	}
	set_claim(file, claim, writer, now);
	claim->mapped = mapped;
	claim->next = NULL;
	*end = claim;
	return true;
}

/**
 * provfs_claim - a writer is about to change content through an open file
 * @file: the open file
 * @writer: who; noted as such
 * @now: the content before
 *
 * With provfs_inode.lock held.
 */
void provfs_claim(struct file *file, const struct provfs_writer *writer,
		  const struct provfs_mark *now)
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
		set_claim(file, place, writer, now);
		return;
	}
	added = kmalloc_obj(*added, GFP_ATOMIC | __GFP_NOWARN);
	if (!add_claim(file, added, writer, now, false))
		kfree(added);
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
	struct provfs_mark now;

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
		provfs_mark(inode, &now);
		if (claim)
			claim->writer = writer;
		else if (add_claim(file, spare, &writer, &now, true))
			spare = NULL;
	}
	kfree(spare);
	return 0;
}
