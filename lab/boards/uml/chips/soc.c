// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pins of a system on a chip: a BCM2711's, as a Raspberry Pi 4 has it
 *
 * A test writes to the attribute "control", beside the words of a pin
 * (lab/boards/uml/expander/lines.c):
 *
 *   pull LINE LEVEL	a wire has this level; without one, the pin's own pull has it
 *   load-line LINE	the load current flows through this one
 *   edges ok|lost	while lost, no pin raises an interrupt
 *   unbind, crash	what happens to the host
 *
 * The kernel log has the outputs, in the form of lines.c, and the end: "NS shutdown".
 *
 * In reset GPIO 0 to 8 are pulled up, the others of the header down: BCM2711 ARM Peripherals,
 * section 5.3.
 *
 * gpio-sim has no level-triggered interrupts, and a chip's interrupt line needs one.
 */

#include <linux/bitmap.h>
#include <linux/gpio/driver.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/pinctrl/pinconf-generic.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "../expander/lines.h"
#include "chips.h"

#define NUM_LINES	58
#define LAST_PULLED_UP	8
/*
 * The order of magnitude of the time from an interrupt request of a line to its handler. A line
 * that never stops requesting costs time.
 */
#define LATENCY_NS	(10 * NSEC_PER_USEC)

struct soc {
	struct device *dev;
	struct gpio_chip chip;

	spinlock_t lock;			/* pins */
	struct bms_line line[NUM_LINES];
	struct bms_lines lines;
	DECLARE_BITMAP(wired, NUM_LINES);

	raw_spinlock_t irq_lock;		/* all that follows */
	DECLARE_BITMAP(high, NUM_LINES);	/* as the interrupts see it */
	DECLARE_BITMAP(unmasked, NUM_LINES);
	DECLARE_BITMAP(pending, NUM_LINES);	/* edges */
	u8 trigger[NUM_LINES];
	bool edges_lost;
	struct hrtimer asks;
};

/* There is one. */
static struct soc *the_soc;

/* Lines that request an interrupt. The caller has the lock of interrupts. */
static bool asking(struct soc *soc, unsigned long *lines)
{
	u32 number;

	bitmap_zero(lines, NUM_LINES);
	if (soc->edges_lost)
		return false;
	for_each_set_bit(number, soc->unmasked, NUM_LINES) {
		bool high = test_bit(number, soc->high);

		if (test_bit(number, soc->pending) ||
		    soc->trigger[number] & (high ? IRQ_TYPE_LEVEL_HIGH : IRQ_TYPE_LEVEL_LOW))
			__set_bit(number, lines);
	}
	return !bitmap_empty(lines, NUM_LINES);
}

static void ask(struct soc *soc)
{
	DECLARE_BITMAP(lines, NUM_LINES);

	if (asking(soc, lines) && !hrtimer_active(&soc->asks))
		hrtimer_start(&soc->asks, ns_to_ktime(LATENCY_NS), HRTIMER_MODE_REL_HARD);
}

static enum hrtimer_restart serve(struct hrtimer *timer)
{
	struct soc *soc = container_of(timer, struct soc, asks);
	DECLARE_BITMAP(lines, NUM_LINES);
	unsigned long flags;
	bool again;
	u32 number;

	raw_spin_lock_irqsave(&soc->irq_lock, flags);
	asking(soc, lines);
	bitmap_andnot(soc->pending, soc->pending, lines, NUM_LINES);
	raw_spin_unlock_irqrestore(&soc->irq_lock, flags);
	for_each_set_bit(number, lines, NUM_LINES)
		generic_handle_domain_irq(soc->chip.irq.domain, number);

	raw_spin_lock_irqsave(&soc->irq_lock, flags);
	again = asking(soc, lines);
	if (again)
		hrtimer_forward_now(timer, ns_to_ktime(LATENCY_NS));
	raw_spin_unlock_irqrestore(&soc->irq_lock, flags);
	return again ? HRTIMER_RESTART : HRTIMER_NORESTART;
}

/* A pin may have changed. The caller has the lock of pins. */
static void changed(struct soc *soc, u32 number)
{
	bool high = bms_line_is_high(&soc->line[number]);
	u8 edge = high ? IRQ_TYPE_EDGE_RISING : IRQ_TYPE_EDGE_FALLING;
	unsigned long flags;

	raw_spin_lock_irqsave(&soc->irq_lock, flags);
	if (high != test_bit(number, soc->high)) {
		__assign_bit(number, soc->high, high);
		if (test_bit(number, soc->unmasked) && !soc->edges_lost &&
		    soc->trigger[number] & edge)
			__set_bit(number, soc->pending);
		ask(soc);
	}
	raw_spin_unlock_irqrestore(&soc->irq_lock, flags);
}

static void pull(struct soc *soc, u32 number, bool level)
{
	unsigned long flags;

	spin_lock_irqsave(&soc->lock, flags);
	__set_bit(number, soc->wired);
	soc->line[number].pull = level;
	changed(soc, number);
	spin_unlock_irqrestore(&soc->lock, flags);
}

/**
 * soc_has() - check whether a node is that of the system's pins
 * @node: the node
 *
 * Return: true if it is.
 */
bool soc_has(const struct device_node *node)
{
	return the_soc && the_soc->dev->of_node == node;
}

/**
 * soc_wire() - set the level of a chip's interrupt line
 * @line: the pin that it is wired to
 * @level: its level
 */
void soc_wire(u32 line, bool level)
{
	if (line < NUM_LINES)
		pull(the_soc, line, level);
}

static int soc_get_direction(struct gpio_chip *chip, unsigned int number)
{
	struct soc *soc = gpiochip_get_data(chip);

	return READ_ONCE(soc->line[number].output) ? GPIO_LINE_DIRECTION_OUT :
						     GPIO_LINE_DIRECTION_IN;
}

enum how { RELEASE, DRIVE, WRITE_LEVEL };

static int drive(struct gpio_chip *chip, unsigned int number, enum how how, bool level)
{
	struct soc *soc = gpiochip_get_data(chip);
	struct bms_line *line = &soc->line[number];
	unsigned long flags;

	spin_lock_irqsave(&soc->lock, flags);
	bms_lines_drive(&soc->lines, number, how == WRITE_LEVEL ? line->output : how == DRIVE,
			how == RELEASE ? line->level : level);
	changed(soc, number);
	spin_unlock_irqrestore(&soc->lock, flags);
	return 0;
}

static int soc_direction_input(struct gpio_chip *chip, unsigned int number)
{
	return drive(chip, number, RELEASE, false);
}

static int soc_direction_output(struct gpio_chip *chip, unsigned int number, int level)
{
	return drive(chip, number, DRIVE, level);
}

#ifdef CHIPS_SET_FAILS
static int soc_set(struct gpio_chip *chip, unsigned int number, int level)
{
	return drive(chip, number, WRITE_LEVEL, level);
}
#else
static void soc_set(struct gpio_chip *chip, unsigned int number, int level)
{
	drive(chip, number, WRITE_LEVEL, level);
}
#endif

static int soc_get(struct gpio_chip *chip, unsigned int number)
{
	struct soc *soc = gpiochip_get_data(chip);
	unsigned long flags;
	bool high;

	spin_lock_irqsave(&soc->lock, flags);
	high = bms_line_is_high(&soc->line[number]);
	spin_unlock_irqrestore(&soc->lock, flags);
	return high;
}

static int soc_set_config(struct gpio_chip *chip, unsigned int number, unsigned long config)
{
	struct soc *soc = gpiochip_get_data(chip);
	bool up = pinconf_to_config_param(config) == PIN_CONFIG_BIAS_PULL_UP;
	unsigned long flags;

	if (!up && pinconf_to_config_param(config) != PIN_CONFIG_BIAS_PULL_DOWN)
		return -ENOTSUPP;
	spin_lock_irqsave(&soc->lock, flags);
	if (!test_bit(number, soc->wired)) {
		soc->line[number].pull = up;
		changed(soc, number);
	}
	spin_unlock_irqrestore(&soc->lock, flags);
	return 0;
}

static void soc_irq_mask(struct irq_data *data)
{
	struct gpio_chip *chip = irq_data_get_irq_chip_data(data);
	struct soc *soc = gpiochip_get_data(chip);
	unsigned long flags;

	raw_spin_lock_irqsave(&soc->irq_lock, flags);
	__clear_bit(irqd_to_hwirq(data), soc->unmasked);
	raw_spin_unlock_irqrestore(&soc->irq_lock, flags);
	gpiochip_disable_irq(chip, irqd_to_hwirq(data));
}

static void soc_irq_unmask(struct irq_data *data)
{
	struct gpio_chip *chip = irq_data_get_irq_chip_data(data);
	struct soc *soc = gpiochip_get_data(chip);
	unsigned long flags;

	gpiochip_enable_irq(chip, irqd_to_hwirq(data));
	raw_spin_lock_irqsave(&soc->irq_lock, flags);
	__set_bit(irqd_to_hwirq(data), soc->unmasked);
	ask(soc);
	raw_spin_unlock_irqrestore(&soc->irq_lock, flags);
}

/* Edges are acknowledged as they are served. */
static void soc_irq_ack(struct irq_data *data)
{
}

static int soc_irq_set_type(struct irq_data *data, unsigned int type)
{
	struct soc *soc = gpiochip_get_data(irq_data_get_irq_chip_data(data));

	WRITE_ONCE(soc->trigger[irqd_to_hwirq(data)], type);
	irq_set_handler_locked(data, type & IRQ_TYPE_EDGE_BOTH ? handle_edge_irq :
			       handle_level_irq);
	return 0;
}

static const struct irq_chip soc_irq_chip = {
	.name = "bms-soc",
	.irq_mask = soc_irq_mask,
	.irq_unmask = soc_irq_unmask,
	.irq_ack = soc_irq_ack,
	.irq_set_type = soc_irq_set_type,
	.flags = IRQCHIP_IMMUTABLE,
	GPIOCHIP_IRQ_RESOURCE_HELPERS,
};

static int control(struct soc *soc, const char *text)
{
	unsigned int number, value;
	unsigned long flags;
	char word[8];
	int ret = 0;

	if (!bms_host_control(text))
		return 0;
	if (sscanf(text, "pull %u %u", &number, &value) == 2 && number < NUM_LINES) {
		pull(soc, number, value);
		return 0;
	}
	if (sscanf(text, "edges %7s", word) == 1) {
		raw_spin_lock_irqsave(&soc->irq_lock, flags);
		soc->edges_lost = !strcmp(word, "lost");
		ask(soc);
		raw_spin_unlock_irqrestore(&soc->irq_lock, flags);
		return 0;
	}

	spin_lock_irqsave(&soc->lock, flags);
	if (sscanf(text, "load-line %u", &number) == 1 && number < NUM_LINES)
		bms_lines_load_line(&soc->lines, number);
	else
		ret = bms_lines_control(&soc->lines, text);
	if (!ret && sscanf(text, "hold %u", &number) == 1)
		changed(soc, number);
	spin_unlock_irqrestore(&soc->lock, flags);
	return ret;
}

static ssize_t control_store(struct device *dev, struct device_attribute *attr, const char *buf,
			     size_t count)
{
	return control(dev_get_drvdata(dev), buf) ?: count;
}
static DEVICE_ATTR_WO(control);

static struct attribute *soc_attrs[] = {
	&dev_attr_control.attr,
	NULL
};
ATTRIBUTE_GROUPS(soc);

static int soc_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct gpio_irq_chip *irq;
	struct soc *soc;
	u32 number;
	int ret;

	soc = devm_kzalloc(dev, sizeof(*soc), GFP_KERNEL);
	if (!soc)
		return -ENOMEM;
	soc->dev = dev;
	spin_lock_init(&soc->lock);
	raw_spin_lock_init(&soc->irq_lock);
#ifdef CHIPS_HAS_HRTIMER_SETUP
	hrtimer_setup(&soc->asks, serve, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
#else
	hrtimer_init(&soc->asks, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	soc->asks.function = serve;
#endif
	soc->lines = (struct bms_lines){
		.dev = dev, .name = "", .line = soc->line, .count = NUM_LINES,
		.load_line = NUM_LINES,
	};
	for (number = 0; number <= LAST_PULLED_UP; number++) {
		soc->line[number].pull = true;
		__set_bit(number, soc->high);
	}
	soc->chip = (struct gpio_chip){
		.label = "bms-soc",
		.parent = dev,
		.owner = THIS_MODULE,
		.base = -1,
		.ngpio = NUM_LINES,
		.get_direction = soc_get_direction,
		.direction_input = soc_direction_input,
		.direction_output = soc_direction_output,
		.get = soc_get,
		.set = soc_set,
		.set_config = soc_set_config,
	};
	irq = &soc->chip.irq;
	gpio_irq_chip_set_chip(irq, &soc_irq_chip);
	irq->handler = handle_bad_irq;
	irq->default_type = IRQ_TYPE_NONE;
	platform_set_drvdata(pdev, soc);
	ret = devm_gpiochip_add_data(dev, &soc->chip, soc);
	if (!ret)
		the_soc = soc;
	return ret;
}

static void soc_shutdown(struct platform_device *pdev)
{
	dev_info(&pdev->dev, "%llu shutdown\n", ktime_get_boottime_ns());
}

static const struct of_device_id soc_of_match[] = {
	{ .compatible = "test,bms-soc" },
	{ }
};
MODULE_DEVICE_TABLE(of, soc_of_match);

struct platform_driver soc_driver = {
	.driver = {
		.name = "bms-soc",
		.of_match_table = soc_of_match,
		.dev_groups = soc_groups,
	},
	.probe = soc_probe,
	.shutdown = soc_shutdown,
};
