// SPDX-License-Identifier: GPL-2.0-only
/*
 * smallbms - settings of a bank: names, ranges, relations
 */

/**
 * DOC: smallbms-settings
 *
 * One table holds the name, default and range of every setting; the devicetree, the
 * attributes and the tests all read it. Besides its range a setting can have a relation to
 * a neighbour ("at least 50 mV above"), which narrows the range by the present value of the
 * neighbour. A set is valid when every setting is inside its narrowed range. A caller that
 * changes a setting changes a copy, asks smallbms_settings_valid(), and only then shows the
 * copy to the policy.
 *
 * Nothing here sleeps, allocates, logs or knows the kernel.
 */

#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/minmax.h>

#include "settings.h"

/*
 * Load disconnect, pre-alarm and reconnect are at least this far apart; and so is charge
 * reconnect below disconnect.
 */
#define SETTING_GAP_UV	50000
#define LOAD_DISCONNECT_MAX_UV	2800000

#define SETTING(_field, _property, ...)					\
	{								\
		.property = _property,					\
		.offset = __builtin_offsetof(struct smallbms_settings, _field), \
		__VA_ARGS__						\
	}

const struct smallbms_setting smallbms_settings_table[SMALLBMS_NUM_SETTINGS] = {
	[SMALLBMS_SET_LOAD_DISCONNECT_UV] =
		SETTING(load_disconnect_uv, "load-disconnect-cell-microvolt",
			.def = LOAD_DISCONNECT_MAX_UV,
			.min = 2600000, .max = LOAD_DISCONNECT_MAX_UV, .run_time = true),
	[SMALLBMS_SET_PRE_ALARM_UV] =
		SETTING(pre_alarm_uv, "pre-alarm-cell-microvolt",
			.def = 3100000, .min = LOAD_DISCONNECT_MAX_UV + SETTING_GAP_UV,
			.max = 3150000, .run_time = true),
	[SMALLBMS_SET_LOAD_RECONNECT_UV] =
		SETTING(load_reconnect_uv, "load-reconnect-cell-microvolt",
			.def = 3200000, .min = 3000000, .max = 3400000),
	[SMALLBMS_SET_CHARGE_DISCONNECT_UV] =
		SETTING(charge_disconnect_uv, "charge-disconnect-cell-microvolt",
			.def = 3750000, .min = 3400000, .max = 4000000),
	/* Only its relation bounds it; a level below any real cell makes no sense. */
	[SMALLBMS_SET_CHARGE_RECONNECT_UV] =
		SETTING(charge_reconnect_uv, "charge-reconnect-cell-microvolt",
			.def = 3600000, .min = 500000, .max = 4000000 - SETTING_GAP_UV),
	[SMALLBMS_SET_OVER_DISCHARGED_UV] =
		SETTING(over_discharged_uv, "over-discharged-cell-microvolt",
			.def = 2000000, .min = 1500000, .max = 2500000, .zero = true),
	[SMALLBMS_SET_CHARGE_MIN_MC] =
		SETTING(charge_min_mc, "charge-min-millicelsius",
			.def = 5000, .min = -20000, .max = 20000, .run_time = true),
	[SMALLBMS_SET_CHARGE_MAX_MC] =
		SETTING(charge_max_mc, "charge-max-millicelsius",
			.def = 50000, .min = 30000, .max = 60000),
	[SMALLBMS_SET_WARNING_MS] =
		SETTING(warning_ms, "warning-ms",
			.def = 30000, .min = 30000, .max = 300000),
	[SMALLBMS_SET_HOLD_MS] =
		SETTING(hold_ms, "hold-ms",
			.def = 500, .min = 250, .max = 5000),
	[SMALLBMS_SET_FILTER_MS] =
		SETTING(filter_ms, "line-filter-ms",
			.def = 20, .min = 0, .max = 200),
	[SMALLBMS_SET_SETTLE_MS] =
		SETTING(settle_ms, "output-settle-ms",
			.def = 20, .min = 1, .max = 200),
	[SMALLBMS_SET_STALE_MS] =
		SETTING(stale_ms, "stale-ms",
			.def = 5000, .min = 1000, .max = 10000),
	[SMALLBMS_SET_CHARGE_IN_PRE_ALARM] =
		SETTING(charge_in_pre_alarm, "charge-in-pre-alarm",
			.def = 0, .min = 0, .max = 1, .run_time = true),
	[SMALLBMS_SET_LOAD_LIMIT_UA] =
		SETTING(load_limit_ua, "load-limit-microamp",
			.def = 1000000, .min = 100000, .max = 1000000),
	[SMALLBMS_SET_REST_UA] =
		SETTING(rest_ua, "rest-current-microamp",
			.def = 200000, .min = 0, .max = 10000000, .run_time = true),
	[SMALLBMS_SET_FULL_TAIL_PERCENT] =
		SETTING(full_tail_percent, "full-tail-percent",
			.def = 4, .min = 1, .max = 20),
	[SMALLBMS_SET_FULL_CELL_UV] =
		SETTING(full_cell_uv, "full-cell-microvolt",
			.def = 3450000, .min = 3350000, .max = 3650000),
	[SMALLBMS_SET_FULL_HOLD_MS] =
		SETTING(full_hold_ms, "full-hold-ms",
			.def = 180000, .min = 60000, .max = 3600000),
};
EXPORT_SYMBOL_IF_KUNIT(smallbms_settings_table);

static s32 *setting(struct smallbms_settings *set, enum smallbms_setting_id id)
{
	return (s32 *)((char *)set + smallbms_settings_table[id].offset);
}

/**
 * smallbms_setting_get() - read a setting by its number
 * @set: the settings
 * @id: which one
 *
 * Return: its value, in the unit that its property names.
 */
s32 smallbms_setting_get(const struct smallbms_settings *set, enum smallbms_setting_id id)
{
	return *setting((struct smallbms_settings *)set, id);
}
EXPORT_SYMBOL_IF_KUNIT(smallbms_setting_get);

/**
 * smallbms_setting_put() - write a setting by its number, unchecked
 * @set: the settings; a copy, until smallbms_settings_valid() agrees
 * @id: which one
 * @value: its new value
 */
void smallbms_setting_put(struct smallbms_settings *set, enum smallbms_setting_id id, s32 value)
{
	*setting(set, id) = value;
}
EXPORT_SYMBOL_IF_KUNIT(smallbms_setting_put);

/**
 * smallbms_settings_init() - set every setting to its default
 * @set: the settings
 */
void smallbms_settings_init(struct smallbms_settings *set)
{
	int id;

	for (id = 0; id < SMALLBMS_NUM_SETTINGS; id++)
		smallbms_setting_put(set, id, smallbms_settings_table[id].def);
}
EXPORT_SYMBOL_IF_KUNIT(smallbms_settings_init);

/* The range of a setting, narrowed by the values of its neighbours. */
static void setting_range(const struct smallbms_settings *set, enum smallbms_setting_id id,
			  struct smallbms_range *range)
{
	range->id = id;
	range->value = smallbms_setting_get(set, id);
	range->min = smallbms_settings_table[id].min;
	range->max = smallbms_settings_table[id].max;

	switch (id) {
	case SMALLBMS_SET_LOAD_RECONNECT_UV:
		range->min = max(range->min, set->pre_alarm_uv + SETTING_GAP_UV);
		break;
	case SMALLBMS_SET_CHARGE_RECONNECT_UV:
		range->max = min(range->max, set->charge_disconnect_uv - SETTING_GAP_UV);
		break;
	default:
		break;
	}
}

/**
 * smallbms_settings_valid() - check every range and relation
 * @set: the settings; any values
 * @broken: filled with the first setting outside its range, and that range
 *
 * A setting is only narrowed by one that stands before it in the table and has
 * been found good, so that the arithmetic on it cannot overflow.
 *
 * Return: true when nothing is broken.
 */
bool smallbms_settings_valid(const struct smallbms_settings *set, struct smallbms_range *broken)
{
	int id;

	for (id = 0; id < SMALLBMS_NUM_SETTINGS; id++) {
		setting_range(set, id, broken);
		if (smallbms_settings_table[id].zero && !broken->value)
			continue;
		if (broken->value < broken->min || broken->value > broken->max)
			return false;
	}
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(smallbms_settings_valid);
