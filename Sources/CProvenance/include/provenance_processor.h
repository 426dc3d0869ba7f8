/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's processors. */
#ifndef PROVENANCE_PROCESSOR_H
#define PROVENANCE_PROCESSOR_H

/*
 * Those that this process may run on, by sched_getaffinity(2), so that taskset(1) and cpusets are
 * respected. At least 1.
 */
int prov_available_processors(void);

/*
 * Has the calling thread run on one processor alone. Returns 0, or -errno: -ENXIO where it may not run
 * there, or the processor is offline.
 */
int prov_stay_on_processor(unsigned int processor);

#endif
