/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MATH64_H
#define _LINUX_MATH64_H

#include <linux/types.h>

#define div_u64(n, d)	((u64)(n) / (u32)(d))
#define div64_u64(n, d)	((u64)(n) / (u64)(d))

static inline u64 div64_u64_rem(u64 n, u64 d, u64 *rest)
{
	*rest = n % d;
	return n / d;
}

#endif /* _LINUX_MATH64_H */
