// SPDX-License-Identifier: GPL-2.0-only
/*
 * 24C32: an EEPROM of 4096 bytes, erased at first
 *
 * The figures are those of a data sheet, Microchip 24AA32A/24LC32A, DS21713: an address of two
 * bytes, pages of 32 bytes. Data beyond the end of a page goes to the beginning of the page. The
 * write begins at the end of the message and takes up to 5 ms; here it always takes 5 ms. Until it
 * ends the chip does not acknowledge its address.
 */

#include <linux/bits.h>
#include <linux/device.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "chips.h"

#define SIZE		4096
#define PAGE_SIZE_24C	32
#define ADDRESS_BYTES	2
#define WRITE_NS	(5 * NSEC_PER_MSEC)
#define ERASED		0xff

struct eeprom {
	u8 content[SIZE];
	u16 address;
	u32 count;			/* of the bytes of this message */
	u8 page[PAGE_SIZE_24C];		/* written in this message, */
	u32 written;			/* these bytes of it */
	u64 busy_until_ns;
};

static int eeprom_probe(struct chip *chip, struct device_node *node)
{
	struct eeprom *eeprom = devm_kzalloc(chip->dev, sizeof(*eeprom), GFP_KERNEL);

	if (!eeprom)
		return -ENOMEM;
	memset(eeprom->content, ERASED, SIZE);
	chip->model = eeprom;
	return 0;
}

static int eeprom_start(struct chip *chip)
{
	struct eeprom *eeprom = chip->model;

	eeprom->count = 0;
	eeprom->written = 0;
	return ktime_get_boottime_ns() < eeprom->busy_until_ns ? -ENXIO : 0;
}

static int eeprom_write(struct chip *chip, u8 byte)
{
	struct eeprom *eeprom = chip->model;
	u32 in_page = eeprom->address % PAGE_SIZE_24C;

	if (eeprom->count++ < ADDRESS_BYTES) {
		eeprom->address = (eeprom->address << BITS_PER_BYTE | byte) % SIZE;
		return 0;
	}
	eeprom->page[in_page] = byte;
	eeprom->written |= BIT(in_page);
	eeprom->address += (in_page + 1) % PAGE_SIZE_24C - in_page;
	return 0;
}

static u8 eeprom_read(struct chip *chip)
{
	struct eeprom *eeprom = chip->model;
	u8 byte = eeprom->content[eeprom->address];

	eeprom->address = (eeprom->address + 1) % SIZE;
	return byte;
}

static void eeprom_stop(struct chip *chip)
{
	struct eeprom *eeprom = chip->model;
	u32 page = round_down(eeprom->address, PAGE_SIZE_24C), i;

	if (!eeprom->written)
		return;
	for (i = 0; i < PAGE_SIZE_24C; i++) {
		if (eeprom->written & BIT(i))
			eeprom->content[page + i] = eeprom->page[i];
	}
	eeprom->written = 0;
	eeprom->busy_until_ns = ktime_get_boottime_ns() + WRITE_NS;
}

const struct chip_type eeprom_type = {
	.compatible = "atmel,24c32",
	.probe = eeprom_probe,
	.start = eeprom_start,
	.write = eeprom_write,
	.read = eeprom_read,
	.stop = eeprom_stop,
};
