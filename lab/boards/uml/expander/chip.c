// SPDX-License-Identifier: GPL-2.0-only
/*
 * A GPIO expander that fails on command: for tests only
 *
 * A test writes to the attribute "control", beside the words of lines.c:
 *
 *   pull LINE LEVEL		an input that nothing else holds reads this
 *   access ok|err|hang		each access works, fails at once, or fails after a second
 *   access err COUNT		so many accesses fail
 *   edges ok|lost		while lost, no line raises an interrupt
 *
 * The kernel log has the outputs, in the form of lines.c, and the end:
 *
 *   NS shutdown		nothing comes after it
 *
 * The property "test,load-line" names the line that the load current flows through.
 *
 * A second device can refuse the suspend in the ordinary phase: a test writes 1 to its
 * attribute "refuse". The expander cannot refuse itself. If it took part in that phase, it
 * would be asleep before its outputs float.
 */

#include <linux/delay.h>
#include <linux/gpio/driver.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irq_sim.h>
#include <linux/irqdomain.h>
#include <linux/kstrtox.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/pm.h>
#include <linux/property.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/timekeeping.h>

#include "lines.h"

#define NUM_LINES	16
#define HANG_MS		1000

struct expander {
	struct device *dev;
	struct mutex lock;	/* all that follows */
	struct gpio_chip chip;
	struct irq_domain *irqs;
	struct bms_line line[NUM_LINES];
	struct bms_lines lines;
	bool fails;
	bool hangs;
	u32 failures;		/* 0: until told otherwise */
	bool edges_lost;
};

/* Each access of the chip calls this once. */
static int access(struct expander *e)
{
	bool hangs;

	scoped_guard(mutex, &e->lock) {
		if (!e->fails)
			return 0;
		hangs = e->hangs;
		if (e->failures && !--e->failures)
			e->fails = false;
	}
	if (hangs)
		msleep(HANG_MS);
	return -EIO;
}

static int expander_get_direction(struct gpio_chip *chip, unsigned int number)
{
	struct expander *e = gpiochip_get_data(chip);
	int ret = access(e);

	if (ret)
		return ret;
	guard(mutex)(&e->lock);
	return e->line[number].output ? GPIO_LINE_DIRECTION_OUT : GPIO_LINE_DIRECTION_IN;
}

static int expander_direction_input(struct gpio_chip *chip, unsigned int number)
{
	struct expander *e = gpiochip_get_data(chip);
	int ret = access(e);

	if (ret)
		return ret;
	guard(mutex)(&e->lock);
	bms_lines_drive(&e->lines, number, false, e->line[number].level);
	return 0;
}

static int expander_set(struct gpio_chip *chip, unsigned int number, int level)
{
	struct expander *e = gpiochip_get_data(chip);
	int ret = access(e);

	if (ret)
		return ret;
	guard(mutex)(&e->lock);
	bms_lines_drive(&e->lines, number, e->line[number].output, level);
	return 0;
}

static int expander_direction_output(struct gpio_chip *chip, unsigned int number, int level)
{
	struct expander *e = gpiochip_get_data(chip);
	int ret = access(e);

	if (ret)
		return ret;
	guard(mutex)(&e->lock);
	bms_lines_drive(&e->lines, number, true, level);
	return 0;
}

static int expander_get(struct gpio_chip *chip, unsigned int number)
{
	struct expander *e = gpiochip_get_data(chip);
	int ret = access(e);

	if (ret)
		return ret;
	guard(mutex)(&e->lock);
	return bms_line_is_high(&e->line[number]);
}

#if !defined(EXPANDER_SET_FAILS) && !defined(EXPANDER_SET_RV)	/* before 6.15 */
static void expander_set_silently(struct gpio_chip *chip, unsigned int number, int level)
{
	expander_set(chip, number, level);
}
#endif

static int expander_to_irq(struct gpio_chip *chip, unsigned int number)
{
	struct expander *e = gpiochip_get_data(chip);

	return irq_create_mapping(e->irqs, number);
}

static void pull(struct expander *e, unsigned int number, bool level)
{
	struct bms_line *line = &e->line[number];
	bool was_high, high, lost;
	int irq;

	scoped_guard(mutex, &e->lock) {
		was_high = bms_line_is_high(line);
		line->pull = level;
		high = bms_line_is_high(line);
		lost = e->edges_lost;
	}
	irq = irq_find_mapping(e->irqs, number);
	if (irq && high != was_high && !lost &&
	    irq_get_trigger_type(irq) & (high ? IRQ_TYPE_EDGE_RISING : IRQ_TYPE_EDGE_FALLING))
		irq_set_irqchip_state(irq, IRQCHIP_STATE_PENDING, true);
}

static int control(struct expander *e, const char *text)
{
	unsigned int number, value = 0;
	char word[8];

	if (sscanf(text, "pull %u %u", &number, &value) == 2 && number < NUM_LINES) {
		pull(e, number, value);
		return 0;
	}
	if (!bms_host_control(text))
		return 0;

	guard(mutex)(&e->lock);

	if (sscanf(text, "access %7s %u", word, &value) >= 1) {
		e->fails = strcmp(word, "ok");
		e->hangs = !strcmp(word, "hang");
		e->failures = value;
	} else if (sscanf(text, "edges %7s", word) == 1) {
		e->edges_lost = !strcmp(word, "lost");
	} else {
		return bms_lines_control(&e->lines, text);
	}
	return 0;
}

static ssize_t control_store(struct device *dev, struct device_attribute *attr, const char *buf,
			     size_t count)
{
	return control(dev_get_drvdata(dev), buf) ?: count;
}
static DEVICE_ATTR_WO(control);

static struct attribute *expander_attrs[] = {
	&dev_attr_control.attr,
	NULL
};
ATTRIBUTE_GROUPS(expander);

static int expander_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct expander *e;
	u32 load_line;

	e = devm_kzalloc(dev, sizeof(*e), GFP_KERNEL);
	if (!e)
		return -ENOMEM;
	e->dev = dev;
	mutex_init(&e->lock);
	e->lines = (struct bms_lines){
		.dev = dev, .name = "", .line = e->line, .count = NUM_LINES,
		.load_line = NUM_LINES,
	};
	if (!device_property_read_u32(dev, "test,load-line", &load_line))
		bms_lines_load_line(&e->lines, load_line);
	e->irqs = devm_irq_domain_create_sim(dev, NULL, NUM_LINES);
	if (IS_ERR(e->irqs))
		return PTR_ERR(e->irqs);
	e->chip = (struct gpio_chip){
		.label = "bms-expander",
		.parent = dev,
		.owner = THIS_MODULE,
		.base = -1,
		.ngpio = NUM_LINES,
		.can_sleep = true,
		.get_direction = expander_get_direction,
		.direction_input = expander_direction_input,
		.direction_output = expander_direction_output,
		.get = expander_get,
#if defined(EXPANDER_SET_RV)
		.set_rv = expander_set,
#elif defined(EXPANDER_SET_FAILS)
		.set = expander_set,
#else
		.set = expander_set_silently,
#endif
		.to_irq = expander_to_irq,
	};
	platform_set_drvdata(pdev, e);
	return devm_gpiochip_add_data(dev, &e->chip, e);
}

static void expander_shutdown(struct platform_device *pdev)
{
	dev_info(&pdev->dev, "%llu shutdown\n", ktime_get_boottime_ns());
}

static const struct of_device_id expander_of_match[] = {
	{ .compatible = "test,bms-expander" },
	{ }
};
MODULE_DEVICE_TABLE(of, expander_of_match);

static struct platform_driver expander_driver = {
	.driver = {
		.name = "bms-expander",
		.of_match_table = expander_of_match,
		.dev_groups = expander_groups,
	},
	.probe = expander_probe,
	.shutdown = expander_shutdown,
};

static bool refuses;

static ssize_t refuse_store(struct device *dev, struct device_attribute *attr, const char *buf,
			    size_t count)
{
	return kstrtobool(buf, &refuses) ?: count;
}
static DEVICE_ATTR_WO(refuse);

static struct attribute *refuser_attrs[] = {
	&dev_attr_refuse.attr,
	NULL
};
ATTRIBUTE_GROUPS(refuser);

static int refuser_suspend(struct device *dev)
{
	return refuses ? -EBUSY : 0;
}

static int refuser_resume(struct device *dev)
{
	return 0;
}

static DEFINE_SIMPLE_DEV_PM_OPS(refuser_pm_ops, refuser_suspend, refuser_resume);

static int refuser_probe(struct platform_device *pdev)
{
	return 0;
}

static const struct of_device_id refuser_of_match[] = {
	{ .compatible = "test,bms-refuser" },
	{ }
};
MODULE_DEVICE_TABLE(of, refuser_of_match);

static struct platform_driver refuser_driver = {
	.driver = {
		.name = "bms-refuser",
		.of_match_table = refuser_of_match,
		.dev_groups = refuser_groups,
		.pm = pm_sleep_ptr(&refuser_pm_ops),
	},
	.probe = refuser_probe,
};

static struct platform_driver *const drivers[] = { &expander_driver, &refuser_driver };

static int __init expander_init(void)
{
	return platform_register_drivers(drivers, ARRAY_SIZE(drivers));
}
module_init(expander_init);

static void __exit expander_exit(void)
{
	platform_unregister_drivers(drivers, ARRAY_SIZE(drivers));
}
module_exit(expander_exit);

MODULE_DESCRIPTION("GPIO expander that fails as it is told to");
MODULE_LICENSE("GPL");
