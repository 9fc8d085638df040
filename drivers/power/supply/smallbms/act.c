// SPDX-License-Identifier: GPL-2.0-only
/*
 * smallbms - decision -> output lines
 */

/**
 * DOC: smallbms-act
 *
 * The only place that writes an output. A terminal is driven high or floats:
 * its line is open source, or push-pull in front of a high-side switch, and an
 * active line means "driven". What disconnects is written before what connects,
 * and the load before the pre-alarm that announced it, so that at the pins the
 * warning is never shorter than it was meant to be.
 *
 * A line that cannot be written, or reads back differently, is written again at
 * every evaluation and reported until it follows (F3).
 *
 * Whatever ends in order floats the outputs. What does not, a panic apart, ends
 * the heartbeat, and the board has to float them: a heartbeat that went on
 * without an evaluation on fresh data would hold up what nobody watches.
 */

#include <linux/container_of.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/gpio/consumer.h>
#include <linux/gpio/driver.h>
#include <linux/notifier.h>
#include <linux/panic_notifier.h>

#include "compat.h"
#include "smallbms.h"

static const char *const output_names[SMALLBMS_NUM_OUTPUTS] = {
	[SMALLBMS_OUT_LOAD] = "load-enable",
	[SMALLBMS_OUT_CHARGE] = "charge-enable",
	[SMALLBMS_OUT_PRE_ALARM] = "pre-alarm",
};

/**
 * smallbms_output_name() - what the devicetree calls an output
 * @output: which one
 *
 * Return: the name, without "-gpios".
 */
const char *smallbms_output_name(enum smallbms_output_id output)
{
	return output_names[output];
}

static bool follows(struct smallbms_output *output)
{
	output->level = gpiod_get_value_cansleep(output->gpiod);

	/* A line that cannot be read is believed. */
	return output->level < 0 || output->level == output->driven;
}

static void drive(struct smallbms_output *output, bool driven)
{
	int ret;

	if (!output->gpiod)
		return;
	if (driven == output->driven && !output->fault && follows(output))
		return;
	output->driven = driven;
	ret = gpiod_set_value_cansleep(output->gpiod, driven);
	output->fault = !follows(output) || ret;
}

/**
 * smallbms_act_apply() - make the outputs follow a decision
 * @act: the outputs
 * @decision: what they shall be
 *
 * Return: true when all of them follow, as far as can be seen.
 */
bool smallbms_act_apply(struct smallbms_act *act, const struct smallbms_decision *decision)
{
	const bool want[SMALLBMS_NUM_OUTPUTS] = {
		[SMALLBMS_OUT_LOAD] = decision->load,
		[SMALLBMS_OUT_CHARGE] = decision->charge,
		[SMALLBMS_OUT_PRE_ALARM] = decision->pre_alarm,
	};
	bool ok = true;
	int i;

	for (i = 0; i < SMALLBMS_NUM_OUTPUTS; i++) {
		if (!want[i])
			drive(&act->output[i], false);
	}
	for (i = 0; i < SMALLBMS_NUM_OUTPUTS; i++) {
		if (want[i])
			drive(&act->output[i], true);
		ok = ok && !act->output[i].fault;
	}
	return ok;
}

/**
 * smallbms_act_float() - let go of everything
 * @act: the outputs
 */
void smallbms_act_float(struct smallbms_act *act)
{
	smallbms_act_apply(act, &(struct smallbms_decision){});
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
 * In a panic nothing may sleep, and whoever holds a lock has been stopped. So a line
 * that sleeps is left to the heartbeat, and an open source line is driven low: to let
 * go of it takes a mutex where a pin controller is behind it.
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
 * smallbms_act_init() - get all outputs, floating (X1)
 * @act: the outputs, zeroed
 * @dev: the bank
 *
 * Return: 0, or an error that has been reported.
 */
int smallbms_act_init(struct smallbms_act *act, struct device *dev)
{
	struct gpio_desc *gpiod;
	struct device *chip;
	int i;

	for (i = 0; i < SMALLBMS_NUM_OUTPUTS; i++) {
		gpiod = devm_gpiod_get_optional(dev, output_names[i], GPIOD_OUT_LOW);
		if (IS_ERR(gpiod))
			return dev_err_probe(dev, PTR_ERR(gpiod), "no line for %s-gpios\n",
					     output_names[i]);
		if (!gpiod && i != SMALLBMS_OUT_PRE_ALARM)
			return dev_err_probe(dev, -EINVAL, "%s-gpios is missing\n",
					     output_names[i]);
		act->output[i].gpiod = gpiod;
		if (!gpiod)
			continue;
		/* A chip that goes away takes its lines with it: so the bank goes first. */
		chip = gpio_device_to_device(gpiod_to_gpio_device(gpiod))->parent;
		if (!device_link_add(dev, chip, DL_FLAG_AUTOREMOVE_CONSUMER))
			return dev_err_probe(dev, -ENODEV, "no link to the chip of %s-gpios\n",
					     output_names[i]);
	}

	act->heartbeat = devm_gpiod_get_optional(dev, "heartbeat", GPIOD_OUT_LOW);
	if (IS_ERR(act->heartbeat))
		return dev_err_probe(dev, PTR_ERR(act->heartbeat),
				     "no line for heartbeat-gpios\n");

	act->panic.notifier_call = smallbms_act_panic;
	atomic_notifier_chain_register(&panic_notifier_list, &act->panic);
	return devm_add_action_or_reset(dev, smallbms_act_ignore_panic, act);
}
