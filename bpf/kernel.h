/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs know of the kernel's types. The loader finds where each field
 * is in the kernel that runs. A type whose name ends in ___SOMETHING is another
 * shape of the one named before it, of which one exists in a kernel.
 */
#ifndef PROVSTAMPD_KERNEL_H
#define PROVSTAMPD_KERNEL_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long s64;
typedef _Bool bool;

#define true 1
#define false 0

/* As bpf/bpf_helpers.h calls them */
typedef u8 __u8;
typedef u16 __u16;
typedef u32 __u32;
typedef u64 __u64;
typedef int __s32;
typedef s64 __s64;
typedef u16 __be16;
typedef u32 __be32;
typedef u32 __wsum;

enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
};

#define BPF_ANY 0
#define BPF_F_NO_PREALLOC 1
#define BPF_LOCAL_STORAGE_GET_F_CREATE 1

#define MAY_WRITE 0x2
#define FMODE_WRITE 0x2
#define FMODE_CREATED 0x100000
#define ATTR_SIZE (1 << 3)
#define ATTR_FILE (1 << 13)
#define S_IFMT 0170000
#define S_IFREG 0100000
#define S_IFDIR 0040000
#define S_IFSOCK 0140000

#define EXT4_SUPER_MAGIC 0xef53
#define XFS_SUPER_MAGIC 0x58465342
#define BTRFS_SUPER_MAGIC 0x9123683e

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct super_block {
	u32 s_dev;
	unsigned long s_magic;
};

struct timespec64 {
	s64 tv_sec;
	long tv_nsec;
};

struct inode {
	u16 i_mode;
	struct super_block *i_sb;
	unsigned long i_ino;
	u32 i_generation;
	s64 i_size;
	unsigned int i_nlink;
};

struct inode___until_6_6 {
	struct timespec64 i_mtime;
};

struct inode___until_6_10 {
	struct timespec64 __i_mtime;
};

struct inode___since_6_11 {
	s64 i_mtime_sec;
	u32 i_mtime_nsec;
};

struct dentry {
	struct inode *d_inode;
};

struct file {
	struct inode *f_inode;
	unsigned int f_mode;
};

struct iattr {
	unsigned int ia_valid;
	struct file *ia_file;
};

struct kuid {
	u32 val;
};

struct cred {
	struct kuid fsuid;
};

struct task_struct {
	int tgid;
	char comm[16];
	struct task_struct *group_leader;
	struct task_struct *real_parent;
	const struct cred *cred;
};

struct btrfs_key {
	u64 objectid;
};

struct btrfs_root {
	struct btrfs_key root_key;
};

struct btrfs_inode {
	struct btrfs_root *root;
	struct inode vfs_inode;
};

#pragma clang attribute pop

#endif
