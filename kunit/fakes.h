/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A fake GPIO chip, fake converters and banks that use them
 */

#ifndef __SMALLBMS_FAKES_H
#define __SMALLBMS_FAKES_H

#include <linux/gpio/driver.h>
#include <linux/iio/iio.h>
#include <linux/property.h>
#include <linux/types.h>

struct kunit;
struct irq_domain;
struct platform_device;

/* Lines of the chip */
enum fake_line {
	FAKE_LOAD,
	FAKE_CHARGE,
	FAKE_PRE_ALARM,
	FAKE_HEARTBEAT,
	FAKE_LOOP,
	FAKE_REMOTE_H,
	FAKE_REMOTE_L,
	FAKE_ATD,
	FAKE_ATC,
	FAKE_BPA,
	FAKE_LOAD_2,		/* outputs of a second bank */
	FAKE_CHARGE_2,
	FAKE_NUM_LINES
};

/* What a channel may refer to */
enum fake_node {
	FAKE_ADC,
	FAKE_ADC_2,
	FAKE_ADC_3,
	FAKE_ADC_4,
	FAKE_ADC_5,
	FAKE_ADC_6,
	FAKE_FRONT,		/* front ends of FAKE_ADC */
	FAKE_FRONT_2,
	FAKE_RING,		/* a front end of itself, without a device */
	FAKE_NO_CONVERTER,	/* a node without #io-channel-cells */
	FAKE_NUM_NODES
};

/* Channels of a converter */
enum fake_channel {
	FAKE_CELL,
	FAKE_TEMP = FAKE_CELL + 160,
	FAKE_SUPPLY = FAKE_TEMP + 20,
	FAKE_LOAD_CURRENT,
	FAKE_BANK_CURRENT,
	FAKE_NUM_CHANNELS
};

#define FAKE_BATTERY_UAH	100000000

/**
 * struct fake_gpio - the chip
 * @chip: as gpiolib knows it
 * @irqs: interrupts of its lines, NULL = the chip has none
 * @output: bit for each line that is an output
 * @level: bit for each line that is high
 * @was_driven: bit for each line that was ever driven high
 * @edges: changes between driven and not, per line
 * @stuck: bit for each line that reads low whatever is written
 * @settle_ms: how long a line that is let go of still reads high
 * @let_go_ns: when each line was last let go of
 * @set_error: error of writing a line, or 0
 * @get_error: error of reading a line, or 0
 * @hangs_ms: how long reading a line takes, until this is set to 0; only if the chip sleeps
 * @reads: how often each line was read
 * @fail_call: the call of the chip, counted from now, that fails; 0: none
 * @fail_more: how many after that fail too
 * @mute: no interrupt comes
 * @no_irq: an error or an invalid number that it gives for an interrupt; 0: a valid one
 */
struct fake_gpio {
	struct gpio_chip chip;
	struct irq_domain *irqs;
	unsigned long output;
	unsigned long level;
	unsigned long was_driven;
	unsigned int edges[FAKE_NUM_LINES];
	unsigned long stuck;
	unsigned int settle_ms;
	u64 let_go_ns[FAKE_NUM_LINES];
	int set_error[FAKE_NUM_LINES];
	int get_error[FAKE_NUM_LINES];
	unsigned int hangs_ms[FAKE_NUM_LINES];
	unsigned int reads[FAKE_NUM_LINES];
	unsigned int fail_call;
	unsigned int fail_more;
	bool mute;
	int no_irq;
};

/**
 * struct fake_adc - a converter
 * @value: what a channel reads, in uV, mC or uA
 * @error: error of reading a channel, or 0
 * @hangs_ms: how long every read takes, until this is set to 0
 * @reads: how often it was read
 */
struct fake_adc {
	int value[FAKE_NUM_CHANNELS];
	int error[FAKE_NUM_CHANNELS];
	unsigned int hangs_ms;
	unsigned int reads;
};

/**
 * struct fake_bank - the firmware node of a bank, property by property
 * @prop: properties, ended by an empty one
 * @ref: what they refer to
 * @name: names of its channels
 * @text: room for names that are made here
 * @num_props: how many of @prop
 * @num_refs: how many of @ref
 * @num_channels: how many of @name; their references are the first of @ref
 * @node: the converter of the channels that are added next
 */
struct fake_bank {
	struct property_entry prop[48];
	struct software_node_ref_args ref[224];
	const char *name[192];
	char text[192][12];
	unsigned int num_props;
	unsigned int num_refs;
	unsigned int num_channels;
	enum fake_node node;
};

struct fake_gpio *fake_gpio_add(struct kunit *test, bool sleeps, bool irqs, bool parent);
struct fake_adc *fake_adc_add(struct kunit *test, enum fake_node node);

void fake_gpio_set(struct fake_gpio *gpio, enum fake_line line, bool high);
bool fake_gpio_driven(const struct fake_gpio *gpio, enum fake_line line);

struct fake_bank *fake_bank_alloc(struct kunit *test);
void fake_bank_channel(struct fake_bank *bank, const char *name, unsigned int channel);
void fake_bank_channels(struct fake_bank *bank, const char *name, unsigned int first,
			unsigned int count);
void fake_bank_gpio(struct fake_bank *bank, const char *name, enum fake_line line, u32 flags);
void fake_bank_battery(struct fake_bank *bank);
void fake_bank_large_battery(struct fake_bank *bank);
void fake_bank_u32(struct fake_bank *bank, const char *name, u32 value);
void fake_bank_drop(struct fake_bank *bank, const char *name);
struct platform_device *fake_bank_add(struct kunit *test, struct fake_bank *bank, int id);
void fake_bank_remove(struct kunit *test, struct platform_device *pdev);

#endif /* __SMALLBMS_FAKES_H */
