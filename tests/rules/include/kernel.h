/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The part of the kernel that the driver needs to read and write lines, for CBMC
 *
 * A chip may give any answer at any call: it fails, keeps the level in a cache, cannot be
 * read, or reads another level, and it may or may not report an error. Calls and answers are
 * noted beside the line. To CBMC, a function without a body gives any value.
 */

#ifndef __KERNEL_H
#define __KERNEL_H

#include <errno.h>

#include "../any.h"

/* Mainline's API, which compat.h need not bring up to date */
#define SMALLBMS_HAS_CHARGE_BEHAVIOURS
#define SMALLBMS_HAS_DEVM_MUTEX_INIT
#define SMALLBMS_HAS_GPIO_DEVICE
#define SMALLBMS_HAS_GPIO_SET_ERROR
#define SMALLBMS_HAS_HRTIMER_SETUP
#define SMALLBMS_HAS_HWMON_IN_FAULT
#define SMALLBMS_HAS_HEALTH_UNDERVOLTAGE
#define SMALLBMS_HAS_ASSIGN_STR
#define SMALLBMS_HAS_NO_WAKEUP_SOURCE
#define SMALLBMS_HAS_STRING_NS

/* Types that structures of the driver are made of */
struct attribute_group;
struct delayed_work { int any; };
struct hrtimer { int any; };
struct iio_channel;
struct mutex { int any; };
struct notifier_block { int (*notifier_call)(struct notifier_block *, unsigned long, void *); };
struct power_supply;
struct power_supply_desc { int any; };
struct ratelimit_state { int any; };
struct work_struct { int any; };
typedef int spinlock_t;

enum iio_chan_type { IIO_VOLTAGE, IIO_CURRENT, IIO_TEMP };
struct dev_pm_ops { void *suspend, *freeze; };
struct fwnode_reference_args { struct fwnode_handle *fwnode; };
struct device_driver { struct dev_pm_ops *pm; };
struct device { struct device *parent; struct device_driver *driver; };

extern int panic_notifier_list;
struct device *gpio_device_to_device(void *chip);
void *gpiod_to_gpio_device(void *line);

#define BIT(nr)				(1UL << (nr))
#define DL_FLAG_AUTOREMOVE_CONSUMER	0
#define GPIOD_IN			0
#define GPIOD_OUT_LOW			0
#define IS_ENABLED(option)		0
#define IS_REACHABLE(option)		0
#define EPROBE_DEFER			517
#define GFP_KERNEL			0
#define IS_ERR(pointer)			any_bool()
#define NOTIFY_DONE			0
#define NSEC_PER_MSEC			1000000L
#define PTR_ERR(pointer)		any_s32()
#define __free(function)
#define DECLARE_BITMAP(name, bits)		unsigned long name[(bits) / 32]
#define container_of(pointer, type, member) \
	((type *)((char *)(pointer) - offsetof(type, member)))

/* Any time may pass between two reads of the clock. */
static u64 clock_ns;

static u64 ktime_get_boottime_ns(void)
{
	u64 passed_ns = any_u64();

	suppose(clock_ns + passed_ns >= clock_ns && clock_ns + passed_ns < UINT64_MAX);
	clock_ns += passed_ns;
	return clock_ns;
}

/* A line: the calls that it got, and its answers */
struct gpio_desc {
	bool told;		/* the level last written */
	u64 told_ns;		/* when that level was first written */
	int said;		/* the result of the last write */
	unsigned int writes;
	unsigned int last;	/* the number of its last write among those of all lines */
	bool answers;		/* a read has succeeded at least once */
	int answer;		/* the result of the last read; -EAGAIN if none since the write */
	bool confirmed;		/* the last good read since the write gave the level written */
	bool silent;		/* a write that fails does not report it */
};

static unsigned int writes;

static int gpiod_set_value_cansleep(struct gpio_desc *line, int value)
{
	if (line->told != !!value)
		line->told_ns = ktime_get_boottime_ns();
	line->told = value;
	line->said = any_s32();
	suppose(line->said <= 0 && (!line->silent || !line->said));
	line->writes++;
	line->last = ++writes;
	line->answer = -EAGAIN;
	line->confirmed = false;
	return line->said;
}

static int gpiod_get_value_cansleep(struct gpio_desc *line)
{
	line->answer = any_s32();
	suppose(line->answer <= 1);
	if (line->answer >= 0) {
		line->answers = true;
		line->confirmed = line->answer == line->told;
	}
	return line->answer;
}

/* When the last read of a channel began */
static u64 asked_ns;

static int iio_read_channel_processed_scale(struct iio_channel *channel, int *value,
					    unsigned int scale)
{
	asked_ns = clock_ns;
	ktime_get_boottime_ns();
	*value = any_s32();
	return any_s32();
}

#endif /* __KERNEL_H */
