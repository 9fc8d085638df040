/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Helpers of the suites that run a bank
 */

#ifndef __SMALLBMS_HELPERS_H
#define __SMALLBMS_HELPERS_H

#include <linux/notifier.h>
#include <linux/power_supply.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "fakes.h"

struct device;
struct kunit;
struct platform_device;

#define START_MS	2000	/* X3 */
#define MEASURED_MS	1250	/* hold time and 750 ms */
#define SLACK_MS	10000	/* for a busy host; a wait ends as soon as it can */
#define HANGS_MS	15000	/* longer than any wait; the test ends it earlier */

/**
 * struct probe_test - the hardware of a test
 * @gpio: the chip
 * @adc: the converter
 * @pdev: a bank that @work unbinds
 * @work: runs beside the test
 * @changes: is called for each announcement of the power supply
 * @changed: how many there were
 */
struct probe_test {
	struct fake_gpio *gpio;
	struct fake_adc *adc;
	struct platform_device *pdev;
	struct work_struct work;
	struct notifier_block changes;
	unsigned int changed;
};

int probe_test_init(struct kunit *test);
struct probe_test *with_hardware(struct kunit *test, bool sleeps, bool irqs);
void add_signals(struct fake_bank *bank);
void add_panel(struct fake_bank *bank);
void add_measurements(struct fake_bank *bank);
struct platform_device *running(struct kunit *test, struct fake_bank *bank);
bool bound(struct platform_device *pdev);
bool can_sleep(struct kunit *test);
bool becomes(struct fake_gpio *gpio, enum fake_line line, bool driven, unsigned int ms);
struct power_supply *supply_of(struct kunit *test);
void scanned(struct kunit *test);
int property_at_once(struct kunit *test, enum power_supply_property psp);
int property(struct kunit *test, enum power_supply_property psp);

struct device *psy_of(struct kunit *test);
bool has_file(struct device *dev, const char *name);
const char *text_at_once(struct device *dev, const char *name);
const char *text_of(struct device *dev, const char *name);
bool lists(struct device *dev, const char *name, const char *text);
bool becomes_text(struct device *dev, const char *name, const char *text, unsigned int ms);
ssize_t write_file(struct device *dev, const char *name, const char *text);

#define EXPECT_TEXT(test, dev, name, text)	\
	KUNIT_EXPECT_STREQ(test, text_of(dev, name), text)

#endif /* __SMALLBMS_HELPERS_H */
