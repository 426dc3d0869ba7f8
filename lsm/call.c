// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether a write that was let through may still be under way.
 *
 * A hook sees a write begin, and none sees it end. But a thread makes one call
 * at a time: when it begins another write, forks, executes, maps memory or
 * uses a lock or an ioctl, or is gone, its last write is over. No hook counts
 * that the kernel could call within a write, as it does that of reading.
 */

#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "provfs.h"

/**
 * provfs_call_begins - the current task does what it cannot do while it writes
 */
void provfs_call_begins(void)
{
	struct provfs_task *own = provfs_task(current);

	/* Who sees this sees what the write has done. */
	smp_store_release(&own->calls, own->calls + 1);
}

/**
 * provfs_note_call - remember the write that the current task begins
 * @call: result; provfs_forget_call() takes it back
 */
void provfs_note_call(struct provfs_call *call)
{
	struct pid *pid = task_pid(current);

	if (call->pid != pid) {
		put_pid(call->pid);
		call->pid = get_pid(pid);
	}
	call->number = provfs_task(current)->calls;
}

void provfs_forget_call(struct provfs_call *call)
{
	put_pid(call->pid);
	call->pid = NULL;
}

/**
 * provfs_call_is_over - whether a write has ended for certain
 * @call: which began it
 *
 * What is submitted and done later, as direct I/O of io_uring, counts as over
 * when it is submitted, and has moved the file's times then.
 *
 * Return: whether it has.
 */
bool provfs_call_is_over(const struct provfs_call *call)
{
	struct task_struct *task;

	guard(rcu)();
	task = pid_task(call->pid, PIDTYPE_PID);
	if (!task || READ_ONCE(task->exit_state))
		return true;
	/* Pairs with provfs_call_begins(): what the write did is seen, too. */
	return smp_load_acquire(&provfs_task(task)->calls) != call->number;
}
