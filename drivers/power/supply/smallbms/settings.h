/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * smallbms - settings of a bank: names, ranges, relations
 */

#ifndef __SMALLBMS_SETTINGS_H
#define __SMALLBMS_SETTINGS_H

#include <linux/types.h>

/**
 * struct smallbms_settings - the settings of a bank
 * @load_disconnect_uv: a cell below this is empty (U2)
 * @pre_alarm_uv: a cell below this starts the warning (U1)
 * @load_reconnect_uv: all cells at or above this connect the load (U4)
 * @charge_disconnect_uv: a cell at or above this forbids charging (C1)
 * @charge_reconnect_uv: all cells below this allow charging again (C1)
 * @over_discharged_uv: a cell below this is damaged (C4), 0 = rule off
 * @charge_min_mc: a battery colder than this is not charged (C2)
 * @charge_max_mc: a battery hotter than this is not charged (C2)
 * @warning_ms: pre-alarm time owed before the load is cut (U2)
 * @hold_ms: time a measured condition must stand before it counts (F4)
 * @filter_ms: time a line must stand before it counts
 * @settle_ms: time that the line of an output may take to follow (F3)
 * @stale_ms: age at which a measurement is lost (F1)
 * @charge_in_pre_alarm: 1 = charging goes on during the pre-alarm (C3 off)
 * @load_limit_ua: largest lasting current of the load output (F5)
 * @rest_ua: a current of the bank below this counts as none (P6)
 * @full_tail_percent: the tail current, as a share of the charge of a full bank per hour; a
 *	charging current below it is that of a full bank (P6)
 * @full_cell_uv: a cell at or above this may be full (P6)
 * @full_hold_ms: how long both must stand before the bank is full (P6)
 */
struct smallbms_settings {
	s32 load_disconnect_uv;
	s32 pre_alarm_uv;
	s32 load_reconnect_uv;
	s32 charge_disconnect_uv;
	s32 charge_reconnect_uv;
	s32 over_discharged_uv;
	s32 charge_min_mc;
	s32 charge_max_mc;
	s32 warning_ms;
	s32 hold_ms;
	s32 filter_ms;
	s32 settle_ms;
	s32 stale_ms;
	s32 charge_in_pre_alarm;
	s32 load_limit_ua;
	s32 rest_ua;
	s32 full_tail_percent;
	s32 full_cell_uv;
	s32 full_hold_ms;
};

enum smallbms_setting_id {
	SMALLBMS_SET_LOAD_DISCONNECT_UV,
	SMALLBMS_SET_PRE_ALARM_UV,
	SMALLBMS_SET_LOAD_RECONNECT_UV,
	SMALLBMS_SET_CHARGE_DISCONNECT_UV,
	SMALLBMS_SET_CHARGE_RECONNECT_UV,
	SMALLBMS_SET_OVER_DISCHARGED_UV,
	SMALLBMS_SET_CHARGE_MIN_MC,
	SMALLBMS_SET_CHARGE_MAX_MC,
	SMALLBMS_SET_WARNING_MS,
	SMALLBMS_SET_HOLD_MS,
	SMALLBMS_SET_FILTER_MS,
	SMALLBMS_SET_SETTLE_MS,
	SMALLBMS_SET_STALE_MS,
	SMALLBMS_SET_CHARGE_IN_PRE_ALARM,
	SMALLBMS_SET_LOAD_LIMIT_UA,
	SMALLBMS_SET_REST_UA,
	SMALLBMS_SET_FULL_TAIL_PERCENT,
	SMALLBMS_SET_FULL_CELL_UV,
	SMALLBMS_SET_FULL_HOLD_MS,
	SMALLBMS_NUM_SETTINGS
};

/**
 * struct smallbms_setting - one row of the table of settings
 * @property: devicetree property; an attribute is called the same, with underscores
 * @offset: of the value in &struct smallbms_settings
 * @def: value when the devicetree is silent
 * @min: smallest allowed value
 * @max: largest allowed value
 * @zero: 0 is allowed too and turns the rule off
 * @run_time: it may be changed while the bank is protected
 */
struct smallbms_setting {
	const char *property;
	size_t offset;
	s32 def;
	s32 min;
	s32 max;
	bool zero;
	bool run_time;
};

/**
 * struct smallbms_range - allowed values of a setting, given those of the others
 * @id: the setting
 * @value: its value
 * @min: smallest value that breaks nothing
 * @max: largest value that breaks nothing
 */
struct smallbms_range {
	enum smallbms_setting_id id;
	s32 value;
	s32 min;
	s32 max;
};

extern const struct smallbms_setting smallbms_settings_table[];

void smallbms_settings_init(struct smallbms_settings *set);
s32 smallbms_setting_get(const struct smallbms_settings *set, enum smallbms_setting_id id);
void smallbms_setting_put(struct smallbms_settings *set, enum smallbms_setting_id id, s32 value);
bool smallbms_settings_valid(const struct smallbms_settings *set, struct smallbms_range *broken);

#endif /* __SMALLBMS_SETTINGS_H */
