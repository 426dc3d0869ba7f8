/* SPDX-License-Identifier: GPL-2.0-only */
/* What is read of an inode */

/* Filesystems whose file handles the daemon can make from what is noted here */
static __always_inline bool is_watched(struct inode *inode)
{
	unsigned long magic = inode->i_sb->s_magic;

	return magic == EXT4_SUPER_MAGIC || magic == XFS_SUPER_MAGIC ||
	       magic == BTRFS_SUPER_MAGIC;
}

static __always_inline bool is_regular(struct inode *inode)
{
	return (inode->i_mode & S_IFMT) == S_IFREG;
}

static __always_inline u64 nanoseconds(s64 seconds, u64 rest)
{
	return (u64)seconds * 1000000000ULL + rest;
}

static __always_inline u64 mtime_of(struct inode *inode)
{
	struct inode___since_6_11 *latest = (void *)inode;
	struct inode___until_6_10 *later = (void *)inode;
	struct inode___until_6_6 *early = (void *)inode;

	if (bpf_core_field_exists(latest->i_mtime_sec))
		return nanoseconds(latest->i_mtime_sec, latest->i_mtime_nsec);
	if (bpf_core_field_exists(later->__i_mtime))
		return nanoseconds(later->__i_mtime.tv_sec, later->__i_mtime.tv_nsec);
	return nanoseconds(early->i_mtime.tv_sec, early->i_mtime.tv_nsec);
}

/* Btrfs may be a module that is not loaded: then no inode is of it. */
static __always_inline u64 subvolume_of(struct inode *inode)
{
	struct btrfs_inode *outer;
	struct btrfs_root *root;
	u64 objectid;

	if (!bpf_core_type_exists(struct btrfs_inode))
		return 0;
	outer = (void *)inode - bpf_core_field_offset(struct btrfs_inode, vfs_inode);
	if (bpf_core_read(&root, sizeof(root), &outer->root) ||
	    bpf_core_read(&objectid, sizeof(objectid), &root->root_key.objectid))
		return 0;
	return objectid;
}

static __always_inline void read_key(struct inode_key *key, struct inode *inode)
{
	key->inode = inode->i_ino;
	key->device = inode->i_sb->s_dev;
	key->generation = inode->i_generation;
	key->magic = inode->i_sb->s_magic;
	key->subvolume = key->magic == BTRFS_SUPER_MAGIC ? subvolume_of(inode) : 0;
	key->reserved = 0;
}
