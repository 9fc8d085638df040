/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IIO_TYPES_H_
#define _IIO_TYPES_H_

/* How a number is told. The figures are the kernel's own business. */
enum {
	IIO_VAL_INT = 1,
	IIO_VAL_INT_PLUS_MICRO,
	IIO_VAL_INT_PLUS_NANO,
	IIO_VAL_INT_PLUS_MICRO_DB,
	IIO_VAL_FRACTIONAL,
	IIO_VAL_FRACTIONAL_LOG2,
};

#endif /* _IIO_TYPES_H_ */
