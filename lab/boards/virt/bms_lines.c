// SPDX-License-Identifier: GPL-2.0-only
/*
 * GPIO lines whose pull a test sets: for tests only
 *
 * It replaces the gpio-sim of the virtual board in kernels that are built without gpio-sim
 * and the parts that it needs. Lines have no interrupts. A test writes "LINE LEVEL" to the
 * attribute "pull". A line that is not driven reads its pull.
 */

#include <linux/bitops.h>
#include <linux/gpio/driver.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/pinctrl/pinconf-generic.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#define MAX_LINES	32

struct lines {
	struct gpio_chip chip;
	unsigned long output;
	unsigned long level;
	unsigned long pull;
};

static int lines_get_direction(struct gpio_chip *chip, unsigned int line)
{
	struct lines *lines = gpiochip_get_data(chip);

	return test_bit(line, &lines->output) ? GPIO_LINE_DIRECTION_OUT : GPIO_LINE_DIRECTION_IN;
}

static int lines_direction_input(struct gpio_chip *chip, unsigned int line)
{
	struct lines *lines = gpiochip_get_data(chip);

	clear_bit(line, &lines->output);
	return 0;
}

static void lines_set(struct gpio_chip *chip, unsigned int line, int level)
{
	struct lines *lines = gpiochip_get_data(chip);

	assign_bit(line, &lines->level, level);
}

static int lines_direction_output(struct gpio_chip *chip, unsigned int line, int level)
{
	struct lines *lines = gpiochip_get_data(chip);

	lines_set(chip, line, level);
	set_bit(line, &lines->output);
	return 0;
}

static int lines_get(struct gpio_chip *chip, unsigned int line)
{
	struct lines *lines = gpiochip_get_data(chip);

	return test_bit(line, test_bit(line, &lines->output) ? &lines->level : &lines->pull);
}

/* The bias of the pin holds until somebody outside pulls. */
static int lines_set_config(struct gpio_chip *chip, unsigned int line, unsigned long config)
{
	struct lines *lines = gpiochip_get_data(chip);

	switch (pinconf_to_config_param(config)) {
	case PIN_CONFIG_BIAS_PULL_UP:
		set_bit(line, &lines->pull);
		return 0;
	case PIN_CONFIG_BIAS_PULL_DOWN:
		clear_bit(line, &lines->pull);
		return 0;
	default:
		return -ENOTSUPP;
	}
}

static ssize_t pull_store(struct device *dev, struct device_attribute *attr, const char *buf,
			  size_t count)
{
	struct lines *lines = dev_get_drvdata(dev);
	unsigned int line, level;

	if (sscanf(buf, "%u %u", &line, &level) != 2 || line >= lines->chip.ngpio)
		return -EINVAL;
	assign_bit(line, &lines->pull, level);
	return count;
}
static DEVICE_ATTR_WO(pull);

static struct attribute *lines_attrs[] = {
	&dev_attr_pull.attr,
	NULL
};
ATTRIBUTE_GROUPS(lines);

static int lines_probe(struct platform_device *pdev)
{
	struct fwnode_handle *node = device_get_next_child_node(&pdev->dev, NULL);
	struct lines *lines = devm_kzalloc(&pdev->dev, sizeof(*lines), GFP_KERNEL);

	if (!node)
		return -EINVAL;
	if (!lines)
		return -ENOMEM;
	lines->chip = (struct gpio_chip){
		.label = "bms-lines",
		.parent = &pdev->dev,
		.fwnode = node,
		.owner = THIS_MODULE,
		.base = -1,
		.ngpio = MAX_LINES,
		.get_direction = lines_get_direction,
		.direction_input = lines_direction_input,
		.direction_output = lines_direction_output,
		.get = lines_get,
		.set = lines_set,
		.set_config = lines_set_config,
	};
	platform_set_drvdata(pdev, lines);
	return devm_gpiochip_add_data(&pdev->dev, &lines->chip, lines);
}

static const struct of_device_id lines_of_match[] = {
	{ .compatible = "gpio-simulator" },
	{ }
};
MODULE_DEVICE_TABLE(of, lines_of_match);

static struct platform_driver lines_driver = {
	.driver = {
		.name = "bms-lines",
		.of_match_table = lines_of_match,
		.dev_groups = lines_groups,
	},
	.probe = lines_probe,
};
module_platform_driver(lines_driver);

MODULE_DESCRIPTION("GPIO lines that are pulled as they are told to");
MODULE_LICENSE("GPL");
