// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of what smallbms remembers, on a memory that may fail
 */

#include <kunit/device.h>
#include <kunit/test.h>

#include <linux/crc32.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/gpio/machine.h>
#include <linux/nvmem-consumer.h>
#include <linux/nvmem-provider.h>
#include <linux/platform_device.h>
#include <linux/pm.h>
#include <linux/power_supply.h>
#include <linux/property.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <linux/workqueue.h>

#include "fakes.h"
#include "helpers.h"
#include "smallbms.h"
#include "suites.h"

#define SIZE		96	/* of each cell, in bytes */
#define CLAIM_MS	6000	/* until the memory says that the load is connected */

/**
 * struct fake_memory - a memory, and how it behaves
 * @byte: its content
 * @error: error of an access, or 0
 * @error_from: the first byte that gives it
 * @read_only: it refuses to be written
 * @hangs_ms: how long every access takes, until this is set to 0
 * @forgets: it takes what is written, and stores nothing
 * @tries: how often a write was tried
 * @writes: how often it was written
 * @nvmem: as nvmem knows it
 * @cell: its cells
 * @lookup: the bank that they belong to
 */
struct fake_memory {
	u8 byte[SMALLBMS_NUM_PLACES * SIZE];
	int error;
	unsigned int error_from;
	bool read_only;
	unsigned int hangs_ms;
	bool forgets;
	unsigned int tries;
	unsigned int writes;
	struct nvmem_device *nvmem;
	struct nvmem_cell_info cell[SMALLBMS_NUM_PLACES];
	struct nvmem_cell_lookup lookup[SMALLBMS_NUM_PLACES];
};

static int answer(const struct fake_memory *memory, unsigned int at)
{
	unsigned int ms;

	for (ms = 0; ms < READ_ONCE(memory->hangs_ms); ms += 20)
		msleep(20);
	return at < memory->error_from ? 0 : memory->error;
}

static int fake_read(void *context, unsigned int at, void *value, size_t bytes)
{
	struct fake_memory *memory = context;
	int ret = answer(memory, at);

	if (!ret)
		memcpy(value, memory->byte + at, bytes);
	return ret;
}

static int fake_write(void *context, unsigned int at, void *value, size_t bytes)
{
	struct fake_memory *memory = context;
	int ret = answer(memory, at);

	memory->tries++;
	if (ret)
		return ret;
	memory->writes++;
	if (!memory->forgets)
		memcpy(memory->byte + at, value, bytes);
	return 0;
}

static void unplug(void *data)
{
	struct fake_memory *memory = data;

	nvmem_del_cell_lookups(memory->lookup, SMALLBMS_NUM_PLACES);
	nvmem_unregister(memory->nvmem);
}

/* Call this before the bank is added, so that the memory is removed after the bank. */
static struct fake_memory *memory_add(struct kunit *test, size_t size, bool read_only)
{
	struct fake_memory *memory = kunit_kzalloc(test, sizeof(*memory), GFP_KERNEL);
	struct nvmem_config config = {
		.name = "smallbms-memory",
		.id = NVMEM_DEVID_NONE,
		.size = SMALLBMS_NUM_PLACES * SIZE,
		.word_size = 1,
		.stride = 1,
		.read_only = read_only,
		.reg_read = fake_read,
		.reg_write = fake_write,
	};
	struct device *dev = kunit_device_register(test, "smallbms-memory");
	int i;

	KUNIT_ASSERT_NOT_NULL(test, memory);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	memset(memory->byte, 0xff, sizeof(memory->byte));
	for (i = 0; i < SMALLBMS_NUM_PLACES; i++) {
		memory->cell[i].name = i ? "remembered-b" : "remembered-a";
		memory->cell[i].offset = i * SIZE;
		memory->cell[i].bytes = size;
		memory->lookup[i].nvmem_name = "smallbms-memory";
		memory->lookup[i].cell_name = memory->cell[i].name;
		memory->lookup[i].dev_id = "smallbms.0";
		memory->lookup[i].con_id = i ? "state-b" : "state-a";
	}
	config.dev = dev;
	config.priv = memory;
	config.cells = memory->cell;
	config.ncells = SMALLBMS_NUM_PLACES;
	memory->nvmem = nvmem_register(&config);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, memory->nvmem);
	nvmem_add_cell_lookups(memory->lookup, SMALLBMS_NUM_PLACES);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, unplug, memory));
	return memory;
}

static struct fake_bank *bank_of(struct kunit *test)
{
	struct fake_bank *bank = fake_bank_alloc(test);

	add_panel(bank);
	add_measurements(bank);
	return bank;
}

static void rebind(struct kunit *test, struct platform_device *pdev)
{
	device_release_driver(&pdev->dev);
	KUNIT_ASSERT_EQ(test, device_attach(&pdev->dev), 1);
}

/* Restart as after a loss of power: the memory has only what was stored by now. */
static void lose_power(struct kunit *test, struct fake_memory *memory,
		       struct platform_device *pdev)
{
	u8 byte[sizeof(memory->byte)];

	memcpy(byte, memory->byte, sizeof(byte));
	device_release_driver(&pdev->dev);
	memcpy(memory->byte, byte, sizeof(byte));
	KUNIT_ASSERT_EQ(test, device_attach(&pdev->dev), 1);
}

static bool is_written(const struct fake_memory *memory, unsigned int times)
{
	unsigned int ms;

	for (ms = 0; ms < SLACK_MS && READ_ONCE(memory->writes) < times; ms += 20)
		msleep(20);
	return READ_ONCE(memory->writes) >= times;
}

static bool becomes_lost(struct kunit *test, bool lost)
{
	unsigned int ms;

	for (ms = 0; ms < SLACK_MS; ms += 20) {
		if (lists(psy_of(test), "causes", "memory-lost") == lost)
			return true;
		msleep(20);
	}
	return false;
}

static void say(struct kunit *test, enum power_supply_property psp, int value)
{
	const union power_supply_propval said = { .intval = value };
	struct power_supply *psy = supply_of(test);

	KUNIT_EXPECT_EQ(test, 0, power_supply_set_property(psy, psp, &said));
	power_supply_put(psy);
}

static void x4_a_damaged_cell_is_remembered(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_memory *memory = memory_add(test, SIZE, false);
	struct platform_device *pdev = running(test, bank_of(test));

	KUNIT_ASSERT_TRUE(test, is_written(memory, 1));
	t->adc->value[FAKE_CELL] = 1900000;
	KUNIT_ASSERT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, false, SLACK_MS));
	KUNIT_ASSERT_TRUE(test, is_written(memory, 2));
	t->adc->value[FAKE_CELL] = 3300000;
	lose_power(test, memory, pdev);
	KUNIT_ASSERT_TRUE(test, becomes(t->gpio, FAKE_LOAD, true, SLACK_MS));
	msleep(MEASURED_MS);
	KUNIT_EXPECT_FALSE(test, fake_gpio_driven(t->gpio, FAKE_CHARGE));
	KUNIT_EXPECT_TRUE(test, lists(psy_of(test), "causes", "over-discharged"));

	KUNIT_EXPECT_GT(test, write_file(&pdev->dev, "clear", "1"), 0);
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, true, SLACK_MS));
	lose_power(test, memory, pdev);
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, true, SLACK_MS));
}

static void x4_the_switch_of_the_host_is_remembered(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_memory *memory = memory_add(test, SIZE, false);
	struct platform_device *pdev = running(test, bank_of(test));

	KUNIT_EXPECT_GT(test, write_file(&pdev->dev, "load_enable", "0"), 0);
	KUNIT_ASSERT_TRUE(test, becomes(t->gpio, FAKE_LOAD, false, SLACK_MS));
	msleep(100);
	lose_power(test, memory, pdev);
	KUNIT_ASSERT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, true, SLACK_MS));
	msleep(MEASURED_MS);
	KUNIT_EXPECT_FALSE(test, fake_gpio_driven(t->gpio, FAKE_LOAD));
	EXPECT_TEXT(test, &pdev->dev, "load_enable", "0");

	KUNIT_EXPECT_GT(test, write_file(&pdev->dev, "load_enable", "1"), 0);
	KUNIT_ASSERT_TRUE(test, becomes(t->gpio, FAKE_LOAD, true, SLACK_MS));
	rebind(test, pdev);
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_LOAD, true, SLACK_MS));
}

static void x4_the_load_may_start_off(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_bank *bank = bank_of(test);
	struct platform_device *pdev;

	bank->prop[bank->num_props++] = PROPERTY_ENTRY_BOOL("start-with-load-off");
	pdev = fake_bank_add(test, bank, 0);
	KUNIT_ASSERT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, true, START_MS + SLACK_MS));
	msleep(MEASURED_MS);
	KUNIT_EXPECT_FALSE(test, fake_gpio_driven(t->gpio, FAKE_LOAD));
	KUNIT_EXPECT_GT(test, write_file(&pdev->dev, "load_enable", "1"), 0);
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_LOAD, true, SLACK_MS));
}

static void x5_a_load_that_was_on_comes_back(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_memory *memory = memory_add(test, SIZE, false);
	struct platform_device *pdev = running(test, bank_of(test));

	t->adc->value[FAKE_CELL] = 3150000;
	rebind(test, pdev);
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_LOAD, true, SLACK_MS));
	msleep(CLAIM_MS);
	lose_power(test, memory, pdev);
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_LOAD, true, SLACK_MS));

	/* The memory does not say for ever that the load was connected. */
	KUNIT_EXPECT_GT(test, write_file(&pdev->dev, "load_enable", "0"), 0);
	KUNIT_ASSERT_TRUE(test, becomes(t->gpio, FAKE_LOAD, false, SLACK_MS));
	KUNIT_EXPECT_GT(test, write_file(&pdev->dev, "load_enable", "1"), 0);
	msleep(100);
	lose_power(test, memory, pdev);
	KUNIT_ASSERT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, true, SLACK_MS));
	msleep(MEASURED_MS);
	KUNIT_EXPECT_FALSE(test, fake_gpio_driven(t->gpio, FAKE_LOAD));
}

static void x6_a_small_memory_is_refused(struct kunit *test)
{
	with_hardware(test, false, true);
	memory_add(test, SMALLBMS_RECORD_SIZE - 1, false);
	KUNIT_EXPECT_FALSE(test, bound(fake_bank_add(test, bank_of(test), 0)));
}

static void x6_the_smallest_memory_is_taken(struct kunit *test)
{
	struct fake_memory *memory;

	with_hardware(test, false, true);
	memory = memory_add(test, SMALLBMS_RECORD_SIZE, false);
	running(test, bank_of(test));
	KUNIT_EXPECT_TRUE(test, is_written(memory, 1));
}

static void x6_a_memory_that_cannot_be_written_is_told(struct kunit *test)
{
	with_hardware(test, false, true);
	memory_add(test, SIZE, true);
	running(test, bank_of(test));
	KUNIT_EXPECT_TRUE(test, becomes_lost(test, true));
}

static void x6_a_write_that_stores_nothing_is_told(struct kunit *test)
{
	struct fake_memory *memory;

	with_hardware(test, false, true);
	memory = memory_add(test, SIZE, false);
	memory->forgets = true;
	running(test, bank_of(test));
	KUNIT_EXPECT_TRUE(test, becomes_lost(test, true));
	memory->forgets = false;
	KUNIT_EXPECT_TRUE(test, becomes_lost(test, false));
}

static void x6_a_memory_that_hangs_later_is_told(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_memory *memory = memory_add(test, SIZE, false);
	struct platform_device *pdev = running(test, bank_of(test));

	msleep(CLAIM_MS);
	KUNIT_EXPECT_TRUE(test, becomes_lost(test, false));
	memory->hangs_ms = 10 * HANGS_MS;
	KUNIT_EXPECT_GT(test, write_file(&pdev->dev, "load_enable", "0"), 0);
	KUNIT_ASSERT_TRUE(test, becomes(t->gpio, FAKE_LOAD, false, SLACK_MS));
	KUNIT_EXPECT_TRUE(test, becomes_lost(test, true));
	WRITE_ONCE(memory->hangs_ms, 0);
	KUNIT_EXPECT_TRUE(test, becomes_lost(test, false));
}

/* A memory that takes a part of each write only is worn by each attempt. */
static void x6_a_memory_that_fails_is_tried_less_and_less(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_memory *memory = memory_add(test, SIZE, false);
	struct platform_device *pdev = running(test, bank_of(test));
	unsigned int tries;

	msleep(CLAIM_MS);
	memory->error = -EIO;
	tries = memory->tries;
	KUNIT_EXPECT_GT(test, write_file(&pdev->dev, "load_enable", "0"), 0);
	KUNIT_EXPECT_TRUE(test, becomes_lost(test, true));
	msleep(120000);
	KUNIT_EXPECT_GE(test, memory->tries - tries, 4);
	KUNIT_EXPECT_LE(test, memory->tries - tries, 9);

	/* Another switch does not wait so long. */
	memory->error = 0;
	KUNIT_EXPECT_GT(test, write_file(&pdev->dev, "load_enable", "1"), 0);
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_LOAD, true, SLACK_MS));
	KUNIT_EXPECT_TRUE(test, becomes_lost(test, false));
}

/* A memory that cannot be read at the start is not overwritten. */
static void x6_a_memory_that_fails_forgets_nothing(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_memory *memory = memory_add(test, SIZE, false);
	struct platform_device *pdev = running(test, bank_of(test));
	unsigned int writes;

	KUNIT_EXPECT_GT(test, write_file(&pdev->dev, "load_enable", "0"), 0);
	KUNIT_ASSERT_TRUE(test, becomes(t->gpio, FAKE_LOAD, false, SLACK_MS));
	device_release_driver(&pdev->dev);
	writes = memory->writes;

	/* Only one of the two cells fails, which is as bad as both. */
	memory->error_from = SIZE;
	memory->error = -EIO;
	KUNIT_ASSERT_EQ(test, device_attach(&pdev->dev), 1);
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_LOAD, true, SLACK_MS));
	KUNIT_EXPECT_TRUE(test, becomes_lost(test, true));
	KUNIT_EXPECT_EQ(test, memory->writes, writes);
	/* A switch of charging says nothing about the switch of the load. */
	say(test, POWER_SUPPLY_PROP_CHARGE_BEHAVIOUR, POWER_SUPPLY_CHARGE_BEHAVIOUR_AUTO);

	/* Once the memory answers, what it says forbids the load, though late. */
	memory->error = 0;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_LOAD, false, 10000 + SLACK_MS));
	KUNIT_EXPECT_TRUE(test, becomes_lost(test, false));
}

static void release(struct work_struct *work)
{
	struct probe_test *t = container_of(work, struct probe_test, work);

	device_release_driver(&t->pdev->dev);
}

static void x6_a_memory_that_hangs_delays_nothing(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_memory *memory = memory_add(test, SIZE, false);
	struct fake_bank *bank = bank_of(test);
	struct platform_device *pdev;

	memory->hangs_ms = 10 * HANGS_MS;
	pdev = running(test, bank);
	t->adc->value[FAKE_CELL] = 3800000;
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, false, MEASURED_MS + SLACK_MS));
	KUNIT_EXPECT_TRUE(test, becomes_lost(test, true));

	/* The host does not sleep: nothing watches the bank while the memory is waited for. */
	if (IS_ENABLED(CONFIG_PM_SLEEP)) {
		KUNIT_EXPECT_EQ(test, -EBUSY, pdev->dev.driver->pm->suspend(&pdev->dev));
		t->adc->value[FAKE_CELL] = 3300000;
		KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, true, SLACK_MS));
	}

	/* The outputs float before the driver waits for the memory. */
	INIT_WORK(&t->work, release);
	t->pdev = pdev;
	schedule_work(&t->work);
	KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_LOAD, false, SLACK_MS));
	WRITE_ONCE(memory->hangs_ms, 0);
	flush_work(&t->work);
}

static int newest(const struct fake_memory *memory, u32 bank, u32 *sequence,
		  struct smallbms_record *record)
{
	const u8 *const place[] = { memory->byte, memory->byte + SIZE };

	return smallbms_record_get(place, bank, sequence, record);
}

static u32 bank_id(struct platform_device *pdev)
{
	return ((struct smallbms *)platform_get_drvdata(pdev))->memory.bank;
}

/* Falls asleep; gives the place of the newest record. */
static int fall_asleep(struct kunit *test, const struct fake_memory *memory,
		       struct platform_device *pdev, u32 *sequence, struct smallbms_record *record)
{
	const struct dev_pm_ops *pm = pdev->dev.driver->pm;
	int place;

	KUNIT_ASSERT_EQ(test, 0, pm->suspend(&pdev->dev));
	KUNIT_ASSERT_EQ(test, 0, pm->suspend_late(&pdev->dev));
	place = newest(memory, bank_id(pdev), sequence, record);
	KUNIT_ASSERT_GE(test, place, 0);
	return place;
}

/* The memory has the latch of a damaged cell, and cannot be read when the bank begins again. */
static struct platform_device *begins_unread(struct kunit *test, struct probe_test *t,
					     struct fake_memory *memory)
{
	struct platform_device *pdev = running(test, bank_of(test));

	t->adc->value[FAKE_CELL] = 1900000;
	KUNIT_ASSERT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, false, SLACK_MS));
	device_release_driver(&pdev->dev);
	t->adc->value[FAKE_CELL] = 3300000;
	memory->error = -EIO;
	KUNIT_ASSERT_EQ(test, device_attach(&pdev->dev), 1);
	KUNIT_ASSERT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, true, SLACK_MS));
	return pdev;
}

/* The kernel that made the image of a hibernation went on, and wrote to the memory. */
static void x6_a_memory_is_read_anew_after_sleep(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_memory *memory = memory_add(test, SIZE, false);
	struct fake_bank *bank = bank_of(test);
	struct smallbms_record record;
	struct platform_device *pdev;
	u32 id, sequence, later;
	unsigned int writes;
	int place;

	if (!can_sleep(test))
		return;
	bank->prop[bank->num_props++] = PROPERTY_ENTRY_BOOL("allow-sleep");
	pdev = running(test, bank);
	id = bank_id(pdev);
	place = fall_asleep(test, memory, pdev, &sequence, &record);
	smallbms_record_put(memory->byte + place * SIZE, id, sequence + 10, &record);
	KUNIT_ASSERT_EQ(test, 0, pdev->dev.driver->pm->resume(&pdev->dev));
	KUNIT_ASSERT_TRUE(test, becomes(t->gpio, FAKE_LOAD, true, SLACK_MS));

	writes = memory->writes;
	KUNIT_EXPECT_GT(test, write_file(&pdev->dev, "load_enable", "0"), 0);
	KUNIT_ASSERT_TRUE(test, is_written(memory, writes + 1));
	KUNIT_ASSERT_EQ(test, !place, newest(memory, id, &later, &record));
	KUNIT_EXPECT_EQ(test, later, sequence + 11);
	KUNIT_EXPECT_TRUE(test, record.load_off);
}

/* X4: the system that made the image saw a damaged cell, after the image had been made. */
static void x4_a_latch_that_is_newer_than_the_image(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_memory *memory = memory_add(test, SIZE, false);
	struct fake_bank *bank = bank_of(test);
	struct platform_device *pdev;
	struct smallbms_record record;
	u32 id, sequence, starts;
	int place;

	if (!can_sleep(test))
		return;
	bank->prop[bank->num_props++] = PROPERTY_ENTRY_BOOL("allow-sleep");
	pdev = running(test, bank);
	id = bank_id(pdev);
	/* A latch that is cleared before the sleep stays cleared. */
	KUNIT_EXPECT_GT(test, write_file(&pdev->dev, "clear", "1"), 0);
	place = fall_asleep(test, memory, pdev, &sequence, &record);
	record.rules.over_discharged = true;
	starts = record.count[SMALLBMS_CAUSE_START];
	smallbms_record_put(memory->byte + !place * SIZE, id, sequence + 1, &record);
	KUNIT_ASSERT_EQ(test, 0, pdev->dev.driver->pm->resume(&pdev->dev));
	KUNIT_ASSERT_TRUE(test, becomes(t->gpio, FAKE_LOAD, true, SLACK_MS));
	msleep(MEASURED_MS);
	KUNIT_EXPECT_FALSE(test, fake_gpio_driven(t->gpio, FAKE_CHARGE));
	KUNIT_EXPECT_TRUE(test, lists(psy_of(test), "causes", "over-discharged"));

	device_release_driver(&pdev->dev);
	KUNIT_ASSERT_GE(test, newest(memory, id, &sequence, &record), 0);
	KUNIT_EXPECT_TRUE(test, record.rules.over_discharged);
	KUNIT_EXPECT_LE_MSG(test, record.count[SMALLBMS_CAUSE_START], starts + 2,
			    "episodes are not added twice");
}

/* X4: the end comes before the memory, which works again, has been read. */
static void x4_an_orderly_end_reads_first(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_memory *memory = memory_add(test, SIZE, false);
	struct platform_device *pdev = begins_unread(test, t, memory);

	KUNIT_ASSERT_TRUE(test, becomes(t->gpio, FAKE_LOAD, true, SLACK_MS));
	KUNIT_EXPECT_GT(test, write_file(&pdev->dev, "load_enable", "0"), 0);
	KUNIT_ASSERT_TRUE(test, becomes(t->gpio, FAKE_LOAD, false, SLACK_MS));
	memory->error = 0;
	rebind(test, pdev);
	msleep(START_MS + MEASURED_MS);
	KUNIT_EXPECT_FALSE_MSG(test, fake_gpio_driven(t->gpio, FAKE_LOAD), "said at the end");
	KUNIT_EXPECT_FALSE_MSG(test, fake_gpio_driven(t->gpio, FAKE_CHARGE), "said before");
}

/* What lasts over a restart is one episode. */
static void x6_a_restart_is_no_episode(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct platform_device *pdev;
	struct smallbms *bms;
	int i;

	memory_add(test, SIZE, false);
	pdev = running(test, bank_of(test));
	KUNIT_EXPECT_GT(test, write_file(&pdev->dev, "load_enable", "0"), 0);
	t->adc->value[FAKE_CELL] = 1900000;
	KUNIT_ASSERT_TRUE(test, becomes(t->gpio, FAKE_CHARGE, false, SLACK_MS));
	for (i = 0; i < 3; i++) {
		rebind(test, pdev);
		msleep(START_MS + MEASURED_MS);
	}
	bms = platform_get_drvdata(pdev);
	KUNIT_EXPECT_EQ(test, 1, bms->report.count[SMALLBMS_CAUSE_OVER_DISCHARGED]);
	KUNIT_EXPECT_EQ(test, 1, bms->report.count[SMALLBMS_CAUSE_HOST_LOAD_OFF]);
	KUNIT_EXPECT_EQ(test, 4, bms->report.count[SMALLBMS_CAUSE_START]);
}

/* X6: a damaged record, another version and another bank's record all count as none. */
static void x6_what_is_not_believed_is_written_anew(struct kunit *test)
{
	static const int at[] = { 20, 4, 8 };	/* in a counter, the version, the bank */
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_memory *memory = memory_add(test, SIZE, false);
	struct platform_device *pdev = running(test, bank_of(test));
	struct smallbms_record record = { .load_off = true };
	u32 id = bank_id(pdev), sequence;
	int i, place;

	for (i = 0; i < ARRAY_SIZE(at); i++) {
		device_release_driver(&pdev->dev);
		for (place = 0; place < SMALLBMS_NUM_PLACES; place++) {
			u8 *byte = memory->byte + place * SIZE;
			u32 check;

			smallbms_record_put(byte, id, 7, &record);
			byte[at[i]] ^= 0x80;
			if (!i)
				continue;
			check = crc32_le(~0U, byte + 4, SMALLBMS_RECORD_SIZE - 4);
			put_unaligned_le32(check, byte);
		}
		KUNIT_ASSERT_EQ(test, device_attach(&pdev->dev), 1);
		KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_LOAD, true, SLACK_MS));
		msleep(200);
		KUNIT_EXPECT_GE(test, newest(memory, id, &sequence, &record), 0);
		KUNIT_EXPECT_FALSE(test, record.load_off);
		record.load_off = true;
	}
}

/* A clear that is given while the memory is lost still counts when the memory answers. */
static void x6_a_clear_is_not_taken_back(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_memory *memory = memory_add(test, SIZE, false);
	struct platform_device *pdev = begins_unread(test, t, memory);

	KUNIT_EXPECT_GT(test, write_file(&pdev->dev, "clear", "1"), 0);
	memory->error = 0;
	KUNIT_EXPECT_TRUE(test, becomes_lost(test, false));
	msleep(MEASURED_MS);
	KUNIT_EXPECT_TRUE(test, fake_gpio_driven(t->gpio, FAKE_CHARGE));
}

/* P6 */
static void x6_the_charge_is_remembered(struct kunit *test)
{
	struct fake_memory *memory;
	struct fake_bank *bank = bank_of(test);
	struct platform_device *pdev;
	unsigned int writes;

	with_hardware(test, false, true);
	memory = memory_add(test, SIZE, false);
	fake_bank_battery(bank);
	pdev = running(test, bank);
	KUNIT_EXPECT_EQ(test, -ENODEV, property_at_once(test, POWER_SUPPLY_PROP_CHARGE_NOW));
	say(test, POWER_SUPPLY_PROP_CHARGE_NOW, 50000000);
	KUNIT_EXPECT_EQ(test, 50000000, property(test, POWER_SUPPLY_PROP_CHARGE_NOW));
	rebind(test, pdev);
	scanned(test);
	KUNIT_EXPECT_EQ(test, 50000000, property(test, POWER_SUPPLY_PROP_CHARGE_NOW));

	/* A change of less than a hundredth is written at an orderly end only. */
	msleep(CLAIM_MS);
	writes = memory->writes;
	say(test, POWER_SUPPLY_PROP_CHARGE_NOW, 50900000);
	msleep(1000);
	KUNIT_EXPECT_EQ(test, memory->writes, writes);
	rebind(test, pdev);
	scanned(test);
	KUNIT_EXPECT_EQ(test, 50900000, property(test, POWER_SUPPLY_PROP_CHARGE_NOW));
}

static void x6_one_cell_is_no_memory(struct kunit *test)
{
	struct fake_memory *memory;

	with_hardware(test, false, true);
	memory = memory_add(test, SIZE, false);
	memory->lookup[1].con_id = "another";
	KUNIT_EXPECT_FALSE(test, bound(fake_bank_add(test, bank_of(test), 0)));
}

/* A quiet bank writes nothing, and a busy line does not wear the memory out. */
static void x6_a_memory_is_written_seldom(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_memory *memory = memory_add(test, SIZE, false);
	unsigned int writes;
	int i;

	running(test, bank_of(test));
	msleep(CLAIM_MS);
	writes = memory->writes;
	/* It was written when the start began, when it ended, and when the load was connected. */
	KUNIT_EXPECT_LE(test, writes, 3);
	msleep(2000);
	for (i = 0; i < 3; i++) {
		fake_gpio_set(t->gpio, FAKE_REMOTE_H, false);
		fake_gpio_set(t->gpio, FAKE_REMOTE_L, false);
		becomes(t->gpio, FAKE_LOAD, false, SLACK_MS);
		fake_gpio_set(t->gpio, FAKE_REMOTE_H, true);
		becomes(t->gpio, FAKE_LOAD, true, SLACK_MS);
	}
	KUNIT_EXPECT_LE(test, memory->writes - writes, 1);
}

/* X5: a load whose permission is withdrawn stays on for now, but is not remembered as on. */
static void x6_a_loose_plug_does_not_wear_a_memory_out(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_memory *memory = memory_add(test, SIZE, false);
	struct fake_bank *bank = bank_of(test);
	unsigned int writes;
	int i;

	add_signals(bank);
	running(test, bank);
	msleep(CLAIM_MS);
	writes = memory->writes;
	for (i = 0; i < 10; i++) {
		fake_gpio_set(t->gpio, FAKE_ATD, i % 2);
		msleep(700);
	}
	KUNIT_EXPECT_TRUE(test, fake_gpio_driven(t->gpio, FAKE_LOAD));
	KUNIT_EXPECT_LE(test, memory->writes - writes, 1);
}

/* P6, X6: each sag of a cell tells the charge anew. */
static void x6_a_sagging_cell_does_not_wear_a_memory_out(struct kunit *test)
{
	struct probe_test *t = with_hardware(test, false, true);
	struct fake_memory *memory = memory_add(test, SIZE, false);
	struct fake_bank *bank = bank_of(test);
	unsigned int writes;
	int i;

	fake_bank_battery(bank);
	running(test, bank);
	msleep(CLAIM_MS);
	writes = memory->writes;
	for (i = 0; i < 10; i++) {
		t->adc->value[FAKE_CELL] = 3050000;
		KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_PRE_ALARM, true, SLACK_MS));
		t->adc->value[FAKE_CELL] = 3300000;
		KUNIT_EXPECT_TRUE(test, becomes(t->gpio, FAKE_PRE_ALARM, false, SLACK_MS));
	}
	KUNIT_EXPECT_LE(test, memory->writes - writes, 1);
}

/* Another driver may refuse a sleep twice a second, for days. */
static void x6_attempts_to_sleep_do_not_wear_a_memory_out(struct kunit *test)
{
	struct probe_test *t;
	struct fake_memory *memory;
	struct fake_bank *bank = bank_of(test);
	struct platform_device *pdev;
	const struct dev_pm_ops *pm;
	unsigned int writes;
	int i;

	if (!can_sleep(test))
		return;
	t = with_hardware(test, false, true);
	memory = memory_add(test, SIZE, false);
	bank->prop[bank->num_props++] = PROPERTY_ENTRY_BOOL("allow-sleep");
	fake_bank_battery(bank);
	pdev = running(test, bank);
	pm = pdev->dev.driver->pm;
	say(test, POWER_SUPPLY_PROP_CHARGE_NOW, 50000000);
	t->adc->value[FAKE_BANK_CURRENT] = 10000000;
	msleep(CLAIM_MS);
	writes = memory->writes;
	for (i = 0; i < 10; i++) {
		KUNIT_ASSERT_EQ(test, 0, pm->suspend(&pdev->dev));
		KUNIT_ASSERT_EQ(test, 0, pm->resume(&pdev->dev));
		msleep(500);
	}
	KUNIT_EXPECT_LE(test, memory->writes - writes, 1);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(x4_a_damaged_cell_is_remembered),
	KUNIT_CASE(x4_the_switch_of_the_host_is_remembered),
	KUNIT_CASE(x4_the_load_may_start_off),
	KUNIT_CASE(x5_a_load_that_was_on_comes_back),
	KUNIT_CASE(x6_a_small_memory_is_refused),
	KUNIT_CASE(x6_the_smallest_memory_is_taken),
	KUNIT_CASE(x6_a_memory_that_cannot_be_written_is_told),
	KUNIT_CASE(x6_a_write_that_stores_nothing_is_told),
	KUNIT_CASE(x6_a_memory_that_hangs_later_is_told),
	KUNIT_CASE_SLOW(x6_a_memory_that_fails_is_tried_less_and_less),
	KUNIT_CASE(x6_a_memory_that_fails_forgets_nothing),
	KUNIT_CASE(x6_a_memory_that_hangs_delays_nothing),
	KUNIT_CASE(x6_a_memory_is_read_anew_after_sleep),
	KUNIT_CASE(x4_a_latch_that_is_newer_than_the_image),
	KUNIT_CASE(x4_an_orderly_end_reads_first),
	KUNIT_CASE(x6_a_restart_is_no_episode),
	KUNIT_CASE(x6_what_is_not_believed_is_written_anew),
	KUNIT_CASE(x6_a_clear_is_not_taken_back),
	KUNIT_CASE(x6_the_charge_is_remembered),
	KUNIT_CASE(x6_one_cell_is_no_memory),
	KUNIT_CASE(x6_a_memory_is_written_seldom),
	KUNIT_CASE(x6_a_loose_plug_does_not_wear_a_memory_out),
	KUNIT_CASE(x6_a_sagging_cell_does_not_wear_a_memory_out),
	KUNIT_CASE(x6_attempts_to_sleep_do_not_wear_a_memory_out),
	{}
};

struct kunit_suite smallbms_memory_suite = {
	.name = "smallbms_memory",
	.init = probe_test_init,
	.test_cases = cases,
};
