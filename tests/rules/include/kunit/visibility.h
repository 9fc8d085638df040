/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KUNIT_VISIBILITY_H
#define _KUNIT_VISIBILITY_H

#include <assert.h>

/* User space exports nothing. */
#define EXPORT_SYMBOL_IF_KUNIT(symbol)	static_assert(1, #symbol)

#endif /* _KUNIT_VISIBILITY_H */
