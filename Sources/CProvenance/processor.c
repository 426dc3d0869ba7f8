/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "provenance_processor.h"

#include <errno.h>
#include <sched.h>
#include <unistd.h>

int prov_available_processors(void)
{
	cpu_set_t set;
	long online;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		return CPU_COUNT(&set);
	/* More processors than cpu_set_t has bits for. */
	online = sysconf(_SC_NPROCESSORS_ONLN);
	return online > 0 ? (int)online : 1;
}

int prov_stay_on_processor(unsigned int processor)
{
	cpu_set_t set;

	if (processor >= CPU_SETSIZE)
		return -EINVAL;
	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return -errno;
	if (!CPU_ISSET(processor, &set))
		return -ENXIO;
	CPU_ZERO(&set);
	CPU_SET(processor, &set);
	return sched_setaffinity(0, sizeof(set), &set) < 0 ? -errno : 0;
}
