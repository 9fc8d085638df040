/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * smallbms - the newest kernel's API on older kernels
 *
 * The driver is written to mainline; this is the only place that knows older
 * kernels. It goes when the driver stands in a kernel tree.
 */

#ifndef __SMALLBMS_COMPAT_H
#define __SMALLBMS_COMPAT_H

#include <linux/hrtimer.h>

#ifndef SMALLBMS_HAS_HRTIMER_SETUP	/* 6.13 */
static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*function)(struct hrtimer *),
				 clockid_t clock_id, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock_id, mode);
	timer->function = function;
}
#endif

#endif /* __SMALLBMS_COMPAT_H */
