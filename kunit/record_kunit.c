// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the record in which smallbms remembers a bank
 */

#include <kunit/test.h>

#include <linux/crc32.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/string.h>

#include "record.h"
#include "suites.h"

#define SIZE	SMALLBMS_RECORD_SIZE
#define BANK	0x12345678

struct places {
	u8 byte[SMALLBMS_NUM_PLACES][SIZE];
};

static const struct smallbms_record full = {
	.rules = { .over_discharged = true, .overloads = 3, .connected = true, .blank = true },
	.load_off = true,
	.charge_off = true,
	.charge_known = true,
	.charge_uah = 123456789,
	.count = { [0] = 1, [SMALLBMS_NUM_CAUSES - 1] = 0xffff },
};

static const struct smallbms_record empty;

static bool same(const struct smallbms_record *a, const struct smallbms_record *b)
{
	return a->rules.over_discharged == b->rules.over_discharged &&
	       a->rules.overloads == b->rules.overloads &&
	       a->rules.connected == b->rules.connected && a->rules.blank == b->rules.blank &&
	       a->load_off == b->load_off &&
	       a->charge_off == b->charge_off && a->charge_known == b->charge_known &&
	       a->charge_uah == b->charge_uah && !memcmp(a->count, b->count, sizeof(a->count));
}

static int get(const struct places *p, u32 *sequence, struct smallbms_record *record)
{
	const u8 *const place[] = { p->byte[0], p->byte[1] };

	return smallbms_record_get(place, BANK, sequence, record);
}

static void put(u8 *byte, u32 value, int bytes)
{
	for (; bytes; bytes--, value >>= 8)
		*byte++ = value;
}

static void check_anew(u8 *byte)
{
	put(byte, crc32_le(~0U, byte + 4, SIZE - 4), 4);
}

/* A driver that is newer reads what an older one has written, byte by byte. */
static void x6_the_layout_stays(struct kunit *test)
{
	static const u8 head[] = {
		0, 0, 0, 0,		/* checksum */
		1,			/* version */
		SMALLBMS_NUM_CAUSES,
		0x0a,			/* connected, charge off */
		2,			/* overloads */
		0x78, 0x56, 0x34, 0x12,	/* bank */
		0xef, 0xcd, 0xab, 0x89,	/* sequence */
		0x15, 0xcd, 0x5b, 0x07,	/* charge */
	};
	struct smallbms_record record;
	u8 byte[SIZE], expected[SIZE] = {};
	int i;

	memset(&record, 0xff, sizeof(record));
	record.rules = (struct smallbms_remembered){ .overloads = 2, .connected = true };
	record.load_off = false;
	record.charge_off = true;
	record.charge_known = false;
	record.charge_uah = 123456789;
	memcpy(expected, head, sizeof(head));
	for (i = 0; i < SMALLBMS_NUM_CAUSES; i++) {
		record.count[i] = 0x1200 + i;
		put(expected + sizeof(head) + 2 * i, 0x1200 + i, 2);
	}
	check_anew(expected);
	smallbms_record_put(byte, BANK, 0x89abcdef, &record);
	for (i = 0; i < SIZE; i++)
		KUNIT_EXPECT_EQ_MSG(test, byte[i], expected[i], "byte %d", i);
}

/* Another version is not believed. With another number of causes, only their counts are not. */
static void x6_another_layout(struct kunit *test)
{
	struct smallbms_record record;
	struct places p;
	u32 sequence;
	int i;

	memset(&p, 0xff, sizeof(p));
	smallbms_record_put(p.byte[0], BANK, 1, &full);
	p.byte[0][4]++;
	check_anew(p.byte[0]);
	KUNIT_EXPECT_EQ(test, -EPROTO, get(&p, &sequence, &record));

	smallbms_record_put(p.byte[0], BANK, 1, &full);
	p.byte[0][5]--;
	check_anew(p.byte[0]);
	KUNIT_EXPECT_EQ(test, 0, get(&p, &sequence, &record));
	KUNIT_EXPECT_EQ(test, record.charge_uah, full.charge_uah);
	KUNIT_EXPECT_EQ(test, record.rules.overloads, 3);
	for (i = 0; i < SMALLBMS_NUM_CAUSES; i++)
		KUNIT_EXPECT_EQ(test, record.count[i], 0);
}

static void x6_what_is_put_is_got(struct kunit *test)
{
	static const u32 sequences[] = { 0, 1, U32_MAX };
	struct smallbms_record record;
	struct places p = {};
	u32 sequence;
	int i, at;

	for (i = 0; i < 3; i++) {
		for (at = 0; at < 2; at++) {
			memset(&p, 0xff, sizeof(p));
			smallbms_record_put(p.byte[at], BANK, sequences[i], &full);
			KUNIT_ASSERT_EQ(test, at, get(&p, &sequence, &record));
			KUNIT_EXPECT_EQ(test, sequence, sequences[i]);
			KUNIT_EXPECT_TRUE(test, same(&record, &full));
			smallbms_record_put(p.byte[at], BANK, sequences[i], &empty);
			KUNIT_ASSERT_EQ(test, at, get(&p, &sequence, &record));
			KUNIT_EXPECT_TRUE(test, same(&record, &empty));
		}
	}
}

static void x6_the_newest_counts(struct kunit *test)
{
	static const u32 older[] = { 0, 6, U32_MAX - 1, U32_MAX };
	struct smallbms_record record;
	struct places p;
	u32 sequence;
	int i, at;

	for (i = 0; i < 4; i++) {
		for (at = 0; at < 2; at++) {
			smallbms_record_put(p.byte[at], BANK, older[i], &full);
			smallbms_record_put(p.byte[!at], BANK, older[i] + 1, &empty);
			KUNIT_ASSERT_EQ(test, !at, get(&p, &sequence, &record));
			KUNIT_EXPECT_EQ(test, sequence, older[i] + 1);
			KUNIT_EXPECT_TRUE(test, same(&record, &empty));
		}
	}
}

/* That cannot be, but then one has to count: the first. */
static void x6_two_of_the_same_number(struct kunit *test)
{
	struct smallbms_record record;
	struct places p;
	u32 sequence;

	smallbms_record_put(p.byte[0], BANK, 7, &full);
	smallbms_record_put(p.byte[1], BANK, 7, &empty);
	KUNIT_EXPECT_EQ(test, 0, get(&p, &sequence, &record));
	KUNIT_EXPECT_TRUE(test, same(&record, &full));
}

static void x6_nothing_is_made_of_nothing(struct kunit *test)
{
	struct smallbms_record record;
	struct places p;
	u32 sequence;
	int at;

	memset(&p, 0x00, sizeof(p));
	KUNIT_EXPECT_EQ(test, -ENODATA, get(&p, &sequence, &record));
	memset(&p, 0xff, sizeof(p));
	KUNIT_EXPECT_EQ(test, -ENODATA, get(&p, &sequence, &record));
	memset(p.byte[0], 0x00, SIZE);
	KUNIT_EXPECT_EQ(test, -ENODATA, get(&p, &sequence, &record));
	memset(p.byte[1], 0xa5, SIZE);
	KUNIT_EXPECT_EQ(test, -EBADMSG, get(&p, &sequence, &record));
	p.byte[1][0] = 0xff;
	KUNIT_EXPECT_EQ(test, -EBADMSG, get(&p, &sequence, &record));
	for (at = 0; at < SIZE; at++) {
		memset(&p, 0xff, sizeof(p));
		p.byte[1][at] = 0;
		KUNIT_EXPECT_EQ(test, -EBADMSG, get(&p, &sequence, &record));
	}
}

static void x6_another_bank_is_not_believed(struct kunit *test)
{
	struct smallbms_record record;
	struct places p;
	u32 sequence;

	memset(&p, 0xff, sizeof(p));
	smallbms_record_put(p.byte[1], BANK + 1, 1, &full);
	KUNIT_EXPECT_EQ(test, -EXDEV, get(&p, &sequence, &record));
	smallbms_record_put(p.byte[0], BANK, 0, &empty);
	KUNIT_EXPECT_EQ(test, 0, get(&p, &sequence, &record));
}

/* A bad bit makes its record bad, and the other record counts. One in each makes both bad. */
static void x6_any_bit_may_be_bad(struct kunit *test)
{
	struct smallbms_record record;
	struct places p, q;
	u32 sequence;
	int at, bit;

	smallbms_record_put(p.byte[0], BANK, 7, &full);
	smallbms_record_put(p.byte[1], BANK, 8, &empty);
	for (at = 0; at < SIZE; at++) {
		for (bit = 0; bit < 8; bit++) {
			q = p;
			q.byte[1][at] ^= 1 << bit;
			KUNIT_ASSERT_EQ(test, 0, get(&q, &sequence, &record));
			KUNIT_ASSERT_EQ(test, sequence, 7);
			KUNIT_ASSERT_TRUE(test, same(&record, &full));
			q.byte[0][(at + 11) % SIZE] ^= 1 << bit;
			KUNIT_ASSERT_EQ(test, -EBADMSG, get(&q, &sequence, &record));
		}
	}
}

/*
 * Power is lost after each byte of a write, one loss after the other. The page that was being
 * written may be lost, too.
 */
static void x6_a_torn_write_leaves_the_other(struct kunit *test)
{
	static const int pages[] = { 1, 8, 16, 64 };
	struct smallbms_record record;
	u32 sequence;
	int i, at, round;

	for (i = 0; i < 4; i++) {
		struct places p;
		int newest;

		memset(&p, 0xff, sizeof(p));
		smallbms_record_put(p.byte[0], BANK, 5, &full);
		for (round = 0; round < 2; round++) {
			for (at = 0; at < SIZE; at++) {
				int page = at - at % pages[i];
				u8 byte[SIZE];

				newest = get(&p, &sequence, &record);
				KUNIT_ASSERT_TRUE(test, newest >= 0);
				KUNIT_ASSERT_EQ(test, sequence, 5);
				KUNIT_ASSERT_TRUE(test, same(&record, &full));
				smallbms_record_put(byte, BANK, 6, &empty);
				memcpy(p.byte[!newest], byte, at);
				if (at % pages[i])
					memset(p.byte[!newest] + page, 0x5a,
					       SIZE - page < pages[i] ? SIZE - page : pages[i]);
			}
		}
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(x6_the_layout_stays),
	KUNIT_CASE(x6_another_layout),
	KUNIT_CASE(x6_two_of_the_same_number),
	KUNIT_CASE(x6_what_is_put_is_got),
	KUNIT_CASE(x6_the_newest_counts),
	KUNIT_CASE(x6_nothing_is_made_of_nothing),
	KUNIT_CASE(x6_another_bank_is_not_believed),
	KUNIT_CASE(x6_any_bit_may_be_bad),
	KUNIT_CASE(x6_a_torn_write_leaves_the_other),
	{}
};

struct kunit_suite smallbms_record_suite = {
	.name = "smallbms_record",
	.test_cases = cases,
};
