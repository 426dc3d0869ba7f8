/* SPDX-License-Identifier: Apache-2.0 */
/* Processors that this process may run on. */
#ifndef PROVENANCE_PROCESSOR_H
#define PROVENANCE_PROCESSOR_H

/* By sched_getaffinity(2), so that taskset(1) and cpusets are respected. At least 1. */
int prov_available_processors(void);

#endif
