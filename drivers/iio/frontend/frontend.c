// SPDX-License-Identifier: GPL-2.0-only
/*
 * smallbms-frontend - dividers, shunts and sensors in front of a converter
 */

/**
 * DOC: smallbms-frontend
 *
 * This driver is for kernels that are built without CONFIG_IIO_RESCALE. It serves the
 * bindings voltage-divider, current-sense-shunt and temperature-transducer, so that a
 * measured bank can be described there too. Each node is a device with one channel, which
 * is read from the channel of its source. Its name in sysfs is that of the kernel's own
 * driver, for example in_voltage0_raw.
 *
 * Its raw value is the quantity in front of the circuit, in uV, uA or mC, and its scale is
 * a constant. So a consumer multiplies nothing that could overflow or lose precision. Any
 * fault of the source, in its count, offset or scale, is an error of the raw value, because
 * consumers would take a scale that cannot be read for 1.
 */

#include <linux/device.h>
#include <linux/err.h>
#include <linux/iio/consumer.h>
#include <linux/iio/iio.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/units.h>

#include "circuit.h"

static const struct of_device_id frontend_of_match[FRONTEND_KINDS + 1] = {
	[FRONTEND_DIVIDER] = { .compatible = "voltage-divider" },
	[FRONTEND_SHUNT] = { .compatible = "current-sense-shunt" },
	[FRONTEND_TRANSDUCER] = { .compatible = "temperature-transducer" },
};
MODULE_DEVICE_TABLE(of, frontend_of_match);

static const struct iio_chan_spec channels[FRONTEND_KINDS] = {
	[FRONTEND_DIVIDER] = {
		.type = IIO_VOLTAGE,
		.indexed = 1,
		.info_mask_separate = BIT(IIO_CHAN_INFO_RAW) | BIT(IIO_CHAN_INFO_SCALE),
		.scan_index = -1,
	},
	[FRONTEND_SHUNT] = {
		.type = IIO_CURRENT,
		.indexed = 1,
		.info_mask_separate = BIT(IIO_CHAN_INFO_RAW) | BIT(IIO_CHAN_INFO_SCALE),
		.scan_index = -1,
	},
	[FRONTEND_TRANSDUCER] = {
		.type = IIO_TEMP,
		.indexed = 1,
		.info_mask_separate = BIT(IIO_CHAN_INFO_RAW) | BIT(IIO_CHAN_INFO_SCALE),
		.scan_index = -1,
	},
};

/**
 * struct frontend - one circuit
 * @source: the converter's channel behind it
 * @circuit: its line from a voltage to the quantity
 * @processed: the source knows its voltage, and no count with a scale
 * @offset: the source has an offset
 */
struct frontend {
	struct iio_channel *source;
	struct frontend_circuit circuit;
	bool processed;
	bool offset;
};

static int ask(const struct frontend *frontend, enum iio_chan_info_enum what,
	       struct frontend_number *number)
{
	int ret = iio_read_channel_attribute(frontend->source, &number->val, &number->val2, what);

	if (ret < 0)
		return ret;
	number->type = ret;
	return 0;
}

static int read_source(const struct frontend *frontend, struct frontend_reading *reading)
{
	int ret;

	if (frontend->processed)
		return ask(frontend, IIO_CHAN_INFO_PROCESSED, &reading->processed);

	ret = ask(frontend, IIO_CHAN_INFO_RAW, &reading->raw);
	if (!ret && frontend->offset)
		ret = ask(frontend, IIO_CHAN_INFO_OFFSET, &reading->offset);
	if (!ret)
		ret = ask(frontend, IIO_CHAN_INFO_SCALE, &reading->scale);
	return ret;
}

static int frontend_read_raw(struct iio_dev *iio, const struct iio_chan_spec *spec,
			     int *val, int *val2, long mask)
{
	const struct frontend *frontend = iio_priv(iio);
	struct frontend_reading reading = {};
	int ret;

	switch (mask) {
	case IIO_CHAN_INFO_RAW:
		ret = read_source(frontend, &reading);
		if (!ret)
			ret = frontend_value(&frontend->circuit, &reading, val);
		return ret ?: IIO_VAL_INT;
	case IIO_CHAN_INFO_SCALE:
		/* uV and uA to mV and mA; mC are mC */
		*val = 1;
		*val2 = spec->type == IIO_TEMP ? 1 : MICRO / MILLI;
		return IIO_VAL_FRACTIONAL;
	default:
		return -EINVAL;
	}
}

static const struct iio_info frontend_info = {
	.read_raw = frontend_read_raw,
};

static int read_properties(struct device *dev, struct frontend *frontend,
			   enum frontend_kind kind)
{
	const struct frontend_property *property = frontend_properties[kind];
	struct frontend_broken broken;
	s64 value[FRONTEND_PROPERTIES];
	unsigned int i;
	u32 cell;
	int ret;

	for (i = 0; property[i].name; i++) {
		value[i] = property[i].def;
		if (!device_property_present(dev, property[i].name)) {
			if (property[i].required)
				return dev_err_probe(dev, -EINVAL, "%s is missing\n",
						     property[i].name);
			continue;
		}
		ret = device_property_read_u32(dev, property[i].name, &cell);
		if (ret)
			return dev_err_probe(dev, ret, "%s is no number\n",
					     property[i].name);
		value[i] = property[i].min < 0 ? (s64)(s32)cell : cell;
	}

	ret = frontend_circuit_init(&frontend->circuit, kind, value, &broken);
	if (ret)
		return dev_err_probe(dev, ret, "%s is %lld, not %lld to %lld%s\n",
				     broken.property->name, broken.value, broken.min,
				     broken.property->max,
				     broken.property->not_zero ? " without 0" : "");
	return 0;
}

static int get_source(struct device *dev, struct frontend *frontend)
{
	const struct iio_chan_spec *spec;
	enum iio_chan_type type;
	int ret;

	frontend->source = devm_iio_channel_get(dev, NULL);
	if (IS_ERR(frontend->source))
		return dev_err_probe(dev, PTR_ERR(frontend->source),
				     "no channel for io-channels\n");

	ret = iio_get_channel_type(frontend->source, &type);
	if (ret)
		return dev_err_probe(dev, ret, "no channel type for io-channels\n");
	spec = frontend->source->channel;
	if (type != IIO_VOLTAGE || spec->output)
		return dev_err_probe(dev, -EINVAL, "io-channels does not measure a voltage\n");

	frontend->offset = iio_channel_has_info(spec, IIO_CHAN_INFO_OFFSET);
	/* A count with a scale is finer than mV. */
	if (iio_channel_has_info(spec, IIO_CHAN_INFO_RAW) &&
	    iio_channel_has_info(spec, IIO_CHAN_INFO_SCALE))
		return 0;
	frontend->processed = iio_channel_has_info(spec, IIO_CHAN_INFO_PROCESSED);
	if (frontend->processed)
		return 0;
	return dev_err_probe(dev, -EINVAL,
			     "io-channels has neither a raw value and its scale nor a processed one\n");
}

static int frontend_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct frontend *frontend;
	enum frontend_kind kind;
	struct iio_dev *iio;
	int ret;

	for (kind = 0; kind < FRONTEND_KINDS; kind++) {
		if (device_property_match_string(dev, "compatible",
						 frontend_of_match[kind].compatible) >= 0)
			break;
	}
	if (kind == FRONTEND_KINDS)
		return dev_err_probe(dev, -EINVAL, "compatible is none that is known\n");

	iio = devm_iio_device_alloc(dev, sizeof(*frontend));
	if (!iio)
		return -ENOMEM;
	frontend = iio_priv(iio);
	ret = read_properties(dev, frontend, kind);
	if (ret)
		return ret;
	ret = get_source(dev, frontend);
	if (ret)
		return ret;

	iio->name = dev_name(dev);
	iio->info = &frontend_info;
	iio->modes = INDIO_DIRECT_MODE;
	iio->channels = &channels[kind];
	iio->num_channels = 1;
	return devm_iio_device_register(dev, iio);
}

static struct platform_driver frontend_driver = {
	.driver = {
		.name = "smallbms-frontend",
		.of_match_table = frontend_of_match,
	},
	.probe = frontend_probe,
};
module_platform_driver(frontend_driver);

MODULE_AUTHOR("The smallbms developers");
MODULE_DESCRIPTION("Dividers, shunts and sensors in front of a converter");
MODULE_LICENSE("GPL");
/* As MODULE_IMPORT_NS() writes it, whose argument was no string before 6.13 */
MODULE_INFO(import_ns, "IIO_CONSUMER");
