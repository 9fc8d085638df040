// SPDX-License-Identifier: GPL-2.0-only
/*
 * smallbms - decision -> LED triggers (P1)
 */

#include <asm/barrier.h>
#include <linux/compiler.h>
#include <linux/container_of.h>
#include <linux/device.h>
#include <linux/leds.h>

#include "smallbms.h"

static const char *const led_names[SMALLBMS_NUM_LEDS] = {
	[SMALLBMS_LED_LOAD] = "load",
	[SMALLBMS_LED_CHARGE_BLOCKED] = "charge-blocked",
	[SMALLBMS_LED_PRE_ALARM] = "pre-alarm",
};

/* An LED that attaches later shows the present state at once, not the next one. */
static int smallbms_led_activate(struct led_classdev *led)
{
	const struct smallbms_trigger *t =
		container_of(led->trigger, struct smallbms_trigger, trigger);
	bool on;

	/* An event in between may have gone to the LED already. */
	do {
		on = READ_ONCE(t->on);
		led_set_brightness(led, on ? LED_FULL : LED_OFF);
		smp_mb();	/* pairs with the one in show() */
	} while (on != READ_ONCE(t->on));
	return 0;
}

static void show(struct smallbms_trigger *t, bool on)
{
	if (t->on == on)
		return;
	WRITE_ONCE(t->on, on);
	smp_mb();	/* an LED that the event does not reach sees the store */
	led_trigger_event(&t->trigger, on ? LED_FULL : LED_OFF);
}

/**
 * smallbms_leds_show() - make the LEDs follow a decision
 * @leds: the triggers
 * @decision: the decision to show
 */
void smallbms_leds_show(struct smallbms_leds *leds, const struct smallbms_decision *decision)
{
	show(&leds->trigger[SMALLBMS_LED_LOAD], decision->load);
	show(&leds->trigger[SMALLBMS_LED_CHARGE_BLOCKED], decision->red);
	show(&leds->trigger[SMALLBMS_LED_PRE_ALARM], decision->pre_alarm);
}

/**
 * smallbms_leds_init() - register the triggers
 * @leds: the triggers, zeroed
 * @dev: the bank; its name comes first in theirs
 *
 * Return: 0, or an error that has been reported.
 */
int smallbms_leds_init(struct smallbms_leds *leds, struct device *dev)
{
	int i, ret;

	for (i = 0; i < SMALLBMS_NUM_LEDS; i++) {
		struct led_trigger *trigger = &leds->trigger[i].trigger;

		trigger->activate = smallbms_led_activate;
		trigger->name = devm_kasprintf(dev, GFP_KERNEL, "%s-%s", dev_name(dev),
					       led_names[i]);
		if (!trigger->name)
			return -ENOMEM;
		ret = devm_led_trigger_register(dev, trigger);
		if (ret)
			return dev_err_probe(dev, ret, "no LED trigger \"%s\"\n", trigger->name);
	}
	return 0;
}
