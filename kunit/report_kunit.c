// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of what smallbms shows
 */

#include <kunit/resource.h>
#include <kunit/test.h>

#include <linux/compiler.h>
#include <linux/container_of.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/hwmon.h>
#include <linux/jiffies.h>
#include <linux/kstrtox.h>
#include <linux/ktime.h>
#include <linux/leds.h>
#include <linux/limits.h>
#include <linux/notifier.h>
#include <linux/platform_device.h>
#include <linux/power_supply.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "fakes.h"
#include "helpers.h"
#include "suites.h"

#define STALE_MS	1000	/* the shortest that is allowed */
#define DEFAULT_STALE_MS 5000
#define EVALUATIONS	2000
#define FULL_MS		60000

static int is_hwmon(struct device *dev, void *data)
{
	struct device **found = data;

	if (!dev->class || strcmp(dev->class->name, "hwmon"))
		return 0;
	*found = dev;
	return 1;
}

/* The device stays as long as the bank. */
static struct device *find_hwmon(struct platform_device *pdev)
{
	struct device *found = NULL;

	device_for_each_child(&pdev->dev, &found, is_hwmon);
	return found;
}

static struct device *hwmon_of(struct kunit *test, struct platform_device *pdev)
{
	struct device *dev = find_hwmon(pdev);

	KUNIT_ASSERT_NOT_NULL(test, dev);
	return dev;
}

/* Power supply */

static bool listed(struct kunit *test, enum power_supply_property psp)
{
	struct power_supply *psy = supply_of(test);
	bool found = false;
	int i;

	for (i = 0; i < psy->desc->num_properties; i++)
		found = found || psy->desc->properties[i] == psp;
	power_supply_put(psy);
	return found;
}

static void measured_bank_has_all_properties(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);

	add_measurements(bank);
	fake_bank_u32(bank, "cells-in-series", 4);
	KUNIT_ASSERT_TRUE(test, bound(fake_bank_add(test, bank, 0)));
	t->adc->value[FAKE_BANK_CURRENT] = -25000000;
	scanned(test);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_SCOPE),
			POWER_SUPPLY_SCOPE_DEVICE);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_CURRENT_NOW), -25000000);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_POWER_NOW), -330000000);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_VOLTAGE_MIN), 11200000);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_VOLTAGE_MAX), 15000000);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_TEMP_MIN), 50);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_TEMP_MAX), 500);
	KUNIT_EXPECT_FALSE(test, listed(test, POWER_SUPPLY_PROP_SERIAL_NUMBER));
	KUNIT_EXPECT_FALSE(test, listed(test, POWER_SUPPLY_PROP_CAPACITY));
	KUNIT_EXPECT_FALSE(test, listed(test, POWER_SUPPLY_PROP_CHARGE_NOW));

	/* The limits are known even when the voltage is not. */
	t->adc->error[FAKE_SUPPLY] = -EIO;
	scanned(test);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_VOLTAGE_MIN), 11200000);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_VOLTAGE_MAX), 15000000);

	t->adc->error[FAKE_BANK_CURRENT] = -EIO;
	scanned(test);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_CURRENT_NOW), -ENODEV);
}

/* An error instead of the largest value would silence monitoring under the heaviest load. */
static void power_stops_at_what_a_property_holds(struct kunit *test)
{
	static const struct {
		int voltage_uv;
		int current_ua;
		int power_uw;
	} cases[] = {
		{ 52800000, 40000000, 2112000000 },
		{ 52800000, 50000000, INT_MAX },	/* 2640 W */
		{ 52800000, -40000000, -2112000000 },
		{ 52800000, -50000000, -INT_MAX },
		{ 70000000, INT_MIN, -INT_MAX },
	};
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);
	int i;

	add_measurements(bank);
	running(test, bank);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		t->adc->value[FAKE_SUPPLY] = cases[i].voltage_uv;
		t->adc->value[FAKE_BANK_CURRENT] = cases[i].current_ua;
		scanned(test);
		KUNIT_EXPECT_EQ_MSG(test, property(test, POWER_SUPPLY_PROP_POWER_NOW),
				    cases[i].power_uw, "case %d", i);
	}
}

/* A guess would be off by a factor of two when one cell fails. */
static void limits_of_the_bank_are_not_guessed(struct kunit *test)
{
	struct fake_bank *bank = fake_bank_alloc(test);

	with_hardware(test, false, true);
	add_measurements(bank);
	running(test, bank);
	KUNIT_EXPECT_FALSE(test, listed(test, POWER_SUPPLY_PROP_VOLTAGE_MIN));
	KUNIT_EXPECT_FALSE(test, listed(test, POWER_SUPPLY_PROP_VOLTAGE_MAX));
}

static void bank_of_signals_lists_no_measurement(struct kunit *test)
{
	static const enum power_supply_property measured[] = {
		POWER_SUPPLY_PROP_VOLTAGE_NOW, POWER_SUPPLY_PROP_VOLTAGE_MIN,
		POWER_SUPPLY_PROP_VOLTAGE_MAX, POWER_SUPPLY_PROP_CURRENT_NOW,
		POWER_SUPPLY_PROP_POWER_NOW, POWER_SUPPLY_PROP_TEMP,
		POWER_SUPPLY_PROP_TEMP_MIN, POWER_SUPPLY_PROP_TEMP_MAX,
	};
	struct fake_bank *bank = fake_bank_alloc(test);
	struct platform_device *pdev;
	int i;

	with_hardware(test, false, true);
	add_signals(bank);
	pdev = running(test, bank);
	for (i = 0; i < ARRAY_SIZE(measured); i++)
		KUNIT_EXPECT_FALSE_MSG(test, listed(test, measured[i]), "property %d",
				       measured[i]);
	KUNIT_EXPECT_TRUE(test, listed(test, POWER_SUPPLY_PROP_CAPACITY_LEVEL));
	KUNIT_EXPECT_NULL(test, find_hwmon(pdev));
}

/* Kernels before 6.14 show undervoltage as another health, which must hide no worse one. */
static void health_is_the_worst(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);

	add_measurements(bank);
	running(test, bank);
	t->adc->value[FAKE_CELL] = 2700000;
	t->adc->value[FAKE_CELL + 1] = 3800000;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_PRE_ALARM, true, MEASURED_MS + SLACK_MS));
	scanned(test);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_HEALTH),
			POWER_SUPPLY_HEALTH_OVERVOLTAGE);
}

static void health_names_the_supply(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);

	add_measurements(bank);
	running(test, bank);
	t->adc->value[FAKE_SUPPLY] = 71000000;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_LOAD, false, MEASURED_MS + SLACK_MS));
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_HEALTH),
			POWER_SUPPLY_HEALTH_OVERVOLTAGE);
	EXPECT_TEXT(test, hwmon_of(test, to_platform_device(psy_of(test)->parent)),
		    "in0_crit_alarm", "1");
	EXPECT_TEXT(test, hwmon_of(test, to_platform_device(psy_of(test)->parent)),
		    "in0_lcrit_alarm", "0");
}

static int say_charge(struct kunit *test, int uah)
{
	const union power_supply_propval value = { .intval = uah };
	struct power_supply *psy = supply_of(test);
	int ret = power_supply_set_property(psy, POWER_SUPPLY_PROP_CHARGE_NOW, &value);

	power_supply_put(psy);
	return ret;
}

static const struct charge_case {
	int uah;
	int error;
} charge_cases[] = {
	{ 0, 0 },
	{ FAKE_BATTERY_UAH, 0 },
	{ FAKE_BATTERY_UAH + 1, -ERANGE },
	{ INT_MAX, -ERANGE },
	{ -1, -ERANGE },
	{ INT_MIN, -ERANGE },
};

/* P6 */
static void operator_says_the_charge(struct kunit *test)
{
	struct fake_bank *bank = fake_bank_alloc(test);
	struct power_supply *psy;
	int i;

	with_hardware(test, false, true);
	add_measurements(bank);
	fake_bank_battery(bank);
	running(test, bank);
	psy = supply_of(test);
	KUNIT_EXPECT_GT(test, psy->desc->property_is_writeable(psy, POWER_SUPPLY_PROP_CHARGE_NOW),
			0);
	KUNIT_EXPECT_EQ(test, psy->desc->property_is_writeable(psy, POWER_SUPPLY_PROP_CAPACITY), 0);
	power_supply_put(psy);
	for (i = 0; i < ARRAY_SIZE(charge_cases); i++) {
		const struct charge_case *c = &charge_cases[i];

		KUNIT_ASSERT_EQ(test, say_charge(test, FAKE_BATTERY_UAH / 2), 0);
		KUNIT_EXPECT_EQ_MSG(test, say_charge(test, c->uah), c->error, "%d", c->uah);
		KUNIT_EXPECT_EQ_MSG(test, property(test, POWER_SUPPLY_PROP_CHARGE_NOW),
				    c->error ? FAKE_BATTERY_UAH / 2 : c->uah, "%d", c->uah);
	}
	KUNIT_EXPECT_NE(test, property(test, POWER_SUPPLY_PROP_STATUS), POWER_SUPPLY_STATUS_FULL);
}

static const struct status_case {
	int current_ua;
	int status;
} status_cases[] = {
	{ 200000, POWER_SUPPLY_STATUS_CHARGING },
	{ 199999, POWER_SUPPLY_STATUS_NOT_CHARGING },
	{ 0, POWER_SUPPLY_STATUS_NOT_CHARGING },
	{ -199999, POWER_SUPPLY_STATUS_NOT_CHARGING },
	{ -200000, POWER_SUPPLY_STATUS_DISCHARGING },
};

/* P5: less than the rest current is none. */
static void current_tells_the_status(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);
	int i;

	add_measurements(bank);
	running(test, bank);
	for (i = 0; i < ARRAY_SIZE(status_cases); i++) {
		t->adc->value[FAKE_BANK_CURRENT] = status_cases[i].current_ua;
		scanned(test);
		KUNIT_EXPECT_EQ_MSG(test, property(test, POWER_SUPPLY_PROP_STATUS),
				    status_cases[i].status, "%d uA", status_cases[i].current_ua);
	}
}

static int hear(struct notifier_block *block, unsigned long event, void *data)
{
	container_of(block, struct probe_test, changes)->changed++;
	return NOTIFY_OK;
}

/* P6, and its announcement */
static void full_is_shown(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);

	fake_bank_u32(bank, "full-hold-ms", FULL_MS);
	add_measurements(bank);
	fake_bank_battery(bank);
	running(test, bank);

	/* The charge limit (C1) alone makes no bank full. */
	t->adc->value[FAKE_BANK_CURRENT] = 10000000;
	t->adc->value[FAKE_CELL] = 3760000;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, false, MEASURED_MS + SLACK_MS));
	t->adc->value[FAKE_BANK_CURRENT] = 0;
	msleep(MEASURED_MS);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_STATUS),
			POWER_SUPPLY_STATUS_NOT_CHARGING);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_CAPACITY_LEVEL),
			POWER_SUPPLY_CAPACITY_LEVEL_NORMAL);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_CAPACITY), -ENODEV);

	/* Voltage and tail current */
	t->adc->value[FAKE_CELL] = 3460000;
	t->adc->value[FAKE_BANK_CURRENT] = 3900000;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, true, MEASURED_MS + SLACK_MS));
	msleep(FULL_MS / 2);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_STATUS),
			POWER_SUPPLY_STATUS_CHARGING);
	t->changed = 0;
	t->changes.notifier_call = hear;
	KUNIT_ASSERT_EQ(test, 0, power_supply_reg_notifier(&t->changes));
	msleep(FULL_MS / 2 + MEASURED_MS);
	power_supply_unreg_notifier(&t->changes);
	scanned(test);
	KUNIT_EXPECT_EQ(test, t->changed, 1);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_STATUS), POWER_SUPPLY_STATUS_FULL);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_CAPACITY_LEVEL),
			POWER_SUPPLY_CAPACITY_LEVEL_FULL);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_CHARGE_NOW), FAKE_BATTERY_UAH);

	t->adc->value[FAKE_BANK_CURRENT] = -1000000;
	scanned(test);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_STATUS),
			POWER_SUPPLY_STATUS_DISCHARGING);
	t->adc->value[FAKE_BANK_CURRENT] = 0;
	t->adc->value[FAKE_CELL] = 3300000;
	scanned(test);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_STATUS), POWER_SUPPLY_STATUS_FULL);

	/* Half a percent in each second */
	t->adc->value[FAKE_BANK_CURRENT] = -1800000000;
	msleep(4000);
	t->adc->value[FAKE_BANK_CURRENT] = 0;
	scanned(test);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_STATUS),
			POWER_SUPPLY_STATUS_NOT_CHARGING);
}

static void charge_is_shown_once_it_is_known(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);
	int uah;

	add_measurements(bank);
	fake_bank_battery(bank);
	running(test, bank);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_VOLTAGE_MIN_DESIGN), 11200000);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_VOLTAGE_MAX_DESIGN), 14200000);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_CHARGE_FULL_DESIGN),
			FAKE_BATTERY_UAH);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_CAPACITY), -ENODEV);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_CHARGE_NOW), -ENODEV);

	KUNIT_EXPECT_EQ(test, say_charge(test, FAKE_BATTERY_UAH), 0);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_CAPACITY), 100);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_CHARGE_NOW), FAKE_BATTERY_UAH);

	/* Half a percent in each second */
	t->adc->value[FAKE_BANK_CURRENT] = -1800000000;
	scanned(test);
	msleep(1000);
	scanned(test);
	uah = property(test, POWER_SUPPLY_PROP_CHARGE_NOW);
	KUNIT_EXPECT_GT(test, uah, 0);
	KUNIT_EXPECT_LT(test, uah, FAKE_BATTERY_UAH - 500000);
	KUNIT_EXPECT_LT(test, property(test, POWER_SUPPLY_PROP_CAPACITY), 100);

	/* Once the current has been unknown for the stale limit, the charge is unknown. */
	t->adc->error[FAKE_BANK_CURRENT] = -EIO;
	msleep(DEFAULT_STALE_MS);
	scanned(test);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_CHARGE_NOW), -ENODEV);
	t->adc->error[FAKE_BANK_CURRENT] = 0;
	scanned(test);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_CAPACITY), -ENODEV);
}

/* Its charge fits into no property, but the percentage of it does. */
static void charge_of_a_large_bank_is_shown_in_percent(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);

	add_measurements(bank);
	fake_bank_large_battery(bank);
	running(test, bank);
	KUNIT_EXPECT_FALSE(test, listed(test, POWER_SUPPLY_PROP_CHARGE_NOW));
	KUNIT_ASSERT_TRUE(test, listed(test, POWER_SUPPLY_PROP_CAPACITY));
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_CAPACITY), -ENODEV);

	t->adc->value[FAKE_CELL] = 3050000;
	msleep(MEASURED_MS);
	scanned(test);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_CAPACITY), 5);
}

static void charge_of_signals_is_not_counted(struct kunit *test)
{
	struct fake_bank *bank = fake_bank_alloc(test);

	with_hardware(test, false, true);
	add_signals(bank);
	fake_bank_channel(bank, "current", FAKE_BANK_CURRENT);
	fake_bank_battery(bank);
	running(test, bank);
	KUNIT_EXPECT_FALSE(test, listed(test, POWER_SUPPLY_PROP_CAPACITY));
	KUNIT_EXPECT_FALSE(test, listed(test, POWER_SUPPLY_PROP_CHARGE_NOW));
}

/* F1: a converter that hangs gives no error, so the age makes its values unknown. */
static void stale_value_is_not_shown(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);
	struct device *hwmon;

	fake_bank_u32(bank, "stale-ms", STALE_MS);
	add_measurements(bank);
	hwmon = hwmon_of(test, running(test, bank));
	EXPECT_TEXT(test, hwmon, "in2_input", "3300");
	t->adc->hangs_ms = HANGS_MS;
	KUNIT_EXPECT_TRUE(test, becomes_text(hwmon, "in2_input", "error -61", HANGS_MS));
	EXPECT_TEXT(test, hwmon, "in2_fault", "1");
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_VOLTAGE_NOW), -ENODEV);
	t->adc->hangs_ms = 0;
}

/* Attributes */

static void outputs_are_read_back(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);
	struct device *psy;

	add_measurements(bank);
	running(test, bank);
	psy = psy_of(test);
	EXPECT_TEXT(test, psy, "load_output", "driven");
	EXPECT_TEXT(test, psy, "load_read_back", "driven");
	EXPECT_TEXT(test, psy, "pre_alarm_output", "floating");
	EXPECT_TEXT(test, psy, "pre_alarm_read_back", "floating");

	t->gpio->stuck = BIT(FAKE_LOAD);
	KUNIT_EXPECT_TRUE(test, becomes_text(psy, "load_read_back", "floating", SLACK_MS));
	EXPECT_TEXT(test, psy, "load_output", "driven");
	KUNIT_EXPECT_TRUE(test, lists(psy, "causes", "F3 output-fault"));
	t->gpio->stuck = 0;
	KUNIT_EXPECT_TRUE(test, becomes_text(psy, "load_read_back", "driven", SLACK_MS));

	t->gpio->get_error[FAKE_LOAD] = -EIO;
	KUNIT_EXPECT_TRUE(test, becomes_text(psy, "load_read_back", "", SLACK_MS));
	t->gpio->get_error[FAKE_LOAD] = 0;
}

static void bank_without_a_pre_alarm_line_lists_none(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);
	struct device *psy;

	fake_bank_drop(bank, "pre-alarm-gpios");
	add_measurements(bank);
	running(test, bank);
	psy = psy_of(test);
	KUNIT_EXPECT_FALSE(test, has_file(psy, "pre_alarm_output"));
	KUNIT_EXPECT_FALSE(test, has_file(psy, "pre_alarm_read_back"));
	EXPECT_TEXT(test, psy, "warning_left_ms", "");

	/* The warning is given all the same. */
	t->adc->value[FAKE_CELL] = 3000000;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, false, MEASURED_MS + SLACK_MS));
	KUNIT_EXPECT_STRNEQ(test, text_of(psy, "warning_left_ms"), "");
}

static void window_counts_down(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);
	unsigned int left, later;
	s64 least_ms, most_ms;
	ktime_t low, before, after;
	struct device *psy;

	add_measurements(bank);
	running(test, bank);
	psy = psy_of(test);
	EXPECT_TEXT(test, psy, "warning_left_ms", "");
	KUNIT_EXPECT_TRUE(test, lists(psy, "episodes", "low-cell 0\n"));

	t->adc->value[FAKE_CELL + 1] = 3000000;
	low = ktime_get_boottime();
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_PRE_ALARM, true, MEASURED_MS + SLACK_MS));
	before = ktime_get_boottime();
	KUNIT_ASSERT_EQ(test, 0, kstrtouint(text_of(psy, "warning_left_ms"), 10, &left));
	after = ktime_get_boottime();
	KUNIT_EXPECT_LE_MSG(test, left, 30003, "100 ppm, for a clock that is fast");
	KUNIT_EXPECT_GE(test, left, 30000 - (ktime_ms_delta(after, low) + 1));

	/* However busy the host is, the file counts the time between the two reads. */
	msleep(1000);
	least_ms = ktime_ms_delta(ktime_get_boottime(), after);
	KUNIT_ASSERT_EQ(test, 0, kstrtouint(text_of(psy, "warning_left_ms"), 10, &later));
	most_ms = ktime_ms_delta(ktime_get_boottime(), before);
	KUNIT_EXPECT_GE(test, left - later + 1, least_ms);
	KUNIT_EXPECT_LE(test, left - later, most_ms + 2);

	t->adc->value[FAKE_CELL + 1] = 3300000;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_PRE_ALARM, false, MEASURED_MS + SLACK_MS));
	EXPECT_TEXT(test, psy, "warning_left_ms", "");
	KUNIT_EXPECT_TRUE(test, lists(psy, "episodes", "low-cell 1\n"));
	KUNIT_EXPECT_TRUE(test, lists(psy, "episodes", "overvoltage 0\n"));
}

#ifdef CONFIG_LEDS_TRIGGERS
/* LEDs */

static enum led_brightness shown;

static void show_brightness(struct led_classdev *led, enum led_brightness brightness)
{
	shown = brightness;
}

KUNIT_DEFINE_ACTION_WRAPPER(unregister_led, led_classdev_unregister, struct led_classdev *);

/* P1: an LED that gets its trigger late shows the present state. */
static void late_led_shows_what_is(struct kunit *test)
{
	static const struct {
		const char *trigger;
		enum led_brightness expected;
	} leds[] = {
		{ "smallbms.0-load", LED_FULL },
		{ "smallbms.0-charge-blocked", LED_OFF },
		{ "smallbms.0-pre-alarm", LED_OFF },
	};
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);
	int i;

	add_measurements(bank);
	running(test, bank);
	for (i = 0; i < ARRAY_SIZE(leds); i++) {
		struct led_classdev *led = kunit_kzalloc(test, sizeof(*led), GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, led);
		*led = (struct led_classdev){
			.name = "smallbms-fake-led",
			.max_brightness = LED_FULL,
			.brightness_set = show_brightness,
			.default_trigger = leds[i].trigger,
		};
		shown = LED_HALF;
		KUNIT_ASSERT_EQ(test, 0, led_classdev_register(NULL, led));
		KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, unregister_led, led));
		KUNIT_EXPECT_EQ_MSG(test, shown, leds[i].expected, "%s", leds[i].trigger);
		if (i < ARRAY_SIZE(leds) - 1)
			kunit_release_action(test, unregister_led, led);
	}

	/* The last LED follows the bank, too. */
	t->adc->value[FAKE_CELL] = 3000000;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_PRE_ALARM, true, MEASURED_MS + SLACK_MS));
	EXPECT_TEXT(test, psy_of(test), "pre_alarm_output", "driven");
	KUNIT_EXPECT_EQ(test, shown, LED_FULL);
}
#endif

/* Hardware monitor */

static void sensors_show_every_cell(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);
	struct device *hwmon;

	add_measurements(bank);
	hwmon = hwmon_of(test, running(test, bank));
	t->adc->value[FAKE_LOAD_CURRENT] = 300000;
	t->adc->value[FAKE_BANK_CURRENT] = -12000000;
	t->adc->value[FAKE_TEMP] = -1500;
	t->adc->value[FAKE_CELL + 2] = 3345000;
	scanned(test);

	EXPECT_TEXT(test, hwmon, "in0_label", "supply");
	EXPECT_TEXT(test, hwmon, "in0_input", "13200");
	EXPECT_TEXT(test, hwmon, "in0_lcrit", "8000");
	EXPECT_TEXT(test, hwmon, "in0_crit", "70000");
	KUNIT_EXPECT_FALSE(test, has_file(hwmon, "in0_min"));
	EXPECT_TEXT(test, hwmon, "in3_label", "cell3");
	EXPECT_TEXT(test, hwmon, "in3_input", "3345");
	EXPECT_TEXT(test, hwmon, "in3_min", "3100");
	EXPECT_TEXT(test, hwmon, "in3_lcrit", "2800");
	EXPECT_TEXT(test, hwmon, "in3_crit", "3750");
	EXPECT_TEXT(test, hwmon, "in3_fault", "0");
	KUNIT_EXPECT_FALSE(test, has_file(hwmon, "in3_max"));
	KUNIT_EXPECT_FALSE(test, has_file(hwmon, "in5_input"));
	EXPECT_TEXT(test, hwmon, "temp1_label", "temp1");
	EXPECT_TEXT(test, hwmon, "temp1_input", "-1500");
	EXPECT_TEXT(test, hwmon, "temp1_min", "5000");
	EXPECT_TEXT(test, hwmon, "temp1_max", "50000");
	KUNIT_EXPECT_FALSE(test, has_file(hwmon, "temp2_input"));
	EXPECT_TEXT(test, hwmon, "curr1_label", "load-current");
	EXPECT_TEXT(test, hwmon, "curr1_input", "300");
	EXPECT_TEXT(test, hwmon, "curr1_crit", "1000");
	EXPECT_TEXT(test, hwmon, "curr2_input", "-12000");
	KUNIT_EXPECT_FALSE(test, has_file(hwmon, "curr2_crit"));
}

static void alarms_follow_the_rules(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);
	struct device *hwmon;

	add_measurements(bank);
	hwmon = hwmon_of(test, running(test, bank));

	t->adc->value[FAKE_CELL + 1] = 3000000;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_PRE_ALARM, true, MEASURED_MS + SLACK_MS));
	EXPECT_TEXT(test, hwmon, "in2_min_alarm", "1");
	EXPECT_TEXT(test, hwmon, "in1_min_alarm", "0");
	EXPECT_TEXT(test, hwmon, "in2_lcrit_alarm", "0");

	/* The pre-alarm still holds, so the cell that keeps it on shows it. */
	t->adc->value[FAKE_CELL + 1] = 3110000;
	msleep(MEASURED_MS);
	scanned(test);
	EXPECT_TEXT(test, hwmon, "in2_min_alarm", "1");

	/* The lost cell still keeps it on, and no other cell may show it. */
	t->adc->error[FAKE_CELL + 1] = -EIO;
	scanned(test);
	EXPECT_TEXT(test, hwmon, "in1_min_alarm", "0");
	t->adc->error[FAKE_CELL + 1] = 0;
	t->adc->value[FAKE_CELL + 1] = 3300000;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_PRE_ALARM, false, MEASURED_MS + SLACK_MS));
	EXPECT_TEXT(test, hwmon, "in2_min_alarm", "0");

	t->adc->value[FAKE_CELL + 3] = 3800000;
	t->adc->value[FAKE_TEMP] = 60000;
	KUNIT_EXPECT_TRUE(test, becomes_text(hwmon, "in4_crit_alarm", "1",
					     MEASURED_MS + SLACK_MS));
	KUNIT_EXPECT_TRUE(test, becomes_text(hwmon, "temp1_max_alarm", "1", SLACK_MS));
	EXPECT_TEXT(test, hwmon, "temp1_min_alarm", "0");

	t->adc->value[FAKE_LOAD_CURRENT] = 1500000;
	KUNIT_EXPECT_TRUE(test, becomes_text(hwmon, "curr1_crit_alarm", "1",
					     MEASURED_MS + SLACK_MS));
}

static void dead_channel_is_a_fault_and_no_value(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);
	struct device *hwmon;

	add_measurements(bank);
	hwmon = hwmon_of(test, running(test, bank));
	t->adc->error[FAKE_CELL + 2] = -EIO;
	t->adc->value[FAKE_TEMP] = 126000;
	scanned(test);
	EXPECT_TEXT(test, hwmon, "in3_input", "error -61");
	EXPECT_TEXT(test, hwmon, "in3_fault", "1");
	EXPECT_TEXT(test, hwmon, "in3_min", "3100");
	EXPECT_TEXT(test, hwmon, "in3_crit_alarm", "0");
	EXPECT_TEXT(test, hwmon, "in2_fault", "0");
	EXPECT_TEXT(test, hwmon, "temp1_input", "error -61");
	EXPECT_TEXT(test, hwmon, "temp1_fault", "1");
}

static const struct write_case {
	const char *name;
	const char *text;
	int error;
} write_cases[] = {
	{ "in1_min", "3000", 0 },
	{ "in4_lcrit", "2700", 0 },
	{ "temp1_min", "-5000", 0 },
	{ "in1_min", "2849", -ERANGE },
	{ "in1_min", "3151", -ERANGE },
	{ "in1_min", "4297968", -ERANGE },	/* 3000704 uV, if it wraps */
	{ "in1_min", "2147483647", -ERANGE },
	{ "in1_min", "-2147483648", -ERANGE },
	{ "in1_min", "99999999999999999999", -ERANGE },
	{ "in1_min", "3.0", -EINVAL },
	{ "in1_min", "", -EINVAL },
	{ "in1_min", "low", -EINVAL },
	{ "in1_crit", "3700", -EACCES },
	{ "in0_lcrit", "9000", -EACCES },
	{ "temp1_max", "45000", -EACCES },
	{ "curr1_crit", "500", -EACCES },
	{ "in1_input", "3300", -EACCES },
};

static void write_case_desc(const struct write_case *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s = \"%s\"", c->name, c->text);
}

KUNIT_ARRAY_PARAM(write, write_cases, write_case_desc);

static void limits_are_settings(struct kunit *test)
{
	const struct write_case *c = test->param_value;
	struct fake_bank *bank = fake_bank_alloc(test);
	struct device *hwmon;
	char before[16];
	ssize_t ret;

	with_hardware(test, false, true);
	add_measurements(bank);
	hwmon = hwmon_of(test, running(test, bank));
	strscpy(before, text_of(hwmon, c->name), sizeof(before));
	ret = write_file(hwmon, c->name, c->text);
	if (!c->error) {
		KUNIT_EXPECT_EQ(test, ret, strlen(c->text));
		EXPECT_TEXT(test, hwmon, c->name, c->text);
		return;
	}
	KUNIT_EXPECT_EQ(test, ret, c->error);
	EXPECT_TEXT(test, hwmon, c->name, before);
}

static void largest_bank_has_all_sensors(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);
	struct device *hwmon;

	fake_bank_channels(bank, "cell", FAKE_CELL, 160);
	fake_bank_channels(bank, "temp", FAKE_TEMP, 20);
	hwmon = hwmon_of(test, running(test, bank));
	KUNIT_EXPECT_FALSE(test, has_file(hwmon, "in0_input"));
	EXPECT_TEXT(test, hwmon, "in160_label", "cell160");
	EXPECT_TEXT(test, hwmon, "temp20_input", "25000");
	t->adc->value[FAKE_CELL + 159] = 3050000;
	KUNIT_EXPECT_TRUE(test, becomes_text(hwmon, "in160_min_alarm", "1",
					     MEASURED_MS + SLACK_MS));
	EXPECT_TEXT(test, hwmon, "in1_min_alarm", "0");
}

/* Readers */

#define EXPECT_TEXT_AT_ONCE(test, dev, name, text)	\
	KUNIT_EXPECT_STREQ(test, text_at_once(dev, name), text)

static bool reads_again(struct fake_gpio *gpio, enum fake_line line, unsigned int ms)
{
	unsigned long end = jiffies + msecs_to_jiffies(ms);
	unsigned int reads = READ_ONCE(gpio->reads[line]);

	while (READ_ONCE(gpio->reads[line]) == reads) {
		if (time_after(jiffies, end))
			return false;
		msleep(20);
	}
	return true;
}

/* A reader that is answered during an evaluation cannot delay one either. */
static void readers_do_not_wait_for_an_evaluation(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, true, true);
	struct fake_bank *bank = fake_bank_alloc(test);
	struct platform_device *pdev;
	unsigned int reads;

	add_signals(bank);
	add_measurements(bank);
	fake_bank_u32(bank, "stale-ms", 10000);
	pdev = running(test, bank);

	WRITE_ONCE(t->gpio->hangs_ms[FAKE_ATD], HANGS_MS);
	KUNIT_ASSERT_TRUE(test, reads_again(t->gpio, FAKE_ATD, 2 * HANGS_MS));
	reads = t->gpio->reads[FAKE_ATC];	/* the line that is read next */
	KUNIT_EXPECT_EQ(test, property_at_once(test, POWER_SUPPLY_PROP_HEALTH),
			POWER_SUPPLY_HEALTH_GOOD);
	KUNIT_EXPECT_EQ_MSG(test, t->gpio->reads[FAKE_ATC], reads, "a property waits");
	EXPECT_TEXT_AT_ONCE(test, psy_of(test), "load_output", "driven");
	EXPECT_TEXT_AT_ONCE(test, psy_of(test), "causes", "");
	KUNIT_EXPECT_EQ_MSG(test, t->gpio->reads[FAKE_ATC], reads, "an attribute waits");
	EXPECT_TEXT_AT_ONCE(test, hwmon_of(test, pdev), "in1_input", "3300");
	EXPECT_TEXT_AT_ONCE(test, hwmon_of(test, pdev), "in1_min", "3100");
	KUNIT_EXPECT_EQ_MSG(test, t->gpio->reads[FAKE_ATC], reads, "a sensor waits");
	EXPECT_TEXT_AT_ONCE(test, &pdev->dev, "settings/hold_ms", "500");
	EXPECT_TEXT_AT_ONCE(test, &pdev->dev, "load_enable", "1");
	KUNIT_EXPECT_EQ_MSG(test, t->gpio->reads[FAKE_ATC], reads, "a control waits");
	WRITE_ONCE(t->gpio->hangs_ms[FAKE_ATD], 0);
}

struct reader {
	struct work_struct work;
	struct power_supply *psy;
	bool ends;
};

static void read_on(struct work_struct *work)
{
	struct reader *reader = container_of(work, struct reader, work);
	const struct power_supply_desc *desc = reader->psy->desc;
	union power_supply_propval value;
	size_t i;

	while (!READ_ONCE(reader->ends)) {
		for (i = 0; i < desc->num_properties; i++)
			power_supply_get_property(reader->psy, desc->properties[i], &value);
		text_at_once(&reader->psy->dev, "causes");
		text_at_once(&reader->psy->dev, "load_output");
		text_at_once(&reader->psy->dev, "warning_left_ms");
		usleep_range(10, 20);	/* virtual time passes only while this sleeps */
	}
}

/* This lets KCSAN find data that no lock protects: make kunit-race. */
static void is_read_on_one_processor_and_evaluated_on_another(struct kunit *test)
{
	struct fake_bank *bank = fake_bank_alloc(test);
	struct reader reader = {};
	struct device *dev;
	int i;

	if (IS_ENABLED(CONFIG_KCSAN))
		KUNIT_ASSERT_GT(test, num_online_cpus(), 1);
	with_hardware(test, false, true);
	add_signals(bank);
	add_measurements(bank);
	dev = &running(test, bank)->dev;

	reader.psy = supply_of(test);
	INIT_WORK_ONSTACK(&reader.work, read_on);
	queue_work_on(cpumask_last(cpu_online_mask), system_wq, &reader.work);
	set_cpus_allowed_ptr(current, cpumask_of(cpumask_first(cpu_online_mask)));
	for (i = 0; i < EVALUATIONS; i++) {
		KUNIT_EXPECT_EQ(test, write_file(dev, "clear", "1"), 1);
		usleep_range(500, 1000);
	}
	WRITE_ONCE(reader.ends, true);
	flush_work(&reader.work);
	destroy_work_on_stack(&reader.work);
	power_supply_put(reader.psy);
}

static struct kunit_case report_cases[] = {
	KUNIT_CASE_SLOW(measured_bank_has_all_properties),
	KUNIT_CASE_SLOW(power_stops_at_what_a_property_holds),
	KUNIT_CASE(limits_of_the_bank_are_not_guessed),
	KUNIT_CASE(bank_of_signals_lists_no_measurement),
	KUNIT_CASE(health_is_the_worst),
	KUNIT_CASE(health_names_the_supply),
	KUNIT_CASE(operator_says_the_charge),
	KUNIT_CASE_SLOW(current_tells_the_status),
	KUNIT_CASE_SLOW(full_is_shown),
	KUNIT_CASE_SLOW(charge_is_shown_once_it_is_known),
	KUNIT_CASE(charge_of_a_large_bank_is_shown_in_percent),
	KUNIT_CASE(charge_of_signals_is_not_counted),
	KUNIT_CASE_SLOW(stale_value_is_not_shown),
	KUNIT_CASE_SLOW(outputs_are_read_back),
	KUNIT_CASE(bank_without_a_pre_alarm_line_lists_none),
	KUNIT_CASE_SLOW(window_counts_down),
#ifdef CONFIG_LEDS_TRIGGERS
	KUNIT_CASE(late_led_shows_what_is),
#endif
	KUNIT_CASE(sensors_show_every_cell),
	KUNIT_CASE_SLOW(alarms_follow_the_rules),
	KUNIT_CASE(dead_channel_is_a_fault_and_no_value),
	KUNIT_CASE_PARAM(limits_are_settings, write_gen_params),
	KUNIT_CASE(largest_bank_has_all_sensors),
	KUNIT_CASE(readers_do_not_wait_for_an_evaluation),
	KUNIT_CASE_SLOW(is_read_on_one_processor_and_evaluated_on_another),
	{}
};

struct kunit_suite smallbms_report_suite = {
	.name = "smallbms_report",
	.init = probe_test_init,
	.test_cases = report_cases,
};
