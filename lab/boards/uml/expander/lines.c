// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pins of a chip, and the effects of the world outside on them
 *
 * A test writes to the attribute "control" of the chip:
 *
 *   hold LINE free|high|low	something outside holds the line, whatever is written
 *   settle US			a line that is let go of takes so long to fall
 *   unbind			the bank loses its driver, however long that takes
 *   crash			the kernel panics
 *
 * Each change of an output line goes to the kernel log with the time of the boot clock. So the
 * state is known after a shutdown or a crash too:
 *
 *   NS line LINE high		or low; or sinks, when it is driven low
 *   NS line LINE falls NS	it is high until then, if nothing else happens to it
 */

#include <linux/device.h>
#include <linux/export.h>
#include <linux/panic.h>
#include <linux/platform_device.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "../converter/gate.h"
#include "lines.h"

#define FOR_EVER	U64_MAX

/* A line is high until then, if nothing else happens to it: 0, a time, or for ever */
static u64 high_until(const struct bms_line *line)
{
	if (line->held_low)
		return 0;
	if (line->held_high || (line->output ? line->level : line->pull))
		return FOR_EVER;
	return line->output ? 0 : line->falls_ns;
}

/**
 * bms_line_is_high() - read a pin
 * @line: the pin
 *
 * Return: true if it is high.
 */
bool bms_line_is_high(const struct bms_line *line)
{
	return high_until(line) > ktime_get_boottime_ns();
}
EXPORT_SYMBOL_GPL(bms_line_is_high);

/* Log an output that has changed. */
static void tell(struct bms_lines *lines, unsigned int number)
{
	struct bms_line *line = &lines->line[number];
	u64 until_ns = high_until(line), now_ns = ktime_get_boottime_ns();
	bool sinks;

	if (number == lines->load_line)
		bms_converter_gate(until_ns);
	if (until_ns <= now_ns)
		until_ns = 0;
	sinks = !until_ns && line->output && !line->level;
	if (until_ns == line->high_until_ns && sinks == line->sinks)
		return;
	line->high_until_ns = until_ns;
	line->sinks = sinks;
	if (until_ns && until_ns != FOR_EVER)
		dev_info(lines->dev, "%s%llu line %u falls %llu\n", lines->name, now_ns, number,
			 until_ns);
	else
		dev_info(lines->dev, "%s%llu line %u %s\n", lines->name, now_ns, number,
			 until_ns ? "high" : sinks ? "sinks" : "low");
}

/**
 * bms_lines_drive() - the chip drives a pin or lets go of it
 * @lines: the pins
 * @number: which one
 * @output: it is driven
 * @level: to this level, once it is
 */
void bms_lines_drive(struct bms_lines *lines, unsigned int number, bool output, bool level)
{
	struct bms_line *line = &lines->line[number];

	if (line->output && line->level && !output)
		line->falls_ns = ktime_get_boottime_ns() + lines->settle_ns;
	line->output = output;
	line->level = level;
	tell(lines, number);
}
EXPORT_SYMBOL_GPL(bms_lines_drive);

/**
 * bms_lines_load_line() - name the pin that the load current flows through
 * @lines: the pins
 * @number: which one
 */
void bms_lines_load_line(struct bms_lines *lines, u32 number)
{
	lines->load_line = number;
	bms_converter_gate(high_until(&lines->line[number]));
}
EXPORT_SYMBOL_GPL(bms_lines_load_line);

/**
 * bms_lines_control() - execute a test's command on the pins
 * @lines: the pins
 * @text: a line of the test
 *
 * Return: 0, or -EINVAL when it is not understood.
 */
int bms_lines_control(struct bms_lines *lines, const char *text)
{
	unsigned int number, value;
	char word[8];

	if (sscanf(text, "hold %u %7s", &number, word) == 2 && number < lines->count) {
		lines->line[number].held_high = !strcmp(word, "high");
		lines->line[number].held_low = !strcmp(word, "low");
		tell(lines, number);
		return 0;
	}
	if (sscanf(text, "settle %u", &value) == 1) {
		lines->settle_ns = (u64)value * NSEC_PER_USEC;
		return 0;
	}
	return -EINVAL;
}
EXPORT_SYMBOL_GPL(bms_lines_control);

/* The writer does not wait, because events must go on while a driver tries to let go. */
static void unbind(struct work_struct *work)
{
	struct device *dev = bus_find_device_by_name(&platform_bus_type, NULL, "bms");

	if (!dev)
		return;
	device_release_driver(dev);
	put_device(dev);
}

static DECLARE_WORK(unbind_work, unbind);

/**
 * bms_host_control() - execute a test's command on the host
 * @text: a line of the test
 *
 * Return: 0, or -EINVAL when it is not understood.
 */
int bms_host_control(const char *text)
{
	if (sysfs_streq(text, "unbind")) {
		queue_work(system_long_wq, &unbind_work);
		return 0;
	}
	if (sysfs_streq(text, "crash"))
		panic("told to");
	return -EINVAL;
}
EXPORT_SYMBOL_GPL(bms_host_control);
