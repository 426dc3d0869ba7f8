// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is true of the file: who was let through, and whose content is in it.
 *
 * A change is doubtful if another one could have made it, as far as a kernel
 * can tell that sees the beginning of each write and not its end: another was
 * let through to an open file that is not released, and has not begun to write
 * elsewhere since; or has the file mapped. Nor does it tell, where two have
 * mapped one open file, and one has stored, what the other did.
 */

#include "machine.h"
#include "truth.h"

struct truth {
	bool	wrote[PEOPLE];		/* since the file was created */
	bool	may_have[PEOPLE];	/* stored unseen */
	bool	waiting[PEOPLE];	/* could have made a doubtful change */
	int	last;
	int	setter;			/* of the size, just now, or -1 */
	bool	crowd[SLOTS];		/* are let through */
	bool	doubt;
	int	flight[TASKS];		/* the slot, or -1 */
	bool	mappings[TASKS][SLOTS];
};

static struct truth truth;

int person_of(int task)
{
	if (task == TASKS)
		return PEOPLE - 1;
	return task == TASKS - 1 ? 0 : task;
}

void begin_truth(void)
{
	int i;

	memset(&truth, 0, sizeof(truth));
	truth.last = PEOPLE - 1;
	truth.setter = -1;
	for (i = 0; i < TASKS; i++)
		truth.flight[i] = -1;
}

/* Until the open file is released, whether it is unmapped or not. */
static bool has_mapped(int task)
{
	int slot;

	for (slot = 0; slot < SLOTS; slot++)
		if (truth.mappings[task][slot])
			return true;
	return false;
}

static void doubt(int person, int task)
{
	if (person_of(task) == person)
		return;
	truth.doubt = true;
	truth.waiting[person_of(task)] = true;
	truth.waiting[person] = true;
}

static void doubt_flights(int task)
{
	int i;

	for (i = 0; i < TASKS; i++)
		if (has_mapped(i) || truth.flight[i] >= 0)
			doubt(person_of(task), i);
}

void take_off(int task, int slot)
{
	/* Without exact times, each attempt may have been a change. */
	if (!machine.inode.mgtime) {
		doubt_flights(task);
		if (truth.setter >= 0)
			doubt(person_of(task), truth.setter);
		truth.mappings[task][slot] = true;
		truth.may_have[person_of(task)] = true;
	}
	truth.flight[task] = slot;
}

void try_to_set_size(int task)
{
	if (!machine.inode.mgtime)
		doubt_flights(task);
	truth.setter = task;
}

void forget_flights(int slot)
{
	int i;

	truth.crowd[slot] = false;
	for (i = 0; i < TASKS; i++) {
		truth.mappings[i][slot] = false;
		if (truth.flight[i] == slot)
			truth.flight[i] = -1;
	}
}

static void change(int task, bool locked)
{
	int i, person = person_of(task);

	for (i = 0; i < SLOTS; i++)
		truth.doubt |= truth.crowd[i];
	truth.wrote[person] = true;
	truth.last = person;
	if (truth.setter == task)
		truth.setter = -1;
	for (i = 0; i < TASKS; i++)
		if (has_mapped(i) || (!locked && truth.flight[i] >= 0))
			doubt(person, i);
}

void content_changed(int task)
{
	change(task, false);
}

void content_changed_locked(int task)
{
	change(task, true);
}

static bool may_have_stored(int task, int slot)
{
	int person = person_of(task);

	return truth.mappings[task][slot] &&
	       (truth.wrote[person] || truth.waiting[person] ||
		truth.may_have[person]);
}

/* Who stores to a page that another has stored to through the same open file. */
static void doubt_mappers(int task, int slot)
{
	int i;

	for (i = 0; i < TASKS; i++)
		if (may_have_stored(i, slot))
			doubt(person_of(task), i);
}

void file_mapped(int task, int slot, bool unseen)
{
	doubt_mappers(task, slot);
	truth.mappings[task][slot] = true;
	if (!unseen)
		return;
	truth.may_have[person_of(task)] = true;
	doubt_flights(task);
}

/* A store just before does not show then. */
void times_set(void)
{
	int i, other;

	for (i = 0; i < TASKS; i++) {
		if (!has_mapped(i))
			continue;
		truth.may_have[person_of(i)] = true;
		for (other = 0; other < i; other++)
			if (has_mapped(other))
				doubt(person_of(i), other);
	}
}

/* Many sessions are let through, and none of them writes. */
void crowd_comes(int slot)
{
	truth.crowd[slot] = true;
}

static int person_in(const struct prov_stamp *stamp)
{
	return stamp->session[0] - 1;
}

static bool on_record(int person)
{
	size_t i;

	if (machine.stamp_size && person_in(&machine.stamp) == person)
		return true;
	for (i = 0; i < machine.log_size / PROV_STAMP_SIZE; i++)
		if (person_in(&machine.log[i]) == person)
			return true;
	return false;
}

static const char *false_stamp(void)
{
	int i, named = person_in(&machine.stamp);

	if (named >= PEOPLE)
		return "who changed nothing is named";
	if (named != PEOPLE - 1 && !truth.wrote[named] && !truth.may_have[named])
		return "who changed nothing is named";
	if (machine.log_failed || machine.stamp_failed)
		return NULL;
	for (i = 0; i < PEOPLE; i++)
		if (truth.wrote[i] && !on_record(i))
			return "whose content is in the file is nowhere on record";
	if (named != truth.last && !truth.may_have[named])
		return "another than the last writer is named";
	return NULL;
}

static const char *false_log(void)
{
	int i;

	for (i = 0; i < PEOPLE - 1; i++)
		if (on_record(i) && !truth.wrote[i] && !truth.may_have[i] &&
		    !truth.waiting[i])
			return "who changed nothing and could not have is in the log";
	return NULL;
}

static bool anything_changed(void)
{
	int i;

	for (i = 0; i < PEOPLE; i++)
		if (truth.wrote[i] || truth.may_have[i])
			return true;
	return false;
}

const char *what_is_false(void)
{
	const char *wrong;

	if (machine.stamp_size) {
		wrong = false_stamp();
		return wrong ? wrong : false_log();
	}
	if (!anything_changed())
		return "nothing has changed, and the stamp is gone";
	if (!truth.doubt && !machine.stamp_failed)
		return "the stamp is gone without a doubt";
	return false_log();
}

void print_outcome(void)
{
	size_t i;

	if (machine.stamp_size)
		printf("  stamped by %s, log:", machine.stamp.comm);
	else
		printf("  unknown, log:");
	for (i = 0; i < machine.log_size / PROV_STAMP_SIZE; i++)
		printf(" %s", machine.log[i].comm);
	printf("; wrote:");
	for (i = 0; i < PEOPLE; i++)
		if (truth.wrote[i])
			printf(" %zu", i);
	printf(", last %d\n", truth.last);
}
