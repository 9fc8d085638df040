/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * smallbms - the newest kernel's API on older kernels
 *
 * The driver is written to mainline. Only this file knows older kernels. It is dropped when
 * the driver is in a kernel tree.
 */

#ifndef __SMALLBMS_COMPAT_H
#define __SMALLBMS_COMPAT_H

#include <linux/gpio/consumer.h>
#include <linux/hrtimer.h>
#include <linux/hwmon.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/power_supply.h>

#ifndef SMALLBMS_HAS_CHARGE_BEHAVIOURS	/* 6.9; before, a field that only USB chargers use */
#define charge_behaviours	num_usb_types
#endif

#ifndef SMALLBMS_HAS_DEVM_MUTEX_INIT	/* 6.10; before, a mutex goes without a word */
#define devm_mutex_init(dev, mutex)					\
	({ (void)(dev); mutex_init(mutex); 0; })
#endif

#ifndef SMALLBMS_HAS_GPIO_DEVICE	/* 6.8; before, the chip itself names its parent */
#define gpiod_to_gpio_device(desc)	gpiod_to_chip(desc)
#define gpio_device_to_device(chip)	(chip)
#endif

#ifdef SMALLBMS_HAS_GPIO_SET_ERROR	/* 6.15; before, only reading back can tell */
#define SMALLBMS_WRITE_SAYS	true
#else
#define SMALLBMS_WRITE_SAYS	false
#define gpiod_set_value_cansleep(desc, value)				\
	({ gpiod_set_value_cansleep(desc, value); 0; })
#endif

#ifndef SMALLBMS_HAS_HRTIMER_SETUP	/* 6.13 */
static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*function)(struct hrtimer *),
				 clockid_t clock_id, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock_id, mode);
	timer->function = function;
}
#endif

#ifndef SMALLBMS_HAS_HWMON_IN_FAULT	/* 6.9; before, a read that fails tells */
#define hwmon_in_fault	(~0U)
#define HWMON_I_FAULT	0
#endif

#ifndef SMALLBMS_HAS_HEALTH_UNDERVOLTAGE	/* 6.14 */
#define POWER_SUPPLY_HEALTH_UNDERVOLTAGE	POWER_SUPPLY_HEALTH_UNSPEC_FAILURE
#endif

/* The field of a GPIO chip whose function says whether it could; the tests' chip has one. */
#ifdef SMALLBMS_HAS_GPIO_CHIP_SET_ERROR	/* 6.17; before, beside one that cannot say */
#define smallbms_chip_set	set
#else
#define smallbms_chip_set	set_rv
#endif

/* What knows its source by itself, and cannot be told twice */
#ifdef SMALLBMS_HAS_ASSIGN_STR		/* 6.10 */
#define smallbms_assign_str(dst, src)					\
	do {								\
		(void)(src);						\
		__assign_str(dst);					\
	} while (0)
#else
#define smallbms_assign_str(dst, src)	__assign_str(dst, src)
#endif

#ifndef SMALLBMS_HAS_NO_WAKEUP_SOURCE	/* 6.14; before, a function of its own */
struct smallbms_power_supply_config {
	struct fwnode_handle *fwnode;
	void *drv_data;
	const struct attribute_group **attr_grp;
	bool no_wakeup_source;
};

static inline struct power_supply *
smallbms_power_supply_register(struct device *dev, const struct power_supply_desc *desc,
			       const struct smallbms_power_supply_config *config)
{
	const struct power_supply_config older = {
		.fwnode = config->fwnode,
		.drv_data = config->drv_data,
		.attr_grp = config->attr_grp,
	};

	return devm_power_supply_register_no_ws(dev, desc, &older);
}

#define power_supply_config		smallbms_power_supply_config
#define devm_power_supply_register	smallbms_power_supply_register
#endif

#ifndef SMALLBMS_HAS_STRING_NS		/* 6.13 */
#undef MODULE_IMPORT_NS
#define MODULE_IMPORT_NS(ns)	MODULE_INFO(import_ns, ns)
#endif

#endif /* __SMALLBMS_COMPAT_H */
