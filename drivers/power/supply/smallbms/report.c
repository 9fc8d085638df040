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
 * A change of an output is announced once: a uevent, poll() on its attribute, a
 * trace event and one line in the log (P3). A cause that begins without moving an
 * output is announced in the same way.
 *
 * A property that is not known now is -ENODEV: any other error silences the uevent.
 * An attribute of our own never fails, for there are monitors that then leave out
 * all power supplies; it is empty. What a bank cannot have is not listed.
 */

#include <linux/bits.h>
#include <linux/device.h>
#include <linux/limits.h>
#include <linux/math.h>
#include <linux/math64.h>
#include <linux/power_supply.h>
#include <linux/property.h>
#include <linux/sysfs.h>
#include <linux/time64.h>
#include <linux/timekeeping.h>
#include <linux/units.h>

#include "compat.h"
#include "smallbms.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

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

/**
 * smallbms_holds() - does a cause hold
 * @bms: the bank, locked
 * @cause: which one
 *
 * Return: true while it does.
 */
bool smallbms_holds(const struct smallbms *bms, enum smallbms_cause cause)
{
	return bms->report.causes & BIT(cause);
}

/**
 * smallbms_fresh() - is a value young enough to be shown (F1)
 * @bms: the bank, locked
 * @good_ns: when it was read
 *
 * Return: false when it is stale, even if nothing has noticed so far.
 */
bool smallbms_fresh(const struct smallbms *bms, u64 good_ns)
{
	return ktime_get_boottime_ns() - good_ns <=
	       (u64)bms->settings.stale_ms * SMALLBMS_NS_PER_MS;
}

static bool known(const struct smallbms *bms, enum smallbms_kind kind)
{
	const struct smallbms_group *group = &bms->sample.group[kind];

	return group->fitted && group->all && smallbms_fresh(bms, group->good_ns);
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
		{ SMALLBMS_CAUSE_UNDERVOLTAGE, POWER_SUPPLY_HEALTH_UNDERVOLTAGE },
		{ SMALLBMS_CAUSE_ATD, POWER_SUPPLY_HEALTH_UNDERVOLTAGE },
		{ SMALLBMS_CAUSE_SUPPLY, POWER_SUPPLY_HEALTH_UNDERVOLTAGE },
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

	if (smallbms_holds(bms, SMALLBMS_CAUSE_START))
		return POWER_SUPPLY_HEALTH_UNKNOWN;
	if (smallbms_holds(bms, SMALLBMS_CAUSE_SUPPLY) &&
	    bms->sample.group[SMALLBMS_SUPPLY].max > SMALLBMS_SUPPLY_MAX_UV)
		return POWER_SUPPLY_HEALTH_OVERVOLTAGE;
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		if (smallbms_holds(bms, order[i].cause))
			return order[i].health;
	}
	return POWER_SUPPLY_HEALTH_GOOD;
}

static bool any_holds(const struct smallbms *bms, u32 mask)
{
	return bms->report.causes & mask;
}

static int smallbms_psy_capacity_level(const struct smallbms *bms)
{
	if (any_holds(bms, BIT(SMALLBMS_CAUSE_START) | BIT(SMALLBMS_CAUSE_CELL_LOST) |
			   BIT(SMALLBMS_CAUSE_LINE_LOST) | BIT(SMALLBMS_CAUSE_NO_SOURCE)))
		return POWER_SUPPLY_CAPACITY_LEVEL_UNKNOWN;
	if (!bms->decision.load && any_holds(bms, BIT(SMALLBMS_CAUSE_UNDERVOLTAGE) |
						  BIT(SMALLBMS_CAUSE_RECONNECT) |
						  BIT(SMALLBMS_CAUSE_ATD)))
		return POWER_SUPPLY_CAPACITY_LEVEL_CRITICAL;
	if (any_holds(bms, BIT(SMALLBMS_CAUSE_PRE_ALARM) | BIT(SMALLBMS_CAUSE_UNDERVOLTAGE) |
			   BIT(SMALLBMS_CAUSE_BPA) | BIT(SMALLBMS_CAUSE_ATD)))
		return POWER_SUPPLY_CAPACITY_LEVEL_LOW;
	if (smallbms_holds(bms, SMALLBMS_CAUSE_OVERVOLTAGE))
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

/* Beyond this voltage of the bank, one cell at least is beyond its own limit. */
static int smallbms_psy_voltage_limit(const struct smallbms *bms, s32 cell_uv,
				      union power_supply_propval *val)
{
	val->intval = bms->report.cells_in_series * cell_uv;
	return val->intval ? 0 : -ENODEV;
}

/* Above 2147 W it is more than a property can tell. */
static int smallbms_psy_power(const struct smallbms *bms, union power_supply_propval *val)
{
	s64 power_uw;

	if (!known(bms, SMALLBMS_SUPPLY) || !known(bms, SMALLBMS_BANK_CURRENT))
		return -ENODEV;
	power_uw = div_s64((s64)bms->sample.group[SMALLBMS_SUPPLY].min *
			   bms->sample.group[SMALLBMS_BANK_CURRENT].min, MICRO);
	if (power_uw < INT_MIN || power_uw > INT_MAX)
		return -ENODEV;
	val->intval = power_uw;
	return 0;
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
		val->intval = !smallbms_holds(bms, SMALLBMS_CAUSE_LOOP_OPEN);
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
	case POWER_SUPPLY_PROP_VOLTAGE_MIN:
		return smallbms_psy_voltage_limit(bms, bms->settings.load_disconnect_uv, val);
	case POWER_SUPPLY_PROP_VOLTAGE_MAX:
		return smallbms_psy_voltage_limit(bms, bms->settings.charge_disconnect_uv, val);
	case POWER_SUPPLY_PROP_CURRENT_NOW:
		if (!known(bms, SMALLBMS_BANK_CURRENT))
			return -ENODEV;
		val->intval = bms->sample.group[SMALLBMS_BANK_CURRENT].min;
		return 0;
	case POWER_SUPPLY_PROP_POWER_NOW:
		return smallbms_psy_power(bms, val);
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
	case POWER_SUPPLY_PROP_SCOPE:
		/*
		 * UPower takes a system's battery without a state of charge for empty, and
		 * powers the host off as soon as it discharges.
		 */
		val->intval = POWER_SUPPLY_SCOPE_DEVICE;
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

/* All that a bank can have; the design values are added from the battery's node. */
static const enum power_supply_property smallbms_psy_properties[] = {
	POWER_SUPPLY_PROP_STATUS,
	POWER_SUPPLY_PROP_HEALTH,
	POWER_SUPPLY_PROP_PRESENT,
	POWER_SUPPLY_PROP_TECHNOLOGY,
	POWER_SUPPLY_PROP_CAPACITY_LEVEL,
	POWER_SUPPLY_PROP_VOLTAGE_NOW,
	POWER_SUPPLY_PROP_VOLTAGE_MIN,
	POWER_SUPPLY_PROP_VOLTAGE_MAX,
	POWER_SUPPLY_PROP_CURRENT_NOW,
	POWER_SUPPLY_PROP_POWER_NOW,
	POWER_SUPPLY_PROP_TEMP,
	POWER_SUPPLY_PROP_TEMP_MIN,
	POWER_SUPPLY_PROP_TEMP_MAX,
	POWER_SUPPLY_PROP_CHARGE_BEHAVIOUR,
	POWER_SUPPLY_PROP_SCOPE,
	POWER_SUPPLY_PROP_MODEL_NAME,
	POWER_SUPPLY_PROP_MANUFACTURER,
};

static bool smallbms_psy_has(const struct smallbms *bms, enum power_supply_property psp)
{
	const struct smallbms_sense *sense = &bms->sense;

	switch (psp) {
	case POWER_SUPPLY_PROP_VOLTAGE_NOW:
		return smallbms_sense_has(sense, SMALLBMS_SUPPLY);
	case POWER_SUPPLY_PROP_VOLTAGE_MIN:
	case POWER_SUPPLY_PROP_VOLTAGE_MAX:
		return smallbms_sense_has(sense, SMALLBMS_SUPPLY) &&
		       smallbms_sense_has(sense, SMALLBMS_CELL);
	case POWER_SUPPLY_PROP_CURRENT_NOW:
		return smallbms_sense_has(sense, SMALLBMS_BANK_CURRENT);
	case POWER_SUPPLY_PROP_POWER_NOW:
		return smallbms_sense_has(sense, SMALLBMS_SUPPLY) &&
		       smallbms_sense_has(sense, SMALLBMS_BANK_CURRENT);
	case POWER_SUPPLY_PROP_TEMP:
	case POWER_SUPPLY_PROP_TEMP_MIN:
	case POWER_SUPPLY_PROP_TEMP_MAX:
		return smallbms_sense_has(sense, SMALLBMS_TEMP);
	default:
		return true;
	}
}

/* Attributes beside the standard ones */

static struct smallbms *to_smallbms(struct device *dev)
{
	return power_supply_get_drvdata(dev_get_drvdata(dev));
}

/**
 * struct output_attr - an output as a file
 * @attr: the file
 * @id: the output
 */
struct output_attr {
	struct device_attribute attr;
	enum smallbms_output_id id;
};

static const struct smallbms_output *output_of(struct device *dev, struct device_attribute *attr)
{
	return &to_smallbms(dev)->act.output[container_of(attr, struct output_attr, attr)->id];
}

static const char *output_word(bool driven)
{
	return driven ? "driven" : "floating";
}

static ssize_t output_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const struct smallbms_output *output = output_of(dev, attr);

	guard(mutex)(&to_smallbms(dev)->lock);

	return sysfs_emit(buf, "%s\n", output_word(output->driven));
}

static ssize_t read_back_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const struct smallbms_output *output = output_of(dev, attr);

	guard(mutex)(&to_smallbms(dev)->lock);

	if (output->level < 0)
		return 0;
	return sysfs_emit(buf, "%s\n", output_word(output->level));
}

#define OUTPUT_ATTR(_name, _show, _id)						\
	static struct output_attr attr_##_name = { __ATTR(_name, 0444, _show, NULL), _id }

OUTPUT_ATTR(load_output, output_show, SMALLBMS_LOAD);
OUTPUT_ATTR(load_read_back, read_back_show, SMALLBMS_LOAD);
OUTPUT_ATTR(charge_output, output_show, SMALLBMS_CHARGE);
OUTPUT_ATTR(charge_read_back, read_back_show, SMALLBMS_CHARGE);
OUTPUT_ATTR(pre_alarm_output, output_show, SMALLBMS_PRE_ALARM);
OUTPUT_ATTR(pre_alarm_read_back, read_back_show, SMALLBMS_PRE_ALARM);

static const struct {
	const struct output_attr *output;
	const struct output_attr *read_back;
} output_attrs[SMALLBMS_NUM_OUTPUTS] = {
	[SMALLBMS_LOAD] = { &attr_load_output, &attr_load_read_back },
	[SMALLBMS_CHARGE] = { &attr_charge_output, &attr_charge_read_back },
	[SMALLBMS_PRE_ALARM] = { &attr_pre_alarm_output, &attr_pre_alarm_read_back },
};

static ssize_t warning_left_ms_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct smallbms *bms = to_smallbms(dev);
	u64 end_ns, now_ns;

	guard(mutex)(&bms->lock);

	if (!bms->decision.pre_alarm)
		return 0;
	end_ns = bms->state.pre_alarm_ns + bms->settings.warning_ms * SMALLBMS_NS_PER_MS;
	now_ns = ktime_get_boottime_ns();
	return sysfs_emit(buf, "%llu\n",
			  end_ns > now_ns ? div_u64(end_ns - now_ns, SMALLBMS_NS_PER_MS) : 0);
}
static DEVICE_ATTR_RO(warning_left_ms);

static ssize_t episodes_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct smallbms *bms = to_smallbms(dev);
	enum smallbms_cause cause;
	int len = 0;

	guard(mutex)(&bms->lock);

	for (cause = 0; cause < SMALLBMS_NUM_CAUSES; cause++)
		len += sysfs_emit_at(buf, len, "%s %u\n", cause_info[cause].name,
				     bms->report.count[cause]);
	return len;
}
static DEVICE_ATTR_RO(episodes);

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
		if (!smallbms_holds(bms, cause))
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
	&attr_load_output.attr.attr,
	&attr_load_read_back.attr.attr,
	&attr_charge_output.attr.attr,
	&attr_charge_read_back.attr.attr,
	&attr_pre_alarm_output.attr.attr,
	&attr_pre_alarm_read_back.attr.attr,
	&dev_attr_warning_left_ms.attr,
	&dev_attr_causes.attr,
	&dev_attr_episodes.attr,
	NULL
};

/* The pre-alarm may have no line; that it is on is shown all the same. */
static umode_t smallbms_psy_attr_mode(struct kobject *kobj, struct attribute *attr, int index)
{
	const struct smallbms *bms = to_smallbms(kobj_to_dev(kobj));

	if (!bms->act.output[SMALLBMS_PRE_ALARM].gpiod &&
	    (attr == &attr_pre_alarm_output.attr.attr ||
	     attr == &attr_pre_alarm_read_back.attr.attr))
		return 0;
	return attr->mode;
}

static const struct attribute_group smallbms_psy_group = {
	.attrs = smallbms_psy_attrs,
	.is_visible = smallbms_psy_attr_mode,
};
__ATTRIBUTE_GROUPS(smallbms_psy);

/* Announcements */

static void notify(struct smallbms *bms, const struct device_attribute *attr)
{
	sysfs_notify(&bms->report.psy->dev.kobj, NULL, attr->attr.name);
}

/* "load-disconnect floats, charge-disconnect driven" */
static int print_outputs(const struct smallbms *bms, u32 mask, char *buf, size_t size)
{
	enum smallbms_output_id id;
	int len = 0;

	for (id = 0; id < SMALLBMS_NUM_OUTPUTS; id++) {
		if (!(mask & BIT(id)))
			continue;
		len += scnprintf(buf + len, size - len, "%s%s %s", len ? ", " : "",
				 smallbms_output_name(id),
				 bms->report.outputs & BIT(id) ? "driven" : "floats");
	}
	return len;
}

/* "U1 low-cell cell=3 microvolt=3085000; C3 no-charge-in-pre-alarm" */
static void print_causes(const struct smallbms *bms, u32 mask, char *buf, size_t size)
{
	enum smallbms_cause cause;
	int len = 0;

	buf[0] = '\0';
	for (cause = 0; cause < SMALLBMS_NUM_CAUSES; cause++) {
		if (!(mask & BIT(cause)))
			continue;
		len += scnprintf(buf + len, size - len, "%s", len ? "; " : "");
		len += print_cause(bms, cause, buf + len, size - len);
	}
}

static void announce(struct smallbms *bms, u32 changed, u32 begun)
{
	const struct smallbms_report *report = &bms->report;
	char outputs[96], causes[384];

	print_causes(bms, report->causes, causes, sizeof(causes));
	trace_smallbms_transition(bms, causes);
	if (changed) {
		print_outputs(bms, changed, outputs, sizeof(outputs));
		dev_notice_ratelimited(bms->dev, "%s%s%s\n", outputs, causes[0] ? "; " : "",
				       causes);
	} else if (begun & ~BIT(SMALLBMS_CAUSE_START)) {
		print_causes(bms, begun, causes, sizeof(causes));
		dev_notice_ratelimited(bms->dev, "%s\n", causes);
	}
}

/* The time that the load is still sure of begins or ends. */
static void update_window(struct smallbms *bms)
{
	bool warning = bms->decision.pre_alarm;

	if (warning == bms->report.warning)
		return;
	bms->report.warning = warning;
	notify(bms, &dev_attr_warning_left_ms);
	trace_smallbms_window(bms, warning, warning ? bms->settings.warning_ms :
			      div_u64(ktime_get_boottime_ns() - bms->state.pre_alarm_ns,
				      SMALLBMS_NS_PER_MS));
}

/* How many cells are in series: no one says so, but the cells and the bank do. */
static void update_cells_in_series(struct smallbms *bms)
{
	const struct smallbms_group *cell = &bms->sample.group[SMALLBMS_CELL];
	int count, ratio;

	if (!known(bms, SMALLBMS_CELL) || !known(bms, SMALLBMS_SUPPLY))
		return;
	ratio = DIV_ROUND_CLOSEST(bms->sample.group[SMALLBMS_SUPPLY].min,
				  (cell->min + cell->max) / 2);
	for (count = 4; count <= 16; count *= 2) {
		if (ratio > count * 3 / 4 && ratio < count * 3 / 2)
			bms->report.cells_in_series = count;
	}
}

/**
 * smallbms_report_update() - show what an evaluation has found
 * @bms: the bank, locked
 */
void smallbms_report_update(struct smallbms *bms)
{
	struct smallbms_report *report = &bms->report;
	u32 outputs = 0, levels = 0, causes = bms->decision.causes, changed, begun;
	int i;

	trace_smallbms_sample(bms);
	update_cells_in_series(bms);

	for (i = 0; i < SMALLBMS_NUM_OUTPUTS; i++) {
		if (bms->act.output[i].driven)
			outputs |= BIT(i);
		if (bms->act.output[i].level > 0)
			levels |= BIT(i);
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
	for (i = 0; i < SMALLBMS_NUM_OUTPUTS; i++) {
		if (changed & BIT(i))
			notify(bms, &output_attrs[i].output->attr);
		if ((levels ^ report->levels) & BIT(i))
			notify(bms, &output_attrs[i].read_back->attr);
	}
	report->levels = levels;
	update_window(bms);

	if (!changed && causes == report->causes)
		return;

	report->outputs = outputs;
	if (causes != report->causes) {
		report->causes = causes;
		notify(bms, &dev_attr_causes);
	}
	if (begun)
		notify(bms, &dev_attr_episodes);
	announce(bms, changed, begun);
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
	enum power_supply_property *properties;
	int i, count = 0;

	properties = devm_kcalloc(bms->dev, ARRAY_SIZE(smallbms_psy_properties),
				  sizeof(*properties), GFP_KERNEL);
	if (!properties)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(smallbms_psy_properties); i++) {
		if (smallbms_psy_has(bms, smallbms_psy_properties[i]))
			properties[count++] = smallbms_psy_properties[i];
	}

	report->desc = (struct power_supply_desc){
		.name = dev_name(bms->dev),
		.type = POWER_SUPPLY_TYPE_BATTERY,
		.charge_behaviours = BIT(POWER_SUPPLY_CHARGE_BEHAVIOUR_AUTO) |
				     BIT(POWER_SUPPLY_CHARGE_BEHAVIOUR_INHIBIT_CHARGE),
		.properties = properties,
		.num_properties = count,
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
