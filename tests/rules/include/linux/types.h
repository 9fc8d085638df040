/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of the kernel's header that the policy and the settings need, for user space */
#ifndef _LINUX_TYPES_H
#define _LINUX_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16, __le16;
typedef int32_t s32;
typedef uint32_t u32, __le32;
typedef int64_t s64;
typedef uint64_t u64;

#endif /* _LINUX_TYPES_H */
