/* SPDX-License-Identifier: GPL-2.0-only */
/* Before 6.8, a GPIO chip is found as itself. */

#ifndef __BMS_CONVERTER_COMPAT_H
#define __BMS_CONVERTER_COMPAT_H

#include <linux/gpio/driver.h>

#ifndef CONVERTER_HAS_GPIO_DEVICE
/* For GPIO drivers only, and exported */
struct gpio_desc *gpiochip_get_desc(struct gpio_chip *chip, unsigned int line);

static inline int converter_chip_has_node(struct gpio_chip *chip, void *fwnode)
{
	return chip->fwnode == fwnode;
}

#define gpio_device			gpio_chip
#define gpio_device_find_by_fwnode(fwnode)	gpiochip_find(fwnode, converter_chip_has_node)
#define gpio_device_get_desc(chip, line)	gpiochip_get_desc(chip, line)
#define gpio_device_put(chip)		((void)(chip))
#endif

#endif /* __BMS_CONVERTER_COMPAT_H */
