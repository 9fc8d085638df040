// SPDX-License-Identifier: GPL-2.0-only
/*
 * smallbms - controls: settings, host switch, operator clear
 *
 * These files belong to the platform device, not to the power supply. They appear after
 * probe and are gone before the teardown begins. So a monitor that reads every file of a
 * power supply does not find them.
 */

#include <linux/container_of.h>
#include <linux/device.h>
#include <linux/kstrtox.h>
#include <linux/spinlock.h>
#include <linux/sysfs.h>

#include "smallbms.h"

/**
 * struct setting_attr - a setting as a file
 * @attr: the file
 * @id: the setting
 */
struct setting_attr {
	struct device_attribute attr;
	enum smallbms_setting_id id;
};

static ssize_t setting_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const struct setting_attr *setting = container_of(attr, struct setting_attr, attr);
	struct smallbms *bms = dev_get_drvdata(dev);
	s32 value;

	spin_lock(&bms->report.lock);
	value = smallbms_setting_get(&bms->report.settings, setting->id);
	spin_unlock(&bms->report.lock);
	return sysfs_emit(buf, "%d\n", value);
}

static ssize_t setting_store(struct device *dev, struct device_attribute *attr,
			     const char *buf, size_t count)
{
	const struct setting_attr *setting = container_of(attr, struct setting_attr, attr);
	s32 value;
	int ret;

	ret = kstrtos32(buf, 10, &value);
	if (ret)
		return ret;
	ret = smallbms_change_setting(dev_get_drvdata(dev), setting->id, value);
	return ret ?: count;
}

#define SETTING(_name, _id)						\
	static struct setting_attr setting_##_name = {			\
		__ATTR(_name, 0644, setting_show, setting_store), _id	\
	}

SETTING(load_disconnect_cell_microvolt, SMALLBMS_SET_LOAD_DISCONNECT_UV);
SETTING(pre_alarm_cell_microvolt, SMALLBMS_SET_PRE_ALARM_UV);
SETTING(load_reconnect_cell_microvolt, SMALLBMS_SET_LOAD_RECONNECT_UV);
SETTING(charge_disconnect_cell_microvolt, SMALLBMS_SET_CHARGE_DISCONNECT_UV);
SETTING(charge_reconnect_cell_microvolt, SMALLBMS_SET_CHARGE_RECONNECT_UV);
SETTING(over_discharged_cell_microvolt, SMALLBMS_SET_OVER_DISCHARGED_UV);
SETTING(charge_min_millicelsius, SMALLBMS_SET_CHARGE_MIN_MC);
SETTING(charge_max_millicelsius, SMALLBMS_SET_CHARGE_MAX_MC);
SETTING(warning_ms, SMALLBMS_SET_WARNING_MS);
SETTING(hold_ms, SMALLBMS_SET_HOLD_MS);
SETTING(line_filter_ms, SMALLBMS_SET_FILTER_MS);
SETTING(output_settle_ms, SMALLBMS_SET_SETTLE_MS);
SETTING(stale_ms, SMALLBMS_SET_STALE_MS);
SETTING(charge_in_pre_alarm, SMALLBMS_SET_CHARGE_IN_PRE_ALARM);
SETTING(load_limit_microamp, SMALLBMS_SET_LOAD_LIMIT_UA);
SETTING(rest_current_microamp, SMALLBMS_SET_REST_UA);
SETTING(full_tail_percent, SMALLBMS_SET_FULL_TAIL_PERCENT);
SETTING(full_cell_microvolt, SMALLBMS_SET_FULL_CELL_UV);
SETTING(full_hold_ms, SMALLBMS_SET_FULL_HOLD_MS);

static struct attribute *setting_attrs[] = {
	&setting_load_disconnect_cell_microvolt.attr.attr,
	&setting_pre_alarm_cell_microvolt.attr.attr,
	&setting_load_reconnect_cell_microvolt.attr.attr,
	&setting_charge_disconnect_cell_microvolt.attr.attr,
	&setting_charge_reconnect_cell_microvolt.attr.attr,
	&setting_over_discharged_cell_microvolt.attr.attr,
	&setting_charge_min_millicelsius.attr.attr,
	&setting_charge_max_millicelsius.attr.attr,
	&setting_warning_ms.attr.attr,
	&setting_hold_ms.attr.attr,
	&setting_line_filter_ms.attr.attr,
	&setting_output_settle_ms.attr.attr,
	&setting_stale_ms.attr.attr,
	&setting_charge_in_pre_alarm.attr.attr,
	&setting_load_limit_microamp.attr.attr,
	&setting_rest_current_microamp.attr.attr,
	&setting_full_tail_percent.attr.attr,
	&setting_full_cell_microvolt.attr.attr,
	&setting_full_hold_ms.attr.attr,
	NULL
};

static umode_t setting_mode(struct kobject *kobj, struct attribute *attr, int index)
{
	const struct setting_attr *setting = container_of(attr, struct setting_attr, attr.attr);

	return smallbms_settings_table[setting->id].run_time ? 0644 : 0444;
}

static const struct attribute_group setting_group = {
	.name = "settings",
	.attrs = setting_attrs,
	.is_visible = setting_mode,
};

/* kstrtobool() accepts any text that begins like a bool; a control accepts only 0 and 1. */
static int parse_switch(const char *buf, bool *on)
{
	u8 value;
	int ret;

	ret = kstrtou8(buf, 10, &value);
	if (ret)
		return ret;
	if (value > 1)
		return -ERANGE;
	*on = value;
	return 0;
}

static ssize_t load_enable_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct smallbms *bms = dev_get_drvdata(dev);
	bool off;

	spin_lock(&bms->report.lock);
	off = bms->report.sample.host_load_off;
	spin_unlock(&bms->report.lock);
	return sysfs_emit(buf, "%d\n", !off);
}

static ssize_t load_enable_store(struct device *dev, struct device_attribute *attr,
				 const char *buf, size_t count)
{
	bool on;
	int ret;

	ret = parse_switch(buf, &on);
	if (ret)
		return ret;
	smallbms_host_load(dev_get_drvdata(dev), on);
	return count;
}
static DEVICE_ATTR_RW(load_enable);

static ssize_t clear_store(struct device *dev, struct device_attribute *attr,
			   const char *buf, size_t count)
{
	bool yes;
	int ret;

	ret = parse_switch(buf, &yes);
	if (ret)
		return ret;
	if (!yes)
		return -ERANGE;
	smallbms_operator_clear(dev_get_drvdata(dev));
	return count;
}
static DEVICE_ATTR_WO(clear);

static struct attribute *control_attrs[] = {
	&dev_attr_load_enable.attr,
	&dev_attr_clear.attr,
	NULL
};

static const struct attribute_group control_group = {
	.attrs = control_attrs,
};

const struct attribute_group *smallbms_attr_groups[] = {
	&control_group,
	&setting_group,
	NULL
};
