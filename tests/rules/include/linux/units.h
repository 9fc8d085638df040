/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_UNITS_H
#define _LINUX_UNITS_H

#define MILLI	1000UL
#define MICRO	1000000UL
#define NANO	1000000000UL

#endif /* _LINUX_UNITS_H */
