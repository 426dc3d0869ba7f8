// SPDX-License-Identifier: GPL-2.0-only
/*
 * The operations of a history, as the kernel calls the module's hooks for
 * them.
 */

#include "machine.h"
#include "truth.h"

const char *const operation_names[OPERATIONS] = {
	[WRITE] = "writes", [OVERWRITE] = "overwrites",
	[WRITE_NOTHING] = "writes nothing",
	[CROWD] = "enters many sessions, and writes nothing in each",
	[CLOSE] = "closes",
	[TRUNCATE] = "truncates", [TRUNCATE_PATH] = "truncates by path",
	[TRUNCATE_READER] = "opens for reading and truncates", [MAP] = "maps",
	[STORE] = "stores", [UNMAP] = "unmaps",
	[SET_TIMES_BACK] = "sets the times back", [RENAME] = "renames",
	[WRITE_BACK] = "pages are written back", [TICK] = "the clock ticks",
	[FAIL] = "attributes cannot be set, or can again",
	[FREEZE] = "the filesystem is frozen, or thawed",
};

#define CROWD_SIZE	40

struct open_file {
	struct file		file;
	struct provfs_file	own;
	int			references;
	bool			open, releasing;
	bool			mapped[TASKS];
	bool			clean;	/* the pages of the mapping */
};

static struct open_file files[SLOTS];
static struct task_struct tasks[TASKS + 1];
static struct provfs_task blobs[TASKS + 1];
static struct provfs_writer writers[TASKS + 1];
static bool work_is_due;
static struct step doing[TASKS + 1];

/* What the model has in place of writer.c, scope.c and count.c. */

void provfs_current_writer(struct provfs_writer *writer)
{
	*writer = writers[current->number];
}

bool provfs_same_writer(const struct provfs_writer *a,
			const struct provfs_writer *b)
{
	return !memcmp(a->session, b->session, PROV_SESSION_SIZE) &&
	       provfs_is_unknown(a) == provfs_is_unknown(b);
}

bool provfs_is_unknown(const struct provfs_writer *writer)
{
	return !writer->pid;
}

bool provfs_identical(const struct provfs_writer *a,
		      const struct provfs_writer *b)
{
	return !memcmp(a, b, sizeof(*a));
}

bool provfs_in_scope(const struct super_block *sb)
{
	return true;
}

bool provfs_is_stamped_file(const struct inode *inode)
{
	return true;
}

void provfs_out_of_scope(const struct super_block *sb)
{
}

/* As defer.c, tried at the end. */
void provfs_settle_released(struct file *file)
{
	if (!provfs_try_settle(&machine.dentry))
		work_is_due = true;
}

static void run_work(void)
{
	if (!work_is_due)
		return;
	work_is_due = false;
	if (!provfs_try_settle(&machine.dentry))
		abort();
}

void provfs_count(enum provfs_count count)
{
}

static struct open_file *open_slot(int slot)
{
	struct open_file *open = &files[slot];

	if (open->open)
		return open;
	if (open->references || open->releasing)
		return NULL;
	memset(open, 0, sizeof(*open));
	open->file.f_mode = FMODE_WRITE;
	open->file.f_security = &open->own;
	open->file.dentry = &machine.dentry;
	open->open = true;
	open->references = 1;
	open->clean = true;
	return open;
}

static void put(struct open_file *open)
{
	if (--open->references)
		return;
	open->releasing = true;
	provfs_file_released(&open->file);
	open->releasing = false;
	forget_flights(open - files);
}

static void write_file(struct open_file *open, const struct step *step)
{
	struct inode *inode = &machine.inode;

	open->references++;
	take_off(current->number, step->slot);
	provfs_file_changes(&open->file);
	await_data();
	if (step->operation != WRITE_NOTHING) {
		inode_lock(inode);
		if (step->operation == WRITE || !inode->size)
			inode->size++;
		touch_content();
		content_changed(current->number);
		inode_unlock(inode);
	}
	put(open);
}

static void come_in_crowds(struct open_file *open)
{
	struct provfs_writer self = writers[current->number];
	int number = current->number, i;

	open->references++;
	crowd_comes(open - files);
	for (i = 0; i < CROWD_SIZE; i++) {
		writers[number].session[0] = TASKS + 2 + i;
		provfs_file_changes(&open->file);
	}
	writers[number] = self;
	put(open);
}

/* Through @open, or for reading only, or by path if it is NULL. */
static void truncate_file(struct file *file)
{
	struct inode *inode = &machine.inode;

	inode_lock(inode);
	provfs_size_changes(&machine.dentry, file);
	try_to_set_size(current->number);
	await_data();
	inode->size = 0;
	touch_content();
	if (doing[current->number].pause || !inode->mgtime)
		content_changed(current->number);
	else
		content_changed_locked(current->number);
	provfs_size_changed(&machine.dentry);
	inode_unlock(inode);
}

static void truncate_reader(void)
{
	struct provfs_file own = { };
	struct file file = { .f_security = &own, .dentry = &machine.dentry };

	truncate_file(&file);
	provfs_file_released(&file);
}

static void truncate_open(struct open_file *open)
{
	open->references++;
	truncate_file(&open->file);
	put(open);
}

static void map_file(struct open_file *open)
{
	int number = current->number;

	if (open->mapped[number])
		return;
	open->references++;
	provfs_file_maps(&open->file);
	machine.inode.mapping.writably_mapped++;
	open->mapped[number] = true;
	file_mapped(number, open - files, machine.inode.mapping.shmem);
}

static void store(struct open_file *open)
{
	if (!machine.inode.size)
		return;
	if (open->clean && !machine.inode.mapping.shmem)
		touch_content();
	open->clean = false;
	content_changed(current->number);
}

static void unmap(struct open_file *open, int number)
{
	open->mapped[number] = false;
	machine.inode.mapping.writably_mapped--;
	put(open);
}

static void set_times_back(void)
{
	struct inode *inode = &machine.inode;

	inode_lock(inode);
	provfs_times_change(&machine.dentry);
	touch_ctime();
	inode->mtime = (struct timespec64) { 1, 0 };
	provfs_times_changed(inode);
	times_set();
	inode_unlock(inode);
}

static void close_file(struct open_file *open)
{
	if (!open->open)
		return;
	open->open = false;
	put(open);
}

static void operate(void *argument)
{
	const struct step *step = argument;
	struct open_file *open = NULL;

	if (step->operation <= MAP && step->operation != CLOSE &&
	    step->operation != TRUNCATE_PATH &&
	    step->operation != TRUNCATE_READER) {
		open = open_slot(step->slot);
		if (!open)
			return;
	}
	switch (step->operation) {
	case WRITE:
	case OVERWRITE:
	case WRITE_NOTHING:
		write_file(open, step);
		break;
	case CROWD:
		come_in_crowds(open);
		break;
	case CLOSE:
		close_file(&files[step->slot]);
		break;
	case TRUNCATE:
		truncate_open(open);
		break;
	case TRUNCATE_PATH:
		truncate_file(NULL);
		break;
	case TRUNCATE_READER:
		truncate_reader();
		break;
	case MAP:
		map_file(open);
		break;
	case STORE:
		if (files[step->slot].mapped[current->number])
			store(&files[step->slot]);
		break;
	case UNMAP:
		if (files[step->slot].mapped[current->number])
			unmap(&files[step->slot], current->number);
		break;
	case SET_TIMES_BACK:
		set_times_back();
		break;
	case RENAME:
		if (!machine.inode.locked)
			touch_ctime();
		break;
	case WRITE_BACK:
		files[step->slot].clean = true;
		break;
	case TICK:
		machine.now += 4000000;
		machine.tick = machine.now;
		break;
	case FAIL:
		machine.failing = !machine.failing;
		break;
	case FREEZE:
		machine.sb.frozen = !machine.sb.frozen;
		break;
	}
}

static void take_step(const struct step *step)
{
	struct task_struct *task = &tasks[step->task];

	if (task_is_busy(task)) {
		continue_task(task, step->pause);
		return;
	}
	doing[step->task] = *step;
	begin_task(task, operate, &doing[step->task], step->pause);
}

/* All that is under way ends. */
static void finish_steps(void)
{
	bool busy = true;
	int i;

	while (busy) {
		busy = false;
		for (i = 0; i <= TASKS; i++) {
			if (!task_is_busy(&tasks[i]))
				continue;
			busy = true;
			continue_task(&tasks[i], 0);
		}
	}
}

static void do_step(int task, enum operation operation, int slot)
{
	take_step(&(struct step) { task, operation, slot, 0 });
	finish_steps();
}

/*
 * Everything is closed, and what failed works again: what could not be stamped
 * is, when the file is written and closed the next time.
 */
static void end_history(void)
{
	int slot, task;

	machine.failing = false;
	machine.sb.frozen = false;
	finish_steps();
	for (slot = 0; slot < SLOTS; slot++) {
		for (task = 0; task < TASKS; task++)
			do_step(task, UNMAP, slot);
		do_step(0, CLOSE, slot);
	}
	run_work();
	if (!open_slot(0))
		abort();
	do_step(0, CLOSE, 0);
	run_work();
}

static void name_writer(int number)
{
	struct provfs_writer *writer = &writers[number];

	memset(writer, 0, sizeof(*writer));
	writer->pid = 100 + number;
	snprintf((char *)writer->comm, sizeof(writer->comm), "task%d", number);
	writer->session[0] = person_of(number) + 1;
}

/* The file as somebody has created and closed it. */
static void begin_world(const struct mode *mode)
{
	int i;

	begin_machine(mode);
	memset(files, 0, sizeof(files));
	for (i = 0; i <= TASKS; i++) {
		tasks[i] = (struct task_struct) { &blobs[i], i };
		name_writer(i);
	}
	spin_lock_init(&machine.state.lock);
	INIT_LIST_HEAD(&machine.state.candidates);
	current = &tasks[TASKS];
	provfs_inode_created(&machine.inode, &machine.stamp);
	machine.stamp_size = sizeof(machine.stamp);
	touch_content();
	machine.inode.size = 1;
	machine.now += 4000000;
	machine.tick = machine.now;
	begin_truth();
}

const char *run_history(const struct history *history, const struct mode *mode)
{
	int i;

	begin_world(mode);
	for (i = 0; i < history->length; i++)
		take_step(&history->steps[i]);
	end_history();
	provfs_clear_suspects(&machine.state);
	return what_is_false();
}
