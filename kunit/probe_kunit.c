// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of probing, running and ending smallbms on fake hardware
 *
 * The real driver binds to banks made of software nodes. The tests check what the fake
 * chip saw at its lines, and what the log says about a bad firmware node.
 */

#include <kunit/device.h>
#include <kunit/resource.h>
#include <kunit/test.h>

#include <linux/bits.h>
#include <linux/container_of.h>
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/gpio/machine.h>
#include <linux/jiffies.h>
#include <linux/leds.h>
#include <linux/limits.h>
#include <linux/platform_device.h>
#include <linux/power_supply.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/time64.h>
#include <linux/tracepoint.h>
#include <linux/workqueue.h>
#include <trace/events/printk.h>

#include "fakes.h"
#include "helpers.h"
#include "suites.h"

/* What the driver said, as the console saw it */

static struct {
	raw_spinlock_t lock;	/* protects the rest; printk() cannot sleep */
	char first[512];
	unsigned int count;
} said = {
	.lock = __RAW_SPIN_LOCK_UNLOCKED(said.lock),
};

static void hear(void *ignore, const char *text, size_t len)
{
	unsigned long flags;

	/* Messages of gpiolib, the interrupt core and the driver core tell nothing new. */
	if (!strnstr(text, "smallbms smallbms.", len) || strnstr(text, "setup of GPIO", len) ||
	    strnstr(text, "request_irq(", len) || strnstr(text, "probe with driver", len))
		return;
	raw_spin_lock_irqsave(&said.lock, flags);
	if (!said.count++)
		strscpy(said.first, text, min(len + 1, sizeof(said.first)));
	raw_spin_unlock_irqrestore(&said.lock, flags);
}

static void listen(void)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&said.lock, flags);
	said.count = 0;
	said.first[0] = '\0';
	raw_spin_unlock_irqrestore(&said.lock, flags);
}

static int probe_init(struct kunit *test)
{
	listen();
	return probe_test_init(test);
}

/* Good nodes */

static const struct good_case {
	const char *name;
	bool signals;
	bool measurements;
	bool sleeps;
	bool irqs;
} good_cases[] = {
	{ "signals", true, false, false, true },
	{ "signals without interrupts", true, false, false, false },
	{ "signals behind a bus", true, false, true, true },
	{ "measurements", false, true, false, true },
	{ "both", true, true, false, true },
	{ "both behind a bus", true, true, true, true },
};

KUNIT_ARRAY_PARAM_DESC(good, good_cases, name);

static void good_node_connects_once(struct kunit *test)
{
	const struct good_case *c = test->param_value;
	struct probe_test *t = with_hardware(test, c->sleeps, c->irqs);
	struct fake_bank *bank = fake_bank_alloc(test);
	struct platform_device *pdev;

	add_panel(bank);
	if (c->signals)
		add_signals(bank);
	if (c->measurements)
		add_measurements(bank);
	pdev = running(test, bank);
	msleep(700);
	KUNIT_EXPECT_EQ_MSG(test, t->gpio->edges[FAKE_LOAD], 1, "X1: no pulse");
	KUNIT_EXPECT_EQ_MSG(test, t->gpio->edges[FAKE_CHARGE], 1, "X1: no pulse");
	KUNIT_EXPECT_EQ_MSG(test, t->gpio->edges[FAKE_PRE_ALARM], 0, "X1: no pulse");

	device_release_driver(&pdev->dev);
	KUNIT_EXPECT_FALSE(test, fake_gpio_driven(t->gpio, FAKE_LOAD));
	KUNIT_EXPECT_FALSE(test, fake_gpio_driven(t->gpio, FAKE_CHARGE));
}

static void push_pull_outputs(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);
	struct platform_device *pdev;

	fake_bank_drop(bank, "load-enable-gpios");
	fake_bank_gpio(bank, "load-enable-gpios", FAKE_LOAD, GPIO_ACTIVE_HIGH);
	add_signals(bank);
	pdev = running(test, bank);
	KUNIT_EXPECT_EQ(test, t->gpio->edges[FAKE_LOAD], 1);
	device_release_driver(&pdev->dev);
	KUNIT_EXPECT_FALSE(test, fake_gpio_driven(t->gpio, FAKE_LOAD));
}

static void largest_bank(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);

	fake_bank_channels(bank, "cell", FAKE_CELL, 160);
	fake_bank_channels(bank, "temp", FAKE_TEMP, 20);
	running(test, bank);
	t->adc->value[FAKE_CELL + 159] = 3050000;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_PRE_ALARM, true, MEASURED_MS + SLACK_MS));
}

static void two_banks_do_not_share(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);
	struct fake_bank *other = fake_bank_alloc(test);
	struct platform_device *pdev;

	add_measurements(bank);
	running(test, bank);

	fake_bank_drop(other, "load-enable-gpios");
	fake_bank_drop(other, "charge-enable-gpios");
	fake_bank_drop(other, "pre-alarm-gpios");
	fake_bank_gpio(other, "load-enable-gpios", FAKE_LOAD_2, GPIO_OPEN_SOURCE);
	fake_bank_gpio(other, "charge-enable-gpios", FAKE_CHARGE_2, GPIO_OPEN_SOURCE);
	fake_bank_channels(other, "cell", FAKE_CELL + 8, 4);
	pdev = fake_bank_add(test, other, 1);
	KUNIT_ASSERT_TRUE_MSG(test, bound(pdev), "%s", said.first);
	KUNIT_ASSERT_TRUE(test, becomes(t->gpio, FAKE_LOAD_2, true, START_MS + SLACK_MS));

	t->adc->value[FAKE_CELL + 9] = 3800000;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_CHARGE_2, false, MEASURED_MS + SLACK_MS));
	KUNIT_EXPECT_TRUE(test, fake_gpio_driven(t->gpio, FAKE_CHARGE));
	device_release_driver(&pdev->dev);
	KUNIT_EXPECT_FALSE(test, fake_gpio_driven(t->gpio, FAKE_LOAD_2));
	KUNIT_EXPECT_TRUE(test, fake_gpio_driven(t->gpio, FAKE_LOAD));
}

/* Bad nodes */

static void no_load(struct fake_bank *bank)
{
	fake_bank_drop(bank, "load-enable-gpios");
}

static void no_charge(struct fake_bank *bank)
{
	fake_bank_drop(bank, "charge-enable-gpios");
}

static void nothing_at_all(struct fake_bank *bank)
{
	bank->num_channels = 0;
}

static void only_temperature(struct fake_bank *bank)
{
	bank->num_channels = 0;
	fake_bank_channel(bank, "temp1", FAKE_TEMP);
}

static void no_charge_source(struct fake_bank *bank)
{
	bank->num_channels = 0;
	fake_bank_gpio(bank, "allowed-to-discharge-gpios", FAKE_ATD, GPIO_ACTIVE_HIGH);
}

static void seventeen_cells(struct fake_bank *bank)
{
	bank->num_channels = 0;
	fake_bank_channels(bank, "cell", FAKE_CELL, 17);
}

static void three_cells(struct fake_bank *bank)
{
	bank->num_channels = 3;
}

static void gap_in_cells(struct fake_bank *bank)
{
	bank->name[1] = "cell5";
}

static void cell_twice(struct fake_bank *bank)
{
	bank->name[1] = "cell1";
}

static void cell_zero(struct fake_bank *bank)
{
	bank->name[1] = "cell0";
}

static void cell_with_a_zero_in_front(struct fake_bank *bank)
{
	bank->name[1] = "cell02";
}

static void cell_beyond(struct fake_bank *bank)
{
	bank->name[1] = "cell161";
}

static void unknown_name(struct fake_bank *bank)
{
	bank->name[1] = "voltage";
}

static void channel_that_does_not_exist(struct fake_bank *bank)
{
	bank->num_channels = 3;
	fake_bank_channel(bank, "cell4", FAKE_NUM_CHANNELS);
}

static void front_ends_in_a_ring(struct fake_bank *bank)
{
	bank->num_channels = 3;
	bank->node = FAKE_RING;
	fake_bank_channel(bank, "cell4", 0);
}

static void cell_that_is_no_converter(struct fake_bank *bank)
{
	bank->num_channels = 3;
	bank->node = FAKE_NO_CONVERTER;
	fake_bank_channel(bank, "cell4", 0);
}

static void temperature_that_is_a_voltage(struct fake_bank *bank)
{
	bank->num_channels = 4;
	fake_bank_channel(bank, "temp1", FAKE_SUPPLY);
}

static void setting_too_high(struct fake_bank *bank)
{
	fake_bank_u32(bank, "load-disconnect-cell-microvolt", 2800001);
}

static void setting_too_low(struct fake_bank *bank)
{
	fake_bank_u32(bank, "warning-ms", 29999);
}

static void setting_negative(struct fake_bank *bank)
{
	fake_bank_u32(bank, "charge-min-millicelsius", (u32)-20001);
}

static void settings_contradict(struct fake_bank *bank)
{
	fake_bank_u32(bank, "pre-alarm-cell-microvolt", 2849999);
}

static void settings_too_near(struct fake_bank *bank)
{
	fake_bank_u32(bank, "charge-disconnect-cell-microvolt", 3649999);
}

static void setting_is_a_list(struct fake_bank *bank)
{
	static const u32 values[] = { 500, 500 };

	bank->prop[bank->num_props++] = PROPERTY_ENTRY_U32_ARRAY("hold-ms", values);
}

static void five_in_series(struct fake_bank *bank)
{
	fake_bank_u32(bank, "cells-in-series", 5);
}

static void more_in_series_than_there_are(struct fake_bank *bank)
{
	fake_bank_u32(bank, "cells-in-series", 16);
}

static void series_are_a_list(struct fake_bank *bank)
{
	static const u32 values[] = { 4, 4 };

	bank->prop[bank->num_props++] = PROPERTY_ENTRY_U32_ARRAY("cells-in-series", values);
}

static void channels_without_names(struct fake_bank *bank)
{
	bank->num_channels = 0;
	fake_bank_u32(bank, "io-channels", 0);
}

static void output_is_taken(struct fake_bank *bank)
{
	fake_bank_drop(bank, "charge-enable-gpios");
	fake_bank_gpio(bank, "charge-enable-gpios", FAKE_LOAD, GPIO_OPEN_SOURCE);
}

static const struct bad_case {
	const char *name;
	void (*change)(struct fake_bank *bank);
	const char *message;
} bad_cases[] = {
	{ "no load output", no_load, "load-enable-gpios is missing" },
	{ "no charge output", no_charge, "charge-enable-gpios is missing" },
	{ "no source", nothing_at_all, "nothing tells of a low cell: channels \"cell1\"" },
	{ "no source of low cells", only_temperature, "nothing tells of a low cell" },
	{ "no source of full cells", no_charge_source, "nothing tells of a full cell" },
	{ "17 cells", seventeen_cells, "17 cells" },
	{ "3 cells", three_cells, "3 cells" },
	{ "a cell is missing", gap_in_cells, "channel \"cell2\" is missing" },
	{ "a cell twice", cell_twice, "channel \"cell1\" is named twice" },
	{ "cell 0", cell_zero, "channel \"cell0\" is none of" },
	{ "cell 02", cell_with_a_zero_in_front, "channel \"cell02\" is none of" },
	{ "cell 161", cell_beyond, "channel \"cell161\" is none of" },
	{ "unknown channel name", unknown_name, "channel \"voltage\" is none of" },
	{ "channel that does not exist", channel_that_does_not_exist, "no channel for \"cell4\"" },
	{ "front ends in a ring", front_ends_in_a_ring,
	  "io-channels of \"cell4\" lead through more than 7 front ends" },
	{ "phandle to a node that is no converter", cell_that_is_no_converter,
	  "no converter for \"cell4\"" },
	{ "voltage as temperature", temperature_that_is_a_voltage,
	  "channel \"temp1\" does not measure a temperature" },
	{ "setting above its range", setting_too_high,
	  "load-disconnect-cell-microvolt = 2800001 is not in 2600000..2800000" },
	{ "setting below its range", setting_too_low,
	  "warning-ms = 29999 is not in 30000..300000" },
	{ "negative setting below its range", setting_negative,
	  "charge-min-millicelsius = -20001 is not in -20000..20000" },
	{ "setting too near to its neighbour", settings_contradict,
	  "pre-alarm-cell-microvolt = 2849999 is not in 2850000..3150000" },
	{ "setting leaves its neighbour out of range", settings_too_near,
	  "charge-reconnect-cell-microvolt = 3600000 is not in 500000..3599999" },
	{ "cells in series that no bank has", five_in_series,
	  "cells-in-series = 5 is not 4, 8 or 16" },
	{ "more cells in series than there are", more_in_series_than_there_are,
	  "cells-in-series = 16 does not divide 4 cells" },
	{ "cells in series are a list", series_are_a_list, "cells-in-series is not one number" },
	{ "setting is a list", setting_is_a_list, "hold-ms is not one number" },
	{ "channels without names", channels_without_names,
	  "io-channel-names must name every one of io-channels" },
	{ "a line used twice", output_is_taken, "no line for charge-enable-gpios" },
};

KUNIT_ARRAY_PARAM_DESC(bad, bad_cases, name);

static void bad_node_is_refused(struct kunit *test)
{
	const struct bad_case *c = test->param_value;
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);
	struct platform_device *pdev;

	add_measurements(bank);
	c->change(bank);
	pdev = fake_bank_add(test, bank, 0);
	KUNIT_EXPECT_FALSE(test, bound(pdev));
	msleep(20);
	KUNIT_EXPECT_EQ_MSG(test, said.count, 1, "one message");
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(said.first, c->message), "said: %s", said.first);
	KUNIT_EXPECT_EQ_MSG(test, t->gpio->was_driven, 0, "outputs float");
	KUNIT_EXPECT_EQ_MSG(test, t->gpio->output, 0, "outputs float");
}

/* An output that a boot loader left driven floats, even when the probe fails. */
static void bad_node_lets_go_of_a_driven_output(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);

	t->gpio->output |= BIT(FAKE_LOAD);
	t->gpio->level |= BIT(FAKE_LOAD);
	KUNIT_ASSERT_TRUE(test, fake_gpio_driven(t->gpio, FAKE_LOAD));
	KUNIT_EXPECT_FALSE(test, bound(fake_bank_add(test, bank, 0)));
	KUNIT_EXPECT_FALSE(test, fake_gpio_driven(t->gpio, FAKE_LOAD));
}

/* Probe fails at each of its steps. The outputs float, and the log names what failed. */

static void heartbeat_fails(struct kunit *test, struct probe_test *t, struct fake_bank *bank)
{
	fake_bank_gpio(bank, "heartbeat-gpios", FAKE_HEARTBEAT, GPIO_ACTIVE_HIGH);
	t->gpio->set_error[FAKE_HEARTBEAT] = -EIO;
}

static void input_fails(struct kunit *test, struct probe_test *t, struct fake_bank *bank)
{
	fake_bank_gpio(bank, "loop-gpios", FAKE_LOOP, GPIO_ACTIVE_HIGH);
	t->gpio->set_error[FAKE_LOOP] = -EIO;
}

static void interrupt_is_late(struct kunit *test, struct probe_test *t, struct fake_bank *bank)
{
	t->gpio->no_irq = -EPROBE_DEFER;
}

#ifdef CONFIG_LEDS_TRIGGERS
KUNIT_DEFINE_ACTION_WRAPPER(unregister_trigger, led_trigger_unregister, struct led_trigger *);

static void trigger_is_taken(struct kunit *test, struct probe_test *t, struct fake_bank *bank)
{
	struct led_trigger *trigger = kunit_kzalloc(test, sizeof(*trigger), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, trigger);
	trigger->name = "smallbms.0-load";
	KUNIT_ASSERT_EQ(test, 0, led_trigger_register(trigger));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, unregister_trigger, trigger));
}
#endif

static const struct step_case {
	const char *name;
	void (*fail)(struct kunit *test, struct probe_test *t, struct fake_bank *bank);
	const char *message;	/* NULL: probe is deferred without a message */
} step_cases[] = {
	{ "heartbeat", heartbeat_fails, "no line for heartbeat-gpios" },
	{ "input line", input_fails, "no line for loop-gpios" },
	{ "interrupt that is not there yet", interrupt_is_late, NULL },
#ifdef CONFIG_LEDS_TRIGGERS
	{ "LED trigger", trigger_is_taken, "no LED trigger \"smallbms.0-load\"" },
#endif
};

KUNIT_ARRAY_PARAM_DESC(step, step_cases, name);

static void probe_fails_at_each_step(struct kunit *test)
{
	const struct step_case *c = test->param_value;
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);

	add_signals(bank);
	add_measurements(bank);
	c->fail(test, t, bank);
	KUNIT_EXPECT_FALSE(test, bound(fake_bank_add(test, bank, 0)));
	msleep(20);
	if (c->message)
		KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(said.first, c->message), "said: %s",
					  said.first);
	else
		KUNIT_EXPECT_EQ_MSG(test, said.count, 0, "said: %s", said.first);
	KUNIT_EXPECT_EQ_MSG(test, t->gpio->was_driven & ~BIT(FAKE_HEARTBEAT), 0, "outputs float");
}

static void late_providers_are_waited_for(struct kunit *test)
{
	struct probe_test *t = test->priv;
	struct fake_bank *bank = fake_bank_alloc(test);
	struct platform_device *pdev;

	add_measurements(bank);
	pdev = fake_bank_add(test, bank, 0);
	KUNIT_EXPECT_FALSE(test, bound(pdev));

	t->gpio = fake_gpio_add(test, false, true, true);
	KUNIT_EXPECT_LE(test, device_attach(&pdev->dev), 0);
	KUNIT_EXPECT_FALSE_MSG(test, bound(pdev), "the converter is still missing");
	KUNIT_EXPECT_EQ(test, t->gpio->was_driven, 0);

	t->adc = fake_adc_add(test, FAKE_ADC);
	KUNIT_EXPECT_EQ(test, device_attach(&pdev->dev), 1);
	KUNIT_EXPECT_TRUE(test, bound(pdev));
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_LOAD, true, START_MS + SLACK_MS));
	KUNIT_EXPECT_EQ(test, t->gpio->edges[FAKE_LOAD], 1);

	/* Remove the bank before its providers. */
	fake_bank_remove(test, pdev);
	KUNIT_EXPECT_FALSE(test, fake_gpio_driven(t->gpio, FAKE_LOAD));
}

/* Running */

static void measured_bank_trips(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);

	add_measurements(bank);
	running(test, bank);

	t->adc->value[FAKE_CELL + 3] = 3800000;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, false, MEASURED_MS + SLACK_MS));
	t->adc->value[FAKE_CELL + 3] = 3300000;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, true, MEASURED_MS + SLACK_MS));
	t->adc->value[FAKE_TEMP] = -10000;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, false, MEASURED_MS + SLACK_MS));
	t->adc->value[FAKE_TEMP] = 25000;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, true, MEASURED_MS + SLACK_MS));
	t->adc->value[FAKE_CELL] = 3000000;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_PRE_ALARM, true, MEASURED_MS + SLACK_MS));
	KUNIT_EXPECT_FALSE(test, fake_gpio_driven(t->gpio, FAKE_CHARGE));
	KUNIT_EXPECT_TRUE(test, fake_gpio_driven(t->gpio, FAKE_LOAD));
}

static void lines_act_with_and_without_interrupts(struct kunit *test)
{
	const struct good_case *c = test->param_value;
	struct probe_test *t = with_hardware(test, c->sleeps, c->irqs);
	struct fake_bank *bank = fake_bank_alloc(test);

	add_panel(bank);
	if (c->signals)
		add_signals(bank);
	if (c->measurements)
		add_measurements(bank);
	running(test, bank);

	if (c->signals) {
		fake_gpio_set(t->gpio, FAKE_ATC, false);
		KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, false, SLACK_MS));
		fake_gpio_set(t->gpio, FAKE_ATC, true);
		KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, true, SLACK_MS));
		fake_gpio_set(t->gpio, FAKE_BPA, true);
		KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_PRE_ALARM, true, SLACK_MS));
	}
	fake_gpio_set(t->gpio, FAKE_LOOP, false);
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_LOAD, false, SLACK_MS));
	KUNIT_EXPECT_FALSE(test, fake_gpio_driven(t->gpio, FAKE_PRE_ALARM));
	KUNIT_EXPECT_FALSE(test, fake_gpio_driven(t->gpio, FAKE_CHARGE));
}

/* F3: a line that does not follow is written until it does. */
static void stuck_output_is_reported_and_written_again(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);

	add_signals(bank);
	running(test, bank);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_HEALTH),
			POWER_SUPPLY_HEALTH_GOOD);

	t->gpio->set_error[FAKE_CHARGE] = -EIO;
	fake_gpio_set(t->gpio, FAKE_ATC, false);
	msleep(600);
	KUNIT_EXPECT_TRUE(test, fake_gpio_driven(t->gpio, FAKE_CHARGE));
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_HEALTH),
			POWER_SUPPLY_HEALTH_UNSPEC_FAILURE);
	t->gpio->set_error[FAKE_CHARGE] = 0;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, false, SLACK_MS));
	msleep(1000);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_HEALTH),
			POWER_SUPPLY_HEALTH_GOOD);

	t->gpio->stuck = BIT(FAKE_LOAD);
	fake_gpio_set(t->gpio, FAKE_ATC, true);		/* so that the bank is evaluated */
	msleep(1000);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_HEALTH),
			POWER_SUPPLY_HEALTH_UNSPEC_FAILURE);
	t->gpio->stuck = 0;
	msleep(2000);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_HEALTH),
			POWER_SUPPLY_HEALTH_GOOD);
}

static void supply_shows_the_bank(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);

	add_measurements(bank);
	running(test, bank);
	t->adc->value[FAKE_BANK_CURRENT] = -5000000;
	t->adc->value[FAKE_TEMP] = 31500;
	msleep(2000);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_VOLTAGE_NOW), 13200000);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_TEMP), 315);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_TECHNOLOGY),
			POWER_SUPPLY_TECHNOLOGY_LiFe);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_STATUS),
			POWER_SUPPLY_STATUS_DISCHARGING);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_CAPACITY_LEVEL),
			POWER_SUPPLY_CAPACITY_LEVEL_NORMAL);

	t->adc->error[FAKE_SUPPLY] = -EIO;
	t->adc->error[FAKE_TEMP] = -ETIMEDOUT;
	msleep(2000);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_VOLTAGE_NOW), -ENODEV);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_TEMP), -ENODEV);

	t->adc->value[FAKE_CELL] = 3000000;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_PRE_ALARM, true, MEASURED_MS + SLACK_MS));
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_CAPACITY_LEVEL),
			POWER_SUPPLY_CAPACITY_LEVEL_LOW);
}

/* Controls */

static const struct write_case {
	const char *name;
	const char *text;
	int error;
	const char *after;
} write_cases[] = {
	{ "settings/pre_alarm_cell_microvolt", "", -EINVAL, "3100000" },
	{ "settings/pre_alarm_cell_microvolt", "\n", -EINVAL, "3100000" },
	{ "settings/pre_alarm_cell_microvolt", "low", -EINVAL, "3100000" },
	{ "settings/pre_alarm_cell_microvolt", "3000000 V", -EINVAL, "3100000" },
	{ "settings/pre_alarm_cell_microvolt", "3.0", -EINVAL, "3100000" },
	{ "settings/pre_alarm_cell_microvolt", "0x2dc6c0", -EINVAL, "3100000" },
	{ "settings/pre_alarm_cell_microvolt", "99999999999999999999", -ERANGE, "3100000" },
	{ "settings/pre_alarm_cell_microvolt", "2849999", -ERANGE, "3100000" },
	{ "settings/pre_alarm_cell_microvolt", "2850000", 0, "2850000" },
	{ "settings/pre_alarm_cell_microvolt", "3150000\n", 0, "3150000" },
	{ "settings/pre_alarm_cell_microvolt", "3150001", -ERANGE, "3100000" },
	{ "settings/load_disconnect_cell_microvolt", "2599999", -ERANGE, "2800000" },
	{ "settings/load_disconnect_cell_microvolt", "2600000", 0, "2600000" },
	{ "settings/load_disconnect_cell_microvolt", "2800001", -ERANGE, "2800000" },
	{ "settings/charge_min_millicelsius", "-20001", -ERANGE, "5000" },
	{ "settings/charge_min_millicelsius", "-20000", 0, "-20000" },
	{ "settings/charge_min_millicelsius", "20000", 0, "20000" },
	{ "settings/charge_min_millicelsius", "20001", -ERANGE, "5000" },
	{ "settings/charge_in_pre_alarm", "1", 0, "1" },
	{ "settings/charge_in_pre_alarm", "2", -ERANGE, "0" },
	{ "settings/charge_in_pre_alarm", "yes", -EINVAL, "0" },
	{ "settings/rest_current_microamp", "-1", -ERANGE, "200000" },
	{ "settings/rest_current_microamp", "0", 0, "0" },
	{ "settings/rest_current_microamp", "10000000", 0, "10000000" },
	{ "settings/rest_current_microamp", "10000001", -ERANGE, "200000" },
	{ "load_enable", "0", 0, "0" },
	{ "load_enable", "1\n", 0, "1" },
	{ "load_enable", "2", -ERANGE, "1" },
	{ "load_enable", "-1", -EINVAL, "1" },
	{ "load_enable", "off", -EINVAL, "1" },
};

static void write_case_desc(const struct write_case *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s = \"%s\"", c->name,
		 strchr(c->text, '\n') ? "with a new line" : c->text);
}

KUNIT_ARRAY_PARAM(write, write_cases, write_case_desc);

static void writes_are_checked(struct kunit *test)
{
	const struct write_case *c = test->param_value;
	struct fake_bank *bank = fake_bank_alloc(test);
	struct platform_device *pdev;
	struct probe_test *t;

	t = with_hardware(test, false, true);
	add_measurements(bank);
	pdev = running(test, bank);
	KUNIT_EXPECT_EQ(test, write_file(&pdev->dev, c->name, c->text),
			c->error ?: (ssize_t)strlen(c->text));
	EXPECT_TEXT(test, &pdev->dev, c->name, c->after);
	if (c->error) {
		KUNIT_EXPECT_TRUE(test, fake_gpio_driven(t->gpio, FAKE_LOAD));
		KUNIT_EXPECT_TRUE(test, fake_gpio_driven(t->gpio, FAKE_CHARGE));
	}
}

/* A setting that breaks a relation to another one is refused. */
static void relations_hold_at_run_time(struct kunit *test)
{
	struct fake_bank *bank = fake_bank_alloc(test);
	struct platform_device *pdev;
	struct probe_test *t;

	t = with_hardware(test, false, true);
	add_measurements(bank);
	fake_bank_u32(bank, "pre-alarm-cell-microvolt", 2950000);
	fake_bank_u32(bank, "load-reconnect-cell-microvolt", 3000000);
	pdev = running(test, bank);
	KUNIT_EXPECT_EQ(test, -ERANGE,
			write_file(&pdev->dev, "settings/pre_alarm_cell_microvolt", "2950001"));
	EXPECT_TEXT(test, &pdev->dev, "settings/pre_alarm_cell_microvolt", "2950000");
	t->adc->value[FAKE_CELL] = 2900000;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_PRE_ALARM, true, MEASURED_MS + SLACK_MS));
}

struct writer {
	struct work_struct work;
	struct device *dev;
	const char *text;
	unsigned int refused;
};

static void keep_writing(struct work_struct *work)
{
	struct writer *writer = container_of(work, struct writer, work);
	int i;

	for (i = 0; i < 500; i++) {
		if (write_file(writer->dev, "settings/pre_alarm_cell_microvolt",
			       writer->text) < 0)
			writer->refused++;
		cond_resched();
	}
}

static void two_writers_at_once(struct kunit *test)
{
	static const char *const texts[] = { "3000000", "3150000" };
	struct fake_bank *bank = fake_bank_alloc(test);
	struct platform_device *pdev;
	struct writer *writers;
	struct probe_test *t;
	const char *text;
	int i;

	t = with_hardware(test, false, true);
	add_measurements(bank);
	pdev = running(test, bank);
	writers = kunit_kcalloc(test, ARRAY_SIZE(texts), sizeof(*writers), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, writers);
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		writers[i].dev = &pdev->dev;
		writers[i].text = texts[i];
		INIT_WORK(&writers[i].work, keep_writing);
		queue_work(system_unbound_wq, &writers[i].work);
	}
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		flush_work(&writers[i].work);
		KUNIT_EXPECT_EQ(test, writers[i].refused, 0);
	}
	text = text_of(&pdev->dev, "settings/pre_alarm_cell_microvolt");
	KUNIT_EXPECT_TRUE_MSG(test, !strcmp(text, texts[0]) || !strcmp(text, texts[1]), "%s", text);
	KUNIT_EXPECT_TRUE(test, fake_gpio_driven(t->gpio, FAKE_LOAD));
	KUNIT_EXPECT_EQ(test, t->gpio->edges[FAKE_PRE_ALARM], 0);
}

static void charging_in_the_pre_alarm(struct kunit *test)
{
	struct fake_bank *bank = fake_bank_alloc(test);
	struct probe_test *t;

	t = with_hardware(test, false, true);
	add_measurements(bank);
	bank->prop[bank->num_props++] = PROPERTY_ENTRY_BOOL("charge-in-pre-alarm");
	running(test, bank);
	t->adc->value[FAKE_CELL] = 3000000;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_PRE_ALARM, true, MEASURED_MS + SLACK_MS));
	KUNIT_EXPECT_TRUE(test, fake_gpio_driven(t->gpio, FAKE_CHARGE));
	KUNIT_EXPECT_EQ(test, t->gpio->edges[FAKE_CHARGE], 1);
}

/* C4: only an operator ends it. */
static void operator_clears(struct kunit *test)
{
	struct fake_bank *bank = fake_bank_alloc(test);
	struct platform_device *pdev;
	struct probe_test *t;

	t = with_hardware(test, false, true);
	add_measurements(bank);
	pdev = running(test, bank);
	t->adc->value[FAKE_CELL + 2] = 1900000;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, false, MEASURED_MS + SLACK_MS));
	t->adc->value[FAKE_CELL + 2] = 3300000;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_PRE_ALARM, false, MEASURED_MS + SLACK_MS));
	msleep(1000);
	KUNIT_EXPECT_FALSE(test, fake_gpio_driven(t->gpio, FAKE_CHARGE));
	KUNIT_EXPECT_EQ(test, -ERANGE, write_file(&pdev->dev, "clear", "0"));
	KUNIT_EXPECT_EQ(test, -EINVAL, write_file(&pdev->dev, "clear", "all"));
	KUNIT_EXPECT_FALSE(test, fake_gpio_driven(t->gpio, FAKE_CHARGE));
	KUNIT_EXPECT_EQ(test, 1, write_file(&pdev->dev, "clear", "1"));
	/* Charging comes back at once, or with the next scan if a busy host was late with one. */
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, true, SLACK_MS));
}

/* P2: each cause that holds is listed by name, with the cell and its value. */
static void causes_and_outputs_are_files(struct kunit *test)
{
	struct fake_bank *bank = fake_bank_alloc(test);
	struct probe_test *t;
	struct device *psy;

	t = with_hardware(test, false, true);
	add_measurements(bank);
	running(test, bank);
	psy = psy_of(test);
	EXPECT_TEXT(test, psy, "load_output", "driven");
	EXPECT_TEXT(test, psy, "charge_output", "driven");
	EXPECT_TEXT(test, psy, "pre_alarm_output", "floating");

	t->adc->value[FAKE_CELL + 2] = 3050000;
	t->adc->value[FAKE_CELL + 3] = 3760000;
	t->adc->value[FAKE_TEMP] = -5000;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_PRE_ALARM, true, MEASURED_MS + SLACK_MS));
	EXPECT_TEXT(test, psy, "pre_alarm_output", "driven");
	EXPECT_TEXT(test, psy, "charge_output", "floating");
	KUNIT_EXPECT_TRUE(test, lists(psy, "causes", "U1 low-cell cell=3 microvolt=3050000"));
	KUNIT_EXPECT_TRUE(test, lists(psy, "causes", "C1 overvoltage cell=4 microvolt=3760000"));
	KUNIT_EXPECT_TRUE(test, lists(psy, "causes", "C2 cold battery=1 millicelsius=-5000"));
	KUNIT_EXPECT_TRUE(test, lists(psy, "causes", "C3 no-charge-in-pre-alarm since="));
}

/* F1: a value that cannot be true is unknown. */
static void implausible_reading_is_unknown(struct kunit *test)
{
	struct fake_bank *bank = fake_bank_alloc(test);
	struct probe_test *t;

	t = with_hardware(test, false, true);
	add_measurements(bank);
	running(test, bank);
	t->adc->value[FAKE_SUPPLY] = -1;
	msleep(2000);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_VOLTAGE_NOW), -ENODEV);
	t->adc->value[FAKE_SUPPLY] = 13000000;
	msleep(2000);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_VOLTAGE_NOW), 13000000);
}

/* F1: a line that cannot be read is tried again, and becomes an alarm. */
static void unreadable_line_is_an_alarm(struct kunit *test)
{
	struct fake_bank *bank = fake_bank_alloc(test);
	struct probe_test *t;

	t = with_hardware(test, false, true);
	add_signals(bank);
	running(test, bank);
	t->gpio->get_error[FAKE_ATD] = -EIO;
	fake_gpio_set(t->gpio, FAKE_ATC, false);	/* so that the bank is evaluated */
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_PRE_ALARM, true, 5000 + SLACK_MS));
	KUNIT_EXPECT_TRUE(test, fake_gpio_driven(t->gpio, FAKE_LOAD));
	t->gpio->get_error[FAKE_ATD] = 0;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_PRE_ALARM, false, SLACK_MS));
}

/* P5: a bank that somebody switched off is not empty. One that waits for a charge is low. */
static void switched_off_is_not_empty(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);
	struct platform_device *pdev;

	add_measurements(bank);
	pdev = running(test, bank);
	t->adc->value[FAKE_CELL] = 3150000;
	KUNIT_EXPECT_EQ(test, 1, write_file(&pdev->dev, "load_enable", "0"));
	msleep(MEASURED_MS);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_CAPACITY_LEVEL),
			POWER_SUPPLY_CAPACITY_LEVEL_NORMAL);
	KUNIT_EXPECT_EQ(test, 1, write_file(&pdev->dev, "load_enable", "1"));
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_CAPACITY_LEVEL),
			POWER_SUPPLY_CAPACITY_LEVEL_LOW);
	t->adc->value[FAKE_CELL] = 2750000;
	msleep(MEASURED_MS);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_CAPACITY_LEVEL),
			POWER_SUPPLY_CAPACITY_LEVEL_CRITICAL);
}

/* R5: the host can forbid charging, and can force nothing. */
static void host_may_forbid_charging(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);
	union power_supply_propval value;
	struct power_supply *psy;

	add_signals(bank);
	running(test, bank);
	psy = supply_of(test);

	value.intval = POWER_SUPPLY_CHARGE_BEHAVIOUR_INHIBIT_CHARGE;
	KUNIT_EXPECT_EQ(test, 0,
			power_supply_set_property(psy, POWER_SUPPLY_PROP_CHARGE_BEHAVIOUR, &value));
	KUNIT_EXPECT_FALSE(test, fake_gpio_driven(t->gpio, FAKE_CHARGE));
	KUNIT_EXPECT_TRUE(test, fake_gpio_driven(t->gpio, FAKE_LOAD));
	value.intval = POWER_SUPPLY_CHARGE_BEHAVIOUR_FORCE_DISCHARGE;
	KUNIT_EXPECT_EQ(test, -EINVAL,
			power_supply_set_property(psy, POWER_SUPPLY_PROP_CHARGE_BEHAVIOUR, &value));
	value.intval = 0;
	KUNIT_EXPECT_EQ(test, -EINVAL,
			power_supply_set_property(psy, POWER_SUPPLY_PROP_HEALTH, &value));
	value.intval = POWER_SUPPLY_CHARGE_BEHAVIOUR_AUTO;
	KUNIT_EXPECT_EQ(test, 0,
			power_supply_set_property(psy, POWER_SUPPLY_PROP_CHARGE_BEHAVIOUR, &value));
	KUNIT_EXPECT_TRUE(test, fake_gpio_driven(t->gpio, FAKE_CHARGE));
	power_supply_put(psy);
}

static void heartbeat_follows_the_scanner(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);
	struct platform_device *pdev;
	unsigned int beats;

	fake_bank_gpio(bank, "heartbeat-gpios", FAKE_HEARTBEAT, GPIO_ACTIVE_HIGH);
	add_signals(bank);
	pdev = running(test, bank);
	beats = t->gpio->edges[FAKE_HEARTBEAT];
	msleep(1500);
	KUNIT_EXPECT_GE(test, t->gpio->edges[FAKE_HEARTBEAT], beats + 2);
	device_release_driver(&pdev->dev);
	beats = t->gpio->edges[FAKE_HEARTBEAT];
	msleep(600);
	KUNIT_EXPECT_EQ(test, t->gpio->edges[FAKE_HEARTBEAT], beats);
}

static void log_names_each_output(struct kunit *test)
{
	struct fake_bank *bank = fake_bank_alloc(test);

	with_hardware(test, false, true);
	add_signals(bank);
	running(test, bank);
	msleep(100);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(said.first,
					       ": load-enable driven, charge-enable driven"),
				  "said: %s", said.first);
}

/* Ends */

static void shutdown_floats_for_good(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);
	struct platform_device *pdev;

	add_signals(bank);
	add_measurements(bank);
	pdev = running(test, bank);
	to_platform_driver(pdev->dev.driver)->shutdown(pdev);
	KUNIT_EXPECT_FALSE(test, fake_gpio_driven(t->gpio, FAKE_LOAD));
	KUNIT_EXPECT_FALSE(test, fake_gpio_driven(t->gpio, FAKE_CHARGE));
	fake_gpio_set(t->gpio, FAKE_ATC, false);
	fake_gpio_set(t->gpio, FAKE_ATC, true);
	msleep(1500);
	KUNIT_EXPECT_FALSE(test, fake_gpio_driven(t->gpio, FAKE_LOAD));
	KUNIT_EXPECT_FALSE(test, fake_gpio_driven(t->gpio, FAKE_CHARGE));

	/* Nothing is evaluated any more, but a value that is written is still shown. */
	KUNIT_EXPECT_EQ(test, 1, write_file(&pdev->dev, "load_enable", "0"));
	EXPECT_TEXT(test, &pdev->dev, "load_enable", "0");
}

static void sleep_floats_and_resume_starts_anew(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);
	const struct dev_pm_ops *pm;
	struct platform_device *pdev;
	unsigned int reads;

	if (!can_sleep(test))
		return;
	bank->prop[bank->num_props++] = PROPERTY_ENTRY_BOOL("allow-sleep");
	add_measurements(bank);
	pdev = running(test, bank);
	pm = pdev->dev.driver->pm;
	KUNIT_EXPECT_PTR_EQ_MSG(test, pm->freeze_late, pm->suspend_late, "hibernation");
	KUNIT_EXPECT_PTR_EQ_MSG(test, pm->thaw, pm->resume, "hibernation");
	KUNIT_EXPECT_PTR_EQ_MSG(test, pm->poweroff_late, pm->suspend_late, "hibernation");
	KUNIT_EXPECT_PTR_EQ_MSG(test, pm->restore, pm->resume, "hibernation");

	/* R6: a sleep that another device refuses moves no output. Nothing is read meanwhile. */
	KUNIT_EXPECT_EQ(test, 0, pm->suspend(&pdev->dev));
	reads = t->gpio->reads[FAKE_LOAD];
	msleep(1000);
	KUNIT_EXPECT_EQ(test, t->gpio->reads[FAKE_LOAD], reads);
	KUNIT_EXPECT_EQ(test, 0, pm->resume(&pdev->dev));
	msleep(1000);
	KUNIT_EXPECT_GT(test, t->gpio->reads[FAKE_LOAD], reads);
	KUNIT_EXPECT_EQ(test, t->gpio->edges[FAKE_LOAD], 1);
	KUNIT_EXPECT_EQ(test, 0, pm->suspend(&pdev->dev));

	KUNIT_EXPECT_EQ(test, 0, pm->suspend_late(&pdev->dev));
	KUNIT_EXPECT_FALSE(test, fake_gpio_driven(t->gpio, FAKE_LOAD));
	t->adc->value[FAKE_CELL] = 3120000;	/* enough to stay, not to connect */
	t->adc->hangs_ms = 500;
	KUNIT_EXPECT_EQ(test, 0, pm->resume(&pdev->dev));
	KUNIT_EXPECT_EQ_MSG(test, property(test, POWER_SUPPLY_PROP_VOLTAGE_NOW), -ENODEV,
			    "nothing is known before the first scan");
	t->adc->hangs_ms = 0;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, true, START_MS + SLACK_MS));
	msleep(700);
	KUNIT_EXPECT_FALSE(test, fake_gpio_driven(t->gpio, FAKE_LOAD));
	t->adc->value[FAKE_CELL] = 3150000;	/* X5 */
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_LOAD, true, START_MS + SLACK_MS));
}

static int probe_suite_init(struct kunit_suite *suite)
{
	return register_trace_console(hear, NULL);
}

static void probe_suite_exit(struct kunit_suite *suite)
{
	unregister_trace_console(hear, NULL);
	tracepoint_synchronize_unregister();
}

static struct kunit_case probe_cases[] = {
	KUNIT_CASE_PARAM(good_node_connects_once, good_gen_params),
	KUNIT_CASE(push_pull_outputs),
	KUNIT_CASE(largest_bank),
	KUNIT_CASE_SLOW(two_banks_do_not_share),
	KUNIT_CASE_PARAM(bad_node_is_refused, bad_gen_params),
	KUNIT_CASE(bad_node_lets_go_of_a_driven_output),
	KUNIT_CASE_PARAM(probe_fails_at_each_step, step_gen_params),
	KUNIT_CASE(late_providers_are_waited_for),
	KUNIT_CASE_SLOW(measured_bank_trips),
	KUNIT_CASE_PARAM(lines_act_with_and_without_interrupts, good_gen_params),
	KUNIT_CASE_SLOW(stuck_output_is_reported_and_written_again),
	KUNIT_CASE_SLOW(supply_shows_the_bank),
	KUNIT_CASE_PARAM_ATTR(writes_are_checked, write_gen_params, { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE_SLOW(relations_hold_at_run_time),
	KUNIT_CASE(two_writers_at_once),
	KUNIT_CASE_SLOW(charging_in_the_pre_alarm),
	KUNIT_CASE_SLOW(operator_clears),
	KUNIT_CASE_SLOW(causes_and_outputs_are_files),
	KUNIT_CASE_SLOW(implausible_reading_is_unknown),
	KUNIT_CASE_SLOW(unreadable_line_is_an_alarm),
	KUNIT_CASE_SLOW(switched_off_is_not_empty),
	KUNIT_CASE(host_may_forbid_charging),
	KUNIT_CASE_SLOW(heartbeat_follows_the_scanner),
	KUNIT_CASE(log_names_each_output),
	KUNIT_CASE_SLOW(shutdown_floats_for_good),
	KUNIT_CASE_SLOW(sleep_floats_and_resume_starts_anew),
	{}
};

struct kunit_suite smallbms_probe_suite = {
	.name = "smallbms_probe",
	.init = probe_init,
	.suite_init = probe_suite_init,
	.suite_exit = probe_suite_exit,
	.test_cases = probe_cases,
};
