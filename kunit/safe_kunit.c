// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of smallbms on hardware, and in a kernel, that let it down
 *
 * What disturbs a bank must not end its protection; what ends its protection has
 * to end in outputs that float.
 */

#include <kunit/test.h>

#include <linux/bits.h>
#include <linux/container_of.h>
#include <linux/delay.h>
#include <linux/gpio/machine.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdesc.h>
#include <linux/irqdomain.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/platform_device.h>
#include <linux/power_supply.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "bench.h"
#include "fakes.h"
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
/* Let the n-th allocation of this task fail, and the others not; 0: none. */
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
					      "allocation %u fails, and is needed", n + 1);
			continue;
		}
		refused++;
		KUNIT_ASSERT_EQ_MSG(test, t->gpio->was_driven & OUTPUTS, 0, "allocation %u", n + 1);
		KUNIT_ASSERT_EQ_MSG(test, t->gpio->output & OUTPUTS, 0, "allocation %u", n + 1);
	}
	KUNIT_EXPECT_TRUE_MSG(test, bound(pdev), "with memory it is taken");
	KUNIT_EXPECT_GT(test, refused, 0);
	kunit_info(test, "trials: %u\n", n - 1);
}

/* In the task of the test, whose allocations can be told to fail. */
static void scan_here(struct smallbms *bms)
{
	cancel_delayed_work_sync(&bms->scanner);
	bms->scanner.work.func(&bms->scanner.work);
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
		scan_here(bms);
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
	KUNIT_EXPECT_TRUE_MSG(test, bound(pdev), "when nothing fails it is taken");
	kunit_info(test, "trials: %u\n", n - 1);
}

/* Signals only: what is not evaluated again by itself has to be mended all the same. */
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

		t->gpio->fail_call = n + 1;
		fake_gpio_set(t->gpio, FAKE_ATC, allowed);
		KUNIT_ASSERT_TRUE_MSG(test, becomes(t->gpio, FAKE_CHARGE, allowed, SLACK_MS),
				      "call %u", n + 1);
		msleep(500);
		failed = !t->gpio->fail_call;
		t->gpio->fail_call = 0;
	}
	/* F1: one error decides nothing. */
	KUNIT_EXPECT_EQ(test, t->gpio->edges[FAKE_LOAD], 1);
	KUNIT_EXPECT_EQ(test, t->gpio->edges[FAKE_PRE_ALARM], 0);
	kunit_info(test, "trials: %u\n", n - 1);
}

/* The scanner finds what no interrupt tells. */
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

/* A line that storms is looked at once a millisecond, however many edges it has. */
static void line_storms(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct irqaction *action;
	unsigned int i, irq;
	ktime_t begin;

	running(test, whole_bank(test));
	irq = irq_find_mapping(t->gpio->irqs, FAKE_BPA);
	action = irq_data_to_desc(irq_get_irq_data(irq))->action;
	begin = ktime_get();
	for (i = 0; i < STORM_EDGES; i++)
		action->thread_fn(irq, action->dev_id);
	KUNIT_EXPECT_GE(test, ktime_ms_delta(ktime_get(), begin), STORM_EDGES * REST_MS);
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
	fake_gpio_set(t->gpio, FAKE_ATC, false);	/* an evaluation, but on no fresh data */
	msleep(500);
	KUNIT_EXPECT_EQ(test, t->gpio->edges[FAKE_HEARTBEAT], beats);

	/* Who unbinds waits for the converter; the outputs do not. */
	INIT_WORK(&t->work, release);
	queue_work(system_unbound_wq, &t->work);
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_LOAD, false, SLACK_MS));
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_PRE_ALARM, false, SLACK_MS));
	KUNIT_EXPECT_TRUE_MSG(test, work_busy(&t->work), "the converter has returned");
	t->adc->hangs_ms = 0;
	flush_work(&t->work);
	KUNIT_EXPECT_EQ(test, t->gpio->edges[FAKE_HEARTBEAT], beats);
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

/* Four cells in three seconds: slow is not lost, while the limit is more than two scans. */
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
	 * F1: at the end of a scan its values are as old as its beginning. A channel hangs
	 * for up to a jiffy less, as it begins within one.
	 */
	bms = platform_get_drvdata(pdev);
	scoped_guard(mutex, &bms->lock)
		age_ms = div_u64(bms->sample.scan_ns -
				 bms->sample.group[SMALLBMS_KIND_CELL].good_ns, NSEC_PER_MSEC);
	KUNIT_EXPECT_GE(test, age_ms, 3000 - 4 * jiffies_to_msecs(1));
	t->adc->hangs_ms = 0;
}

/* Clock */

static void jump(struct kunit *test, s64 seconds)
{
	struct timespec64 now;

	ktime_get_real_ts64(&now);
	now.tv_sec += seconds;
	KUNIT_ASSERT_EQ(test, 0, do_settimeofday64(&now));
}

/* F4: nobody minds what the wall clock does, not even within the window. */
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
	jump(test, -3599);	/* not to before the boot */
	msleep(1000);
	KUNIT_EXPECT_TRUE(test, fake_gpio_driven(t->gpio, FAKE_LOAD));
	KUNIT_EXPECT_EQ(test, bms->decision.cut_ns, cut_ns);
	KUNIT_EXPECT_GT(test, t->gpio->edges[FAKE_HEARTBEAT], beats);

	t->adc->value[FAKE_CELL] = 3300000;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_PRE_ALARM, false, MEASURED_MS + SLACK_MS));
}

/* Ends */

/* The kernel's own list has notifiers that end the kernel: so only ours is called. */
static void end_in_panic(struct kunit *test, bool sleeps)
{
	struct probe_test *t = with_hardware(test, sleeps, true);
	struct smallbms *bms;

	bms = platform_get_drvdata(running(test, whole_bank(test)));
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

/* A bus that sleeps would end a panic in a second one. */
static void panic_keeps_off_lines_that_sleep(struct kunit *test)
{
	end_in_panic(test, true);
}

static void sleep_is_refused(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = whole_bank(test);
	const struct dev_pm_ops *pm;
	struct platform_device *pdev;

	if (!IS_ENABLED(CONFIG_PM_SLEEP)) {
		kunit_skip(test, "this kernel cannot sleep: CONFIG_PM_SLEEP is off");
		return;
	}
	bank->prop[bank->num_props++] = PROPERTY_ENTRY_BOOL("keep-awake");
	pdev = running(test, bank);
	pm = pdev->dev.driver->pm;
	KUNIT_EXPECT_EQ(test, -EBUSY, pm->suspend(&pdev->dev));
	KUNIT_EXPECT_EQ(test, -EBUSY, pm->freeze(&pdev->dev));
	msleep(1000);
	KUNIT_EXPECT_TRUE(test, fake_gpio_driven(t->gpio, FAKE_LOAD));
	KUNIT_EXPECT_EQ(test, t->gpio->edges[FAKE_LOAD], 1);
}

static struct kunit_case safe_cases[] = {
	KUNIT_CASE_SLOW(every_allocation_of_probe_fails_in_turn),
	KUNIT_CASE(evaluation_needs_no_memory),
	KUNIT_CASE(deferred_again_and_again),
	KUNIT_CASE(every_call_of_the_chip_fails_in_turn_in_probe),
	KUNIT_CASE_SLOW(every_call_of_the_chip_fails_in_turn_when_running),
	KUNIT_CASE(interrupts_never_come),
	KUNIT_CASE(line_storms),
	KUNIT_CASE_SLOW(converter_never_returns),
	KUNIT_CASE_SLOW(shutdown_does_not_wait_for_a_converter),
	KUNIT_CASE_SLOW(converter_is_slow),
	KUNIT_CASE_SLOW(wall_clock_jumps),
	KUNIT_CASE(panic_lets_go),
	KUNIT_CASE(panic_keeps_off_lines_that_sleep),
	KUNIT_CASE(sleep_is_refused),
	{}
};

struct kunit_suite smallbms_safe_suite = {
	.name = "smallbms_safe",
	.init = bench_init,
	.test_cases = safe_cases,
};
