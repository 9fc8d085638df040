// SPDX-License-Identifier: GPL-2.0-only
/*
 * smallbms - the bank as a power supply
 */

/**
 * DOC: smallbms-psy
 *
 * A bank is a power supply of type battery, with the name of its device. All values come
 * from the report of the last evaluation. Nothing here reads hardware, or waits for a read.
 * A value that is not known now is -ENODEV: any other error silences the uevent, and with
 * some monitors every other battery of the host. A property that a bank cannot have is not
 * listed.
 *
 * The power supply has one health and one status, but a bank can have many causes. The
 * worst is shown, and the attribute "causes" has them all (P2).
 *
 * Two properties have no true value here. The driver does not know how a charger charges
 * (charge_type), and it can read no serial number.
 */

#include <linux/bits.h>
#include <linux/device.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/of.h>
#include <linux/power_supply.h>
#include <linux/spinlock.h>
#include <linux/units.h>

#include "compat.h"
#include "smallbms.h"

static bool smallbms_psy_charge_known(const struct smallbms_report *report)
{
	return report->gauge.known && smallbms_fresh(report, report->gauge.read_ns);
}

static bool smallbms_psy_full(const struct smallbms_report *report)
{
	return report->gauge.full && smallbms_psy_charge_known(report);
}

static int smallbms_psy_status(const struct smallbms_report *report)
{
	const struct smallbms_group *group = &report->sample.group[SMALLBMS_KIND_BANK_CURRENT];
	s32 current_ua = smallbms_gauge_current(&report->settings, group->min);
	bool measured = smallbms_known(report, SMALLBMS_KIND_BANK_CURRENT);

	if (measured && current_ua < 0)
		return POWER_SUPPLY_STATUS_DISCHARGING;
	if (smallbms_psy_full(report))
		return POWER_SUPPLY_STATUS_FULL;
	if (!(report->outputs & BIT(SMALLBMS_OUT_CHARGE)))
		return POWER_SUPPLY_STATUS_NOT_CHARGING;
	if (!measured)
		return POWER_SUPPLY_STATUS_UNKNOWN;
	return current_ua ? POWER_SUPPLY_STATUS_CHARGING : POWER_SUPPLY_STATUS_NOT_CHARGING;
}

/* The health of the worst cause that holds; "causes" has them all. */
static int smallbms_psy_health(const struct smallbms_report *report)
{
	int health;

	if (smallbms_holds(report, SMALLBMS_CAUSE_SUPPLY) &&
	    report->sample.group[SMALLBMS_KIND_SUPPLY].max > SMALLBMS_SUPPLY_MAX_UV)
		return POWER_SUPPLY_HEALTH_OVERVOLTAGE;
	health = smallbms_causes_health(report);
	/* The health is not good before it is known to be, but a fault can be seen before that. */
	if (health == POWER_SUPPLY_HEALTH_GOOD && smallbms_holds(report, SMALLBMS_CAUSE_START))
		return POWER_SUPPLY_HEALTH_UNKNOWN;
	return health;
}

static bool any_holds(const struct smallbms_report *report, u32 mask)
{
	return report->causes & mask;
}

static int smallbms_psy_capacity_level(const struct smallbms_report *report)
{
	if (any_holds(report, BIT(SMALLBMS_CAUSE_START) | BIT(SMALLBMS_CAUSE_CELL_LOST) |
			      BIT(SMALLBMS_CAUSE_LINE_LOST) | BIT(SMALLBMS_CAUSE_NO_SOURCE)))
		return POWER_SUPPLY_CAPACITY_LEVEL_UNKNOWN;
	if (!(report->outputs & BIT(SMALLBMS_OUT_LOAD)) &&
	    any_holds(report, BIT(SMALLBMS_CAUSE_UNDERVOLTAGE) | BIT(SMALLBMS_CAUSE_ATD)))
		return POWER_SUPPLY_CAPACITY_LEVEL_CRITICAL;
	if (any_holds(report, BIT(SMALLBMS_CAUSE_PRE_ALARM) | BIT(SMALLBMS_CAUSE_UNDERVOLTAGE) |
			      BIT(SMALLBMS_CAUSE_BPA) | BIT(SMALLBMS_CAUSE_ATD)))
		return POWER_SUPPLY_CAPACITY_LEVEL_LOW;
	/* A bank that somebody switched off does not wait to be charged (P5). */
	if (smallbms_holds(report, SMALLBMS_CAUSE_RECONNECT) &&
	    !any_holds(report, BIT(SMALLBMS_CAUSE_REMOTE_OFF) | BIT(SMALLBMS_CAUSE_SUPPLY) |
			       BIT(SMALLBMS_CAUSE_LOOP_OPEN) |
			       BIT(SMALLBMS_CAUSE_HOST_LOAD_OFF)))
		return POWER_SUPPLY_CAPACITY_LEVEL_LOW;
	/* A cell at its limit does not make the bank full: a strong charger lifts it there (P6). */
	return smallbms_psy_full(report) ? POWER_SUPPLY_CAPACITY_LEVEL_FULL :
					   POWER_SUPPLY_CAPACITY_LEVEL_NORMAL;
}

/* The battery that is nearest to a limit, or furthest beyond it. */
static int smallbms_psy_temp_mc(const struct smallbms_report *report)
{
	const struct smallbms_group *temp = &report->sample.group[SMALLBMS_KIND_TEMP];
	const struct smallbms_settings *set = &report->settings;

	return temp->min - set->charge_min_mc < set->charge_max_mc - temp->max ?
	       temp->min : temp->max;
}

/* Beyond this voltage of the bank, at least one cell is beyond its own limit. */
static int smallbms_psy_voltage_limit(const struct smallbms_report *report, s32 cell_uv)
{
	return report->cells_in_series * cell_uv;
}

/*
 * A property can show up to 2147 W. Any higher power is shown as 2147 W, because an error
 * under the heaviest load would silence the monitoring when it matters most.
 */
static int smallbms_psy_power(const struct smallbms_report *report,
			      union power_supply_propval *val)
{
	s64 power_uw;

	if (!smallbms_known(report, SMALLBMS_KIND_SUPPLY) ||
	    !smallbms_known(report, SMALLBMS_KIND_BANK_CURRENT))
		return -ENODEV;
	power_uw = div_s64((s64)report->sample.group[SMALLBMS_KIND_SUPPLY].min *
			   report->sample.group[SMALLBMS_KIND_BANK_CURRENT].min, MICRO);
	val->intval = clamp_t(s64, power_uw, -INT_MAX, INT_MAX);
	return 0;
}

static int smallbms_psy_show(const struct smallbms_report *report,
			     enum power_supply_property psp, union power_supply_propval *val)
{
	switch (psp) {
	case POWER_SUPPLY_PROP_STATUS:
		val->intval = smallbms_psy_status(report);
		return 0;
	case POWER_SUPPLY_PROP_HEALTH:
		val->intval = smallbms_psy_health(report);
		return 0;
	case POWER_SUPPLY_PROP_PRESENT:
		val->intval = !smallbms_holds(report, SMALLBMS_CAUSE_LOOP_OPEN);
		return 0;
	case POWER_SUPPLY_PROP_TECHNOLOGY:
		val->intval = POWER_SUPPLY_TECHNOLOGY_LiFe;
		return 0;
	case POWER_SUPPLY_PROP_CAPACITY_LEVEL:
		val->intval = smallbms_psy_capacity_level(report);
		return 0;
	case POWER_SUPPLY_PROP_CAPACITY:
		if (!smallbms_psy_charge_known(report))
			return -ENODEV;
		val->intval = smallbms_gauge_percent(&report->gauge);
		return 0;
	case POWER_SUPPLY_PROP_CHARGE_NOW:
		if (!smallbms_psy_charge_known(report))
			return -ENODEV;
		val->intval = smallbms_gauge_uah(&report->gauge);
		return 0;
	case POWER_SUPPLY_PROP_VOLTAGE_NOW:
		if (!smallbms_known(report, SMALLBMS_KIND_SUPPLY))
			return -ENODEV;
		val->intval = report->sample.group[SMALLBMS_KIND_SUPPLY].min;
		return 0;
	case POWER_SUPPLY_PROP_VOLTAGE_MIN:
		val->intval = smallbms_psy_voltage_limit(report,
							 report->settings.load_disconnect_uv);
		return 0;
	case POWER_SUPPLY_PROP_VOLTAGE_MAX:
		val->intval = smallbms_psy_voltage_limit(report,
							 report->settings.charge_disconnect_uv);
		return 0;
	case POWER_SUPPLY_PROP_CURRENT_NOW:
		if (!smallbms_known(report, SMALLBMS_KIND_BANK_CURRENT))
			return -ENODEV;
		val->intval = report->sample.group[SMALLBMS_KIND_BANK_CURRENT].min;
		return 0;
	case POWER_SUPPLY_PROP_POWER_NOW:
		return smallbms_psy_power(report, val);
	case POWER_SUPPLY_PROP_TEMP:
		if (!smallbms_known(report, SMALLBMS_KIND_TEMP))
			return -ENODEV;
		val->intval = smallbms_psy_temp_mc(report) / 100;
		return 0;
	case POWER_SUPPLY_PROP_TEMP_MIN:
		val->intval = report->settings.charge_min_mc / 100;
		return 0;
	case POWER_SUPPLY_PROP_TEMP_MAX:
		val->intval = report->settings.charge_max_mc / 100;
		return 0;
	case POWER_SUPPLY_PROP_CHARGE_BEHAVIOUR:
		val->intval = report->sample.host_charge_off ?
			      POWER_SUPPLY_CHARGE_BEHAVIOUR_INHIBIT_CHARGE :
			      POWER_SUPPLY_CHARGE_BEHAVIOUR_AUTO;
		return 0;
	case POWER_SUPPLY_PROP_SCOPE:
		/*
		 * UPower treats a system's battery without a state of charge as empty, and
		 * powers the host off as soon as it discharges. Also, the host need not be
		 * powered by this bank.
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

static int smallbms_psy_get(struct power_supply *psy, enum power_supply_property psp,
			    union power_supply_propval *val)
{
	struct smallbms *bms = power_supply_get_drvdata(psy);
	int ret;

	spin_lock(&bms->report.lock);
	ret = smallbms_psy_show(&bms->report, psp, val);
	spin_unlock(&bms->report.lock);
	return ret;
}

static int smallbms_psy_set(struct power_supply *psy, enum power_supply_property psp,
			    const union power_supply_propval *val)
{
	struct smallbms *bms = power_supply_get_drvdata(psy);

	switch (psp) {
	case POWER_SUPPLY_PROP_CHARGE_NOW:
		return smallbms_operator_charge(bms, val->intval);
	case POWER_SUPPLY_PROP_CHARGE_BEHAVIOUR:
		if (val->intval != POWER_SUPPLY_CHARGE_BEHAVIOUR_AUTO &&
		    val->intval != POWER_SUPPLY_CHARGE_BEHAVIOUR_INHIBIT_CHARGE)
			return -EINVAL;
		smallbms_host_charge(bms, val->intval == POWER_SUPPLY_CHARGE_BEHAVIOUR_AUTO);
		return 0;
	default:
		return -EINVAL;
	}
}

static int smallbms_psy_writeable(struct power_supply *psy, enum power_supply_property psp)
{
	return psp == POWER_SUPPLY_PROP_CHARGE_BEHAVIOUR || psp == POWER_SUPPLY_PROP_CHARGE_NOW;
}

/* All properties that a bank can have; the battery's node adds the design values. */
static const enum power_supply_property smallbms_psy_properties[] = {
	POWER_SUPPLY_PROP_STATUS,
	POWER_SUPPLY_PROP_HEALTH,
	POWER_SUPPLY_PROP_PRESENT,
	POWER_SUPPLY_PROP_TECHNOLOGY,
	POWER_SUPPLY_PROP_CAPACITY_LEVEL,
	POWER_SUPPLY_PROP_CAPACITY,
	POWER_SUPPLY_PROP_CHARGE_NOW,
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
	case POWER_SUPPLY_PROP_CAPACITY:
		return bms->gauge.full_uah;
	case POWER_SUPPLY_PROP_CHARGE_NOW:
		/* Of more than 2147 Ah only the percentage fits into a property. */
		return bms->gauge.full_uah && bms->gauge.full_uah <= INT_MAX;
	case POWER_SUPPLY_PROP_VOLTAGE_NOW:
		return smallbms_sense_count(sense, SMALLBMS_KIND_SUPPLY);
	case POWER_SUPPLY_PROP_VOLTAGE_MIN:
	case POWER_SUPPLY_PROP_VOLTAGE_MAX:
		return bms->report.cells_in_series &&
		       smallbms_sense_count(sense, SMALLBMS_KIND_CELL);
	case POWER_SUPPLY_PROP_CURRENT_NOW:
		return smallbms_sense_count(sense, SMALLBMS_KIND_BANK_CURRENT);
	case POWER_SUPPLY_PROP_POWER_NOW:
		return smallbms_sense_count(sense, SMALLBMS_KIND_SUPPLY) &&
		       smallbms_sense_count(sense, SMALLBMS_KIND_BANK_CURRENT);
	case POWER_SUPPLY_PROP_TEMP:
	case POWER_SUPPLY_PROP_TEMP_MIN:
	case POWER_SUPPLY_PROP_TEMP_MAX:
		return smallbms_sense_count(sense, SMALLBMS_KIND_TEMP);
	default:
		return true;
	}
}

/**
 * smallbms_psy_init() - register the power supply
 * @bms: the bank; the evaluation does not run yet
 *
 * Return: 0, or an error that has been reported.
 */
int smallbms_psy_init(struct smallbms *bms)
{
	struct smallbms_report *report = &bms->report;
	const struct power_supply_config config = {
		/* A software node cannot be shared: it would go with the first device. */
		.fwnode = of_fwnode_handle(bms->dev->of_node),
		.drv_data = bms,
		.attr_grp = smallbms_report_groups,
		/* The outputs that float on the way to sleep must not wake the host (R6). */
		.no_wakeup_source = true,
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
