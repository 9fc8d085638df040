// SPDX-License-Identifier: GPL-2.0-only
/*
 * Helpers of the suites that run a bank
 */

#include <kunit/test.h>

#include <linux/delay.h>
#include <linux/device.h>
#include <linux/gpio/machine.h>
#include <linux/jiffies.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/power_supply.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "fakes.h"
#include "helpers.h"
#include "smallbms.h"

/**
 * bound() - tell whether the driver has bound to a bank
 * @pdev: the bank
 *
 * Return: false when the driver has refused it.
 */
bool bound(struct platform_device *pdev)
{
	return device_is_bound(&pdev->dev);
}

/**
 * can_sleep() - tell whether this kernel can sleep
 * @test: the test, which is skipped if it cannot
 *
 * Return: false when the test has been skipped.
 */
bool can_sleep(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_PM_SLEEP))
		kunit_skip(test, "this kernel cannot sleep: CONFIG_PM_SLEEP is off");
	return IS_ENABLED(CONFIG_PM_SLEEP);
}

/**
 * becomes() - wait until a line is driven, or no longer driven
 * @gpio: the chip
 * @line: the line
 * @driven: which of the two
 * @ms: how long to wait
 *
 * Return: false when that has not happened in time.
 */
bool becomes(struct fake_gpio *gpio, enum fake_line line, bool driven, unsigned int ms)
{
	unsigned long end = jiffies + msecs_to_jiffies(ms);

	while (fake_gpio_driven(gpio, line) != driven) {
		if (time_after(jiffies, end))
			return false;
		fsleep(10 * USEC_PER_MSEC);
	}
	return true;
}

/**
 * add_signals() - give a bank the lines of its batteries
 * @bank: its node
 */
void add_signals(struct fake_bank *bank)
{
	fake_bank_gpio(bank, "allowed-to-discharge-gpios", FAKE_ATD, GPIO_ACTIVE_HIGH);
	fake_bank_gpio(bank, "allowed-to-charge-gpios", FAKE_ATC, GPIO_ACTIVE_HIGH);
	fake_bank_gpio(bank, "battery-pre-alarm-gpios", FAKE_BPA, GPIO_ACTIVE_HIGH);
}

/**
 * add_panel() - give a bank a loop and a remote switch
 * @bank: its node
 */
void add_panel(struct fake_bank *bank)
{
	fake_bank_gpio(bank, "loop-gpios", FAKE_LOOP, GPIO_ACTIVE_HIGH);
	fake_bank_gpio(bank, "remote-h-gpios", FAKE_REMOTE_H, GPIO_ACTIVE_HIGH);
	fake_bank_gpio(bank, "remote-l-gpios", FAKE_REMOTE_L, GPIO_ACTIVE_HIGH);
}

/**
 * add_measurements() - give a bank four cells and one channel of each other kind
 * @bank: its node
 */
void add_measurements(struct fake_bank *bank)
{
	fake_bank_channels(bank, "cell", FAKE_CELL, 4);
	fake_bank_channels(bank, "temp", FAKE_TEMP, 1);
	fake_bank_channel(bank, "supply", FAKE_SUPPLY);
	fake_bank_channel(bank, "load-current", FAKE_LOAD_CURRENT);
	fake_bank_channel(bank, "current", FAKE_BANK_CURRENT);
}

static void healthy_lines(struct fake_gpio *gpio)
{
	fake_gpio_set(gpio, FAKE_LOOP, true);
	fake_gpio_set(gpio, FAKE_REMOTE_H, true);
	fake_gpio_set(gpio, FAKE_REMOTE_L, true);
	fake_gpio_set(gpio, FAKE_ATD, true);
	fake_gpio_set(gpio, FAKE_ATC, true);
	fake_gpio_set(gpio, FAKE_BPA, false);
}

/**
 * probe_test_init() - begin a test
 * @test: the test
 *
 * Return: 0, or an error.
 */
int probe_test_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct probe_test), GFP_KERNEL);
	return test->priv ? 0 : -ENOMEM;
}

/**
 * with_hardware() - add a chip and a converter, without a fault
 * @test: the test
 * @sleeps: the chip is behind a bus
 * @irqs: it has interrupts
 *
 * Return: both.
 */
struct probe_test *with_hardware(struct kunit *test, bool sleeps, bool irqs)
{
	struct probe_test *t = test->priv;

	t->gpio = fake_gpio_add(test, sleeps, irqs, true);
	t->adc = fake_adc_add(test, FAKE_ADC);
	healthy_lines(t->gpio);
	return t;
}

/*
 * An evaluation writes the lines first and the report last. A test that has seen a line
 * change waits here for the end of the evaluation. @dev is the bank, or a device that it has
 * registered.
 */
static void settle(struct device *dev)
{
	struct smallbms *bms = dev_get_drvdata(dev->driver ? dev : dev->parent);

	mutex_lock(&bms->lock);
	mutex_unlock(&bms->lock);
}

/**
 * running() - add a bank and wait until load and charge are driven
 * @test: the test, with hardware
 * @bank: its node
 *
 * Return: the bank.
 */
struct platform_device *running(struct kunit *test, struct fake_bank *bank)
{
	struct probe_test *t = test->priv;
	struct platform_device *pdev = fake_bank_add(test, bank, 0);

	KUNIT_ASSERT_TRUE_MSG(test, bound(pdev), "refused; the log says why");
	KUNIT_ASSERT_TRUE(test, becomes(t->gpio, FAKE_LOAD, true, START_MS + SLACK_MS));
	KUNIT_ASSERT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, true, START_MS + SLACK_MS));
	settle(&pdev->dev);
	return pdev;
}

/**
 * supply_of() - find the power supply of the first bank
 * @test: the test
 *
 * Return: the supply, to be given back with power_supply_put().
 */
struct power_supply *supply_of(struct kunit *test)
{
	struct power_supply *psy = power_supply_get_by_name("smallbms.0");

	KUNIT_ASSERT_NOT_NULL(test, psy);
	return psy;
}

/**
 * psy_of() - find the device of the power supply of the first bank
 * @test: the test
 *
 * Return: the device, which stays as long as the bank.
 */
struct device *psy_of(struct kunit *test)
{
	struct power_supply *psy = supply_of(test);

	power_supply_put(psy);
	return &psy->dev;
}

/* The oldest scan among the converters */
static u64 last_scan(struct smallbms *bms)
{
	u64 last_ns = U64_MAX;
	unsigned int i;

	guard(mutex)(&bms->lock);

	for (i = 0; i < bms->sense.num_converters; i++)
		last_ns = min(last_ns, bms->sense.converter[i].scan_ns);
	return last_ns;
}

/**
 * scanned() - wait until all channels of the first bank have been read anew
 * @test: the test
 *
 * A scan under way may have passed a channel already, so this waits for the end of two scans.
 */
void scanned(struct kunit *test)
{
	struct power_supply *psy = supply_of(test);
	struct smallbms *bms = power_supply_get_drvdata(psy);
	unsigned long end = jiffies + msecs_to_jiffies(SLACK_MS);
	u64 last = last_scan(bms);
	int i;

	for (i = 0; i < 2; i++, last = last_scan(bms)) {
		while (last_scan(bms) == last && time_before(jiffies, end))
			msleep(20);
	}
	power_supply_put(psy);
	KUNIT_ASSERT_TRUE_MSG(test, time_before(jiffies, end), "no scan");
}

/**
 * property_at_once() - read a property of the power supply of the first bank
 * @test: the test
 * @psp: the property
 *
 * Return: its value, or an error.
 */
int property_at_once(struct kunit *test, enum power_supply_property psp)
{
	struct power_supply *psy = supply_of(test);
	union power_supply_propval value = {};
	int ret = power_supply_get_property(psy, psp, &value);

	power_supply_put(psy);
	return ret ?: value.intval;
}

/**
 * property() - read a property of the first bank after an evaluation under way
 * @test: the test
 * @psp: the property
 *
 * Return: its value, or an error.
 */
int property(struct kunit *test, enum power_supply_property psp)
{
	settle(psy_of(test));
	return property_at_once(test, psp);
}

/* Files, read and written as user space would do it, within their modes */

static char page[PAGE_SIZE] __aligned(PAGE_SIZE);

/* "settings/hold_ms" is in the group "settings", "causes" is in a group without a name. */
static struct device_attribute *find(struct device *dev,
				     const struct attribute_group *const *groups,
				     const char *name, umode_t *mode)
{
	struct attribute **attr;
	size_t len;
	int i;

	for (; groups && *groups; groups++) {
		len = (*groups)->name ? str_has_prefix(name, (*groups)->name) : 0;
		if ((*groups)->name && name[len++] != '/')
			continue;
		for (attr = (*groups)->attrs, i = 0; *attr; attr++, i++) {
			if (strcmp((*attr)->name, name + len))
				continue;
			*mode = (*groups)->is_visible ?
				(*groups)->is_visible(&dev->kobj, *attr, i) : (*attr)->mode;
			return *mode ? container_of(*attr, struct device_attribute, attr) : NULL;
		}
	}
	return NULL;
}

static struct device_attribute *file(struct device *dev, const char *name, umode_t *mode)
{
	struct device_attribute *attr = find(dev, dev->groups, name, mode);

	if (!attr && dev->driver)
		attr = find(dev, dev->driver->dev_groups, name, mode);
	return attr;
}

/**
 * has_file() - tell whether a file exists
 * @dev: the device that has the file
 * @name: its name; "GROUP/NAME" if its group has a name
 *
 * Return: false when it does not exist or is hidden.
 */
bool has_file(struct device *dev, const char *name)
{
	umode_t mode;

	return file(dev, name, &mode);
}

/**
 * text_at_once() - read a file
 * @dev: the device that has the file
 * @name: as for has_file()
 *
 * Return: its text without the newline, or "error -61"; valid until the next call.
 */
const char *text_at_once(struct device *dev, const char *name)
{
	struct device_attribute *attr;
	ssize_t len;
	umode_t mode;

	attr = file(dev, name, &mode);
	if (!attr)
		return "no file";
	if (!(mode & 0444))
		return "not readable";
	len = attr->show(dev, attr, page);
	if (len < 0)
		sprintf(page, "error %zd", len);
	else
		page[len && page[len - 1] == '\n' ? len - 1 : len] = '\0';
	return page;
}

/**
 * text_of() - read a file after an evaluation under way
 * @dev: the bank, or what it has registered
 * @name: as for has_file()
 *
 * Return: as text_at_once().
 */
const char *text_of(struct device *dev, const char *name)
{
	settle(dev);
	return text_at_once(dev, name);
}

/**
 * lists() - tell whether a file contains a text
 * @dev: the device that has the file
 * @name: as for has_file()
 * @text: what to look for
 *
 * Return: true when it does.
 */
bool lists(struct device *dev, const char *name, const char *text)
{
	return strstr(text_of(dev, name), text);
}

/**
 * becomes_text() - wait until a file has the given text
 * @dev: the device that has the file
 * @name: as for has_file()
 * @text: the whole text
 * @ms: how long to wait
 *
 * Return: false when that has not happened in time.
 */
bool becomes_text(struct device *dev, const char *name, const char *text, unsigned int ms)
{
	unsigned long end = jiffies + msecs_to_jiffies(ms);

	while (strcmp(text_of(dev, name), text)) {
		if (time_after(jiffies, end))
			return false;
		msleep(20);
	}
	return true;
}

/**
 * write_file() - write a file
 * @dev: the device that has the file
 * @name: as for has_file()
 * @text: what to write
 *
 * Return: how many bytes were taken, or an error.
 */
ssize_t write_file(struct device *dev, const char *name, const char *text)
{
	struct device_attribute *attr;
	umode_t mode;

	attr = file(dev, name, &mode);
	if (!attr)
		return -ENOENT;
	if (!(mode & 0200))
		return -EACCES;
	return attr->store(dev, attr, text, strlen(text));
}
