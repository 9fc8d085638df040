// SPDX-License-Identifier: GPL-2.0-only
/*
 * smallbms - battery management for LiFePO4 banks
 *
 * A driver for boards that have the wiring of the Victron smallBMS with
 * pre-alarm.
 */

/**
 * DOC: smallbms-core
 *
 * What the kernel calls: probe, shutdown, sleep. Probe gets everything that the devicetree
 * names, outputs first, so that they float whatever else is wrong. Teardown is the other
 * way round: interrupts off, outputs floating, work ended. Only then do the interfaces go.
 */

#include <linux/container_of.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/platform_device.h>
#include <linux/pm.h>
#include <linux/property.h>
#include <linux/suspend.h>

#include "compat.h"
#include "smallbms.h"

static int smallbms_get_settings(struct smallbms *bms)
{
	struct smallbms_settings *set = &bms->settings;
	struct device *dev = bms->dev;
	struct smallbms_range broken;
	enum smallbms_setting_id id;
	u32 value;

	smallbms_settings_init(set);
	for (id = 0; id < SMALLBMS_NUM_SETTINGS; id++) {
		const char *name = smallbms_settings_table[id].property;

		if (!device_property_present(dev, name))
			continue;
		if (id == SMALLBMS_SET_CHARGE_IN_PRE_ALARM) {
			value = 1;	/* a flag: only its presence counts */
		} else if (device_property_count_u32(dev, name) != 1 ||
			   device_property_read_u32(dev, name, &value)) {
			return dev_err_probe(dev, -EINVAL, "%s is not one number\n", name);
		}
		smallbms_setting_put(set, id, (s32)value);
	}

	if (!smallbms_settings_valid(set, &broken))
		return dev_err_probe(dev, -ERANGE, "%s = %d is not in %d..%d\n",
				     smallbms_settings_table[broken.id].property,
				     broken.value, broken.min, broken.max);
	return 0;
}

/* The limits of the bank are those of a cell, times the number of cells in series. */
static int smallbms_get_cells_in_series(struct smallbms *bms)
{
	unsigned int cells = smallbms_sense_count(&bms->sense, SMALLBMS_KIND_CELL);
	const char *name = "cells-in-series";
	u32 count;

	if (!device_property_present(bms->dev, name))
		return 0;
	if (device_property_count_u32(bms->dev, name) != 1 ||
	    device_property_read_u32(bms->dev, name, &count))
		return dev_err_probe(bms->dev, -EINVAL, "%s is not one number\n", name);
	if (count != 4 && count != 8 && count != 16)
		return dev_err_probe(bms->dev, -ERANGE, "%s = %u is not 4, 8 or 16\n", name,
				     count);
	if (cells % count)
		return dev_err_probe(bms->dev, -ERANGE, "%s = %u does not divide %u cells\n",
				     name, count, cells);
	bms->report.cells_in_series = count;
	return 0;
}

/* Counting charge needs the charge when full, and cells to see when the bank is full. */
static void smallbms_get_battery(struct smallbms *bms)
{
	struct fwnode_handle *battery;

	if (!smallbms_sense_count(&bms->sense, SMALLBMS_KIND_BANK_CURRENT) ||
	    !smallbms_sense_count(&bms->sense, SMALLBMS_KIND_CELL))
		return;
	battery = fwnode_find_reference(dev_fwnode(bms->dev), "monitored-battery", 0);
	if (IS_ERR(battery))
		return;
	fwnode_property_read_u32(battery, "charge-full-design-microamp-hours",
				 &bms->gauge.full_uah);
	fwnode_handle_put(battery);
}

/* R6: nobody watches during sleep, so nothing is driven then, or sleep is refused. */
static int smallbms_may_sleep(struct smallbms *bms)
{
	const char *early;

	if (!smallbms_bank_drives(bms))
		return 0;
	if (!device_property_read_bool(bms->dev, "allow-sleep")) {
		dev_warn_ratelimited(bms->dev,
				     "no sleep, it would disconnect the bank: see allow-sleep\n");
		return -EBUSY;
	}
	early = smallbms_act_sleeps_early(&bms->act);
	if (early) {
		dev_warn_ratelimited(bms->dev,
				     "no sleep: the chip of %s-gpios sleeps before it can float\n",
				     early);
		return -EBUSY;
	}
	return 0;
}

/* Before any device is suspended; a hibernated system that comes back is not kept from it. */
static int smallbms_sleep(struct notifier_block *sleep, unsigned long event, void *data)
{
	struct smallbms *bms = container_of(sleep, struct smallbms, sleep);

	if (event != PM_SUSPEND_PREPARE && event != PM_HIBERNATION_PREPARE)
		return NOTIFY_DONE;
	return notifier_from_errno(smallbms_may_sleep(bms));
}

static void smallbms_stay_awake(void *data)
{
	struct smallbms *bms = data;

	unregister_pm_notifier(&bms->sleep);
}

static void smallbms_stop(void *data)
{
	smallbms_bank_stop(data);
}

static int smallbms_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct smallbms *bms;
	int ret;

	bms = devm_kzalloc(dev, sizeof(*bms), GFP_KERNEL);
	if (!bms)
		return -ENOMEM;
	bms->dev = dev;
	platform_set_drvdata(pdev, bms);

	/* First, so that they float whatever else is wrong (X1). */
	ret = smallbms_act_init(&bms->act, dev);
	if (ret)
		return ret;
	ret = smallbms_get_settings(bms);
	if (ret)
		return ret;
	ret = smallbms_sense_init(&bms->sense, dev);
	if (ret)
		return ret;
	ret = smallbms_get_cells_in_series(bms);
	if (ret)
		return ret;
	smallbms_get_battery(bms);

	ret = smallbms_bank_init(bms);
	if (ret)
		return ret;
	bms->command.load_off = device_property_read_bool(dev, "start-with-load-off");
	ret = smallbms_memory_init(bms);
	if (ret)
		return ret;
	ret = smallbms_leds_init(&bms->leds, dev);
	if (ret)
		return ret;
	ret = smallbms_psy_init(bms);
	if (ret)
		return ret;
	ret = smallbms_hwmon_init(bms);
	if (ret)
		return ret;

	/* From here on teardown is: interrupts off, stop, then the interfaces. */
	ret = devm_add_action_or_reset(dev, smallbms_stop, bms);
	if (ret)
		return ret;
	ret = smallbms_bank_request_irqs(bms);
	if (ret)
		return ret;

	smallbms_bank_start(bms);

	bms->sleep.notifier_call = smallbms_sleep;
	ret = register_pm_notifier(&bms->sleep);
	if (ret)
		return ret;
	return devm_add_action_or_reset(dev, smallbms_stay_awake, bms);
}

/* A converter that never returns must not keep the system from going down. */
static void smallbms_shutdown(struct platform_device *pdev)
{
	smallbms_bank_float(platform_get_drvdata(pdev));
}

/* Before anything that the bank reads is suspended */
static int smallbms_suspend(struct device *dev)
{
	return smallbms_bank_pause(dev_get_drvdata(dev));
}

/*
 * This runs after all devices have agreed, so an attempt that one of them refuses moves no
 * output. If an output does not float here, the host stays awake.
 */
static int smallbms_suspend_late(struct device *dev)
{
	return smallbms_bank_stop(dev_get_drvdata(dev));
}

/* After every device that measures the bank has come back */
static int smallbms_resume(struct device *dev)
{
	smallbms_bank_resume(dev_get_drvdata(dev));
	return 0;
}

static const struct dev_pm_ops smallbms_pm_ops = {
	SYSTEM_SLEEP_PM_OPS(smallbms_suspend, smallbms_resume)
	LATE_SYSTEM_SLEEP_PM_OPS(smallbms_suspend_late, NULL)
};

static const struct of_device_id smallbms_of_match[] = {
	{ .compatible = "gpio-bms" },
	{ }
};
MODULE_DEVICE_TABLE(of, smallbms_of_match);

static struct platform_driver smallbms_driver = {
	.driver = {
		.name = "smallbms",
		.of_match_table = smallbms_of_match,
		.dev_groups = smallbms_attr_groups,
		.pm = pm_sleep_ptr(&smallbms_pm_ops),
	},
	.probe = smallbms_probe,
	.shutdown = smallbms_shutdown,
};
module_platform_driver(smallbms_driver);

MODULE_DESCRIPTION("Battery management for LiFePO4 banks (smallBMS with pre-alarm)");
MODULE_AUTHOR("The smallbms developers");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("IIO_CONSUMER");
