/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of the kernel's header that the record needs, on a PC */
#ifndef _ASM_BYTEORDER_H
#define _ASM_BYTEORDER_H

#define cpu_to_le16(x)	((__le16)(x))
#define cpu_to_le32(x)	((__le32)(x))
#define le16_to_cpu(x)	((u16)(x))
#define le32_to_cpu(x)	((u32)(x))

#endif /* _ASM_BYTEORDER_H */
