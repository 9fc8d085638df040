/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * smallbms - how much charge a bank holds
 */

#ifndef __SMALLBMS_GAUGE_H
#define __SMALLBMS_GAUGE_H

#include <linux/types.h>

#include "policy.h"

/**
 * struct smallbms_gauge - a charge counter
 * @full_uah: what a full bank holds, or 0: then nothing is counted
 * @known: the bank has been full or nearly empty since the counting began
 * @charge_uams: what it holds, in uA ms; only with @known
 * @low: a low cell has been taken into account
 * @current_ua: the last known current into the bank
 * @read_ns: when it was read
 */
struct smallbms_gauge {
	u32 full_uah;
	bool known;
	s64 charge_uams;
	bool low;
	s32 current_ua;
	u64 read_ns;
};

void smallbms_gauge_step(struct smallbms_gauge *gauge, const struct smallbms_settings *set,
			 const struct smallbms_sample *in, u32 causes);
u32 smallbms_gauge_uah(const struct smallbms_gauge *gauge);
int smallbms_gauge_percent(const struct smallbms_gauge *gauge);

#endif /* __SMALLBMS_GAUGE_H */
