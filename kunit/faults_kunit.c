// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of smallbms when hardware or calls of the kernel fail
 *
 * A fault must not end the protection of a bank. Where it does, the outputs have to float.
 */

#include <kunit/test.h>

#include <linux/bits.h>
#include <linux/container_of.h>
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/gpio/machine.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdesc.h>
#include <linux/irqdomain.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/notifier.h>
#include <linux/platform_device.h>
#include <linux/power_supply.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/suspend.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "fakes.h"
#include "helpers.h"
#include "smallbms.h"
#include "suites.h"

#define OUTPUTS		(BIT(FAKE_LOAD) | BIT(FAKE_CHARGE) | BIT(FAKE_PRE_ALARM))

#define DEFERRALS	1000
#define STORM_EDGES	20
#define REST_MS		1	/* between two evaluations of a line that storms */

static struct fake_bank *whole_bank(struct kunit *test)
{
	struct fake_bank *bank = fake_bank_alloc(test);

	fake_bank_gpio(bank, "heartbeat-gpios", FAKE_HEARTBEAT, GPIO_ACTIVE_HIGH);
	add_panel(bank);
	add_signals(bank);
	add_measurements(bank);
	return bank;
}

/* Memory */

#ifdef CONFIG_FAULT_INJECTION
/* Let only the n-th allocation of this task fail; 0: none. */
static void fail_allocation(unsigned int n)
{
	current->fail_nth = n;
}

static bool allocation_failed(void)
{
	bool failed = !current->fail_nth;

	current->fail_nth = 0;
	return failed;
}
#else
static void fail_allocation(unsigned int n)
{
}

static bool allocation_failed(void)
{
	return false;
}
#endif

static bool allocations_can_fail(struct kunit *test)
{
	void *memory;

	fail_allocation(1);
	memory = kmalloc(8, GFP_KERNEL);
	fail_allocation(0);
	if (!memory)
		return true;
	kfree(memory);
	kunit_skip(test, "no allocation fails: no CONFIG_FAILSLAB, or its ignore-gfp-wait is Y");
	return false;
}

static void every_allocation_of_probe_fails_in_turn(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct platform_device *pdev;
	unsigned int n, refused = 0;
	bool failed = true;

	if (!allocations_can_fail(test))
		return;
	pdev = running(test, whole_bank(test));
	for (n = 0; failed; n++) {
		device_release_driver(&pdev->dev);
		t->gpio->was_driven = 0;
		fail_allocation(n + 1);
		KUNIT_EXPECT_EQ(test, device_attach(&pdev->dev) > 0, bound(pdev));
		failed = allocation_failed();
		if (bound(pdev)) {
			KUNIT_ASSERT_TRUE_MSG(test, becomes(t->gpio, FAKE_LOAD, true,
							    START_MS + SLACK_MS),
					      "allocation %u is needed: no load", n + 1);
			continue;
		}
		refused++;
		KUNIT_ASSERT_EQ_MSG(test, t->gpio->was_driven & OUTPUTS, 0, "allocation %u", n + 1);
		KUNIT_ASSERT_EQ_MSG(test, t->gpio->output & OUTPUTS, 0, "allocation %u", n + 1);
	}
	KUNIT_EXPECT_TRUE_MSG(test, bound(pdev), "refused though no allocation failed");
	KUNIT_EXPECT_GT(test, refused, 0);
	kunit_info(test, "trials: %u\n", n - 1);
}

/* Scan in the task of the test, because only its allocations can be made to fail. */
static void scan_here(struct smallbms *bms, unsigned int converter)
{
	struct delayed_work *scanner = &bms->sense.converter[converter].scanner;

	cancel_delayed_work_sync(scanner);
	scanner->work.func(&scanner->work);
}

static void evaluation_needs_no_memory(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct smallbms *bms;
	unsigned int i;

	if (!allocations_can_fail(test))
		return;
	bms = platform_get_drvdata(running(test, whole_bank(test)));
	t->adc->value[FAKE_CELL] = 3800000;
	for (i = 0; i < MEASURED_MS / 100; i++) {
		fail_allocation(1);
		scan_here(bms, 0);
		KUNIT_EXPECT_FALSE(test, allocation_failed());
		msleep(100);
	}
	KUNIT_EXPECT_FALSE(test, fake_gpio_driven(t->gpio, FAKE_CHARGE));
}

/* Probe */

static void deferred_again_and_again(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct platform_device *pdev;
	int i;

	t->gpio->no_irq = -EPROBE_DEFER;
	pdev = fake_bank_add(test, whole_bank(test), 0);
	for (i = 0; i < DEFERRALS; i++) {
		KUNIT_ASSERT_FALSE(test, bound(pdev));
		KUNIT_ASSERT_LE(test, device_attach(&pdev->dev), 0);
	}
	KUNIT_EXPECT_EQ(test, t->gpio->was_driven & OUTPUTS, 0);
	KUNIT_EXPECT_EQ(test, t->gpio->output & OUTPUTS, 0);
	t->gpio->no_irq = 0;
	KUNIT_ASSERT_EQ(test, device_attach(&pdev->dev), 1);
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_LOAD, true, START_MS + SLACK_MS));
}

/* Lines */

static void every_call_of_the_chip_fails_in_turn_in_probe(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct platform_device *pdev;
	bool failed = true;
	unsigned int n;

	pdev = running(test, whole_bank(test));
	for (n = 0; failed; n++) {
		device_release_driver(&pdev->dev);
		t->gpio->was_driven = 0;
		t->gpio->fail_call = n + 1;
		KUNIT_EXPECT_GE(test, device_attach(&pdev->dev), 0);
		failed = !t->gpio->fail_call;
		t->gpio->fail_call = 0;
		KUNIT_EXPECT_EQ_MSG(test, t->gpio->was_driven & OUTPUTS, 0, "call %u", n + 1);
	}
	KUNIT_EXPECT_TRUE_MSG(test, bound(pdev), "refused though no call failed");
	kunit_info(test, "trials: %u\n", n - 1);
}

static const struct failure_case {
	const char *name;
	unsigned int more;
} failure_cases[] = {
	{ "one call", 0 },
	{ "two calls in a row", 1 },
	{ "three calls in a row", 2 },
};

KUNIT_ARRAY_PARAM_DESC(failure, failure_cases, name);

/* Let @n calls succeed, and then let as many fail in a row as the case says. */
static void fail_calls(struct kunit *test, struct fake_gpio *gpio, unsigned int n)
{
	const struct failure_case *c = test->param_value;

	gpio->fail_more = c->more;
	gpio->fail_call = n + 1;
}

/* Tell whether any has failed, and let no more fail. */
static bool calls_failed(struct kunit *test, struct fake_gpio *gpio)
{
	const struct failure_case *c = test->param_value;
	bool failed = !gpio->fail_call || gpio->fail_more < c->more;

	gpio->fail_call = 0;
	gpio->fail_more = 0;
	return failed;
}

/* With signals only, no scan comes to evaluate again. A failure is mended all the same. */
static void every_call_of_the_chip_fails_in_turn_when_running(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);
	bool failed = true;
	unsigned int n;

	add_panel(bank);
	add_signals(bank);
	running(test, bank);
	for (n = 0; failed; n++) {
		bool allowed = n % 2;

		fail_calls(test, t->gpio, n);
		fake_gpio_set(t->gpio, FAKE_ATC, allowed);
		KUNIT_ASSERT_TRUE_MSG(test, becomes(t->gpio, FAKE_CHARGE, allowed, SLACK_MS),
				      "call %u", n + 1);
		msleep(500);
		failed = calls_failed(test, t->gpio);
	}
	/* F1: one error decides nothing. */
	KUNIT_EXPECT_EQ(test, t->gpio->edges[FAKE_LOAD], 1);
	KUNIT_EXPECT_EQ(test, t->gpio->edges[FAKE_PRE_ALARM], 0);
	kunit_info(test, "trials: %u\n", n - 1);
}

/* F3b: an end has to try again by itself, because no evaluation comes after it. */
static void every_call_of_the_chip_fails_in_turn_at_an_end(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct platform_device *pdev = running(test, whole_bank(test));
	bool failed = true;
	unsigned int n;

	for (n = 0; failed; n++) {
		KUNIT_ASSERT_TRUE_MSG(test, becomes(t->gpio, FAKE_LOAD, true, START_MS + SLACK_MS),
				      "call %u", n);
		KUNIT_ASSERT_TRUE_MSG(test, becomes(t->gpio, FAKE_CHARGE, true, SLACK_MS),
				      "call %u", n);
		fail_calls(test, t->gpio, n);
		device_release_driver(&pdev->dev);
		failed = calls_failed(test, t->gpio);
		KUNIT_ASSERT_EQ_MSG(test, t->gpio->output & OUTPUTS, 0, "unbind, call %u", n + 1);
		KUNIT_ASSERT_EQ(test, device_attach(&pdev->dev), 1);
	}
	KUNIT_EXPECT_GE(test, n, 4);
	kunit_info(test, "trials: %u\n", n - 1);
}

static void every_call_of_the_chip_fails_in_turn_on_the_way_to_sleep(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = whole_bank(test);
	const struct dev_pm_ops *pm;
	struct platform_device *pdev;
	bool failed = true;
	unsigned int n;

	if (!can_sleep(test))
		return;
	bank->prop[bank->num_props++] = PROPERTY_ENTRY_BOOL("allow-sleep");
	pdev = running(test, bank);
	pm = pdev->dev.driver->pm;
	for (n = 0; failed; n++) {
		KUNIT_ASSERT_TRUE(test, becomes(t->gpio, FAKE_LOAD, true, START_MS + SLACK_MS));
		KUNIT_ASSERT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, true, SLACK_MS));
		fail_calls(test, t->gpio, n);
		KUNIT_ASSERT_EQ(test, 0, pm->suspend(&pdev->dev));
		KUNIT_ASSERT_EQ(test, 0, pm->suspend_late(&pdev->dev));
		failed = calls_failed(test, t->gpio);
		KUNIT_ASSERT_EQ_MSG(test, t->gpio->output & OUTPUTS, 0, "call %u", n + 1);
		KUNIT_ASSERT_EQ(test, 0, pm->resume(&pdev->dev));
	}
	KUNIT_EXPECT_GE(test, n, 4);
	kunit_info(test, "trials: %u\n", n - 1);
}

/* R6: if an output does not float, the host stays awake and protection goes on. */
static void sleep_is_refused_when_an_output_does_not_float(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = whole_bank(test);
	const struct dev_pm_ops *pm;
	struct platform_device *pdev;

	if (!can_sleep(test))
		return;
	bank->prop[bank->num_props++] = PROPERTY_ENTRY_BOOL("allow-sleep");
	pdev = running(test, bank);
	pm = pdev->dev.driver->pm;
	t->gpio->set_error[FAKE_CHARGE] = -EIO;
	KUNIT_EXPECT_EQ(test, 0, pm->suspend(&pdev->dev));
	KUNIT_EXPECT_EQ(test, -EIO, pm->suspend_late(&pdev->dev));
	KUNIT_EXPECT_FALSE(test, fake_gpio_driven(t->gpio, FAKE_LOAD));
	t->gpio->set_error[FAKE_CHARGE] = 0;
	KUNIT_EXPECT_EQ(test, 0, pm->resume(&pdev->dev));
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_LOAD, true, START_MS + SLACK_MS));

	/* F3b: a line that could be read before has to be read now. */
	KUNIT_EXPECT_EQ(test, 0, pm->suspend(&pdev->dev));
	t->gpio->get_error[FAKE_CHARGE] = -EBUSY;
	KUNIT_EXPECT_EQ(test, -EIO, pm->suspend_late(&pdev->dev));
	t->gpio->get_error[FAKE_CHARGE] = 0;
	KUNIT_EXPECT_EQ(test, 0, pm->resume(&pdev->dev));
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_LOAD, true, START_MS + SLACK_MS));
	fake_gpio_set(t->gpio, FAKE_ATC, false);
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, false, SLACK_MS));
}

/* F3a: without a heartbeat, the board's charge pump lets go of the output. */
static void heartbeat_stops_while_an_output_does_not_float(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	unsigned int beats;

	running(test, whole_bank(test));
	t->gpio->set_error[FAKE_CHARGE] = -EIO;
	fake_gpio_set(t->gpio, FAKE_ATC, false);
	msleep(600);
	beats = t->gpio->edges[FAKE_HEARTBEAT];
	msleep(1500);
	KUNIT_EXPECT_EQ(test, t->gpio->edges[FAKE_HEARTBEAT], beats);
	t->gpio->set_error[FAKE_CHARGE] = 0;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, false, SLACK_MS));
	msleep(1500);
	KUNIT_EXPECT_GT(test, t->gpio->edges[FAKE_HEARTBEAT], beats);
}

/* F3: a capacitor at the terminal is no fault, unless it outlasts the settle time. */
static void released_line_may_settle(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);

	running(test, whole_bank(test));
	t->gpio->settle_ms = 15;
	fake_gpio_set(t->gpio, FAKE_ATC, false);
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, false, SLACK_MS));
	msleep(300);
	KUNIT_EXPECT_FALSE(test, lists(psy_of(test), "episodes", "output-fault 1"));
	t->gpio->settle_ms = 400;
	fake_gpio_set(t->gpio, FAKE_BPA, true);
	msleep(200);
	fake_gpio_set(t->gpio, FAKE_BPA, false);
	msleep(200);
	KUNIT_EXPECT_TRUE(test, lists(psy_of(test), "causes", "F3 output-fault output=pre-alarm"));
	msleep(1000);
	KUNIT_EXPECT_FALSE(test, lists(psy_of(test), "causes", "F3"));
}

/* F7 */
static void interrupts_that_cannot_be_had_are_polled(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);

	add_panel(bank);
	add_signals(bank);
	t->gpio->no_irq = INT_MAX;
	running(test, bank);
	fake_gpio_set(t->gpio, FAKE_ATC, false);
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, false, 1000 + SLACK_MS));
	fake_gpio_set(t->gpio, FAKE_LOOP, false);
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_LOAD, false, 1000 + SLACK_MS));
}

static void lost_edge_costs_seconds(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);

	add_panel(bank);
	add_signals(bank);
	running(test, bank);
	t->gpio->mute = true;
	fake_gpio_set(t->gpio, FAKE_LOOP, false);
	t->gpio->mute = false;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_LOAD, false, 10000 + SLACK_MS));
}

/* Nothing keeps a chip without a parent from going before the bank. It is taken all the same. */
static void chip_without_a_parent(struct kunit *test)
{
	struct fake_gpio *gpio = fake_gpio_add(test, false, true, false);
	struct fake_bank *bank = fake_bank_alloc(test);

	add_signals(bank);
	fake_gpio_set(gpio, FAKE_ATD, true);
	fake_gpio_set(gpio, FAKE_ATC, true);
	KUNIT_ASSERT_TRUE(test, bound(fake_bank_add(test, bank, 0)));
	KUNIT_EXPECT_TRUE(test, becomes(gpio, FAKE_LOAD, true, START_MS + SLACK_MS));
}

/* The scanner looks at the lines too, so it finds a change without an interrupt. */
static void interrupts_never_come(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);

	t->gpio->mute = true;
	running(test, whole_bank(test));
	fake_gpio_set(t->gpio, FAKE_ATC, false);
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, false, SLACK_MS));
	fake_gpio_set(t->gpio, FAKE_LOOP, false);
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_LOAD, false, SLACK_MS));
}

/* The interrupts of an expander share a thread. A handler that rests stalls the others. */
static void line_storms(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct irqaction *action;
	unsigned int i, irq, reads;
	ktime_t begin;
	s64 took_ms;

	running(test, whole_bank(test));
	irq = irq_find_mapping(t->gpio->irqs, FAKE_BPA);
	action = irq_data_to_desc(irq_get_irq_data(irq))->action;
	begin = ktime_get();
	reads = t->gpio->reads[FAKE_BPA];
	for (i = 0; i < STORM_EDGES; i++)
		action->thread_fn(irq, action->dev_id);
	took_ms = ktime_ms_delta(ktime_get(), begin);
	KUNIT_EXPECT_LT(test, took_ms, STORM_EDGES * REST_MS);
	/* The line is read once a millisecond, and by the scanner, whatever the number of edges. */
	KUNIT_EXPECT_LE(test, t->gpio->reads[FAKE_BPA] - reads, took_ms / REST_MS + 2);
	/* On a slow machine this edge comes after the rest, so the handler reads its line. */
	reads = t->gpio->reads[FAKE_BPA];
	action->thread_fn(irq, action->dev_id);
	msleep(20);
	KUNIT_EXPECT_GT_MSG(test, t->gpio->reads[FAKE_BPA], reads, "no look after the last edge");
}

static int supply_changed(struct notifier_block *block, unsigned long event, void *data)
{
	struct probe_test *t = container_of(block, struct probe_test, changes);

	t->changed++;
	return NOTIFY_OK;
}

/* P3: no more than ten announcements in a second, and the last state is among them. */
static void line_chatters(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	unsigned int changed, i;
	ktime_t begin;

	running(test, whole_bank(test));
	msleep(500);
	t->changes.notifier_call = supply_changed;
	KUNIT_ASSERT_EQ(test, 0, power_supply_reg_notifier(&t->changes));
	begin = ktime_get();
	for (i = 0; i < 25; i++) {
		fake_gpio_set(t->gpio, FAKE_ATC, i % 2);
		msleep(40);
	}
	msleep(200);
	changed = t->changed;
	power_supply_unreg_notifier(&t->changes);
	KUNIT_EXPECT_GE(test, changed, 5);
	KUNIT_EXPECT_LE(test, changed, 2 + ktime_ms_delta(ktime_get(), begin) / 100);
	KUNIT_EXPECT_FALSE(test, fake_gpio_driven(t->gpio, FAKE_CHARGE));
	KUNIT_EXPECT_TRUE(test, lists(psy_of(test), "charge_output", "floating"));
}

/* Converter */

static void release(struct work_struct *work)
{
	struct probe_test *t = container_of(work, struct probe_test, work);

	device_release_driver(&t->pdev->dev);
}

static void converter_never_returns(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = whole_bank(test);
	unsigned int beats;

	fake_bank_u32(bank, "stale-ms", 1000);
	t->pdev = running(test, bank);
	t->adc->hangs_ms = HANGS_MS;
	msleep(500);
	beats = t->gpio->edges[FAKE_HEARTBEAT];
	KUNIT_EXPECT_TRUE_MSG(test, becomes(t->gpio, FAKE_PRE_ALARM, true, 1000 + SLACK_MS), "F1");
	KUNIT_EXPECT_FALSE_MSG(test, fake_gpio_driven(t->gpio, FAKE_CHARGE), "F1");
	fake_gpio_set(t->gpio, FAKE_ATC, false);	/* evaluated, but without fresh data */
	msleep(500);
	KUNIT_EXPECT_EQ(test, t->gpio->edges[FAKE_HEARTBEAT], beats);

	/* Unbinding waits for the converter; the outputs do not. */
	INIT_WORK(&t->work, release);
	queue_work(system_unbound_wq, &t->work);
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_LOAD, false, SLACK_MS));
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_PRE_ALARM, false, SLACK_MS));
	KUNIT_EXPECT_TRUE_MSG(test, work_busy(&t->work), "the converter has returned");
	t->adc->hangs_ms = 0;
	flush_work(&t->work);
	KUNIT_EXPECT_EQ(test, t->gpio->edges[FAKE_HEARTBEAT], beats);
}

/* A first scan that never ends is noticed after the stale limit. */
static void first_scan_never_returns(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = whole_bank(test);

	t->adc->hangs_ms = HANGS_MS;
	fake_bank_u32(bank, "stale-ms", 2000);
	KUNIT_ASSERT_TRUE(test, bound(fake_bank_add(test, bank, 0)));
	msleep(300);
	KUNIT_EXPECT_EQ(test, property_at_once(test, POWER_SUPPLY_PROP_HEALTH),
			POWER_SUPPLY_HEALTH_UNKNOWN);
	KUNIT_EXPECT_EQ(test, property_at_once(test, POWER_SUPPLY_PROP_CAPACITY_LEVEL),
			POWER_SUPPLY_CAPACITY_LEVEL_UNKNOWN);
	msleep(2500);
	KUNIT_EXPECT_EQ(test, property_at_once(test, POWER_SUPPLY_PROP_HEALTH),
			POWER_SUPPLY_HEALTH_WATCHDOG_TIMER_EXPIRE);
	KUNIT_EXPECT_EQ(test, t->gpio->was_driven & OUTPUTS, 0);
	t->adc->hangs_ms = 0;
}

static void shutdown_does_not_wait_for_a_converter(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct platform_device *pdev = running(test, whole_bank(test));
	ktime_t begin;

	t->adc->hangs_ms = HANGS_MS;
	msleep(1000);
	begin = ktime_get();
	to_platform_driver(pdev->dev.driver)->shutdown(pdev);
	KUNIT_EXPECT_LT(test, ktime_ms_delta(ktime_get(), begin), HANGS_MS / 2);
	KUNIT_EXPECT_FALSE(test, fake_gpio_driven(t->gpio, FAKE_LOAD));
	t->adc->hangs_ms = 0;
}

/* A scan takes three seconds. No cell is lost, as the stale limit is more than two scans. */
static void converter_is_slow(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);
	const unsigned int scan_ms = 3000 + 600;
	struct platform_device *pdev;
	struct smallbms *bms;
	u64 age_ms;

	fake_bank_channels(bank, "cell", FAKE_CELL, 4);
	fake_bank_u32(bank, "stale-ms", 10000);
	t->adc->hangs_ms = 750;
	pdev = fake_bank_add(test, bank, 0);
	KUNIT_ASSERT_TRUE(test, bound(pdev));
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_LOAD, true, 3 * scan_ms + SLACK_MS));
	t->adc->value[FAKE_CELL + 2] = 3800000;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, false, 3 * scan_ms + SLACK_MS));
	KUNIT_EXPECT_EQ(test, t->gpio->edges[FAKE_LOAD], 1);
	KUNIT_EXPECT_EQ(test, t->gpio->edges[FAKE_CHARGE], 2);
	KUNIT_EXPECT_EQ(test, t->gpio->edges[FAKE_PRE_ALARM], 0);

	/*
	 * F1: the age of the values counts from the beginning of the scan. Each read may
	 * begin within a jiffy, and takes up to a jiffy less.
	 */
	bms = platform_get_drvdata(pdev);
	scoped_guard(mutex, &bms->lock)
		age_ms = div_u64(bms->sample.scan_ns -
				 bms->sample.group[SMALLBMS_KIND_CELL].good_ns, NSEC_PER_MSEC);
	KUNIT_EXPECT_GE(test, age_ms, 3000 - 4 * jiffies_to_msecs(1));
	t->adc->hangs_ms = 0;
}

static const char *causes(struct kunit *test)
{
	return text_of(psy_of(test), "causes");
}

/* F2: the load stays on, in whatever way a temperature is lost. */
static void temperatures_time_out(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_adc *temps = fake_adc_add(test, FAKE_ADC_2);
	struct fake_bank *bank = fake_bank_alloc(test);
	unsigned int beats, i;

	fake_bank_gpio(bank, "heartbeat-gpios", FAKE_HEARTBEAT, GPIO_ACTIVE_HIGH);
	fake_bank_channels(bank, "cell", FAKE_CELL, 4);
	bank->node = FAKE_ADC_2;
	fake_bank_channels(bank, "temp", FAKE_TEMP, 3);
	running(test, bank);
	for (i = 0; i < 3; i++)
		temps->error[FAKE_TEMP + i] = -ETIMEDOUT;
	temps->hangs_ms = 2000;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, false, 5000 + SLACK_MS));
	KUNIT_EXPECT_NOT_NULL(test, strstr(causes(test), "temperature-lost"));
	beats = t->gpio->edges[FAKE_HEARTBEAT];
	msleep(10000);
	KUNIT_EXPECT_EQ(test, t->gpio->edges[FAKE_LOAD], 1);
	KUNIT_EXPECT_EQ(test, t->gpio->edges[FAKE_PRE_ALARM], 0);
	KUNIT_EXPECT_EQ(test, t->gpio->edges[FAKE_CHARGE], 2);
	KUNIT_EXPECT_GE(test, t->gpio->edges[FAKE_HEARTBEAT], beats + 10);
	temps->hangs_ms = 0;
}

/* X1, F2: a start waits for temperatures until they are lost, and no longer. */
static void temperatures_hang_from_the_start(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_adc *temps = fake_adc_add(test, FAKE_ADC_2);
	struct fake_bank *bank = fake_bank_alloc(test);

	fake_bank_u32(bank, "stale-ms", 4000);
	fake_bank_channels(bank, "cell", FAKE_CELL, 4);
	bank->node = FAKE_ADC_2;
	fake_bank_channels(bank, "temp", FAKE_TEMP, 1);
	temps->hangs_ms = HANGS_MS;
	KUNIT_ASSERT_TRUE(test, bound(fake_bank_add(test, bank, 0)));
	msleep(3500);
	KUNIT_EXPECT_FALSE(test, fake_gpio_driven(t->gpio, FAKE_LOAD));
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_LOAD, true, 1500 + SLACK_MS / 2));
	KUNIT_EXPECT_EQ(test, t->gpio->edges[FAKE_CHARGE], 0);
	KUNIT_EXPECT_NOT_NULL(test, strstr(causes(test), "temperature-lost"));
	temps->hangs_ms = 0;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, true, SLACK_MS));
}

/* Eight cells on two converters, the first of which is the usual one */
static struct fake_adc *two_converters(struct kunit *test, struct fake_bank *bank)
{
	struct fake_adc *second = fake_adc_add(test, FAKE_ADC_2);
	unsigned int i;

	for (i = 0; i < 8; i++) {
		char *text = bank->text[bank->num_channels];

		snprintf(text, sizeof(bank->text[0]), "cell%u", i + 1);
		bank->node = i < 4 ? FAKE_ADC : FAKE_ADC_2;
		fake_bank_channel(bank, text, FAKE_CELL + i);
	}
	return second;
}

/* F1: a converter that hangs makes the cells of another neither late nor unknown. */
static void one_of_two_converters_hangs(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);
	struct fake_adc *second = two_converters(test, bank);

	fake_bank_u32(bank, "stale-ms", 10000);
	running(test, bank);
	second->hangs_ms = 4 * HANGS_MS;
	msleep(700);	/* so that it hangs by now */
	t->adc->value[FAKE_CELL] = 3800000;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, false, MEASURED_MS + SLACK_MS));
	KUNIT_EXPECT_NOT_NULL(test, strstr(causes(test), "overvoltage cell=1 "));
	t->adc->value[FAKE_CELL] = 2700000;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_PRE_ALARM, true, MEASURED_MS + SLACK_MS));
	KUNIT_EXPECT_NULL_MSG(test, strstr(causes(test), "cell-lost"), "second not stale yet");
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_LOAD, false, 30000 + SLACK_MS));
	KUNIT_EXPECT_NOT_NULL(test, strstr(causes(test), "undervoltage cell=1 "));
	second->hangs_ms = 0;
}

/* F4: one bad value of a converter does not stand because another converter is scanned. */
static void other_converters_are_no_evidence(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);
	struct fake_adc *second = two_converters(test, bank);

	fake_bank_u32(bank, "stale-ms", 10000);
	running(test, bank);
	second->value[FAKE_CELL + 5] = 3800000;
	scanned(test);
	second->hangs_ms = HANGS_MS;
	second->value[FAKE_CELL + 5] = 3300000;
	msleep(5000);
	KUNIT_EXPECT_EQ(test, t->gpio->edges[FAKE_CHARGE], 1);
	second->hangs_ms = 0;
}

/* Speed: converters are scanned side by side, so only the slowest one counts. */
static void converters_are_scanned_at_once(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);
	struct fake_adc *adc[6] = { t->adc };
	const struct smallbms_group *cell;
	struct smallbms *bms;
	unsigned int i;
	u64 age_ms;

	for (i = 0; i < 60; i++) {
		char *text = bank->text[i];

		snprintf(text, sizeof(bank->text[0]), "cell%u", i + 1);
		bank->node = FAKE_ADC + i / 10;
		fake_bank_channel(bank, text, FAKE_CELL + i);
	}
	for (i = 0; i < ARRAY_SIZE(adc); i++) {
		if (i)
			adc[i] = fake_adc_add(test, FAKE_ADC + i);
		adc[i]->hangs_ms = 20;
	}
	bms = platform_get_drvdata(running(test, bank));
	scanned(test);
	cell = &bms->sample.group[SMALLBMS_KIND_CELL];
	scoped_guard(mutex, &bms->lock)
		age_ms = div_u64(cell->scan_ns - cell->good_ns, NSEC_PER_MSEC);
	KUNIT_EXPECT_TRUE(test, cell->all);
	KUNIT_EXPECT_GE(test, age_ms, 10 * 20 - 10 * jiffies_to_msecs(1));
	KUNIT_EXPECT_LE(test, age_ms, 60 * 20 / 2);
	for (i = 0; i < ARRAY_SIZE(adc); i++)
		adc[i]->hangs_ms = 0;
}

/* The heartbeat waits for every measurement that the load depends on. */
static void heartbeat_waits_for_all_cells(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);
	struct fake_adc *second = two_converters(test, bank);
	unsigned int beats;

	fake_bank_gpio(bank, "heartbeat-gpios", FAKE_HEARTBEAT, GPIO_ACTIVE_HIGH);
	running(test, bank);
	beats = t->gpio->edges[FAKE_HEARTBEAT];
	msleep(2000);
	KUNIT_EXPECT_GE(test, t->gpio->edges[FAKE_HEARTBEAT], beats + 4);
	second->hangs_ms = HANGS_MS;
	msleep(700);
	beats = t->gpio->edges[FAKE_HEARTBEAT];
	msleep(2000);
	KUNIT_EXPECT_EQ(test, t->gpio->edges[FAKE_HEARTBEAT], beats);
	second->hangs_ms = 0;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_LOAD, true, 0));
}

/* F2: temperatures do not stop the heartbeat, even where nothing else is measured. */
static void heartbeat_does_not_wait_for_temperatures(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);
	unsigned int beats;

	fake_bank_gpio(bank, "heartbeat-gpios", FAKE_HEARTBEAT, GPIO_ACTIVE_HIGH);
	add_signals(bank);
	fake_bank_channels(bank, "temp", FAKE_TEMP, 1);
	running(test, bank);
	t->adc->hangs_ms = HANGS_MS;
	msleep(700);
	beats = t->gpio->edges[FAKE_HEARTBEAT];
	msleep(2000);
	KUNIT_EXPECT_GE(test, t->gpio->edges[FAKE_HEARTBEAT], beats + 4);
	t->adc->hangs_ms = 0;
}

/* F1: a channel that times out has answered, so the heartbeat goes on. */
static void heartbeat_goes_on_when_a_channel_times_out(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);
	unsigned int beats;

	fake_bank_gpio(bank, "heartbeat-gpios", FAKE_HEARTBEAT, GPIO_ACTIVE_HIGH);
	add_signals(bank);
	fake_bank_channel(bank, "supply", FAKE_SUPPLY);
	running(test, bank);
	t->adc->error[FAKE_SUPPLY] = -ETIMEDOUT;
	t->adc->hangs_ms = 120;
	msleep(700);
	beats = t->gpio->edges[FAKE_HEARTBEAT];
	msleep(2000);
	KUNIT_EXPECT_GE(test, t->gpio->edges[FAKE_HEARTBEAT], beats + 4);
	t->adc->hangs_ms = 0;
}

/* F1: a line without an interrupt does not wait for a converter either. */
static void mute_line_does_not_wait_for_a_converter(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, false);

	running(test, whole_bank(test));
	t->adc->hangs_ms = HANGS_MS;
	msleep(700);
	fake_gpio_set(t->gpio, FAKE_ATC, false);
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, false, 4000));
	KUNIT_EXPECT_NULL(test, strstr(causes(test), "cell-lost"));
	t->adc->hangs_ms = 0;
}

/* A converter that times out is scanned seldom; one that fails at once is scanned as usual. */
static void dead_converter_rests(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_adc *temps = fake_adc_add(test, FAKE_ADC_2);
	struct fake_bank *bank = fake_bank_alloc(test);
	unsigned int reads;

	fake_bank_channels(bank, "cell", FAKE_CELL, 4);
	bank->node = FAKE_ADC_2;
	fake_bank_channels(bank, "temp", FAKE_TEMP, 1);
	running(test, bank);
	temps->error[FAKE_TEMP] = -EIO;
	reads = temps->reads;
	msleep(6000);
	KUNIT_EXPECT_GE(test, temps->reads - reads, 15);
	temps->hangs_ms = 200;
	msleep(2000);
	reads = temps->reads;
	msleep(6000);
	KUNIT_EXPECT_LE(test, temps->reads - reads, 6);
	KUNIT_EXPECT_GE(test, temps->reads - reads, 3);
	temps->error[FAKE_TEMP] = 0;
	temps->hangs_ms = 0;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, true, SLACK_MS));
}

static u64 next_scan(struct smallbms *bms, unsigned int converter)
{
	guard(mutex)(&bms->lock);

	return bms->sense.converter[converter].next_ns;
}

/* What one converter finds of the cells brings forward the scans of cells only. */
static void converters_that_matter_are_asked(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = fake_bank_alloc(test);
	u64 pace_ns, asked_ns, temp_ns;
	struct smallbms *bms;

	two_converters(test, bank);
	fake_adc_add(test, FAKE_ADC_3);
	bank->node = FAKE_ADC_3;
	fake_bank_channels(bank, "temp", FAKE_TEMP, 1);
	bms = platform_get_drvdata(running(test, bank));
	scanned(test);
	scan_here(bms, 2);
	scan_here(bms, 1);
	scan_here(bms, 0);
	pace_ns = next_scan(bms, 1);
	temp_ns = next_scan(bms, 2);
	t->adc->value[FAKE_CELL] = 3000000;
	scan_here(bms, 0);
	asked_ns = next_scan(bms, 1);
	KUNIT_EXPECT_LT(test, asked_ns, pace_ns);
	KUNIT_EXPECT_LE(test, asked_ns, next_scan(bms, 0) + NSEC_PER_MSEC);
	KUNIT_EXPECT_EQ(test, temp_ns, next_scan(bms, 2));

	/* When that has ended and nothing else has begun, no scan is put off. */
	t->adc->value[FAKE_CELL] = 3150000;
	scan_here(bms, 0);
	KUNIT_EXPECT_EQ(test, asked_ns, next_scan(bms, 1));
	KUNIT_EXPECT_GT(test, next_scan(bms, 0), asked_ns);
}

/* A divider or an amplifier is scanned with the converter that it is in front of. */
static void front_ends_share_a_converter(struct kunit *test)
{
	static const enum fake_node nodes[] = { FAKE_FRONT, FAKE_FRONT_2, FAKE_ADC, FAKE_ADC_2 };
	struct fake_bank *bank = fake_bank_alloc(test);
	const struct smallbms_sense *sense;
	struct smallbms *bms;
	unsigned int i;

	with_hardware(test, false, true);
	for (i = 0; i < 4; i++) {
		char *text = bank->text[i];

		snprintf(text, sizeof(bank->text[0]), "cell%u", i + 1);
		bank->node = nodes[i];
		fake_bank_channel(bank, text, FAKE_CELL + i);
		if (nodes[i] != FAKE_ADC)
			fake_adc_add(test, nodes[i]);
	}
	bms = platform_get_drvdata(running(test, bank));
	sense = &bms->sense;
	KUNIT_EXPECT_EQ(test, sense->num_converters, 2);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, sense->channel[i].converter, i == 3);
}

/* Clock */

static void jump(struct kunit *test, s64 seconds)
{
	struct timespec64 now;

	ktime_get_real_ts64(&now);
	now.tv_sec += seconds;
	KUNIT_ASSERT_EQ(test, 0, do_settimeofday64(&now));
}

/* F4: a jump of the wall clock changes nothing, not even within the warning time. */
static void wall_clock_jumps(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	const struct smallbms *bms;
	u64 begin_ns, cut_ns;
	unsigned int beats;

	bms = platform_get_drvdata(running(test, whole_bank(test)));
	begin_ns = ktime_get_boottime_ns();
	t->adc->value[FAKE_CELL] = 2700000;
	KUNIT_ASSERT_TRUE(test, becomes(t->gpio, FAKE_PRE_ALARM, true, MEASURED_MS + SLACK_MS));
	msleep(1000);
	cut_ns = bms->decision.cut_ns;
	KUNIT_EXPECT_GE(test, cut_ns, begin_ns + 30ULL * NSEC_PER_SEC);

	beats = t->gpio->edges[FAKE_HEARTBEAT];
	jump(test, 3600);
	msleep(1000);
	jump(test, -3599);	/* not back to before the boot */
	msleep(1000);
	KUNIT_EXPECT_TRUE(test, fake_gpio_driven(t->gpio, FAKE_LOAD));
	KUNIT_EXPECT_EQ(test, bms->decision.cut_ns, cut_ns);
	KUNIT_EXPECT_GT(test, t->gpio->edges[FAKE_HEARTBEAT], beats);

	t->adc->value[FAKE_CELL] = 3300000;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_PRE_ALARM, false, MEASURED_MS + SLACK_MS));
}

/* Ends */

/* Other panic notifiers would end the kernel, so only the driver's is called. */
static void end_in_panic(struct kunit *test, bool sleeps)
{
	struct probe_test *t = with_hardware(test, sleeps, true);
	struct fake_bank *bank = fake_bank_alloc(test);
	struct smallbms *bms;

	add_signals(bank);
	bms = platform_get_drvdata(running(test, bank));
	if (IS_ENABLED(CONFIG_PREEMPT_RT)) {
		KUNIT_EXPECT_NULL(test, bms->act.panic.notifier_call);
		return;
	}
	fake_gpio_set(t->gpio, FAKE_BPA, true);
	KUNIT_ASSERT_TRUE(test, becomes(t->gpio, FAKE_PRE_ALARM, true, SLACK_MS));
	bms->act.panic.notifier_call(&bms->act.panic, 0, NULL);
	KUNIT_EXPECT_EQ(test, fake_gpio_driven(t->gpio, FAKE_LOAD), sleeps);
	KUNIT_EXPECT_EQ(test, fake_gpio_driven(t->gpio, FAKE_PRE_ALARM), sleeps);
}

static void panic_lets_go(struct kunit *test)
{
	end_in_panic(test, false);
}

/* A bus that sleeps would cause a second panic. */
static void panic_keeps_off_lines_that_sleep(struct kunit *test)
{
	end_in_panic(test, true);
}

/* The board lets go by itself. A lock that is never released would prevent its restart. */
static void panic_touches_nothing_beside_a_heartbeat(struct kunit *test)
{
	struct smallbms *bms;

	with_hardware(test, false, true);
	bms = platform_get_drvdata(running(test, whole_bank(test)));
	KUNIT_EXPECT_NULL(test, bms->act.panic.notifier_call);
}

static int may_sleep(struct smallbms *bms, unsigned long event)
{
	return notifier_to_errno(bms->sleep.notifier_call(&bms->sleep, event, NULL));
}

static int no_suspend(struct device *dev)
{
	return 0;
}

static void sleep_is_refused(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct smallbms *bms;

	bms = platform_get_drvdata(running(test, whole_bank(test)));
	KUNIT_EXPECT_EQ(test, -EBUSY, may_sleep(bms, PM_SUSPEND_PREPARE));
	KUNIT_EXPECT_EQ(test, -EBUSY, may_sleep(bms, PM_HIBERNATION_PREPARE));
	KUNIT_EXPECT_EQ_MSG(test, 0, may_sleep(bms, PM_RESTORE_PREPARE), "restores an image");
	msleep(1000);
	KUNIT_EXPECT_TRUE(test, fake_gpio_driven(t->gpio, FAKE_LOAD));
	KUNIT_EXPECT_EQ(test, t->gpio->edges[FAKE_LOAD], 1);

	/* With outputs that float, and shall float, the host may sleep. */
	fake_gpio_set(t->gpio, FAKE_LOOP, false);
	KUNIT_ASSERT_TRUE(test, becomes(t->gpio, FAKE_LOAD, false, SLACK_MS));
	msleep(100);
	KUNIT_EXPECT_EQ(test, 0, may_sleep(bms, PM_SUSPEND_PREPARE));
}

/* A chip that sleeps earlier takes a write into its cache only, and its pin stays driven. */
static void sleep_is_refused_when_a_chip_sleeps_early(struct kunit *test)
{
	static const struct dev_pm_ops early = { .suspend = no_suspend };
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = whole_bank(test);
	const struct dev_pm_ops *pm;
	struct smallbms *bms;

	bank->prop[bank->num_props++] = PROPERTY_ENTRY_BOOL("allow-sleep");
	fake_bank_drop(bank, "pre-alarm-gpios");
	bms = platform_get_drvdata(running(test, bank));
	KUNIT_EXPECT_EQ(test, 0, may_sleep(bms, PM_SUSPEND_PREPARE));
	pm = t->gpio->chip.parent->driver->pm;
	t->gpio->chip.parent->driver->pm = &early;
	KUNIT_EXPECT_EQ(test, -EBUSY, may_sleep(bms, PM_SUSPEND_PREPARE));
	t->gpio->chip.parent->driver->pm = pm;
}

/* R6: an announcement on the way to sleep must not wake the host. */
static void announcements_do_not_wake(struct kunit *test)
{
	with_hardware(test, false, true);
	running(test, whole_bank(test));
	KUNIT_EXPECT_FALSE(test, device_can_wakeup(psy_of(test)));
	KUNIT_EXPECT_FALSE(test, device_may_wakeup(psy_of(test)));
}

static struct kunit_case faults_cases[] = {
	KUNIT_CASE_SLOW(every_allocation_of_probe_fails_in_turn),
	KUNIT_CASE(evaluation_needs_no_memory),
	KUNIT_CASE(deferred_again_and_again),
	KUNIT_CASE(every_call_of_the_chip_fails_in_turn_in_probe),
	KUNIT_CASE_PARAM_ATTR(every_call_of_the_chip_fails_in_turn_when_running,
			      failure_gen_params, { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE_PARAM_ATTR(every_call_of_the_chip_fails_in_turn_at_an_end,
			      failure_gen_params, { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE_PARAM_ATTR(every_call_of_the_chip_fails_in_turn_on_the_way_to_sleep,
			      failure_gen_params, { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE_SLOW(sleep_is_refused_when_an_output_does_not_float),
	KUNIT_CASE_SLOW(heartbeat_stops_while_an_output_does_not_float),
	KUNIT_CASE_SLOW(released_line_may_settle),
	KUNIT_CASE(interrupts_that_cannot_be_had_are_polled),
	KUNIT_CASE_SLOW(lost_edge_costs_seconds),
	KUNIT_CASE(chip_without_a_parent),
	KUNIT_CASE(interrupts_never_come),
	KUNIT_CASE(line_storms),
	KUNIT_CASE_SLOW(line_chatters),
	KUNIT_CASE_SLOW(converter_never_returns),
	KUNIT_CASE_SLOW(first_scan_never_returns),
	KUNIT_CASE_SLOW(shutdown_does_not_wait_for_a_converter),
	KUNIT_CASE_SLOW(converter_is_slow),
	KUNIT_CASE_SLOW(temperatures_time_out),
	KUNIT_CASE_SLOW(temperatures_hang_from_the_start),
	KUNIT_CASE_SLOW(one_of_two_converters_hangs),
	KUNIT_CASE_SLOW(other_converters_are_no_evidence),
	KUNIT_CASE_SLOW(converters_are_scanned_at_once),
	KUNIT_CASE_SLOW(heartbeat_waits_for_all_cells),
	KUNIT_CASE_SLOW(heartbeat_does_not_wait_for_temperatures),
	KUNIT_CASE_SLOW(heartbeat_goes_on_when_a_channel_times_out),
	KUNIT_CASE_SLOW(mute_line_does_not_wait_for_a_converter),
	KUNIT_CASE_SLOW(dead_converter_rests),
	KUNIT_CASE(converters_that_matter_are_asked),
	KUNIT_CASE(front_ends_share_a_converter),
	KUNIT_CASE_SLOW(wall_clock_jumps),
	KUNIT_CASE(panic_lets_go),
	KUNIT_CASE(panic_keeps_off_lines_that_sleep),
	KUNIT_CASE(panic_touches_nothing_beside_a_heartbeat),
	KUNIT_CASE(sleep_is_refused),
	KUNIT_CASE(sleep_is_refused_when_a_chip_sleeps_early),
	KUNIT_CASE(announcements_do_not_wake),
	{}
};

struct kunit_suite smallbms_faults_suite = {
	.name = "smallbms_faults",
	.init = probe_test_init,
	.test_cases = faults_cases,
};
