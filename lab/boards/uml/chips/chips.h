/* SPDX-License-Identifier: GPL-2.0-only */
/* Models of chips as their buses see them, and of the pins of a system on a chip */

#ifndef __BMS_CHIPS_H
#define __BMS_CHIPS_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/types.h>

#include "../converter/ramp.h"

struct attribute_group;
struct device_node;

struct chip;

struct chip_type {
	const char *compatible;
	int (*probe)(struct chip *chip, struct device_node *node);
	/* Commands that a test writes to "control", after the address */
	int (*control)(struct chip *chip, const char *text);

	/* I2C: addressed, a byte to it, a byte from it, the end. A refusal is an error. */
	int (*start)(struct chip *chip);
	int (*write)(struct chip *chip, u8 byte);
	u8 (*read)(struct chip *chip);
	void (*stop)(struct chip *chip);

	/* SPI: selected or no longer; a bit to it gives a bit from it */
	void (*select)(struct chip *chip);
	bool (*clock)(struct chip *chip, bool bit);
};

extern const struct chip_type ads1115_type, eeprom_type, mcp3208_type, pca9535_type;

enum fault { FAULT_OK, FAULT_REFUSE, FAULT_HANG, FAULT_GARBLE };

struct chip {
	struct list_head list;
	u32 address;
	const struct chip_type *type;
	struct device *dev;	/* of its bus */
	void *model;
	struct mutex lock;	/* the model, and all that follows */
	enum fault fault;
	u32 faults_left;	/* 0: until told otherwise */
	u32 slow_us;		/* extra time for each byte */
};

/* A bus has a list of chips, and a seed for the bits that it garbles. */
struct bus {
	struct list_head chips;
	u32 seed;
};

int bus_probe(struct bus *bus, struct device *dev, const struct chip_type *const *types);
struct chip *bus_chip(struct bus *bus, u32 address);
enum fault bus_fault(struct chip *chip, u32 *slow_us);
u8 bus_garble(struct bus *bus, u8 byte);
extern const struct attribute_group *bus_groups[];

#define MAX_INPUTS	8

/* The inputs of a converter, in uV at its pins */
struct inputs {
	struct bms_ramp ramp[MAX_INPUTS];
	u32 count;
	u32 seed;
	u32 gated;	/* inputs that measure the load current */
};

s32 inputs_uv(struct inputs *inputs, u32 number, u64 at_ns);
int inputs_control(struct inputs *inputs, const char *text);

extern struct platform_driver i2c_model_driver, spi_model_driver, soc_driver;

bool soc_has(const struct device_node *node);
void soc_wire(u32 line, bool level);

#endif /* __BMS_CHIPS_H */
