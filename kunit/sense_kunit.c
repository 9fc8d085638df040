// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of what smallbms makes of its readings: range, error, age, worst value
 */

#include <kunit/test.h>

#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/string.h>

#include "smallbms.h"
#include "suites.h"

static const struct plausible_case {
	const char *name;
	enum smallbms_kind kind;
	int value;
	bool expected;
} plausible_cases[] = {
	{ "cell just below 0.5 V", SMALLBMS_KIND_CELL, 499999, false },
	{ "cell at 0.5 V", SMALLBMS_KIND_CELL, 500000, true },
	{ "cell at 5 V", SMALLBMS_KIND_CELL, 5000000, true },
	{ "cell just above 5 V", SMALLBMS_KIND_CELL, 5000001, false },
	{ "cell at 0 V", SMALLBMS_KIND_CELL, 0, false },
	{ "cell below 0 V", SMALLBMS_KIND_CELL, -3300000, false },
	{ "battery just below -40 C", SMALLBMS_KIND_TEMP, -40001, false },
	{ "battery at -40 C", SMALLBMS_KIND_TEMP, -40000, true },
	{ "battery at 125 C", SMALLBMS_KIND_TEMP, 125000, true },
	{ "battery just above 125 C", SMALLBMS_KIND_TEMP, 125001, false },
	{ "supply at 0 V", SMALLBMS_KIND_SUPPLY, 0, true },
	{ "supply below 0 V", SMALLBMS_KIND_SUPPLY, -1, false },
	{ "supply of 100 V", SMALLBMS_KIND_SUPPLY, 100000000, true },
	{ "current out", SMALLBMS_KIND_BANK_CURRENT, S32_MIN, true },
	{ "current in", SMALLBMS_KIND_BANK_CURRENT, S32_MAX, true },
};

KUNIT_ARRAY_PARAM_DESC(plausible, plausible_cases, name);

static void f1_plausible_range(struct kunit *test)
{
	const struct plausible_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, smallbms_plausible(c->kind, c->value), c->expected);
}

#define CELLS	16

struct sense_test {
	struct smallbms_channel channel[CELLS + 1];
	struct smallbms_converter converter[2];
	struct smallbms_sense sense;
	struct smallbms_sample sample;
};

/* Sixteen cells at 3.30 V, read at 1000 ns, and a battery at 25 C. */
static int sense_init(struct kunit *test)
{
	struct sense_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	unsigned int i;

	if (!t)
		return -ENOMEM;
	for (i = 0; i < CELLS; i++) {
		t->channel[i] = (struct smallbms_channel){
			.kind = SMALLBMS_KIND_CELL,
			.index = i,
			.scan = { .value = 3300000, .good_ns = 1000 },
		};
	}
	t->channel[CELLS] = (struct smallbms_channel){
		.kind = SMALLBMS_KIND_TEMP,
		.scan = { .value = 25000, .good_ns = 1000 },
	};
	t->sense.channel = t->channel;
	t->sense.num_channels = CELLS + 1;
	t->sense.converter = t->converter;
	t->sense.num_converters = ARRAY_SIZE(t->converter);
	for (i = 0; i < ARRAY_SIZE(t->converter); i++)
		t->converter[i].sense = &t->sense;
	test->priv = t;
	return 0;
}

static const struct smallbms_group *cells(struct sense_test *t)
{
	smallbms_sense_publish(&t->converter[0], &t->sample, 3000);
	return &t->sample.group[SMALLBMS_KIND_CELL];
}

static void worst_cells_have_their_index(struct kunit *test)
{
	struct sense_test *t = test->priv;
	const struct smallbms_group *group = cells(t);
	unsigned int i;

	KUNIT_EXPECT_TRUE(test, group->fitted && group->any && group->all);
	KUNIT_EXPECT_EQ(test, group->min, 3300000);
	KUNIT_EXPECT_EQ(test, group->max, 3300000);

	for (i = 0; i < CELLS; i++) {
		t->channel[i].scan.value = 3299999;
		t->channel[CELLS - 1 - i].scan.value = 3300001;
		group = cells(t);
		KUNIT_EXPECT_EQ(test, group->min, 3299999);
		KUNIT_EXPECT_EQ(test, group->min_index, i);
		KUNIT_EXPECT_EQ(test, group->max, 3300001);
		KUNIT_EXPECT_EQ(test, group->max_index, CELLS - 1 - i);
		t->channel[i].scan.value = 3300000;
		t->channel[CELLS - 1 - i].scan.value = 3300000;
	}
}

static void kinds_are_apart(struct kunit *test)
{
	struct sense_test *t = test->priv;

	t->channel[CELLS].scan.value = -40000;
	KUNIT_EXPECT_EQ(test, cells(t)->min, 3300000);
	KUNIT_EXPECT_EQ(test, t->sample.group[SMALLBMS_KIND_TEMP].min, -40000);
	KUNIT_EXPECT_EQ(test, t->sample.group[SMALLBMS_KIND_TEMP].max, -40000);
	KUNIT_EXPECT_FALSE(test, t->sample.group[SMALLBMS_KIND_SUPPLY].fitted);
	KUNIT_EXPECT_FALSE(test, t->sample.group[SMALLBMS_KIND_LOAD_CURRENT].fitted);
}

/* F1: an error is never the last good value and never zero. The other cells still count. */
static void f1_error_is_not_a_value(struct kunit *test)
{
	struct sense_test *t = test->priv;
	const struct smallbms_group *group;

	t->channel[3].scan.value = 2000000;
	t->channel[3].scan.error = -EIO;
	group = cells(t);
	KUNIT_EXPECT_TRUE(test, group->any);
	KUNIT_EXPECT_FALSE(test, group->all);
	KUNIT_EXPECT_EQ(test, group->min, 3300000);

	t->channel[0].scan.error = -EIO;
	t->channel[5].scan.value = 3100000;
	group = cells(t);
	KUNIT_EXPECT_EQ(test, group->min, 3100000);
	KUNIT_EXPECT_EQ(test, group->min_index, 5);
}

static void f1_nothing_known(struct kunit *test)
{
	struct sense_test *t = test->priv;
	const struct smallbms_group *group;
	unsigned int i;

	for (i = 0; i < CELLS; i++)
		t->channel[i].scan.error = -EIO;
	group = cells(t);
	KUNIT_EXPECT_TRUE(test, group->fitted);
	KUNIT_EXPECT_FALSE(test, group->any);
	KUNIT_EXPECT_FALSE(test, group->all);
}

/* F1: the age of a group is that of its oldest value. */
static void f1_age_is_that_of_the_oldest(struct kunit *test)
{
	struct sense_test *t = test->priv;
	unsigned int i;

	for (i = 0; i < CELLS; i++) {
		t->channel[i].scan.good_ns = 999;
		KUNIT_EXPECT_EQ(test, cells(t)->good_ns, 999);
		KUNIT_EXPECT_EQ(test, t->sample.group[SMALLBMS_KIND_TEMP].good_ns, 1000);
		t->channel[i].scan.good_ns = 2000;
		KUNIT_EXPECT_EQ(test, cells(t)->good_ns, i == CELLS - 1 ? 2000 : 1000);
	}
}

/* A scan under way is not seen before it is published, and then as a whole. */
static void scan_is_published_as_a_whole(struct kunit *test)
{
	struct sense_test *t = test->priv;
	const struct smallbms_group *group = cells(t);

	t->channel[0].scan.value = 2700000;
	KUNIT_EXPECT_EQ(test, group->min, 3300000);
	KUNIT_EXPECT_EQ(test, t->channel[0].reading.value, 3300000);
	KUNIT_EXPECT_EQ(test, cells(t)->min, 2700000);
	KUNIT_EXPECT_EQ(test, t->channel[0].reading.value, 2700000);
}

/* Half of the cells are on another converter. Each scan is of one converter. */
static void converters_are_apart(struct kunit *test)
{
	struct sense_test *t = test->priv;
	const struct smallbms_group *group = &t->sample.group[SMALLBMS_KIND_CELL];
	const struct smallbms_group *temp = &t->sample.group[SMALLBMS_KIND_TEMP];
	unsigned int i;

	for (i = CELLS / 2; i < CELLS; i++)
		t->channel[i].converter = 1;
	t->channel[1].scan.value = 2700000;
	t->channel[CELLS - 1].scan.value = 3400000;
	smallbms_sense_publish(&t->converter[1], &t->sample, 1500);
	smallbms_sense_publish(&t->converter[0], &t->sample, 2000);
	KUNIT_EXPECT_EQ(test, group->min, 2700000);
	KUNIT_EXPECT_EQ(test, group->new_min, 2700000);
	KUNIT_EXPECT_EQ(test, group->max, 3400000);
	KUNIT_EXPECT_EQ(test, group->new_max, 3300000);
	KUNIT_EXPECT_EQ(test, group->scan_ns, 1500);
	KUNIT_EXPECT_EQ(test, temp->scan_ns, 2000);
	KUNIT_EXPECT_EQ(test, temp->new_min, 25000);

	/* What the other converter has not finished is not seen. */
	t->channel[1].scan.value = 2600000;
	t->channel[CELLS - 2].scan.error = -EIO;
	smallbms_sense_publish(&t->converter[1], &t->sample, 2500);
	KUNIT_EXPECT_FALSE(test, group->all);
	KUNIT_EXPECT_EQ(test, group->min, 2700000);
	KUNIT_EXPECT_EQ(test, group->new_min, 3300000);
	KUNIT_EXPECT_EQ(test, group->new_max, 3400000);
	KUNIT_EXPECT_EQ(test, group->scan_ns, 2000);
	KUNIT_EXPECT_EQ(test, t->sample.scan_ns, 2500);
	KUNIT_EXPECT_GT(test, temp->new_min, temp->min);
	KUNIT_EXPECT_LT(test, temp->new_max, temp->max);
}

static struct kunit_case sense_cases[] = {
	KUNIT_CASE_PARAM(f1_plausible_range, plausible_gen_params),
	KUNIT_CASE(worst_cells_have_their_index),
	KUNIT_CASE(kinds_are_apart),
	KUNIT_CASE(f1_error_is_not_a_value),
	KUNIT_CASE(f1_nothing_known),
	KUNIT_CASE(f1_age_is_that_of_the_oldest),
	KUNIT_CASE(scan_is_published_as_a_whole),
	KUNIT_CASE(converters_are_apart),
	{}
};

struct kunit_suite smallbms_sense_suite = {
	.name = "smallbms_sense",
	.init = sense_init,
	.test_cases = sense_cases,
};
