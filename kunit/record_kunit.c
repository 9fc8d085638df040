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

#define SIZE	256
#define BANK	0x12345678

static const struct smallbms_record full = {
	.rules = { .over_discharged = true, .overloads = 3, .connected = true },
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
	       a->rules.connected == b->rules.connected && a->load_off == b->load_off &&
	       a->charge_off == b->charge_off && a->charge_known == b->charge_known &&
	       a->charge_uah == b->charge_uah && !memcmp(a->count, b->count, sizeof(a->count));
}

static int get(const u8 *memory, u32 *sequence, struct smallbms_record *record)
{
	return smallbms_record_get(memory, SIZE, BANK, sequence, record);
}

static void x6_what_is_put_is_got(struct kunit *test)
{
	static const u32 sequences[] = { 0, 1, U32_MAX };
	struct smallbms_record record;
	u8 memory[SIZE];
	u32 sequence;
	int i;

	for (i = 0; i < 3; i++) {
		smallbms_record_put(memory, SIZE, BANK, sequences[i], &full);
		KUNIT_ASSERT_EQ(test, 0, get(memory, &sequence, &record));
		KUNIT_EXPECT_EQ(test, sequence, sequences[i]);
		KUNIT_EXPECT_TRUE(test, same(&record, &full));
		smallbms_record_put(memory, SIZE, BANK, sequences[i], &empty);
		KUNIT_ASSERT_EQ(test, 0, get(memory, &sequence, &record));
		KUNIT_EXPECT_TRUE(test, same(&record, &empty));
	}
}

static void x6_the_smallest_memory_will_do(struct kunit *test)
{
	struct smallbms_record record;
	u8 memory[SMALLBMS_MEMORY_MIN];
	u32 sequence;

	smallbms_record_put(memory, sizeof(memory), BANK, 1, &full);
	KUNIT_ASSERT_EQ(test, 0, smallbms_record_get(memory, sizeof(memory), BANK, &sequence,
						     &record));
	KUNIT_EXPECT_TRUE(test, same(&record, &full));
}

static void x6_nothing_is_made_of_nothing(struct kunit *test)
{
	struct smallbms_record record;
	u8 memory[SIZE];
	u32 sequence;

	memset(memory, 0x00, SIZE);
	KUNIT_EXPECT_EQ(test, -ENODATA, get(memory, &sequence, &record));
	memset(memory, 0xff, SIZE);
	KUNIT_EXPECT_EQ(test, -ENODATA, get(memory, &sequence, &record));
	memset(memory, 0xa5, SIZE);
	KUNIT_EXPECT_EQ(test, -EBADMSG, get(memory, &sequence, &record));
}

static void x6_another_bank_is_not_believed(struct kunit *test)
{
	struct smallbms_record record;
	u8 memory[SIZE];
	u32 sequence;

	smallbms_record_put(memory, SIZE, BANK + 1, 1, &full);
	KUNIT_EXPECT_EQ(test, -EXDEV, get(memory, &sequence, &record));
}

/* One bad byte costs its copy, and the other tells the same. Two cost the record. */
static void x6_any_byte_may_be_bad(struct kunit *test)
{
	struct smallbms_record record;
	u8 memory[SIZE];
	u32 sequence;
	int at, bit;

	smallbms_record_put(memory, SIZE, BANK, 7, &full);
	for (at = 0; at < SIZE; at++) {
		for (bit = 0; bit < 8; bit++) {
			memory[at] ^= 1 << bit;
			KUNIT_ASSERT_EQ(test, 0, get(memory, &sequence, &record));
			KUNIT_ASSERT_TRUE(test, same(&record, &full));
			memory[at] ^= 1 << bit;
		}
	}
	for (at = 0; at < 78; at++) {
		memory[at] ^= 0x10;
		memory[SIZE / 2] ^= 1;
		KUNIT_ASSERT_EQ(test, -EBADMSG, get(memory, &sequence, &record));
		memory[at] ^= 0x10;
		memory[SIZE / 2] ^= 1;
	}
}

/* Power is lost after any byte of a write; the page that it was in may be lost with it. */
static void x6_a_torn_write_leaves_one_of_both(struct kunit *test)
{
	static const int pages[] = { 1, 8, 16, 64, 128 };
	u8 before[SIZE], after[SIZE], torn[SIZE];
	struct smallbms_record record;
	u32 sequence;
	int i, at;

	smallbms_record_put(before, SIZE, BANK, U32_MAX, &full);
	smallbms_record_put(after, SIZE, BANK, 0, &empty);
	for (i = 0; i < 5; i++) {
		for (at = 0; at <= SIZE; at++) {
			int page = at - at % pages[i];

			memcpy(torn, before, SIZE);
			memcpy(torn, after, at);
			if (at % pages[i])
				memset(torn + page, 0x5a, pages[i]);
			KUNIT_ASSERT_EQ_MSG(test, 0, get(torn, &sequence, &record),
					    "byte %d, pages of %d", at, pages[i]);
			KUNIT_ASSERT_TRUE(test, same(&record, sequence ? &full : &empty));
			if (page >= SIZE / 2)
				KUNIT_ASSERT_EQ(test, sequence, 0);
		}
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(x6_what_is_put_is_got),
	KUNIT_CASE(x6_the_smallest_memory_will_do),
	KUNIT_CASE(x6_nothing_is_made_of_nothing),
	KUNIT_CASE(x6_another_bank_is_not_believed),
	KUNIT_CASE(x6_any_byte_may_be_bad),
	KUNIT_CASE(x6_a_torn_write_leaves_one_of_both),
	{}
};

struct kunit_suite smallbms_record_suite = {
	.name = "smallbms-record",
	.test_cases = cases,
};
