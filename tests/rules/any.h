/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Any values, and claims about them, for the harnesses that CBMC checks
 */

#ifndef __ANY_H
#define __ANY_H

#include <linux/types.h>

/* Each call gives any value, because to CBMC a variable that is not set may have any value. */
static inline bool any_bool(void)
{
	/* To CBMC a bool is a byte, and so would have more than two values. */
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

/* The claims that follow are about values for which this is true. */
#define suppose(holds)	__CPROVER_assume(holds)

/* This is true for all values. */
#define promise(holds)	__CPROVER_assert(holds, "promise")

/*
 * This is true for some values, so what is supposed does not exclude the case that matters.
 * The opposite is asserted, and CBMC must refute it (bms.harnesses).
 */
#define happens(holds)	__CPROVER_assert(!(holds), "happens")

#endif /* __ANY_H */
