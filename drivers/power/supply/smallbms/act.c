// SPDX-License-Identifier: GPL-2.0-only
/*
 * smallbms - decision -> output lines
 */

/**
 * DOC: smallbms-act
 *
 * The only place that writes an output. A terminal is driven high or floats: its line is
 * open source, or push-pull in front of a high-side switch, and an active line means
 * "driven". Outputs that disconnect are written before those that connect, and the load
 * before the pre-alarm that announced it. So the warning at the pins is never shorter than
 * it has to be.
 *
 * The policy gets the order to each output, the result of the write and the level of the
 * line, and judges them (F3). An output that it finds at fault is written again in every
 * evaluation. A write may have no result, as before Linux 6.15, or a chip may only have put
 * it into a cache. Such a write is believed once the line has read as told. For a line that
 * can never be read, only the result of the write counts.
 *
 * Every orderly end floats the outputs and checks that they stand (F3b). Any other end
 * stops the heartbeat, and then the board has to float the outputs. A heartbeat that went
 * on without an evaluation on fresh data would keep outputs driven that nobody watches.
 */

#include <linux/bits.h>
#include <linux/container_of.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/gpio/consumer.h>
#include <linux/gpio/driver.h>
#include <linux/kconfig.h>
#include <linux/notifier.h>
#include <linux/panic_notifier.h>
#include <linux/timekeeping.h>

#include "compat.h"
#include "smallbms.h"

/* F3b: how long an end tries to float the outputs, and how often it looks */
#define FLOAT_TRIES_MS	1000
#define FLOAT_PAUSE_MS	20

static const char *const output_names[SMALLBMS_NUM_OUTPUTS] = {
	[SMALLBMS_OUT_LOAD] = "load-enable",
	[SMALLBMS_OUT_CHARGE] = "charge-enable",
	[SMALLBMS_OUT_PRE_ALARM] = "pre-alarm",
};

/**
 * smallbms_output_name() - get the name of an output in the devicetree
 * @output: which one
 *
 * Return: the name, without "-gpios".
 */
const char *smallbms_output_name(enum smallbms_output_id output)
{
	return output_names[output];
}

static void look(struct smallbms_output *output)
{
	if (!output->gpiod)
		return;
	output->level = gpiod_get_value_cansleep(output->gpiod);
	if (output->level < 0)
		return;
	output->readable = true;
	output->confirmed = output->level == output->driven;
}

/**
 * smallbms_act_look() - read the lines of all outputs
 * @act: the outputs
 */
void smallbms_act_look(struct smallbms_act *act)
{
	int i;

	for (i = 0; i < SMALLBMS_NUM_OUTPUTS; i++)
		look(&act->output[i]);
}

/* Did the last write succeed, as far as anyone can know? */
static bool written(const struct smallbms_output *output)
{
	return !output->error &&
	       (output->confirmed || output->level >= 0 || !output->readable);
}

/**
 * smallbms_act_report() - report the state of the pins to the policy
 * @act: the outputs
 * @sample: what the policy will see
 */
void smallbms_act_report(const struct smallbms_act *act, struct smallbms_sample *sample)
{
	int i;

	for (i = 0; i < SMALLBMS_NUM_OUTPUTS; i++) {
		const struct smallbms_output *output = &act->output[i];

		sample->terminal[i] = (struct smallbms_terminal){
			.fitted = output->gpiod,
			.driven = output->driven,
			.written = written(output),
			.known = output->level >= 0,
			.high = output->level > 0,
			.told_ns = output->told_ns,
		};
	}
}

static void drive(struct smallbms_output *output, bool driven)
{
	bool told = driven != output->driven;

	output->driven = driven;
	output->confirmed = false;
	output->error = gpiod_set_value_cansleep(output->gpiod, driven);
	if (told)
		output->told_ns = ktime_get_boottime_ns();
	look(output);
}

static bool as_told(const struct smallbms_output *output)
{
	return written(output) && (output->level < 0 || output->level == output->driven);
}

/* Returns true if anything has changed at the pin. */
static bool follow(struct smallbms_output *output, bool driven, bool fault)
{
	bool told = driven != output->driven;

	if (!output->gpiod || (!told && !fault))
		return false;
	drive(output, driven);
	return told || as_told(output);
}

/**
 * smallbms_act_apply() - make the outputs follow a decision
 * @act: the outputs
 * @decision: the orders to them, and which of them have to be written again
 *
 * Return: true if anything has changed at the pins.
 */
bool smallbms_act_apply(struct smallbms_act *act, const struct smallbms_decision *decision)
{
	const bool want[SMALLBMS_NUM_OUTPUTS] = {
		[SMALLBMS_OUT_LOAD] = decision->load,
		[SMALLBMS_OUT_CHARGE] = decision->charge,
		[SMALLBMS_OUT_PRE_ALARM] = decision->pre_alarm,
	};
	bool changed = false;
	int i;

	for (i = 0; i < SMALLBMS_NUM_OUTPUTS; i++) {
		if (!want[i])
			changed |= follow(&act->output[i], false, decision->faults & BIT(i));
	}
	for (i = 0; i < SMALLBMS_NUM_OUTPUTS; i++) {
		if (want[i])
			changed |= follow(&act->output[i], true, decision->faults & BIT(i));
	}
	return changed;
}

/* At an end, the reading decides, if the line can be read. */
static bool floats(const struct smallbms_output *output)
{
	return !output->gpiod ||
	       (!output->driven && (output->readable ? !output->level : written(output)));
}

static bool all_float(const struct smallbms_act *act)
{
	int i;

	for (i = 0; i < SMALLBMS_NUM_OUTPUTS; i++) {
		if (!floats(&act->output[i]))
			return false;
	}
	return true;
}

/**
 * smallbms_act_float() - float all outputs, and check that they stand (F3b)
 * @act: the outputs
 * @dev: the bank
 *
 * Sleeps. Tries for FLOAT_TRIES_MS, because nobody tries again after an end.
 *
 * Return: 0, or -EIO when an output does not float; that has been reported.
 */
int smallbms_act_float(struct smallbms_act *act, struct device *dev)
{
	const u64 end_ns = ktime_get_boottime_ns() + FLOAT_TRIES_MS * SMALLBMS_NS_PER_MS;
	int i;

	smallbms_act_look(act);
	for (;;) {
		for (i = 0; i < SMALLBMS_NUM_OUTPUTS; i++) {
			if (!floats(&act->output[i]))
				drive(&act->output[i], false);
		}
		if (all_float(act))
			return 0;
		if (ktime_get_boottime_ns() >= end_ns)
			break;
		msleep(FLOAT_PAUSE_MS);
		smallbms_act_look(act);
	}

	for (i = 0; i < SMALLBMS_NUM_OUTPUTS; i++) {
		const struct smallbms_output *output = &act->output[i];

		if (floats(output))
			continue;
		if (output->level > 0)
			dev_err(dev, "%s-gpios does not float: its line reads driven\n",
				output_names[i]);
		else
			dev_err(dev, "%s-gpios may not float: error %d\n", output_names[i],
				output->error ?: output->level);
	}
	return -EIO;
}

/* The device of the chip that a line belongs to, or NULL */
static struct device *chip_of(struct gpio_desc *gpiod)
{
	return gpio_device_to_device(gpiod_to_gpio_device(gpiod))->parent;
}

/**
 * smallbms_act_sleeps_early() - an output whose chip sleeps before the outputs float (R6)
 * @act: the outputs
 *
 * Outputs float in the late phase. If a chip or its bus is suspended in the ordinary phase,
 * it may only put that write into a cache, and report no error.
 *
 * Return: its name, or NULL.
 */
const char *smallbms_act_sleeps_early(const struct smallbms_act *act)
{
	const struct device *dev;
	int i;

	for (i = 0; i < SMALLBMS_NUM_OUTPUTS; i++) {
		if (!act->output[i].gpiod)
			continue;
		for (dev = chip_of(act->output[i].gpiod); dev; dev = dev->parent) {
			const struct dev_pm_ops *pm = dev->driver ? dev->driver->pm : NULL;

			if (pm && (pm->suspend || pm->freeze))
				return output_names[i];
		}
	}
	return NULL;
}

/**
 * smallbms_act_beat() - toggle the heartbeat
 * @act: the outputs
 *
 * Only for an evaluation that has looked at every input anew.
 */
void smallbms_act_beat(struct smallbms_act *act)
{
	if (!act->heartbeat)
		return;
	act->beat = !act->beat;
	gpiod_set_value_cansleep(act->heartbeat, act->beat);
}

/*
 * In a panic nothing may sleep, and the holder of a lock has been stopped, so an access to
 * a line can deadlock. A board with a heartbeat floats its outputs by itself, so no line is
 * touched there. No line is touched on PREEMPT_RT either, where the locks of most chips
 * sleep. Elsewhere a load that nobody watches is the greater risk. A line that sleeps is
 * left alone. An open source line is driven low, because floating it takes a mutex if a pin
 * controller is behind it.
 */
static int smallbms_act_panic(struct notifier_block *panic, unsigned long event, void *data)
{
	struct smallbms_act *act = container_of(panic, struct smallbms_act, panic);
	struct gpio_desc *gpiod;
	int i;

	for (i = 0; i < SMALLBMS_NUM_OUTPUTS; i++) {
		gpiod = act->output[i].gpiod;
		if (gpiod && !gpiod_cansleep(gpiod))
			gpiod_set_raw_value(gpiod, gpiod_is_active_low(gpiod));
	}
	return NOTIFY_DONE;
}

static void smallbms_act_ignore_panic(void *data)
{
	struct smallbms_act *act = data;

	atomic_notifier_chain_unregister(&panic_notifier_list, &act->panic);
}

/**
 * smallbms_link_chip() - a chip that goes away takes its lines with it: the bank goes first
 * @dev: the bank
 * @gpiod: a line of the chip
 *
 * A chip without a device, or one that no driver has bound, cannot go away in order.
 */
void smallbms_link_chip(struct device *dev, struct gpio_desc *gpiod)
{
	struct device *chip = chip_of(gpiod);

	if (chip && chip->driver && !device_link_add(dev, chip, DL_FLAG_AUTOREMOVE_CONSUMER))
		dev_warn(dev, "no link to %s: unbind the bank before it\n", dev_name(chip));
}

static int get_output(struct smallbms_output *output, const char *name, bool needed,
		      struct device *dev)
{
	output->gpiod = devm_gpiod_get_optional(dev, name, GPIOD_OUT_LOW);
	if (IS_ERR(output->gpiod))
		return dev_err_probe(dev, PTR_ERR(output->gpiod), "no line for %s-gpios\n", name);
	if (!output->gpiod)
		return needed ? dev_err_probe(dev, -EINVAL, "%s-gpios is missing\n", name) : 0;

	smallbms_link_chip(dev, output->gpiod);
	output->told_ns = ktime_get_boottime_ns();
	look(output);
	if (!output->readable && !SMALLBMS_WRITE_SAYS)
		dev_warn(dev, "%s-gpios cannot be read and a write does not say whether it worked: it is believed\n",
			 name);
	return 0;
}

/**
 * smallbms_act_init() - get all outputs, floating (X1)
 * @act: the outputs, zeroed
 * @dev: the bank
 *
 * Return: 0, or an error that has been reported.
 */
int smallbms_act_init(struct smallbms_act *act, struct device *dev)
{
	int i, ret;

	for (i = 0; i < SMALLBMS_NUM_OUTPUTS; i++) {
		ret = get_output(&act->output[i], output_names[i], i != SMALLBMS_OUT_PRE_ALARM,
				 dev);
		if (ret)
			return ret;
	}
	/* An output that stays driven is reported; every evaluation writes it again (F3). */
	smallbms_act_float(act, dev);

	act->heartbeat = devm_gpiod_get_optional(dev, "heartbeat", GPIOD_OUT_LOW);
	if (IS_ERR(act->heartbeat))
		return dev_err_probe(dev, PTR_ERR(act->heartbeat),
				     "no line for heartbeat-gpios\n");
	if (act->heartbeat)
		smallbms_link_chip(dev, act->heartbeat);
	if (act->heartbeat || IS_ENABLED(CONFIG_PREEMPT_RT))
		return 0;

	act->panic.notifier_call = smallbms_act_panic;
	atomic_notifier_chain_register(&panic_notifier_list, &act->panic);
	return devm_add_action_or_reset(dev, smallbms_act_ignore_panic, act);
}
