// SPDX-License-Identifier: GPL-2.0-only
/*
 * A converter whose readings a test sets: for tests only
 *
 * Channels 0-159 are cell voltages in uV, 160-179 temperatures in mC, 180 is the
 * supply in uV, 181 the load current and 182 the bank current in uA. A test
 * writes lines to the attribute "control":
 *
 *   set FIRST LAST VALUE		what the channels read
 *   ramp FIRST LAST VALUE NS		what they read NS later, going there in a line
 *   noise FIRST LAST AMPLITUDE		+- so much on top, always the same sequence
 *   error FIRST LAST ERRNO		reading fails (0: no longer)
 *   delay FIRST LAST MS		reading takes so long, one channel at a time
 *   sum CHANNEL COUNT			the channel reads the sum of the first COUNT cells
 *
 * With a reference "test,gate" to a GPIO line, the load current is 0 while that line is not driven
 * high. The test's own GPIO chip reports when its line is high.
 */

#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/gpio/consumer.h>
#include <linux/gpio/driver.h>
#include <linux/iio/iio.h>
#include <linux/kstrtox.h>
#include <linux/minmax.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/timekeeping.h>

#include "compat.h"
#include "gate.h"
#include "ramp.h"

#define FIRST_TEMP	160
#define SUPPLY		180
#define LOAD_CURRENT	181
#define BANK_CURRENT	182
#define NUM_CHANNELS	183

struct channel {
	struct bms_ramp ramp;
	int error;
	u32 delay_ms;
	u32 sum;
};

struct converter {
	struct mutex turn;	/* held while a slow read waits */
	struct mutex lock;	/* channels and noise */
	struct channel channel[NUM_CHANNELS];
	struct iio_chan_spec spec[NUM_CHANNELS];
	u32 seed;
	struct gpio_desc *gate;
};

static s32 value_of(struct converter *c, const struct channel *ch)
{
	return bms_ramp_value(&ch->ramp, ktime_get_boottime_ns(), &c->seed);
}

/* The load current flows until this time, if a chip has reported one */
static atomic64_t flows_until_ns = ATOMIC64_INIT(S64_MAX);

/**
 * bms_converter_gate() - report when the load current flows
 * @until_ns: end of the current, on the boot clock; 0 not at all, U64_MAX never
 */
void bms_converter_gate(u64 until_ns)
{
	atomic64_set(&flows_until_ns, min_t(u64, until_ns, S64_MAX));
}
EXPORT_SYMBOL_GPL(bms_converter_gate);

/**
 * bms_converter_flows() - check whether the load current flows
 *
 * Return: false if a chip has reported that it does not.
 */
bool bms_converter_flows(void)
{
	return atomic64_read(&flows_until_ns) > (s64)ktime_get_boottime_ns();
}
EXPORT_SYMBOL_GPL(bms_converter_flows);

static bool gated(const struct converter *c)
{
	if (!bms_converter_flows())
		return true;
	return c->gate && (gpiod_get_direction(c->gate) != 0 ||
			   gpiod_get_raw_value_cansleep(c->gate) != 1);
}

static int converter_read_raw(struct iio_dev *iio, const struct iio_chan_spec *spec,
			      int *value, int *value2, long mask)
{
	struct converter *c = iio_priv(iio);
	struct channel *ch = &c->channel[spec->channel];
	u32 delay_ms;
	u32 i;

	switch (mask) {
	case IIO_CHAN_INFO_SCALE:
		*value = 1;
		*value2 = spec->type == IIO_TEMP ? 1 : 1000;
		return IIO_VAL_FRACTIONAL;
	case IIO_CHAN_INFO_RAW:
		break;
	default:
		return -EINVAL;
	}

	scoped_guard(mutex, &c->lock)
		delay_ms = ch->delay_ms;
	if (delay_ms) {
		guard(mutex)(&c->turn);
		usleep_range(delay_ms * USEC_PER_MSEC, delay_ms * USEC_PER_MSEC);
	}

	guard(mutex)(&c->lock);

	if (ch->error)
		return ch->error;
	*value = 0;
	for (i = 0; i < ch->sum; i++)
		*value += value_of(c, &c->channel[i]);
	if (!ch->sum)
		*value = value_of(c, ch);
	if (spec->channel == LOAD_CURRENT && gated(c))
		*value = 0;
	return IIO_VAL_INT;
}

static const struct iio_info converter_info = {
	.read_raw = converter_read_raw,
};

static int control(struct converter *c, char *line)
{
	char word[8];
	unsigned int first, last, i;
	long long value;
	u64 span_ns = 0, now_ns = ktime_get_boottime_ns();
	int count;

	count = sscanf(line, "%7s %u %u %lld %llu", word, &first, &last, &value, &span_ns);
	if (count == 3 && !strcmp(word, "sum")) {
		value = last;
		last = first;
		if (value > FIRST_TEMP)
			return -ERANGE;
	} else if (count != (strcmp(word, "ramp") ? 4 : 5)) {
		return -EINVAL;
	}
	if (first > last || last >= NUM_CHANNELS || value < S32_MIN || value > S32_MAX)
		return -ERANGE;

	guard(mutex)(&c->lock);

	for (i = first; i <= last; i++) {
		struct channel *ch = &c->channel[i];

		if (!strcmp(word, "set") || !strcmp(word, "ramp")) {
			bms_ramp_go(&ch->ramp, now_ns, value, span_ns);
			ch->sum = 0;
		} else if (!strcmp(word, "noise")) {
			ch->ramp.noise = value;
		} else if (!strcmp(word, "error")) {
			ch->error = -value;
		} else if (!strcmp(word, "delay")) {
			ch->delay_ms = value;
		} else if (!strcmp(word, "sum")) {
			ch->sum = value;
		} else {
			return -EINVAL;
		}
	}
	return 0;
}

static ssize_t control_store(struct device *dev, struct device_attribute *attr,
			     const char *buf, size_t count)
{
	struct converter *c = iio_priv(dev_get_drvdata(dev));
	char *rest, *line;
	int ret;

	char *text __free(kfree) = kstrdup(buf, GFP_KERNEL);

	rest = text;
	if (!text)
		return -ENOMEM;
	while ((line = strsep(&rest, "\n"))) {
		if (!*line)
			continue;
		ret = control(c, line);
		if (ret) {
			dev_err(dev, "cannot \"%s\"\n", line);
			return ret;
		}
	}
	return count;
}
static DEVICE_ATTR_WO(control);

static struct attribute *converter_attrs[] = {
	&dev_attr_control.attr,
	NULL
};
ATTRIBUTE_GROUPS(converter);

static int find_gate(struct device *dev, struct converter *c)
{
	struct fwnode_reference_args args;
	struct gpio_device *gdev;

	if (!device_property_present(dev, "test,gate"))
		return 0;
	if (fwnode_property_get_reference_args(dev_fwnode(dev), "test,gate", NULL, 1, 0, &args))
		return -EINVAL;
	/* The line is read but not requested, because it belongs to the driver under test. */
	gdev = gpio_device_find_by_fwnode(args.fwnode);
	fwnode_handle_put(args.fwnode);
	if (!gdev)
		return -EPROBE_DEFER;
	c->gate = gpio_device_get_desc(gdev, args.args[0]);
	gpio_device_put(gdev);
	return PTR_ERR_OR_ZERO(c->gate);
}

static int converter_probe(struct platform_device *pdev)
{
	struct iio_dev *iio;
	struct converter *c;
	unsigned int i;
	int ret;

	iio = devm_iio_device_alloc(&pdev->dev, sizeof(*c));
	if (!iio)
		return -ENOMEM;
	c = iio_priv(iio);
	ret = devm_mutex_init(&pdev->dev, &c->lock);
	if (ret)
		return ret;
	ret = devm_mutex_init(&pdev->dev, &c->turn);
	if (ret)
		return ret;
	ret = find_gate(&pdev->dev, c);
	if (ret)
		return dev_err_probe(&pdev->dev, ret, "no line for test,gate\n");

	for (i = 0; i < NUM_CHANNELS; i++)
		c->spec[i] = (struct iio_chan_spec){
			.type = i < FIRST_TEMP || i == SUPPLY ? IIO_VOLTAGE :
				i < SUPPLY ? IIO_TEMP : IIO_CURRENT,
			.indexed = 1,
			.channel = i,
			.info_mask_separate = BIT(IIO_CHAN_INFO_RAW) | BIT(IIO_CHAN_INFO_SCALE),
		};

	iio->name = "bms-converter";
	iio->info = &converter_info;
	iio->modes = INDIO_DIRECT_MODE;
	iio->channels = c->spec;
	iio->num_channels = NUM_CHANNELS;
	platform_set_drvdata(pdev, iio);
	return devm_iio_device_register(&pdev->dev, iio);
}

static const struct of_device_id converter_of_match[] = {
	{ .compatible = "test,bms-converter" },
	{ }
};
MODULE_DEVICE_TABLE(of, converter_of_match);

static struct platform_driver converter_driver = {
	.driver = {
		.name = "bms-converter",
		.of_match_table = converter_of_match,
		.dev_groups = converter_groups,
	},
	.probe = converter_probe,
};
module_platform_driver(converter_driver);

MODULE_DESCRIPTION("Converter that reads what it is told to");
MODULE_LICENSE("GPL");
