/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One file, the tasks that change it, and what is true of it.
 *
 * A history is a list of steps, one after another. A step lets a task begin an
 * operation, or go on with the one in which it was paused: before its data
 * land, or where the module releases a spinlock.
 */
#ifndef MODEL_WORLD_H
#define MODEL_WORLD_H

#include "provfs.h"

#define TASKS		4	/* the last is of the same session as the first */
#define SLOTS		4	/* open files */
#define STEPS_MAX	24

enum operation {
	WRITE,		/* a byte at the end */
	OVERWRITE,	/* the byte in front */
	WRITE_NOTHING,
	CROWD,		/* of many sessions, each as WRITE_NOTHING */
	CLOSE,
	TRUNCATE,	/* through an open file: ftruncate(2), open(2) */
	TRUNCATE_PATH,
	TRUNCATE_READER, /* open(2) with O_RDONLY | O_TRUNC */
	MAP,
	STORE,
	UNMAP,
	SET_TIMES_BACK,
	RENAME,
	WRITE_BACK,	/* pages are clean: the next store shows in mtime */
	TICK,
	FAIL,		/* from now on no attribute can be set; again: it can */
	FREEZE,		/* or thaw */
	OPERATIONS,
};

struct step {
	u8	task;
	u8	operation;
	u8	slot;
	u8	pause;	/* 0: none; 1: before the data land; else at a lock */
};

struct history {
	int		length;
	struct step	steps[STEPS_MAX];
};

/* What a history may hold. */
struct mode {
	const char	*name;
	u32		operations;	/* bits of enum operation */
	bool		shared;		/* descriptors */
	bool		interrupted;	/* paused at locks */
	bool		tmpfs;
	bool		coarse;		/* no multigrain times */
};

extern const char *const operation_names[OPERATIONS];

/* Runs a history. Returns what is false of the file then, or NULL. */
const char *run_history(const struct history *history, const struct mode *mode);

/* Prints what the file says, and who wrote. */
void print_outcome(void);

#endif /* MODEL_WORLD_H */
