// SPDX-License-Identifier: GPL-2.0-only
/*
 * What all suites share that run a bank
 */

#include <kunit/test.h>

#include <linux/delay.h>
#include <linux/device.h>
#include <linux/gpio/machine.h>
#include <linux/jiffies.h>
#include <linux/platform_device.h>
#include <linux/power_supply.h>
#include <linux/slab.h>

#include "bench.h"
#include "fakes.h"

/**
 * bound() - has the driver taken a bank
 * @pdev: the bank
 *
 * Return: false when it was refused.
 */
bool bound(struct platform_device *pdev)
{
	return device_is_bound(&pdev->dev);
}

/**
 * becomes() - wait until a line is driven, or not
 * @gpio: the chip
 * @line: the line
 * @driven: what it shall be
 * @ms: how long to wait
 *
 * Return: false when the time was over first.
 */
bool becomes(struct fake_gpio *gpio, enum fake_line line, bool driven, unsigned int ms)
{
	unsigned long end = jiffies + msecs_to_jiffies(ms);

	while (fake_gpio_driven(gpio, line) != driven) {
		if (time_after(jiffies, end))
			return false;
		msleep(10);
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
 * bench_init() - begin a test
 * @test: the test
 *
 * Return: 0, or an error.
 */
int bench_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct probe_test), GFP_KERNEL);
	return test->priv ? 0 : -ENOMEM;
}

/**
 * with_hardware() - add a chip and a converter, all healthy
 * @test: the test
 * @sleeps: the chip is behind a bus
 * @irqs: it has interrupts
 *
 * Return: both.
 */
struct probe_test *with_hardware(struct kunit *test, bool sleeps, bool irqs)
{
	struct probe_test *t = test->priv;

	t->gpio = fake_gpio_add(test, sleeps, irqs);
	t->adc = fake_adc_add(test);
	healthy_lines(t->gpio);
	return t;
}

/**
 * running() - add a bank and wait until it is on
 * @test: the test, with hardware
 * @bank: its node
 *
 * Return: the bank.
 */
struct platform_device *running(struct kunit *test, struct fake_bank *bank)
{
	struct probe_test *t = test->priv;
	struct platform_device *pdev = fake_bank_add(test, bank, 0);

	KUNIT_ASSERT_TRUE_MSG(test, bound(pdev), "the log says why");
	KUNIT_ASSERT_TRUE(test, becomes(t->gpio, FAKE_LOAD, true, START_MS + SLACK_MS));
	KUNIT_ASSERT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, true, START_MS + SLACK_MS));
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
 * property() - ask the power supply of the first bank
 * @test: the test
 * @psp: for what
 *
 * Return: the number, or an error.
 */
int property(struct kunit *test, enum power_supply_property psp)
{
	struct power_supply *psy = supply_of(test);
	union power_supply_propval value = {};
	int ret = power_supply_get_property(psy, psp, &value);

	power_supply_put(psy);
	return ret ?: value.intval;
}
