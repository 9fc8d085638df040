/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Words in which tests/rules/steps.c speaks of values that are any, for bms.steps
 */

#ifndef __ANY_H
#define __ANY_H

#include <linux/types.h>

/* Any value at all; each call gives another. To be called unconditionally. */
bool any_bool(void);
s32 any_s32(void);
u32 any_u32(void);
u64 any_u64(void);

/* What follows is said only of values for which this is true. */
void suppose(bool holds);

void promise_at(bool holds, int line);
void happens_at(bool holds, int line);

/* True for all values */
#define promise(holds)	promise_at(holds, __LINE__)

/* True for some: what has been supposed until here does not exclude what matters. */
#define happens(holds)	happens_at(holds, __LINE__)

#endif /* __ANY_H */
