// SPDX-License-Identifier: GPL-2.0-only
/*
 * smallbms - lines and channels -> one plain sample
 */

/**
 * DOC: smallbms-sense
 *
 * Inputs are read here and nowhere else, and nothing is decided here. A value
 * that cannot be read or cannot be true becomes "not known", with the time at
 * which it was last known; it never becomes zero and never stays what it was.
 * Of all cells and all batteries only the worst are passed on, with their
 * number: sums and averages hide a cell.
 *
 * A scan of the channels can take long and sleeps, so it runs without the lock
 * of the bank, on values of its own, and is published as a whole. Lines are
 * quick and are read in every evaluation.
 */

#include <kunit/visibility.h>
#include <linux/bitmap.h>
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
 * @type: what the IIO channel has to measure
 * @unit: what that is in words
 * @scale: from what IIO gives (mV, mC, mA) to what we count in
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

static const char *const line_names[SMALLBMS_NUM_LINES] = {
	[SMALLBMS_LINE_ATD] = "allowed-to-discharge",
	[SMALLBMS_LINE_ATC] = "allowed-to-charge",
	[SMALLBMS_LINE_BPA] = "battery-pre-alarm",
	[SMALLBMS_LINE_LOOP] = "loop",
	[SMALLBMS_LINE_REMOTE_H] = "remote-h",
	[SMALLBMS_LINE_REMOTE_L] = "remote-l",
};

/**
 * smallbms_line_name() - what the devicetree calls a line
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

static void read_channel(struct smallbms_channel *channel, u64 now_ns)
{
	struct smallbms_reading *scan = &channel->scan;
	int value, ret;

	ret = iio_read_channel_processed_scale(channel->iio, &value,
					       kinds[channel->kind].scale);
	if (ret < 0) {
		scan->error = ret;
		return;
	}
	if (!smallbms_plausible(channel->kind, value)) {
		scan->error = -ERANGE;
		return;
	}
	scan->value = value;
	scan->error = 0;
	scan->good_ns = now_ns;
}

/**
 * smallbms_sense_scan() - read all channels
 * @sense: the inputs
 *
 * Sleeps, perhaps long. Only one scan at a time. All values are as old as its beginning.
 */
void smallbms_sense_scan(struct smallbms_sense *sense)
{
	u64 now_ns = ktime_get_boottime_ns();
	unsigned int i;

	for (i = 0; i < sense->num_channels; i++)
		read_channel(&sense->channel[i], now_ns);
}

static void add_reading(struct smallbms_group *group, const struct smallbms_channel *channel)
{
	const struct smallbms_reading *reading = &channel->reading;

	if (!group->fitted) {
		*group = (struct smallbms_group){
			.fitted = true,
			.all = true,
			.min = S32_MAX,
			.max = S32_MIN,
			.good_ns = SMALLBMS_NEVER,
		};
	}
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
	group->any = true;
}

/**
 * smallbms_sense_publish() - make the last scan the one that counts
 * @sense: the inputs
 * @sample: what the policy will see; its groups are made anew
 */
void smallbms_sense_publish(struct smallbms_sense *sense, struct smallbms_sample *sample)
{
	unsigned int i;

	for (i = 0; i < SMALLBMS_NUM_KINDS; i++)
		sample->group[i].fitted = false;

	for (i = 0; i < sense->num_channels; i++) {
		struct smallbms_channel *channel = &sense->channel[i];

		channel->reading = channel->scan;
		add_reading(&sample->group[channel->kind], channel);
	}
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

static int get_channel(struct device *dev, struct smallbms_channel *channel, const char *name)
{
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

	/* What has never been read counts from now (F1). */
	channel->scan.error = -ENODATA;
	channel->scan.good_ns = ktime_get_boottime_ns();
	return 0;
}

/* Numbers run from 1 without a gap, so that a forgotten cell is noticed. */
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

	for (i = 0; i < num; i++) {
		ret = get_channel(dev, &sense->channel[i], names[i]);
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

	cells = smallbms_sense_count(sense, SMALLBMS_KIND_CELL);
	if (!cells && !sense->line[SMALLBMS_LINE_ATD])
		return dev_err_probe(dev, -EINVAL,
				     "nothing tells of a low cell: channels \"cell1\"... or allowed-to-discharge-gpios is needed\n");
	if (!cells && !sense->line[SMALLBMS_LINE_ATC])
		return dev_err_probe(dev, -EINVAL,
				     "nothing tells of a full cell: channels \"cell1\"... or allowed-to-charge-gpios is needed\n");
	return 0;
}
