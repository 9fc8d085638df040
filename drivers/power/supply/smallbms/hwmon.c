// SPDX-License-Identifier: GPL-2.0-only
/*
 * smallbms - every cell and every battery, for hardware monitors
 */

/**
 * DOC: smallbms-hwmon
 *
 * The power supply shows a bank as one battery. This file shows each cell and each battery,
 * with the number that the devicetree gives it: in3 is cell 3, temp2 is battery 2, in0 is
 * the supply.
 *
 * A limit is a setting of the bank. All cells share it, so a write to the limit of one cell
 * changes that of all. min is the level at which the pre-alarm begins; lcrit and crit are
 * those at which an output floats. Nothing warns of a cell that is getting full, so there
 * is no max. The rule raises an alarm, with its hold time and hysteresis, on each channel
 * that is beyond the limit. On the worst channel the alarm lasts until the rule ends it, if
 * all channels are known.
 *
 * All values are those of the last scan. No reader waits for a scan.
 */

#include <linux/device.h>
#include <linux/err.h>
#include <linux/hwmon.h>
#include <linux/limits.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/units.h>

#include "compat.h"
#include "smallbms.h"

/* The channel of the bank that a sensor shows, and the settings that are its limits */

static enum smallbms_kind kind_of(enum hwmon_sensor_types type, int number)
{
	switch (type) {
	case hwmon_in:
		return number ? SMALLBMS_KIND_CELL : SMALLBMS_KIND_SUPPLY;
	case hwmon_temp:
		return SMALLBMS_KIND_TEMP;
	default:
		return number ? SMALLBMS_KIND_BANK_CURRENT : SMALLBMS_KIND_LOAD_CURRENT;
	}
}

static const struct smallbms_channel *channel_of(const struct smallbms *bms,
						 enum hwmon_sensor_types type, int number)
{
	enum smallbms_kind kind = kind_of(type, number);
	unsigned int i, index = 0;

	if (kind == SMALLBMS_KIND_CELL)
		index = number - 1;
	else if (kind == SMALLBMS_KIND_TEMP)
		index = number;

	for (i = 0; i < bms->sense.num_channels; i++) {
		const struct smallbms_channel *channel = &bms->sense.channel[i];

		if (channel->kind == kind && channel->index == index)
			return channel;
	}
	return NULL;
}

/**
 * struct limit - one limit of a kind of measurement
 * @kind: the kind
 * @attr: the attribute that shows it
 * @alarm: the attribute that shows that it is crossed
 * @setting: the setting behind it, or SMALLBMS_NUM_SETTINGS
 * @fixed: its value without a setting
 * @upper: values above are bad, not below
 * @cause: the cause that holds while it is crossed
 */
struct limit {
	enum smallbms_kind kind;
	u32 attr;
	u32 alarm;
	enum smallbms_setting_id setting;
	s32 fixed;
	bool upper;
	enum smallbms_cause cause;
};

static const struct limit limits[] = {
	{ SMALLBMS_KIND_CELL, hwmon_in_min, hwmon_in_min_alarm,
	  SMALLBMS_SET_PRE_ALARM_UV, 0, false, SMALLBMS_CAUSE_PRE_ALARM },
	{ SMALLBMS_KIND_CELL, hwmon_in_lcrit, hwmon_in_lcrit_alarm,
	  SMALLBMS_SET_LOAD_DISCONNECT_UV, 0, false, SMALLBMS_CAUSE_UNDERVOLTAGE },
	{ SMALLBMS_KIND_CELL, hwmon_in_crit, hwmon_in_crit_alarm,
	  SMALLBMS_SET_CHARGE_DISCONNECT_UV, 0, true, SMALLBMS_CAUSE_OVERVOLTAGE },
	{ SMALLBMS_KIND_SUPPLY, hwmon_in_lcrit, hwmon_in_lcrit_alarm, SMALLBMS_NUM_SETTINGS,
	  SMALLBMS_SUPPLY_MIN_UV, false, SMALLBMS_CAUSE_SUPPLY },
	{ SMALLBMS_KIND_SUPPLY, hwmon_in_crit, hwmon_in_crit_alarm, SMALLBMS_NUM_SETTINGS,
	  SMALLBMS_SUPPLY_MAX_UV, true, SMALLBMS_CAUSE_SUPPLY },
	{ SMALLBMS_KIND_TEMP, hwmon_temp_min, hwmon_temp_min_alarm,
	  SMALLBMS_SET_CHARGE_MIN_MC, 0, false, SMALLBMS_CAUSE_COLD },
	{ SMALLBMS_KIND_TEMP, hwmon_temp_max, hwmon_temp_max_alarm,
	  SMALLBMS_SET_CHARGE_MAX_MC, 0, true, SMALLBMS_CAUSE_HOT },
	{ SMALLBMS_KIND_LOAD_CURRENT, hwmon_curr_crit, hwmon_curr_crit_alarm,
	  SMALLBMS_SET_LOAD_LIMIT_UA, 0, true, SMALLBMS_CAUSE_OVERLOAD },
};

static const struct limit *limit_of(enum smallbms_kind kind, u32 attr)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		if (limits[i].kind == kind && (limits[i].attr == attr || limits[i].alarm == attr))
			return &limits[i];
	}
	return NULL;
}

static bool writable(const struct limit *limit)
{
	return limit->setting != SMALLBMS_NUM_SETTINGS &&
	       smallbms_settings_table[limit->setting].run_time;
}

/* The units of hwmon: mV, mC, mA */
static int scale(enum smallbms_kind kind)
{
	return kind == SMALLBMS_KIND_TEMP ? 1 : MICRO / MILLI;
}

static s32 value_of(const struct smallbms_report *report, const struct limit *limit)
{
	return limit->setting == SMALLBMS_NUM_SETTINGS ? limit->fixed :
	       smallbms_setting_get(&report->settings, limit->setting);
}

static bool known(const struct smallbms_report *report, const struct smallbms_channel *channel)
{
	return !channel->reading.error && smallbms_fresh(report, channel->reading.good_ns);
}

static bool alarm(const struct smallbms_report *report, const struct limit *limit,
		  const struct smallbms_channel *channel)
{
	const struct smallbms_group *group = &report->sample.group[limit->kind];
	s32 value = channel->reading.value, level = value_of(report, limit);

	/* The output is off by then, and so is the current. */
	if (limit->kind == SMALLBMS_KIND_LOAD_CURRENT)
		return smallbms_holds(report, SMALLBMS_CAUSE_OVERLOAD) ||
		       smallbms_holds(report, SMALLBMS_CAUSE_OVERLOAD_LATCHED);
	if (!smallbms_holds(report, limit->cause) || !known(report, channel))
		return false;
	if (limit->upper ? value >= level : value < level)
		return true;
	/* Either side of the supply has the same cause, and no hysteresis. */
	return limit->kind != SMALLBMS_KIND_SUPPLY && group->all &&
	       channel->index == (limit->upper ? group->max_index : group->min_index);
}

static bool is_fault(enum hwmon_sensor_types type, u32 attr)
{
	return (type == hwmon_in && attr == hwmon_in_fault) ||
	       (type == hwmon_temp && attr == hwmon_temp_fault);
}

static umode_t smallbms_hwmon_is_visible(const void *data, enum hwmon_sensor_types type,
					 u32 attr, int number)
{
	const struct limit *limit = limit_of(kind_of(type, number), attr);

	if (!channel_of(data, type, number))
		return 0;
	return limit && limit->attr == attr && writable(limit) ? 0644 : 0444;
}

static int smallbms_hwmon_read(struct device *dev, enum hwmon_sensor_types type, u32 attr,
			       int number, long *value)
{
	struct smallbms *bms = dev_get_drvdata(dev);
	const struct smallbms_channel *channel = channel_of(bms, type, number);
	const struct limit *limit = limit_of(channel->kind, attr);
	struct smallbms_report *report = &bms->report;
	int ret = 0;

	spin_lock(&report->lock);
	if (limit)
		*value = limit->alarm == attr ? alarm(report, limit, channel) :
						value_of(report, limit) / scale(channel->kind);
	else if (is_fault(type, attr))
		*value = !known(report, channel);
	else if (known(report, channel))
		*value = channel->reading.value / scale(channel->kind);
	else
		ret = -ENODATA;
	spin_unlock(&report->lock);
	return ret;
}

static int smallbms_hwmon_write(struct device *dev, enum hwmon_sensor_types type, u32 attr,
				int number, long value)
{
	enum smallbms_kind kind = kind_of(type, number);

	if (value < S32_MIN / scale(kind) || value > S32_MAX / scale(kind))
		return -ERANGE;
	return smallbms_change_setting(dev_get_drvdata(dev), limit_of(kind, attr)->setting,
				       value * scale(kind));
}

static int smallbms_hwmon_read_string(struct device *dev, enum hwmon_sensor_types type,
				      u32 attr, int number, const char **text)
{
	const struct smallbms *bms = dev_get_drvdata(dev);

	*text = channel_of(bms, type, number)->name;
	return 0;
}

static const struct hwmon_ops smallbms_hwmon_ops = {
	.is_visible = smallbms_hwmon_is_visible,
	.read = smallbms_hwmon_read,
	.write = smallbms_hwmon_write,
	.read_string = smallbms_hwmon_read_string,
};

/* smallbms_hwmon_is_visible() hides the sensors that a bank does not have. */

#define SUPPLY_CONFIG	(HWMON_I_INPUT | HWMON_I_LABEL | HWMON_I_FAULT | HWMON_I_LCRIT | \
			 HWMON_I_LCRIT_ALARM | HWMON_I_CRIT | HWMON_I_CRIT_ALARM)
#define CELL_CONFIG	(SUPPLY_CONFIG | HWMON_I_MIN | HWMON_I_MIN_ALARM)

static const u32 temp_config[SMALLBMS_MAX_BATTERIES + 1] = {
	[0 ... SMALLBMS_MAX_BATTERIES - 1] = HWMON_T_INPUT | HWMON_T_LABEL | HWMON_T_FAULT |
		HWMON_T_MIN | HWMON_T_MIN_ALARM | HWMON_T_MAX | HWMON_T_MAX_ALARM,
};

static const u32 curr_config[] = {
	HWMON_C_INPUT | HWMON_C_LABEL | HWMON_C_CRIT | HWMON_C_CRIT_ALARM,
	HWMON_C_INPUT | HWMON_C_LABEL,
	0
};

static const struct hwmon_channel_info temp_info = { .type = hwmon_temp, .config = temp_config };
static const struct hwmon_channel_info curr_info = { .type = hwmon_curr, .config = curr_config };

/**
 * struct sensors - description of a bank for hwmon
 * @chip: the bank
 * @info: kinds of sensors, ended by NULL
 * @in_info: voltages
 * @in_config: the supply, then a word for each cell, ended by 0
 */
struct sensors {
	struct hwmon_chip_info chip;
	const struct hwmon_channel_info *info[4];
	struct hwmon_channel_info in_info;
	u32 in_config[];
};

static const struct hwmon_chip_info *describe(struct smallbms *bms)
{
	unsigned int num = bms->sense.num_channels;
	struct sensors *sensors;

	sensors = devm_kzalloc(bms->dev, struct_size(sensors, in_config, num + 2), GFP_KERNEL);
	if (!sensors)
		return NULL;
	sensors->in_config[0] = SUPPLY_CONFIG;
	memset32(&sensors->in_config[1], CELL_CONFIG, num);
	sensors->in_info.type = hwmon_in;
	sensors->in_info.config = sensors->in_config;
	sensors->info[0] = &sensors->in_info;
	sensors->info[1] = &temp_info;
	sensors->info[2] = &curr_info;
	sensors->chip.ops = &smallbms_hwmon_ops;
	sensors->chip.info = sensors->info;
	return &sensors->chip;
}

/**
 * smallbms_hwmon_init() - register the sensors
 * @bms: the bank; the evaluation does not run yet
 *
 * Return: 0, or an error that has been reported.
 */
int smallbms_hwmon_init(struct smallbms *bms)
{
	const struct hwmon_chip_info *chip;
	struct device *hwmon;
	const char *name;

	/* A bank of signals has nothing to show here. */
	if (!bms->sense.num_channels)
		return 0;

	chip = describe(bms);
	if (!chip)
		return -ENOMEM;

	/*
	 * libsensors distinguishes chips by their names only, and the kernel may show the
	 * power supply as a chip with the name of the bank.
	 */
	name = devm_kasprintf(bms->dev, GFP_KERNEL, "%s_cells", dev_name(bms->dev));
	if (!name)
		return -ENOMEM;
	name = devm_hwmon_sanitize_name(bms->dev, name);
	if (IS_ERR(name))
		return PTR_ERR(name);
	hwmon = devm_hwmon_device_register_with_info(bms->dev, name, bms, chip, NULL);
	if (IS_ERR(hwmon))
		return dev_err_probe(bms->dev, PTR_ERR(hwmon), "no sensors \"%s\"\n", name);
	return 0;
}
