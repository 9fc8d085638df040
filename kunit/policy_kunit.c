// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the smallbms rules
 *
 * A world plays the part of the bank: it scans at a pace and when it is told to,
 * steps at every deadline and nowhere else, and lets time pass without waiting. Its
 * terminals do as they are told unless a test says otherwise. Tests say what happens
 * and what the outputs must be; each names its rule.
 */

#include <kunit/test.h>

#include <linux/bits.h>
#include <linux/limits.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "policy.h"
#include "suites.h"

#define SCAN_MS		600

/* Figures of the rules */
#define LOOK_MS		10000	/* F7 */
#define FLICKER_MS	250	/* F8 */
#define LOOK_IN_WARNING_MS 250	/* U2 */
#define RETRY_MS	250	/* F3 */

/* A world that begins long after boot, as an embedded board can. */
#define BEGIN_MS	(40ULL * 24 * 3600 * 1000)

struct world {
	struct smallbms_settings set;
	struct smallbms_state st;
	struct smallbms_sample in;
	struct smallbms_group channels[SMALLBMS_NUM_KINDS];	/* what a scan would find */
	struct smallbms_decision out;
	struct {
		bool no_write;	/* writes fail */
		bool no_read;	/* reads fail */
		bool held;	/* something else holds the line ... */
		bool high;	/* ... at this level */
	} pin[SMALLBMS_NUM_OUTPUTS];
	u64 now_ms;
	u64 scan_ms;
	bool measured;
	bool begun;
};

static void world_look(struct world *w)
{
	int i;

	for (i = 0; i < SMALLBMS_NUM_OUTPUTS; i++) {
		struct smallbms_terminal *t = &w->in.terminal[i];

		t->known = !w->pin[i].no_read;
		if (!t->known)
			t->high = false;
		else if (w->pin[i].held)
			t->high = w->pin[i].high;
		else if (t->written)
			t->high = t->driven;
	}
}

/* Write the outputs as act.c does; tell whether anything has changed at the pins. */
static bool world_act(struct world *w)
{
	const bool want[] = { w->out.load, w->out.charge, w->out.pre_alarm };
	bool news = false;
	int i;

	for (i = 0; i < SMALLBMS_NUM_OUTPUTS; i++) {
		struct smallbms_terminal *t = &w->in.terminal[i];

		if (!t->fitted || (t->driven == want[i] && !(w->out.faults & BIT(i))))
			continue;
		if (t->driven != want[i])
			t->told_ns = w->now_ms * SMALLBMS_NS_PER_MS;
		news |= t->driven != want[i] || !w->pin[i].no_write;
		t->driven = want[i];
		t->written = !w->pin[i].no_write;
	}
	world_look(w);
	return news;
}

static void world_step(struct world *w)
{
	u64 now_ns = w->now_ms * SMALLBMS_NS_PER_MS;
	bool news = true;
	int i, round;

	for (i = 0; i < SMALLBMS_NUM_LINES; i++) {
		if (w->in.line[i].known)
			w->in.line[i].good_ns = now_ns;
	}
	world_look(w);
	for (round = 0; round < 2 && news; round++) {
		smallbms_policy_step(&w->set, &w->st, &w->in, now_ns, &w->out);
		w->in.operator_clear = false;
		news = world_act(w);
	}
}

static void world_scan(struct world *w)
{
	u64 now_ns = w->now_ms * SMALLBMS_NS_PER_MS;
	int i;

	w->in.scan_ns = now_ns;
	for (i = 0; i < SMALLBMS_NUM_KINDS; i++) {
		if (w->channels[i].all)
			w->channels[i].good_ns = now_ns;
		w->in.group[i] = w->channels[i];
		w->in.group[i].new_min = w->channels[i].min;
		w->in.group[i].new_max = w->channels[i].max;
		w->in.group[i].scan_ns = now_ns;
	}
	world_step(w);
}

static u64 due_ms(u64 due_ns)
{
	return due_ns == SMALLBMS_NEVER ? U64_MAX : DIV_ROUND_UP_ULL(due_ns, SMALLBMS_NS_PER_MS);
}

/* The earliest scan that the policy asks for */
static u64 scan_due_ns(const struct world *w)
{
	u64 due_ns = SMALLBMS_NEVER;
	int i;

	for (i = 0; i < SMALLBMS_NUM_KINDS; i++) {
		if (w->in.group[i].fitted)
			due_ns = min(due_ns, w->out.scan_ns[i]);
	}
	return due_ns;
}

static void no_scan_due(struct world *w)
{
	int i;

	for (i = 0; i < SMALLBMS_NUM_KINDS; i++)
		w->out.scan_ns[i] = SMALLBMS_NEVER;
}

static u64 from_now(const struct world *w, u64 ms)
{
	return (w->now_ms + ms) * SMALLBMS_NS_PER_MS;
}

/* Let @ms pass: scans at their pace, a step at every deadline. */
static void pass(struct world *w, u64 ms)
{
	u64 end = w->now_ms + ms;

	if (!w->begun) {
		w->begun = true;
		world_step(w);
	}

	for (;;) {
		u64 scan = w->measured ? min(w->scan_ms, due_ms(scan_due_ns(w))) : U64_MAX;
		u64 next = min3(due_ms(w->out.deadline_ns), scan, end);

		w->now_ms = max(w->now_ms, next);
		if (w->now_ms >= scan) {
			world_scan(w);
			w->scan_ms = w->now_ms + SCAN_MS;
		} else {
			world_step(w);
		}
		if (w->now_ms >= end)
			return;
	}
}

/* Let time pass until @what becomes @level. Return how long that took; -1 after @limit_ms. */
static s64 until(struct world *w, const bool *what, bool level, u64 limit_ms)
{
	u64 begin = w->now_ms;

	while (*what != level) {
		if (w->now_ms - begin >= limit_ms)
			return -1;
		pass(w, 1);
	}
	return w->now_ms - begin;
}

static void cells(struct world *w, int lowest_mv, int highest_mv)
{
	struct smallbms_group *cell = &w->channels[SMALLBMS_KIND_CELL];

	cell->any = true;
	cell->all = true;
	cell->min = lowest_mv * 1000;
	cell->max = highest_mv * 1000;
}

static void set_group(struct world *w, enum smallbms_kind kind, s32 value)
{
	struct smallbms_group *group = &w->channels[kind];

	group->fitted = true;
	group->any = true;
	group->all = true;
	group->min = value;
	group->max = value;
}

static void lose_group(struct world *w, enum smallbms_kind kind)
{
	w->channels[kind].any = false;
	w->channels[kind].all = false;
}

static void find_group(struct world *w, enum smallbms_kind kind)
{
	w->channels[kind].any = true;
	w->channels[kind].all = true;
}

static void set_line(struct world *w, enum smallbms_line_id line, bool active)
{
	w->in.line[line] = (struct smallbms_line){
		.fitted = true,
		.known = true,
		.active = active,
		.good_ns = w->now_ms * SMALLBMS_NS_PER_MS,
	};
	if (w->begun)
		world_step(w);	/* its interrupt */
}

static void switch_off(struct world *w)
{
	set_line(w, SMALLBMS_LINE_REMOTE_H, false);
	set_line(w, SMALLBMS_LINE_REMOTE_L, false);
}

/* Switch on at one terminal, and wait until it counts. */
static void switch_on(struct world *w)
{
	set_line(w, SMALLBMS_LINE_REMOTE_H, true);
	pass(w, w->set.filter_ms);
}

static struct world *world_alloc(struct kunit *test)
{
	struct world *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, w);
	for (i = 0; i < SMALLBMS_NUM_OUTPUTS; i++)
		w->in.terminal[i] = (struct smallbms_terminal){
			.fitted = true,
			.written = true,
			.known = true,
		};
	smallbms_settings_init(&w->set);
	w->now_ms = BEGIN_MS;
	w->scan_ms = BEGIN_MS;
	smallbms_policy_init(&w->st, w->now_ms * SMALLBMS_NS_PER_MS);
	w->out.deadline_ns = SMALLBMS_NEVER;
	no_scan_due(w);
	return w;
}

/* Cells at 3.30 V, 25 C, 13.2 V, no load current, remote on, loop closed; not yet run. */
static struct world *measured_world(struct kunit *test)
{
	struct world *w = world_alloc(test);
	int i;

	w->measured = true;
	set_group(w, SMALLBMS_KIND_CELL, 3300000);
	set_group(w, SMALLBMS_KIND_TEMP, 25000);
	set_group(w, SMALLBMS_KIND_SUPPLY, 13200000);
	set_group(w, SMALLBMS_KIND_LOAD_CURRENT, 0);
	for (i = 0; i < SMALLBMS_NUM_KINDS; i++) {
		w->channels[i].good_ns = w->now_ms * SMALLBMS_NS_PER_MS;
		w->in.group[i].fitted = w->channels[i].fitted;
		w->in.group[i].good_ns = w->channels[i].good_ns;
	}
	set_line(w, SMALLBMS_LINE_LOOP, true);
	set_line(w, SMALLBMS_LINE_REMOTE_H, true);
	set_line(w, SMALLBMS_LINE_REMOTE_L, true);
	return w;
}

static struct world *signals_world(struct kunit *test)
{
	struct world *w = world_alloc(test);

	set_line(w, SMALLBMS_LINE_ATD, true);
	set_line(w, SMALLBMS_LINE_ATC, true);
	set_line(w, SMALLBMS_LINE_BPA, false);
	set_line(w, SMALLBMS_LINE_LOOP, true);
	set_line(w, SMALLBMS_LINE_REMOTE_H, true);
	set_line(w, SMALLBMS_LINE_REMOTE_L, true);
	return w;
}

static struct world *running(struct kunit *test, struct world *w)
{
	pass(w, 2000);
	KUNIT_ASSERT_TRUE(test, w->out.load);
	KUNIT_ASSERT_TRUE(test, w->out.charge);
	KUNIT_ASSERT_FALSE(test, w->out.pre_alarm);
	KUNIT_ASSERT_FALSE(test, w->out.red);
	KUNIT_ASSERT_EQ(test, w->out.causes, 0);
	return w;
}

static bool holds(const struct world *w, enum smallbms_cause cause)
{
	return w->out.causes & BIT(cause);
}

#define EXPECT_OUTPUTS(test, w, _load, _charge, _pre_alarm)		\
	do {								\
		struct kunit *t = test;					\
		const struct smallbms_decision *out = &(w)->out;	\
									\
		KUNIT_EXPECT_EQ_MSG(t, out->load, _load, "load output"); \
		KUNIT_EXPECT_EQ_MSG(t, out->charge, _charge, "charge output"); \
		KUNIT_EXPECT_EQ_MSG(t, out->pre_alarm, _pre_alarm, "pre-alarm output"); \
	} while (0)

/* Start */

static void x1_floats_until_decided(struct kunit *test)
{
	struct world *w = measured_world(test);
	s64 took;

	pass(w, w->set.hold_ms - 1);
	EXPECT_OUTPUTS(test, w, false, false, false);
	KUNIT_EXPECT_EQ_MSG(test, w->out.causes, BIT(SMALLBMS_CAUSE_START), "P2");
	took = until(w, &w->out.load, true, 2000);
	KUNIT_EXPECT_GE(test, took, 1);
	KUNIT_EXPECT_LE_MSG(test, took, 2000, "X3");
	EXPECT_OUTPUTS(test, w, true, true, false);
}

static void x1_waits_for_every_value(struct kunit *test)
{
	static const enum smallbms_kind kinds[] = {
		SMALLBMS_KIND_CELL, SMALLBMS_KIND_SUPPLY, SMALLBMS_KIND_LOAD_CURRENT,
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct world *w = measured_world(test);

		lose_group(w, kinds[i]);
		pass(w, 4000);
		EXPECT_OUTPUTS(test, w, false, false, false);
		KUNIT_EXPECT_TRUE(test, holds(w, SMALLBMS_CAUSE_START));
		pass(w, 60000);
		EXPECT_OUTPUTS(test, w, false, false, false);
		KUNIT_EXPECT_TRUE(test, w->out.red);
	}
}

static void x1_waits_for_every_line(struct kunit *test)
{
	int i;

	for (i = 0; i < SMALLBMS_NUM_LINES; i++) {
		struct world *w = measured_world(test);

		set_line(w, SMALLBMS_LINE_ATD, true);
		set_line(w, SMALLBMS_LINE_ATC, true);
		set_line(w, SMALLBMS_LINE_BPA, false);
		w->in.line[i].known = false;
		pass(w, 3000);
		EXPECT_OUTPUTS(test, w, false, false, false);
		KUNIT_EXPECT_TRUE(test, holds(w, SMALLBMS_CAUSE_START));
		w->in.line[i].known = true;
		pass(w, 1000);
		EXPECT_OUTPUTS(test, w, true, true, false);
	}
}

/* F2 and C2 outrank X1: the load never depends on temperature. */
static void x1_does_not_wait_for_a_lost_temperature(struct kunit *test)
{
	struct world *w = measured_world(test);
	s64 took;

	lose_group(w, SMALLBMS_KIND_TEMP);
	took = until(w, &w->out.load, true, 10000);
	KUNIT_EXPECT_GE(test, took, w->set.stale_ms);
	KUNIT_EXPECT_LE(test, took, w->set.stale_ms + w->set.hold_ms + 750);
	pass(w, 10000);
	EXPECT_OUTPUTS(test, w, true, false, false);
}

static void x1_unstable_values_decide_nothing(struct kunit *test)
{
	struct world *w = measured_world(test);
	int i;

	for (i = 0; i < 40; i++) {
		cells(w, 3300, 3300);
		pass(w, w->set.hold_ms / 2);
		lose_group(w, SMALLBMS_KIND_CELL);
		pass(w, w->set.hold_ms / 2);
		EXPECT_OUTPUTS(test, w, false, false, false);
	}
}

static void x2_starts_as_if_tripped(struct kunit *test)
{
	struct world *w = measured_world(test);

	cells(w, 3190, 3650);	/* would stay connected, does not connect */
	pass(w, 10000);
	EXPECT_OUTPUTS(test, w, false, false, false);
	KUNIT_EXPECT_TRUE(test, holds(w, SMALLBMS_CAUSE_RECONNECT));
	KUNIT_EXPECT_TRUE(test, holds(w, SMALLBMS_CAUSE_OVERVOLTAGE));
	cells(w, 3200, 3599);
	pass(w, 2000);
	EXPECT_OUTPUTS(test, w, true, true, false);
}

static void x2_cold_start_is_cold_until_warm(struct kunit *test)
{
	struct world *w = measured_world(test);

	set_group(w, SMALLBMS_KIND_TEMP, 6999);
	pass(w, 10000);
	EXPECT_OUTPUTS(test, w, true, false, false);
	set_group(w, SMALLBMS_KIND_TEMP, 7000);
	pass(w, 2000);
	EXPECT_OUTPUTS(test, w, true, true, false);
}

static void x2_hot_start_is_hot_until_cool(struct kunit *test)
{
	struct world *w = measured_world(test);

	set_group(w, SMALLBMS_KIND_TEMP, 48001);
	pass(w, 10000);
	EXPECT_OUTPUTS(test, w, true, false, false);
	KUNIT_EXPECT_EQ(test, w->out.causes, BIT(SMALLBMS_CAUSE_HOT));
	KUNIT_EXPECT_TRUE(test, w->out.red);
	set_group(w, SMALLBMS_KIND_TEMP, 48000);
	pass(w, 2000);
	EXPECT_OUTPUTS(test, w, true, true, false);
}

/* A start assumes these conditions, so the first look needs no hold time to see them. */
static void x2_the_first_look_confirms_what_is_assumed(struct kunit *test)
{
	struct world *w = measured_world(test);

	cells(w, 2700, 3300);
	set_line(w, SMALLBMS_LINE_ATD, false);
	set_line(w, SMALLBMS_LINE_BPA, true);
	switch_off(w);
	pass(w, 0);
	KUNIT_EXPECT_EQ(test, w->out.causes, BIT(SMALLBMS_CAUSE_PRE_ALARM) |
			BIT(SMALLBMS_CAUSE_UNDERVOLTAGE) | BIT(SMALLBMS_CAUSE_ATD) |
			BIT(SMALLBMS_CAUSE_BPA) | BIT(SMALLBMS_CAUSE_REMOTE_OFF));
}

static void x3_signals_only_is_quick(struct kunit *test)
{
	struct world *w = signals_world(test);

	pass(w, 19);
	EXPECT_OUTPUTS(test, w, false, false, false);
	pass(w, 2);
	EXPECT_OUTPUTS(test, w, true, true, false);
	KUNIT_EXPECT_EQ_MSG(test, w->out.deadline_ns, from_now(w, LOOK_MS), "F7");
}

/* Undervoltage */

struct level_case {
	const char *name;
	int before_mv;
	int mv;
	bool expected;
};

static const struct level_case pre_alarm_cases[] = {
	{ "on just below its level", 3300, 3099, true },
	{ "not on at its level", 3300, 3100, false },
	{ "stays at its level", 3099, 3100, true },
	{ "stays just inside the hysteresis", 3099, 3129, true },
	{ "off at the end of the hysteresis", 3099, 3130, false },
};

KUNIT_ARRAY_PARAM_DESC(pre_alarm, pre_alarm_cases, name);

static void u1_pre_alarm_level(struct kunit *test)
{
	const struct level_case *c = test->param_value;
	struct world *w = running(test, measured_world(test));

	cells(w, c->before_mv, 3300);
	pass(w, 2000);
	cells(w, c->mv, 3300);
	pass(w, 2000);
	KUNIT_EXPECT_EQ(test, w->out.pre_alarm, c->expected);
	KUNIT_EXPECT_TRUE(test, w->out.load);
}

static void u2_collapse_is_warned_first(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));
	s64 took;

	cells(w, 2000, 3300);
	took = until(w, &w->out.pre_alarm, true, 5000);
	KUNIT_EXPECT_GE(test, took, w->set.hold_ms);
	KUNIT_EXPECT_LE(test, took, w->set.hold_ms + 750);
	KUNIT_EXPECT_TRUE(test, w->out.load);
	KUNIT_EXPECT_TRUE(test, holds(w, SMALLBMS_CAUSE_UNDERVOLTAGE));

	took = until(w, &w->out.load, false, 60000);
	KUNIT_EXPECT_EQ_MSG(test, took, 30003, "a scan is due just then");
	KUNIT_EXPECT_FALSE_MSG(test, w->out.pre_alarm, "U3");
}

static void u2_warning_counts_from_the_pin(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));
	s64 took;

	w->pin[SMALLBMS_OUT_PRE_ALARM].no_write = true;
	cells(w, 2700, 3300);
	until(w, &w->out.pre_alarm, true, 5000);
	pass(w, 8000);
	KUNIT_EXPECT_TRUE(test, holds(w, SMALLBMS_CAUSE_OUTPUT_FAULT));
	w->pin[SMALLBMS_OUT_PRE_ALARM].no_write = false;
	took = until(w, &w->in.terminal[SMALLBMS_OUT_PRE_ALARM].high, true, 1000);
	KUNIT_EXPECT_GE(test, took, 0);
	KUNIT_EXPECT_LE_MSG(test, took, RETRY_MS, "F3");
	took = until(w, &w->out.load, false, 60000);
	KUNIT_EXPECT_GE(test, took, 30003);
	KUNIT_EXPECT_LE(test, took, 30003 + 100);
}

/* When the pre-alarm falls, the warning time begins anew once it stands again. */
static void u2_a_break_starts_the_warning_anew(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));
	s64 took;

	cells(w, 2700, 3300);
	until(w, &w->out.pre_alarm, true, 5000);
	pass(w, 20000);
	w->pin[SMALLBMS_OUT_PRE_ALARM].held = true;
	pass(w, 1000);
	KUNIT_EXPECT_TRUE(test, holds(w, SMALLBMS_CAUSE_OUTPUT_FAULT));
	KUNIT_EXPECT_TRUE_MSG(test, w->out.beat, "stopped by an output that floats");
	w->pin[SMALLBMS_OUT_PRE_ALARM].held = false;
	took = until(w, &w->out.load, false, 60000);
	KUNIT_EXPECT_GE(test, took, 30003);
	KUNIT_EXPECT_LE(test, took, 30003 + RETRY_MS + 100);
}

/* A line that is shorted to ground cannot keep an empty bank connected for ever. */
static void u2_a_pre_alarm_that_never_stands_delays_the_cut_once(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));
	s64 took;

	w->pin[SMALLBMS_OUT_PRE_ALARM].held = true;
	cells(w, 2700, 3300);
	until(w, &w->out.pre_alarm, true, 5000);
	took = until(w, &w->out.load, false, 120000);
	KUNIT_EXPECT_GE(test, took, 2 * 30003);
	KUNIT_EXPECT_LE(test, took, 2 * 30003 + 100);
}

/* The pre-alarm falls for a moment every ten seconds, so it never stands for thirty. */
static void u2_breaks_delay_the_cut_once(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));
	u64 begin_ms;

	cells(w, 2700, 3300);
	until(w, &w->out.pre_alarm, true, 5000);
	begin_ms = w->now_ms;
	while (w->out.load && w->now_ms - begin_ms < 120000) {
		w->pin[SMALLBMS_OUT_PRE_ALARM].held = !w->pin[SMALLBMS_OUT_PRE_ALARM].held;
		pass(w, w->pin[SMALLBMS_OUT_PRE_ALARM].held ? 300 : 9700);
	}
	KUNIT_EXPECT_FALSE(test, w->out.load);
	KUNIT_EXPECT_GE(test, w->now_ms - begin_ms, 60000);
	KUNIT_EXPECT_LE(test, w->now_ms - begin_ms, 70000);
}

static void u2_without_a_pre_alarm_output_it_counts_from_the_decision(struct kunit *test)
{
	struct world *w = measured_world(test);
	s64 took;

	w->in.terminal[SMALLBMS_OUT_PRE_ALARM] = (struct smallbms_terminal){};
	running(test, w);
	cells(w, 2700, 3300);
	until(w, &w->out.pre_alarm, true, 5000);
	took = until(w, &w->out.load, false, 60000);
	KUNIT_EXPECT_EQ(test, took, 30003);
	KUNIT_EXPECT_EQ_MSG(test, w->out.faults, 0, "a missing output is no fault");
}

/* Terminals */

static void f3_an_output_that_cannot_be_written_is_a_fault_until_it_can(struct kunit *test)
{
	int i;

	for (i = 0; i < SMALLBMS_OUT_PRE_ALARM; i++) {
		struct world *w = running(test, signals_world(test));

		w->pin[i].no_write = true;
		w->pin[i].no_read = true;
		switch_off(w);
		pass(w, w->set.filter_ms);
		KUNIT_EXPECT_EQ(test, w->out.faults, BIT(i));
		KUNIT_EXPECT_TRUE(test, holds(w, SMALLBMS_CAUSE_OUTPUT_FAULT));
		KUNIT_EXPECT_FALSE_MSG(test, w->out.beat, "F3a");
		KUNIT_EXPECT_EQ(test, w->out.deadline_ns, from_now(w, RETRY_MS));
		pass(w, 60000);
		KUNIT_EXPECT_EQ(test, w->out.faults, BIT(i));
		KUNIT_EXPECT_LE(test, w->out.deadline_ns, from_now(w, RETRY_MS));
		w->pin[i].no_write = false;
		pass(w, RETRY_MS);
		KUNIT_EXPECT_FALSE(test, holds(w, SMALLBMS_CAUSE_OUTPUT_FAULT));
		KUNIT_EXPECT_TRUE_MSG(test, w->out.beat, "F3a");
	}
}

/* A capacitor holds the line up for a while: that is no broken output. */
static void f3_a_line_may_take_its_time_to_settle(struct kunit *test)
{
	struct world *w = running(test, signals_world(test));

	w->pin[SMALLBMS_OUT_LOAD].held = true;
	w->pin[SMALLBMS_OUT_LOAD].high = true;
	switch_off(w);
	pass(w, w->set.filter_ms);
	EXPECT_OUTPUTS(test, w, false, false, false);
	KUNIT_EXPECT_EQ(test, w->out.deadline_ns, from_now(w, w->set.settle_ms));
	pass(w, w->set.settle_ms - 1);
	KUNIT_EXPECT_EQ(test, w->out.faults, 0);
	KUNIT_EXPECT_TRUE(test, w->out.beat);
	pass(w, 1);
	KUNIT_EXPECT_EQ(test, w->out.faults, BIT(SMALLBMS_OUT_LOAD));
	KUNIT_EXPECT_FALSE_MSG(test, w->out.beat, "F3a");
	w->pin[SMALLBMS_OUT_LOAD].held = false;
	pass(w, RETRY_MS);
	KUNIT_EXPECT_EQ(test, w->out.faults, 0);
	KUNIT_EXPECT_TRUE(test, w->out.beat);
}

static void f3_a_line_that_cannot_be_read_is_believed_if_its_write_succeeded(struct kunit *test)
{
	struct world *w = running(test, signals_world(test));

	w->pin[SMALLBMS_OUT_LOAD].no_read = true;
	pass(w, 1000);
	KUNIT_EXPECT_EQ(test, w->out.faults, 0);
	switch_off(w);
	pass(w, 1000);
	EXPECT_OUTPUTS(test, w, false, false, false);
	KUNIT_EXPECT_EQ(test, w->out.faults, 0);
}

/* F6: while the output floats, more than 1/10 of the limit flows only if the switch is welded. */
static void f6_current_through_a_load_that_floats(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));
	s32 limit_ua = w->set.load_limit_ua / 10;

	set_group(w, SMALLBMS_KIND_LOAD_CURRENT, limit_ua + 1);
	pass(w, 5000);
	KUNIT_EXPECT_FALSE(test, holds(w, SMALLBMS_CAUSE_WELDED));
	switch_off(w);
	pass(w, w->set.hold_ms);
	KUNIT_EXPECT_FALSE_MSG(test, holds(w, SMALLBMS_CAUSE_WELDED), "F4");
	pass(w, w->set.filter_ms + 750);
	KUNIT_EXPECT_TRUE(test, holds(w, SMALLBMS_CAUSE_WELDED));
	set_group(w, SMALLBMS_KIND_LOAD_CURRENT, limit_ua);
	pass(w, w->set.hold_ms + 750);
	KUNIT_EXPECT_FALSE(test, holds(w, SMALLBMS_CAUSE_WELDED));
	set_group(w, SMALLBMS_KIND_LOAD_CURRENT, limit_ua + 1);
	pass(w, w->set.hold_ms + 750);
	KUNIT_EXPECT_TRUE(test, holds(w, SMALLBMS_CAUSE_WELDED));
	switch_on(w);
	KUNIT_EXPECT_GE(test, until(w, &w->out.load, true, 5000), 0);
	KUNIT_EXPECT_FALSE(test, holds(w, SMALLBMS_CAUSE_WELDED));
}

/* An output that cannot be floated is one fault, not two. */
static void f6_needs_a_load_that_stands_floating(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));

	set_group(w, SMALLBMS_KIND_LOAD_CURRENT, 500000);
	w->pin[SMALLBMS_OUT_LOAD].no_write = true;
	switch_off(w);
	pass(w, 10000);
	KUNIT_EXPECT_FALSE(test, holds(w, SMALLBMS_CAUSE_WELDED));
	KUNIT_EXPECT_TRUE(test, holds(w, SMALLBMS_CAUSE_OUTPUT_FAULT));
}

/* No interrupt tells of the edge: the policy asks for a look by itself. */
static void f7_looks_at_every_line_in_ten_seconds(struct kunit *test)
{
	struct world *w = running(test, signals_world(test));
	s64 took;

	w->in.line[SMALLBMS_LINE_LOOP].active = false;
	took = until(w, &w->out.load, false, 60000);
	KUNIT_EXPECT_GE(test, took, 0);
	KUNIT_EXPECT_LE(test, took, LOOK_MS + w->set.filter_ms);
}

static const struct flicker_case {
	const char *name;
	enum smallbms_line_id line;
	bool good;
	unsigned int bad_ms;
	unsigned int good_ms;
	bool counts;
} flicker_cases[] = {
	{ "loop", SMALLBMS_LINE_LOOP, true, 10, 10, true },
	{ "allowed to discharge", SMALLBMS_LINE_ATD, true, 19, 11, true },
	{ "allowed to charge", SMALLBMS_LINE_ATC, true, 1, 19, true },
	{ "warning", SMALLBMS_LINE_BPA, false, 5, 15, true },
	{ "remote", SMALLBMS_LINE_REMOTE_H, true, 15, 10, true },
	{ "good for the filter time in between", SMALLBMS_LINE_LOOP, true, 19, 20, false },
	{ "one glitch a second", SMALLBMS_LINE_ATD, true, 19, 981, false },
};

KUNIT_ARRAY_PARAM_DESC(flicker, flicker_cases, name);

/* A loose plug: neither a bad spell nor a good one lasts for the filter time. */
static void f8_flickers(struct kunit *test)
{
	const struct flicker_case *c = test->param_value;
	struct world *w = signals_world(test);
	unsigned int spent_ms, changed_ms = 0;

	if (c->line == SMALLBMS_LINE_REMOTE_H)
		set_line(w, SMALLBMS_LINE_REMOTE_L, false);
	running(test, w);
	for (spent_ms = 0; spent_ms < 2000; spent_ms += c->bad_ms + c->good_ms) {
		bool quiet = w->out.load && w->out.charge && !w->out.pre_alarm;

		if (!quiet && !changed_ms)
			changed_ms = spent_ms;
		set_line(w, c->line, !c->good);
		pass(w, c->bad_ms);
		set_line(w, c->line, c->good);
		pass(w, c->good_ms);
	}
	KUNIT_EXPECT_EQ(test, changed_ms != 0, c->counts);
	if (!c->counts)
		return;
	KUNIT_EXPECT_GE(test, changed_ms, FLICKER_MS);
	KUNIT_EXPECT_LE(test, changed_ms, FLICKER_MS + 2 * (c->bad_ms + c->good_ms));
	pass(w, 5000);
	EXPECT_OUTPUTS(test, w, true, true, false);
}

/* F4: one glitch is no flicker, even if the line is not looked at for a while after it. */
static void f8_one_glitch_is_no_flicker(struct kunit *test)
{
	struct world *w = running(test, signals_world(test));

	set_line(w, SMALLBMS_LINE_LOOP, false);
	w->now_ms += 1000;
	set_line(w, SMALLBMS_LINE_LOOP, true);
	pass(w, 1000);
	EXPECT_OUTPUTS(test, w, true, true, false);

	w->set.filter_ms = 200;
	set_line(w, SMALLBMS_LINE_ATD, false);
	pass(w, 60);
	set_line(w, SMALLBMS_LINE_ATD, true);
	pass(w, 1000);
	EXPECT_OUTPUTS(test, w, true, true, false);
}

/* Sleep */

/* The state in which an end leaves a bank: outputs float, and nothing is known. */
static void out_of_sight(struct world *w)
{
	int i;

	w->now_ms += 5000;
	w->scan_ms = w->now_ms;
	for (i = 0; i < SMALLBMS_NUM_OUTPUTS; i++) {
		w->in.terminal[i].driven = false;
		w->in.terminal[i].high = false;
	}
	for (i = 0; i < SMALLBMS_NUM_KINDS; i++) {
		w->in.group[i].any = false;
		w->in.group[i].all = false;
		w->in.group[i].good_ns = w->now_ms * SMALLBMS_NS_PER_MS;
	}
	w->out = (struct smallbms_decision){};
	no_scan_due(w);
}

static void slept(struct world *w)
{
	out_of_sight(w);
	smallbms_policy_resume(&w->st, w->now_ms * SMALLBMS_NS_PER_MS);
}

static void restarted(struct world *w, const struct smallbms_remembered *memory)
{
	out_of_sight(w);
	smallbms_policy_init(&w->st, w->now_ms * SMALLBMS_NS_PER_MS);
	if (memory)
		smallbms_policy_recall(&w->st, memory);
}

static void x5_a_load_that_was_on_comes_back_above_the_pre_alarm(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));

	cells(w, 3130, 3300);
	pass(w, 5000);
	slept(w);
	pass(w, 2000);
	EXPECT_OUTPUTS(test, w, true, true, false);

	/* U4: later the load needs the load reconnect level again. */
	w->in.host_load_off = true;
	pass(w, 1000);
	w->in.host_load_off = false;
	pass(w, 5000);
	KUNIT_EXPECT_FALSE(test, w->out.load);
}

static void x5_not_below_the_end_of_the_pre_alarm(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));

	cells(w, 3129, 3300);
	slept(w);
	pass(w, 60000);
	KUNIT_EXPECT_FALSE(test, w->out.load);
	slept(w);
	pass(w, 2000);
	cells(w, 3130, 3300);
	pass(w, 2000);
	KUNIT_EXPECT_TRUE(test, w->out.load);
}

static void x5_not_what_was_off(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));

	cells(w, 2700, 3300);
	pass(w, 40000);
	KUNIT_ASSERT_FALSE(test, w->out.load);
	cells(w, 3150, 3300);
	slept(w);
	pass(w, 60000);
	KUNIT_EXPECT_FALSE(test, w->out.load);
	cells(w, 3200, 3300);
	pass(w, 2000);
	KUNIT_EXPECT_TRUE(test, w->out.load);
}

static const struct forbidden_case {
	const char *name;
	int kind;	/* of a measurement that is lost, or -1 */
	int line;	/* that cannot be read, or -1 */
	bool withdrawn;
	bool empty;
} forbidden_cases[] = {
	{ "empty cell", -1, -1, false, true },
	{ "permission withdrawn", -1, -1, true, false },
	{ "cells lost", SMALLBMS_KIND_CELL, -1, false, false },
	{ "supply lost", SMALLBMS_KIND_SUPPLY, -1, false, false },
	{ "load current lost", SMALLBMS_KIND_LOAD_CURRENT, -1, false, false },
	{ "line lost", -1, SMALLBMS_LINE_LOOP, false, false },
};

KUNIT_ARRAY_PARAM_DESC(forbidden, forbidden_cases, name);

/* A load that was about to be cut does not come back. */
static void x5_not_what_was_forbidden(struct kunit *test)
{
	const struct forbidden_case *c = test->param_value;
	struct world *w = measured_world(test);

	set_line(w, SMALLBMS_LINE_ATD, true);
	running(test, w);
	if (c->empty)
		cells(w, 2700, 3300);
	if (c->withdrawn)
		set_line(w, SMALLBMS_LINE_ATD, false);
	if (c->kind >= 0)
		lose_group(w, c->kind);
	if (c->line >= 0)
		w->in.line[c->line].known = false;
	pass(w, 10000);
	KUNIT_ASSERT_TRUE(test, w->out.load);
	KUNIT_ASSERT_TRUE(test, w->out.pre_alarm);
	if (c->kind >= 0)
		find_group(w, c->kind);
	if (c->line >= 0)
		w->in.line[c->line].known = true;
	cells(w, 3150, 3300);
	set_line(w, SMALLBMS_LINE_ATD, true);
	slept(w);
	pass(w, 60000);
	KUNIT_EXPECT_FALSE(test, w->out.load);
}

/* Nor does a load that R2 has floated since. */
static void x5_not_what_was_switched_off(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));

	cells(w, 3150, 3300);
	slept(w);
	switch_off(w);
	pass(w, 5000);
	slept(w);
	switch_on(w);
	pass(w, 60000);
	KUNIT_EXPECT_FALSE(test, w->out.load);
}

/* Restart */

static struct smallbms_remembered remembered(const struct world *w)
{
	return smallbms_policy_remember(&w->set, &w->st);
}

static void x4_a_damaged_cell_is_remembered(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));
	struct smallbms_remembered memory;

	cells(w, 1999, 3300);
	pass(w, 1500);
	memory = remembered(w);
	KUNIT_EXPECT_TRUE(test, memory.over_discharged);

	cells(w, 3300, 3300);
	restarted(w, &memory);
	pass(w, 5000);
	EXPECT_OUTPUTS(test, w, true, false, false);
	w->in.operator_clear = true;
	pass(w, 1000);
	EXPECT_OUTPUTS(test, w, true, true, false);
	KUNIT_EXPECT_FALSE(test, remembered(w).over_discharged);
}

static void x4_a_short_circuit_is_remembered(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));
	struct smallbms_remembered memory;
	int i;

	set_group(w, SMALLBMS_KIND_LOAD_CURRENT, 2000000);
	for (i = 1; i <= 3; i++) {
		until(w, &w->out.load, false, 20000);
		KUNIT_EXPECT_EQ(test, remembered(w).overloads, i);
		until(w, &w->out.load, true, 20000);
	}
	memory = remembered(w);
	set_group(w, SMALLBMS_KIND_LOAD_CURRENT, 0);
	restarted(w, &memory);
	pass(w, 60000);
	EXPECT_OUTPUTS(test, w, false, true, false);
	KUNIT_EXPECT_TRUE(test, holds(w, SMALLBMS_CAUSE_OVERLOAD_LATCHED));

	/* Two keep the load from being tried for 10 s, and the next is the third. */
	memory.overloads = 2;
	restarted(w, &memory);
	KUNIT_EXPECT_GE(test, until(w, &w->out.load, true, 20000), 10000);
	set_group(w, SMALLBMS_KIND_LOAD_CURRENT, 2000000);
	pass(w, 60000);
	KUNIT_EXPECT_TRUE(test, holds(w, SMALLBMS_CAUSE_OVERLOAD_LATCHED));

	/* A load that has been connected again since does not wait. */
	memory.overloads = 2;
	memory.connected = true;
	set_group(w, SMALLBMS_KIND_LOAD_CURRENT, 0);
	restarted(w, &memory);
	KUNIT_EXPECT_LE(test, until(w, &w->out.load, true, 20000), 2000);
}

static void x5_a_load_that_was_on_comes_back_after_a_restart(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));
	struct smallbms_remembered memory;

	cells(w, 3130, 3300);
	pass(w, 5000);
	memory = remembered(w);
	restarted(w, &memory);
	KUNIT_EXPECT_TRUE(test, remembered(w).connected);	/* until it is again */
	pass(w, 2000);
	EXPECT_OUTPUTS(test, w, true, true, false);

	memory.connected = false;
	restarted(w, &memory);
	pass(w, 60000);
	KUNIT_EXPECT_FALSE(test, w->out.load);
	KUNIT_EXPECT_FALSE(test, remembered(w).connected);

	restarted(w, NULL);
	pass(w, 60000);
	KUNIT_EXPECT_FALSE(test, w->out.load);
}

/* In the last second of a warning, a cut could come before the memory is written. */
static void x5_a_cut_is_remembered_before_it_comes(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));
	u64 left_ms;

	cells(w, 3000, 3300);
	until(w, &w->out.pre_alarm, true, 5000);
	KUNIT_EXPECT_TRUE(test, remembered(w).connected);
	left_ms = due_ms(w->out.sure_ns) - w->now_ms;
	pass(w, left_ms - 1001);
	world_step(w);
	KUNIT_EXPECT_TRUE(test, remembered(w).connected);
	pass(w, 1);
	world_step(w);
	KUNIT_EXPECT_FALSE(test, remembered(w).connected);
	KUNIT_EXPECT_EQ(test, due_ms(w->out.deadline_ns), w->now_ms + LOOK_IN_WARNING_MS);
	pass(w, 60000);
	KUNIT_EXPECT_TRUE(test, w->out.load);

	cells(w, 3200, 3300);
	pass(w, 2000);
	KUNIT_EXPECT_TRUE(test, remembered(w).connected);
	cells(w, 2700, 3300);
	pass(w, 2000);
	KUNIT_ASSERT_TRUE(test, w->out.load);
	KUNIT_EXPECT_FALSE_MSG(test, remembered(w).connected, "an empty cell is going to cut it");
}

/* C4, X6: a clear counts for what a late memory says only where it would have ended it. */
static void x6_a_clear_that_was_refused(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));
	const struct smallbms_remembered late = { .over_discharged = true };

	lose_group(w, SMALLBMS_KIND_CELL);
	world_scan(w);
	w->in.operator_clear = true;
	world_step(w);
	find_group(w, SMALLBMS_KIND_CELL);
	pass(w, 2000);
	smallbms_policy_recall(&w->st, &late);
	pass(w, 2000);
	KUNIT_EXPECT_TRUE(test, holds(w, SMALLBMS_CAUSE_OVER_DISCHARGED));
	w->in.operator_clear = true;
	pass(w, 1000);
	KUNIT_EXPECT_FALSE(test, holds(w, SMALLBMS_CAUSE_OVER_DISCHARGED));
	smallbms_policy_recall(&w->st, &late);
	pass(w, 2000);
	KUNIT_EXPECT_FALSE(test, holds(w, SMALLBMS_CAUSE_OVER_DISCHARGED));
}

/* X6: what a memory says late, or wrongly, can only forbid. */
static void x6_a_late_memory_connects_nothing(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));
	const struct smallbms_remembered harmless = { .connected = true };
	const struct smallbms_remembered worst = {
		.over_discharged = true, .overloads = U8_MAX, .connected = true,
	};

	w->in.host_load_off = true;
	cells(w, 3150, 3300);
	pass(w, 5000);
	w->in.host_load_off = false;
	smallbms_policy_recall(&w->st, &harmless);
	pass(w, 60000);
	KUNIT_EXPECT_FALSE_MSG(test, w->out.load, "a late memory connects nothing");

	cells(w, 3000, 3300);
	pass(w, 5000);
	cells(w, 3300, 3300);
	pass(w, 5000);
	cells(w, 3000, 3300);
	pass(w, 5000);
	EXPECT_OUTPUTS(test, w, true, false, true);
	smallbms_policy_recall(&w->st, &worst);
	KUNIT_EXPECT_EQ(test, w->st.overloads, 3);
	KUNIT_EXPECT_FALSE(test, w->st.pre_alarm_on);
	pass(w, 1);
	world_step(w);
	EXPECT_OUTPUTS(test, w, false, false, false);
	cells(w, 3300, 3300);
	pass(w, 60000);
	EXPECT_OUTPUTS(test, w, false, false, false);
}

/* A bank of signals measures no cell, so no cell of it can be damaged, or good again. */
static void x6_a_memory_does_not_invent_a_cell(struct kunit *test)
{
	const struct smallbms_remembered memory = { .over_discharged = true };
	struct world *w = running(test, signals_world(test));

	restarted(w, &memory);
	pass(w, 2000);
	EXPECT_OUTPUTS(test, w, true, true, false);
	KUNIT_EXPECT_EQ(test, w->out.causes, 0);
}

static void x6_a_lost_memory_is_a_cause_and_no_more(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));

	w->in.memory_lost = true;
	pass(w, 5000);
	EXPECT_OUTPUTS(test, w, true, true, false);
	KUNIT_EXPECT_EQ(test, w->out.causes, BIT(SMALLBMS_CAUSE_MEMORY_LOST));
	KUNIT_EXPECT_FALSE(test, w->out.red);
}

static const struct blank_case {
	const char *name;
	int cell_mv;
	int level_mv;
	bool remembered;
	bool damaged;
} blank_cases[] = {
	{ "nothing remembered", 2299, 2000, false, true },
	{ "nothing remembered, and high enough", 2300, 2000, false, false },
	{ "remembered", 2299, 2000, true, false },
	{ "remembered, and too low", 1999, 2000, true, true },
	{ "another level", 1799, 1500, false, true },
	{ "turned off", 1000, 0, false, false },
};

KUNIT_ARRAY_PARAM_DESC(blank, blank_cases, name);

/* C4: where nothing is remembered, a cell near the level at the start counts as damaged. */
static void c4_a_start_asks_for_more_where_nothing_is_remembered(struct kunit *test)
{
	static const struct smallbms_remembered nothing;
	const struct blank_case *c = test->param_value;
	struct world *w = measured_world(test);

	w->set.over_discharged_uv = c->level_mv * 1000;
	cells(w, c->cell_mv, 3300);
	restarted(w, c->remembered ? &nothing : NULL);
	pass(w, 5000);
	EXPECT_OUTPUTS(test, w, false, !c->damaged, false);
	KUNIT_EXPECT_EQ(test, holds(w, SMALLBMS_CAUSE_OVER_DISCHARGED), c->damaged);
}

/* Only the first start asks for more, because the bank has been watched since. */
static void c4_a_later_start_asks_for_no_more(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));

	cells(w, 2200, 3300);
	pass(w, 40000);
	switch_off(w);
	pass(w, 1000);
	switch_on(w);
	pass(w, 5000);
	EXPECT_OUTPUTS(test, w, false, true, false);
	slept(w);
	pass(w, 5000);
	EXPECT_OUTPUTS(test, w, false, true, false);
}

/* The start after one that a loss of power has ended is the first again. */
static void c4_a_start_that_did_not_end_is_still_the_first(struct kunit *test)
{
	struct world *w = measured_world(test);
	struct smallbms_remembered memory;

	pass(w, 100);
	memory = remembered(w);
	KUNIT_EXPECT_TRUE(test, memory.blank);
	cells(w, 2200, 3300);
	restarted(w, &memory);
	pass(w, 5000);
	KUNIT_EXPECT_TRUE(test, holds(w, SMALLBMS_CAUSE_OVER_DISCHARGED));
	KUNIT_EXPECT_FALSE(test, remembered(w).blank);
}

/* When a cell falls in the first start, the start waits until C4 has decided. */
static void c4_the_first_start_waits_for_its_answer(struct kunit *test)
{
	struct world *w = measured_world(test);

	pass(w, 300);
	cells(w, 2200, 3300);
	pass(w, 5000);
	EXPECT_OUTPUTS(test, w, false, false, false);
	KUNIT_EXPECT_TRUE(test, holds(w, SMALLBMS_CAUSE_OVER_DISCHARGED));
}

/* The start after a sleep in the first start is still the first. */
static void c4_a_sleep_does_not_end_the_first_start(struct kunit *test)
{
	struct world *w = measured_world(test);

	pass(w, 100);
	KUNIT_ASSERT_TRUE(test, holds(w, SMALLBMS_CAUSE_START));
	cells(w, 2200, 3300);
	slept(w);
	pass(w, 5000);
	KUNIT_EXPECT_TRUE(test, holds(w, SMALLBMS_CAUSE_OVER_DISCHARGED));
}

/* F4: evidence from before a sleep does not count after it. */
static void f4_evidence_does_not_survive_sleep(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));

	cells(w, 1900, 3300);
	w->now_ms++;
	world_scan(w);
	slept(w);
	w->now_ms++;
	world_scan(w);
	cells(w, 3300, 3300);
	pass(w, 5000);
	KUNIT_EXPECT_FALSE(test, holds(w, SMALLBMS_CAUSE_OVER_DISCHARGED));
	KUNIT_EXPECT_TRUE(test, w->out.charge);
}

/* X4: what only an operator ends survives a sleep. */
static void x4_latches_survive_sleep(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));

	cells(w, 1900, 3300);
	pass(w, 60000);
	cells(w, 3300, 3300);
	slept(w);
	pass(w, 10000);
	KUNIT_EXPECT_TRUE(test, holds(w, SMALLBMS_CAUSE_OVER_DISCHARGED));
	KUNIT_EXPECT_FALSE(test, w->out.charge);
	w->in.operator_clear = true;
	pass(w, 2000);
	KUNIT_EXPECT_TRUE(test, w->out.charge);

	set_group(w, SMALLBMS_KIND_LOAD_CURRENT, 1500000);
	while (!holds(w, SMALLBMS_CAUSE_OVERLOAD_LATCHED))
		pass(w, 1000);
	set_group(w, SMALLBMS_KIND_LOAD_CURRENT, 0);
	slept(w);
	pass(w, 60000);
	KUNIT_EXPECT_TRUE(test, holds(w, SMALLBMS_CAUSE_OVERLOAD_LATCHED));
	KUNIT_EXPECT_FALSE(test, w->out.load);
}

static void u2_setting_makes_it_longer(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));
	s64 took;

	w->set.warning_ms = 300000;
	cells(w, 2700, 3300);
	until(w, &w->out.pre_alarm, true, 5000);
	took = until(w, &w->out.load, false, 400000);
	KUNIT_EXPECT_GE(test, took, 300000);
	KUNIT_EXPECT_LE(test, took, 300100);
}

static const struct level_case cut_cases[] = {
	{ "cut just below the level", 3000, 2799, false },
	{ "not cut at the level", 3000, 2800, true },
};

KUNIT_ARRAY_PARAM_DESC(cut, cut_cases, name);

static void u2_load_disconnect_level(struct kunit *test)
{
	const struct level_case *c = test->param_value;
	struct world *w = running(test, measured_world(test));

	cells(w, c->before_mv, 3300);
	pass(w, 600000);
	EXPECT_OUTPUTS(test, w, true, false, true);
	cells(w, c->mv, 3300);
	pass(w, w->set.hold_ms + 750);	/* warned long enough: cut at once */
	KUNIT_EXPECT_EQ(test, w->out.load, c->expected);
}

static void u3_dip_inside_the_window_cuts_nothing(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));
	s64 took;
	int i;

	for (i = 0; i < 3; i++) {
		cells(w, 2700, 3300);
		until(w, &w->out.pre_alarm, true, 5000);
		pass(w, 29000);
		KUNIT_EXPECT_TRUE(test, w->out.load);
		cells(w, 3250, 3300);
		pass(w, 2000);
		EXPECT_OUTPUTS(test, w, true, true, false);
	}
	cells(w, 2700, 3300);
	until(w, &w->out.pre_alarm, true, 5000);
	took = until(w, &w->out.load, false, 60000);
	KUNIT_EXPECT_GE_MSG(test, took, 30000, "each dip has a window of its own");
}

static void u3_recovery_at_the_last_moment_counts(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));

	cells(w, 2700, 3300);
	until(w, &w->out.pre_alarm, true, 5000);
	pass(w, 29700);
	cells(w, 3250, 3300);	/* seen, but not yet for the hold time at the end */
	pass(w, 5000);
	EXPECT_OUTPUTS(test, w, true, true, false);
}

/* The last scan may be almost a pace old, so one more scan comes before the cut. */
static void u3_recovery_just_before_the_cut_counts(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));

	cells(w, 2700, 3300);
	until(w, &w->out.pre_alarm, true, 5000);
	pass(w, 29990);
	cells(w, 3250, 3300);
	pass(w, 5000);
	EXPECT_OUTPUTS(test, w, true, true, false);
}

/* A converter that is stuck by then delays the cut, but not by much. */
static void u3_cut_does_not_wait_long_for_a_scan(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));
	s64 took;

	cells(w, 2700, 3300);
	until(w, &w->out.pre_alarm, true, 5000);
	pass(w, 29000);
	w->measured = false;
	took = until(w, &w->out.load, false, 5000);
	KUNIT_EXPECT_EQ(test, took, 1003 + 50);
}

/* A clock that gains 100 us in a second must not shorten the warning. */
static void u2_warning_on_a_fast_clock(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));

	cells(w, 2700, 3300);
	until(w, &w->out.pre_alarm, true, 5000);
	KUNIT_EXPECT_EQ(test, w->out.cut_ns, w->st.now_ns + 30003 * SMALLBMS_NS_PER_MS);
}

/* P2: a load that is connected waits for nothing. */
static void u4_below_reconnect_is_no_cause_while_connected(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));

	cells(w, 3150, 3300);
	pass(w, 5000);
	EXPECT_OUTPUTS(test, w, true, true, false);
	KUNIT_EXPECT_EQ(test, w->out.causes, 0);
}

static const struct level_case reconnect_cases[] = {
	{ "not just below the level", 2700, 3199, false },
	{ "at the level", 2700, 3200, true },
};

KUNIT_ARRAY_PARAM_DESC(reconnect, reconnect_cases, name);

static void u4_load_reconnect_level(struct kunit *test)
{
	const struct level_case *c = test->param_value;
	struct world *w = running(test, measured_world(test));

	cells(w, c->before_mv, 3300);
	pass(w, 40000);
	EXPECT_OUTPUTS(test, w, false, true, false);
	cells(w, c->mv, 3300);
	pass(w, 100000);
	KUNIT_EXPECT_EQ(test, w->out.load, c->expected);
}

static void u5_signals(struct kunit *test)
{
	struct world *w = running(test, signals_world(test));
	s64 took;

	set_line(w, SMALLBMS_LINE_ATD, false);
	took = until(w, &w->out.pre_alarm, true, 1000);
	KUNIT_EXPECT_EQ(test, took, w->set.filter_ms);
	took = until(w, &w->out.load, false, 60000);
	KUNIT_EXPECT_GE(test, took, 30000);
	KUNIT_EXPECT_LE(test, took, 30100);
	KUNIT_EXPECT_EQ(test, w->out.causes, BIT(SMALLBMS_CAUSE_ATD));

	set_line(w, SMALLBMS_LINE_BPA, true);
	set_line(w, SMALLBMS_LINE_ATD, true);
	pass(w, 10000);
	KUNIT_EXPECT_FALSE_MSG(test, w->out.load, "a cell below the pre-alarm level");
	KUNIT_EXPECT_TRUE(test, holds(w, SMALLBMS_CAUSE_BPA));
	set_line(w, SMALLBMS_LINE_BPA, false);
	pass(w, 100);
	EXPECT_OUTPUTS(test, w, true, true, false);

	set_line(w, SMALLBMS_LINE_BPA, true);
	pass(w, 60000);
	EXPECT_OUTPUTS(test, w, true, false, true);
	set_line(w, SMALLBMS_LINE_ATD, false);
	took = until(w, &w->out.load, false, 1000);
	KUNIT_EXPECT_EQ_MSG(test, took, w->set.filter_ms, "warned long enough");
}

static void u5_both_must_permit(struct kunit *test)
{
	struct world *w = measured_world(test);

	set_line(w, SMALLBMS_LINE_ATD, false);
	set_line(w, SMALLBMS_LINE_ATC, false);
	pass(w, 10000);
	EXPECT_OUTPUTS(test, w, false, false, false);
	set_line(w, SMALLBMS_LINE_ATD, true);
	set_line(w, SMALLBMS_LINE_ATC, true);
	pass(w, 100);
	EXPECT_OUTPUTS(test, w, true, true, false);
	cells(w, 3000, 3800);
	pass(w, 2000);
	EXPECT_OUTPUTS(test, w, true, false, true);
}

/* Charging */

static const struct level_case overvoltage_cases[] = {
	{ "not just below the level", 3300, 3749, true },
	{ "at the level", 3300, 3750, false },
	{ "stays at the reconnect level", 3750, 3600, false },
	{ "ends just below it", 3750, 3599, true },
};

KUNIT_ARRAY_PARAM_DESC(overvoltage, overvoltage_cases, name);

static void c1_charge_levels(struct kunit *test)
{
	const struct level_case *c = test->param_value;
	struct world *w = running(test, measured_world(test));

	cells(w, 3300, c->before_mv);
	pass(w, 2000);
	cells(w, 3300, c->mv);
	pass(w, w->set.hold_ms + 750);
	EXPECT_OUTPUTS(test, w, true, c->expected, false);
	KUNIT_EXPECT_EQ(test, w->out.red, !c->expected);
}

static void c1_signal(struct kunit *test)
{
	struct world *w = running(test, signals_world(test));

	set_line(w, SMALLBMS_LINE_ATC, false);
	pass(w, 19);
	EXPECT_OUTPUTS(test, w, true, true, false);
	pass(w, 1);
	EXPECT_OUTPUTS(test, w, true, false, false);
	KUNIT_EXPECT_TRUE(test, w->out.red);
	set_line(w, SMALLBMS_LINE_ATC, true);
	pass(w, 20);
	EXPECT_OUTPUTS(test, w, true, true, false);
}

static const struct level_case temperature_cases[] = {
	/* in millidegrees, not mV */
	{ "not at the lower limit", 25000, 5000, true },
	{ "below the lower limit", 25000, 4999, false },
	{ "below zero", 25000, -1, false },
	{ "far below zero", 25000, -39000, false },
	{ "stays until 2 K above", 4000, 6999, false },
	{ "ends 2 K above", 4000, 7000, true },
	{ "not at the upper limit", 25000, 50000, true },
	{ "above the upper limit", 25000, 50001, false },
	{ "stays until 2 K below", 51000, 48001, false },
	{ "ends 2 K below", 51000, 48000, true },
};

KUNIT_ARRAY_PARAM_DESC(temperature, temperature_cases, name);

static void c2_charge_temperatures(struct kunit *test)
{
	const struct level_case *c = test->param_value;
	struct world *w = running(test, measured_world(test));

	set_group(w, SMALLBMS_KIND_TEMP, c->before_mv);
	pass(w, 2000);
	set_group(w, SMALLBMS_KIND_TEMP, c->mv);
	pass(w, w->set.hold_ms + 750);
	EXPECT_OUTPUTS(test, w, true, c->expected, false);
}

static void c3_no_charge_in_pre_alarm(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));

	cells(w, 3000, 3300);
	pass(w, 2000);
	EXPECT_OUTPUTS(test, w, true, false, true);
	KUNIT_EXPECT_TRUE(test, w->out.red);
	cells(w, 3300, 3300);
	pass(w, 2000);
	EXPECT_OUTPUTS(test, w, true, true, false);

	cells(w, 2700, 3300);
	until(w, &w->out.load, false, 60000);
	EXPECT_OUTPUTS(test, w, false, true, false);
	pass(w, 600000);
	EXPECT_OUTPUTS(test, w, false, true, false);
}

static void c3_setting_keeps_charging(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));

	w->set.charge_in_pre_alarm = 1;
	cells(w, 3000, 3300);
	pass(w, 2000);
	EXPECT_OUTPUTS(test, w, true, true, true);
	KUNIT_EXPECT_FALSE(test, w->out.red);
}

static void c4_damaged_cell_needs_an_operator(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));

	cells(w, 1999, 3300);
	pass(w, 40000);
	EXPECT_OUTPUTS(test, w, false, false, false);
	KUNIT_EXPECT_TRUE(test, w->out.red);

	w->in.operator_clear = true;
	pass(w, 10000);
	KUNIT_EXPECT_FALSE_MSG(test, w->out.charge, "the cell is still damaged");

	cells(w, 3300, 3300);
	pass(w, 10000);
	EXPECT_OUTPUTS(test, w, true, false, false);
	switch_off(w);
	pass(w, 1000);
	set_line(w, SMALLBMS_LINE_REMOTE_H, true);
	pass(w, 10000);
	EXPECT_OUTPUTS(test, w, true, false, false);

	w->in.operator_clear = true;
	pass(w, 1000);
	EXPECT_OUTPUTS(test, w, true, true, false);
}

static void c4_can_be_turned_off(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));

	w->set.over_discharged_uv = 0;
	cells(w, 1000, 3300);
	pass(w, 40000);
	EXPECT_OUTPUTS(test, w, false, true, false);
}

/* Remote, supply, loop, host */

static const struct remote_case {
	const char *name;
	bool h;
	bool l;
	bool on;
} remote_cases[] = {
	{ "bridged", true, true, true },
	{ "H at plus, L floating", true, false, true },
	{ "H floating, L at minus", false, true, true },
	{ "both floating", false, false, false },
};

KUNIT_ARRAY_PARAM_DESC(remote, remote_cases, name);

static void r1_remote(struct kunit *test)
{
	const struct remote_case *c = test->param_value;
	struct world *w = measured_world(test);

	set_line(w, SMALLBMS_LINE_REMOTE_H, c->h);
	set_line(w, SMALLBMS_LINE_REMOTE_L, c->l);
	pass(w, 10000);
	EXPECT_OUTPUTS(test, w, c->on, c->on, false);
	KUNIT_EXPECT_FALSE(test, w->out.red);
}

static void r1_one_terminal_or_none(struct kunit *test)
{
	struct world *w = measured_world(test);

	w->in.line[SMALLBMS_LINE_REMOTE_L].fitted = false;
	pass(w, 2000);
	EXPECT_OUTPUTS(test, w, true, true, false);
	set_line(w, SMALLBMS_LINE_REMOTE_H, false);
	pass(w, 2000);
	EXPECT_OUTPUTS(test, w, false, false, false);

	w = measured_world(test);
	w->in.line[SMALLBMS_LINE_REMOTE_H].fitted = false;
	pass(w, 2000);
	EXPECT_OUTPUTS(test, w, true, true, false);
	set_line(w, SMALLBMS_LINE_REMOTE_L, false);
	pass(w, 2000);
	EXPECT_OUTPUTS(test, w, false, false, false);

	w = measured_world(test);
	w->in.line[SMALLBMS_LINE_REMOTE_H].fitted = false;
	w->in.line[SMALLBMS_LINE_REMOTE_L].fitted = false;
	pass(w, 2000);
	EXPECT_OUTPUTS(test, w, true, true, false);
}

/* One terminal is enough, even if the other cannot be read. */
static void r1_terminal_beside_one_that_cannot_be_read(struct kunit *test)
{
	static const enum smallbms_line_id lines[] = {
		SMALLBMS_LINE_REMOTE_H, SMALLBMS_LINE_REMOTE_L,
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		struct world *w = measured_world(test);

		set_line(w, lines[0], false);
		set_line(w, lines[1], false);
		pass(w, 1000);
		w->in.line[lines[!i]].known = false;
		pass(w, 1000);
		KUNIT_EXPECT_TRUE(test, holds(w, SMALLBMS_CAUSE_REMOTE_OFF));
		set_line(w, lines[i], true);
		pass(w, w->set.filter_ms);
		KUNIT_EXPECT_FALSE(test, holds(w, SMALLBMS_CAUSE_REMOTE_OFF));
	}
}

static void r2_remote_off_is_at_once(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));

	cells(w, 2700, 3300);
	pass(w, 2000);
	EXPECT_OUTPUTS(test, w, true, false, true);
	switch_off(w);
	pass(w, 19);
	EXPECT_OUTPUTS(test, w, true, false, true);
	pass(w, 1);
	EXPECT_OUTPUTS(test, w, false, false, false);
	KUNIT_EXPECT_FALSE(test, w->out.red);

	set_line(w, SMALLBMS_LINE_REMOTE_L, true);
	pass(w, 60000);
	EXPECT_OUTPUTS(test, w, false, true, false);	/* X2: U4 holds */
}

/* What the start after a remote switch assumes must not show as a cause. */
static void r2_remote_on_is_a_clean_start(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));
	s64 took;

	switch_off(w);
	pass(w, 12345);
	KUNIT_EXPECT_EQ(test, w->out.causes, BIT(SMALLBMS_CAUSE_REMOTE_OFF));
	set_line(w, SMALLBMS_LINE_REMOTE_H, true);
	pass(w, 20);
	for (took = 0; !w->out.load && took < 2000; took++) {
		KUNIT_EXPECT_EQ(test, w->out.causes, BIT(SMALLBMS_CAUSE_START));
		KUNIT_EXPECT_FALSE(test, w->out.red);
		pass(w, 1);
	}
	EXPECT_OUTPUTS(test, w, true, true, false);
	KUNIT_EXPECT_EQ(test, w->out.causes, 0);
}

/* R2, X2: this holds also where no output has been driven yet. */
static void x2_applies_whenever_the_remote_switch_comes_on(struct kunit *test)
{
	struct world *w = measured_world(test);

	switch_off(w);
	pass(w, 5000);
	KUNIT_EXPECT_EQ(test, w->out.causes, BIT(SMALLBMS_CAUSE_REMOTE_OFF));
	set_group(w, SMALLBMS_KIND_TEMP, 6999);
	pass(w, 5000);
	set_line(w, SMALLBMS_LINE_REMOTE_H, true);
	pass(w, 5000);
	EXPECT_OUTPUTS(test, w, true, false, false);
	KUNIT_EXPECT_EQ(test, w->out.causes, BIT(SMALLBMS_CAUSE_COLD));
}

static void x2_hot_when_the_remote_switch_comes_on(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));

	set_group(w, SMALLBMS_KIND_TEMP, 48001);
	pass(w, 2000);
	EXPECT_OUTPUTS(test, w, true, true, false);
	switch_off(w);
	pass(w, 1000);
	switch_on(w);
	pass(w, 5000);
	EXPECT_OUTPUTS(test, w, true, false, false);
	KUNIT_EXPECT_EQ(test, w->out.causes, BIT(SMALLBMS_CAUSE_HOT));
}

/* A cause that has been seen stays one, where a new start would only assume it. */
static void x2_forgets_no_cause(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));

	cells(w, 3300, 3750);
	pass(w, 2000);
	cells(w, 3300, 3600);
	pass(w, 2000);
	switch_off(w);
	pass(w, 1000);
	switch_on(w);
	KUNIT_EXPECT_EQ(test, w->out.causes, BIT(SMALLBMS_CAUSE_START) |
			BIT(SMALLBMS_CAUSE_OVERVOLTAGE));
	KUNIT_EXPECT_TRUE(test, w->out.red);
}

/* A bank that R2, R3 or R4 floats from the beginning has no other cause. */
static void x2_no_start_while_everything_floats(struct kunit *test)
{
	static const enum smallbms_cause causes[] = {
		SMALLBMS_CAUSE_REMOTE_OFF, SMALLBMS_CAUSE_SUPPLY, SMALLBMS_CAUSE_LOOP_OPEN,
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(causes); i++) {
		struct world *w = measured_world(test);

		cells(w, 3190, 3600);
		if (causes[i] == SMALLBMS_CAUSE_REMOTE_OFF)
			switch_off(w);
		else if (causes[i] == SMALLBMS_CAUSE_SUPPLY)
			set_group(w, SMALLBMS_KIND_SUPPLY, 7999000);
		else
			set_line(w, SMALLBMS_LINE_LOOP, false);
		pass(w, 5000);
		KUNIT_EXPECT_EQ(test, w->out.causes, BIT(causes[i]));
	}
}

/* X1 asks the same of every later start. */
static void x1_waits_for_the_supply_again(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));

	switch_off(w);
	pass(w, 1000);
	lose_group(w, SMALLBMS_KIND_SUPPLY);
	pass(w, 1000);
	switch_on(w);
	pass(w, 2000);
	EXPECT_OUTPUTS(test, w, false, false, false);
	KUNIT_EXPECT_EQ(test, w->out.causes, BIT(SMALLBMS_CAUSE_START));
	find_group(w, SMALLBMS_KIND_SUPPLY);
	world_scan(w);
	pass(w, w->set.hold_ms - 1);
	EXPECT_OUTPUTS(test, w, false, false, false);
	pass(w, 1);
	EXPECT_OUTPUTS(test, w, true, true, false);
}

/* No scan comes, so a deadline has to tell when the line has been known for long enough. */
static void x1_waits_for_a_line_again(struct kunit *test)
{
	struct world *w = running(test, signals_world(test));

	switch_off(w);
	pass(w, 1000);
	w->in.line[SMALLBMS_LINE_ATC].known = false;
	switch_on(w);
	pass(w, 1000);
	KUNIT_EXPECT_EQ(test, w->out.causes, BIT(SMALLBMS_CAUSE_START));
	set_line(w, SMALLBMS_LINE_ATC, true);
	KUNIT_EXPECT_EQ(test, w->out.deadline_ns,
			(w->now_ms + w->set.filter_ms) * SMALLBMS_NS_PER_MS);
	pass(w, w->set.filter_ms);
	EXPECT_OUTPUTS(test, w, true, true, false);
}

/* What was seen while the supply was out of range is no reason to charge once it is back. */
static void x2_begins_when_the_supply_is_back(struct kunit *test)
{
	int i;

	for (i = 0; i < 20; i++) {
		struct world *w = running(test, measured_world(test));

		set_group(w, SMALLBMS_KIND_SUPPLY, 7999000);
		pass(w, 2000 + 50 * i);
		set_group(w, SMALLBMS_KIND_SUPPLY, 13200000);
		while (holds(w, SMALLBMS_CAUSE_SUPPLY))
			pass(w, 10);
		set_group(w, SMALLBMS_KIND_TEMP, 6999);
		cells(w, 3199, 3600);
		pass(w, 5000);
		EXPECT_OUTPUTS(test, w, false, false, false);
		KUNIT_EXPECT_EQ(test, w->out.causes, BIT(SMALLBMS_CAUSE_COLD) |
				BIT(SMALLBMS_CAUSE_OVERVOLTAGE) | BIT(SMALLBMS_CAUSE_RECONNECT));
	}
}

/* F4: evidence for the start counts from the scan that ends R3, not from the next one. */
static void x2_comes_back_within_the_hold_time(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));

	set_group(w, SMALLBMS_KIND_SUPPLY, 7999000);
	pass(w, 3000);
	KUNIT_EXPECT_TRUE(test, holds(w, SMALLBMS_CAUSE_SUPPLY));
	EXPECT_OUTPUTS(test, w, false, false, false);
	set_group(w, SMALLBMS_KIND_SUPPLY, 13200000);
	pass(w, SCAN_MS + 2 * w->set.hold_ms);	/* the next scan, R3, X2 */
	EXPECT_OUTPUTS(test, w, true, true, false);

	/* The start is over by now, so a battery that gets hot has the hold time. */
	set_group(w, SMALLBMS_KIND_TEMP, 53000);
	pass(w, w->set.hold_ms - 1);
	EXPECT_OUTPUTS(test, w, true, true, false);
	KUNIT_EXPECT_FALSE(test, w->out.red);
}

static const struct level_case supply_cases[] = {
	{ "at the lower limit", 13200, 8000, true },
	{ "below the lower limit", 13200, 7999, false },
	{ "at the upper limit", 13200, 70000, true },
	{ "above the upper limit", 13200, 70001, false },
};

KUNIT_ARRAY_PARAM_DESC(supply, supply_cases, name);

static void r3_supply_range(struct kunit *test)
{
	const struct level_case *c = test->param_value;
	struct world *w = running(test, measured_world(test));

	set_group(w, SMALLBMS_KIND_SUPPLY, c->mv * 1000);
	pass(w, w->set.hold_ms + 750);
	EXPECT_OUTPUTS(test, w, c->expected, c->expected, false);
	KUNIT_EXPECT_EQ(test, w->out.red, !c->expected);
	set_group(w, SMALLBMS_KIND_SUPPLY, c->before_mv * 1000);
	pass(w, 3000);
	EXPECT_OUTPUTS(test, w, true, true, false);
}

static void r4_loop(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));

	set_line(w, SMALLBMS_LINE_LOOP, false);
	pass(w, 20);
	EXPECT_OUTPUTS(test, w, false, false, false);
	KUNIT_EXPECT_TRUE(test, w->out.red);
	set_line(w, SMALLBMS_LINE_LOOP, true);
	pass(w, 2000);
	EXPECT_OUTPUTS(test, w, true, true, false);
}

static void r4_loop_of_batteries_with_signals_only(struct kunit *test)
{
	struct world *w = running(test, signals_world(test));

	set_line(w, SMALLBMS_LINE_LOOP, false);
	pass(w, 20);
	EXPECT_OUTPUTS(test, w, false, false, false);
	set_line(w, SMALLBMS_LINE_LOOP, true);
	pass(w, 20);
	EXPECT_OUTPUTS(test, w, true, true, false);
}

static void r5_host_can_only_forbid(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));

	w->in.host_charge_off = true;
	pass(w, 1);
	EXPECT_OUTPUTS(test, w, true, false, false);
	KUNIT_EXPECT_EQ_MSG(test, w->out.causes, BIT(SMALLBMS_CAUSE_HOST_CHARGE_OFF), "P2");
	KUNIT_EXPECT_FALSE_MSG(test, w->out.red, "P1");
	w->in.host_load_off = true;
	pass(w, 1);
	EXPECT_OUTPUTS(test, w, false, false, false);
	KUNIT_EXPECT_EQ(test, w->out.causes, BIT(SMALLBMS_CAUSE_HOST_CHARGE_OFF) |
			BIT(SMALLBMS_CAUSE_HOST_LOAD_OFF));

	cells(w, 3150, 3800);
	pass(w, 2000);
	w->in.host_charge_off = false;
	w->in.host_load_off = false;
	pass(w, 60000);
	EXPECT_OUTPUTS(test, w, false, false, false);
	cells(w, 3300, 3300);
	pass(w, 2000);
	EXPECT_OUTPUTS(test, w, true, true, false);
}

/* A condition that begins while an output is off keeps it off, even within its hold time. */
static void doubt_full(struct world *w)
{
	cells(w, 3300, 3750);
}

static void doubt_cold(struct world *w)
{
	set_group(w, SMALLBMS_KIND_TEMP, 4999);
}

static void doubt_hot(struct world *w)
{
	set_group(w, SMALLBMS_KIND_TEMP, 50001);
}

static void doubt_over_discharged(struct world *w)
{
	cells(w, 1999, 3300);
}

static void doubt_atc(struct world *w)
{
	set_line(w, SMALLBMS_LINE_ATC, false);
}

static void doubt_atd(struct world *w)
{
	set_line(w, SMALLBMS_LINE_ATD, false);
}

static void doubt_bpa(struct world *w)
{
	set_line(w, SMALLBMS_LINE_BPA, true);
}

static void doubt_supply(struct world *w)
{
	set_group(w, SMALLBMS_KIND_SUPPLY, 7999000);
}

static void doubt_loop(struct world *w)
{
	set_line(w, SMALLBMS_LINE_LOOP, false);
}

static const struct doubt_case {
	const char *name;
	void (*begin)(struct world *w);
	bool load;
	bool charge;
} doubt_cases[] = {
	{ "nothing", NULL, true, true },
	{ "full cell", doubt_full, true, false },
	{ "cold", doubt_cold, true, false },
	{ "hot", doubt_hot, true, false },
	{ "over-discharged cell", doubt_over_discharged, false, false },
	{ "no permission to charge", doubt_atc, true, false },
	{ "no permission to discharge", doubt_atd, false, true },
	{ "battery warns", doubt_bpa, false, true },
	{ "supply out of range", doubt_supply, false, false },
	{ "loop open", doubt_loop, false, false },
	{ "remote off", switch_off, false, false },
};

KUNIT_ARRAY_PARAM_DESC(doubt, doubt_cases, name);

static void doubt_connects_nothing(struct kunit *test)
{
	const struct doubt_case *c = test->param_value;
	struct world *w = measured_world(test);

	set_line(w, SMALLBMS_LINE_ATD, true);
	set_line(w, SMALLBMS_LINE_ATC, true);
	set_line(w, SMALLBMS_LINE_BPA, false);
	running(test, w);
	w->in.host_charge_off = true;
	w->in.host_load_off = true;
	world_step(w);
	EXPECT_OUTPUTS(test, w, false, false, false);

	if (c->begin)
		c->begin(w);
	world_scan(w);
	w->in.host_charge_off = false;
	w->in.host_load_off = false;
	world_step(w);
	EXPECT_OUTPUTS(test, w, c->load, c->charge, false);
}

static void old_data_connects_nothing(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));

	w->in.host_charge_off = true;
	w->in.host_load_off = true;
	world_step(w);
	w->measured = false;
	pass(w, 2 * w->set.hold_ms);
	w->in.host_charge_off = false;
	w->in.host_load_off = false;
	world_step(w);
	EXPECT_OUTPUTS(test, w, false, false, false);
	world_scan(w);
	EXPECT_OUTPUTS(test, w, true, true, false);
}

/* Faults */

/* F1: a value that is missing keeps an output as it is, so one that floats stays floating. */
static const struct unknown_case {
	const char *name;
	int kind;	/* of measurement, or -1 */
	int line;	/* or -1 */
	bool load;
	bool charge;
} unknown_cases[] = {
	{ "cells", SMALLBMS_KIND_CELL, -1, false, false },
	{ "temperatures", SMALLBMS_KIND_TEMP, -1, true, false },
	{ "supply", SMALLBMS_KIND_SUPPLY, -1, false, false },
	{ "load current", SMALLBMS_KIND_LOAD_CURRENT, -1, false, true },
	{ "permission to discharge", -1, SMALLBMS_LINE_ATD, false, true },
	{ "permission to charge", -1, SMALLBMS_LINE_ATC, true, false },
	{ "battery pre-alarm", -1, SMALLBMS_LINE_BPA, false, true },
	{ "loop", -1, SMALLBMS_LINE_LOOP, false, false },
	{ "remote H", -1, SMALLBMS_LINE_REMOTE_H, false, false },
};

KUNIT_ARRAY_PARAM_DESC(unknown, unknown_cases, name);

static void f1_what_is_unknown_connects_nothing(struct kunit *test)
{
	const struct unknown_case *c = test->param_value;
	struct world *w = measured_world(test);

	w->in.line[SMALLBMS_LINE_REMOTE_L].fitted = false;
	set_line(w, SMALLBMS_LINE_ATD, true);
	set_line(w, SMALLBMS_LINE_ATC, true);
	set_line(w, SMALLBMS_LINE_BPA, false);
	running(test, w);
	w->in.host_charge_off = true;
	w->in.host_load_off = true;
	pass(w, 1000);
	EXPECT_OUTPUTS(test, w, false, false, false);

	if (c->kind >= 0)
		lose_group(w, c->kind);
	else
		w->in.line[c->line].known = false;
	world_scan(w);
	w->in.host_charge_off = false;
	w->in.host_load_off = false;
	pass(w, 3000);
	EXPECT_OUTPUTS(test, w, c->load, c->charge, false);

	if (c->kind >= 0)
		find_group(w, c->kind);
	else
		w->in.line[c->line].known = true;
	pass(w, 2000);
	EXPECT_OUTPUTS(test, w, true, true, false);
}

/* A line that cannot be read is tried again; one that is not fitted is not. */
static void a_line_that_cannot_be_read_is_tried_again(struct kunit *test)
{
	struct world *w = running(test, signals_world(test));

	w->in.line[SMALLBMS_LINE_LOOP].known = false;
	world_step(w);
	KUNIT_EXPECT_EQ(test, w->out.deadline_ns, from_now(w, RETRY_MS));

	w = signals_world(test);
	w->in.line[SMALLBMS_LINE_LOOP] = (struct smallbms_line){};
	running(test, w);
	world_step(w);
	KUNIT_EXPECT_EQ(test, w->out.deadline_ns, from_now(w, LOOK_MS));
}

/* Speed: a loss ends when the filter time is over, not at the next look. */
static void f1_a_line_that_is_back_ends_the_pre_alarm(struct kunit *test)
{
	struct world *w = running(test, signals_world(test));

	w->in.line[SMALLBMS_LINE_LOOP].known = false;
	pass(w, w->set.stale_ms);
	KUNIT_ASSERT_TRUE(test, w->out.pre_alarm);
	w->in.line[SMALLBMS_LINE_LOOP].known = true;
	world_step(w);
	KUNIT_EXPECT_EQ(test, w->out.deadline_ns, from_now(w, w->set.filter_ms));
	pass(w, w->set.filter_ms);
	EXPECT_OUTPUTS(test, w, true, true, false);
}

/* The line is tried again, and nothing else is due. */
static void a_line_that_fails_while_it_is_weighed(struct kunit *test)
{
	struct world *w = running(test, signals_world(test));

	set_line(w, SMALLBMS_LINE_LOOP, false);
	w->in.line[SMALLBMS_LINE_LOOP].known = false;
	pass(w, w->set.filter_ms);
	EXPECT_OUTPUTS(test, w, true, true, false);
	KUNIT_EXPECT_GE(test, w->out.deadline_ns, from_now(w, 1));
	KUNIT_EXPECT_LE(test, w->out.deadline_ns, from_now(w, RETRY_MS));
	pass(w, FLICKER_MS);
	EXPECT_OUTPUTS(test, w, true, true, false);
	KUNIT_EXPECT_GE(test, w->out.deadline_ns, from_now(w, 1));
	w->in.line[SMALLBMS_LINE_LOOP].known = true;
	world_step(w);
	EXPECT_OUTPUTS(test, w, false, false, false);
}

static void f1_short_loss_changes_nothing(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));
	int i;

	for (i = 0; i < 10; i++) {
		lose_group(w, SMALLBMS_KIND_CELL);
		pass(w, 4000);
		EXPECT_OUTPUTS(test, w, true, true, false);
		cells(w, 3300, 3300);
		pass(w, 1000);
		EXPECT_OUTPUTS(test, w, true, true, false);
	}
}

static const struct lost_case {
	const char *name;
	enum smallbms_kind kind;
} lost_cases[] = {
	{ "cells", SMALLBMS_KIND_CELL },
	{ "supply", SMALLBMS_KIND_SUPPLY },
	{ "load current", SMALLBMS_KIND_LOAD_CURRENT },
};

KUNIT_ARRAY_PARAM_DESC(lost, lost_cases, name);

static void f1_lost_measurement(struct kunit *test)
{
	const struct lost_case *c = test->param_value;
	struct world *w = running(test, measured_world(test));
	s64 took;

	lose_group(w, c->kind);
	took = until(w, &w->out.pre_alarm, true, 20000);
	KUNIT_EXPECT_GE(test, took, 5000 - SCAN_MS);
	KUNIT_EXPECT_LE(test, took, 5000);
	EXPECT_OUTPUTS(test, w, true, false, true);
	KUNIT_EXPECT_TRUE(test, w->out.red);
	took = until(w, &w->out.load, false, 60000);
	KUNIT_EXPECT_GE(test, took, 30000);
	KUNIT_EXPECT_LE(test, took, 30100);
	pass(w, 600000);
	EXPECT_OUTPUTS(test, w, false, false, false);
}

static void f1_loss_that_ends_in_the_window(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));

	lose_group(w, SMALLBMS_KIND_CELL);
	until(w, &w->out.pre_alarm, true, 20000);
	pass(w, 29900);
	cells(w, 3300, 3300);
	pass(w, 5000);
	EXPECT_OUTPUTS(test, w, true, true, false);
}

/* A lost value does not end what it began, but the cut waits until the value is stale. */
static void f1_loss_in_the_window_of_an_empty_cell(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));

	cells(w, 2700, 3300);
	until(w, &w->out.pre_alarm, true, 20000);
	pass(w, 28000);
	lose_group(w, SMALLBMS_KIND_CELL);
	pass(w, 4000);
	EXPECT_OUTPUTS(test, w, true, false, true);
	pass(w, 2000);
	EXPECT_OUTPUTS(test, w, false, false, false);
}

/* A cell that is known to be empty cuts the load, even if another cell is unknown. */
static void u2_an_empty_cell_beside_one_that_is_unknown(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));

	cells(w, 2700, 3300);
	until(w, &w->out.pre_alarm, true, 20000);
	pass(w, 28000);
	w->channels[SMALLBMS_KIND_CELL].all = false;
	pass(w, 2003);
	EXPECT_OUTPUTS(test, w, false, false, false);
}

static void f1_known_cells_still_trip(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));

	cells(w, 3000, 3800);
	w->channels[SMALLBMS_KIND_CELL].all = false;	/* one of the others is unknown */
	pass(w, 1500);
	EXPECT_OUTPUTS(test, w, true, false, true);
	KUNIT_EXPECT_TRUE(test, holds(w, SMALLBMS_CAUSE_PRE_ALARM));
	KUNIT_EXPECT_TRUE(test, holds(w, SMALLBMS_CAUSE_OVERVOLTAGE));
}

/* A scan of cells and temperatures @ms after the one before */
static void scan_after(struct world *w, u64 ms, int cell_mv, int temp_mc, bool any, bool all)
{
	w->now_ms += ms;
	cells(w, cell_mv, cell_mv);
	set_group(w, SMALLBMS_KIND_TEMP, temp_mc);
	w->channels[SMALLBMS_KIND_CELL].any = any;
	w->channels[SMALLBMS_KIND_CELL].all = all;
	w->channels[SMALLBMS_KIND_TEMP].any = any;
	w->channels[SMALLBMS_KIND_TEMP].all = all;
	world_scan(w);
}

static void f1_every_other_read_failing_still_trips(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));
	int i;

	for (i = 0; i < 4; i++) {
		KUNIT_EXPECT_FALSE(test, w->out.pre_alarm);
		KUNIT_EXPECT_TRUE(test, w->out.charge);
		scan_after(w, 100, 3099, 50001, true, true);
		scan_after(w, 100, 0, 0, false, false);
	}
	KUNIT_EXPECT_TRUE(test, holds(w, SMALLBMS_CAUSE_PRE_ALARM));
	KUNIT_EXPECT_TRUE(test, holds(w, SMALLBMS_CAUSE_HOT));
}

/* A value between the levels is no missing one: it ends the condition that is under way. */
static void f4_values_between_the_levels_begin_anew(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));
	int i;

	for (i = 0; i < 10; i++) {
		scan_after(w, 300, 3099, 50001, true, true);
		scan_after(w, 300, 3110, 49000, true, true);
	}
	EXPECT_OUTPUTS(test, w, true, true, false);
	KUNIT_EXPECT_EQ(test, w->out.causes, 0);
}

/* Good values end nothing if others are unknown, or if unknown values come in between. */
static void f1_what_is_unknown_ends_nothing(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));
	int i;

	for (i = 0; i < 3; i++)
		scan_after(w, 300, 3099, 50001, true, true);
	EXPECT_OUTPUTS(test, w, true, false, true);
	for (i = 0; i < 10; i++) {
		scan_after(w, 300, 3300, 25000, true, false);
		EXPECT_OUTPUTS(test, w, true, false, true);
		KUNIT_EXPECT_TRUE(test, holds(w, SMALLBMS_CAUSE_HOT));
	}
	for (i = 0; i < 10; i++) {
		scan_after(w, 300, 3300, 25000, true, true);
		scan_after(w, 300, 0, 0, false, false);
		EXPECT_OUTPUTS(test, w, true, false, true);
	}
	scan_after(w, 300, 3300, 25000, true, true);
	scan_after(w, 500, 3300, 25000, true, true);
	EXPECT_OUTPUTS(test, w, true, true, false);

	/* Nor do they connect the load. */
	w->in.host_load_off = true;
	scan_after(w, 300, 3300, 25000, true, true);
	w->in.host_load_off = false;
	for (i = 0; i < 5; i++)
		scan_after(w, 300, 3300, 25000, true, false);
	KUNIT_EXPECT_FALSE(test, w->out.load);
}

/* While the channels fail in turn, none is stale, but they are never all known. */
static void f1_loss_that_moves_on_is_no_end(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));
	int i;

	lose_group(w, SMALLBMS_KIND_CELL);
	pass(w, 6000);
	KUNIT_EXPECT_TRUE(test, holds(w, SMALLBMS_CAUSE_CELL_LOST));
	for (i = 0; i < 5; i++) {
		w->channels[SMALLBMS_KIND_CELL].good_ns = w->now_ms * SMALLBMS_NS_PER_MS;
		scan_after(w, 300, 3300, 25000, true, false);
		KUNIT_EXPECT_TRUE(test, holds(w, SMALLBMS_CAUSE_CELL_LOST));
	}
	for (i = 0; i < 3; i++)
		scan_after(w, 300, 3300, 25000, true, true);
	KUNIT_EXPECT_FALSE(test, holds(w, SMALLBMS_CAUSE_CELL_LOST));
}

static void f1_stuck_scanner(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));
	s64 took;

	w->measured = false;	/* a converter that never returns */
	took = until(w, &w->out.pre_alarm, true, 20000);
	KUNIT_EXPECT_GE(test, took, 5000 - SCAN_MS);
	KUNIT_EXPECT_LE(test, took, 5000);
	took = until(w, &w->out.load, false, 60000);
	KUNIT_EXPECT_GE(test, took, 30000);
	KUNIT_EXPECT_LE(test, took, 30100);
}

/*
 * A loss that is just ending when the converter stops for good has not ended. The bank has
 * cells alone, because any other measurement would ask for the same step.
 */
static void f1_stuck_scanner_at_the_end_of_a_loss(struct kunit *test)
{
	struct world *w = world_alloc(test);

	w->measured = true;
	set_group(w, SMALLBMS_KIND_CELL, 3300000);
	set_line(w, SMALLBMS_LINE_LOOP, true);
	pass(w, 2000);
	KUNIT_ASSERT_TRUE(test, w->out.load);
	lose_group(w, SMALLBMS_KIND_CELL);
	until(w, &w->out.pre_alarm, true, 20000);
	cells(w, 3300, 3300);
	world_scan(w);
	w->measured = false;
	pass(w, 30100);
	EXPECT_OUTPUTS(test, w, false, false, false);
}

static void f1_unreadable_lines(struct kunit *test)
{
	static const enum smallbms_line_id lines[] = {
		SMALLBMS_LINE_ATD, SMALLBMS_LINE_BPA, SMALLBMS_LINE_LOOP,
		SMALLBMS_LINE_REMOTE_H, SMALLBMS_LINE_REMOTE_L,
	};
	struct world *w;
	s64 took;
	int i;

	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		w = running(test, signals_world(test));
		w->in.line[lines[i]].known = false;
		took = until(w, &w->out.pre_alarm, true, 20000);
		KUNIT_EXPECT_EQ_MSG(test, took, w->set.stale_ms, "line %d", lines[i]);
		EXPECT_OUTPUTS(test, w, true, false, true);
		took = until(w, &w->out.load, false, 60000);
		KUNIT_EXPECT_GE(test, took, 30000);
	}

	w = running(test, signals_world(test));
	w->in.line[SMALLBMS_LINE_ATC].known = false;
	pass(w, 60000);
	EXPECT_OUTPUTS(test, w, true, false, false);
	/* Charging comes back with its line, whatever else cannot be read. */
	w->in.line[SMALLBMS_LINE_BPA].known = false;
	set_line(w, SMALLBMS_LINE_ATC, true);
	KUNIT_EXPECT_EQ(test, w->out.deadline_ns,
			(w->now_ms + w->set.filter_ms) * SMALLBMS_NS_PER_MS);
	pass(w, w->set.filter_ms);
	EXPECT_OUTPUTS(test, w, true, true, false);
}

static void f1_no_source_at_all(struct kunit *test)
{
	struct world *w = world_alloc(test);

	pass(w, 60000);
	EXPECT_OUTPUTS(test, w, false, false, false);
	KUNIT_EXPECT_TRUE(test, holds(w, SMALLBMS_CAUSE_NO_SOURCE));
}

static void f1_no_source_of_full_cells(struct kunit *test)
{
	struct world *w = world_alloc(test);

	set_line(w, SMALLBMS_LINE_ATD, true);
	pass(w, 60000);
	EXPECT_OUTPUTS(test, w, false, false, false);
	KUNIT_EXPECT_TRUE(test, holds(w, SMALLBMS_CAUSE_NO_SOURCE));
}

/* When the last source goes while the load is on, the cut is warned of like any other. */
static void f1_source_that_goes(struct kunit *test)
{
	struct world *w = running(test, signals_world(test));
	s64 took;

	w->in.line[SMALLBMS_LINE_ATD].fitted = false;
	world_step(w);
	EXPECT_OUTPUTS(test, w, true, false, true);
	took = until(w, &w->out.load, false, 40000);
	KUNIT_EXPECT_GE(test, took, 30000);
}

/* U2: what cuts also warns, even in a state that should not be possible. */
static void u2_an_empty_cell_alone_warns(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));

	cells(w, 2799, 3300);
	w->st.empty.on = true;
	w->st.low.on = false;
	world_scan(w);
	EXPECT_OUTPUTS(test, w, true, false, true);
}

/* With signals and one channel, the start waits for that channel and for nothing else. */
static void x1_signals_and_one_channel(struct kunit *test)
{
	static const enum smallbms_kind kinds[] = {
		SMALLBMS_KIND_CELL, SMALLBMS_KIND_TEMP, SMALLBMS_KIND_SUPPLY,
		SMALLBMS_KIND_LOAD_CURRENT,
	};
	static const s32 values[] = { 3300000, 25000, 13200000, 0 };
	int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct world *w = signals_world(test);

		w->measured = true;
		set_group(w, kinds[i], values[i]);
		w->in.group[kinds[i]].fitted = true;
		w->in.group[kinds[i]].good_ns = w->now_ms * SMALLBMS_NS_PER_MS;
		pass(w, w->set.hold_ms - 10);
		EXPECT_OUTPUTS(test, w, false, false, false);
		pass(w, 1000);
		EXPECT_OUTPUTS(test, w, true, true, false);

		/* F1: an old value of the channel connects nothing. */
		w->in.host_charge_off = true;
		w->in.host_load_off = true;
		world_step(w);
		world_scan(w);
		w->in.host_charge_off = false;
		w->in.host_load_off = false;
		w->now_ms += w->set.hold_ms + 1;
		world_step(w);
		EXPECT_OUTPUTS(test, w, false, false, false);
		w->in.host_charge_off = true;
		w->in.host_load_off = true;
		world_scan(w);
		w->in.host_charge_off = false;
		w->in.host_load_off = false;
		w->now_ms += w->set.hold_ms;
		world_step(w);
		EXPECT_OUTPUTS(test, w, true, true, false);
	}
}

/* A scan from the future, or from before the last one, is no scan. */
static void impossible_times_change_nothing(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));
	u64 scan_ns = w->st.scan_ns;

	w->in.scan_ns = scan_ns - 1;
	world_step(w);
	KUNIT_EXPECT_EQ(test, w->st.scan_ns, scan_ns);
	w->in.scan_ns = (w->now_ms + 1000) * SMALLBMS_NS_PER_MS;
	world_step(w);
	KUNIT_EXPECT_EQ(test, w->st.scan_ns, scan_ns);
	EXPECT_OUTPUTS(test, w, true, true, false);
}

static void f2_lost_temperature_forbids_charging_only(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));

	lose_group(w, SMALLBMS_KIND_TEMP);
	pass(w, 4500);
	EXPECT_OUTPUTS(test, w, true, true, false);
	pass(w, 600000);
	EXPECT_OUTPUTS(test, w, true, false, false);
	KUNIT_EXPECT_TRUE(test, w->out.red);
	set_group(w, SMALLBMS_KIND_TEMP, 25000);
	pass(w, 2000);
	EXPECT_OUTPUTS(test, w, true, true, false);
}

static void f4_one_bad_sample_decides_nothing(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));
	int i;

	for (i = 0; i < 30; i++) {
		cells(w, 900, 4500);
		set_group(w, SMALLBMS_KIND_TEMP, -20000);
		set_group(w, SMALLBMS_KIND_SUPPLY, 75000000);
		pass(w, SCAN_MS);
		cells(w, 3300, 3300);
		set_group(w, SMALLBMS_KIND_TEMP, 25000);
		set_group(w, SMALLBMS_KIND_SUPPLY, 13200000);
		pass(w, 2000);
		EXPECT_OUTPUTS(test, w, true, true, false);
		KUNIT_EXPECT_EQ(test, w->out.causes, 0);
	}
}

/* Looking often at one bad scan does not make it two. */
static void f4_time_is_counted_from_scan_to_scan(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));

	cells(w, 900, 3300);
	w->now_ms = w->scan_ms;
	world_scan(w);
	w->measured = false;
	while (w->now_ms < w->scan_ms + 4000) {
		w->now_ms += 10;
		world_step(w);
	}
	EXPECT_OUTPUTS(test, w, true, true, false);
}

static void f4_a_clock_that_goes_back_shortens_nothing(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));
	s64 took;

	cells(w, 2700, 3300);
	until(w, &w->out.pre_alarm, true, 5000);
	smallbms_policy_step(&w->set, &w->st, &w->in, 0, &w->out);
	KUNIT_EXPECT_TRUE(test, w->out.load);
	took = until(w, &w->out.load, false, 60000);
	KUNIT_EXPECT_GE(test, took, 30000);
}

static void f5_overload_is_tried_again_twice(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));
	s64 took;
	int i;

	for (i = 0; i < 3; i++) {
		set_group(w, SMALLBMS_KIND_LOAD_CURRENT, 1000001);
		took = until(w, &w->out.load, false, 5000);
		KUNIT_EXPECT_GE(test, took, w->set.hold_ms);
		KUNIT_EXPECT_LE(test, took, w->set.hold_ms + 750);
		EXPECT_OUTPUTS(test, w, false, true, false);
		set_group(w, SMALLBMS_KIND_LOAD_CURRENT, 0);
		KUNIT_EXPECT_EQ(test, holds(w, SMALLBMS_CAUSE_OVERLOAD), i < 2);
		if (i == 2)
			break;
		took = until(w, &w->out.load, true, 20000);
		KUNIT_EXPECT_FALSE(test, holds(w, SMALLBMS_CAUSE_OVERLOAD));
		KUNIT_EXPECT_GE(test, took, 10000);
		KUNIT_EXPECT_LE(test, took, 10000 + SCAN_MS);
	}
	KUNIT_EXPECT_TRUE(test, holds(w, SMALLBMS_CAUSE_OVERLOAD_LATCHED));
	pass(w, 3600000);
	EXPECT_OUTPUTS(test, w, false, true, false);
	set_line(w, SMALLBMS_LINE_LOOP, false);
	pass(w, 1000);
	set_line(w, SMALLBMS_LINE_LOOP, true);
	pass(w, 60000);
	KUNIT_EXPECT_FALSE_MSG(test, w->out.load, "a loop is no operator");
	w->in.operator_clear = true;
	pass(w, 1000);
	EXPECT_OUTPUTS(test, w, true, true, false);

	/* The clear forgives all three. */
	for (i = 0; i < 2; i++) {
		set_group(w, SMALLBMS_KIND_LOAD_CURRENT, 1000001);
		until(w, &w->out.load, false, 5000);
		KUNIT_EXPECT_FALSE(test, holds(w, SMALLBMS_CAUSE_OVERLOAD_LATCHED));
		set_group(w, SMALLBMS_KIND_LOAD_CURRENT, 0);
		until(w, &w->out.load, true, 20000);
	}
}

static void f5_good_service_forgives(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));
	int i;

	for (i = 0; i < 10; i++) {
		set_group(w, SMALLBMS_KIND_LOAD_CURRENT, 1400000);
		pass(w, 2000);
		KUNIT_EXPECT_FALSE(test, w->out.load);
		set_group(w, SMALLBMS_KIND_LOAD_CURRENT, 0);
		pass(w, 10000);
		KUNIT_EXPECT_TRUE(test, w->out.load);
		pass(w, 61000);
	}
}

/* A month of service between two overloads, and then a remote switch that is turned off. */
static void f5_forgiven_is_forgiven(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));
	int i;

	for (i = 0; i < 2; i++) {
		set_group(w, SMALLBMS_KIND_LOAD_CURRENT, 1400000);
		pass(w, 2000);
		set_group(w, SMALLBMS_KIND_LOAD_CURRENT, 0);
		pass(w, 12000);
		KUNIT_EXPECT_TRUE(test, w->out.load);
	}
	pass(w, 60000);
	KUNIT_EXPECT_EQ(test, remembered(w).overloads, 0);
	switch_off(w);
	pass(w, 5000);
	switch_on(w);
	pass(w, 5000);
	KUNIT_EXPECT_TRUE(test, w->out.load);
	set_group(w, SMALLBMS_KIND_LOAD_CURRENT, 1400000);
	pass(w, 2000);
	KUNIT_EXPECT_FALSE(test, w->out.load);
	KUNIT_EXPECT_FALSE(test, holds(w, SMALLBMS_CAUSE_OVERLOAD_LATCHED));
}

/* Too much current, when the load has been on for @service_ms. */
static void overload_after(struct world *w, u64 service_ms)
{
	u64 end_ms = w->now_ms + service_ms;

	set_group(w, SMALLBMS_KIND_LOAD_CURRENT, 1000001);
	w->now_ms = end_ms - w->set.hold_ms;
	world_scan(w);
	w->now_ms = end_ms;
	world_scan(w);
	set_group(w, SMALLBMS_KIND_LOAD_CURRENT, 0);
}

static const struct service_case {
	const char *name;
	u64 ms;
	bool latched;
} service_cases[] = {
	{ "just too little", 59999, true },
	{ "just enough", 60000, false },
};

KUNIT_ARRAY_PARAM_DESC(service, service_cases, name);

static void f5_times(struct kunit *test)
{
	const struct service_case *c = test->param_value;
	struct world *w = running(test, measured_world(test));
	int i;

	for (i = 0; i < 2; i++) {
		overload_after(w, 5000);
		KUNIT_EXPECT_FALSE(test, w->out.load);
		w->now_ms += 9999;
		world_scan(w);
		KUNIT_EXPECT_FALSE(test, w->out.load);
		KUNIT_EXPECT_TRUE(test, holds(w, SMALLBMS_CAUSE_OVERLOAD));
		KUNIT_EXPECT_EQ(test, w->out.deadline_ns, (w->now_ms + 1) * SMALLBMS_NS_PER_MS);
		w->now_ms++;
		world_step(w);
		KUNIT_EXPECT_TRUE(test, w->out.load);
	}
	overload_after(w, c->ms);
	EXPECT_OUTPUTS(test, w, false, true, false);
	KUNIT_EXPECT_EQ(test, holds(w, SMALLBMS_CAUSE_OVERLOAD_LATCHED), c->latched);
	KUNIT_EXPECT_EQ(test, holds(w, SMALLBMS_CAUSE_OVERLOAD), !c->latched);
	w->now_ms += 9999;
	world_scan(w);
	KUNIT_EXPECT_EQ(test, w->out.deadline_ns == (w->now_ms + 1) * SMALLBMS_NS_PER_MS,
			!c->latched);
	if (c->latched)
		return;

	/* The earlier overloads are forgiven, so this was the first of three. */
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_FALSE(test, holds(w, SMALLBMS_CAUSE_OVERLOAD_LATCHED));
		KUNIT_EXPECT_GE(test, until(w, &w->out.load, true, 12000), 0);
		overload_after(w, 5000);
	}
	KUNIT_EXPECT_TRUE(test, holds(w, SMALLBMS_CAUSE_OVERLOAD_LATCHED));
}

/* Evidence from before the load went for another reason does not count when it is back. */
static void f5_begins_anew_with_the_load(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));

	set_group(w, SMALLBMS_KIND_LOAD_CURRENT, 1000001);
	world_scan(w);
	switch_off(w);
	pass(w, 1000);
	switch_on(w);
	until(w, &w->out.load, true, 2000);
	w->now_ms++;
	world_scan(w);
	KUNIT_EXPECT_TRUE(test, w->out.load);
	pass(w, w->set.hold_ms);
	KUNIT_EXPECT_FALSE(test, w->out.load);
}

/* After a clear the load is tried again at once. */
static void f5_clear_ends_the_wait(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));

	overload_after(w, 5000);
	EXPECT_OUTPUTS(test, w, false, true, false);
	w->now_ms += 1000;
	w->in.operator_clear = true;
	world_scan(w);
	EXPECT_OUTPUTS(test, w, true, true, false);
}

static void f5_limit_itself_is_allowed(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));

	set_group(w, SMALLBMS_KIND_LOAD_CURRENT, 1000000);
	pass(w, 60000);
	EXPECT_OUTPUTS(test, w, true, true, false);
}

/* Time */

/*
 * Between two scans nothing may happen before the deadline, so a step in between
 * decides the same. The inputs come from a small generator with a fixed seed.
 */
static void deadline_is_never_late(struct kunit *test)
{
	struct world *w = measured_world(test);
	u32 seed = 12345;
	int i, j;

	set_line(w, SMALLBMS_LINE_ATD, true);
	set_line(w, SMALLBMS_LINE_ATC, true);
	set_line(w, SMALLBMS_LINE_BPA, false);

	for (i = 0; i < 20000; i++) {
		struct smallbms_state st;
		struct smallbms_decision before, out;
		u64 now_ns, gap_ns;

		seed = seed * 1664525 + 1013904223;
		switch ((seed >> 16) % 64) {
		case 0 ... 5:
			cells(w, 1900 + (seed >> 8) % 1600, 3300 + (seed >> 12) % 600);
			break;
		case 6:
			lose_group(w, SMALLBMS_KIND_CELL);
			break;
		case 7:
			set_group(w, SMALLBMS_KIND_TEMP, -10000 + (int)((seed >> 8) % 70000));
			break;
		case 8:
			set_group(w, SMALLBMS_KIND_LOAD_CURRENT, 900000 + (seed >> 8) % 200000);
			break;
		case 9 ... 14:
			j = (seed >> 8) % SMALLBMS_NUM_LINES;
			set_line(w, j, (seed >> 12) % 8 != 0);
			break;
		case 15:
			w->in.line[(seed >> 8) % SMALLBMS_NUM_LINES].known = false;
			break;
		case 16:
			w->in.operator_clear = true;
			break;
		case 17 ... 20:
			cells(w, 3300, 3300);
			set_group(w, SMALLBMS_KIND_LOAD_CURRENT, 0);
			break;
		default:
			break;
		}
		pass(w, 1 + (seed >> 20) % 300);

		/* Steps at moments before the deadline. */
		before = w->out;
		st = w->st;
		now_ns = w->now_ms * SMALLBMS_NS_PER_MS;
		gap_ns = min(before.deadline_ns, now_ns + 400000000000ULL) - now_ns;
		KUNIT_ASSERT_GT_MSG(test, before.deadline_ns, now_ns, "the deadline is over");
		for (j = 1; j < 4; j++) {
			smallbms_policy_step(&w->set, &st, &w->in,
					     now_ns + (gap_ns >> 2) * j, &out);
			KUNIT_ASSERT_EQ(test, out.load, before.load);
			KUNIT_ASSERT_EQ(test, out.charge, before.charge);
			KUNIT_ASSERT_EQ(test, out.pre_alarm, before.pre_alarm);
		}
	}
}

/* What has passed leaves no deadline and asks for no scan. */
static void a_glitch_leaves_nothing_due(struct kunit *test)
{
	struct world *w = running(test, signals_world(test));

	set_line(w, SMALLBMS_LINE_LOOP, false);
	KUNIT_EXPECT_EQ(test, w->out.deadline_ns, from_now(w, w->set.filter_ms));
	w->now_ms += 1;
	set_line(w, SMALLBMS_LINE_LOOP, true);
	KUNIT_EXPECT_EQ(test, w->out.deadline_ns, from_now(w, LOOK_MS));

	w = running(test, measured_world(test));
	scan_after(w, 100, 3300, 4999, true, true);
	KUNIT_EXPECT_EQ(test, scan_due_ns(w), w->in.scan_ns +
			w->set.hold_ms * SMALLBMS_NS_PER_MS / 2);
	scan_after(w, 100, 3300, 25000, true, true);
	KUNIT_EXPECT_EQ(test, scan_due_ns(w), SMALLBMS_NEVER);
}

/* F4: a condition under way is looked at halfway, and when its hold time is over. */
static const struct evidence_case {
	const char *name;
	enum smallbms_kind kind;
	s32 before;
	s32 min;
	s32 max;
} evidence_cases[] = {
	{ "low cell", SMALLBMS_KIND_CELL, 3300000, 3099000, 3300000 },
	{ "empty cell", SMALLBMS_KIND_CELL, 3000000, 2799000, 3000000 },
	{ "full cell", SMALLBMS_KIND_CELL, 3300000, 3300000, 3750000 },
	{ "over-discharged cell", SMALLBMS_KIND_CELL, 2500000, 1999000, 2500000 },
	{ "cold", SMALLBMS_KIND_TEMP, 25000, 4999, 25000 },
	{ "hot", SMALLBMS_KIND_TEMP, 25000, 25000, 50001 },
	{ "low supply", SMALLBMS_KIND_SUPPLY, 13200000, 7999000, 7999000 },
	{ "high supply", SMALLBMS_KIND_SUPPLY, 13200000, 70001000, 70001000 },
	{ "load current", SMALLBMS_KIND_LOAD_CURRENT, 0, 1000001, 1000001 },
};

KUNIT_ARRAY_PARAM_DESC(evidence, evidence_cases, name);

static void expect_looks(struct kunit *test, struct world *w)
{
	u64 half_ns = w->set.hold_ms * SMALLBMS_NS_PER_MS / 2;

	KUNIT_EXPECT_EQ(test, scan_due_ns(w), w->st.scan_ns + half_ns);
	w->now_ms = due_ms(scan_due_ns(w));
	world_scan(w);
	KUNIT_EXPECT_EQ(test, scan_due_ns(w), w->st.scan_ns + half_ns);
}

static void f4_evidence_is_looked_at_in_between(struct kunit *test)
{
	const struct evidence_case *c = test->param_value;
	struct world *w = running(test, measured_world(test));

	set_group(w, c->kind, c->before);
	pass(w, 2000);
	w->now_ms++;
	w->channels[c->kind].min = c->min;
	w->channels[c->kind].max = c->max;
	world_scan(w);
	expect_looks(test, w);
}

static void f4_the_end_of_a_loss_is_looked_at_in_between(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));

	lose_group(w, SMALLBMS_KIND_TEMP);
	pass(w, 10000);
	KUNIT_EXPECT_TRUE(test, holds(w, SMALLBMS_CAUSE_TEMP_LOST));
	find_group(w, SMALLBMS_KIND_TEMP);
	w->now_ms++;
	world_scan(w);
	expect_looks(test, w);
}

/* All values are between the levels, so no other condition is under way. */
static void x1_a_start_is_looked_at_in_between(struct kunit *test)
{
	struct world *w = measured_world(test);

	w->channels[SMALLBMS_KIND_TEMP].fitted = false;
	w->in.group[SMALLBMS_KIND_TEMP].fitted = false;
	running(test, w);
	cells(w, 3190, 3600);
	pass(w, 1000);
	switch_off(w);
	pass(w, 1000);
	set_line(w, SMALLBMS_LINE_REMOTE_H, true);
	w->now_ms += w->set.filter_ms;
	world_scan(w);
	KUNIT_EXPECT_TRUE(test, holds(w, SMALLBMS_CAUSE_START));
	expect_looks(test, w);
}

/* F1: a value that is missing is read again sooner than at the usual pace. */
static void f1_missing_value_is_looked_for(struct kunit *test)
{
	struct world *w = measured_world(test);
	int i;

	set_group(w, SMALLBMS_KIND_BANK_CURRENT, 0);
	running(test, w);
	for (i = 0; i < SMALLBMS_NUM_KINDS; i++) {
		w->channels[i].all = false;
		world_scan(w);
		KUNIT_EXPECT_EQ(test, scan_due_ns(w), w->in.scan_ns +
				w->set.hold_ms * SMALLBMS_NS_PER_MS / 2);
		w->channels[i].all = true;
		pass(w, 2000);
	}
	world_scan(w);
	KUNIT_EXPECT_EQ(test, scan_due_ns(w), SMALLBMS_NEVER);
}

/*
 * Scan one of two converters of cells, @ms after the last step. It finds cells at @found_mv.
 * The lowest of all cells, as last read, is at @lowest_mv. The oldest scan of cells was at
 * @older_ms. Everything else has just been scanned.
 */
static void scan_of_one(struct world *w, u64 ms, int found_mv, int lowest_mv, u64 older_ms)
{
	struct smallbms_group *cell = &w->in.group[SMALLBMS_KIND_CELL];
	int i;

	w->now_ms += ms;
	w->in.scan_ns = w->now_ms * SMALLBMS_NS_PER_MS;
	for (i = 0; i < SMALLBMS_NUM_KINDS; i++)
		w->in.group[i].scan_ns = w->in.scan_ns;
	cell->min = lowest_mv * 1000;
	cell->new_min = found_mv * 1000;
	cell->scan_ns = older_ms * SMALLBMS_NS_PER_MS;
	world_step(w);
}

/* F4: a low cell counts when its own converter has found it low for the hold time. */
static void f4_another_converter_is_no_evidence(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));
	u64 hold = w->set.hold_ms, older = w->now_ms;
	int i;

	scan_of_one(w, 0, 2700, 2700, older);
	KUNIT_EXPECT_EQ(test, w->out.scan_ns[SMALLBMS_KIND_CELL], from_now(w, hold / 2));
	KUNIT_EXPECT_EQ(test, w->out.scan_ns[SMALLBMS_KIND_TEMP], SMALLBMS_NEVER);
	for (i = 0; i < 5; i++) {
		scan_of_one(w, hold / 4, 3300, 2700, older);
		EXPECT_OUTPUTS(test, w, true, true, false);
	}
	scan_of_one(w, 1, 2700, 2700, older);
	EXPECT_OUTPUTS(test, w, true, false, true);

	/* If a scan in between finds all cells good, that is two glitches and no low cell. */
	w = running(test, measured_world(test));
	scan_of_one(w, 0, 2700, 2700, w->now_ms);
	scan_of_one(w, hold / 2, 3300, 3300, w->now_ms);
	scan_of_one(w, hold / 2, 2700, 2700, w->now_ms);
	EXPECT_OUTPUTS(test, w, true, true, false);
}

/* F4: evidence that all cells are good again is as old as the oldest of their scans. */
static void f4_all_converters_end_it(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));
	u64 hold = w->set.hold_ms, older, well;
	int i;

	cells(w, 3000, 3300);
	until(w, &w->out.pre_alarm, true, 5000);
	older = w->now_ms;
	scan_of_one(w, hold / 4, 3300, 3300, older);
	well = w->now_ms;
	KUNIT_EXPECT_EQ(test, w->out.scan_ns[SMALLBMS_KIND_CELL], from_now(w, hold / 2));
	for (i = 0; i < 10; i++)
		scan_of_one(w, hold / 4, 3300, 3300, older);
	EXPECT_OUTPUTS(test, w, true, false, true);
	KUNIT_EXPECT_EQ(test, w->out.scan_ns[SMALLBMS_KIND_CELL], SMALLBMS_NEVER);
	scan_of_one(w, hold / 4, 3300, 3300, well + hold - 1);
	EXPECT_OUTPUTS(test, w, true, false, true);
	scan_of_one(w, hold / 4, 3300, 3300, well + hold);
	EXPECT_OUTPUTS(test, w, true, true, false);
}

/* F4: a good value of one converter says nothing of the time since the last scan of another. */
static void f4_one_good_value_ends_nothing(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));
	u64 older;
	int i;

	cells(w, 2700, 3300);
	until(w, &w->out.pre_alarm, true, 5000);
	for (i = 0; i < 20; i++) {
		older = w->now_ms;
		scan_of_one(w, 600, 3300, 3300, older);
		scan_of_one(w, 1, 3300, 3300, w->now_ms);
		EXPECT_OUTPUTS(test, w, true, false, true);
		scan_of_one(w, 100, 2700, 2700, w->now_ms);
		EXPECT_OUTPUTS(test, w, true, false, true);
	}
}

/* U4: the load connects when each converter has found good cells for the hold time. */
static void u4_all_converters_connect(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));
	u64 hold = w->set.hold_ms, older, well;
	int i;

	cells(w, 3150, 3300);
	pass(w, 2000);
	w->in.host_load_off = true;
	world_step(w);
	w->in.host_load_off = false;
	older = w->now_ms;
	well = older + hold / 4;
	for (i = 0; i < 10; i++) {
		scan_of_one(w, hold / 4, 3300, 3300, older);
		KUNIT_EXPECT_FALSE(test, w->out.load);
	}
	scan_of_one(w, hold / 4, 3300, 3300, well + hold - 1);
	KUNIT_EXPECT_FALSE(test, w->out.load);
	scan_of_one(w, hold / 4, 3300, 3300, well + hold);
	KUNIT_EXPECT_TRUE(test, w->out.load);
}

/* U4: what a converter found before it hung connects no load. */
static void u4_old_cells_connect_nothing(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));

	w->in.host_load_off = true;
	w->in.host_charge_off = true;
	world_step(w);
	w->in.host_load_off = false;
	w->in.host_charge_off = false;
	scan_of_one(w, w->set.stale_ms / 2 + 1, 3300, 3300, w->now_ms);
	EXPECT_OUTPUTS(test, w, false, false, false);
	scan_of_one(w, 0, 3300, 3300, w->now_ms - w->set.stale_ms / 2);
	EXPECT_OUTPUTS(test, w, true, true, false);
}

/* U3: at the end of the warning, a scan of something else says nothing of the cells. */
static void u3_cut_waits_for_the_cells(struct kunit *test)
{
	struct world *w = running(test, measured_world(test));
	u64 older;

	cells(w, 2700, 3300);
	until(w, &w->out.pre_alarm, true, 5000);
	pass(w, 29000);
	older = w->now_ms;
	w->now_ms = due_ms(w->out.cut_ns) - 2;
	scan_of_one(w, 1, 2700, 2700, older);
	KUNIT_EXPECT_EQ(test, w->out.scan_ns[SMALLBMS_KIND_CELL], w->out.cut_ns);
	scan_of_one(w, 1, 2700, 2700, older);
	EXPECT_OUTPUTS(test, w, true, false, true);
	scan_of_one(w, 5, 2700, 2700, w->now_ms + 5);
	EXPECT_OUTPUTS(test, w, false, true, false);
}

static void all_but_one_scanned(struct world *w, enum smallbms_kind but, u64 but_ns)
{
	int i;

	for (i = 0; i < SMALLBMS_NUM_KINDS; i++)
		w->in.group[i].scan_ns = w->in.scan_ns;
	w->in.group[but].scan_ns = but_ns;
}

/* X1: a start ends when all converters of each kind have been scanned for the hold time. */
static void x1_all_converters_end_a_start(struct kunit *test)
{
	static const enum smallbms_kind kinds[] = {
		SMALLBMS_KIND_CELL, SMALLBMS_KIND_TEMP, SMALLBMS_KIND_SUPPLY,
		SMALLBMS_KIND_LOAD_CURRENT,
	};
	struct world *w;
	u64 older_ns;
	int i, scan;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		w = measured_world(test);
		w->begun = true;
		world_scan(w);
		older_ns = w->in.scan_ns;
		for (scan = 0; scan < 10; scan++) {
			w->now_ms += w->set.hold_ms / 4;
			w->in.scan_ns = w->now_ms * SMALLBMS_NS_PER_MS;
			all_but_one_scanned(w, kinds[i], older_ns);
			world_step(w);
			KUNIT_EXPECT_TRUE_MSG(test, holds(w, SMALLBMS_CAUSE_START), "kind %d",
					      kinds[i]);
		}
		older_ns += w->set.hold_ms * SMALLBMS_NS_PER_MS;
		all_but_one_scanned(w, kinds[i], older_ns);
		world_step(w);
		KUNIT_EXPECT_FALSE_MSG(test, holds(w, SMALLBMS_CAUSE_START), "kind %d", kinds[i]);
	}
}

static void the_end_of_time_is_safe(struct kunit *test)
{
	struct world *w = measured_world(test);
	int i;

	/* From ten seconds before the end of a clock of 64 bits to beyond it */
	smallbms_policy_init(&w->st, U64_MAX - 10000 * SMALLBMS_NS_PER_MS);
	for (i = 0; i < SMALLBMS_NUM_LINES; i++)
		w->in.line[i].fitted = false;
	for (i = 0; i < 100; i++) {
		u64 now_ns = w->st.now_ns + min(250 * SMALLBMS_NS_PER_MS, U64_MAX - w->st.now_ns);
		int kind;

		w->in.scan_ns = now_ns;
		for (kind = 0; kind < SMALLBMS_NUM_KINDS; kind++) {
			w->in.group[kind] = w->channels[kind];
			w->in.group[kind].new_min = w->channels[kind].min;
			w->in.group[kind].new_max = w->channels[kind].max;
			w->in.group[kind].scan_ns = now_ns;
			w->in.group[kind].good_ns = now_ns;
		}
		smallbms_policy_step(&w->set, &w->st, &w->in, now_ns, &w->out);
		cells(w, i < 20 ? 3300 : 2700, 3300);
		if (i > 22)
			KUNIT_EXPECT_TRUE_MSG(test, w->out.load, "no cut before the warning ends");
	}
}

static struct kunit_case policy_cases[] = {
	KUNIT_CASE(x1_floats_until_decided),
	KUNIT_CASE(x1_waits_for_every_value),
	KUNIT_CASE(x1_waits_for_every_line),
	KUNIT_CASE(x1_does_not_wait_for_a_lost_temperature),
	KUNIT_CASE(x1_unstable_values_decide_nothing),
	KUNIT_CASE(x2_starts_as_if_tripped),
	KUNIT_CASE(x2_cold_start_is_cold_until_warm),
	KUNIT_CASE(x2_hot_start_is_hot_until_cool),
	KUNIT_CASE(x2_the_first_look_confirms_what_is_assumed),
	KUNIT_CASE(x1_signals_and_one_channel),
	KUNIT_CASE(x3_signals_only_is_quick),
	KUNIT_CASE_PARAM(u1_pre_alarm_level, pre_alarm_gen_params),
	KUNIT_CASE(u2_collapse_is_warned_first),
	KUNIT_CASE(u2_an_empty_cell_alone_warns),
	KUNIT_CASE(u2_warning_counts_from_the_pin),
	KUNIT_CASE(u2_a_break_starts_the_warning_anew),
	KUNIT_CASE(u2_a_pre_alarm_that_never_stands_delays_the_cut_once),
	KUNIT_CASE(u2_breaks_delay_the_cut_once),
	KUNIT_CASE(u2_without_a_pre_alarm_output_it_counts_from_the_decision),
	KUNIT_CASE(f3_an_output_that_cannot_be_written_is_a_fault_until_it_can),
	KUNIT_CASE(f3_a_line_may_take_its_time_to_settle),
	KUNIT_CASE(f3_a_line_that_cannot_be_read_is_believed_if_its_write_succeeded),
	KUNIT_CASE(f6_current_through_a_load_that_floats),
	KUNIT_CASE(f6_needs_a_load_that_stands_floating),
	KUNIT_CASE(f7_looks_at_every_line_in_ten_seconds),
	KUNIT_CASE_PARAM(f8_flickers, flicker_gen_params),
	KUNIT_CASE(f8_one_glitch_is_no_flicker),
	KUNIT_CASE(x5_a_load_that_was_on_comes_back_above_the_pre_alarm),
	KUNIT_CASE(x5_not_below_the_end_of_the_pre_alarm),
	KUNIT_CASE(x5_not_what_was_off),
	KUNIT_CASE_PARAM(x5_not_what_was_forbidden, forbidden_gen_params),
	KUNIT_CASE(x5_not_what_was_switched_off),
	KUNIT_CASE(x4_a_damaged_cell_is_remembered),
	KUNIT_CASE(x4_a_short_circuit_is_remembered),
	KUNIT_CASE(x5_a_load_that_was_on_comes_back_after_a_restart),
	KUNIT_CASE(x5_a_cut_is_remembered_before_it_comes),
	KUNIT_CASE(x6_a_clear_that_was_refused),
	KUNIT_CASE(x6_a_late_memory_connects_nothing),
	KUNIT_CASE(x6_a_memory_does_not_invent_a_cell),
	KUNIT_CASE(x6_a_lost_memory_is_a_cause_and_no_more),
	KUNIT_CASE_PARAM(c4_a_start_asks_for_more_where_nothing_is_remembered, blank_gen_params),
	KUNIT_CASE(c4_a_later_start_asks_for_no_more),
	KUNIT_CASE(c4_the_first_start_waits_for_its_answer),
	KUNIT_CASE(c4_a_sleep_does_not_end_the_first_start),
	KUNIT_CASE(c4_a_start_that_did_not_end_is_still_the_first),
	KUNIT_CASE(f4_evidence_does_not_survive_sleep),
	KUNIT_CASE(x4_latches_survive_sleep),
	KUNIT_CASE(u2_setting_makes_it_longer),
	KUNIT_CASE(u2_warning_on_a_fast_clock),
	KUNIT_CASE_PARAM(u2_load_disconnect_level, cut_gen_params),
	KUNIT_CASE(u3_dip_inside_the_window_cuts_nothing),
	KUNIT_CASE(u3_recovery_at_the_last_moment_counts),
	KUNIT_CASE(u3_recovery_just_before_the_cut_counts),
	KUNIT_CASE(u3_cut_does_not_wait_long_for_a_scan),
	KUNIT_CASE(u4_below_reconnect_is_no_cause_while_connected),
	KUNIT_CASE_PARAM(u4_load_reconnect_level, reconnect_gen_params),
	KUNIT_CASE(u5_signals),
	KUNIT_CASE(u5_both_must_permit),
	KUNIT_CASE_PARAM(c1_charge_levels, overvoltage_gen_params),
	KUNIT_CASE(c1_signal),
	KUNIT_CASE_PARAM(c2_charge_temperatures, temperature_gen_params),
	KUNIT_CASE(c3_no_charge_in_pre_alarm),
	KUNIT_CASE(c3_setting_keeps_charging),
	KUNIT_CASE(c4_damaged_cell_needs_an_operator),
	KUNIT_CASE(c4_can_be_turned_off),
	KUNIT_CASE_PARAM(r1_remote, remote_gen_params),
	KUNIT_CASE(r1_one_terminal_or_none),
	KUNIT_CASE(r1_terminal_beside_one_that_cannot_be_read),
	KUNIT_CASE(r2_remote_off_is_at_once),
	KUNIT_CASE(r2_remote_on_is_a_clean_start),
	KUNIT_CASE(x2_applies_whenever_the_remote_switch_comes_on),
	KUNIT_CASE(x2_hot_when_the_remote_switch_comes_on),
	KUNIT_CASE(x2_forgets_no_cause),
	KUNIT_CASE(x2_no_start_while_everything_floats),
	KUNIT_CASE(x1_waits_for_the_supply_again),
	KUNIT_CASE(x1_waits_for_a_line_again),
	KUNIT_CASE(x2_begins_when_the_supply_is_back),
	KUNIT_CASE(x2_comes_back_within_the_hold_time),
	KUNIT_CASE_PARAM(r3_supply_range, supply_gen_params),
	KUNIT_CASE(r4_loop),
	KUNIT_CASE(r4_loop_of_batteries_with_signals_only),
	KUNIT_CASE(r5_host_can_only_forbid),
	KUNIT_CASE_PARAM(doubt_connects_nothing, doubt_gen_params),
	KUNIT_CASE(old_data_connects_nothing),
	KUNIT_CASE_PARAM(f1_what_is_unknown_connects_nothing, unknown_gen_params),
	KUNIT_CASE(a_line_that_cannot_be_read_is_tried_again),
	KUNIT_CASE(f1_a_line_that_is_back_ends_the_pre_alarm),
	KUNIT_CASE(a_line_that_fails_while_it_is_weighed),
	KUNIT_CASE(f1_short_loss_changes_nothing),
	KUNIT_CASE_PARAM(f1_lost_measurement, lost_gen_params),
	KUNIT_CASE(f1_loss_that_ends_in_the_window),
	KUNIT_CASE(f1_loss_in_the_window_of_an_empty_cell),
	KUNIT_CASE(u2_an_empty_cell_beside_one_that_is_unknown),
	KUNIT_CASE(f1_known_cells_still_trip),
	KUNIT_CASE(f1_every_other_read_failing_still_trips),
	KUNIT_CASE(f4_values_between_the_levels_begin_anew),
	KUNIT_CASE(f1_what_is_unknown_ends_nothing),
	KUNIT_CASE(f1_loss_that_moves_on_is_no_end),
	KUNIT_CASE(f1_stuck_scanner),
	KUNIT_CASE(f1_stuck_scanner_at_the_end_of_a_loss),
	KUNIT_CASE(f1_unreadable_lines),
	KUNIT_CASE(f1_no_source_at_all),
	KUNIT_CASE(f1_no_source_of_full_cells),
	KUNIT_CASE(f1_source_that_goes),
	KUNIT_CASE(f2_lost_temperature_forbids_charging_only),
	KUNIT_CASE(f4_one_bad_sample_decides_nothing),
	KUNIT_CASE(f4_time_is_counted_from_scan_to_scan),
	KUNIT_CASE(f4_a_clock_that_goes_back_shortens_nothing),
	KUNIT_CASE(f5_overload_is_tried_again_twice),
	KUNIT_CASE(f5_good_service_forgives),
	KUNIT_CASE(f5_forgiven_is_forgiven),
	KUNIT_CASE_PARAM(f5_times, service_gen_params),
	KUNIT_CASE(f5_begins_anew_with_the_load),
	KUNIT_CASE(f5_clear_ends_the_wait),
	KUNIT_CASE(f5_limit_itself_is_allowed),
	KUNIT_CASE_SLOW(deadline_is_never_late),
	KUNIT_CASE(impossible_times_change_nothing),
	KUNIT_CASE(f1_missing_value_is_looked_for),
	KUNIT_CASE_PARAM(f4_evidence_is_looked_at_in_between, evidence_gen_params),
	KUNIT_CASE(f4_the_end_of_a_loss_is_looked_at_in_between),
	KUNIT_CASE(x1_a_start_is_looked_at_in_between),
	KUNIT_CASE(a_glitch_leaves_nothing_due),
	KUNIT_CASE(f4_another_converter_is_no_evidence),
	KUNIT_CASE(f4_all_converters_end_it),
	KUNIT_CASE(f4_one_good_value_ends_nothing),
	KUNIT_CASE(u4_all_converters_connect),
	KUNIT_CASE(u4_old_cells_connect_nothing),
	KUNIT_CASE(x1_all_converters_end_a_start),
	KUNIT_CASE(u3_cut_waits_for_the_cells),
	KUNIT_CASE(the_end_of_time_is_safe),
	{}
};

struct kunit_suite smallbms_policy_suite = {
	.name = "smallbms_policy",
	.test_cases = policy_cases,
};
