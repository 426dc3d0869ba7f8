// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stamps that a close cannot wait for.
 *
 * Who writes from memory whose page faults somebody answers, as FUSE or
 * userfaultfd does, holds the file's lock for as long as that one likes. Others
 * who close the file would wait that long, whatever signals they get, and so
 * would all of the machine's files that a kernel thread releases after this
 * one. So a release waits for a moment, and then leaves the stamp to a worker,
 * who tries again and never waits. Until then the mount is in use.
 */

#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/mount.h>
#include <linux/path.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "provfs.h"

#define PATIENCE	(HZ / 10)
#define PAUSE_MAX	HZ

struct deferred {
	struct delayed_work	work;
	struct path		path;
	unsigned long		pause;
};

static struct workqueue_struct *workers;

/* Return: false if another worker has the file. */
static bool claim_file(struct inode *inode)
{
	struct provfs_inode *state = provfs_inode(inode);

	guard(spinlock)(&state->lock);
	if (state->deferred)
		return false;
	state->deferred = true;
	return true;
}

static void return_file(struct inode *inode)
{
	struct provfs_inode *state = provfs_inode(inode);

	guard(spinlock)(&state->lock);
	state->deferred = false;
}

static bool try_again(const struct path *path)
{
	bool settled;

	/* A filesystem that is read-only now keeps what it has. */
	if (mnt_get_write_access(path->mnt))
		return true;
	settled = provfs_try_settle(path->dentry);
	mnt_put_write_access(path->mnt);
	return settled;
}

static void settle_deferred(struct work_struct *work)
{
	struct deferred *deferred =
		container_of(to_delayed_work(work), struct deferred, work);
	struct inode *inode = d_inode(deferred->path.dentry);

	/* What comes to be due from now on is deferred anew. */
	return_file(inode);
	if (!try_again(&deferred->path) && claim_file(inode)) {
		deferred->pause = min(2 * deferred->pause, PAUSE_MAX);
		queue_delayed_work(workers, &deferred->work, deferred->pause);
		return;
	}
	path_put(&deferred->path);
	kfree(deferred);
}

/* Without memory for it, the next release stamps. */
static void settle_later(const struct path *path)
{
	struct deferred *deferred;

	if (!claim_file(d_inode(path->dentry)))
		return;
	deferred = kmalloc_obj(*deferred);
	if (!deferred) {
		return_file(d_inode(path->dentry));
		provfs_count(PROVFS_FAILED_MEMORY);
		return;
	}
	INIT_DELAYED_WORK(&deferred->work, settle_deferred);
	deferred->path = *path;
	path_get(&deferred->path);
	deferred->pause = 1;
	queue_delayed_work(workers, &deferred->work, deferred->pause);
}

static bool may_wait(void)
{
	return !(current->flags & (PF_KTHREAD | PF_EXITING)) &&
	       !fatal_signal_pending(current);
}

/**
 * provfs_settle_released - stamp what was changed through an open file
 * @file: which is being released
 */
void provfs_settle_released(struct file *file)
{
	unsigned long end = jiffies + PATIENCE;

	while (!provfs_try_settle(file_dentry(file))) {
		if (!may_wait() || time_after(jiffies, end)) {
			settle_later(&file->f_path);
			return;
		}
		schedule_timeout_uninterruptible(1);
	}
}

int __init provfs_init_defer(void)
{
	workers = alloc_workqueue("provfs", WQ_UNBOUND, 0);
	return workers ? 0 : -ENOMEM;
}
