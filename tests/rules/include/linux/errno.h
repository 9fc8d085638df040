/* SPDX-License-Identifier: GPL-2.0-only */
/* The C library's errno.h includes this one, too. */
#ifndef _LINUX_ERRNO_H
#define _LINUX_ERRNO_H

#include <asm-generic/errno.h>

#endif /* _LINUX_ERRNO_H */
