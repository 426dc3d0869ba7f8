/* SPDX-License-Identifier: GPL-2.0-only */
/* The machine below the module: tasks, an inode with its attributes, a clock. */
#ifndef MODEL_MACHINE_H
#define MODEL_MACHINE_H

#include "world.h"

/* The file, and what its filesystem does. */
struct machine {
	struct super_block	sb;
	struct inode		inode;
	struct dentry		dentry;
	struct provfs_inode	state;
	s64			now;	/* in ns */
	s64			tick;	/* when the coarse clock moved last */
	bool			failing;
	bool			log_failed, stamp_failed;
	struct prov_stamp	stamp;
	struct prov_stamp	log[PROV_LOG_MAX];
	size_t			stamp_size, log_size;
};

extern struct machine machine;

void begin_machine(const struct mode *mode);

/* Content is changed: times, as a filesystem with multigrain times moves them. */
void touch_content(void);
void touch_ctime(void);

/*
 * Lets a task run function(argument) until it is paused or done.
 * Return: whether it is done.
 */
bool begin_task(struct task_struct *task, void (*function)(void *),
		void *argument, int pause);
bool continue_task(struct task_struct *task, int pause);
bool task_is_busy(const struct task_struct *task);

/* A task waits for its data: paused, if that is where its step pauses. */
void await_data(void);

#endif /* MODEL_MACHINE_H */
