// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCA9535: sixteen pins, and an interrupt line
 *
 * Words of the test, beside those of a pin (lab/boards/uml/expander/lines.c):
 *
 *   pull PIN LEVEL	what a pin reads that nothing else holds
 *   load-line PIN	the load current flows through this one
 *
 * The figures are those of its data sheet, NXP PCA9535 and PCA9535C: eight registers in pairs,
 * within which the address alternates. After power-on all pins are inputs, and the output registers
 * are high. INT is open drain. It is asserted while an input pin differs from its level when its
 * port was read last. If the pin changes back before a read, the interrupt ends, and the edge is
 * lost. Reading one port does not clear the interrupt of the other one.
 *
 * It has no reset pin, so it keeps its outputs while the processor restarts.
 */

#include <linux/bits.h>
#include <linux/device.h>
#include <linux/of.h>
#include <linux/of_irq.h>
#include <linux/workqueue.h>

#include "../expander/lines.h"
#include "chips.h"

enum { INPUT, OUTPUT, POLARITY, CONFIGURATION, NUM_REGISTERS };

#define NUM_PINS	16
#define PORT_PINS	8

struct pca9535 {
	struct chip *chip;
	struct bms_line line[NUM_PINS];
	struct bms_lines lines;
	char name[8];
	u16 reg[NUM_REGISTERS];		/* 16 bits wide; INPUT is as it was read last */
	u8 pointer;			/* of bytes */
	bool pointed;			/* in this message */
	bool wired;			/* its interrupt goes to a line of the system, */
	u32 int_line;			/* this one */
	struct delayed_work falls;	/* once a pin that has been let go of is low */
};

static u16 levels(const struct pca9535 *pca)
{
	u16 levels = 0;
	u32 pin;

	for (pin = 0; pin < NUM_PINS; pin++)
		levels |= bms_line_is_high(&pca->line[pin]) << pin;
	return levels;
}

static void interrupt(struct pca9535 *pca)
{
	if (pca->wired)
		soc_wire(pca->int_line,
			 !((levels(pca) ^ pca->reg[INPUT]) & pca->reg[CONFIGURATION]));
}

static void falls(struct work_struct *work)
{
	struct pca9535 *pca = container_of(to_delayed_work(work), struct pca9535, falls);

	guard(mutex)(&pca->chip->lock);
	interrupt(pca);
}

static int pca9535_probe(struct chip *chip, struct device_node *node)
{
	struct pca9535 *pca = devm_kzalloc(chip->dev, sizeof(*pca), GFP_KERNEL);
	struct of_phandle_args irq;

	if (!pca)
		return -ENOMEM;
	snprintf(pca->name, sizeof(pca->name), "%02x ", chip->address);
	pca->chip = chip;
	pca->lines = (struct bms_lines){
		.dev = chip->dev, .name = pca->name, .line = pca->line, .count = NUM_PINS,
		.load_line = NUM_PINS,
	};
	pca->reg[OUTPUT] = U16_MAX;
	pca->reg[CONFIGURATION] = U16_MAX;
	if (!of_irq_parse_one(node, 0, &irq)) {
		pca->wired = soc_has(irq.np);
		pca->int_line = irq.args[0];
		of_node_put(irq.np);
	}
	INIT_DELAYED_WORK(&pca->falls, falls);
	chip->model = pca;
	interrupt(pca);
	return 0;
}

static int pca9535_control(struct chip *chip, const char *text)
{
	struct pca9535 *pca = chip->model;
	u32 pin, level;
	int ret = 0;

	if (sscanf(text, "pull %u %u", &pin, &level) == 2 && pin < NUM_PINS)
		pca->line[pin].pull = level;
	else if (sscanf(text, "load-line %u", &pin) == 1 && pin < NUM_PINS)
		bms_lines_load_line(&pca->lines, pin);
	else
		ret = bms_lines_control(&pca->lines, text);
	interrupt(pca);
	return ret;
}

static int pca9535_start(struct chip *chip)
{
	struct pca9535 *pca = chip->model;

	pca->pointed = false;
	return 0;
}

/* The next byte of a register, and its place in it */
static u16 *next(struct pca9535 *pca, u32 *shift)
{
	u16 *reg = &pca->reg[pca->pointer / 2];

	*shift = pca->pointer % 2 * PORT_PINS;
	pca->pointer ^= 1;
	return reg;
}

static int pca9535_write(struct chip *chip, u8 byte)
{
	struct pca9535 *pca = chip->model;
	u32 shift, pin;
	u16 *reg;

	if (!pca->pointed) {
		pca->pointed = true;
		pca->pointer = byte % (2 * NUM_REGISTERS);
		return 0;
	}
	reg = next(pca, &shift);
	if (reg == &pca->reg[INPUT])
		return 0;
	*reg = (*reg & ~(GENMASK(PORT_PINS - 1, 0) << shift)) | byte << shift;
	for (pin = shift; pin < shift + PORT_PINS; pin++) {
		if (pca->line[pin].output != !(pca->reg[CONFIGURATION] & BIT(pin)) ||
		    pca->line[pin].level != !!(pca->reg[OUTPUT] & BIT(pin)))
			bms_lines_drive(&pca->lines, pin, !(pca->reg[CONFIGURATION] & BIT(pin)),
					pca->reg[OUTPUT] & BIT(pin));
	}
	interrupt(pca);
	if (pca->lines.settle_ns)
		schedule_delayed_work(&pca->falls, nsecs_to_jiffies(pca->lines.settle_ns) + 1);
	return 0;
}

static u8 pca9535_read(struct chip *chip)
{
	struct pca9535 *pca = chip->model;
	u16 port, *reg;
	u32 shift;

	reg = next(pca, &shift);
	if (reg != &pca->reg[INPUT])
		return *reg >> shift;
	port = GENMASK(PORT_PINS - 1, 0) << shift;
	*reg = (*reg & ~port) | (levels(pca) & port);
	interrupt(pca);
	return (*reg ^ pca->reg[POLARITY]) >> shift;
}

const struct chip_type pca9535_type = {
	.compatible = "nxp,pca9535",
	.probe = pca9535_probe,
	.control = pca9535_control,
	.start = pca9535_start,
	.write = pca9535_write,
	.read = pca9535_read,
};
