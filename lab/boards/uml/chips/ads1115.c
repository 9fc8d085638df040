// SPDX-License-Identifier: GPL-2.0-only
/*
 * ADS1115: four inputs, 16 bits, 8 to 860 conversions a second
 *
 * The figures are those of its data sheet, Texas Instruments SBAS444: the registers, the config
 * register's 8583h after power-on, the ranges and the rates. A single shot needs 25 us to wake. In
 * continuous mode, a conversion under way ends with the settings that it began with, and the next
 * one has the new settings. The rates are nominal; a real part is up to 10 % off. The model has no
 * comparator, because nothing wires the ALERT pin.
 */

#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/device.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/timekeeping.h>

#include "chips.h"

enum { CONVERSION, CONFIG, LOW_THRESHOLD, HIGH_THRESHOLD, NUM_REGISTERS };

#define OS		BIT(15)		/* written, it starts one conversion; read, it means idle */
#define MUX		GENMASK(14, 12)
#define SINGLE_ENDED	BIT(2)		/* of MUX */
#define PGA		GENMASK(11, 9)
#define SINGLE_SHOT	BIT(8)
#define RATE		GENMASK(7, 5)

#define WAKE_NS		(25 * NSEC_PER_USEC)

static const u32 range_uv[] = {
	6144000, 4096000, 2048000, 1024000, 512000, 256000, 256000, 256000,
};

static const u32 per_second[] = { 8, 16, 32, 64, 128, 250, 475, 860 };

struct ads1115 {
	struct inputs inputs;
	u16 reg[NUM_REGISTERS];
	u8 pointer;
	u8 count;		/* of the bytes of this message */
	u8 high;		/* the first byte of a register that is being written */
	bool converting;
	u16 config;		/* of the conversion that is under way */
	u64 ends_ns;		/* when it does */
};

static int ads1115_probe(struct chip *chip, struct device_node *node)
{
	struct ads1115 *ads = devm_kzalloc(chip->dev, sizeof(*ads), GFP_KERNEL);

	if (!ads)
		return -ENOMEM;
	ads->inputs.count = 4;
	ads->reg[CONFIG] = 0x8583;
	ads->reg[LOW_THRESHOLD] = 0x8000;
	ads->reg[HIGH_THRESHOLD] = 0x7fff;
	chip->model = ads;
	return 0;
}

static u64 period_ns(u16 config)
{
	return NSEC_PER_SEC / per_second[FIELD_GET(RATE, config)];
}

static s16 convert(struct ads1115 *ads, u16 config, u64 at_ns)
{
	static const u8 pairs[][2] = { { 0, 1 }, { 0, 3 }, { 1, 3 }, { 2, 3 } };
	u32 mux = FIELD_GET(MUX, config);
	s64 uv;

	if (mux & SINGLE_ENDED)
		uv = inputs_uv(&ads->inputs, mux & ~SINGLE_ENDED, at_ns);
	else
		uv = (s64)inputs_uv(&ads->inputs, pairs[mux][0], at_ns) -
		     inputs_uv(&ads->inputs, pairs[mux][1], at_ns);
	return clamp(div_s64(uv * BIT(15), range_uv[FIELD_GET(PGA, config)]), S16_MIN, S16_MAX);
}

/* Take in the conversions that have ended up to now; only the last one counts. */
static void go_on(struct ads1115 *ads)
{
	u64 now_ns = ktime_get_boottime_ns(), period;

	while (ads->converting && ads->ends_ns <= now_ns) {
		ads->reg[CONVERSION] = convert(ads, ads->config, ads->ends_ns);
		ads->config = ads->reg[CONFIG];
		ads->converting = !(ads->config & SINGLE_SHOT);
		period = period_ns(ads->config);
		ads->ends_ns += period;
		if (ads->ends_ns < now_ns)
			ads->ends_ns += div64_u64(now_ns - ads->ends_ns, period) * period;
	}
}

static int ads1115_control(struct chip *chip, const char *text)
{
	struct ads1115 *ads = chip->model;

	/* Conversions that have ended have measured the inputs as they were then. */
	go_on(ads);
	return inputs_control(&ads->inputs, text);
}

static void configure(struct ads1115 *ads, u16 config)
{
	bool start = config & OS || !(config & SINGLE_SHOT);

	ads->reg[CONFIG] = config & ~OS;
	if (ads->converting || !start)
		return;
	ads->converting = true;
	ads->config = config;
	ads->ends_ns = ktime_get_boottime_ns() + WAKE_NS + period_ns(config);
}

static int ads1115_start(struct chip *chip)
{
	struct ads1115 *ads = chip->model;

	ads->count = 0;
	go_on(ads);
	return 0;
}

static int ads1115_write(struct chip *chip, u8 byte)
{
	struct ads1115 *ads = chip->model;

	switch (ads->count++) {
	case 0:
		ads->pointer = byte % NUM_REGISTERS;
		break;
	case 1:
		ads->high = byte;
		break;
	case 2:
		if (ads->pointer == CONFIG)
			configure(ads, ads->high << 8 | byte);
		else if (ads->pointer != CONVERSION)
			ads->reg[ads->pointer] = ads->high << 8 | byte;
		break;
	}
	return 0;
}

static u8 ads1115_read(struct chip *chip)
{
	struct ads1115 *ads = chip->model;
	u16 value = ads->reg[ads->pointer];

	if (ads->pointer == CONFIG && !ads->converting)
		value |= OS;
	return ads->count++ % 2 ? value : value >> 8;
}

const struct chip_type ads1115_type = {
	.compatible = "ti,ads1115",
	.probe = ads1115_probe,
	.control = ads1115_control,
	.start = ads1115_start,
	.write = ads1115_write,
	.read = ads1115_read,
};
