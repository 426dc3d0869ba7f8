/* SPDX-License-Identifier: GPL-2.0-only */
/* What is true of the file: who was let through, and whose content is in it. */
#ifndef MODEL_TRUTH_H
#define MODEL_TRUTH_H

#include "world.h"

#define PEOPLE	TASKS	/* sessions, and the last who created the file */

/* Whom a task's session makes it. */
int person_of(int task);

void begin_truth(void);

/* A task is let through to write through an open file. */
void take_off(int task, int slot);
/* A task is about to set the size, unless that fails. */
void try_to_set_size(int task);
/* Many sessions are let through to write through an open file. */
void crowd_comes(int slot);
/* An open file is gone: nobody writes through it any more. */
void forget_flights(int slot);

/* A task changes content; under a lock that keeps writes away. */
void content_changed(int task);
void content_changed_locked(int task);

/* A task may store, in ways that cannot be seen if @unseen. */
void file_mapped(int task, int slot, bool unseen);
void times_set(void);

const char *what_is_false(void);

#endif /* MODEL_TRUTH_H */
