// SPDX-License-Identifier: GPL-2.0-only
/*
 * smallbms - lines and channels -> one plain sample
 */

/**
 * DOC: smallbms-sense
 *
 * Inputs are read here and nowhere else, and nothing is decided here. A value that cannot
 * be read or cannot be true becomes "not known", with the time at which it was last known.
 * It never becomes zero, and the old value is never kept. Of all cells and all batteries
 * only the worst are passed on, with their numbers, because sums and averages hide a cell.
 *
 * Each converter is scanned for itself, so one that is slow or hangs keeps nothing else
 * waiting. A divider or an amplifier in front of a converter has no pace of its own, so a
 * channel belongs to the last node that its io-channels lead to.
 *
 * A scan sleeps and can take long. So it runs without the lock of the bank, on values of
 * its own, and is published as a whole. The age of a value counts from the beginning of its
 * own reading. Lines are quick, and every evaluation reads them.
 */

#include <kunit/visibility.h>
#include <linux/bitmap.h>
#include <linux/bits.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/gpio/consumer.h>
#include <linux/iio/consumer.h>
#include <linux/kstrtox.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/property.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/units.h>

#include "smallbms.h"

/**
 * struct kind - one kind of measurement
 * @name: channel name in the devicetree, followed by a number with @max > 0
 * @max: largest number, 0 = a single channel without a number
 * @type: quantity that the IIO channel has to measure
 * @unit: name of that quantity
 * @scale: factor from the unit of IIO (mV, mC, mA) to that of the driver
 * @low: lowest value that can be true (F1)
 * @high: highest value that can be true
 */
struct kind {
	const char *name;
	unsigned int max;
	enum iio_chan_type type;
	const char *unit;
	unsigned int scale;
	s32 low;
	s32 high;
};

static const struct kind kinds[SMALLBMS_NUM_KINDS] = {
	[SMALLBMS_KIND_CELL] = { "cell", SMALLBMS_MAX_CELLS, IIO_VOLTAGE, "a voltage",
				 MICRO / MILLI, 500000, 5000000 },
	[SMALLBMS_KIND_TEMP] = { "temp", SMALLBMS_MAX_BATTERIES, IIO_TEMP, "a temperature",
				 1, -40000, 125000 },
	[SMALLBMS_KIND_SUPPLY] = { "supply", 0, IIO_VOLTAGE, "a voltage",
				   MICRO / MILLI, 0, S32_MAX },
	[SMALLBMS_KIND_LOAD_CURRENT] = { "load-current", 0, IIO_CURRENT, "a current",
					 MICRO / MILLI, S32_MIN, S32_MAX },
	[SMALLBMS_KIND_BANK_CURRENT] = { "current", 0, IIO_CURRENT, "a current",
					 MICRO / MILLI, S32_MIN, S32_MAX },
};

/* More io-channels in a row than any board has: a loop in the devicetree */
#define MAX_FRONT_ENDS	8

static const char *const line_names[SMALLBMS_NUM_LINES] = {
	[SMALLBMS_LINE_ATD] = "allowed-to-discharge",
	[SMALLBMS_LINE_ATC] = "allowed-to-charge",
	[SMALLBMS_LINE_BPA] = "battery-pre-alarm",
	[SMALLBMS_LINE_LOOP] = "loop",
	[SMALLBMS_LINE_REMOTE_H] = "remote-h",
	[SMALLBMS_LINE_REMOTE_L] = "remote-l",
};

/**
 * smallbms_line_name() - get the name of a line in the devicetree
 * @line: which one
 *
 * Return: the name, without "-gpios".
 */
const char *smallbms_line_name(enum smallbms_line_id line)
{
	return line_names[line];
}

/**
 * smallbms_plausible() - can a value be true (F1)
 * @kind: what was measured
 * @value: in uV, mC or uA
 *
 * Return: false for a value that only a fault explains.
 */
bool smallbms_plausible(enum smallbms_kind kind, int value)
{
	return value >= kinds[kind].low && value <= kinds[kind].high;
}
EXPORT_SYMBOL_IF_KUNIT(smallbms_plausible);

/* A read that fails after a longer time has waited for a chip that does not answer. */
#define TIMEOUT_NS	(100 * NSEC_PER_MSEC)

/* Returns false when the channel has not answered. */
static bool read_channel(struct smallbms_channel *channel)
{
	struct smallbms_reading *scan = &channel->scan;
	u64 begin_ns = ktime_get_boottime_ns();
	int value, ret;

	ret = iio_read_channel_processed_scale(channel->iio, &value,
					       kinds[channel->kind].scale);
	if (ret < 0) {
		scan->error = ret;
		return ktime_get_boottime_ns() - begin_ns < TIMEOUT_NS;
	}
	if (!smallbms_plausible(channel->kind, value)) {
		scan->error = -ERANGE;
		return true;
	}
	scan->value = value;
	scan->error = 0;
	scan->good_ns = begin_ns;
	return true;
}

static bool behind(const struct smallbms_channel *channel,
		   const struct smallbms_converter *converter)
{
	return &converter->sense->converter[channel->converter] == converter;
}

/**
 * smallbms_sense_scan() - read all channels of a converter
 * @converter: which one
 *
 * Sleeps, perhaps long. Only one scan of a converter may run at a time.
 *
 * Return: false when a channel has not answered.
 */
bool smallbms_sense_scan(struct smallbms_converter *converter)
{
	struct smallbms_sense *sense = converter->sense;
	bool answers = true;
	unsigned int i;

	for (i = 0; i < sense->num_channels; i++) {
		if (behind(&sense->channel[i], converter) && !read_channel(&sense->channel[i]))
			answers = false;
	}
	return answers;
}

static void add_reading(struct smallbms_group *group, const struct smallbms_channel *channel,
			u64 scan_ns, bool is_new)
{
	const struct smallbms_reading *reading = &channel->reading;

	if (!group->fitted) {
		*group = (struct smallbms_group){
			.fitted = true,
			.all = true,
			.min = S32_MAX,
			.max = S32_MIN,
			.new_min = S32_MAX,
			.new_max = S32_MIN,
			.scan_ns = SMALLBMS_NEVER,
			.good_ns = SMALLBMS_NEVER,
		};
	}
	group->scan_ns = min(group->scan_ns, scan_ns);
	group->good_ns = min(group->good_ns, reading->good_ns);
	if (reading->error) {
		group->all = false;
		return;
	}
	if (reading->value < group->min) {
		group->min = reading->value;
		group->min_index = channel->index;
	}
	if (reading->value > group->max) {
		group->max = reading->value;
		group->max_index = channel->index;
	}
	if (is_new) {
		group->new_min = min(group->new_min, reading->value);
		group->new_max = max(group->new_max, reading->value);
	}
	group->any = true;
}

static void group_readings(const struct smallbms_sense *sense, struct smallbms_sample *sample,
			   const struct smallbms_converter *scanned)
{
	unsigned int i;

	for (i = 0; i < SMALLBMS_NUM_KINDS; i++)
		sample->group[i].fitted = false;

	for (i = 0; i < sense->num_channels; i++) {
		const struct smallbms_channel *channel = &sense->channel[i];
		const struct smallbms_converter *converter = &sense->converter[channel->converter];

		add_reading(&sample->group[channel->kind], channel, converter->scan_ns,
			    converter == scanned);
	}
}

/**
 * smallbms_sense_forget() - make every measurement unknown
 * @sense: the inputs, of which none is being scanned
 * @sample: what the policy will see; its groups are made anew
 * @now_ns: boot time, from which the age of unknown values counts (F1)
 */
void smallbms_sense_forget(struct smallbms_sense *sense, struct smallbms_sample *sample,
			   u64 now_ns)
{
	unsigned int i;

	for (i = 0; i < sense->num_channels; i++) {
		struct smallbms_channel *channel = &sense->channel[i];

		channel->scan.error = -ENODATA;
		channel->scan.good_ns = now_ns;
		channel->reading = channel->scan;
	}
	for (i = 0; i < sense->num_converters; i++)
		sense->converter[i].scan_ns = now_ns;
	group_readings(sense, sample, NULL);
}

/**
 * smallbms_sense_publish() - make the last scan of a converter the one that counts
 * @converter: which one
 * @sample: what the policy will see; its groups are made anew
 * @now_ns: boot time
 */
void smallbms_sense_publish(struct smallbms_converter *converter,
			    struct smallbms_sample *sample, u64 now_ns)
{
	struct smallbms_sense *sense = converter->sense;
	unsigned int i;

	for (i = 0; i < sense->num_channels; i++) {
		struct smallbms_channel *channel = &sense->channel[i];

		if (behind(channel, converter))
			channel->reading = channel->scan;
	}
	converter->scan_ns = now_ns;
	sample->scan_ns = now_ns;
	group_readings(sense, sample, converter);
}
EXPORT_SYMBOL_IF_KUNIT(smallbms_sense_publish);

/**
 * smallbms_sense_lines() - read all lines
 * @sense: the inputs
 * @sample: what the policy will see
 * @now_ns: boot time
 */
void smallbms_sense_lines(struct smallbms_sense *sense, struct smallbms_sample *sample,
			  u64 now_ns)
{
	int i, level;

	for (i = 0; i < SMALLBMS_NUM_LINES; i++) {
		struct smallbms_line *line = &sample->line[i];

		if (!sense->line[i])
			continue;
		level = gpiod_get_value_cansleep(sense->line[i]);
		line->known = level >= 0;
		if (!line->known)
			continue;
		line->active = level;
		line->good_ns = now_ns;
	}
}

/* "cell12" -> a cell, the twelfth: index 11. */
static int parse_channel(const char *name, struct smallbms_channel *channel)
{
	enum smallbms_kind kind;
	unsigned int number;
	size_t len;

	for (kind = 0; kind < SMALLBMS_NUM_KINDS; kind++) {
		channel->kind = kind;
		channel->index = 0;
		if (!kinds[kind].max) {
			if (!strcmp(name, kinds[kind].name))
				return 0;
			continue;
		}
		len = str_has_prefix(name, kinds[kind].name);
		if (!len || name[len] < '1' || name[len] > '9' ||
		    kstrtouint(name + len, 10, &number) || number > kinds[kind].max)
			continue;
		channel->index = number - 1;
		return 0;
	}
	return -EINVAL;
}

/*
 * The last node behind a channel, which has no io-channels itself. The caller puts it. A
 * front end with several io-channels is taken to wait for the first.
 */
static struct fwnode_handle *find_converter(struct device *dev, unsigned int index,
					    const char *name)
{
	struct fwnode_handle *node = fwnode_handle_get(dev_fwnode(dev));
	struct fwnode_reference_args args;
	unsigned int i;
	int ret;

	for (i = 0; i < MAX_FRONT_ENDS; i++) {
		ret = fwnode_property_get_reference_args(node, "io-channels", "#io-channel-cells",
							 0, index, &args);
		fwnode_handle_put(node);
		if (ret)
			return ERR_PTR(dev_err_probe(dev, ret,
						     "no converter for \"%s\": see io-channels\n",
						     name));
		node = args.fwnode;
		index = 0;
		if (!fwnode_property_present(node, "io-channels"))
			return node;
	}
	fwnode_handle_put(node);
	return ERR_PTR(dev_err_probe(dev, -ELOOP,
				     "io-channels of \"%s\" lead through more than %d front ends\n",
				     name, MAX_FRONT_ENDS - 1));
}

static int find_converters(struct device *dev, struct smallbms_sense *sense,
			   struct fwnode_handle **nodes)
{
	unsigned int i, known;

	for (i = 0; i < sense->num_channels; i++) {
		struct smallbms_channel *channel = &sense->channel[i];
		struct fwnode_handle *node = find_converter(dev, i, channel->name);

		if (IS_ERR(node))
			return PTR_ERR(node);
		for (known = 0; known < sense->num_converters && nodes[known] != node; known++)
			;
		channel->converter = known;
		if (known < sense->num_converters) {
			fwnode_handle_put(node);
			continue;
		}
		nodes[sense->num_converters++] = node;
	}
	return 0;
}

/* Kinds that the load depends on (F1). It does not depend on temperatures (F2). */
#define VITAL_KINDS	(BIT(SMALLBMS_KIND_CELL) | BIT(SMALLBMS_KIND_SUPPLY) |	\
			 BIT(SMALLBMS_KIND_LOAD_CURRENT))

/* A bank with nothing to scan has one too, so that no converter keeps it waiting. */
static int add_converters(struct device *dev, struct smallbms_sense *sense)
{
	struct smallbms_converter *converter;
	bool vital = false;
	unsigned int i;

	sense->converter = devm_kcalloc(dev, sense->num_converters + 1, sizeof(*converter),
					GFP_KERNEL);
	if (!sense->converter)
		return -ENOMEM;
	for (i = 0; i < sense->num_channels; i++) {
		converter = &sense->converter[sense->channel[i].converter];
		converter->kinds |= BIT(sense->channel[i].kind);
		converter->vital = converter->kinds & VITAL_KINDS;
		vital = vital || converter->vital;
	}
	if (!vital)
		sense->converter[sense->num_converters++].vital = true;
	for (i = 0; i < sense->num_converters; i++)
		sense->converter[i].sense = sense;
	return 0;
}

static int get_converters(struct device *dev, struct smallbms_sense *sense)
{
	unsigned int i, count;
	int ret;

	struct fwnode_handle **nodes __free(kfree) =
		kcalloc(sense->num_channels + 1, sizeof(*nodes), GFP_KERNEL);

	if (!nodes)
		return -ENOMEM;
	ret = find_converters(dev, sense, nodes);
	count = sense->num_converters;
	if (!ret)
		ret = add_converters(dev, sense);
	for (i = 0; i < count; i++)
		fwnode_handle_put(nodes[i]);
	return ret;
}

static int open_channel(struct device *dev, struct smallbms_channel *channel)
{
	const char *name = channel->name;
	enum iio_chan_type type;
	int ret;

	channel->iio = devm_fwnode_iio_channel_get_by_name(dev, dev_fwnode(dev), name);
	if (IS_ERR(channel->iio))
		return dev_err_probe(dev, PTR_ERR(channel->iio), "no channel for \"%s\"\n", name);

	ret = iio_get_channel_type(channel->iio, &type);
	if (ret)
		return dev_err_probe(dev, ret, "no channel type for \"%s\"\n", name);
	if (type != kinds[channel->kind].type)
		return dev_err_probe(dev, -EINVAL, "channel \"%s\" does not measure %s\n",
				     name, kinds[channel->kind].unit);
	return 0;
}

static int open_channels(struct device *dev, struct smallbms_sense *sense)
{
	unsigned int i;
	int ret;

	for (i = 0; i < sense->num_channels; i++) {
		ret = open_channel(dev, &sense->channel[i]);
		if (ret)
			return ret;
	}
	return 0;
}

/* Numbers run from 1 without a gap, so a forgotten cell is noticed. */
static int check_numbers(struct device *dev, const struct smallbms_sense *sense,
			 enum smallbms_kind kind)
{
	DECLARE_BITMAP(seen, SMALLBMS_MAX_CELLS) = {};
	unsigned int i, count = 0, gap;

	for (i = 0; i < sense->num_channels; i++) {
		if (sense->channel[i].kind != kind)
			continue;
		__set_bit(sense->channel[i].index, seen);
		count++;
	}
	gap = find_first_zero_bit(seen, SMALLBMS_MAX_CELLS);
	if (gap < count)
		return dev_err_probe(dev, -EINVAL, "channel \"%s%u\" is missing\n",
				     kinds[kind].name, gap + 1);
	if (kind == SMALLBMS_KIND_CELL && count % 4)
		return dev_err_probe(dev, -EINVAL,
				     "%u cells: a battery has 4 or 8, so a bank has a multiple of 4\n",
				     count);
	return 0;
}

static int get_channels(struct device *dev, struct smallbms_sense *sense)
{
	enum smallbms_kind kind;
	int i, num, ret;

	num = device_property_string_array_count(dev, "io-channel-names");
	if (num <= 0) {
		if (device_property_present(dev, "io-channels") ||
		    device_property_present(dev, "io-channel-names"))
			return dev_err_probe(dev, -EINVAL,
					     "io-channel-names must name every one of io-channels\n");
		return 0;
	}

	const char **names __free(kfree) = kcalloc(num, sizeof(*names), GFP_KERNEL);

	if (!names)
		return -ENOMEM;
	ret = device_property_read_string_array(dev, "io-channel-names", names, num);
	if (ret < 0)
		return dev_err_probe(dev, ret, "cannot read io-channel-names\n");

	sense->channel = devm_kcalloc(dev, num, sizeof(*sense->channel), GFP_KERNEL);
	if (!sense->channel)
		return -ENOMEM;

	for (i = 0; i < num; i++) {
		ret = parse_channel(names[i], &sense->channel[i]);
		if (ret)
			return dev_err_probe(dev, ret,
					     "channel \"%s\" is none of cell1..%u, temp1..%u, supply, load-current, current\n",
					     names[i], SMALLBMS_MAX_CELLS, SMALLBMS_MAX_BATTERIES);
		sense->channel[i].name = names[i];
		if (match_string(names, i, names[i]) >= 0)
			return dev_err_probe(dev, -EINVAL, "channel \"%s\" is named twice\n",
					     names[i]);
		sense->num_channels++;
	}

	for (kind = 0; kind < SMALLBMS_NUM_KINDS; kind++) {
		ret = check_numbers(dev, sense, kind);
		if (ret)
			return ret;
	}
	return 0;
}

static int get_lines(struct device *dev, struct smallbms_sense *sense)
{
	struct gpio_desc *gpiod;
	int i;

	for (i = 0; i < SMALLBMS_NUM_LINES; i++) {
		gpiod = devm_gpiod_get_optional(dev, line_names[i], GPIOD_IN);
		if (IS_ERR(gpiod))
			return dev_err_probe(dev, PTR_ERR(gpiod), "no line for %s-gpios\n",
					     line_names[i]);
		sense->line[i] = gpiod;
		if (gpiod)
			smallbms_link_chip(dev, gpiod);
		sense->irq[i] = gpiod ? gpiod_to_irq(gpiod) : -ENXIO;
		if (sense->irq[i] == -EPROBE_DEFER)
			return dev_err_probe(dev, -EPROBE_DEFER, "no interrupt for %s-gpios yet\n",
					     line_names[i]);
	}
	return 0;
}

/**
 * smallbms_sense_count() - how many measurements of a kind are fitted
 * @sense: the inputs
 * @kind: which one
 *
 * Return: the number of channels that the bank has of it.
 */
unsigned int smallbms_sense_count(const struct smallbms_sense *sense, enum smallbms_kind kind)
{
	unsigned int i, count = 0;

	for (i = 0; i < sense->num_channels; i++)
		count += sense->channel[i].kind == kind;
	return count;
}

/**
 * smallbms_sense_init() - get all inputs
 * @sense: the inputs, zeroed
 * @dev: the bank
 *
 * Return: 0, or an error that has been reported.
 */
int smallbms_sense_init(struct smallbms_sense *sense, struct device *dev)
{
	unsigned int cells;
	int ret;

	ret = get_lines(dev, sense);
	if (ret)
		return ret;
	ret = get_channels(dev, sense);
	if (ret)
		return ret;
	ret = get_converters(dev, sense);
	if (ret)
		return ret;
	ret = open_channels(dev, sense);
	if (ret)
		return ret;

	cells = smallbms_sense_count(sense, SMALLBMS_KIND_CELL);
	if (!cells && !sense->line[SMALLBMS_LINE_ATD])
		return dev_err_probe(dev, -EINVAL,
				     "nothing tells of a low cell: channels \"cell1\"... or allowed-to-discharge-gpios is needed\n");
	if (!cells && !sense->line[SMALLBMS_LINE_ATC])
		return dev_err_probe(dev, -EINVAL,
				     "nothing tells of a full cell: channels \"cell1\"... or allowed-to-charge-gpios is needed\n");
	return 0;
}
