// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the record in which smallbms remembers a bank
 */

#include <kunit/test.h>

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

static void x6_nothing_is_made_of_nothing(struct kunit *test)
{
	struct smallbms_record record;
	struct places p;
	u32 sequence;

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
