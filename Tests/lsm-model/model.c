// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: model [HISTORIES [MODE]]
 *
 * Runs random histories in each mode, and prints the shortest of those after
 * which the file says what is false. Exit status: 1 if there is one.
 */

#include "world.h"

#define BIT(operation)	(1u << (operation))
#define WRITES		(BIT(WRITE) | BIT(OVERWRITE) | BIT(WRITE_NOTHING) | \
			 BIT(CLOSE) | BIT(TICK))
#define TRUNCATIONS	(BIT(TRUNCATE) | BIT(TRUNCATE_PATH) | \
			 BIT(TRUNCATE_READER))

static const struct mode modes[] = {
	{ "own", WRITES },
	{ "shared", WRITES, .shared = true },
	{ "truncations", WRITES | TRUNCATIONS },
	{ "crowds", WRITES | BIT(CROWD) | BIT(TRUNCATE_PATH), .shared = true },
	{ "times", WRITES | BIT(SET_TIMES_BACK) | BIT(RENAME), .shared = true },
	{ "failures", WRITES | TRUNCATIONS | BIT(FAIL) | BIT(FREEZE) |
	  BIT(SET_TIMES_BACK), .shared = true },
	{ "mappings", WRITES | BIT(MAP) | BIT(STORE) | BIT(UNMAP) |
	  BIT(WRITE_BACK) | BIT(SET_TIMES_BACK), .shared = true },
	{ "tmpfs", WRITES | BIT(MAP) | BIT(STORE) | BIT(UNMAP), .shared = true,
	  .tmpfs = true },
	{ "interrupted", WRITES | TRUNCATIONS | BIT(SET_TIMES_BACK) |
	  BIT(RENAME), .shared = true, .interrupted = true },
	{ "coarse", WRITES | TRUNCATIONS, .shared = true, .coarse = true },
};

#define MODES	(int)(sizeof(modes) / sizeof(modes[0]))

static u64 seed = 1;

static u32 draw(u32 below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed >> 11) % below;
}

static void draw_step(struct step *step, const struct mode *mode)
{
	do
		step->operation = draw(OPERATIONS);
	while (!(mode->operations & BIT(step->operation)));
	step->task = draw(TASKS);
	step->slot = mode->shared ? draw(SLOTS) : step->task;
	step->pause = draw(3) == 0;
	if (mode->interrupted && draw(2))
		step->pause = 2 + draw(6);
}

static void draw_history(struct history *history, const struct mode *mode)
{
	int i;

	history->length = 2 + draw(14);
	for (i = 0; i < history->length; i++)
		draw_step(&history->steps[i], mode);
}

static bool shrink_once(struct history *history, const struct mode *mode)
{
	struct history shorter;
	int i;

	for (i = 0; i < history->length; i++) {
		shorter = *history;
		shorter.length--;
		memmove(&shorter.steps[i], &shorter.steps[i + 1],
			(shorter.length - i) * sizeof(struct step));
		if (run_history(&shorter, mode)) {
			*history = shorter;
			return true;
		}
	}
	for (i = 0; i < history->length; i++) {
		shorter = *history;
		if (!shorter.steps[i].pause)
			continue;
		shorter.steps[i].pause = 0;
		if (run_history(&shorter, mode)) {
			*history = shorter;
			return true;
		}
	}
	return false;
}

static void print_history(const struct history *history)
{
	int i;

	for (i = 0; i < history->length; i++) {
		const struct step *step = &history->steps[i];

		printf("  task%d %s", step->task,
		       operation_names[step->operation]);
		if (step->operation <= CLOSE || step->operation == TRUNCATE ||
		    (step->operation >= MAP && step->operation <= UNMAP))
			printf(" (file %d)", step->slot);
		if (step->pause == 1)
			printf(", and waits for its data");
		else if (step->pause)
			printf(", until it has released %d locks",
			       step->pause - 1);
		printf("\n");
	}
}

/* Return: how many histories ended with what is false. */
static int run_mode(const struct mode *mode, long histories)
{
	struct history history, shortest = { .length = STEPS_MAX + 1 };
	int wrong = 0;
	long i;

	seed = 88172645463325252ull;
	for (i = 0; i < histories; i++) {
		draw_history(&history, mode);
		if (!run_history(&history, mode))
			continue;
		if (++wrong > 100)
			continue;
		while (shrink_once(&history, mode))
			;
		if (history.length < shortest.length)
			shortest = history;
	}
	printf("%s: %ld histories, %d wrong\n", mode->name, histories, wrong);
	if (!wrong)
		return 0;
	print_history(&shortest);
	printf("  %s\n", run_history(&shortest, mode));
	print_outcome();
	return wrong;
}

int main(int argc, char **argv)
{
	long histories = argc > 1 ? atol(argv[1]) : 100000;
	int i, wrong = 0;

	for (i = 0; i < MODES; i++)
		if (argc < 3 || !strcmp(argv[2], modes[i].name))
			wrong |= run_mode(&modes[i], histories);
	return !!wrong;
}
