// SPDX-License-Identifier: GPL-2.0-only
/*
 * The least that can be done between two lines: for tests only
 *
 * The thread of an interrupt copies the line "in" to the line "out".
 */

#include <linux/err.h>
#include <linux/gpio/consumer.h>
#include <linux/interrupt.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/platform_device.h>

struct floor {
	struct gpio_desc *in;
	struct gpio_desc *out;
};

static irqreturn_t floor_irq(int irq, void *data)
{
	struct floor *f = data;

	gpiod_set_value_cansleep(f->out, gpiod_get_value_cansleep(f->in));
	return IRQ_HANDLED;
}

static int floor_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct floor *f = devm_kzalloc(dev, sizeof(*f), GFP_KERNEL);

	if (!f)
		return -ENOMEM;
	f->in = devm_gpiod_get(dev, "in", GPIOD_IN);
	f->out = devm_gpiod_get(dev, "out", GPIOD_OUT_LOW);
	if (IS_ERR(f->in) || IS_ERR(f->out))
		return dev_err_probe(dev, -ENODEV, "no lines\n");
	return devm_request_threaded_irq(dev, gpiod_to_irq(f->in), NULL, floor_irq,
					 IRQF_ONESHOT | IRQF_TRIGGER_RISING |
					 IRQF_TRIGGER_FALLING, "floor", f);
}

static const struct of_device_id floor_of_match[] = {
	{ .compatible = "test,bms-floor" },
	{ }
};
MODULE_DEVICE_TABLE(of, floor_of_match);

static struct platform_driver floor_driver = {
	.driver = {
		.name = "bms-floor",
		.of_match_table = floor_of_match,
	},
	.probe = floor_probe,
};
module_platform_driver(floor_driver);

MODULE_DESCRIPTION("Copies a line to another");
MODULE_LICENSE("GPL");
