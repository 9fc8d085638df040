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
 * @full_uah: charge of a full bank, or 0 if nothing is counted
 * @known: the bank has been full or nearly empty since the counting began, or somebody has
 *	set its charge
 * @charge_uams: its charge, in uA ms; only with @known
 * @at_end: the last step has found it full or nearly empty, and it had not been before
 * @low: a low cell has been taken into account
 * @full: it has been full, and hardly anything has been taken out since
 * @looks_full: it may be full
 * @looks_full_ns: since when, only with @looks_full
 * @current_ua: the last known current into the bank; none is 0
 * @read_ns: when it was read, or 0: not since the count began
 */
struct smallbms_gauge {
	u32 full_uah;
	bool known;
	s64 charge_uams;
	bool at_end;
	bool low;
	bool full;
	bool looks_full;
	u64 looks_full_ns;
	s32 current_ua;
	u64 read_ns;
};

s32 smallbms_gauge_current(const struct smallbms_settings *set, s32 current_ua);
void smallbms_gauge_set(struct smallbms_gauge *gauge, u32 charge_uah);
void smallbms_gauge_step(struct smallbms_gauge *gauge, const struct smallbms_settings *set,
			 const struct smallbms_sample *in, u32 causes);
u32 smallbms_gauge_uah(const struct smallbms_gauge *gauge);
int smallbms_gauge_percent(const struct smallbms_gauge *gauge);

#endif /* __SMALLBMS_GAUGE_H */
