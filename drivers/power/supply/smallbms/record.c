// SPDX-License-Identifier: GPL-2.0-only
/*
 * smallbms - the record in which a bank is remembered
 */

/**
 * DOC: smallbms-record
 *
 * A memory has two places for a record, which are written in turn: always the one that does
 * not hold the newest record. If power is lost while one is written, the other is still
 * there, however often that happens. The places must not share a page of the memory,
 * because a page that is being written can be lost as a whole.
 *
 * A record is believed when its checksum is right, its version is the driver's own, and the
 * bank is the same. Of two records that are believed, the one with the later number counts.
 * A believed record can still hold any values, because others can write the memory. The
 * rules make sure that no record connects what they forbid.
 *
 * This file is plain arithmetic, like the policy.
 */

#include <asm/byteorder.h>

#include <kunit/visibility.h>
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/crc32.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/string.h>

#include "record.h"

#define VERSION			1

#define FLAG_OVER_DISCHARGED	BIT(0)
#define FLAG_CONNECTED		BIT(1)
#define FLAG_LOAD_OFF		BIT(2)
#define FLAG_CHARGE_OFF		BIT(3)
#define FLAG_CHARGE_KNOWN	BIT(4)
#define FLAG_BLANK		BIT(5)

#define MAX_CAUSES		30

/**
 * struct copy - a record as it is stored
 * @check: checksum of all that follows
 * @version: of this layout
 * @causes: how many of @count there are
 * @flags: FLAG_*
 * @overloads: see &struct smallbms_remembered
 * @bank: the bank that it belongs to
 * @sequence: counts the records of a memory
 * @charge_uah: see &struct smallbms_record
 * @count: see &struct smallbms_record; not believed where @causes is another number
 */
struct copy {
	__le32 check;
	u8 version;
	u8 causes;
	u8 flags;
	u8 overloads;
	__le32 bank;
	__le32 sequence;
	__le32 charge_uah;
	__le16 count[MAX_CAUSES];
} __packed;

static_assert(sizeof(struct copy) == SMALLBMS_RECORD_SIZE, "another layout, another version");
static_assert(SMALLBMS_NUM_CAUSES <= MAX_CAUSES, "too many for a place");

static u32 checksum(const struct copy *copy)
{
	return crc32_le(~0U, (const u8 *)copy + sizeof(copy->check),
			sizeof(*copy) - sizeof(copy->check));
}

static void pack(struct copy *copy, u32 bank, u32 sequence, const struct smallbms_record *record)
{
	int i;

	*copy = (struct copy){ .version = VERSION, .causes = SMALLBMS_NUM_CAUSES };
	copy->flags = (record->rules.over_discharged ? FLAG_OVER_DISCHARGED : 0) |
		      (record->rules.connected ? FLAG_CONNECTED : 0) |
		      (record->load_off ? FLAG_LOAD_OFF : 0) |
		      (record->charge_off ? FLAG_CHARGE_OFF : 0) |
		      (record->charge_known ? FLAG_CHARGE_KNOWN : 0) |
		      (record->rules.blank ? FLAG_BLANK : 0);
	copy->overloads = record->rules.overloads;
	copy->bank = cpu_to_le32(bank);
	copy->sequence = cpu_to_le32(sequence);
	copy->charge_uah = cpu_to_le32(record->charge_uah);
	for (i = 0; i < SMALLBMS_NUM_CAUSES; i++)
		copy->count[i] = cpu_to_le16(record->count[i]);
	copy->check = cpu_to_le32(checksum(copy));
}

static void unpack(const struct copy *copy, struct smallbms_record *record)
{
	int i;

	record->rules.over_discharged = copy->flags & FLAG_OVER_DISCHARGED;
	record->rules.overloads = copy->overloads;
	record->rules.connected = copy->flags & FLAG_CONNECTED;
	record->rules.blank = copy->flags & FLAG_BLANK;
	record->load_off = copy->flags & FLAG_LOAD_OFF;
	record->charge_off = copy->flags & FLAG_CHARGE_OFF;
	record->charge_known = copy->flags & FLAG_CHARGE_KNOWN;
	record->charge_uah = le32_to_cpu(copy->charge_uah);
	for (i = 0; i < SMALLBMS_NUM_CAUSES; i++)
		record->count[i] = copy->causes == SMALLBMS_NUM_CAUSES ?
				   le16_to_cpu(copy->count[i]) : 0;
}

/* True of a place that is as it left the factory, or has been erased */
static bool never_written(const struct copy *copy)
{
	const u8 *byte = (const u8 *)copy;
	size_t i;

	for (i = 1; i < sizeof(*copy); i++) {
		if (byte[i] != byte[0])
			return false;
	}
	return byte[0] == 0x00 || byte[0] == 0xff;
}

static int believe(const struct copy *copy, u32 bank)
{
	if (never_written(copy))
		return -ENODATA;
	if (le32_to_cpu(copy->check) != checksum(copy))
		return -EBADMSG;
	if (copy->version != VERSION)
		return -EPROTO;
	return le32_to_cpu(copy->bank) == bank ? 0 : -EXDEV;
}

/**
 * smallbms_record_put() - write a record in the form that is stored
 * @place: SMALLBMS_RECORD_SIZE bytes
 * @bank: the bank that the record belongs to
 * @sequence: one more than that of the newest record
 * @record: the record
 */
void smallbms_record_put(u8 *place, u32 bank, u32 sequence, const struct smallbms_record *record)
{
	struct copy copy;

	pack(&copy, bank, sequence, record);
	memcpy(place, &copy, sizeof(copy));
}
EXPORT_SYMBOL_IF_KUNIT(smallbms_record_put);

/**
 * smallbms_record_get() - find the newest record
 * @place: content of the places, SMALLBMS_RECORD_SIZE bytes each
 * @bank: the bank that the record has to belong to
 * @sequence: set to the number of the record, if one is found
 * @record: set to the record, if one is found
 *
 * Return: the place of the record. If no record is believed, %-ENODATA when none was ever
 * written, otherwise the fault of the first one: %-EBADMSG for its checksum, %-EPROTO for
 * its version, %-EXDEV for its bank.
 */
int smallbms_record_get(const u8 *const place[SMALLBMS_NUM_PLACES], u32 bank, u32 *sequence,
			struct smallbms_record *record)
{
	int i, ret, newest = -ENODATA;
	struct copy copy;

	for (i = 0; i < SMALLBMS_NUM_PLACES; i++) {
		memcpy(&copy, place[i], sizeof(copy));
		ret = believe(&copy, bank);
		if (ret) {
			if (newest == -ENODATA)
				newest = ret;
			continue;
		}
		if (newest >= 0 && (s32)(le32_to_cpu(copy.sequence) - *sequence) <= 0)
			continue;
		newest = i;
		*sequence = le32_to_cpu(copy.sequence);
		unpack(&copy, record);
	}
	return newest;
}
EXPORT_SYMBOL_IF_KUNIT(smallbms_record_get);
