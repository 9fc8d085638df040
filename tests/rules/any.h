/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Words in which tests/rules/steps.c speaks of values that are any, for CBMC
 */

#ifndef __ANY_H
#define __ANY_H

#include <linux/types.h>

/* Any value at all; each call gives another. For CBMC, what nobody has set may be anything. */
static inline bool any_bool(void)
{
	/* A bool is a byte to it, and one that is any has more than two values. */
	__CPROVER_bool any;

	return any;
}

static inline s32 any_s32(void)
{
	s32 any;

	return any;
}

static inline u32 any_u32(void)
{
	u32 any;

	return any;
}

static inline u64 any_u64(void)
{
	u64 any;

	return any;
}

/* What follows is said only of values for which this is true. */
#define suppose(holds)	__CPROVER_assume(holds)

/* True for all values */
#define promise(holds)	__CPROVER_assert(holds, "promise")

/* True for some, for bms.harnesses: what is supposed does not exclude what matters. */
#define happens(holds)	__CPROVER_assert(!(holds), "happens")

#endif /* __ANY_H */
