// SPDX-License-Identifier: GPL-2.0-only
/*
 * Walk through the rules, and tell which outputs follow which
 *
 * The driver's own policy is given everything that can happen to a bank with all
 * measurements and lines, in each order of up to three, soon after one another
 * and long after. Each row that is printed is a change of the outputs:
 *
 *   FROM TO MS WHY CAUSES
 *
 * Outputs are three letters for load, charge and pre-alarm: D driven, f floating.
 * MS is the shortest time that the outputs before have stood. CAUSES, a mask of
 * enum smallbms_cause, have begun with the change, have ended with it, or just
 * stand when it was time: that is WHY.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy.h"

#define DEPTH		3
#define TICK_NS		(100 * SMALLBMS_NS_PER_MS)
#define SOON_NS		(2000 * SMALLBMS_NS_PER_MS)
#define LONG_NS		(75000 * SMALLBMS_NS_PER_MS)	/* a warning, or three overloads */

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define BIT_OF(cause)	(1U << (cause))

/* Causes that come with a change of the outputs, but are not its reason */
#define CONSEQUENCES	(BIT_OF(SMALLBMS_CAUSE_RECONNECT) | BIT_OF(SMALLBMS_CAUSE_CHARGE_WAITS))

/* States of a bank, one at a time for each of these */
enum subject {
	CELLS, TEMPS, SUPPLY, LOAD_CURRENT, ATD, ATC, BPA, LOOP, REMOTE, HOST_LOAD, HOST_CHARGE,
	NUM_SUBJECTS
};

#define UNREADABLE	(-1)

struct happening {
	enum subject subject;
	int value;		/* as the sample has it; a line: active or not */
};

/* The last of each subject is how it should be. */
static const struct happening happenings[] = {
	{ CELLS, 3050000 }, { CELLS, 2700000 }, { CELLS, 1900000 }, { CELLS, 3800000 },
	{ CELLS, UNREADABLE }, { CELLS, 3300000 },
	{ TEMPS, 0 }, { TEMPS, 55000 }, { TEMPS, UNREADABLE }, { TEMPS, 25000 },
	{ SUPPLY, 7000000 }, { SUPPLY, UNREADABLE }, { SUPPLY, 13200000 },
	{ LOAD_CURRENT, 1500000 }, { LOAD_CURRENT, UNREADABLE }, { LOAD_CURRENT, 0 },
	{ ATD, false }, { ATD, true },
	{ ATC, false }, { ATC, true },
	{ BPA, true }, { BPA, false },
	{ LOOP, false }, { LOOP, true },
	{ REMOTE, false }, { REMOTE, true },
	{ HOST_LOAD, false }, { HOST_LOAD, true },
	{ HOST_CHARGE, false }, { HOST_CHARGE, true },
};

struct bank {
	struct smallbms_state state;
	int now[NUM_SUBJECTS];
	u64 now_ns;
	u64 good_ns[SMALLBMS_NUM_KINDS];
	u64 since_ns;		/* of the present outputs */
	char outputs[4];
	u32 causes;
	bool clear;
};

struct row {
	char from[4];
	char to[4];
	const char *why;
	u32 causes;
	u64 ns;
};

static struct smallbms_settings settings;
static struct row rows[5000];
static size_t num_rows;

static void remember(const struct bank *bank, const char *to, u32 causes)
{
	u32 begun = causes & ~bank->causes & ~CONSEQUENCES;
	u32 ended = bank->causes & ~causes & ~CONSEQUENCES;
	u32 stands = causes & ~CONSEQUENCES;
	struct row row = {
		.why = begun ? "begin" : !ended && stands ? "stand" : "end",
		/* Until the first decision there is no cause to be told. */
		.causes = begun ?: ended ?: stands ?: BIT_OF(SMALLBMS_CAUSE_START),
		.ns = bank->now_ns - bank->since_ns,
	};
	size_t i;

	memcpy(row.from, bank->outputs, sizeof(row.from));
	memcpy(row.to, to, sizeof(row.to));
	for (i = 0; i < num_rows; i++) {
		if (!strcmp(rows[i].from, row.from) && !strcmp(rows[i].to, row.to) &&
		    rows[i].why == row.why && rows[i].causes == row.causes) {
			if (row.ns < rows[i].ns)
				rows[i].ns = row.ns;
			return;
		}
	}
	if (num_rows == ARRAY_SIZE(rows)) {
		fputs("states: more rows than there is room for\n", stderr);
		exit(1);
	}
	rows[num_rows++] = row;
}

static void look(struct bank *bank, struct smallbms_sample *in, enum subject subject,
		 enum smallbms_kind kind)
{
	struct smallbms_group *group = &in->group[kind];
	int value = bank->now[subject];

	/* The load output gives current only while it is driven. */
	if (kind == SMALLBMS_KIND_LOAD_CURRENT && bank->outputs[0] != 'D')
		value = 0;
	if (value != UNREADABLE)
		bank->good_ns[kind] = bank->now_ns;
	*group = (struct smallbms_group){
		.fitted = true,
		.any = value != UNREADABLE,
		.all = value != UNREADABLE,
		.min = value,
		.max = value,
		.new_min = value,
		.new_max = value,
		.scan_ns = bank->now_ns,
		.good_ns = bank->good_ns[kind],
	};
}

static void step(struct bank *bank)
{
	static const enum subject lines[] = {
		[SMALLBMS_LINE_ATD] = ATD, [SMALLBMS_LINE_ATC] = ATC, [SMALLBMS_LINE_BPA] = BPA,
		[SMALLBMS_LINE_LOOP] = LOOP, [SMALLBMS_LINE_REMOTE_H] = REMOTE,
	};
	struct smallbms_sample in = {
		.scan_ns = bank->now_ns,
		.host_load_off = !bank->now[HOST_LOAD],
		.host_charge_off = !bank->now[HOST_CHARGE],
		.operator_clear = bank->clear,
	};
	struct smallbms_decision out;
	char to[4] = "";
	size_t i;

	look(bank, &in, CELLS, SMALLBMS_KIND_CELL);
	look(bank, &in, TEMPS, SMALLBMS_KIND_TEMP);
	look(bank, &in, SUPPLY, SMALLBMS_KIND_SUPPLY);
	look(bank, &in, LOAD_CURRENT, SMALLBMS_KIND_LOAD_CURRENT);
	for (i = 0; i < ARRAY_SIZE(lines); i++)
		in.line[i] = (struct smallbms_line){
			.fitted = true,
			.known = true,
			.active = bank->now[lines[i]],
			.good_ns = bank->now_ns,
		};
	bank->clear = false;

	smallbms_policy_step(&settings, &bank->state, &in, bank->now_ns, &out);
	to[0] = out.load ? 'D' : 'f';
	to[1] = out.charge ? 'D' : 'f';
	to[2] = out.pre_alarm ? 'D' : 'f';
	if (strcmp(to, bank->outputs)) {
		remember(bank, to, out.causes);
		memcpy(bank->outputs, to, sizeof(to));
		bank->since_ns = bank->now_ns;
	}
	bank->causes = out.causes;
	bank->now_ns += TICK_NS;
	if (out.deadline_ns < bank->now_ns)
		bank->now_ns = out.deadline_ns;
}

static void explore(const struct bank *before, int depth);

static void after(struct bank bank, int depth)
{
	u64 begin_ns = bank.now_ns;

	while (bank.now_ns < begin_ns + SOON_NS)
		step(&bank);
	explore(&bank, depth);
	while (bank.now_ns < begin_ns + LONG_NS)
		step(&bank);
	explore(&bank, depth);
}

static void explore(const struct bank *before, int depth)
{
	struct bank bank;
	size_t i;

	if (depth == DEPTH)
		return;
	for (i = 0; i < ARRAY_SIZE(happenings); i++) {
		if (before->now[happenings[i].subject] == happenings[i].value)
			continue;
		bank = *before;
		bank.now[happenings[i].subject] = happenings[i].value;
		after(bank, depth + 1);
	}
	bank = *before;
	bank.clear = true;
	after(bank, depth + 1);
}

int main(void)
{
	struct bank bank = { .outputs = "fff" };
	size_t i;

	smallbms_settings_init(&settings);
	smallbms_policy_init(&bank.state, 0);
	bank.causes = BIT_OF(SMALLBMS_CAUSE_START);
	for (i = 0; i < ARRAY_SIZE(happenings); i++)
		bank.now[happenings[i].subject] = happenings[i].value;
	after(bank, 0);

	for (i = 0; i < num_rows; i++)
		printf("%s %s %llu %s %#x\n", rows[i].from, rows[i].to,
		       (unsigned long long)(rows[i].ns / SMALLBMS_NS_PER_MS), rows[i].why,
		       rows[i].causes);
	return 0;
}
