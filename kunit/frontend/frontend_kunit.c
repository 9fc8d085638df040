// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the front end itself: good and bad nodes, good and bad sources
 */

#include <kunit/test.h>

#include <linux/bits.h>
#include <linux/device.h>
#include <linux/errno.h>
#include <linux/fwnode.h>
#include <linux/iio/consumer.h>
#include <linux/iio/iio.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/string.h>

#include "frontend_suites.h"

#define MAX_PROPERTIES	8

enum fake_channel {
	FAKE_COUNTS,		/* counts with a scale */
	FAKE_OFFSET,		/* the same with an offset */
	FAKE_PROCESSED,		/* mV */
	FAKE_BOTH,		/* mV, and counts with a scale */
	FAKE_NO_SCALE,		/* counts alone */
	FAKE_CURRENT,		/* no voltage */
	FAKE_OUTPUT,		/* a voltage that is set, not measured */
	FAKE_CHANNELS
};

#define INFO(what)		BIT(IIO_CHAN_INFO_##what)
#define CHANNEL(number, what, infos)	\
	{ .type = what, .indexed = 1, .channel = number, .info_mask_separate = infos }

static const struct iio_chan_spec source_channels[FAKE_CHANNELS] = {
	[FAKE_COUNTS] = CHANNEL(FAKE_COUNTS, IIO_VOLTAGE, INFO(RAW) | INFO(SCALE)),
	[FAKE_OFFSET] = CHANNEL(FAKE_OFFSET, IIO_VOLTAGE, INFO(RAW) | INFO(SCALE) | INFO(OFFSET)),
	[FAKE_PROCESSED] = CHANNEL(FAKE_PROCESSED, IIO_VOLTAGE, INFO(PROCESSED)),
	[FAKE_BOTH] = CHANNEL(FAKE_BOTH, IIO_VOLTAGE, INFO(RAW) | INFO(SCALE) | INFO(PROCESSED)),
	[FAKE_NO_SCALE] = CHANNEL(FAKE_NO_SCALE, IIO_VOLTAGE, INFO(RAW)),
	[FAKE_CURRENT] = CHANNEL(FAKE_CURRENT, IIO_CURRENT, INFO(RAW) | INFO(SCALE)),
	[FAKE_OUTPUT] = { .type = IIO_VOLTAGE, .output = 1, .indexed = 1, .channel = FAKE_OUTPUT,
			  .info_mask_separate = INFO(RAW) | INFO(SCALE) },
};

/* The count of the source, and errors of reading it */
struct source {
	int raw;
	int raw_error;
	int scale_error;
	int offset_error;
	int processed_error;
};

struct frontend_test {
	struct property_entry property[MAX_PROPERTIES];
	struct software_node_ref_args ref;
	struct software_node node;
	unsigned int properties;
	struct platform_device *parent;
	struct iio_dev *source;
	struct platform_device *pdev;
	struct iio_channel *channel;
};

static const struct property_entry cells_1[] = {
	PROPERTY_ENTRY_U32("#io-channel-cells", 1),
	{}
};

static const struct software_node source_node = {
	.name = "smallbms-frontend-source",
	.properties = cells_1,
};

static int source_read_raw(struct iio_dev *iio, const struct iio_chan_spec *spec,
			   int *val, int *val2, long mask)
{
	const struct source *source = iio_priv(iio);

	switch (mask) {
	case IIO_CHAN_INFO_RAW:
		*val = source->raw;
		return source->raw_error ?: IIO_VAL_INT;
	case IIO_CHAN_INFO_SCALE:	/* 1/10 mV */
		*val = 0;
		*val2 = 100000;
		return source->scale_error ?: IIO_VAL_INT_PLUS_MICRO;
	case IIO_CHAN_INFO_OFFSET:
		*val = -1000;
		return source->offset_error ?: IIO_VAL_INT;
	case IIO_CHAN_INFO_PROCESSED:
		*val = source->raw / 10;
		return source->processed_error ?: IIO_VAL_INT;
	default:
		return -EINVAL;
	}
}

static const struct iio_info source_info = {
	.read_raw = source_read_raw,
};

static struct source *source_of(struct frontend_test *t)
{
	return iio_priv(t->source);
}

static int add_source(struct frontend_test *t)
{
	struct iio_dev *iio;
	int ret;

	ret = software_node_register(&source_node);
	if (ret)
		return ret;
	t->parent = platform_device_register_simple("smallbms-frontend-source",
						    PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(t->parent))
		return PTR_ERR(t->parent);
	iio = iio_device_alloc(&t->parent->dev, sizeof(struct source));
	if (!iio)
		return -ENOMEM;
	iio->name = "smallbms-frontend-source";
	iio->info = &source_info;
	iio->modes = INDIO_DIRECT_MODE;
	iio->channels = source_channels;
	iio->num_channels = FAKE_CHANNELS;
	device_set_node(&iio->dev, software_node_fwnode(&source_node));
	/* From 7.3 on a device waits for the drivers of nodes that it refers to. There is none. */
	fwnode_dev_initialized(software_node_fwnode(&source_node), true);
	ret = iio_device_register(iio);
	if (ret) {
		iio_device_free(iio);
		return ret;
	}
	t->source = iio;
	source_of(t)->raw = 16500;
	return 0;
}

static void remove_source(struct frontend_test *t)
{
	if (!t->source)
		return;
	iio_device_unregister(t->source);
	iio_device_free(t->source);
	t->source = NULL;
	platform_device_unregister(t->parent);
	software_node_unregister(&source_node);
}

static int frontend_test_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct frontend_test), GFP_KERNEL);
	return test->priv ? add_source(test->priv) : -ENOMEM;
}

static void remove_circuit(struct frontend_test *t)
{
	if (t->channel)
		iio_channel_release(t->channel);
	t->channel = NULL;
	platform_device_unregister(t->pdev);
	t->pdev = NULL;
	software_node_unregister(&t->node);
	t->properties = 0;
}

static void frontend_test_exit(struct kunit *test)
{
	struct frontend_test *t = test->priv;

	if (t->pdev)
		remove_circuit(t);
	remove_source(t);
}

static void number(struct frontend_test *t, const char *name, u32 value)
{
	t->property[t->properties++] = PROPERTY_ENTRY_U32(name, value);
}

/* Begin a circuit with what every circuit has. */
static void circuit(struct frontend_test *t, const char *compatible, enum fake_channel channel)
{
	t->ref = SOFTWARE_NODE_REFERENCE(&source_node, channel);
	memset(t->property, 0, sizeof(t->property));
	t->property[0] = PROPERTY_ENTRY_STRING("compatible", compatible);
	t->property[1] = PROPERTY_ENTRY_REF_ARRAY_LEN("io-channels", &t->ref, 1);
	t->properties = 2;
	number(t, "#io-channel-cells", 0);
}

static void divide(struct frontend_test *t, enum fake_channel channel, u32 output, u32 full)
{
	circuit(t, "voltage-divider", channel);
	number(t, "output-ohms", output);
	number(t, "full-ohms", full);
}

/* Add the circuit; tell whether the driver has bound to it. */
static bool taken(struct kunit *test)
{
	struct frontend_test *t = test->priv;
	struct platform_device_info info = { .name = "smallbms-frontend" };

	t->node = (struct software_node){ .name = "smallbms-frontend-circuit",
					  .properties = t->property };
	KUNIT_ASSERT_EQ(test, 0, software_node_register(&t->node));
	info.id = PLATFORM_DEVID_NONE;
	info.fwnode = software_node_fwnode(&t->node);
	t->pdev = platform_device_register_full(&info);
	KUNIT_ASSERT_FALSE(test, IS_ERR(t->pdev));
	return device_is_bound(&t->pdev->dev);
}

static void refused(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, taken(test));
	remove_circuit(test->priv);
}

/* Read the circuit as a consumer does, in thousandths of mV and mA, or in mC. */
static int read_it(struct kunit *test, int *value, unsigned int scale)
{
	struct frontend_test *t = test->priv;
	struct software_node_ref_args ref = SOFTWARE_NODE_REFERENCE(&t->node);
	struct property_entry property[] = {
		PROPERTY_ENTRY_REF_ARRAY_LEN("io-channels", &ref, 1),
		{}
	};
	struct software_node consumer = { .name = "smallbms-frontend-consumer",
					  .properties = property };

	if (!t->channel) {
		KUNIT_ASSERT_EQ(test, 0, software_node_register(&consumer));
		t->channel = fwnode_iio_channel_get_by_name(software_node_fwnode(&consumer), NULL);
		software_node_unregister(&consumer);
		if (IS_ERR(t->channel)) {
			int ret = PTR_ERR(t->channel);

			t->channel = NULL;
			KUNIT_FAIL(test, "no channel: %d", ret);
			return ret;
		}
	}
	return iio_read_channel_processed_scale(t->channel, value, scale);
}

static void reads(struct kunit *test, unsigned int scale, int expected)
{
	int value = 0;

	KUNIT_EXPECT_GE(test, read_it(test, &value, scale), 0);
	KUNIT_EXPECT_EQ(test, expected, value);
}

static void each_circuit_is_read(struct kunit *test)
{
	struct frontend_test *t = test->priv;
	enum iio_chan_type type;

	divide(t, FAKE_COUNTS, 10000, 20000);
	KUNIT_ASSERT_TRUE(test, taken(test));
	reads(test, 1000, 3300000);
	KUNIT_EXPECT_EQ(test, 0, iio_get_channel_type(t->channel, &type));
	KUNIT_EXPECT_EQ(test, IIO_VOLTAGE, type);
	remove_circuit(t);

	circuit(t, "current-sense-shunt", FAKE_COUNTS);
	number(t, "shunt-resistor-micro-ohms", 500000);
	KUNIT_ASSERT_TRUE(test, taken(test));
	reads(test, 1000, 3300000);
	source_of(t)->raw = -16500;
	reads(test, 1000, -3300000);
	KUNIT_EXPECT_EQ(test, 0, iio_get_channel_type(t->channel, &type));
	KUNIT_EXPECT_EQ(test, IIO_CURRENT, type);
	remove_circuit(t);

	circuit(t, "temperature-transducer", FAKE_COUNTS);
	source_of(t)->raw = 7500;
	number(t, "alpha-ppm-per-celsius", 10000);
	number(t, "sense-offset-millicelsius", -50000);
	KUNIT_ASSERT_TRUE(test, taken(test));
	reads(test, 1, 25000);
	KUNIT_EXPECT_EQ(test, 0, iio_get_channel_type(t->channel, &type));
	KUNIT_EXPECT_EQ(test, IIO_TEMP, type);
}

/* The files in sysfs are those of iio-rescale. */
static void channel_has_a_number(struct kunit *test)
{
	struct frontend_test *t = test->priv;
	int value;

	divide(t, FAKE_COUNTS, 10000, 20000);
	KUNIT_ASSERT_TRUE(test, taken(test));
	KUNIT_ASSERT_GE(test, read_it(test, &value, 1), 0);
	KUNIT_EXPECT_TRUE(test, t->channel->channel->indexed);
	KUNIT_EXPECT_EQ(test, 0, t->channel->channel->channel);
}

static void sensor_has_a_resistor_and_may_fall(struct kunit *test)
{
	struct frontend_test *t = test->priv;

	circuit(t, "temperature-transducer", FAKE_COUNTS);
	number(t, "alpha-ppm-per-celsius", -1);
	number(t, "sense-resistor-ohms", 1000);
	KUNIT_ASSERT_TRUE(test, taken(test));
	reads(test, 1, -1650000);
}

static void each_source_is_read(struct kunit *test)
{
	struct frontend_test *t = test->priv;

	divide(t, FAKE_OFFSET, 1, 1);
	KUNIT_ASSERT_TRUE(test, taken(test));
	reads(test, 1000, 1550000);
	remove_circuit(t);

	source_of(t)->raw = 16505;
	divide(t, FAKE_PROCESSED, 1, 1);
	KUNIT_ASSERT_TRUE(test, taken(test));
	reads(test, 1000, 1650000);
	remove_circuit(t);

	/* The finer of the two is read. */
	divide(t, FAKE_BOTH, 1, 1);
	KUNIT_ASSERT_TRUE(test, taken(test));
	reads(test, 1000, 1650500);
}

static void what_fails_at_the_source_fails_here(struct kunit *test)
{
	struct frontend_test *t = test->priv;
	struct source *source = source_of(t);
	int value;

	divide(t, FAKE_OFFSET, 1, 1);
	KUNIT_ASSERT_TRUE(test, taken(test));
	reads(test, 1000, 1550000);
	source->raw_error = -EIO;
	KUNIT_EXPECT_EQ(test, -EIO, read_it(test, &value, 1000));
	source->raw_error = 0;
	source->scale_error = -ENODATA;
	KUNIT_EXPECT_EQ(test, -ENODATA, read_it(test, &value, 1000));
	source->scale_error = 0;
	source->offset_error = -ETIMEDOUT;
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, read_it(test, &value, 1000));
	source->offset_error = 0;
	reads(test, 1000, 1550000);
	remove_circuit(t);

	divide(t, FAKE_PROCESSED, 1, 1);
	KUNIT_ASSERT_TRUE(test, taken(test));
	source->processed_error = -EIO;
	KUNIT_EXPECT_EQ(test, -EIO, read_it(test, &value, 1000));
}

static void what_does_not_fit_is_refused(struct kunit *test)
{
	struct frontend_test *t = test->priv;
	int value;

	divide(t, FAKE_COUNTS, 1, 1000000);
	KUNIT_ASSERT_TRUE(test, taken(test));
	source_of(t)->raw = 21;
	reads(test, 1000, 2100000000);
	source_of(t)->raw = 22;
	KUNIT_EXPECT_EQ(test, -ERANGE, read_it(test, &value, 1000));
}

static void source_that_has_gone(struct kunit *test)
{
	struct frontend_test *t = test->priv;
	int value;

	divide(t, FAKE_COUNTS, 1, 1);
	KUNIT_ASSERT_TRUE(test, taken(test));
	reads(test, 1000, 1650000);
	remove_source(t);
	KUNIT_EXPECT_EQ(test, -ENODEV, read_it(test, &value, 1000));
}

static void unsuitable_sources_are_refused(struct kunit *test)
{
	struct frontend_test *t = test->priv;

	divide(t, FAKE_NO_SCALE, 1, 1);
	refused(test);
	divide(t, FAKE_CURRENT, 1, 1);
	refused(test);
	divide(t, FAKE_OUTPUT, 1, 1);
	refused(test);
	divide(t, FAKE_CHANNELS, 1, 1);	/* no such channel */
	refused(test);
	divide(t, FAKE_COUNTS, 1, 1);
	t->property[1] = PROPERTY_ENTRY_U32("no-channels", 0);
	refused(test);
}

static void bad_nodes_are_refused(struct kunit *test)
{
	struct frontend_test *t = test->priv;

	circuit(t, "voltage-multiplier", FAKE_COUNTS);
	refused(test);
	circuit(t, "voltage-divider", FAKE_COUNTS);
	number(t, "output-ohms", 1);
	refused(test);
	circuit(t, "voltage-divider", FAKE_COUNTS);
	number(t, "full-ohms", 1);
	refused(test);
	divide(t, FAKE_COUNTS, 0, 1);
	refused(test);
	divide(t, FAKE_COUNTS, 1, 0);
	refused(test);
	divide(t, FAKE_COUNTS, 2, 1);
	refused(test);
	circuit(t, "voltage-divider", FAKE_COUNTS);
	number(t, "output-ohms", 1);
	t->property[t->properties++] = PROPERTY_ENTRY_U8("full-ohms", 1);
	refused(test);
	circuit(t, "current-sense-shunt", FAKE_COUNTS);
	refused(test);
	circuit(t, "current-sense-shunt", FAKE_COUNTS);
	number(t, "shunt-resistor-micro-ohms", 0);
	refused(test);
	circuit(t, "temperature-transducer", FAKE_COUNTS);
	refused(test);
	circuit(t, "temperature-transducer", FAKE_COUNTS);
	number(t, "alpha-ppm-per-celsius", 0);
	refused(test);
	circuit(t, "temperature-transducer", FAKE_COUNTS);
	number(t, "alpha-ppm-per-celsius", 1);
	number(t, "sense-resistor-ohms", 0);
	refused(test);
}

static struct kunit_case frontend_tests[] = {
	KUNIT_CASE(each_circuit_is_read),
	KUNIT_CASE(channel_has_a_number),
	KUNIT_CASE(sensor_has_a_resistor_and_may_fall),
	KUNIT_CASE(each_source_is_read),
	KUNIT_CASE(what_fails_at_the_source_fails_here),
	KUNIT_CASE(what_does_not_fit_is_refused),
	KUNIT_CASE(source_that_has_gone),
	KUNIT_CASE(unsuitable_sources_are_refused),
	KUNIT_CASE(bad_nodes_are_refused),
	{}
};

struct kunit_suite smallbms_frontend_suite = {
	.name = "smallbms_frontend",
	.init = frontend_test_init,
	.exit = frontend_test_exit,
	.test_cases = frontend_tests,
};

kunit_test_suites(&smallbms_frontend_circuit_suite, &smallbms_frontend_suite);

MODULE_DESCRIPTION("KUnit tests of smallbms-frontend");
MODULE_LICENSE("GPL");
MODULE_INFO(import_ns, "EXPORTED_FOR_KUNIT_TESTING");
MODULE_INFO(import_ns, "IIO_CONSUMER");
