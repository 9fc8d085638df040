// SPDX-License-Identifier: GPL-2.0-only
/*
 * smallbms - how much charge a bank holds
 */

/**
 * DOC: smallbms-gauge
 *
 * The voltage of a LiFePO4 cell says next to nothing about its charge, except
 * near both ends. So charge is counted, from current and time, and the ends are
 * where the count is set right:
 *
 * - full, while a cell is at or above the charge disconnect level (C1);
 * - nearly empty, when a cell falls below the pre-alarm level (U1). From there on a
 *   line is good enough, from nothing at 2.50 V through the 3 % at 2.80 V that the
 *   manufacturer gives: 6 % at 3.10 V.
 *
 * Neither counts at more than a fifth of the capacity per hour, at which a voltage
 * tells of the current.
 *
 * Until one of them has been seen the charge is unknown. It becomes so again when
 * the current has been unknown for the stale time (F1), for nobody knows what has
 * flowed. A shorter gap is bridged by the mean of the currents at its sides.
 *
 * No rule asks for the charge. Plain arithmetic, as the policy is.
 */

#include <kunit/visibility.h>
#include <linux/bits.h>
#include <linux/export.h>
#include <linux/math.h>
#include <linux/math64.h>
#include <linux/minmax.h>

#include "gauge.h"

#define MS_PER_HOUR		3600000

/* The line of a cell that is nearly empty */
#define EMPTY_UV		2500000
#define UV_PER_PERMILLE		10000

/* Fastest change of charge at which a voltage tells of it: full in so many hours */
#define SLOW_HOURS		5

static s64 full_uams(const struct smallbms_gauge *gauge)
{
	return (s64)gauge->full_uah * MS_PER_HOUR;
}

static void count(struct smallbms_gauge *gauge, const struct smallbms_settings *set,
		  const struct smallbms_group *group)
{
	/* Whole times, so that what is cut off here does not add up. */
	s64 ms = div_u64(group->good_ns, SMALLBMS_NS_PER_MS) -
		 div_u64(gauge->read_ns, SMALLBMS_NS_PER_MS);
	s64 mean_ua = ((s64)gauge->current_ua + group->min) / 2;

	if (ms > set->stale_ms) {
		gauge->known = false;
		gauge->low = false;
	}
	if (gauge->known)
		gauge->charge_uams = clamp(gauge->charge_uams + mean_ua * ms, 0LL,
					   full_uams(gauge));
	gauge->current_ua = group->min;
	gauge->read_ns = group->good_ns;
}

static void set_right(struct smallbms_gauge *gauge, s64 charge_uams)
{
	gauge->charge_uams = charge_uams;
	gauge->known = true;
}

static s64 nearly_empty_uams(const struct smallbms_gauge *gauge, s32 cell_uv)
{
	return div_s64(full_uams(gauge), 1000) *
	       (max(cell_uv - EMPTY_UV, 0) / UV_PER_PERMILLE);
}

/**
 * smallbms_gauge_step() - count what has flowed since the last step
 * @gauge: the counter
 * @set: settings in force
 * @in: all inputs
 * @causes: a bit for each &enum smallbms_cause that holds
 */
void smallbms_gauge_step(struct smallbms_gauge *gauge, const struct smallbms_settings *set,
			 const struct smallbms_sample *in, u32 causes)
{
	const struct smallbms_group *current_ua = &in->group[SMALLBMS_KIND_BANK_CURRENT];
	const struct smallbms_group *cell = &in->group[SMALLBMS_KIND_CELL];
	bool low = causes & BIT(SMALLBMS_CAUSE_PRE_ALARM);

	if (!gauge->full_uah)
		return;

	gauge->low = gauge->low && low;
	if (!current_ua->any || current_ua->good_ns == gauge->read_ns)
		return;
	count(gauge, set, current_ua);

	if (abs((s64)gauge->current_ua) * SLOW_HOURS > gauge->full_uah)
		return;
	if (low && !gauge->low && cell->all) {
		set_right(gauge, nearly_empty_uams(gauge, cell->min));
		gauge->low = true;
	} else if (causes & BIT(SMALLBMS_CAUSE_OVERVOLTAGE) && !low) {
		set_right(gauge, full_uams(gauge));
	}
}
EXPORT_SYMBOL_IF_KUNIT(smallbms_gauge_step);

/**
 * smallbms_gauge_uah() - how much the bank holds
 * @gauge: the counter, known
 *
 * Return: its charge in uAh.
 */
u32 smallbms_gauge_uah(const struct smallbms_gauge *gauge)
{
	return div_s64(gauge->charge_uams, MS_PER_HOUR);
}
EXPORT_SYMBOL_IF_KUNIT(smallbms_gauge_uah);

/**
 * smallbms_gauge_percent() - how much the bank holds of what it could
 * @gauge: the counter, known
 *
 * Return: its charge in percent of the full one, rounded down.
 */
int smallbms_gauge_percent(const struct smallbms_gauge *gauge)
{
	return div_u64(smallbms_gauge_uah(gauge) * 100ULL, gauge->full_uah);
}
EXPORT_SYMBOL_IF_KUNIT(smallbms_gauge_percent);
