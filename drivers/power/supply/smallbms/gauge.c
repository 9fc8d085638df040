// SPDX-License-Identifier: GPL-2.0-only
/*
 * smallbms - how much charge a bank holds
 */

/**
 * DOC: smallbms-gauge
 *
 * The voltage of a LiFePO4 cell says next to nothing about its charge, except near both
 * ends. So charge is counted, from current and time. The count is corrected at the ends
 * (P6):
 *
 * - full, when a cell has been at or above the full cell voltage, and the current into
 *   the bank below the tail current, but not negative, for the full hold time;
 * - nearly empty, when a cell falls below the pre-alarm level (U1). Below it a straight
 *   line is good enough: from nothing at 2.50 V through the 3 % at 2.80 V that the
 *   manufacturer gives, to 6 % at 3.10 V. At more than a fifth of the capacity per hour
 *   this does not count, because the current changes the voltage.
 *
 * The fullest cell decides at the upper end, and the emptiest at the lower one: a string
 * takes no more charge than its fullest cell does. If the emptiest cell decided at both, a
 * bank out of balance would never be full. Its charger stops for the fullest cell, and the
 * others stay where their voltage says nothing. The bank is not called full too early. A
 * voltage under a charger's current does not count, nor does a voltage that falls when the
 * charger stops. So the limit that ends charging (C1) makes no bank full.
 *
 * A current below the rest current is the offset of its measurement, and counts as none.
 *
 * Until an end has been seen, or somebody has set the charge, it is unknown. It becomes
 * unknown again when the current has been unknown for the stale time (F1), because nobody
 * knows how much has flowed. A shorter gap is bridged by the mean of the currents at its
 * sides.
 *
 * No output depends on the charge. This file is plain arithmetic, like the policy.
 */

#include <kunit/visibility.h>
#include <linux/bits.h>
#include <linux/export.h>
#include <linux/math.h>
#include <linux/math64.h>
#include <linux/minmax.h>

#include "gauge.h"

#define MS_PER_HOUR		3600000

/* The straight line of a cell that is nearly empty */
#define EMPTY_UV		2500000
#define UV_PER_PERMILLE		10000

/* Fastest change of charge at which a voltage shows it: full in so many hours */
#define SLOW_HOURS		5

/* A bank is full this far below the charge limit, if the voltage of a full cell is higher. */
#define BELOW_LIMIT_UV		50000

/* A full bank stays full until this part of its charge has been taken out. */
#define NOT_FULL_PART		100

static s64 full_uams(const struct smallbms_gauge *gauge)
{
	return (s64)gauge->full_uah * MS_PER_HOUR;
}

/**
 * smallbms_gauge_current() - tell a current from the offset of its measurement
 * @set: settings in force
 * @current_ua: into the bank, as measured
 *
 * Return: the current in uA, 0 if it is less than the rest current.
 */
s32 smallbms_gauge_current(const struct smallbms_settings *set, s32 current_ua)
{
	return abs((s64)current_ua) < set->rest_ua ? 0 : current_ua;
}
EXPORT_SYMBOL_IF_KUNIT(smallbms_gauge_current);

static void forget(struct smallbms_gauge *gauge)
{
	gauge->known = false;
	gauge->low = false;
	gauge->full = false;
	gauge->looks_full = false;
}

static void count(struct smallbms_gauge *gauge, const struct smallbms_settings *set,
		  const struct smallbms_group *group)
{
	s32 current_ua = smallbms_gauge_current(set, group->min);
	s64 mean_ua = ((s64)gauge->current_ua + current_ua) / 2;
	/* Whole times, so that what is cut off here does not add up. */
	s64 ms = div_u64(group->good_ns, SMALLBMS_NS_PER_MS) -
		 div_u64(gauge->read_ns, SMALLBMS_NS_PER_MS);

	/* The first reading only marks where the count begins. */
	if (gauge->read_ns) {
		if (ms > set->stale_ms)
			forget(gauge);
		if (gauge->known)
			gauge->charge_uams = clamp(gauge->charge_uams + mean_ua * ms, 0LL,
						   full_uams(gauge));
	}
	if (full_uams(gauge) - gauge->charge_uams > div_s64(full_uams(gauge), NOT_FULL_PART))
		gauge->full = false;
	gauge->current_ua = current_ua;
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

/* A charge limit below the voltage of a full cell keeps every cell from getting there. */
static s32 full_cell_uv(const struct smallbms_settings *set)
{
	return min(set->full_cell_uv, set->charge_disconnect_uv - BELOW_LIMIT_UV);
}

/* A rest current above the tail current hides no charger and no load. */
static bool looks_full(const struct smallbms_gauge *gauge, const struct smallbms_settings *set,
		       const struct smallbms_group *cell, s32 measured_ua, u32 causes)
{
	s64 tail_ua = div_s64((s64)gauge->full_uah * set->full_tail_percent, 100);

	if (gauge->current_ua < 0 || abs((s64)measured_ua) >= tail_ua ||
	    causes & (BIT(SMALLBMS_CAUSE_PRE_ALARM) | BIT(SMALLBMS_CAUSE_CELL_LOST)))
		return false;
	if (cell->any && cell->max >= full_cell_uv(set))
		return true;
	/* A cell whose last reading failed may be the fullest. */
	return gauge->looks_full && !cell->all;
}

static void find_full(struct smallbms_gauge *gauge, const struct smallbms_settings *set,
		      const struct smallbms_group *cell, s32 measured_ua, u32 causes)
{
	bool looked_full = gauge->looks_full;

	gauge->looks_full = looks_full(gauge, set, cell, measured_ua, causes);
	if (!gauge->looks_full)
		return;
	if (!looked_full)
		gauge->looks_full_ns = gauge->read_ns;
	if (gauge->read_ns - gauge->looks_full_ns < set->full_hold_ms * SMALLBMS_NS_PER_MS)
		return;
	set_right(gauge, full_uams(gauge));
	gauge->at_end = !gauge->full;
	gauge->full = true;
}

static void find_low(struct smallbms_gauge *gauge, const struct smallbms_group *cell)
{
	if (gauge->low || !cell->all || abs((s64)gauge->current_ua) * SLOW_HOURS > gauge->full_uah)
		return;
	set_right(gauge, nearly_empty_uams(gauge, cell->min));
	gauge->at_end = true;
	gauge->low = true;
	gauge->full = false;
}

/**
 * smallbms_gauge_set() - set the charge of the bank
 * @gauge: the counter
 * @charge_uah: its charge in uAh; more than full is full
 *
 * Counting goes on with the next reading of the current, until an end is seen.
 */
void smallbms_gauge_set(struct smallbms_gauge *gauge, u32 charge_uah)
{
	set_right(gauge, (s64)min(charge_uah, gauge->full_uah) * MS_PER_HOUR);
	gauge->full = false;
	gauge->looks_full = false;
	gauge->read_ns = 0;
}
EXPORT_SYMBOL_IF_KUNIT(smallbms_gauge_set);

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

	gauge->at_end = false;
	if (!gauge->full_uah)
		return;

	gauge->low = gauge->low && low;
	if (!current_ua->any || current_ua->good_ns == gauge->read_ns)
		return;
	count(gauge, set, current_ua);
	find_full(gauge, set, cell, current_ua->min, causes);
	if (low)
		find_low(gauge, cell);
}
EXPORT_SYMBOL_IF_KUNIT(smallbms_gauge_step);

/**
 * smallbms_gauge_uah() - get the charge of the bank
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
 * smallbms_gauge_percent() - get the charge of the bank in percent
 * @gauge: the counter, known
 *
 * Return: its charge in percent of the full one, rounded down.
 */
int smallbms_gauge_percent(const struct smallbms_gauge *gauge)
{
	return div_u64(smallbms_gauge_uah(gauge) * 100ULL, gauge->full_uah);
}
EXPORT_SYMBOL_IF_KUNIT(smallbms_gauge_percent);
