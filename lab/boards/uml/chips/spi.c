// SPDX-License-Identifier: GPL-2.0-only
/*
 * An SPI controller with models of chips
 *
 * The core of SPI gives up a transfer that hangs, 200 ms after it should have ended.
 */

#include <linux/delay.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/spi/spi.h>

#include "chips.h"

#define MAX_CHIPS	2

struct spi_model {
	struct bus bus;
};

static const struct chip_type *const types[] = { &mcp3208_type, NULL };

static struct chip *chip_of(struct spi_device *spi)
{
	struct spi_model *model = spi_controller_get_devdata(spi->controller);

	return bus_chip(&model->bus, spi_get_chipselect(spi, 0));
}

static void spi_model_set_cs(struct spi_device *spi, bool level)
{
	struct chip *chip = chip_of(spi);

	if (!chip)
		return;
	guard(mutex)(&chip->lock);
	chip->type->select(chip);
}

static int spi_model_transfer(struct spi_controller *controller, struct spi_device *spi,
			      struct spi_transfer *transfer)
{
	struct spi_model *model = spi_controller_get_devdata(controller);
	struct chip *chip = chip_of(spi);
	enum fault fault = FAULT_OK;
	const u8 *to = transfer->tx_buf;
	u8 *from = transfer->rx_buf;
	u32 slow_us = 0, us, i;
	int bit;

	if (chip)
		fault = bus_fault(chip, &slow_us);
	if (fault == FAULT_HANG)
		return 1;	/* under way, for ever */
	if (fault == FAULT_REFUSE)
		return -EIO;
	us = DIV_ROUND_UP(transfer->len * BITS_PER_BYTE * USEC_PER_SEC, transfer->speed_hz) +
	     transfer->len * slow_us;
	usleep_range(us, us + 1);

	for (i = 0; i < transfer->len; i++) {
		u8 byte = 0;

		/* A line that no chip drives is low. */
		for (bit = BITS_PER_BYTE - 1; chip && bit >= 0; bit--) {
			guard(mutex)(&chip->lock);
			byte |= chip->type->clock(chip, to && to[i] & 1 << bit) << bit;
		}
		if (fault == FAULT_GARBLE)
			byte = bus_garble(&model->bus, byte);
		if (from)
			from[i] = byte;
	}
	return 0;
}

static int spi_model_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct spi_controller *controller;
	struct spi_model *model;
	int ret;

	controller = devm_spi_alloc_host(dev, sizeof(*model));
	if (!controller)
		return -ENOMEM;
	model = spi_controller_get_devdata(controller);
	ret = bus_probe(&model->bus, dev, types);
	if (ret)
		return ret;
	controller->dev.of_node = dev->of_node;
	controller->num_chipselect = MAX_CHIPS;
	controller->mode_bits = SPI_MODE_3;
	controller->bits_per_word_mask = SPI_BPW_MASK(BITS_PER_BYTE);
	controller->set_cs = spi_model_set_cs;
	controller->transfer_one = spi_model_transfer;
	return devm_spi_register_controller(dev, controller);
}

static const struct of_device_id spi_model_of_match[] = {
	{ .compatible = "test,bms-spi" },
	{ }
};
MODULE_DEVICE_TABLE(of, spi_model_of_match);

struct platform_driver spi_model_driver = {
	.driver = {
		.name = "bms-spi",
		.of_match_table = spi_model_of_match,
		.dev_groups = bus_groups,
	},
	.probe = spi_model_probe,
};
