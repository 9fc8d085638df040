// SPDX-License-Identifier: GPL-2.0-only
/* Keeps every processor busy at the highest real-time priority, for good. */

#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	struct sched_param highest = { .sched_priority = sched_get_priority_max(SCHED_FIFO) };
	long processor = sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t set;

	/* The parent takes the last processor, because it can start no child after that. */
	while (--processor > 0 && fork())
		;
	CPU_ZERO(&set);
	CPU_SET(processor, &set);
	if (sched_setaffinity(0, sizeof(set), &set) ||
	    sched_setscheduler(0, SCHED_FIFO, &highest)) {
		perror("hog");
		return 1;
	}
	for (;;)
		;
}
