// SPDX-License-Identifier: GPL-2.0-only
/*
 * Read channels, and do nothing with the values: for tests only
 *
 * A number written to the attribute "channels" lets a work read so many of the channels
 * "io-channels" again and again, at the pace of a bank; 0 lets another work read a
 * property of the power supply "adc-battery". The kernel's trace of works tells how long
 * that takes. A negative number ends it.
 */

#include <linux/devm-helpers.h>
#include <linux/iio/consumer.h>
#include <linux/jiffies.h>
#include <linux/kstrtox.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/power_supply.h>
#include <linux/sysfs.h>
#include <linux/workqueue.h>

#define PACE_MS		600

struct reads {
	struct iio_channel *channel;
	int count;
	struct delayed_work channels;
	struct delayed_work property;
};

static void again(struct delayed_work *work)
{
	queue_delayed_work(system_highpri_wq, work, msecs_to_jiffies(PACE_MS));
}

static void reads_channels(struct work_struct *work)
{
	struct reads *r = container_of(to_delayed_work(work), struct reads, channels);
	int i, value;

	for (i = 0; i < r->count; i++)
		iio_read_channel_processed_scale(&r->channel[i], &value, 1000);
	again(&r->channels);
}

static void reads_property(struct work_struct *work)
{
	struct power_supply *psy = power_supply_get_by_name("adc-battery");
	union power_supply_propval value;

	if (!psy)
		return;
	power_supply_get_property(psy, POWER_SUPPLY_PROP_VOLTAGE_NOW, &value);
	power_supply_put(psy);
	again(to_delayed_work(work));
}

static ssize_t channels_store(struct device *dev, struct device_attribute *attr,
			      const char *buf, size_t count)
{
	struct reads *r = dev_get_drvdata(dev);
	int i, number, ret;

	ret = kstrtoint(buf, 10, &number);
	if (ret)
		return ret;
	for (i = 0; i < number; i++) {
		if (!r->channel[i].indio_dev)
			return -ERANGE;
	}
	cancel_delayed_work_sync(&r->channels);
	cancel_delayed_work_sync(&r->property);
	r->count = number;
	if (number >= 0)
		again(number ? &r->channels : &r->property);
	return count;
}
static DEVICE_ATTR_WO(channels);

static struct attribute *reads_attrs[] = {
	&dev_attr_channels.attr,
	NULL
};
ATTRIBUTE_GROUPS(reads);

static int reads_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct reads *r = devm_kzalloc(dev, sizeof(*r), GFP_KERNEL);
	int ret;

	if (!r)
		return -ENOMEM;
	r->channel = devm_iio_channel_get_all(dev);
	if (IS_ERR(r->channel))
		return dev_err_probe(dev, PTR_ERR(r->channel), "no channels\n");
	ret = devm_delayed_work_autocancel(dev, &r->channels, reads_channels);
	if (ret)
		return ret;
	platform_set_drvdata(pdev, r);
	return devm_delayed_work_autocancel(dev, &r->property, reads_property);
}

static const struct of_device_id reads_of_match[] = {
	{ .compatible = "test,bms-reads" },
	{ }
};
MODULE_DEVICE_TABLE(of, reads_of_match);

static struct platform_driver reads_driver = {
	.driver = {
		.name = "bms-reads",
		.of_match_table = reads_of_match,
		.dev_groups = reads_groups,
	},
	.probe = reads_probe,
};
module_platform_driver(reads_driver);

MODULE_DESCRIPTION("Reads channels and does nothing with the values");
MODULE_LICENSE("GPL");
