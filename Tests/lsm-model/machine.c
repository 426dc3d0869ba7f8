// SPDX-License-Identifier: GPL-2.0-only
/*
 * The machine below the module: tasks, an inode with its attributes, a clock.
 */

#include <ucontext.h>

#include "machine.h"

#define STACK_SIZE	65536
#define TICK_NS		4000000

enum { PAUSE_NEVER, PAUSE_FOR_DATA };

struct coroutine {
	ucontext_t	context;
	char		stack[STACK_SIZE];
	void		(*function)(void *);
	void		*argument;
	int		pause;
	bool		busy;
};

struct machine machine;
struct task_struct *current;
struct mnt_idmap nop_mnt_idmap;
struct lsm_blob_sizes provfs_blob_sizes;

static struct coroutine coroutines[TASKS + 1];
static ucontext_t scheduler;

static struct coroutine *of(const struct task_struct *task)
{
	return &coroutines[task->number];
}

static void run(void)
{
	struct coroutine *own = of(current);

	own->function(own->argument);
	own->busy = false;
}

static void pause_task(void)
{
	swapcontext(&of(current)->context, &scheduler);
}

bool continue_task(struct task_struct *task, int pause)
{
	struct coroutine *own = of(task);

	own->pause = pause;
	current = task;
	swapcontext(&scheduler, &own->context);
	return !own->busy;
}

bool begin_task(struct task_struct *task, void (*function)(void *),
		void *argument, int pause)
{
	struct coroutine *own = of(task);

	if (!own->context.uc_stack.ss_sp)
		getcontext(&own->context);
	own->context.uc_stack.ss_sp = own->stack;
	own->context.uc_stack.ss_size = STACK_SIZE;
	own->context.uc_link = &scheduler;
	own->function = function;
	own->argument = argument;
	own->busy = true;
	makecontext(&own->context, run, 0);
	return continue_task(task, pause);
}

bool task_is_busy(const struct task_struct *task)
{
	return of(task)->busy;
}

void await_data(void)
{
	if (of(current)->pause == PAUSE_FOR_DATA)
		pause_task();
}

void model_may_pause(void)
{
	struct coroutine *own = of(current);

	if (own->busy && own->pause > PAUSE_FOR_DATA &&
	    --own->pause == PAUSE_FOR_DATA)
		pause_task();
}

void *model_allocate(size_t size)
{
	return calloc(1, size);
}

bool sb_start_write_trylock(struct super_block *sb)
{
	if (sb->frozen)
		machine.stamp_failed = true;
	return !sb->frozen;
}

void inode_lock(struct inode *inode)
{
	while (inode->locked)
		pause_task();
	inode->locked = true;
}

bool inode_trylock(struct inode *inode)
{
	if (inode->locked)
		return false;
	return inode->locked = true;
}

void inode_unlock(struct inode *inode)
{
	inode->locked = false;
}

static struct timespec64 at(s64 ns)
{
	return (struct timespec64) { ns / NSEC_PER_SEC, ns % NSEC_PER_SEC };
}

void ktime_get_coarse_real_ts64(struct timespec64 *now)
{
	*now = at(machine.tick);
}

/* As inode_set_ctime_current(). */
void touch_ctime(void)
{
	struct inode *inode = &machine.inode;
	s64 time = machine.tick;

	machine.now++;
	if (inode->mgtime) {
		if (time <= timespec64_to_ns(&inode->ctime))
			time = inode->queried ? machine.now :
						timespec64_to_ns(&inode->ctime);
		/* The floor of all that has been given out. */
		machine.tick = max(machine.tick, time);
	}
	inode->ctime = at(time);
	inode->queried = false;
}

void touch_content(void)
{
	touch_ctime();
	machine.inode.mtime = machine.inode.ctime;
}

ssize_t __vfs_getxattr(struct dentry *dentry, struct inode *inode,
		       const char *name, void *value, size_t size)
{
	bool is_log = !strcmp(name, PROV_XATTR_SECURITY_LOG);
	size_t length = is_log ? machine.log_size : machine.stamp_size;

	if (!length)
		return -ENODATA;
	if (length > size)
		return -ERANGE;
	memcpy(value, is_log ? machine.log : &machine.stamp, length);
	return length;
}

int __vfs_setxattr_noperm(struct mnt_idmap *idmap, struct dentry *dentry,
			  const char *name, const void *value, size_t size,
			  int flags)
{
	bool is_log = !strcmp(name, PROV_XATTR_SECURITY_LOG);

	assert(dentry->d_inode->locked);
	if (machine.failing) {
		*(is_log ? &machine.log_failed : &machine.stamp_failed) = true;
		return -ENOSPC;
	}
	memcpy(is_log ? machine.log : &machine.stamp, value, size);
	*(is_log ? &machine.log_size : &machine.stamp_size) = size;
	touch_ctime();
	return 0;
}

int __vfs_removexattr(struct mnt_idmap *idmap, struct dentry *dentry,
		      const char *name)
{
	assert(dentry->d_inode->locked);
	if (machine.failing) {
		machine.stamp_failed = true;
		return -ENOSPC;
	}
	machine.stamp_size = 0;
	touch_ctime();
	return 0;
}

void begin_machine(const struct mode *mode)
{
	struct inode *inode = &machine.inode;
	int i;

	memset(&machine, 0, sizeof(machine));
	for (i = 0; i <= TASKS; i++)
		coroutines[i].busy = false;
	machine.now = NSEC_PER_SEC;
	machine.tick = machine.now;
	machine.sb.s_time_gran = mode->coarse ? NSEC_PER_SEC : 1;
	inode->i_mode = S_IFREG;
	inode->i_ino = 2;
	inode->i_nlink = 1;
	inode->mgtime = !mode->coarse;
	inode->i_sb = &machine.sb;
	inode->i_mapping = &inode->mapping;
	inode->mapping.shmem = mode->tmpfs;
	inode->i_security = &machine.state;
	machine.dentry.d_inode = inode;
	machine.dentry.d_sb = &machine.sb;
}
