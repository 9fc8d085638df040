// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the smallbms charge counter
 */

#include <kunit/test.h>

#include <linux/bits.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "gauge.h"
#include "suites.h"

#define LOW		BIT(SMALLBMS_CAUSE_PRE_ALARM)
#define LIMIT		BIT(SMALLBMS_CAUSE_OVERVOLTAGE)
#define LOST		BIT(SMALLBMS_CAUSE_CELL_LOST)
#define UNKNOWN		(-1)
#define NO_CURRENT	S32_MAX
#define AH		1000000

/**
 * struct scan - scans that follow each other, and what is known after the last
 * @us: time from one to the next
 * @times: how many, 0 is one
 * @current_ma: into the bank, or NO_CURRENT
 * @cell_mv: the lowest cell; 0: a cell is unknown
 * @causes: causes that hold
 * @uah: what the bank then holds, or UNKNOWN
 * @top_mv: the highest cell; 0: as @cell_mv. If both are 0, no cell is known.
 */
struct scan {
	u32 us;
	unsigned int times;
	s32 current_ma;
	s32 cell_mv;
	u32 causes;
	s32 uah;
	s32 top_mv;
};

/* A bank of 100 Ah: stale limit 5 s, rest current 0.2 A, tail current 4 A */
static const struct gauge_case {
	const char *name;
	s32 begin_uah;
	struct scan scan[5];
} gauge_cases[] = {
	{ "unknown at first", UNKNOWN, { { 600000, 1000, 5000, 3300, 0, UNKNOWN } } },
	{ "no fuller than full", 100 * AH, { { 600000, 6000, 5000, 3300, 0, 100 * AH } } },
	{ "an hour at 10 A", 100 * AH, { { 600000, 1, -10000, 3300, 0, 100 * AH },
					 { 600000, 6000, -10000, 3300, 0, 90 * AH },
					 { 600000, 1, 10000, 3300, 0, 90 * AH },
					 { 600000, 3000, 10000, 3300, 0, 95 * AH } } },
	{ "scans at an odd pace", 100 * AH, { { 600999, 1, -10000, 3300, 0, 100 * AH },
					   { 600999, 1000, -10000, 3300, 0, 98330558 } } },
	{ "the mean of two readings", 100 * AH, { { 600000, 1, 0, 3300, 0, 100 * AH },
						  { 2000000, 1, -36000, 3300, 0, 99990000 } } },
	{ "P6: less than the rest current", 50 * AH, { { 600000, 1, 199, 3300, 0, 50 * AH },
						       { 600000, 6000, 199, 3300, 0, 50 * AH },
						       { 600000, 6000, -199, 3300, 0, 50 * AH } } },
	{ "P6: the rest current", 50 * AH, { { 600000, 1, 200, 3300, 0, 50 * AH },
					     { 600000, 6000, 200, 3300, 0, 50200000 },
					     { 600000, 1, -200, 3300, 0, 50200000 },
					     { 600000, 6000, -200, 3300, 0, 50 * AH } } },
	{ "at 3.10 V, counted too high", 100 * AH, { { 600000, 1, -10000, 3300, 0, 100 * AH },
						     { 600000, 6000, -10000, 3300, 0, 90 * AH },
						     { 600000, 1, -10000, 3100, LOW, 6 * AH } } },
	{ "at 3.10 V, counted too low", 100 * AH, { { 600000, 1, -20000, 3300, 0, 100 * AH },
						    { 600000, 29100, -20000, 3300, 0, 3 * AH },
						    { 600000, 1, -20000, 3100, LOW, 6 * AH } } },
	{ "counted on when low", UNKNOWN, { { 600000, 1, -10000, 3100, LOW, 6 * AH },
					    { 600000, 600, -10000, 3050, LOW, 5 * AH } } },
	{ "low a second time", UNKNOWN, { { 600000, 1, -10000, 3100, LOW, 6 * AH },
					  { 600000, 600, -10000, 3200, 0, 5 * AH },
					  { 600000, 1, -10000, 3090, LOW, 5900000 } } },
	{ "set by a cell at 2.80 V", UNKNOWN, { { 600000, 1, 0, 2800, LOW, 3 * AH } } },
	{ "set by a cell at 2.40 V", UNKNOWN, { { 600000, 1, 0, 2400, LOW, 0 } } },
	{ "no emptier than empty", UNKNOWN, { { 600000, 1, -10000, 2400, LOW, 0 },
					      { 600000, 100, -10000, 2400, LOW, 0 } } },
	{ "low under a heavy load", UNKNOWN, { { 600000, 1, -20001, 3000, LOW, UNKNOWN },
					       { 600000, 1, -20000, 3050, LOW, 5500000 } } },
	{ "low while a cell is unknown", UNKNOWN, { { 600000, 1, 0, 0, LOW, UNKNOWN },
						    { 600000, 1, 0, 3000, LOW, 5 * AH } } },
	{ "gap of 5 s", 50 * AH, { { 600000, 1, 0, 3300, 0, 50 * AH },
				   { 500000, 9, NO_CURRENT, 3300, 0, 50 * AH },
				   { 500000, 1, -7200, 3300, 0, 49995000 } } },
	{ "gap of more than 5 s", 50 * AH, { { 600000, 1, 0, 3300, 0, 50 * AH },
				    { 500000, 9, NO_CURRENT, 3300, 0, 50 * AH },
				    { 501000, 1, -7200, 3300, 0, UNKNOWN },
				    { 600000, 1, 0, 3100, LOW, 6 * AH } } },
	{ "gap while low", UNKNOWN, { { 600000, 1, 0, 3100, LOW, 6 * AH },
				      { 5001000, 1, 0, 2900, LOW, 4 * AH } } },
	{ "set long before the first reading", 50 * AH, { { 6000000, 1, 0, 3300, 0, 50 * AH } } },
	/* The first scan begins the three minutes. */
	{ "P6: full", UNKNOWN, { { 600000, 300, 3999, 3450, 0, UNKNOWN },
				 { 600000, 1, 3999, 3450, 0, 100 * AH } } },
	{ "P6: full, counted too low", 50 * AH, { { 600000, 300, 0, 3450, 0, 50 * AH },
						  { 600000, 1, 0, 3450, 0, 100 * AH } } },
	{ "P6: not below the voltage", UNKNOWN, { { 600000, 1000, 0, 3449, 0, UNKNOWN } } },
	{ "P6: not at the tail current", UNKNOWN, { { 600000, 1000, 4000, 3500, 0, UNKNOWN } } },
	{ "P6: not while discharged", UNKNOWN, { { 600000, 1000, -200, 3500, 0, UNKNOWN },
						 { 600000, 301, -199, 3500, 0, 100 * AH } } },
	{ "P6: not by a moment's voltage", UNKNOWN, { { 600000, 300, 0, 3500, 0, UNKNOWN },
						      { 600000, 1, 0, 3449, 0, UNKNOWN },
						      { 600000, 300, 0, 3500, 0, UNKNOWN },
						      { 600000, 1, 0, 3500, 0, 100 * AH } } },
	{ "P6: not by a moment's current", UNKNOWN, { { 600000, 300, 0, 3500, 0, UNKNOWN },
						      { 600000, 1, 4000, 3500, 0, UNKNOWN },
						      { 600000, 300, 0, 3500, 0, UNKNOWN },
						      { 600000, 1, 0, 3500, 0, 100 * AH } } },
	{ "P6: not by the limit alone", UNKNOWN, { { 600000, 100, 50000, 3760, LIMIT, UNKNOWN },
						   { 600000, 200, 0, 3550, LIMIT, UNKNOWN },
						   { 600000, 1000, 0, 3400, 0, UNKNOWN } } },
	{ "P6: at the limit, and at rest", UNKNOWN, { { 600000, 1, 50000, 3760, LIMIT, UNKNOWN },
						      { 600000, 300, 0, 3600, 0, UNKNOWN },
						      { 600000, 1, 0, 3600, 0, 100 * AH } } },
	{ "P6: by the fullest cell", UNKNOWN, { { 600000, 300, 0, 3340, 0, UNKNOWN, 3450 },
						{ 600000, 1, 0, 3340, 0, 100 * AH, 3450 } } },
	{ "P6: not while another is low", UNKNOWN,
	  { { 600000, 1, 0, 3000, LOW, 5 * AH, 3500 },
	    { 600000, 1000, 0, 3000, LOW, 5 * AH, 3500 } } },
	{ "P6: a cell is unknown for a moment", UNKNOWN, { { 600000, 150, 0, 3500, 0, UNKNOWN },
							   { 600000, 1, 0, 0, 0, UNKNOWN, 3300 },
							   { 600000, 149, 0, 3500, 0, UNKNOWN },
							   { 600000, 1, 0, 3500, 0, 100 * AH } } },
	{ "P6: not while the fullest is unknown", UNKNOWN,
	  { { 600000, 1000, 0, 0, 0, UNKNOWN, 3300 } } },
	{ "P6: not while no cell is known", UNKNOWN, { { 600000, 1000, 0, 0, 0, UNKNOWN } } },
	{ "P6: not while a cell is lost", UNKNOWN, { { 600000, 150, 0, 3500, 0, UNKNOWN },
						     { 600000, 1, 0, 3500, LOST, UNKNOWN },
						     { 600000, 300, 0, 3500, 0, UNKNOWN },
						     { 600000, 1, 0, 3500, 0, 100 * AH } } },
	{ "P6: a gap of 5 s", UNKNOWN, { { 600000, 292, 0, 3500, 0, UNKNOWN },
					 { 5000000, 1, 0, 3500, 0, UNKNOWN },
					 { 400000, 1, 0, 3500, 0, 100 * AH } } },
	{ "P6: not over a gap", UNKNOWN, { { 600000, 300, 0, 3500, 0, UNKNOWN },
					   { 5001000, 1, 0, 3500, 0, UNKNOWN },
					   { 600000, 299, 0, 3500, 0, UNKNOWN },
					   { 600000, 1, 0, 3500, 0, 100 * AH } } },
};

KUNIT_ARRAY_PARAM_DESC(gauge, gauge_cases, name);

static u64 now_ns;
static unsigned int ends;

/* Boards have been up for a while. */
static int gauge_init(struct kunit *test)
{
	now_ns = 1000000000000000ULL;
	return 0;
}

static void play_with(struct smallbms_gauge *gauge, const struct smallbms_settings *settings,
		      const struct scan *scan)
{
	const struct smallbms_settings set = *settings;
	struct smallbms_sample sample = {};
	unsigned int i;

	for (i = 0; i < max(scan->times, 1u); i++) {
		now_ns += scan->us * 1000ULL;
		sample.group[SMALLBMS_KIND_CELL] = (struct smallbms_group){
			.fitted = true, .any = scan->cell_mv || scan->top_mv, .all = scan->cell_mv,
			.min = scan->cell_mv * 1000,
			.max = (scan->top_mv ?: scan->cell_mv ?: 3760) * 1000, .good_ns = now_ns,
		};
		sample.group[SMALLBMS_KIND_BANK_CURRENT] = (struct smallbms_group){
			.fitted = true, .good_ns = gauge->read_ns,
		};
		if (scan->current_ma != NO_CURRENT) {
			sample.group[SMALLBMS_KIND_BANK_CURRENT].any = true;
			sample.group[SMALLBMS_KIND_BANK_CURRENT].all = true;
			sample.group[SMALLBMS_KIND_BANK_CURRENT].min = scan->current_ma * 1000;
			sample.group[SMALLBMS_KIND_BANK_CURRENT].max = scan->current_ma * 1000;
			sample.group[SMALLBMS_KIND_BANK_CURRENT].good_ns = now_ns;
		}
		smallbms_gauge_step(gauge, &set, &sample, scan->causes);
		ends += gauge->at_end;
		/* An evaluation without a scan counts nothing twice. */
		smallbms_gauge_step(gauge, &set, &sample, scan->causes);
		ends += gauge->at_end;
	}
}

static void play(struct smallbms_gauge *gauge, const struct scan *scan)
{
	struct smallbms_settings set;

	smallbms_settings_init(&set);
	play_with(gauge, &set, scan);
}

/* P6: a current below the rest current is not therefore a tail current. */
static void rest_current_hides_no_charger(struct kunit *test)
{
	static const s32 current_ma[] = { 9900, 4000, -4000, -9900 };
	const struct scan tail = { 600000, 301, 3999, 3450, 0, 0 };
	struct smallbms_settings set;
	int i;

	smallbms_settings_init(&set);
	set.rest_ua = 10 * AH;
	for (i = 0; i < ARRAY_SIZE(current_ma); i++) {
		struct smallbms_gauge gauge = { .full_uah = 100 * AH };
		const struct scan strong = { 600000, 1000, current_ma[i], 3500, 0, 0 };

		play_with(&gauge, &set, &strong);
		KUNIT_EXPECT_FALSE_MSG(test, gauge.full, "at %d mA", current_ma[i]);
		play_with(&gauge, &set, &tail);
		KUNIT_EXPECT_TRUE(test, gauge.full);
	}
}

/* P6: if charging ends below the full cell voltage, 50 mV below its end is full. */
static void charge_limit_may_be_low(struct kunit *test)
{
	struct smallbms_gauge gauge = { .full_uah = 100 * AH };
	const struct scan below = { 600000, 1000, 0, 3349, 0, 0 };
	const struct scan full = { 600000, 301, 0, 3350, 0, 0 };
	struct smallbms_settings set;

	smallbms_settings_init(&set);
	set.charge_disconnect_uv = 3400000;
	set.charge_reconnect_uv = 500000;
	play_with(&gauge, &set, &below);
	KUNIT_EXPECT_FALSE(test, gauge.full);
	play_with(&gauge, &set, &full);
	KUNIT_EXPECT_TRUE(test, gauge.full);
}

static void charge_is_counted(struct kunit *test)
{
	const struct gauge_case *c = test->param_value;
	struct smallbms_gauge gauge = { .full_uah = 100 * AH };
	unsigned int i;

	if (c->begin_uah != UNKNOWN)
		smallbms_gauge_set(&gauge, c->begin_uah);
	for (i = 0; i < ARRAY_SIZE(c->scan) && c->scan[i].us; i++) {
		play(&gauge, &c->scan[i]);
		KUNIT_EXPECT_EQ_MSG(test, gauge.known ? smallbms_gauge_uah(&gauge) : UNKNOWN,
				    c->scan[i].uah, "after line %u", i + 1);
	}
}

static void percent_is_rounded_down(struct kunit *test)
{
	struct smallbms_gauge gauge = { .full_uah = 100 * AH };
	const struct scan low = { 600000, 1, -3600, 3100, LOW, 0 };
	const struct scan later = { 1000000, 1, -3600, 3100, LOW, 0 };
	const struct scan full = { 600000, 301, 0, 3450, 0, 0 };

	play(&gauge, &low);
	KUNIT_EXPECT_EQ(test, smallbms_gauge_percent(&gauge), 6);
	play(&gauge, &later);
	KUNIT_EXPECT_EQ(test, smallbms_gauge_percent(&gauge), 5);
	play(&gauge, &full);
	KUNIT_EXPECT_EQ(test, smallbms_gauge_percent(&gauge), 100);
}

static void nothing_to_count(struct kunit *test)
{
	struct smallbms_gauge gauge = {};
	const struct scan full = { 600000, 301, 0, 3450, 0, 0 };

	play(&gauge, &full);
	KUNIT_EXPECT_FALSE(test, gauge.known);
}

/* P6: an operator, or the memory, says what the bank holds. */
static void charge_is_said(struct kunit *test)
{
	struct smallbms_gauge gauge = { .full_uah = 100 * AH };
	const struct scan full = { 600000, 301, 0, 3450, 0, 0 };
	const struct scan still_full = { 600000, 300, 0, 3450, 0, 0 };
	const struct scan low = { 600000, 1, 0, 3100, LOW, 0 };
	const struct scan out = { 600000, 6001, -10000, 3300, 0, 0 };

	smallbms_gauge_set(&gauge, 50 * AH);
	KUNIT_EXPECT_TRUE(test, gauge.known);
	KUNIT_EXPECT_EQ(test, smallbms_gauge_uah(&gauge), 50 * AH);
	play(&gauge, &out);
	KUNIT_EXPECT_EQ(test, smallbms_gauge_uah(&gauge), 40 * AH);
	smallbms_gauge_set(&gauge, U32_MAX);
	KUNIT_EXPECT_EQ(test, smallbms_gauge_uah(&gauge), 100 * AH);
	KUNIT_EXPECT_FALSE(test, gauge.full);

	/* A charge that was set stands until an end is seen anew. */
	play(&gauge, &low);
	smallbms_gauge_set(&gauge, 50 * AH);
	play(&gauge, &low);
	KUNIT_EXPECT_EQ(test, smallbms_gauge_uah(&gauge), 50 * AH);
	play(&gauge, &full);
	smallbms_gauge_set(&gauge, 50 * AH);
	KUNIT_EXPECT_FALSE(test, gauge.full);
	play(&gauge, &still_full);
	KUNIT_EXPECT_EQ(test, smallbms_gauge_uah(&gauge), 50 * AH);
}

/* P6: the bank stays full until a hundredth of its charge has been taken out. */
static void full_until_some_is_out(struct kunit *test)
{
	struct smallbms_gauge gauge = { .full_uah = 100 * AH };
	const struct scan tail = { 600000, 300, 0, 3450, 0, 0 };
	const struct scan end = { 600000, 1, 0, 3450, 0, 0 };
	const struct scan first = { 600000, 1, -10000, 3300, 0, 0 };
	/* The discharge begins with a scan so short that it counts next to nothing. */
	const struct scan none = { 1, 1, -10000, 3300, 0, 0 };
	const struct scan out = { 600000, 600, -10000, 3300, 0, 0 };
	const struct scan gap = { 5001000, 1, 0, 3300, 0, 0 };

	play(&gauge, &tail);
	KUNIT_EXPECT_FALSE(test, gauge.full);
	play(&gauge, &end);
	KUNIT_EXPECT_TRUE(test, gauge.full);
	play(&gauge, &none);
	play(&gauge, &out);
	KUNIT_EXPECT_EQ(test, smallbms_gauge_uah(&gauge), 99 * AH);
	KUNIT_EXPECT_TRUE(test, gauge.full);
	play(&gauge, &first);
	KUNIT_EXPECT_FALSE(test, gauge.full);

	play(&gauge, &tail);
	play(&gauge, &end);
	KUNIT_EXPECT_TRUE(test, gauge.full);
	play(&gauge, &gap);
	KUNIT_EXPECT_FALSE(test, gauge.full);
}

/* The memory is written at each end, so it is told of each end once. */
static void each_end_is_told_once(struct kunit *test)
{
	struct smallbms_gauge gauge = { .full_uah = 100 * AH };
	const struct scan tail = { 600000, 300, 0, 3450, 0, 0 };
	const struct scan full = { 600000, 1000, 0, 3450, 0, 0 };
	const struct scan out = { 600000, 1000, -10000, 3300, 0, 0 };
	const struct scan low = { 600000, 1000, -10000, 3000, LOW, 0 };

	ends = 0;
	play(&gauge, &tail);
	KUNIT_EXPECT_EQ(test, ends, 0);
	play(&gauge, &full);
	KUNIT_EXPECT_EQ(test, ends, 1);
	play(&gauge, &out);
	KUNIT_EXPECT_EQ(test, ends, 1);
	play(&gauge, &low);
	KUNIT_EXPECT_EQ(test, ends, 2);
	play(&gauge, &out);
	KUNIT_EXPECT_EQ(test, ends, 2);
	play(&gauge, &full);
	KUNIT_EXPECT_EQ(test, ends, 3);
	smallbms_gauge_set(&gauge, 50 * AH);
	KUNIT_EXPECT_EQ(test, ends, 3);
}

/* The largest bank that a devicetree can describe, and the largest current */
static void largest_numbers(struct kunit *test)
{
	struct smallbms_gauge gauge = { .full_uah = U32_MAX };
	const struct scan full = { 600000, 301, 0, 3450, 0, 0 };
	const struct scan out = { 5000000, 2, -2147483, 3300, 0, 0 };
	const struct scan in = { 5000000, 1000, 2147483, 3300, 0, 0 };

	play(&gauge, &full);
	KUNIT_EXPECT_EQ(test, smallbms_gauge_uah(&gauge), U32_MAX);
	KUNIT_EXPECT_EQ(test, smallbms_gauge_percent(&gauge), 100);
	play(&gauge, &out);
	/* 7.5 s at 2147.483 A */
	KUNIT_EXPECT_EQ(test, smallbms_gauge_uah(&gauge), U32_MAX - 4473923);
	KUNIT_EXPECT_EQ(test, smallbms_gauge_percent(&gauge), 99);
	play(&gauge, &in);
	KUNIT_EXPECT_EQ(test, smallbms_gauge_uah(&gauge), U32_MAX);
}

static struct kunit_case gauge_test_cases[] = {
	KUNIT_CASE_PARAM(charge_is_counted, gauge_gen_params),
	KUNIT_CASE(percent_is_rounded_down),
	KUNIT_CASE(nothing_to_count),
	KUNIT_CASE(charge_is_said),
	KUNIT_CASE(rest_current_hides_no_charger),
	KUNIT_CASE(charge_limit_may_be_low),
	KUNIT_CASE(full_until_some_is_out),
	KUNIT_CASE(each_end_is_told_once),
	KUNIT_CASE(largest_numbers),
	{}
};

struct kunit_suite smallbms_gauge_suite = {
	.name = "smallbms_gauge",
	.init = gauge_init,
	.test_cases = gauge_test_cases,
};
