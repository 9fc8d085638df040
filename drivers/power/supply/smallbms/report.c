// SPDX-License-Identifier: GPL-2.0-only
/*
 * smallbms - what people and their tools see
 */

/**
 * DOC: smallbms-report
 *
 * A bank is a power supply of type battery. Everything shown is what the last
 * evaluation knew; nothing here reads hardware. What is not known now is
 * -ENODEV: any other error silences the uevent, and with some monitors every
 * other battery of the host.
 *
 * The power supply has one health and one status, a bank can have many reasons.
 * All of them are listed by name in the attribute "causes" (P2).
 *
 * A change of an output is announced once: a uevent, poll() on its attribute and
 * one line in the log (P3).
 */

#include <linux/bits.h>
#include <linux/device.h>
#include <linux/math64.h>
#include <linux/power_supply.h>
#include <linux/property.h>
#include <linux/sprintf.h>
#include <linux/sysfs.h>
#include <linux/time64.h>
#include <linux/units.h>

#include "smallbms.h"

/**
 * struct cause_info - how a cause is shown
 * @rule: the rule it comes from
 * @name: one word
 * @kind: the kind of measurement that shows its value, if @valued
 * @highest: the highest value of that kind counts, not the lowest
 * @valued: there is such a value
 */
struct cause_info {
	const char *rule;
	const char *name;
	enum smallbms_kind kind;
	bool highest;
	bool valued;
};

#define CAUSE(_rule, _name)		{ _rule, _name }
#define LOWEST(_rule, _name, _kind)	{ _rule, _name, _kind, false, true }
#define HIGHEST(_rule, _name, _kind)	{ _rule, _name, _kind, true, true }

static const struct cause_info cause_info[SMALLBMS_NUM_CAUSES] = {
	[SMALLBMS_CAUSE_START] = CAUSE("X1", "start"),
	[SMALLBMS_CAUSE_PRE_ALARM] = LOWEST("U1", "low-cell", SMALLBMS_CELL),
	[SMALLBMS_CAUSE_UNDERVOLTAGE] = LOWEST("U2", "undervoltage", SMALLBMS_CELL),
	[SMALLBMS_CAUSE_RECONNECT] = LOWEST("U4", "waits-for-all-cells", SMALLBMS_CELL),
	[SMALLBMS_CAUSE_ATD] = CAUSE("U5", "discharge-not-allowed"),
	[SMALLBMS_CAUSE_BPA] = CAUSE("U5", "battery-pre-alarm"),
	[SMALLBMS_CAUSE_OVERVOLTAGE] = HIGHEST("C1", "overvoltage", SMALLBMS_CELL),
	[SMALLBMS_CAUSE_ATC] = CAUSE("C1", "charge-not-allowed"),
	[SMALLBMS_CAUSE_COLD] = LOWEST("C2", "cold", SMALLBMS_TEMP),
	[SMALLBMS_CAUSE_HOT] = HIGHEST("C2", "hot", SMALLBMS_TEMP),
	[SMALLBMS_CAUSE_CHARGE_WAITS] = CAUSE("C3", "no-charge-in-pre-alarm"),
	[SMALLBMS_CAUSE_OVER_DISCHARGED] = LOWEST("C4", "over-discharged", SMALLBMS_CELL),
	[SMALLBMS_CAUSE_REMOTE_OFF] = CAUSE("R2", "remote-off"),
	[SMALLBMS_CAUSE_SUPPLY] = LOWEST("R3", "supply-out-of-range", SMALLBMS_SUPPLY),
	[SMALLBMS_CAUSE_LOOP_OPEN] = CAUSE("R4", "loop-open"),
	[SMALLBMS_CAUSE_HOST_CHARGE_OFF] = CAUSE("R5", "charge-off-by-host"),
	[SMALLBMS_CAUSE_HOST_LOAD_OFF] = CAUSE("R5", "load-off-by-host"),
	[SMALLBMS_CAUSE_CELL_LOST] = CAUSE("F1", "cell-lost"),
	[SMALLBMS_CAUSE_SUPPLY_LOST] = CAUSE("F1", "supply-lost"),
	[SMALLBMS_CAUSE_CURRENT_LOST] = CAUSE("F1", "load-current-lost"),
	[SMALLBMS_CAUSE_LINE_LOST] = CAUSE("F1", "line-lost"),
	[SMALLBMS_CAUSE_NO_SOURCE] = CAUSE("F1", "no-source"),
	[SMALLBMS_CAUSE_TEMP_LOST] = CAUSE("F2", "temperature-lost"),
	[SMALLBMS_CAUSE_ATC_LOST] = CAUSE("F2", "charge-line-lost"),
	[SMALLBMS_CAUSE_OUTPUT_FAULT] = CAUSE("F3", "output-fault"),
	[SMALLBMS_CAUSE_OVERLOAD] = CAUSE("F5", "overload"),
	[SMALLBMS_CAUSE_OVERLOAD_LATCHED] = CAUSE("F5", "overload-latched"),
};

static bool holds(const struct smallbms *bms, enum smallbms_cause cause)
{
	return bms->report.causes & BIT(cause);
}

static bool known(const struct smallbms *bms, enum smallbms_kind kind)
{
	return bms->sample.group[kind].fitted && bms->sample.group[kind].all;
}

/* "U2 undervoltage cell=3 microvolt=2745000" */
static int print_cause(const struct smallbms *bms, enum smallbms_cause cause, char *buf,
		       size_t size)
{
	const struct cause_info *info = &cause_info[cause];
	const struct smallbms_group *group;
	int len, index, value;

	len = scnprintf(buf, size, "%s %s", info->rule, info->name);
	if (!info->valued)
		return len;

	group = &bms->sample.group[info->kind];
	if (!group->any)
		return len;
	value = info->highest ? group->max : group->min;
	index = info->highest ? group->max_index : group->min_index;

	switch (info->kind) {
	case SMALLBMS_CELL:
		return len + scnprintf(buf + len, size - len, " cell=%d microvolt=%d",
				       index + 1, value);
	case SMALLBMS_TEMP:
		return len + scnprintf(buf + len, size - len, " battery=%d millicelsius=%d",
				       index + 1, value);
	default:
		return len + scnprintf(buf + len, size - len, " microvolt=%d", value);
	}
}

/* Power supply */

static int smallbms_psy_status(const struct smallbms *bms)
{
	const struct smallbms_group *current_ua = &bms->sample.group[SMALLBMS_BANK_CURRENT];
	bool measured = known(bms, SMALLBMS_BANK_CURRENT);

	if (measured && current_ua->min < 0)
		return POWER_SUPPLY_STATUS_DISCHARGING;
	if (!bms->decision.charge)
		return POWER_SUPPLY_STATUS_NOT_CHARGING;
	if (!measured)
		return POWER_SUPPLY_STATUS_UNKNOWN;
	return current_ua->max > 0 ? POWER_SUPPLY_STATUS_CHARGING :
				     POWER_SUPPLY_STATUS_NOT_CHARGING;
}

/* The worst that holds; "causes" has them all. */
static int smallbms_psy_health(const struct smallbms *bms)
{
	static const struct {
		enum smallbms_cause cause;
		int health;
	} order[] = {
		{ SMALLBMS_CAUSE_OVER_DISCHARGED, POWER_SUPPLY_HEALTH_DEAD },
		{ SMALLBMS_CAUSE_NO_SOURCE, POWER_SUPPLY_HEALTH_UNSPEC_FAILURE },
		{ SMALLBMS_CAUSE_OUTPUT_FAULT, POWER_SUPPLY_HEALTH_UNSPEC_FAILURE },
		{ SMALLBMS_CAUSE_OVERVOLTAGE, POWER_SUPPLY_HEALTH_OVERVOLTAGE },
		{ SMALLBMS_CAUSE_UNDERVOLTAGE, POWER_SUPPLY_HEALTH_UNSPEC_FAILURE },
		{ SMALLBMS_CAUSE_OVERLOAD_LATCHED, POWER_SUPPLY_HEALTH_OVERCURRENT },
		{ SMALLBMS_CAUSE_OVERLOAD, POWER_SUPPLY_HEALTH_OVERCURRENT },
		{ SMALLBMS_CAUSE_CELL_LOST, POWER_SUPPLY_HEALTH_WATCHDOG_TIMER_EXPIRE },
		{ SMALLBMS_CAUSE_SUPPLY_LOST, POWER_SUPPLY_HEALTH_WATCHDOG_TIMER_EXPIRE },
		{ SMALLBMS_CAUSE_CURRENT_LOST, POWER_SUPPLY_HEALTH_WATCHDOG_TIMER_EXPIRE },
		{ SMALLBMS_CAUSE_LINE_LOST, POWER_SUPPLY_HEALTH_WATCHDOG_TIMER_EXPIRE },
		{ SMALLBMS_CAUSE_TEMP_LOST, POWER_SUPPLY_HEALTH_WATCHDOG_TIMER_EXPIRE },
		{ SMALLBMS_CAUSE_ATC_LOST, POWER_SUPPLY_HEALTH_WATCHDOG_TIMER_EXPIRE },
		{ SMALLBMS_CAUSE_HOT, POWER_SUPPLY_HEALTH_OVERHEAT },
		{ SMALLBMS_CAUSE_COLD, POWER_SUPPLY_HEALTH_COLD },
	};
	int i;

	if (holds(bms, SMALLBMS_CAUSE_START))
		return POWER_SUPPLY_HEALTH_UNKNOWN;
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		if (holds(bms, order[i].cause))
			return order[i].health;
	}
	return POWER_SUPPLY_HEALTH_GOOD;
}

static int smallbms_psy_capacity_level(const struct smallbms *bms)
{
	if (holds(bms, SMALLBMS_CAUSE_START) || holds(bms, SMALLBMS_CAUSE_CELL_LOST) ||
	    holds(bms, SMALLBMS_CAUSE_LINE_LOST) || holds(bms, SMALLBMS_CAUSE_NO_SOURCE))
		return POWER_SUPPLY_CAPACITY_LEVEL_UNKNOWN;
	if (!bms->decision.load && (holds(bms, SMALLBMS_CAUSE_UNDERVOLTAGE) ||
				    holds(bms, SMALLBMS_CAUSE_RECONNECT) ||
				    holds(bms, SMALLBMS_CAUSE_ATD)))
		return POWER_SUPPLY_CAPACITY_LEVEL_CRITICAL;
	if (holds(bms, SMALLBMS_CAUSE_PRE_ALARM) || holds(bms, SMALLBMS_CAUSE_UNDERVOLTAGE) ||
	    holds(bms, SMALLBMS_CAUSE_BPA) || holds(bms, SMALLBMS_CAUSE_ATD))
		return POWER_SUPPLY_CAPACITY_LEVEL_LOW;
	if (holds(bms, SMALLBMS_CAUSE_OVERVOLTAGE))
		return POWER_SUPPLY_CAPACITY_LEVEL_FULL;
	return POWER_SUPPLY_CAPACITY_LEVEL_NORMAL;
}

/* The battery that is nearest to a limit, or furthest beyond it. */
static int smallbms_psy_temp_mc(const struct smallbms *bms)
{
	const struct smallbms_group *temp = &bms->sample.group[SMALLBMS_TEMP];

	return temp->min - bms->settings.charge_min_mc < bms->settings.charge_max_mc - temp->max ?
	       temp->min : temp->max;
}

static int smallbms_psy_get(struct power_supply *psy, enum power_supply_property psp,
			    union power_supply_propval *val)
{
	struct smallbms *bms = power_supply_get_drvdata(psy);

	guard(mutex)(&bms->lock);

	switch (psp) {
	case POWER_SUPPLY_PROP_STATUS:
		val->intval = smallbms_psy_status(bms);
		return 0;
	case POWER_SUPPLY_PROP_HEALTH:
		val->intval = smallbms_psy_health(bms);
		return 0;
	case POWER_SUPPLY_PROP_PRESENT:
		val->intval = !holds(bms, SMALLBMS_CAUSE_LOOP_OPEN);
		return 0;
	case POWER_SUPPLY_PROP_TECHNOLOGY:
		val->intval = POWER_SUPPLY_TECHNOLOGY_LiFe;
		return 0;
	case POWER_SUPPLY_PROP_CAPACITY_LEVEL:
		val->intval = smallbms_psy_capacity_level(bms);
		return 0;
	case POWER_SUPPLY_PROP_VOLTAGE_NOW:
		if (!known(bms, SMALLBMS_SUPPLY))
			return -ENODEV;
		val->intval = bms->sample.group[SMALLBMS_SUPPLY].min;
		return 0;
	case POWER_SUPPLY_PROP_TEMP:
		if (!known(bms, SMALLBMS_TEMP))
			return -ENODEV;
		val->intval = smallbms_psy_temp_mc(bms) / 100;
		return 0;
	case POWER_SUPPLY_PROP_TEMP_MIN:
		val->intval = bms->settings.charge_min_mc / 100;
		return 0;
	case POWER_SUPPLY_PROP_TEMP_MAX:
		val->intval = bms->settings.charge_max_mc / 100;
		return 0;
	case POWER_SUPPLY_PROP_CHARGE_BEHAVIOUR:
		val->intval = bms->sample.host_charge_off ?
			      POWER_SUPPLY_CHARGE_BEHAVIOUR_INHIBIT_CHARGE :
			      POWER_SUPPLY_CHARGE_BEHAVIOUR_AUTO;
		return 0;
	case POWER_SUPPLY_PROP_MODEL_NAME:
		val->strval = "smallBMS with pre-alarm";
		return 0;
	case POWER_SUPPLY_PROP_MANUFACTURER:
		val->strval = "Victron Energy";
		return 0;
	default:
		return -EINVAL;
	}
}

static int smallbms_psy_set(struct power_supply *psy, enum power_supply_property psp,
			    const union power_supply_propval *val)
{
	struct smallbms *bms = power_supply_get_drvdata(psy);

	if (psp != POWER_SUPPLY_PROP_CHARGE_BEHAVIOUR)
		return -EINVAL;

	switch (val->intval) {
	case POWER_SUPPLY_CHARGE_BEHAVIOUR_AUTO:
		smallbms_host_charge(bms, true);
		return 0;
	case POWER_SUPPLY_CHARGE_BEHAVIOUR_INHIBIT_CHARGE:
		smallbms_host_charge(bms, false);
		return 0;
	default:
		return -EINVAL;
	}
}

static int smallbms_psy_writeable(struct power_supply *psy, enum power_supply_property psp)
{
	return psp == POWER_SUPPLY_PROP_CHARGE_BEHAVIOUR;
}

static const enum power_supply_property smallbms_psy_properties[] = {
	POWER_SUPPLY_PROP_STATUS,
	POWER_SUPPLY_PROP_HEALTH,
	POWER_SUPPLY_PROP_PRESENT,
	POWER_SUPPLY_PROP_TECHNOLOGY,
	POWER_SUPPLY_PROP_CAPACITY_LEVEL,
	POWER_SUPPLY_PROP_VOLTAGE_NOW,
	POWER_SUPPLY_PROP_TEMP,
	POWER_SUPPLY_PROP_TEMP_MIN,
	POWER_SUPPLY_PROP_TEMP_MAX,
	POWER_SUPPLY_PROP_CHARGE_BEHAVIOUR,
	POWER_SUPPLY_PROP_MODEL_NAME,
	POWER_SUPPLY_PROP_MANUFACTURER,
};

/* Attributes beside the standard ones */

static struct smallbms *to_smallbms(struct device *dev)
{
	return power_supply_get_drvdata(dev_get_drvdata(dev));
}

static ssize_t show_output(struct device *dev, enum smallbms_output_id id, char *buf)
{
	struct smallbms *bms = to_smallbms(dev);

	guard(mutex)(&bms->lock);

	return sysfs_emit(buf, "%s\n", bms->act.output[id].driven ? "driven" : "floating");
}

static ssize_t load_output_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return show_output(dev, SMALLBMS_LOAD, buf);
}
static DEVICE_ATTR_RO(load_output);

static ssize_t charge_output_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return show_output(dev, SMALLBMS_CHARGE, buf);
}
static DEVICE_ATTR_RO(charge_output);

static ssize_t pre_alarm_output_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return show_output(dev, SMALLBMS_PRE_ALARM, buf);
}
static DEVICE_ATTR_RO(pre_alarm_output);

static ssize_t causes_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct smallbms *bms = to_smallbms(dev);
	enum smallbms_cause cause;
	char text[64];
	u32 rem_ns;
	u64 sec;
	int len = 0;

	guard(mutex)(&bms->lock);

	for (cause = 0; cause < SMALLBMS_NUM_CAUSES; cause++) {
		if (!holds(bms, cause))
			continue;
		print_cause(bms, cause, text, sizeof(text));
		sec = div_u64_rem(bms->report.since_ns[cause], NSEC_PER_SEC, &rem_ns);
		len += sysfs_emit_at(buf, len, "%s since=%llu.%03lu count=%u\n", text, sec,
				     rem_ns / NSEC_PER_MSEC, bms->report.count[cause]);
	}
	return len;
}
static DEVICE_ATTR_RO(causes);

static struct attribute *smallbms_psy_attrs[] = {
	&dev_attr_load_output.attr,
	&dev_attr_charge_output.attr,
	&dev_attr_pre_alarm_output.attr,
	&dev_attr_causes.attr,
	NULL
};
ATTRIBUTE_GROUPS(smallbms_psy);

static const char *const output_attr[SMALLBMS_NUM_OUTPUTS] = {
	[SMALLBMS_LOAD] = "load_output",
	[SMALLBMS_CHARGE] = "charge_output",
	[SMALLBMS_PRE_ALARM] = "pre_alarm_output",
};

/* Announcements */

static void announce(struct smallbms *bms, u32 changed)
{
	struct smallbms_report *report = &bms->report;
	enum smallbms_output_id id;
	enum smallbms_cause cause;
	char text[512];
	int len = 0;

	for (id = 0; id < SMALLBMS_NUM_OUTPUTS; id++) {
		if (!(changed & BIT(id)))
			continue;
		sysfs_notify(&report->psy->dev.kobj, NULL, output_attr[id]);
		len += scnprintf(text + len, sizeof(text) - len, "%s%s %s", len ? ", " : "",
				 smallbms_output_name(id),
				 report->outputs & BIT(id) ? "driven" : "floats");
	}
	for (cause = 0; cause < SMALLBMS_NUM_CAUSES; cause++) {
		if (!holds(bms, cause))
			continue;
		len += scnprintf(text + len, sizeof(text) - len, "; ");
		len += print_cause(bms, cause, text + len, sizeof(text) - len);
	}
	dev_notice_ratelimited(bms->dev, "%s\n", text);
}

/**
 * smallbms_report_update() - show what an evaluation has found
 * @bms: the bank, locked
 */
void smallbms_report_update(struct smallbms *bms)
{
	struct smallbms_report *report = &bms->report;
	u32 outputs = 0, causes = bms->decision.causes, changed, begun;
	int i;

	for (i = 0; i < SMALLBMS_NUM_OUTPUTS; i++) {
		if (bms->act.output[i].driven)
			outputs |= BIT(i);
		if (bms->act.output[i].fault)
			causes |= BIT(SMALLBMS_CAUSE_OUTPUT_FAULT);
	}

	begun = causes & ~report->causes;
	for (i = 0; i < SMALLBMS_NUM_CAUSES; i++) {
		if (!(begun & BIT(i)))
			continue;
		report->since_ns[i] = bms->state.now_ns;
		report->count[i]++;
	}

	changed = outputs ^ report->outputs;
	if (!changed && causes == report->causes)
		return;

	report->outputs = outputs;
	if (causes != report->causes) {
		report->causes = causes;
		sysfs_notify(&report->psy->dev.kobj, NULL, "causes");
	}
	if (changed)
		announce(bms, changed);
	power_supply_changed(report->psy);
}

/**
 * smallbms_report_init() - register the power supply
 * @bms: the bank; the evaluation does not run yet
 *
 * Return: 0, or an error that has been reported.
 */
int smallbms_report_init(struct smallbms *bms)
{
	struct smallbms_report *report = &bms->report;
	const struct power_supply_config config = {
		.fwnode = dev_fwnode(bms->dev),
		.drv_data = bms,
		.attr_grp = smallbms_psy_groups,
	};

	report->desc = (struct power_supply_desc){
		.name = dev_name(bms->dev),
		.type = POWER_SUPPLY_TYPE_BATTERY,
		.charge_behaviours = BIT(POWER_SUPPLY_CHARGE_BEHAVIOUR_AUTO) |
				     BIT(POWER_SUPPLY_CHARGE_BEHAVIOUR_INHIBIT_CHARGE),
		.properties = smallbms_psy_properties,
		.num_properties = ARRAY_SIZE(smallbms_psy_properties),
		.get_property = smallbms_psy_get,
		.set_property = smallbms_psy_set,
		.property_is_writeable = smallbms_psy_writeable,
		/* Limits are per battery and enforced here; a zone would have no trips. */
		.no_thermal = true,
	};

	report->psy = devm_power_supply_register(bms->dev, &report->desc, &config);
	if (IS_ERR(report->psy))
		return dev_err_probe(bms->dev, PTR_ERR(report->psy), "no power supply \"%s\"\n",
				     report->desc.name);
	return 0;
}
