// SPDX-License-Identifier: GPL-2.0-only
/*
 * How often what happened since boot.
 */

#include <linux/cpumask.h>
#include <linux/percpu.h>

#include "provfs.h"

static DEFINE_PER_CPU(unsigned long [PROVFS_NR_COUNTS], counts);

void provfs_count(enum provfs_count count)
{
	this_cpu_inc(counts[count]);
}

/* What happens meanwhile is in the sum or not. */
unsigned long provfs_count_read(enum provfs_count count)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu(counts[count], cpu);
	return sum;
}
