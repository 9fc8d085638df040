// SPDX-License-Identifier: GPL-2.0-only
/*
 * The entry point for libFuzzer: its bytes are a history
 */

#include <stdlib.h>

#include "history.h"

int live(const uint8_t *data, size_t size) __asm__("LLVMFuzzerTestOneInput");

static void sum_up(void)
{
	printf("histories %lu steps %lu edges %lu cuts %lu hours %.0f\n", tally.histories,
	       tally.steps, tally.edges, tally.cuts, tally.hours);
}

int live(const uint8_t *data, size_t size)
{
	static bool begun;
	char why[400];

	if (!begun)
		atexit(sum_up);
	begun = true;
	if (history_live(data, size, why, NULL, NULL))
		return 0;
	fprintf(stderr, "difference: %s\n", why);
	abort();
}
