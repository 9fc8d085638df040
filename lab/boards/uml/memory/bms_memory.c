// SPDX-License-Identifier: GPL-2.0-only
/*
 * A memory that fails on command: for tests only
 *
 * It is an nvmem device with the cells of its node. A write is as slow as that of an EEPROM: pages
 * of 16 bytes, one after the other, 5 ms each. The memory is blank at first, unless the property
 * "test,content" has its content. A test writes to the attribute "control":
 *
 *   access ok|err|hang		each access works, fails at once, or fails after a second
 *   blank			all bytes become 0xff
 *
 * Each write goes to the kernel log with the time of the boot clock. So the host knows the content
 * of a memory that loses its power in the middle:
 *
 *   NS page OFFSET HEX	it is begun
 *   NS blank
 *   NS shutdown		nothing comes after it
 */

#include <linux/delay.h>
#include <linux/device.h>
#include <linux/minmax.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/nvmem-provider.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/timekeeping.h>

#define SIZE_BYTES	256U
#define PAGE_BYTES	16U
#define PAGE_US		5000
#define MAX_CELLS	2
#define HANG_MS		1000

struct memory {
	struct device *dev;
	struct mutex turn;	/* held for a whole read or write */
	struct mutex lock;	/* all that follows */
	u8 content[SIZE_BYTES];
	bool fails;
	bool hangs;
};

static int access(struct memory *m)
{
	bool hangs;

	scoped_guard(mutex, &m->lock) {
		if (!m->fails)
			return 0;
		hangs = m->hangs;
	}
	if (hangs)
		msleep(HANG_MS);
	return -EIO;
}

static int memory_read(void *priv, unsigned int offset, void *to, size_t bytes)
{
	struct memory *m = priv;
	int ret;

	guard(mutex)(&m->turn);
	ret = access(m);
	if (ret)
		return ret;
	guard(mutex)(&m->lock);
	memcpy(to, m->content + offset, bytes);
	return 0;
}

static int memory_write(void *priv, unsigned int offset, void *from, size_t bytes)
{
	struct memory *m = priv;
	size_t done, part;
	int ret;

	guard(mutex)(&m->turn);
	ret = access(m);
	if (ret)
		return ret;
	for (done = 0; done < bytes; done += part) {
		u8 *page = m->content + offset + done;

		part = min(bytes - done, PAGE_BYTES - (offset + done) % PAGE_BYTES);
		dev_info(m->dev, "%llu page %zu %*phN\n", ktime_get_boottime_ns(), offset + done,
			 (int)part, from + done);
		usleep_range(PAGE_US, PAGE_US + 1);
		scoped_guard(mutex, &m->lock)
			memcpy(page, from + done, part);
	}
	return 0;
}

static ssize_t control_store(struct device *dev, struct device_attribute *attr, const char *buf,
			     size_t count)
{
	struct memory *m = dev_get_drvdata(dev);
	char word[8];

	guard(mutex)(&m->lock);
	if (sysfs_streq(buf, "blank")) {
		dev_info(dev, "%llu blank\n", ktime_get_boottime_ns());
		memset(m->content, 0xff, SIZE_BYTES);
	} else if (sscanf(buf, "access %7s", word) == 1) {
		m->fails = strcmp(word, "ok");
		m->hangs = !strcmp(word, "hang");
	} else {
		return -EINVAL;
	}
	return count;
}
static DEVICE_ATTR_WO(control);

static struct attribute *memory_attrs[] = {
	&dev_attr_control.attr,
	NULL
};
ATTRIBUTE_GROUPS(memory);

static int memory_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct nvmem_cell_info cell[MAX_CELLS] = {};
	struct nvmem_config config = {
		.dev = dev,
		.name = "bms-memory",
		.id = NVMEM_DEVID_NONE,
		.owner = THIS_MODULE,
		.cells = cell,
		.size = SIZE_BYTES,
		.word_size = 1,
		.stride = 1,
		.reg_read = memory_read,
		.reg_write = memory_write,
	};
	struct device_node *node;
	struct memory *m;
	u32 place[2];
	int ret;

	m = devm_kzalloc(dev, sizeof(*m), GFP_KERNEL);
	if (!m)
		return -ENOMEM;
	m->dev = dev;
	ret = devm_mutex_init(dev, &m->turn);
	if (ret)
		return ret;
	ret = devm_mutex_init(dev, &m->lock);
	if (ret)
		return ret;
	memset(m->content, 0xff, SIZE_BYTES);
	if (device_property_present(dev, "test,content")) {
		ret = device_property_read_u8_array(dev, "test,content", m->content, SIZE_BYTES);
		if (ret)
			return dev_err_probe(dev, ret, "test,content: not %u bytes\n", SIZE_BYTES);
	}
	platform_set_drvdata(pdev, m);

	/* Kernels look for cells in different places. All look in a node that is given here. */
	for_each_child_of_node(dev->of_node, node) {
		struct nvmem_cell_info *next = &cell[config.ncells];

		ret = of_property_read_u32_array(node, "reg", place, ARRAY_SIZE(place));
		if (ret || config.ncells == MAX_CELLS) {
			of_node_put(node);
			return dev_err_probe(dev, ret ?: -EINVAL, "a cell is bad, or too many\n");
		}
		next->name = node->full_name;
		next->np = of_node_get(node);
		next->offset = place[0];
		next->bytes = place[1];
		config.ncells++;
	}
	config.priv = m;
	return PTR_ERR_OR_ZERO(devm_nvmem_register(dev, &config));
}

static void memory_shutdown(struct platform_device *pdev)
{
	dev_info(&pdev->dev, "%llu shutdown\n", ktime_get_boottime_ns());
}

static const struct of_device_id memory_of_match[] = {
	{ .compatible = "test,bms-memory" },
	{ }
};
MODULE_DEVICE_TABLE(of, memory_of_match);

static struct platform_driver memory_driver = {
	.driver = {
		.name = "bms-memory",
		.of_match_table = memory_of_match,
		.dev_groups = memory_groups,
	},
	.probe = memory_probe,
	.shutdown = memory_shutdown,
};
module_platform_driver(memory_driver);

MODULE_DESCRIPTION("Memory that fails as it is told to");
MODULE_LICENSE("GPL");
