// SPDX-License-Identifier: GPL-2.0-only
/*
 * MCP3208: eight inputs, 12 bits
 *
 * A word of the test: "reference UV" sets the voltage of VREF, which is 0 at first.
 *
 * The figures are those of its data sheet, Microchip DS21298E, sections 4.1 and 5.0. SGL, D2, D1
 * and D0 follow the start bit. One more clock samples the input, the next one gives a null bit,
 * then twelve bits follow, the highest first. With more clocks, the chip repeats them from the
 * lowest, then gives zeros. The code is 4096 * VIN / VREF.
 */

#include <linux/bits.h>
#include <linux/device.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "chips.h"

#define SINGLE_ENDED	BIT(3)
#define SAMPLE_CLOCK	5	/* counted from the start bit */
#define FIRST_BIT_CLOCK	7
#define RESOLUTION	12

struct mcp3208 {
	struct inputs inputs;
	u32 reference_uv;
	bool started;
	u32 clocks;		/* since the start bit */
	u32 command;		/* SGL, D2, D1, D0 */
	u32 code;
};

static int mcp3208_probe(struct chip *chip, struct device_node *node)
{
	struct mcp3208 *mcp = devm_kzalloc(chip->dev, sizeof(*mcp), GFP_KERNEL);

	if (!mcp)
		return -ENOMEM;
	mcp->inputs.count = 8;
	chip->model = mcp;
	return 0;
}

static int mcp3208_control(struct chip *chip, const char *text)
{
	struct mcp3208 *mcp = chip->model;

	if (sscanf(text, "reference %u", &mcp->reference_uv) == 1)
		return 0;
	return inputs_control(&mcp->inputs, text);
}

static void mcp3208_select(struct chip *chip)
{
	struct mcp3208 *mcp = chip->model;

	mcp->started = false;
}

/* Two inputs are compared in pairs: 0 with 1, or 1 with 0, and so on. */
static void sample(struct mcp3208 *mcp)
{
	u64 now_ns = ktime_get_boottime_ns();
	u32 input = mcp->command & ~SINGLE_ENDED;
	s64 uv = inputs_uv(&mcp->inputs, input, now_ns);

	if (!(mcp->command & SINGLE_ENDED))
		uv -= inputs_uv(&mcp->inputs, input ^ 1, now_ns);
	mcp->code = 0;
	if (mcp->reference_uv)
		mcp->code = clamp(div_s64(uv << RESOLUTION, mcp->reference_uv), 0,
				  (1 << RESOLUTION) - 1);
}

static bool mcp3208_clock(struct chip *chip, bool bit)
{
	struct mcp3208 *mcp = chip->model;
	u32 number;

	if (!mcp->started) {
		mcp->started = bit;
		mcp->clocks = 0;
		mcp->command = 0;
		return false;
	}
	mcp->clocks++;
	if (mcp->clocks < SAMPLE_CLOCK) {
		mcp->command = mcp->command << 1 | bit;
		return false;
	}
	if (mcp->clocks == SAMPLE_CLOCK)
		sample(mcp);
	if (mcp->clocks < FIRST_BIT_CLOCK)
		return false;
	number = mcp->clocks - FIRST_BIT_CLOCK;
	if (number < RESOLUTION)
		return mcp->code >> (RESOLUTION - 1 - number) & 1;
	number -= RESOLUTION - 1;
	return number < RESOLUTION && mcp->code >> number & 1;
}

const struct chip_type mcp3208_type = {
	.compatible = "microchip,mcp3208",
	.probe = mcp3208_probe,
	.control = mcp3208_control,
	.select = mcp3208_select,
	.clock = mcp3208_clock,
};
