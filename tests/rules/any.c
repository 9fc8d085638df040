// SPDX-License-Identifier: GPL-2.0-only
/*
 * Words of any.h for a computer: values are those of standard input, and each line whose
 * promise is broken, or whose event happens, is told. What is not supposed ends the run.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "any.h"

static const char *word(char text[32])
{
	if (scanf("%31s", text) != 1)
		exit(2);
	return text;
}

bool any_bool(void)
{
	char text[32];

	return !strcmp(word(text), "true");
}

s32 any_s32(void)
{
	char text[32];

	return (s32)strtoll(word(text), NULL, 10);
}

u32 any_u32(void)
{
	return (u32)any_s32();
}

u64 any_u64(void)
{
	char text[32];

	return strtoull(word(text), NULL, 10);
}

void suppose(bool holds)
{
	if (!holds)
		exit(0);
}

void promise_at(bool holds, int line)
{
	if (!holds)
		printf("%d\n", line);
}

void happens_at(bool holds, int line)
{
	if (holds)
		printf("%d\n", line);
}
