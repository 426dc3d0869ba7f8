/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs in the kernel and the daemon tell each other. Both are built
 * from the same tree, and this is no ABI: a daemon that finds the maps of another
 * RECORDS_VERSION pinned takes other names.
 */
#ifndef PROVSTAMPD_RECORDS_H
#define PROVSTAMPD_RECORDS_H

#ifdef __bpf__
#include "kernel.h"
#else
#include <stdint.h>
typedef uint64_t u64;
typedef uint32_t u32;
typedef uint8_t u8;
#endif

#define RECORDS_VERSION 1

#define SESSION_SIZE 16
#define ROOT_SIZE 4
#define COMM_SIZE 16

/* A task's session, in task storage; and its descendants', who inherit it */
struct task_session {
	u8 id[SESSION_SIZE];
	u8 root[ROOT_SIZE];
	u32 reserved;
};

/* Who wrote, as of the write */
struct writer {
	u8 session[SESSION_SIZE];
	u8 root[ROOT_SIZE];
	u32 pid;
	u32 uid;
	u32 reserved;
	u8 comm[COMM_SIZE];
};

/* Which inode. On Btrfs only the subvolume makes the other numbers unique. */
struct inode_key {
	u64 inode;
	u64 subvolume;
	u32 device;		/* as the kernel keeps it: major << 20 | minor */
	u32 generation;
	u32 magic;		/* of the filesystem */
	u32 reserved;
};

/* change.flags */
#define CHANGE_CREATED	0x1	/* the writer made the inode */
#define CHANGE_MAPPED	0x2	/* through a shared mapping: the last store is not known */
#define CHANGE_OPEN	0x4	/* the file stays open, more may follow */
#define CHANGE_CERTAIN	0x8	/* content or size did change */
#define CHANGE_UNKNOWN	0x10	/* the writer's session could not be read */

/* What one writer did to one inode. Times are CLOCK_MONOTONIC in nanoseconds. */
struct change {
	struct inode_key key;
	struct writer writer;
	u64 first;		/* before the first write */
	u64 last;		/* before the last write that was noted */
	u64 end;		/* no later write by this writer is covered */
	u64 mtime_before;	/* CLOCK_REALTIME, as of the first note */
	u64 size_before;
	u64 mtime;		/* likewise, at the end */
	u64 size;
	u32 flags;
	u32 mode;
};

/* Indices of the map `counts` */
enum count {
	COUNT_CHANGES,		/* handed to the daemon */
	COUNT_OVERFLOWED,	/* the ring was full: kept in the map `backlog` */
	COUNT_LOST,		/* that was full too */
	COUNT_UNNOTED,		/* the map `files` was full */
	COUNTS,
};

#endif
