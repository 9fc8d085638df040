// SPDX-License-Identifier: GPL-2.0-only
/*
 * smallbms - what a bank remembers over a restart
 */

/**
 * DOC: smallbms-memory
 *
 * A bank may have a memory: two cells of any nvmem device. It is read when the bank starts
 * and when a pause for sleep ends, and written when its content has to change. What has
 * been written is read back. One work does all this, the keeper. It holds no lock meanwhile,
 * so a memory that is slow or dead delays nothing.
 *
 * Latches and switches are written at once (X4). That the load is connected no longer is
 * written at once, too (X5). That it is connected is written after some seconds, and once a
 * minute at most, so that a loose plug wears the memory slowly. Counters wait for ten
 * minutes or an orderly end, which a sleep is not. So does the charge, but it is also written
 * when the bank has become full or nearly empty (X6). A charge that is nearly the same waits
 * for an orderly end. A write that fails may wear the memory all the same, so after each
 * failure the next attempt waits twice as long.
 *
 * A start waits for the memory for a second. An answer that comes later can only forbid. If
 * no record is believed, the bank starts as one without a memory. A memory that cannot be
 * read is not written, because it may hold a latch.
 */

#include <linux/completion.h>
#include <linux/container_of.h>
#include <linux/crc32.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/limits.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/nvmem-consumer.h>
#include <linux/of.h>
#include <linux/property.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "smallbms.h"

static const char *const cell_names[SMALLBMS_NUM_PLACES] = { "state-a", "state-b" };

/* X6: shortest time between two writes of counters and charge */
#define SELDOM_NS	(600 * (u64)NSEC_PER_SEC)

/* X5: a load that has been connected for this time is written as connected, ... */
#define CLAIM_NS	(5 * (u64)NSEC_PER_SEC)

/* ... if it has not been for this time. */
#define CLAIMS_NS	(60 * (u64)NSEC_PER_SEC)

/* The next try after the first error, and the same where a latch or a switch waits */
#define RETRY_NS	(10 * (u64)NSEC_PER_SEC)
#define RETRY_SOON_NS	((u64)NSEC_PER_SEC)

/* A charge that differs by no more than this part of the full one is nearly the same. */
#define CHARGE_PART	100

/* An access that takes longer hangs: a start and an orderly end wait no longer for it. */
#define SILENCE_MS	1000

static bool same_latches(const struct smallbms_record *a, const struct smallbms_record *b)
{
	return a->rules.over_discharged == b->rules.over_discharged &&
	       a->rules.overloads == b->rules.overloads &&
	       a->rules.connected == b->rules.connected && a->rules.blank == b->rules.blank &&
	       a->load_off == b->load_off && a->charge_off == b->charge_off;
}

static bool same_counts(const struct smallbms_record *a, const struct smallbms_record *b)
{
	return !memcmp(a->count, b->count, sizeof(a->count));
}

/* The charges may be this far apart. */
static bool same_charge(const struct smallbms_record *a, const struct smallbms_record *b,
			u32 apart_uah)
{
	return a->charge_known == b->charge_known &&
	       max(a->charge_uah, b->charge_uah) - min(a->charge_uah, b->charge_uah) <= apart_uah;
}

static bool nearly_same_charge(const struct smallbms *bms)
{
	return same_charge(&bms->memory.wanted, &bms->memory.stored,
			   bms->gauge.full_uah / CHARGE_PART);
}

/* A current that is lost tells nothing of the charge that follows. */
static bool charge_is_known(const struct smallbms *bms)
{
	return bms->gauge.known && !bms->state.lost[SMALLBMS_KIND_BANK_CURRENT].on;
}

static struct smallbms_record wanted(const struct smallbms *bms)
{
	struct smallbms_record record = {
		.rules = smallbms_policy_remember(&bms->settings, &bms->state),
		.load_off = bms->sample.host_load_off,
		.charge_off = bms->sample.host_charge_off,
		.charge_known = charge_is_known(bms),
	};
	u32 goes_on = bms->report.causes & SMALLBMS_CAUSES_KEPT;
	int i;

	if (record.charge_known)
		record.charge_uah = smallbms_gauge_uah(&bms->gauge);
	/* An episode that a restart does not end begins again with it, and counts then. */
	for (i = 0; i < SMALLBMS_NUM_CAUSES; i++)
		record.count[i] = min_t(u32, bms->report.count[i] - !!(goes_on & BIT(i)), U16_MAX);
	return record;
}

static bool latches_are_stored(const struct smallbms_memory *memory)
{
	return memory->kept && !memory->unsure && same_latches(&memory->wanted, &memory->stored);
}

/* A change that cannot wait: its loss would connect something, or leave the boat dark. */
static bool is_urgent(const struct smallbms *bms)
{
	const struct smallbms_memory *memory = &bms->memory;

	return !latches_are_stored(memory) || memory->at_end ||
	       (memory->stored.charge_known && !memory->wanted.charge_known);
}

/* Rest after a failure */
static u64 rest_ns(const struct smallbms *bms)
{
	u64 first_ns = is_urgent(bms) ? RETRY_SOON_NS : RETRY_NS;

	return min(first_ns << min(bms->memory.failures - 1, 10U), SELDOM_NS);
}

static bool is_due(const struct smallbms *bms)
{
	const struct smallbms_memory *memory = &bms->memory;
	u64 age_ns = bms->state.now_ns - memory->tried_ns;

	if (!memory->read)
		return age_ns >= RETRY_NS;
	if (memory->failures)
		return age_ns >= rest_ns(bms);
	return is_urgent(bms) ||
	       (bms->state.now_ns - memory->stored_ns >= SELDOM_NS &&
		!(nearly_same_charge(bms) && same_counts(&memory->wanted, &memory->stored)));
}

/* X5: a claim that is new waits, and nothing else that is written takes it along. */
static bool may_claim(struct smallbms_memory *memory, u64 now_ns)
{
	if (!memory->wanted.rules.connected)
		memory->connected_ns = 0;
	else if (!memory->connected_ns)
		memory->connected_ns = now_ns;
	return memory->stored.rules.connected ||
	       (now_ns - memory->connected_ns >= CLAIM_NS &&
		(!memory->claimed_ns || now_ns - memory->claimed_ns >= CLAIMS_NS));
}

static void tell_silence(struct smallbms *bms)
{
	dev_err(bms->dev, "memory: it does not answer\n");
	bms->memory.lost = true;
}

/**
 * smallbms_memory_note() - see whether anything has to be written
 * @bms: the bank, locked
 *
 * Called after each evaluation.
 */
void smallbms_memory_note(struct smallbms *bms)
{
	struct smallbms_memory *memory = &bms->memory;
	struct smallbms_record before = memory->wanted;
	u64 now_ns = bms->state.now_ns;

	if (!memory->fitted)
		return;
	memory->wanted = wanted(bms);
	if (!may_claim(memory, now_ns))
		memory->wanted.rules.connected = false;
	/* The end of the gauge shows in one step, in which the memory may be busy. */
	memory->at_end = (memory->at_end || bms->gauge.at_end) && !nearly_same_charge(bms);
	/* News does not rest as long as a write that has failed before. */
	if (!same_latches(&memory->wanted, &before))
		memory->failures = min(memory->failures, 1U);
	if (!memory->begun_ns) {
		if (is_due(bms))
			queue_work(bms->queue, &memory->keeper);
	} else if (!memory->lost && now_ns > memory->begun_ns + SILENCE_MS * NSEC_PER_MSEC) {
		tell_silence(bms);
		queue_work(bms->queue, &bms->evaluation);
	}
}

/* Which record is believed, or why none is */
static void tell(struct smallbms *bms, int found)
{
	switch (found) {
	case -ENODATA:
		dev_info(bms->dev, "memory: nothing is remembered: it was never written\n");
		break;
	case -EBADMSG:
		dev_warn(bms->dev, "memory: nothing is remembered: its record is damaged\n");
		break;
	case -EPROTO:
		dev_warn(bms->dev, "memory: nothing is remembered: its record is of another version\n");
		break;
	case -EXDEV:
		dev_warn(bms->dev, "memory: nothing is remembered: its record is of another bank\n");
		break;
	default:
		if (!bms->memory.recalls)
			dev_info(bms->dev, "memory: record %u is believed\n", bms->memory.sequence);
	}
}

static u8 *read_place(struct smallbms_place *place)
{
	u8 *content = nvmem_cell_read(place->cell, &place->size);

	if (IS_ERR(content) || place->size >= SMALLBMS_RECORD_SIZE)
		return content;
	kfree(content);
	return ERR_PTR(-EMSGSIZE);
}

/* The memory is read only here, before its first write, so nothing is lost unread. */
static int read_memory(struct smallbms *bms)
{
	struct smallbms_memory *memory = &bms->memory;
	u8 *content[SMALLBMS_NUM_PLACES];
	struct smallbms_record record;
	int i, found, ret = 0;

	for (i = 0; i < SMALLBMS_NUM_PLACES && !ret; i++) {
		content[i] = read_place(&memory->place[i]);
		ret = PTR_ERR_OR_ZERO(content[i]);
	}
	if (ret) {
		while (--i > 0)
			kfree(content[i - 1]);
		return ret;
	}
	found = smallbms_record_get((const u8 *const *)content, memory->bank, &memory->sequence,
				    &record);
	for (i = 0; i < SMALLBMS_NUM_PLACES; i++) {
		kfree(memory->place[i].image);
		memory->place[i].image = content[i];
	}

	guard(mutex)(&bms->lock);

	tell(bms, found);
	memory->read = true;
	memory->kept = found >= 0;
	memory->unsure = false;
	if (!memory->recalls)
		memory->stored_ns = ktime_get_boottime_ns();
	if (memory->kept) {
		memory->newest = found;
		memory->stored = record;
	}
	return 0;
}

/* An EEPROM whose write protection is on may acknowledge a write, and store nothing. */
static bool has(const struct smallbms_place *place)
{
	size_t size;
	u8 *content = nvmem_cell_read(place->cell, &size);
	bool same = !IS_ERR(content) && size == place->size && !memcmp(content, place->image, size);

	if (!IS_ERR(content))
		kfree(content);
	return same;
}

static int write_memory(struct smallbms *bms, const struct smallbms_record *record)
{
	struct smallbms_memory *memory = &bms->memory;
	unsigned int next = (memory->newest + 1) % SMALLBMS_NUM_PLACES;
	struct smallbms_place *place = &memory->place[next];
	int ret;

	smallbms_record_put(place->image, memory->bank, memory->sequence + 1, record);
	ret = nvmem_cell_write(place->cell, place->image, place->size);
	if (ret < 0)
		return ret;
	if (!has(place))
		return -EIO;
	memory->newest = next;
	memory->sequence++;
	return 0;
}

static void tried(struct smallbms *bms, const char *what, int error)
{
	struct smallbms_memory *memory = &bms->memory;

	lockdep_assert_held(&bms->lock);

	memory->tried_ns = ktime_get_boottime_ns();
	memory->begun_ns = 0;
	memory->failures = error ? memory->failures + 1 : 0;
	if (error && !memory->lost)
		dev_err(bms->dev, "memory: it cannot be %s: %d\n", what, error);
	if (!error && memory->lost)
		dev_info(bms->dev, "memory: it works again\n");
	memory->lost = error != 0;
	if (!bms->stopped && !bms->paused)
		queue_work(bms->queue, &bms->evaluation);
}

/* The record that was read is taken over before one is written. */
static bool has_news(const struct smallbms *bms)
{
	const struct smallbms_memory *memory = &bms->memory;
	const struct smallbms_record *wanted = &memory->wanted, *stored = &memory->stored;

	if (!memory->recalled)
		return false;
	if (!bms->stopped)
		return is_due(bms);
	return !memory->kept || memory->lost || !same_latches(wanted, stored) ||
	       !same_charge(wanted, stored, 0) || !same_counts(wanted, stored);
}

static void keep(struct smallbms *bms)
{
	struct smallbms_memory *memory = &bms->memory;
	struct smallbms_record record;
	bool read, news;
	int ret;

	scoped_guard(mutex, &bms->lock) {
		read = memory->read;
		news = has_news(bms);
		record = memory->wanted;
		if (!read || news)
			memory->begun_ns = ktime_get_boottime_ns();
	}
	if (!read) {
		ret = read_memory(bms);
		scoped_guard(mutex, &bms->lock) {
			memory->error = ret;
			tried(bms, "read", ret);
		}
		return;
	}

	if (!news)
		return;
	ret = write_memory(bms, &record);
	scoped_guard(mutex, &bms->lock) {
		if (!ret) {
			if (record.rules.connected && !memory->stored.rules.connected)
				memory->claimed_ns = ktime_get_boottime_ns();
			memory->stored = record;
			memory->stored_ns = ktime_get_boottime_ns();
			memory->kept = true;
			memory->unsure = false;
		} else if (!same_latches(&record, &memory->stored)) {
			/* A write that has failed may have been stored. */
			memory->unsure = true;
		}
		tried(bms, "written", ret);
	}
}

static void smallbms_keeper(struct work_struct *work)
{
	struct smallbms *bms = container_of(work, struct smallbms, memory.keeper);

	keep(bms);

	guard(mutex)(&bms->lock);

	/* A run that has been asked for meanwhile is waited for. */
	if (!work_pending(work))
		complete_all(&bms->memory.done);
}

/* Gives whether the keeper has run. */
static bool work_now(struct smallbms *bms)
{
	scoped_guard(mutex, &bms->lock) {
		reinit_completion(&bms->memory.done);
		queue_work(bms->queue, &bms->memory.keeper);
	}
	return wait_for_completion_timeout(&bms->memory.done, msecs_to_jiffies(SILENCE_MS));
}

/**
 * smallbms_memory_recall() - get the record that the memory has read since the last call
 * @bms: the bank, locked
 *
 * Return: the record, or NULL if there is nothing new.
 */
const struct smallbms_record *smallbms_memory_recall(struct smallbms *bms)
{
	struct smallbms_memory *memory = &bms->memory;

	if (!memory->read || memory->recalled)
		return NULL;
	memory->recalled = true;
	memory->recalls++;
	return memory->kept ? &memory->stored : NULL;
}

/**
 * smallbms_memory_agrees() - does the memory have what nobody may lose
 * @bms: the bank, locked
 *
 * Return: true if every latch and switch is written.
 */
bool smallbms_memory_agrees(const struct smallbms *bms)
{
	return bms->memory.recalled && latches_are_stored(&bms->memory);
}

/**
 * smallbms_memory_save() - write what has not been written yet
 * @bms: the bank, at an orderly end or a pause
 *
 * At an end, what waits to be claimed is claimed now, because that is no loose plug.
 *
 * Return: false when the memory has not answered within a second.
 */
bool smallbms_memory_save(struct smallbms *bms)
{
	struct smallbms_memory *memory = &bms->memory;

	if (!memory->fitted)
		return true;
	scoped_guard(mutex, &bms->lock) {
		if (memory->connected_ns && bms->stopped)
			memory->wanted.rules.connected = true;
	}
	return work_now(bms);
}

/**
 * smallbms_memory_resume() - read the memory again
 * @bms: the bank, which was paused
 *
 * A system that comes back from hibernation has the record of the moment of its image, but
 * the system that made the image went on writing. A latch may have come since.
 */
void smallbms_memory_resume(struct smallbms *bms)
{
	if (!bms->memory.fitted)
		return;
	scoped_guard(mutex, &bms->lock) {
		bms->memory.read = false;
		bms->memory.recalled = false;
	}
	queue_work(bms->queue, &bms->memory.keeper);
}

/**
 * smallbms_memory_end() - stop reading and writing
 * @bms: the bank; nothing is evaluated any more
 */
void smallbms_memory_end(struct smallbms *bms)
{
	cancel_work_sync(&bms->memory.keeper);
}

/* A memory that comes from another board, or belongs to another node, is not believed. */
static u32 whose(struct smallbms *bms)
{
	struct device_node *root = of_find_node_by_path("/");
	const char *serial = "";
	char text[128];
	int len;

	of_property_read_string(root, "serial-number", &serial);
	len = scnprintf(text, sizeof(text), "%s %s %u", serial, dev_name(bms->dev),
			smallbms_sense_count(&bms->sense, SMALLBMS_KIND_CELL));
	of_node_put(root);
	return crc32_le(~0U, (const u8 *)text, len);
}

static void forget(void *data)
{
	struct smallbms_memory *memory = data;
	int i;

	cancel_work_sync(&memory->keeper);
	for (i = 0; i < SMALLBMS_NUM_PLACES; i++)
		kfree(memory->place[i].image);
}

/**
 * smallbms_memory_init() - get the memory, and what it remembers
 * @bms: the bank, with its inputs and its queue
 *
 * Return: 0, also if the memory cannot be read or does not answer; or an error that has
 * been reported.
 */
int smallbms_memory_init(struct smallbms *bms)
{
	struct smallbms_memory *memory = &bms->memory;
	struct device *dev = bms->dev;
	int i, ret;

	INIT_WORK(&memory->keeper, smallbms_keeper);
	init_completion(&memory->done);

	for (i = 0; i < SMALLBMS_NUM_PLACES; i++) {
		struct nvmem_cell *cell = devm_nvmem_cell_get(dev, cell_names[i]);

		ret = PTR_ERR_OR_ZERO(cell);
		if (ret == -ENOENT && !i && !device_property_present(dev, "nvmem-cells"))
			return 0;
		if (ret == -EOPNOTSUPP) {
			if (device_property_present(dev, "nvmem-cells")) {
				dev_err(dev, "memory: the kernel has no NVMEM\n");
				memory->lost = true;
			}
			return 0;
		}
		if (ret)
			return dev_err_probe(dev, ret, "nvmem-cells: no \"%s\"\n",
					     cell_names[i]);
		memory->place[i].cell = cell;
	}
	ret = devm_add_action_or_reset(dev, forget, memory);
	if (ret)
		return ret;

	memory->bank = whose(bms);
	memory->fitted = true;
	work_now(bms);
	scoped_guard(mutex, &bms->lock) {
		ret = memory->error;
		if (!ret && !memory->read)
			tell_silence(bms);
	}
	if (ret == -EMSGSIZE)
		return dev_err_probe(dev, ret, "nvmem-cells: each needs %d bytes\n",
				     SMALLBMS_RECORD_SIZE);
	return 0;
}
