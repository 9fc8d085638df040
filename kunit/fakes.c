// SPDX-License-Identifier: GPL-2.0-only
/*
 * A fake GPIO chip, fake converters and banks that use them
 *
 * Software nodes tie them together. A test makes them one property at a time, as a devicetree
 * would have them.
 */

#include <kunit/device.h>
#include <kunit/resource.h>
#include <kunit/test.h>

#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/delay.h>
#include <linux/fwnode.h>
#include <linux/gpio/driver.h>
#include <linux/gpio/machine.h>
#include <linux/iio/iio.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irq_sim.h>
#include <linux/jiffies.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "compat.h"
#include "fakes.h"

#define GPIO_NAME	"smallbms-fake-gpio"
#define ADC_NAME	"smallbms-fake-adc"

static const struct software_node gpio_node = {
	.name = GPIO_NAME,	/* before 6.19, gpiolib finds the chip by it */
};

static const struct property_entry adc_properties[] = {
	PROPERTY_ENTRY_U32("#io-channel-cells", 1),
	{}
};

static const struct software_node nodes[FAKE_NUM_NODES];

static const struct property_entry front_properties[] = {
	PROPERTY_ENTRY_U32("#io-channel-cells", 1),
	PROPERTY_ENTRY_REF("io-channels", &nodes[FAKE_ADC], 0),
	{}
};

static const struct property_entry ring_properties[] = {
	PROPERTY_ENTRY_U32("#io-channel-cells", 1),
	PROPERTY_ENTRY_REF("io-channels", &nodes[FAKE_RING], 0),
	{}
};

static const struct software_node nodes[FAKE_NUM_NODES] = {
	[FAKE_ADC] = { .name = ADC_NAME, .properties = adc_properties },
	[FAKE_ADC_2] = { .name = ADC_NAME "-2", .properties = adc_properties },
	[FAKE_ADC_3] = { .name = ADC_NAME "-3", .properties = adc_properties },
	[FAKE_ADC_4] = { .name = ADC_NAME "-4", .properties = adc_properties },
	[FAKE_ADC_5] = { .name = ADC_NAME "-5", .properties = adc_properties },
	[FAKE_ADC_6] = { .name = ADC_NAME "-6", .properties = adc_properties },
	[FAKE_FRONT] = { .name = "smallbms-fake-front", .properties = front_properties },
	[FAKE_FRONT_2] = { .name = "smallbms-fake-front-2", .properties = front_properties },
	[FAKE_RING] = { .name = "smallbms-fake-ring", .properties = ring_properties },
	[FAKE_NO_CONVERTER] = { .name = "smallbms-fake-no-converter" },
};

/* A battery of 100 Ah in 4 cells */
static const struct property_entry battery_properties[] = {
	PROPERTY_ENTRY_STRING("compatible", "simple-battery"),
	PROPERTY_ENTRY_U32("charge-full-design-microamp-hours", FAKE_BATTERY_UAH),
	PROPERTY_ENTRY_U32("voltage-min-design-microvolt", 11200000),
	PROPERTY_ENTRY_U32("voltage-max-design-microvolt", 14200000),
	{}
};

static const struct software_node battery_node = {
	.name = "smallbms-fake-battery",
	.properties = battery_properties,
};

/* A battery with more charge than a property of a power supply can hold */
static const struct property_entry large_battery_properties[] = {
	PROPERTY_ENTRY_STRING("compatible", "simple-battery"),
	PROPERTY_ENTRY_U32("charge-full-design-microamp-hours", 3000000000U),
	{}
};

static const struct software_node large_battery_node = {
	.name = "smallbms-fake-large-battery",
	.properties = large_battery_properties,
};

static void hang(const unsigned int *hangs_ms)
{
	unsigned long begin = jiffies;

	while (time_before(jiffies, begin + msecs_to_jiffies(READ_ONCE(*hangs_ms))))
		msleep(20);
}

KUNIT_DEFINE_ACTION_WRAPPER(remove_node, software_node_unregister,
			    const struct software_node *);
KUNIT_DEFINE_ACTION_WRAPPER(unregister_bank, platform_device_unregister,
			    struct platform_device *);
KUNIT_DEFINE_ACTION_WRAPPER(remove_adc, iio_device_unregister, struct iio_dev *);
KUNIT_DEFINE_ACTION_WRAPPER(free_adc, iio_device_free, struct iio_dev *);
KUNIT_DEFINE_ACTION_WRAPPER(remove_irqs, irq_domain_remove_sim, struct irq_domain *);
KUNIT_DEFINE_ACTION_WRAPPER(remove_gpio, gpiochip_remove, struct gpio_chip *);

/* Register a node before anything refers to it; it is removed after all of that. */
static void need_node(struct kunit *test, const struct software_node *node)
{
	if (software_node_fwnode(node))
		return;
	KUNIT_ASSERT_EQ(test, 0, software_node_register(node));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, remove_node, (void *)node));
}

/* From 7.3 on a device waits for the drivers of nodes that it refers to. This node has none. */
static void has_no_driver(const struct software_node *node)
{
	fwnode_dev_initialized(software_node_fwnode(node), true);
}

/* GPIO chip */

static void fake_gpio_now(struct fake_gpio *gpio, unsigned int line, bool output, bool high)
{
	bool driven = output && high;

	if (!driven && fake_gpio_driven(gpio, line))
		gpio->let_go_ns[line] = ktime_get_boottime_ns();
	if (driven != fake_gpio_driven(gpio, line))
		gpio->edges[line]++;
	__assign_bit(line, &gpio->output, output);
	__assign_bit(line, &gpio->level, high);
	if (driven)
		gpio->was_driven |= BIT(line);
}

/* Each call of the chip asks this once: it fails in its turn, or with the error of its line. */
static int fake_gpio_fails(struct fake_gpio *gpio, int error)
{
	if (gpio->fail_call && !--gpio->fail_call) {
		if (gpio->fail_more) {
			gpio->fail_more--;
			gpio->fail_call = 1;
		}
		return -EIO;
	}
	return error;
}

static int fake_gpio_get_direction(struct gpio_chip *chip, unsigned int line)
{
	struct fake_gpio *gpio = gpiochip_get_data(chip);

	return gpio->output & BIT(line) ? GPIO_LINE_DIRECTION_OUT : GPIO_LINE_DIRECTION_IN;
}

/* An input keeps its level. An output that becomes an input is pulled low by the board. */
static int fake_gpio_direction_input(struct gpio_chip *chip, unsigned int line)
{
	struct fake_gpio *gpio = gpiochip_get_data(chip);
	int error = fake_gpio_fails(gpio, gpio->set_error[line]);

	if (error)
		return error;
	fake_gpio_now(gpio, line, false,
		      (gpio->level & BIT(line)) && !(gpio->output & BIT(line)));
	return 0;
}

static int fake_gpio_direction_output(struct gpio_chip *chip, unsigned int line, int high)
{
	struct fake_gpio *gpio = gpiochip_get_data(chip);
	int error = fake_gpio_fails(gpio, gpio->set_error[line]);

	if (error)
		return error;
	fake_gpio_now(gpio, line, true, high);
	return 0;
}

static int fake_gpio_set_line(struct gpio_chip *chip, unsigned int line, int high)
{
	return fake_gpio_direction_output(chip, line, high);
}

static int fake_gpio_get(struct gpio_chip *chip, unsigned int line)
{
	struct fake_gpio *gpio = gpiochip_get_data(chip);
	int error = fake_gpio_fails(gpio, gpio->get_error[line]);

	gpio->reads[line]++;
	hang(&gpio->hangs_ms[line]);
	if (error)
		return error;
	if (gpio->let_go_ns[line] && ktime_get_boottime_ns() - gpio->let_go_ns[line] <
				     gpio->settle_ms * (u64)NSEC_PER_MSEC)
		return 1;
	return (gpio->level & ~gpio->stuck & BIT(line)) != 0;
}

static int fake_gpio_to_irq(struct gpio_chip *chip, unsigned int line)
{
	struct fake_gpio *gpio = gpiochip_get_data(chip);

	return gpio->no_irq ?: irq_create_mapping(gpio->irqs, line);
}

static void fake_gpio_free_irqs(void *data)
{
	struct fake_gpio *gpio = data;
	unsigned int line;

	for (line = 0; line < FAKE_NUM_LINES; line++)
		irq_dispose_mapping(irq_find_mapping(gpio->irqs, line));
}

/**
 * fake_gpio_add() - add the chip, for as long as the test runs
 * @test: the test
 * @sleeps: its lines are behind a bus
 * @irqs: it has interrupts
 * @parent: it belongs to a device, as most do
 *
 * Return: the chip.
 */
struct fake_gpio *fake_gpio_add(struct kunit *test, bool sleeps, bool irqs, bool parent)
{
	struct fake_gpio *gpio = kunit_kzalloc(test, sizeof(*gpio), GFP_KERNEL);
	struct device *dev = kunit_device_register(test, GPIO_NAME);

	KUNIT_ASSERT_NOT_NULL(test, gpio);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	need_node(test, &gpio_node);

	gpio->chip = (struct gpio_chip){
		.label = GPIO_NAME,
		.owner = THIS_MODULE,
		.parent = parent ? dev : NULL,
		.fwnode = software_node_fwnode(&gpio_node),
		.base = -1,
		.ngpio = FAKE_NUM_LINES,
		.can_sleep = sleeps,
		.get_direction = fake_gpio_get_direction,
		.direction_input = fake_gpio_direction_input,
		.direction_output = fake_gpio_direction_output,
		.get = fake_gpio_get,
		.smallbms_chip_set = fake_gpio_set_line,
	};
	if (irqs) {
		gpio->irqs = irq_domain_create_sim(NULL, FAKE_NUM_LINES);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, gpio->irqs);
		KUNIT_ASSERT_EQ(test, 0,
				kunit_add_action_or_reset(test, remove_irqs, gpio->irqs));
		KUNIT_ASSERT_EQ(test, 0,
				kunit_add_action_or_reset(test, fake_gpio_free_irqs, gpio));
		gpio->chip.to_irq = fake_gpio_to_irq;
	}
	KUNIT_ASSERT_EQ(test, 0, gpiochip_add_data(&gpio->chip, gpio));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, remove_gpio, &gpio->chip));
	return gpio;
}

/**
 * fake_gpio_set() - drive an input from outside
 * @gpio: the chip
 * @line: which line
 * @high: to which level
 */
void fake_gpio_set(struct fake_gpio *gpio, enum fake_line line, bool high)
{
	bool was_high = gpio->level & BIT(line);
	int irq;

	__assign_bit(line, &gpio->level, high);
	if (high == was_high || !gpio->irqs || gpio->mute)
		return;
	irq = irq_find_mapping(gpio->irqs, line);
	if (irq && irq_get_trigger_type(irq) &
		   (high ? IRQ_TYPE_EDGE_RISING : IRQ_TYPE_EDGE_FALLING))
		irq_set_irqchip_state(irq, IRQCHIP_STATE_PENDING, true);
}

/**
 * fake_gpio_driven() - tell whether an output is driven high
 * @gpio: the chip
 * @line: which line
 *
 * Return: false when it floats or is low.
 */
bool fake_gpio_driven(const struct fake_gpio *gpio, enum fake_line line)
{
	return gpio->output & gpio->level & BIT(line);
}

/* Converter */

static struct iio_chan_spec adc_channels[FAKE_NUM_CHANNELS];

static int fake_adc_read_raw(struct iio_dev *iio, struct iio_chan_spec const *channel,
			     int *value, int *value2, long mask)
{
	struct fake_adc *adc = iio_priv(iio);

	switch (mask) {
	case IIO_CHAN_INFO_RAW:
		adc->reads++;
		hang(&adc->hangs_ms);
		*value = adc->value[channel->channel];
		return adc->error[channel->channel] ?: IIO_VAL_INT;
	case IIO_CHAN_INFO_SCALE:
		if (channel->type == IIO_TEMP) {
			*value = 1;
			return IIO_VAL_INT;
		}
		*value = 1;
		*value2 = 1000;
		return IIO_VAL_FRACTIONAL;
	default:
		return -EINVAL;
	}
}

static const struct iio_info adc_info = {
	.read_raw = fake_adc_read_raw,
};

/**
 * fake_adc_add() - add a converter or a front end, for as long as the test runs
 * @test: the test
 * @node: which one
 *
 * Return: the converter: cells at 3.30 V, batteries at 25 C, supply at 13.2 V, no current.
 */
struct fake_adc *fake_adc_add(struct kunit *test, enum fake_node node)
{
	struct device *dev = kunit_device_register(test, nodes[node].name);
	struct fake_adc *adc;
	struct iio_dev *iio;
	unsigned int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	need_node(test, &nodes[FAKE_ADC]);
	need_node(test, &nodes[node]);
	iio = iio_device_alloc(dev, sizeof(*adc));
	KUNIT_ASSERT_NOT_NULL(test, iio);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_adc, iio));
	adc = iio_priv(iio);

	for (i = 0; i < FAKE_NUM_CHANNELS; i++) {
		adc_channels[i] = (struct iio_chan_spec){
			.type = i < FAKE_TEMP || i == FAKE_SUPPLY ? IIO_VOLTAGE :
				i < FAKE_SUPPLY ? IIO_TEMP : IIO_CURRENT,
			.indexed = 1,
			.channel = i,
			.info_mask_separate = BIT(IIO_CHAN_INFO_RAW) | BIT(IIO_CHAN_INFO_SCALE),
		};
		adc->value[i] = i < FAKE_TEMP ? 3300000 : i < FAKE_SUPPLY ? 25000 :
				i == FAKE_SUPPLY ? 13200000 : 0;
	}

	iio->name = nodes[node].name;
	iio->info = &adc_info;
	iio->modes = INDIO_DIRECT_MODE;
	iio->channels = adc_channels;
	iio->num_channels = FAKE_NUM_CHANNELS;
	device_set_node(&iio->dev, software_node_fwnode(&nodes[node]));
	has_no_driver(&nodes[node]);
	KUNIT_ASSERT_EQ(test, 0, iio_device_register(iio));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, remove_adc, iio));
	return adc;
}

/* Banks */

static void add_refs(struct fake_bank *bank, const char *name, unsigned int first,
		     unsigned int count)
{
	bank->prop[bank->num_props++] =
		PROPERTY_ENTRY_REF_ARRAY_LEN(name, &bank->ref[first], count);
}

/**
 * fake_bank_alloc() - begin a bank with its load, charge and pre-alarm outputs
 * @test: the test
 *
 * Return: the bank, not yet added.
 */
struct fake_bank *fake_bank_alloc(struct kunit *test)
{
	struct fake_bank *bank = kunit_kzalloc(test, sizeof(*bank), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, bank);
	/* Channels come first in the references: leave room for them. */
	bank->num_refs = ARRAY_SIZE(bank->name);
	fake_bank_gpio(bank, "load-enable-gpios", FAKE_LOAD, GPIO_OPEN_SOURCE);
	fake_bank_gpio(bank, "charge-enable-gpios", FAKE_CHARGE, GPIO_OPEN_SOURCE);
	fake_bank_gpio(bank, "pre-alarm-gpios", FAKE_PRE_ALARM, GPIO_OPEN_SOURCE);
	return bank;
}

/**
 * fake_bank_channel() - give a bank a channel
 * @bank: the bank
 * @name: what the bank calls it
 * @channel: a &enum fake_channel, or a number beyond
 */
void fake_bank_channel(struct fake_bank *bank, const char *name, unsigned int channel)
{
	bank->ref[bank->num_channels] = SOFTWARE_NODE_REFERENCE(&nodes[bank->node], channel);
	bank->name[bank->num_channels++] = name;
}

/**
 * fake_bank_channels() - give a bank numbered channels
 * @bank: the bank
 * @name: what the bank calls them, without the number
 * @first: the first of them on the converter
 * @count: how many
 */
void fake_bank_channels(struct fake_bank *bank, const char *name, unsigned int first,
			unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		char *text = bank->text[bank->num_channels];

		snprintf(text, sizeof(bank->text[0]), "%s%u", name, i + 1);
		fake_bank_channel(bank, text, first + i);
	}
}

/**
 * fake_bank_gpio() - give a bank a line
 * @bank: the bank
 * @name: the property
 * @line: which line of the chip
 * @flags: as in a GPIO lookup
 */
void fake_bank_gpio(struct fake_bank *bank, const char *name, enum fake_line line, u32 flags)
{
	bank->ref[bank->num_refs] = SOFTWARE_NODE_REFERENCE(&gpio_node, line, flags);
	add_refs(bank, name, bank->num_refs++, 1);
}

static void add_battery(struct fake_bank *bank, const struct software_node *node)
{
	bank->ref[bank->num_refs] = SOFTWARE_NODE_REFERENCE(node);
	add_refs(bank, "monitored-battery", bank->num_refs++, 1);
}

/**
 * fake_bank_battery() - give a bank a battery of 100 Ah
 * @bank: the bank
 */
void fake_bank_battery(struct fake_bank *bank)
{
	add_battery(bank, &battery_node);
}

/**
 * fake_bank_large_battery() - give a bank a battery of 3000 Ah
 * @bank: the bank
 */
void fake_bank_large_battery(struct fake_bank *bank)
{
	add_battery(bank, &large_battery_node);
}

/**
 * fake_bank_u32() - give a bank a number
 * @bank: the bank
 * @name: the property
 * @value: the number
 */
void fake_bank_u32(struct fake_bank *bank, const char *name, u32 value)
{
	bank->prop[bank->num_props++] = PROPERTY_ENTRY_U32(name, value);
}

/**
 * fake_bank_drop() - take a property away
 * @bank: the bank
 * @name: the property
 */
void fake_bank_drop(struct fake_bank *bank, const char *name)
{
	unsigned int i;

	for (i = 0; i < bank->num_props; i++) {
		if (!strcmp(bank->prop[i].name, name))
			bank->prop[i] = bank->prop[--bank->num_props];
	}
}

/**
 * fake_bank_add() - add a bank, for as long as the test runs
 * @test: the test
 * @bank: its properties
 * @id: number of the device
 *
 * Return: its platform device, which the driver may have refused.
 */
struct platform_device *fake_bank_add(struct kunit *test, struct fake_bank *bank, int id)
{
	struct platform_device_info info = {
		.name = "smallbms",
		.id = id,
		.properties = bank->prop,
	};
	struct platform_device *pdev;
	unsigned int i;

	if (bank->num_channels) {
		add_refs(bank, "io-channels", 0, bank->num_channels);
		bank->prop[bank->num_props++] =
			PROPERTY_ENTRY_STRING_ARRAY_LEN("io-channel-names", bank->name,
							bank->num_channels);
	}

	need_node(test, &gpio_node);
	for (i = 0; i < ARRAY_SIZE(nodes); i++)
		need_node(test, &nodes[i]);
	has_no_driver(&nodes[FAKE_RING]);
	has_no_driver(&nodes[FAKE_NO_CONVERTER]);
	need_node(test, &battery_node);
	has_no_driver(&battery_node);
	need_node(test, &large_battery_node);
	has_no_driver(&large_battery_node);
	pdev = platform_device_register_full(&info);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pdev);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, unregister_bank, pdev));
	return pdev;
}

/**
 * fake_bank_remove() - remove a bank before the test ends
 * @test: the test
 * @pdev: the bank
 */
void fake_bank_remove(struct kunit *test, struct platform_device *pdev)
{
	kunit_release_action(test, unregister_bank, pdev);
}
