// SPDX-License-Identifier: GPL-2.0-only
/*
 * An I2C adapter with models of chips
 *
 * Its errors are those of the kernel's Documentation/i2c/fault-codes.rst. Its time-out is the one
 * that the core gives each adapter: one second.
 */

#include <linux/delay.h>
#include <linux/i2c.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/sched.h>

#include "chips.h"

#define CLOCKS_PER_BYTE	9	/* eight bits and the acknowledge */

struct i2c_model {
	struct bus bus;
	struct i2c_adapter adapter;
	u32 clock_hz;
};

static const struct chip_type *const types[] = {
	&ads1115_type, &eeprom_type, &pca9535_type, NULL
};

static void pass(const struct i2c_model *i2c, u32 bytes, u32 slow_us)
{
	u32 us = DIV_ROUND_UP(bytes * CLOCKS_PER_BYTE * USEC_PER_SEC, i2c->clock_hz) +
		 bytes * slow_us;

	usleep_range(us, us + 1);
}

static int message(struct i2c_model *i2c, struct chip *chip, enum fault fault,
		   const struct i2c_msg *msg)
{
	int ret = 0;
	u16 i;

	guard(mutex)(&chip->lock);
	if (chip->type->start)
		ret = chip->type->start(chip);
	for (i = 0; i < msg->len && !ret; i++) {
		if (!(msg->flags & I2C_M_RD)) {
			ret = chip->type->write(chip, msg->buf[i]);
			continue;
		}
		msg->buf[i] = chip->type->read(chip);
		if (fault == FAULT_GARBLE)
			msg->buf[i] = bus_garble(&i2c->bus, msg->buf[i]);
	}
	return ret;
}

static void stop(struct chip *chip)
{
	guard(mutex)(&chip->lock);
	if (chip->type->stop)
		chip->type->stop(chip);
}

static int i2c_model_xfer(struct i2c_adapter *adapter, struct i2c_msg *msgs, int count)
{
	struct i2c_model *i2c = i2c_get_adapdata(adapter);
	/* All messages of a transfer are for one chip, because a driver talks to one chip. */
	struct chip *chip = bus_chip(&i2c->bus, msgs[0].addr);
	enum fault fault = FAULT_REFUSE;
	u32 slow_us = 0;
	int ret = 0, i;

	if (chip)
		fault = bus_fault(chip, &slow_us);
	if (fault == FAULT_HANG) {
		schedule_timeout_uninterruptible(adapter->timeout);
		return -ETIMEDOUT;
	}
	if (fault == FAULT_REFUSE) {
		pass(i2c, 1, 0);
		return -ENXIO;
	}
	for (i = 0; i < count && !ret; i++) {
		pass(i2c, 1 + msgs[i].len, slow_us);
		ret = message(i2c, chip, fault, &msgs[i]);
	}
	stop(chip);
	return ret ?: count;
}

static u32 i2c_model_functionality(struct i2c_adapter *adapter)
{
	return I2C_FUNC_I2C | I2C_FUNC_SMBUS_EMUL;
}

static const struct i2c_algorithm algorithm = {
	.master_xfer = i2c_model_xfer,
	.functionality = i2c_model_functionality,
};

static int i2c_model_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct i2c_model *i2c;
	int ret;

	i2c = devm_kzalloc(dev, sizeof(*i2c), GFP_KERNEL);
	if (!i2c)
		return -ENOMEM;
	/* The default of the binding of buses */
	i2c->clock_hz = I2C_MAX_STANDARD_MODE_FREQ;
	of_property_read_u32(dev->of_node, "clock-frequency", &i2c->clock_hz);
	ret = bus_probe(&i2c->bus, dev, types);
	if (ret)
		return ret;
	i2c->adapter = (struct i2c_adapter){
		.owner = THIS_MODULE,
		.algo = &algorithm,
		.name = "models of chips",
		.dev = { .parent = dev, .of_node = dev->of_node },
	};
	i2c_set_adapdata(&i2c->adapter, i2c);
	return devm_i2c_add_adapter(dev, &i2c->adapter);
}

static const struct of_device_id i2c_model_of_match[] = {
	{ .compatible = "test,bms-i2c" },
	{ }
};
MODULE_DEVICE_TABLE(of, i2c_model_of_match);

struct platform_driver i2c_model_driver = {
	.driver = {
		.name = "bms-i2c",
		.of_match_table = i2c_model_of_match,
		.dev_groups = bus_groups,
	},
	.probe = i2c_model_probe,
};
