// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files that take another's name: editors, sed -i and git save so. The history
 * of what had the name goes on in the log of what has it now.
 */

#include <linux/fs.h>
#include <linux/mnt_idmapping.h>
#include <linux/slab.h>
#include <linux/xattr.h>

#include "provfs.h"

/* Who is on record for a file, newest first: its stamp, if any, and its log. */
struct history {
	struct prov_stamp	stamps[1 + PROV_LOG_MAX];
	unsigned int		count;
	bool			stamped;
};

static bool are_stamps(const struct prov_stamp *stamps, ssize_t size)
{
	struct provfs_writer writer;
	ssize_t i;

	if (size % PROV_STAMP_SIZE)
		return false;
	for (i = 0; i < size / PROV_STAMP_SIZE; i++)
		if (!provfs_decode(&writer, &stamps[i], PROV_STAMP_SIZE))
			return false;
	return true;
}

/* What is malformed counts as missing. */
static int read_stamps(struct dentry *dentry, const char *name,
		       struct prov_stamp *stamps, unsigned int room)
{
	ssize_t size;

	size = __vfs_getxattr(dentry, d_inode(dentry), name, stamps,
			      room * PROV_STAMP_SIZE);
	if (size < 0)
		return provfs_has_none(size) ? 0 : size;
	return are_stamps(stamps, size) ? size / PROV_STAMP_SIZE : 0;
}

static int read_history(struct dentry *dentry, struct history *history)
{
	int stamped, logged;

	stamped = read_stamps(dentry, PROV_XATTR_SECURITY, history->stamps, 1);
	if (stamped < 0)
		return stamped;
	logged = read_stamps(dentry, PROV_XATTR_SECURITY_LOG,
			     history->stamps + stamped, PROV_LOG_MAX);
	if (logged < 0)
		return logged;
	/* Its writer's turn is over. */
	if (stamped)
		history->stamps->flags &= ~cpu_to_le16(PROV_FLAG_OPEN);
	history->stamped = stamped;
	history->count = stamped + logged;
	return 0;
}

static bool name_same_writer(const struct prov_stamp *a,
			     const struct prov_stamp *b)
{
	struct provfs_writer one, other;

	return provfs_decode(&one, a, sizeof(*a)) &&
	       provfs_decode(&other, b, sizeof(*b)) &&
	       provfs_same_writer(&one, &other);
}

/**
 * provfs_append_history - put a replaced file's history behind one's own
 * @stamps: one's own, newest first; all are well-formed
 * @count: how many these are
 * @room: how many there can be
 * @replaced: those of the replaced file, likewise
 * @length: how many these are
 *
 * As in one file's own history, an entry is where the writer changes.
 *
 * Return: how many there are in @stamps.
 */
unsigned int provfs_append_history(struct prov_stamp *stamps,
				   unsigned int count, unsigned int room,
				   const struct prov_stamp *replaced,
				   unsigned int length)
{
	for (; length && count < room; length--, replaced++)
		if (!count || !name_same_writer(&stamps[count - 1], replaced))
			stamps[count++] = *replaced;
	return count;
}

static int inherit(struct dentry *heir, struct dentry *replaced)
{
	struct {
		struct history own;
		struct history other;
	} *read __free(kfree) = kmalloc_obj(*read, GFP_NOFS);
	struct history *own = &read->own, *other = &read->other;
	unsigned int count;
	int error;

	if (!read)
		return -ENOMEM;
	error = read_history(replaced, other);
	if (error || !other->count)
		return error;
	error = read_history(heir, own);
	if (error)
		return error;
	count = provfs_append_history(own->stamps, own->count,
				      own->stamped + PROV_LOG_MAX,
				      other->stamps, other->count);
	if (count == own->count)
		return 0;
	error = __vfs_setxattr_noperm(&nop_mnt_idmap, heir,
				      PROV_XATTR_SECURITY_LOG,
				      own->stamps + own->stamped,
				      (count - own->stamped) * PROV_STAMP_SIZE,
				      0);
	if (!error)
		provfs_count(PROVFS_LOGGED);
	return error;
}

/* What has changed in a file that lost its name, for whoever inherits that. */
static void settle_replaced(struct dentry *replaced)
{
	struct inode *inode = d_inode(replaced);

	scoped_guard(spinlock, &provfs_inode(inode)->lock)
		provfs_look(inode);
	provfs_settle(replaced, PROVFS_LOCKED);
}

/**
 * provfs_replaced - a file has taken another's name
 * @heir: which has. Both i_rwsem are held, and write access to the mount
 * @replaced: what had the name; it need not have another
 *
 * A change of the heir's that is not stamped yet stays so: whose release
 * stamps it moves the heir's own stamp to the front of the log, before what is
 * inherited here.
 */
void provfs_replaced(struct dentry *heir, struct dentry *replaced)
{
	if (!provfs_is_stamped_file(d_inode(heir)) ||
	    !S_ISREG(d_inode(replaced)->i_mode))
		return;
	settle_replaced(replaced);
	if (inherit(heir, replaced))
		provfs_count(PROVFS_FAILED_LOG);
}
