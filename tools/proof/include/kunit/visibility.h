/* SPDX-License-Identifier: GPL-2.0-only */
/* User space exports nothing. */
#ifndef _KUNIT_VISIBILITY_H
#define _KUNIT_VISIBILITY_H

#define EXPORT_SYMBOL_IF_KUNIT(symbol)	_Static_assert(1, #symbol)

#endif /* _KUNIT_VISIBILITY_H */
