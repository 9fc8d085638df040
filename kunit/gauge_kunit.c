// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the smallbms charge counter
 */

#include <kunit/test.h>

#include <linux/bits.h>
#include <linux/limits.h>
#include <linux/string.h>

#include "gauge.h"
#include "suites.h"

#define LOW		BIT(SMALLBMS_CAUSE_PRE_ALARM)
#define FULL		BIT(SMALLBMS_CAUSE_OVERVOLTAGE)
#define UNKNOWN		(-1)
#define NO_CURRENT	S32_MAX
#define AH		1000000

/**
 * struct scan - scans that follow each other, and what is known after the last
 * @us: time from one to the next
 * @times: how many, 0 is one
 * @current_ma: into the bank, or NO_CURRENT
 * @cell_mv: the lowest cell, or 0: one is not known
 * @causes: that hold
 * @uah: what the bank then holds, or UNKNOWN
 */
struct scan {
	u32 us;
	unsigned int times;
	s32 current_ma;
	s32 cell_mv;
	u32 causes;
	s32 uah;
};

/* Of 100 Ah, with readings that are stale after 5 s */
static const struct gauge_case {
	const char *name;
	struct scan scan[5];
} gauge_cases[] = {
	{ "unknown at first", { { 600000, 1000, 5000, 3300, 0, UNKNOWN } } },
	{ "full", { { 600000, 1, 5000, 3300, FULL, 100 * AH } } },
	{ "no fuller than full", { { 600000, 1, 5000, 3300, FULL, 100 * AH },
				   { 600000, 6000, 5000, 3300, 0, 100 * AH } } },
	{ "an hour at 10 A", { { 600000, 1, -10000, 3300, FULL, 100 * AH },
			       { 600000, 6000, -10000, 3300, 0, 90 * AH },
			       { 600000, 1, 10000, 3300, 0, 90 * AH },
			       { 600000, 3000, 10000, 3300, 0, 95 * AH } } },
	{ "whatever the pace", { { 600999, 1, -10000, 3300, FULL, 100 * AH },
				 { 600999, 1000, -10000, 3300, 0, 98330558 } } },
	{ "the mean of two readings", { { 600000, 1, 0, 3300, FULL, 100 * AH },
					{ 2000000, 1, -36000, 3300, 0, 99990000 } } },
	{ "at 3.10 V, counted too high", { { 600000, 1, -10000, 3300, FULL, 100 * AH },
					   { 600000, 6000, -10000, 3300, 0, 90 * AH },
					   { 600000, 1, -10000, 3100, LOW, 6 * AH } } },
	{ "at 3.10 V, counted too low", { { 600000, 1, -20000, 3300, FULL, 100 * AH },
					  { 600000, 29100, -20000, 3300, 0, 3 * AH },
					  { 600000, 1, -20000, 3100, LOW, 6 * AH } } },
	{ "counted on when low", { { 600000, 1, -10000, 3100, LOW, 6 * AH },
				   { 600000, 600, -10000, 3050, LOW, 5 * AH } } },
	{ "low a second time", { { 600000, 1, -10000, 3100, LOW, 6 * AH },
				 { 600000, 600, -10000, 3200, 0, 5 * AH },
				 { 600000, 1, -10000, 3090, LOW, 5900000 } } },
	{ "found at 2.80 V", { { 600000, 1, 0, 2800, LOW, 3 * AH } } },
	{ "found at 2.40 V", { { 600000, 1, 0, 2400, LOW, 0 } } },
	{ "no emptier than empty", { { 600000, 1, -10000, 2400, LOW, 0 },
				     { 600000, 100, -10000, 2400, LOW, 0 } } },
	{ "low under a heavy load", { { 600000, 1, -20001, 3000, LOW, UNKNOWN },
				      { 600000, 1, -20000, 3050, LOW, 5500000 } } },
	{ "full of a large charger", { { 600000, 1, 20001, 3300, FULL, UNKNOWN },
				       { 600000, 1, 0, 3300, FULL, 100 * AH } } },
	{ "low while a cell is unknown", { { 600000, 1, 0, 0, LOW, UNKNOWN },
					   { 600000, 1, 0, 3000, LOW, 5 * AH } } },
	{ "one low, one full", { { 600000, 1, 0, 3000, LOW | FULL, 5 * AH },
				 { 600000, 10, 0, 3000, LOW | FULL, 5 * AH } } },
	{ "gap of 5 s", { { 600000, 1, 0, 3300, FULL, 100 * AH },
			  { 500000, 9, NO_CURRENT, 3300, 0, 100 * AH },
			  { 500000, 1, -7200, 3300, 0, 99995000 } } },
	{ "gap of more", { { 600000, 1, 0, 3300, FULL, 100 * AH },
			   { 500000, 9, NO_CURRENT, 3300, 0, 100 * AH },
			   { 501000, 1, -7200, 3300, 0, UNKNOWN },
			   { 600000, 1, 0, 3300, FULL, 100 * AH } } },
	{ "gap while low", { { 600000, 1, 0, 3100, LOW, 6 * AH },
			     { 5001000, 1, 0, 2900, LOW, 4 * AH } } },
};

KUNIT_ARRAY_PARAM_DESC(gauge, gauge_cases, name);

static u64 now_ns;

/* Boards have been up for a while. */
static int gauge_init(struct kunit *test)
{
	now_ns = 1000000000000000ULL;
	return 0;
}

static void play(struct smallbms_gauge *gauge, const struct scan *scan)
{
	struct smallbms_sample sample = {};
	struct smallbms_settings set;
	unsigned int i;

	smallbms_settings_init(&set);
	for (i = 0; i < max(scan->times, 1u); i++) {
		now_ns += scan->us * 1000ULL;
		sample.group[SMALLBMS_KIND_CELL] = (struct smallbms_group){
			.fitted = true, .any = true, .all = scan->cell_mv,
			.min = scan->cell_mv * 1000, .max = 3760000, .good_ns = now_ns,
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
		/* An evaluation without a scan counts nothing twice. */
		smallbms_gauge_step(gauge, &set, &sample, scan->causes);
	}
}

static void charge_is_counted(struct kunit *test)
{
	const struct gauge_case *c = test->param_value;
	struct smallbms_gauge gauge = { .full_uah = 100 * AH };
	unsigned int i;

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
	const struct scan full = { 600000, 1, 0, 3300, FULL, 0 };

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
	const struct scan full = { 600000, 1, 0, 3300, FULL, 0 };

	play(&gauge, &full);
	KUNIT_EXPECT_FALSE(test, gauge.known);
}

/* The largest bank that a devicetree can tell of, and the largest current */
static void largest_numbers(struct kunit *test)
{
	struct smallbms_gauge gauge = { .full_uah = U32_MAX };
	const struct scan full = { 600000, 1, 0, 3300, FULL, 0 };
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
	KUNIT_CASE(largest_numbers),
	{}
};

struct kunit_suite smallbms_gauge_suite = {
	.name = "smallbms_gauge",
	.init = gauge_init,
	.test_cases = gauge_test_cases,
};
