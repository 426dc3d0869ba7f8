// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which filesystems are stamped.
 *
 * Those that keep their files on a block device of this machine, and tmpfs.
 * Not the pseudo filesystems, nor those that stand on others (what they write
 * to below is stamped), nor those whose attributes a server or a program in
 * user space answers for: it could answer anything, and a file that is closed
 * by that program would wait for itself.
 */

#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/string.h>
#include <linux/xattr.h>

#include "provfs.h"

enum provfs_scope {
	PROVFS_SCOPE_UNKNOWN,
	PROVFS_SCOPE_IN,
	PROVFS_SCOPE_OUT,
};

static enum provfs_scope find_scope(const struct super_block *sb)
{
	if (!sb->s_xattr || (sb->s_flags & (SB_KERNMOUNT | SB_NOUSER)))
		return PROVFS_SCOPE_OUT;
	if (sb->s_iflags & (SB_I_UNTRUSTED_MOUNTER |
			    SB_I_IMA_UNVERIFIABLE_SIGNATURE))
		return PROVFS_SCOPE_OUT;
	/* Of a cluster's filesystem, other machines write what we cannot see. */
	if (sb->s_magic == OCFS2_SUPER_MAGIC ||
	    !strcmp(sb->s_type->name, "gfs2"))
		return PROVFS_SCOPE_OUT;
	/* devtmpfs has the same magic number as tmpfs. */
	if (!(sb->s_type->fs_flags & FS_REQUIRES_DEV) &&
	    strcmp(sb->s_type->name, "tmpfs"))
		return PROVFS_SCOPE_OUT;
	return PROVFS_SCOPE_IN;
}

bool provfs_in_scope(const struct super_block *sb)
{
	struct provfs_superblock *known = provfs_superblock(sb);
	enum provfs_scope scope = READ_ONCE(known->scope);

	if (unlikely(scope == PROVFS_SCOPE_UNKNOWN)) {
		scope = find_scope(sb);
		WRITE_ONCE(known->scope, scope);
	}
	return scope == PROVFS_SCOPE_IN;
}

/* A filesystem that answered that it keeps no such attributes is not asked. */
void provfs_out_of_scope(const struct super_block *sb)
{
	WRITE_ONCE(provfs_superblock(sb)->scope, PROVFS_SCOPE_OUT);
}

bool provfs_is_stamped_file(const struct inode *inode)
{
	return S_ISREG(inode->i_mode) && provfs_in_scope(inode->i_sb);
}
