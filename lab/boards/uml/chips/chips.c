// SPDX-License-Identifier: GPL-2.0-only
/*
 * Models of chips, on buses that fail on command: for tests only
 *
 * A bus models the chips that its nodes in the devicetree name. So an overlay runs as it is, with
 * the kernel's own drivers. A transfer takes as long as the clock of the bus makes it. A test
 * writes to the attribute "control" of the bus:
 *
 *   ADDRESS fault ok			the chip works (the address is hexadecimal)
 *   ADDRESS fault refuse [COUNT]	it does not acknowledge its address; on SPI, which has no
 *					acknowledge, the controller fails
 *   ADDRESS fault hang [COUNT]		it holds the clock until the adapter gives up
 *   ADDRESS fault garble [COUNT]	one bit of each byte read from it is wrong
 *   ADDRESS slow US			it holds the clock so long for each byte
 *   ADDRESS ...			words of the chip, which its own file explains
 *
 * With a COUNT, that many transfers fail, and then the chip works. A converter has these words,
 * with uV at its pins:
 *
 *   ADDRESS set INPUT UV		what the input is at
 *   ADDRESS ramp INPUT UV NS		where it is NS later, going there in a line
 *   ADDRESS noise INPUT UV		+- so much on top, always the same sequence
 *   ADDRESS gate INPUT			it measures the load current, which is none while the load
 *					line is not high
 */

#include <linux/device.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/timekeeping.h>

#include "../converter/gate.h"
#include "chips.h"

/**
 * inputs_uv() - get the voltage of an input
 * @inputs: the inputs
 * @number: which one
 * @at_ns: the time, on the boot clock
 *
 * Return: uV.
 */
s32 inputs_uv(struct inputs *inputs, u32 number, u64 at_ns)
{
	if (inputs->gated & 1 << number && !bms_converter_flows())
		return 0;
	return bms_ramp_value(&inputs->ramp[number], at_ns, &inputs->seed);
}

/**
 * inputs_control() - execute a test's command on the inputs
 * @inputs: the inputs
 * @text: a line of the test
 *
 * Return: 0 or a negative errno.
 */
int inputs_control(struct inputs *inputs, const char *text)
{
	u64 span_ns = 0;
	u32 number;
	char word[8];
	int count, uv;

	count = sscanf(text, "%7s %u %d %llu", word, &number, &uv, &span_ns);
	if (count < 2 || number >= inputs->count)
		return -EINVAL;
	if (count == 2 && !strcmp(word, "gate"))
		inputs->gated |= 1 << number;
	else if (count == 2)
		return -EINVAL;
	else if (count == 3 && !strcmp(word, "noise"))
		inputs->ramp[number].noise = uv;
	else if (!strcmp(word, count == 4 ? "ramp" : "set"))
		bms_ramp_go(&inputs->ramp[number], ktime_get_boottime_ns(), uv, span_ns);
	else
		return -EINVAL;
	return 0;
}

/**
 * bus_probe() - model the chips of a bus
 * @bus: the bus
 * @dev: its device, whose node has the nodes of the chips
 * @types: the chips that can be on it
 *
 * A chip without a model is absent: nothing answers at its address.
 *
 * Return: 0 or a negative errno.
 */
int bus_probe(struct bus *bus, struct device *dev, const struct chip_type *const *types)
{
	struct device_node *node;

	INIT_LIST_HEAD(&bus->chips);
	dev_set_drvdata(dev, bus);
	for_each_available_child_of_node(dev->of_node, node) {
		const struct chip_type *const *type = types;
		struct chip *chip;
		int ret;

		while (*type && !of_device_is_compatible(node, (*type)->compatible))
			type++;
		if (!*type)
			continue;
		chip = devm_kzalloc(dev, sizeof(*chip), GFP_KERNEL);
		ret = chip ? of_property_read_u32(node, "reg", &chip->address) : -ENOMEM;
		if (!ret) {
			chip->dev = dev;
			chip->type = *type;
			mutex_init(&chip->lock);
			ret = chip->type->probe(chip, node);
		}
		if (ret) {
			of_node_put(node);
			return dev_err_probe(dev, ret, "cannot model %s\n", (*type)->compatible);
		}
		list_add_tail(&chip->list, &bus->chips);
	}
	return 0;
}

/**
 * bus_chip() - find a chip
 * @bus: the bus
 * @address: its address
 *
 * Return: the chip, or NULL.
 */
struct chip *bus_chip(struct bus *bus, u32 address)
{
	struct chip *chip;

	list_for_each_entry(chip, &bus->chips, list) {
		if (chip->address == address)
			return chip;
	}
	return NULL;
}

/**
 * bus_fault() - get the fault of the next transfer with a chip
 * @chip: the chip
 * @slow_us: set to the extra time of each byte
 *
 * Return: the fault.
 */
enum fault bus_fault(struct chip *chip, u32 *slow_us)
{
	enum fault fault;

	guard(mutex)(&chip->lock);
	fault = chip->fault;
	*slow_us = chip->slow_us;
	if (fault && chip->faults_left && !--chip->faults_left)
		chip->fault = FAULT_OK;
	return fault;
}

/**
 * bus_garble() - change one bit of a byte, always in the same sequence
 * @bus: the bus
 * @byte: the byte
 *
 * Return: the wrong byte.
 */
u8 bus_garble(struct bus *bus, u8 byte)
{
	bus->seed = bus->seed * 1664525 + 1013904223;
	return byte ^ 1 << (bus->seed >> 29);
}

static int control(struct bus *bus, const char *text)
{
	static const char *const words[] = { "ok", "refuse", "hang", "garble" };
	struct chip *chip;
	unsigned int address, value = 0;
	char word[8];
	int begin = 0, fault;

	if (sscanf(text, "%x %n", &address, &begin) != 1 || !begin)
		return -EINVAL;
	chip = bus_chip(bus, address);
	if (!chip)
		return -ENODEV;
	text += begin;

	guard(mutex)(&chip->lock);

	if (sscanf(text, "fault %7s %u", word, &value) >= 1) {
		fault = match_string(words, ARRAY_SIZE(words), word);
		if (fault < 0)
			return fault;
		chip->fault = fault;
		chip->faults_left = value;
		return 0;
	}
	if (sscanf(text, "slow %u", &value) == 1) {
		chip->slow_us = value;
		return 0;
	}
	return chip->type->control ? chip->type->control(chip, text) : -EINVAL;
}

static ssize_t control_store(struct device *dev, struct device_attribute *attr, const char *buf,
			     size_t count)
{
	return control(dev_get_drvdata(dev), buf) ?: count;
}
static DEVICE_ATTR_WO(control);

static struct attribute *bus_attrs[] = {
	&dev_attr_control.attr,
	NULL
};

static const struct attribute_group bus_group = { .attrs = bus_attrs };

const struct attribute_group *bus_groups[] = { &bus_group, NULL };

/* The system comes first, because its pins take interrupts of chips. */
static struct platform_driver *const drivers[] = {
	&soc_driver, &spi_model_driver, &i2c_model_driver,
};

static int __init chips_init(void)
{
	return platform_register_drivers(drivers, ARRAY_SIZE(drivers));
}
module_init(chips_init);

static void __exit chips_exit(void)
{
	platform_unregister_drivers(drivers, ARRAY_SIZE(drivers));
}
module_exit(chips_exit);

MODULE_DESCRIPTION("Models of chips, on buses that fail as they are told to");
MODULE_LICENSE("GPL");
