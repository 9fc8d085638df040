/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _PROOF_LIMITS_H
#define _PROOF_LIMITS_H

#include_next <linux/limits.h>

#define S32_MAX		INT32_MAX
#define S32_MIN		INT32_MIN
#define U8_MAX		((u8)~0U)
#define U32_MAX		UINT32_MAX
#define S64_MAX		INT64_MAX
#define U64_MAX		UINT64_MAX

#endif /* _PROOF_LIMITS_H */
