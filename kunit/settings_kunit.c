// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the smallbms settings: ranges, relations, defaults
 */

#include <kunit/test.h>

#include <linux/limits.h>
#include <linux/string.h>

#include "settings.h"
#include "suites.h"

static void put_valid(struct kunit *test, enum smallbms_setting_id id, s32 value, bool expected)
{
	struct smallbms_settings set;
	struct smallbms_range broken;

	smallbms_settings_init(&set);
	/* Move the neighbours away, so that only the range of the setting itself counts. */
	set.load_disconnect_uv = 2600000;
	set.pre_alarm_uv = 2850000;
	set.charge_disconnect_uv = 4000000;
	set.charge_reconnect_uv = 3000000;
	smallbms_setting_put(&set, id, value);
	KUNIT_EXPECT_EQ_MSG(test, smallbms_settings_valid(&set, &broken), expected,
			    "%s = %d", smallbms_settings_table[id].property, value);
	if (!expected) {
		KUNIT_EXPECT_EQ(test, broken.id, id);
		KUNIT_EXPECT_EQ(test, broken.value, value);
		KUNIT_EXPECT_TRUE(test, value < broken.min || value > broken.max);
	}
}

static void every_range_ends_where_it_says(struct kunit *test)
{
	enum smallbms_setting_id id;

	for (id = 0; id < SMALLBMS_NUM_SETTINGS; id++) {
		const struct smallbms_setting *setting = &smallbms_settings_table[id];

		put_valid(test, id, setting->min, true);
		put_valid(test, id, setting->max, true);
		put_valid(test, id, setting->min - 1, setting->zero && setting->min == 1);
		put_valid(test, id, setting->max + 1, false);
		put_valid(test, id, S32_MIN, false);
		put_valid(test, id, S32_MAX, false);
		put_valid(test, id, 0, setting->zero || (setting->min <= 0 && setting->max >= 0));
	}
}

/* The figures of the rules, written down a second time on purpose. */
static const struct range_case {
	enum smallbms_setting_id id;
	s32 def;
	s32 min;
	s32 max;
	bool run_time;
} range_cases[] = {
	{ SMALLBMS_SET_LOAD_DISCONNECT_UV, 2800000, 2600000, 2800000, true },
	{ SMALLBMS_SET_PRE_ALARM_UV, 3100000, 2850000, 3150000, true },
	{ SMALLBMS_SET_LOAD_RECONNECT_UV, 3200000, 3000000, 3400000, false },
	{ SMALLBMS_SET_CHARGE_DISCONNECT_UV, 3750000, 3400000, 4000000, false },
	{ SMALLBMS_SET_CHARGE_RECONNECT_UV, 3600000, 500000, 3950000, false },
	{ SMALLBMS_SET_OVER_DISCHARGED_UV, 2000000, 1500000, 2500000, false },
	{ SMALLBMS_SET_CHARGE_MIN_MC, 5000, -20000, 20000, true },
	{ SMALLBMS_SET_CHARGE_MAX_MC, 50000, 30000, 60000, false },
	{ SMALLBMS_SET_WARNING_MS, 30000, 30000, 300000, false },
	{ SMALLBMS_SET_HOLD_MS, 500, 250, 5000, false },
	{ SMALLBMS_SET_FILTER_MS, 20, 0, 200, false },
	{ SMALLBMS_SET_SETTLE_MS, 20, 1, 200, false },
	{ SMALLBMS_SET_STALE_MS, 5000, 1000, 10000, false },
	{ SMALLBMS_SET_CHARGE_IN_PRE_ALARM, 0, 0, 1, true },
	{ SMALLBMS_SET_LOAD_LIMIT_UA, 1000000, 100000, 1000000, false },
	{ SMALLBMS_SET_REST_UA, 200000, 0, 10000000, true },
	{ SMALLBMS_SET_FULL_TAIL_PERCENT, 4, 1, 20, false },
	{ SMALLBMS_SET_FULL_CELL_UV, 3450000, 3350000, 3650000, false },
	{ SMALLBMS_SET_FULL_HOLD_MS, 180000, 60000, 3600000, false },
};

static void range_case_desc(const struct range_case *c, char *desc)
{
	strscpy(desc, smallbms_settings_table[c->id].property, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(range, range_cases, range_case_desc);

static void table_is_the_product(struct kunit *test)
{
	const struct range_case *c = test->param_value;
	const struct smallbms_setting *setting = &smallbms_settings_table[c->id];
	struct smallbms_settings set;

	KUNIT_ASSERT_EQ(test, ARRAY_SIZE(range_cases), SMALLBMS_NUM_SETTINGS);
	smallbms_settings_init(&set);
	KUNIT_EXPECT_EQ(test, smallbms_setting_get(&set, c->id), c->def);
	KUNIT_EXPECT_EQ(test, setting->min, c->min);
	KUNIT_EXPECT_EQ(test, setting->max, c->max);
	KUNIT_EXPECT_EQ(test, setting->run_time, c->run_time);
	KUNIT_EXPECT_EQ(test, setting->zero, c->id == SMALLBMS_SET_OVER_DISCHARGED_UV);
}

static void defaults_are_valid(struct kunit *test)
{
	struct smallbms_settings set;
	struct smallbms_range broken;

	smallbms_settings_init(&set);
	KUNIT_EXPECT_TRUE(test, smallbms_settings_valid(&set, &broken));
}

static const struct relation_case {
	const char *name;
	enum smallbms_setting_id first;
	s32 first_value;
	enum smallbms_setting_id second;
	s32 second_value;
	bool expected;
} relation_cases[] = {
	{ "pre-alarm 50 mV above load disconnect",
	  SMALLBMS_SET_LOAD_DISCONNECT_UV, 2800000, SMALLBMS_SET_PRE_ALARM_UV, 2850000, true },
	{ "load reconnect 50 mV above pre-alarm",
	  SMALLBMS_SET_PRE_ALARM_UV, 3150000, SMALLBMS_SET_LOAD_RECONNECT_UV, 3200000, true },
	{ "load reconnect too near to pre-alarm",
	  SMALLBMS_SET_PRE_ALARM_UV, 3150000, SMALLBMS_SET_LOAD_RECONNECT_UV, 3199999, false },
	{ "load reconnect too near to a low pre-alarm",
	  SMALLBMS_SET_PRE_ALARM_UV, 3020000, SMALLBMS_SET_LOAD_RECONNECT_UV, 3069999, false },
	{ "charge reconnect 50 mV below disconnect",
	  SMALLBMS_SET_CHARGE_DISCONNECT_UV, 3400000, SMALLBMS_SET_CHARGE_RECONNECT_UV, 3350000,
	  true },
	{ "charge reconnect too near to disconnect",
	  SMALLBMS_SET_CHARGE_DISCONNECT_UV, 3400000, SMALLBMS_SET_CHARGE_RECONNECT_UV, 3350001,
	  false },
};

KUNIT_ARRAY_PARAM_DESC(relation, relation_cases, name);

static void relations_hold(struct kunit *test)
{
	const struct relation_case *c = test->param_value;
	struct smallbms_settings set;
	struct smallbms_range broken;

	smallbms_settings_init(&set);
	smallbms_setting_put(&set, c->first, c->first_value);
	smallbms_setting_put(&set, c->second, c->second_value);
	KUNIT_EXPECT_EQ(test, smallbms_settings_valid(&set, &broken), c->expected);
	if (!c->expected)
		KUNIT_EXPECT_EQ(test, broken.id, c->second);
}

static struct kunit_case settings_cases[] = {
	KUNIT_CASE(defaults_are_valid),
	KUNIT_CASE(every_range_ends_where_it_says),
	KUNIT_CASE_PARAM(table_is_the_product, range_gen_params),
	KUNIT_CASE_PARAM(relations_hold, relation_gen_params),
	{}
};

struct kunit_suite smallbms_settings_suite = {
	.name = "smallbms_settings",
	.test_cases = settings_cases,
};
