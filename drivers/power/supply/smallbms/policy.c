// SPDX-License-Identifier: GPL-2.0-only
/*
 * smallbms - the rules: (settings, state, sample, now) -> decision
 */

/**
 * DOC: smallbms-policy
 *
 * A small BMS guards a LiFePO4 bank through three outputs: a load disconnect
 * and a charge disconnect terminal, driven high while connected and floating
 * otherwise, and a pre-alarm, driven high before the load is cut. Its promise is
 * that no load is cut for undervoltage without a warning of at least 30 s. This
 * file holds the rules and nothing else: no GPIO, channel, clock, lock or log.
 * One step takes the settings, the state left by the step before, a sample of
 * all inputs and the time, and gives the outputs, the causes and the time at
 * which the next step is due. It compiles in user space unchanged.
 *
 * A rule is named by a letter and a number, here and in the causes: X start, U
 * undervoltage, C charging, R remote, supply, loop and host, F faults, P what people see.
 * Documentation/power/smallbms-rules.rst defines them.
 *
 * Conditions. Every observation becomes a condition that counts once its evidence has stood
 * for a time: the hold time for measurements, counted from scan to scan, the filter time
 * for lines (F4). Channels need not be scanned together. One bad value is enough evidence,
 * from the moment at which it was read. Evidence that all are good is as old as the value
 * that was read longest ago. A missing value is no evidence. It cannot end an alarm, but it
 * does not excuse one under way either, so that a channel that fails every other time still
 * trips. A value missing for the stale time becomes a condition of its own, "lost" (F1,
 * F2).
 *
 * Start. A bank starts as if it had tripped (X2). Conditions that forbid are assumed, and
 * conditions that connect wait until every input has been known for the hold time (X1). The
 * same happens when the remote switch, the supply or the loop comes back, so none of them
 * is a way round a disconnect. Until then everything floats.
 *
 * Restart. smallbms_policy_remember() says what has to be known after a restart, and
 * smallbms_policy_recall() takes it over. What only an operator ends is still there then
 * (X4), and a load that was connected need not wait for the reconnect level (X5). In the
 * first start of a bank of which nothing is remembered a cell counts as damaged sooner (C4).
 * Nothing else becomes easier, whatever is recalled.
 *
 * Load. Only cells that are all at or above the reconnect level, together with
 * the permission of the batteries where they signal one, connect it (U4). While
 * it is connected, anything that could lead to a cut turns the pre-alarm on at
 * once; the cut itself waits until the pre-alarm has stood at its pin without a
 * break for the warning time (U2). A pre-alarm that cannot be made to stand delays
 * the cut no longer than another warning time. What the operator asked for (R2, R5),
 * what leaves nothing to protect (R3, R4) and a short circuit (F5) cut without a
 * warning.
 *
 * Charging. Any one condition forbids it, and all must be gone to allow it. A cut load ends
 * the pre-alarm (U3), and with it the ban of C3. So an empty bank can always be recharged.
 *
 * Connecting takes more than staying connected: it needs a fresh scan and no
 * contrary evidence under way.
 *
 * Terminals. An output stands when its last write succeeded and its line reads as told,
 * where it can be read. The decision, the order, the write and the reading are four things,
 * and only the reading is at the pin. The line may take the settle time to follow. After
 * that the output is at fault (F3). An output that must float and does not stops the
 * heartbeat (F3a).
 */

#include <kunit/visibility.h>
#include <linux/export.h>

#include "policy.h"

/* U1: the pre-alarm ends this far above its level */
#define PRE_ALARM_HYSTERESIS_UV		30000

/* C2: a temperature is good again this far inside its limit */
#define TEMP_HYSTERESIS_MC		2000

/* F5 */
#define OVERLOAD_RETRY_MS		10000
#define OVERLOAD_GOOD_MS		60000
#define OVERLOAD_MAX			3

/* U2: a pre-alarm that does not stand delays the cut to so many warning times. */
#define WARNINGS_MAX			2

/* What does not stand (F3), or cannot be read, is tried again after this. */
#define RETRY_MS			250

/* F7: lines are looked at as often as this. */
#define LOOK_MS				10000

/* U2: terminals too, while a warning runs. */
#define LOOK_IN_WARNING_MS		250

/* F8: a line that has not stood good within this is bad. */
#define FLICKER_MS			250

/* F6: a load output that floats gives no more than this part of its limit. */
#define WELDED_PART			10

/* U3: when the warning is over, the cut waits so long for a scan that may know better. */
#define CUT_SCAN_MS			50

/* C4: where nothing is remembered, a cell this far above the level at the start counts. */
#define BLANK_MARGIN_UV			300000

/* X5: a memory has so long to forget that the load was connected before it can be cut. */
#define FORGET_MS			1000

/* U2: a clock that is 100 ppm fast must not shorten the warning. */
#define CLOCK_TOLERANCE_NS_PER_MS	100

#define BIT_OF(cause)			(1U << (cause))

enum evidence {
	EVIDENCE_ABSENT,	/* not fitted: the condition never holds */
	EVIDENCE_UNKNOWN,	/* fitted, but nothing is known */
	EVIDENCE_NEUTRAL,	/* known, and neither for nor against */
	EVIDENCE_OFF,
	EVIDENCE_ON,
};

static u64 hold_ns(const struct smallbms_settings *set)
{
	return (u64)set->hold_ms * SMALLBMS_NS_PER_MS;
}

static u64 filter_ns(const struct smallbms_settings *set)
{
	return (u64)set->filter_ms * SMALLBMS_NS_PER_MS;
}

static u64 stale_ns(const struct smallbms_settings *set)
{
	return (u64)set->stale_ms * SMALLBMS_NS_PER_MS;
}

static u64 warning_ns(const struct smallbms_settings *set)
{
	return (u64)set->warning_ms * (SMALLBMS_NS_PER_MS + CLOCK_TOLERANCE_NS_PER_MS);
}

static u64 settle_ns(const struct smallbms_settings *set)
{
	return (u64)set->settle_ms * SMALLBMS_NS_PER_MS;
}

static u64 elapsed(u64 since_ns, u64 now_ns)
{
	return now_ns > since_ns ? now_ns - since_ns : 0;
}

static u64 add(u64 time_ns, u64 span_ns)
{
	return time_ns < SMALLBMS_NEVER - span_ns ? time_ns + span_ns : SMALLBMS_NEVER;
}

static void due(u64 *deadline_ns, u64 time_ns)
{
	if (time_ns < *deadline_ns)
		*deadline_ns = time_ns;
}

/* Conditions */

static void assume(struct smallbms_condition *c)
{
	if (c->on)
		return;
	c->on = true;
	c->assumed = true;
	c->pending = false;
}

static void clear(struct smallbms_condition *c)
{
	c->on = false;
	c->assumed = false;
	c->pending = false;
}

/* The condition has been seen, not just assumed. */
static bool seen(const struct smallbms_condition *c)
{
	return c->on && !c->assumed;
}

/* The condition is on, and no evidence to the contrary is under way. */
static bool stands(const struct smallbms_condition *c)
{
	return c->on && !c->pending;
}

/*
 * Turn a condition when evidence for the opposite has stood for @span_ns (F4). @newest_ns
 * is the time of the newest evidence, which is not always now; new evidence begins there.
 * @time_ns is the time of the oldest; evidence that has begun has stood until then.
 */
static void weigh(struct smallbms_condition *c, enum evidence e, u64 newest_ns, u64 time_ns,
		  u64 span_ns)
{
	if (e == EVIDENCE_ABSENT)
		clear(c);
	if (e == EVIDENCE_ON)
		c->assumed = false;
	if (e == EVIDENCE_UNKNOWN && !c->on)
		return;
	if (e != (c->on ? EVIDENCE_OFF : EVIDENCE_ON)) {
		c->pending = false;
		return;
	}
	if (!c->pending) {
		c->pending = true;
		c->since_ns = newest_ns;
	}
	if (elapsed(c->since_ns, time_ns) >= span_ns) {
		c->on = !c->on;
		c->assumed = false;
		c->pending = false;
	}
}

/* Between two readings a line is taken to be as the first one found it. */
static void note_stood(struct smallbms_steadiness *steady, u64 now_ns, u64 filter_ns)
{
	if (steady->good && elapsed(steady->good_ns, now_ns) >= filter_ns)
		steady->stood_ns = now_ns;
}

/* Bad evidence of a line counts at once when no good spell has lasted for a while (F8). */
static void weigh_line(struct smallbms_condition *c, struct smallbms_steadiness *steady,
		       enum evidence e, u64 now_ns, u64 filter_ns)
{
	note_stood(steady, now_ns, filter_ns);
	if (e == EVIDENCE_OFF && !steady->good)
		steady->good_ns = now_ns;
	if (e == EVIDENCE_OFF || e == EVIDENCE_ON)
		steady->good = e == EVIDENCE_OFF;
	note_stood(steady, now_ns, filter_ns);

	weigh(c, e, now_ns, now_ns, filter_ns);
	if (!c->on && e == EVIDENCE_ON &&
	    elapsed(steady->stood_ns, now_ns) >= FLICKER_MS * SMALLBMS_NS_PER_MS) {
		c->on = true;
		c->pending = false;
	}
}

/* A condition that connects: on when @good has stood for @span_ns, off at once. */
static void prove(struct smallbms_condition *c, bool good, u64 newest_ns, u64 time_ns,
		  u64 span_ns)
{
	if (!good)
		clear(c);
	else
		weigh(c, EVIDENCE_ON, newest_ns, time_ns, span_ns);
}

/*
 * A loss: on when the oldest value is stale, off when values have been known again for
 * @span_ns.
 */
static void lose(struct smallbms_condition *c, bool fitted, bool known, u64 good_ns, u64 stale_ns,
		 u64 now_ns, u64 newest_ns, u64 time_ns, u64 span_ns)
{
	if (fitted && elapsed(good_ns, now_ns) >= stale_ns) {
		c->on = true;
		c->pending = false;
		return;
	}
	weigh(c, known ? EVIDENCE_OFF : EVIDENCE_UNKNOWN, newest_ns, time_ns, span_ns);
}

/* Times of scans */

static void no_newer(u64 *time_ns, const struct smallbms_group *g)
{
	if (g->fitted)
		due(time_ns, g->scan_ns);
}

/* The time since which every channel of a kind has been scanned */
static u64 whole_ns(u64 scan_ns, const struct smallbms_group *g)
{
	no_newer(&scan_ns, g);
	return scan_ns;
}

/* The time of evidence against a condition: one value begins it, all values end it. */
static u64 taken_ns(u64 scan_ns, const struct smallbms_condition *c,
		    const struct smallbms_group *g)
{
	return c->on ? whole_ns(scan_ns, g) : scan_ns;
}

/* Evidence */

/* A value below @on, if it is new; all at or above @off end it. */
static enum evidence below(const struct smallbms_group *g, s32 on, s32 off)
{
	if (!g->fitted)
		return EVIDENCE_ABSENT;
	if (g->any && g->min < on)
		return g->new_min < on ? EVIDENCE_ON : EVIDENCE_UNKNOWN;
	if (!g->all)
		return EVIDENCE_UNKNOWN;
	return g->min >= off ? EVIDENCE_OFF : EVIDENCE_NEUTRAL;
}

/* A value above @on, if it is new; all at or below @off end it. */
static enum evidence above(const struct smallbms_group *g, s32 on, s32 off)
{
	if (!g->fitted)
		return EVIDENCE_ABSENT;
	if (g->any && g->max > on)
		return g->new_max > on ? EVIDENCE_ON : EVIDENCE_UNKNOWN;
	if (!g->all)
		return EVIDENCE_UNKNOWN;
	return g->max <= off ? EVIDENCE_OFF : EVIDENCE_NEUTRAL;
}

static enum evidence supply_bad(const struct smallbms_group *g)
{
	enum evidence low = below(g, SMALLBMS_SUPPLY_MIN_UV, SMALLBMS_SUPPLY_MIN_UV);

	return low == EVIDENCE_OFF ? above(g, SMALLBMS_SUPPLY_MAX_UV, SMALLBMS_SUPPLY_MAX_UV) : low;
}

static enum evidence line_is(const struct smallbms_line *l, bool active)
{
	if (!l->fitted)
		return EVIDENCE_ABSENT;
	if (!l->known)
		return EVIDENCE_UNKNOWN;
	return l->active == active ? EVIDENCE_ON : EVIDENCE_OFF;
}

/* R1: H at battery plus, or L at battery minus, or bridged, which is both. */
static enum evidence remote_off(const struct smallbms_sample *in)
{
	enum evidence h = line_is(&in->line[SMALLBMS_LINE_REMOTE_H], false);
	enum evidence l = line_is(&in->line[SMALLBMS_LINE_REMOTE_L], false);

	if (h == EVIDENCE_OFF || l == EVIDENCE_OFF)
		return EVIDENCE_OFF;
	return h == EVIDENCE_ABSENT || l == EVIDENCE_UNKNOWN ? l : h;
}

static bool no_source(const struct smallbms_sample *in)
{
	return !in->group[SMALLBMS_KIND_CELL].fitted &&
	       (!in->line[SMALLBMS_LINE_ATD].fitted || !in->line[SMALLBMS_LINE_ATC].fitted);
}

/* F1: an input that the load depends on is unknown for too long. */
static bool lost(const struct smallbms_state *st, const struct smallbms_sample *in)
{
	return st->lost[SMALLBMS_KIND_CELL].on || st->lost[SMALLBMS_KIND_SUPPLY].on ||
	       st->lost[SMALLBMS_KIND_LOAD_CURRENT].on || st->line_lost.on || no_source(in);
}

static bool measured(const struct smallbms_sample *in)
{
	return in->group[SMALLBMS_KIND_CELL].fitted || in->group[SMALLBMS_KIND_TEMP].fitted ||
	       in->group[SMALLBMS_KIND_SUPPLY].fitted ||
	       in->group[SMALLBMS_KIND_LOAD_CURRENT].fitted;
}

/* Steps */

/* F3: the written level is at the line, if the line can be read. */
static bool at_pin(const struct smallbms_terminal *t)
{
	return t->written && (!t->known || t->high == t->driven);
}

/* U2 and F6 count from the pin: from the time at which it was first seen to stand. */
static void observe_terminals(struct smallbms_state *st, const struct smallbms_sample *in)
{
	const struct smallbms_terminal load = in->terminal[SMALLBMS_OUT_LOAD];
	const struct smallbms_terminal pre_alarm = in->terminal[SMALLBMS_OUT_PRE_ALARM];
	bool floats = !load.driven && at_pin(&load);
	bool warned = st->pre_alarm_on &&
		      (!pre_alarm.fitted || (pre_alarm.driven && at_pin(&pre_alarm)));

	if (floats && !st->load_floats)
		st->floats_ns = st->now_ns;
	st->load_floats = floats;
	if (warned && !st->warned)
		st->warned_ns = st->now_ns;
	st->warned = warned;
}

/* U4; where the load was connected before, the end of the pre-alarm will do (X5). */
static s32 reconnect_uv(const struct smallbms_settings *set, const struct smallbms_state *st)
{
	return st->warm ? set->pre_alarm_uv + PRE_ALARM_HYSTERESIS_UV : set->load_reconnect_uv;
}

/* C4: a cell that was below the level before a restart may have risen since. */
static s32 damaged_uv(const struct smallbms_settings *set, const struct smallbms_state *st)
{
	return set->over_discharged_uv && st->blank ? set->over_discharged_uv + BLANK_MARGIN_UV :
	       set->over_discharged_uv;
}

static void observe_cells(const struct smallbms_settings *set, struct smallbms_state *st,
			  const struct smallbms_sample *in)
{
	const struct smallbms_group cell = in->group[SMALLBMS_KIND_CELL];
	const u64 scan = st->scan_ns, hold = hold_ns(set);
	enum evidence damaged;
	bool cleared;

	weigh(&st->low, below(&cell, set->pre_alarm_uv,
			      set->pre_alarm_uv + PRE_ALARM_HYSTERESIS_UV),
	      scan, taken_ns(scan, &st->low, &cell), hold);
	weigh(&st->empty, below(&cell, set->load_disconnect_uv, set->load_disconnect_uv),
	      scan, taken_ns(scan, &st->empty, &cell), hold);
	prove(&st->ready, cell.all && cell.min >= reconnect_uv(set, st), scan,
	      whole_ns(scan, &cell), hold);
	weigh(&st->full, above(&cell, set->charge_disconnect_uv - 1, set->charge_reconnect_uv - 1),
	      scan, taken_ns(scan, &st->full, &cell), hold);

	/* C4: only an operator ends it, and only when the cells agree, if there are any. */
	damaged = below(&cell, damaged_uv(set, st), damaged_uv(set, st));
	cleared = in->operator_clear && damaged == EVIDENCE_OFF;
	st->cleared = st->cleared || cleared;
	if (!st->over_discharged.on)
		weigh(&st->over_discharged, damaged, scan, scan, hold);
	else if (damaged == EVIDENCE_ABSENT || cleared)
		clear(&st->over_discharged);
}

static void observe_channels(const struct smallbms_settings *set, struct smallbms_state *st,
			     const struct smallbms_sample *in)
{
	const struct smallbms_group temp = in->group[SMALLBMS_KIND_TEMP];
	const struct smallbms_group load = in->group[SMALLBMS_KIND_LOAD_CURRENT];
	const u64 scan = st->scan_ns, hold = hold_ns(set);
	int i;

	weigh(&st->cold, below(&temp, set->charge_min_mc,
			       set->charge_min_mc + TEMP_HYSTERESIS_MC),
	      scan, taken_ns(scan, &st->cold, &temp), hold);
	weigh(&st->hot, above(&temp, set->charge_max_mc,
			      set->charge_max_mc - TEMP_HYSTERESIS_MC),
	      scan, taken_ns(scan, &st->hot, &temp), hold);

	/* A scan from before the load was connected says nothing of its current. */
	if (!st->load_on)
		clear(&st->overload);
	else if (scan > st->load_on_ns)
		weigh(&st->overload, above(&load, set->load_limit_ua, set->load_limit_ua),
		      scan, taken_ns(scan, &st->overload, &load), hold);

	if (!st->load_floats)
		clear(&st->welded);
	else if (scan > st->floats_ns)
		weigh(&st->welded, above(&load, set->load_limit_ua / WELDED_PART,
					 set->load_limit_ua / WELDED_PART),
		      scan, taken_ns(scan, &st->welded, &load), hold);

	for (i = 0; i < SMALLBMS_NUM_KINDS; i++)
		lose(&st->lost[i], in->group[i].fitted, in->group[i].all, in->group[i].good_ns,
		     stale_ns(set), st->now_ns, scan, whole_ns(scan, &in->group[i]), hold);
}

static void observe_lines(const struct smallbms_settings *set, struct smallbms_state *st,
			  const struct smallbms_sample *in)
{
	const u64 now = st->now_ns, filter = filter_ns(set);
	const struct smallbms_line atc = in->line[SMALLBMS_LINE_ATC];
	bool known = true;
	u64 good = now;
	int i;

	weigh_line(&st->atd, &st->steady[SMALLBMS_STEADY_ATD],
		   line_is(&in->line[SMALLBMS_LINE_ATD], false), now, filter);
	weigh_line(&st->atc, &st->steady[SMALLBMS_STEADY_ATC], line_is(&atc, false), now, filter);
	weigh_line(&st->bpa, &st->steady[SMALLBMS_STEADY_BPA],
		   line_is(&in->line[SMALLBMS_LINE_BPA], true), now, filter);
	weigh_line(&st->loop, &st->steady[SMALLBMS_STEADY_LOOP],
		   line_is(&in->line[SMALLBMS_LINE_LOOP], false), now, filter);
	weigh_line(&st->remote, &st->steady[SMALLBMS_STEADY_REMOTE], remote_off(in), now, filter);

	for (i = 0; i < SMALLBMS_NUM_LINES; i++) {
		if (i == SMALLBMS_LINE_ATC || !in->line[i].fitted)
			continue;
		known = known && in->line[i].known;
		if (in->line[i].good_ns < good)
			good = in->line[i].good_ns;
	}
	lose(&st->line_lost, true, known, good, stale_ns(set), now, now, now, filter);
	lose(&st->atc_lost, atc.fitted, atc.known, atc.good_ns, stale_ns(set), now, now, now,
	     filter);

	prove(&st->settled, known && (!atc.fitted || atc.known), now, now, filter);
}

static bool known(const struct smallbms_group *g)
{
	return !g->fitted || g->all;
}

/* X1: every measurement is known. A temperature may be lost instead (F2). */
static bool complete(const struct smallbms_state *st, const struct smallbms_sample *in)
{
	return known(&in->group[SMALLBMS_KIND_CELL]) && known(&in->group[SMALLBMS_KIND_SUPPLY]) &&
	       known(&in->group[SMALLBMS_KIND_LOAD_CURRENT]) &&
	       (known(&in->group[SMALLBMS_KIND_TEMP]) || st->lost[SMALLBMS_KIND_TEMP].on);
}

/* F1: the time since which every channel that the load depends on has been scanned */
static u64 vital_ns(const struct smallbms_state *st, const struct smallbms_sample *in)
{
	u64 time_ns = st->scan_ns;

	no_newer(&time_ns, &in->group[SMALLBMS_KIND_CELL]);
	no_newer(&time_ns, &in->group[SMALLBMS_KIND_SUPPLY]);
	no_newer(&time_ns, &in->group[SMALLBMS_KIND_LOAD_CURRENT]);
	return time_ns;
}

/* X1: and every other measurement; a lost temperature is not waited for (F2). */
static u64 complete_ns(const struct smallbms_state *st, const struct smallbms_sample *in)
{
	u64 time_ns = vital_ns(st, in);

	if (!st->lost[SMALLBMS_KIND_TEMP].on)
		no_newer(&time_ns, &in->group[SMALLBMS_KIND_TEMP]);
	return time_ns;
}

/*
 * R2, R3 and R4, once seen, float everything; X2 says how it comes back. The readings of
 * that moment are the first that count.
 */
static void gate(const struct smallbms_settings *set, struct smallbms_state *st,
		 const struct smallbms_sample *in)
{
	const struct smallbms_group supply = in->group[SMALLBMS_KIND_SUPPLY];
	bool blocked;

	weigh(&st->supply, supply_bad(&supply), st->scan_ns,
	      taken_ns(st->scan_ns, &st->supply, &supply), hold_ns(set));
	blocked = seen(&st->remote) || seen(&st->supply) || seen(&st->loop);
	if (blocked)
		st->warm = false;

	if (st->blocked && !blocked) {
		st->starting = true;
		clear(&st->scanned);
		clear(&st->ready);
		assume(&st->full);
		assume(&st->cold);
		assume(&st->hot);
	}
	st->blocked = blocked;
}

/* X1: the end of a start. A condition that has not been disproved by then counts as seen. */
static void start(const struct smallbms_settings *set, struct smallbms_state *st,
		  const struct smallbms_sample *in)
{
	if (measured(in))
		prove(&st->scanned, complete(st, in), st->scan_ns, complete_ns(st, in),
		      hold_ns(set));
	else
		st->scanned.on = true;

	if (!st->remote.on && !st->supply.on && !st->loop.on && st->scanned.on &&
	    st->settled.on && !(st->blank && st->over_discharged.pending)) {
		st->full.assumed = false;
		st->cold.assumed = false;
		st->hot.assumed = false;
		st->starting = false;
		st->blank = false;
	}
}

/*
 * Only an evaluation on fresh data connects anything: there is a new value, and no
 * converter that matters has been silent for long.
 */
static bool fresh(const struct smallbms_settings *set, const struct smallbms_state *st,
		  const struct smallbms_sample *in)
{
	return !measured(in) ||
	       (elapsed(st->scan_ns, st->now_ns) <= hold_ns(set) &&
		elapsed(vital_ns(st, in), st->now_ns) <= stale_ns(set) / 2);
}

static bool readable(const struct smallbms_line *l)
{
	return !l->fitted || l->known;
}

/*
 * F1: an output connects only if every input that it depends on is known, and no evidence
 * against it is under way. This checks the inputs that both outputs depend on.
 */
static bool gate_clear(const struct smallbms_state *st, const struct smallbms_sample *in)
{
	return known(&in->group[SMALLBMS_KIND_SUPPLY]) && readable(&in->line[SMALLBMS_LINE_LOOP]) &&
	       remote_off(in) != EVIDENCE_UNKNOWN && !st->supply.pending && !st->loop.pending &&
	       !st->remote.pending;
}

/* The conditions that turn the pre-alarm on: U1, U5, F1. */
static bool warn(const struct smallbms_state *st, const struct smallbms_sample *in)
{
	return st->low.on || st->empty.on || st->atd.on || st->bpa.on || lost(st, in);
}

/*
 * The conditions that cut the load once the warning has been given: U2, U5, F1. A dip or a
 * loss that is just ending does not cut, nor does a value that is just missing.
 */
static bool cut_by_scan(const struct smallbms_settings *set, const struct smallbms_state *st,
			const struct smallbms_sample *in)
{
	const struct smallbms_group *cell = &in->group[SMALLBMS_KIND_CELL];

	return (st->empty.on && cell->any && cell->min < set->load_disconnect_uv) ||
	       stands(&st->lost[SMALLBMS_KIND_CELL]) || stands(&st->lost[SMALLBMS_KIND_SUPPLY]) ||
	       stands(&st->lost[SMALLBMS_KIND_LOAD_CURRENT]);
}

static bool cut_by_line(const struct smallbms_state *st, const struct smallbms_sample *in)
{
	return (st->atd.on && line_is(&in->line[SMALLBMS_LINE_ATD], false) == EVIDENCE_ON) ||
	       stands(&st->line_lost) || no_source(in);
}

/* U2: the longest delay of the cut by a pre-alarm that does not stand */
static u64 latest_ns(const struct smallbms_settings *set, const struct smallbms_state *st)
{
	return add(st->alarm_ns, WARNINGS_MAX * warning_ns(set));
}

/*
 * U2: the time at which the warning has been given. The load is not always cut then. A
 * pre-alarm that does not stand, or falls, begins anew once it stands.
 */
static u64 sure_ns(const struct smallbms_settings *set, const struct smallbms_state *st)
{
	u64 end_ns = add(st->warned ? st->warned_ns : st->now_ns, warning_ns(set));

	due(&end_ns, latest_ns(set, st));
	return end_ns;
}

/* U3: only a scan of this moment shows that a dip has ended by now. */
static bool scanned_since(const struct smallbms_state *st, const struct smallbms_sample *in,
			  u64 time_ns)
{
	return whole_ns(st->scan_ns, &in->group[SMALLBMS_KIND_CELL]) >= time_ns ||
	       st->now_ns >= add(time_ns, CUT_SCAN_MS * SMALLBMS_NS_PER_MS);
}

static bool cut(const struct smallbms_settings *set, const struct smallbms_state *st,
		const struct smallbms_sample *in)
{
	u64 end_ns = sure_ns(set, st);

	return st->now_ns >= end_ns && end_ns < SMALLBMS_NEVER &&
	       (cut_by_line(st, in) ||
		(cut_by_scan(set, st, in) && scanned_since(st, in, end_ns)));
}

/* U4: only this connects the load, and only with no evidence against it under way. */
static bool may_connect(const struct smallbms_settings *set, const struct smallbms_state *st,
			const struct smallbms_sample *in)
{
	return (!in->group[SMALLBMS_KIND_CELL].fitted || st->ready.on) &&
	       !warn(st, in) && !st->atd.pending && !st->bpa.pending &&
	       gate_clear(st, in) && known(&in->group[SMALLBMS_KIND_LOAD_CURRENT]) &&
	       readable(&in->line[SMALLBMS_LINE_ATD]) && readable(&in->line[SMALLBMS_LINE_BPA]) &&
	       st->overloads < OVERLOAD_MAX && st->now_ns >= st->retry_ns &&
	       fresh(set, st, in);
}

static void overloaded(struct smallbms_state *st)
{
	st->overloads++;
	st->retry_ns = add(st->now_ns, OVERLOAD_RETRY_MS * SMALLBMS_NS_PER_MS);
	st->load_on = false;
}

static void decide_load(const struct smallbms_settings *set, struct smallbms_state *st,
			const struct smallbms_sample *in)
{
	if (in->operator_clear) {
		st->overloads = 0;
		st->retry_ns = 0;
	}
	if (st->load_on &&
	    elapsed(st->load_on_ns, st->now_ns) >= OVERLOAD_GOOD_MS * SMALLBMS_NS_PER_MS)
		st->overloads = 0;
	/* A load that would have been cut waits for the reconnect level, as after a cut. */
	if (seen(&st->empty) || seen(&st->atd) || lost(st, in) || in->host_load_off)
		st->warm = false;

	if (st->blocked || st->starting || in->host_load_off) {
		st->load_on = false;
	} else if (!st->load_on) {
		if (may_connect(set, st, in)) {
			st->warm = false;
			st->load_on = true;
			st->load_on_ns = st->now_ns;
		}
	} else if (st->overload.on) {
		overloaded(st);
	}

	if (!st->load_on || !warn(st, in)) {
		st->pre_alarm_on = false;
	} else if (!st->pre_alarm_on) {
		st->pre_alarm_on = true;
		st->alarm_ns = st->now_ns;
		/* A pre-alarm without an output is seen elsewhere, and at once. */
		st->warned = !in->terminal[SMALLBMS_OUT_PRE_ALARM].fitted;
		st->warned_ns = st->now_ns;
	} else if (cut(set, st, in)) {
		st->load_on = false;
		st->pre_alarm_on = false;
	}
}

/* C3 */
static bool charge_waits(const struct smallbms_settings *set, const struct smallbms_state *st)
{
	return st->pre_alarm_on && !set->charge_in_pre_alarm;
}

static void decide_charge(const struct smallbms_settings *set, struct smallbms_state *st,
			  const struct smallbms_sample *in)
{
	if (st->blocked || st->starting || in->host_charge_off ||
	    st->full.on || st->cold.on || st->hot.on || st->over_discharged.on || st->atc.on ||
	    st->lost[SMALLBMS_KIND_TEMP].on || st->atc_lost.on || lost(st, in) ||
	    charge_waits(set, st))
		st->charge_on = false;
	else if (!st->charge_on)
		st->charge_on = !st->full.pending && !st->cold.pending && !st->hot.pending &&
				!st->over_discharged.pending && !st->atc.pending &&
				gate_clear(st, in) && known(&in->group[SMALLBMS_KIND_CELL]) &&
				known(&in->group[SMALLBMS_KIND_TEMP]) &&
				readable(&in->line[SMALLBMS_LINE_ATC]) && fresh(set, st, in);
}

/* F3: a write that failed is a fault at once, a line that does not follow when it is late. */
static u32 faults(const struct smallbms_settings *set, const struct smallbms_state *st,
		  const struct smallbms_sample *in)
{
	u32 mask = 0;
	int i;

	for (i = 0; i < SMALLBMS_NUM_OUTPUTS; i++) {
		const struct smallbms_terminal t = in->terminal[i];

		if (t.fitted && !at_pin(&t) &&
		    (!t.written || elapsed(t.told_ns, st->now_ns) >= settle_ns(set)))
			mask |= BIT_OF(i);
	}
	return mask;
}

/* The orders to the outputs, as a bit for each */
static u32 wanted(const struct smallbms_state *st)
{
	return (st->load_on ? BIT_OF(SMALLBMS_OUT_LOAD) : 0) |
	       (st->charge_on ? BIT_OF(SMALLBMS_OUT_CHARGE) : 0) |
	       (st->pre_alarm_on ? BIT_OF(SMALLBMS_OUT_PRE_ALARM) : 0);
}

static u32 causes(const struct smallbms_settings *set, const struct smallbms_state *st,
		  const struct smallbms_sample *in)
{
	u32 mask = st->starting && !st->blocked ? BIT_OF(SMALLBMS_CAUSE_START) : 0;

#define CAUSE(_name, _holds)						\
	do {								\
		if (_holds)						\
			mask |= BIT_OF(SMALLBMS_CAUSE_##_name);		\
	} while (0)
	CAUSE(PRE_ALARM, seen(&st->low));
	CAUSE(UNDERVOLTAGE, seen(&st->empty));
	CAUSE(RECONNECT, !st->load_on && !st->starting && in->group[SMALLBMS_KIND_CELL].fitted &&
	      !st->ready.on);
	CAUSE(ATD, seen(&st->atd));
	CAUSE(BPA, seen(&st->bpa));
	CAUSE(OVERVOLTAGE, seen(&st->full));
	CAUSE(ATC, seen(&st->atc));
	CAUSE(COLD, seen(&st->cold));
	CAUSE(HOT, seen(&st->hot));
	CAUSE(CHARGE_WAITS, charge_waits(set, st));
	CAUSE(OVER_DISCHARGED, st->over_discharged.on);
	CAUSE(REMOTE_OFF, seen(&st->remote));
	CAUSE(SUPPLY, seen(&st->supply));
	CAUSE(LOOP_OPEN, seen(&st->loop));
	CAUSE(HOST_CHARGE_OFF, in->host_charge_off);
	CAUSE(HOST_LOAD_OFF, in->host_load_off);
	CAUSE(CELL_LOST, st->lost[SMALLBMS_KIND_CELL].on);
	CAUSE(SUPPLY_LOST, st->lost[SMALLBMS_KIND_SUPPLY].on);
	CAUSE(CURRENT_LOST, st->lost[SMALLBMS_KIND_LOAD_CURRENT].on);
	CAUSE(LINE_LOST, st->line_lost.on);
	CAUSE(NO_SOURCE, no_source(in));
	CAUSE(TEMP_LOST, st->lost[SMALLBMS_KIND_TEMP].on);
	CAUSE(ATC_LOST, st->atc_lost.on);
	CAUSE(OUTPUT_FAULT, faults(set, st, in));
	CAUSE(OVERLOAD, st->now_ns < st->retry_ns && st->overloads < OVERLOAD_MAX);
	CAUSE(OVERLOAD_LATCHED, st->overloads >= OVERLOAD_MAX);
	CAUSE(WELDED, st->welded.on);
	CAUSE(MEMORY_LOST, in->memory_lost);
#undef CAUSE

	return mask;
}

/* P1: causes that light the red LED: all that forbid charging, except R2, R5 and the start */
#define RED_CAUSES							\
	(BIT_OF(SMALLBMS_CAUSE_OVERVOLTAGE) |				\
	 BIT_OF(SMALLBMS_CAUSE_ATC) |					\
	 BIT_OF(SMALLBMS_CAUSE_COLD) |					\
	 BIT_OF(SMALLBMS_CAUSE_HOT) |					\
	 BIT_OF(SMALLBMS_CAUSE_CHARGE_WAITS) |				\
	 BIT_OF(SMALLBMS_CAUSE_OVER_DISCHARGED) |			\
	 BIT_OF(SMALLBMS_CAUSE_SUPPLY) |				\
	 BIT_OF(SMALLBMS_CAUSE_LOOP_OPEN) |				\
	 BIT_OF(SMALLBMS_CAUSE_CELL_LOST) |				\
	 BIT_OF(SMALLBMS_CAUSE_SUPPLY_LOST) |				\
	 BIT_OF(SMALLBMS_CAUSE_CURRENT_LOST) |				\
	 BIT_OF(SMALLBMS_CAUSE_LINE_LOST) |				\
	 BIT_OF(SMALLBMS_CAUSE_NO_SOURCE) |				\
	 BIT_OF(SMALLBMS_CAUSE_TEMP_LOST) |				\
	 BIT_OF(SMALLBMS_CAUSE_ATC_LOST))

/* Evidence of a line that cannot be read when its time is over waits until it can. */
static void due_condition(u64 *deadline_ns, const struct smallbms_condition *c, u64 now_ns,
			  u64 span_ns)
{
	u64 end_ns;

	if (!c->pending)
		return;
	end_ns = add(c->since_ns, span_ns);
	if (end_ns > now_ns)
		due(deadline_ns, end_ns);
}

/* F8: bad evidence counts sooner when no good spell has lasted for a while. */
static void due_flicker(u64 *deadline_ns, const struct smallbms_condition *c,
			const struct smallbms_steadiness *steady, u64 now_ns)
{
	u64 end_ns = add(steady->stood_ns, FLICKER_MS * SMALLBMS_NS_PER_MS);

	if (!c->on && c->pending && end_ns > now_ns)
		due(deadline_ns, end_ns);
}

/* F3: an order is checked once it has had time to settle, and until it stands. */
static void due_terminals(u64 *deadline_ns, const struct smallbms_settings *set,
			  const struct smallbms_state *st, const struct smallbms_sample *in)
{
	u64 now = st->now_ns;
	int i;

	for (i = 0; i < SMALLBMS_NUM_OUTPUTS; i++) {
		const struct smallbms_terminal t = in->terminal[i];
		u64 settled_ns = add(t.told_ns, settle_ns(set));

		if (!t.fitted)
			continue;
		if (t.driven != !!(wanted(st) & BIT_OF(i)))
			due(deadline_ns, now);
		else if (!at_pin(&t))
			due(deadline_ns, t.written && settled_ns > now ? settled_ns :
			    add(now, RETRY_MS * SMALLBMS_NS_PER_MS));
	}
}

/*
 * Evidence is checked once in between, because two bad samples do not make a condition.
 * Evidence that is still under way when its time is over waits for a missing value, at the
 * usual pace.
 */
static void due_scan(u64 *scan_ns, const struct smallbms_condition *c, u64 now_ns, u64 span_ns)
{
	u64 half_ns, end_ns;

	if (!c->pending)
		return;
	half_ns = add(c->since_ns, span_ns / 2);
	end_ns = add(c->since_ns, span_ns);
	if (now_ns < end_ns)
		due(scan_ns, now_ns < half_ns ? half_ns : end_ns);
}

/* The end of a loss may not come either. */
static void due_stale(u64 *deadline_ns, const struct smallbms_condition *lost, bool fitted,
		      u64 good_ns, u64 stale_ns)
{
	if (fitted && !stands(lost))
		due(deadline_ns, add(good_ns, stale_ns));
}

static void due_losses(u64 *deadline_ns, const struct smallbms_state *st,
		       const struct smallbms_sample *in, u64 stale_ns)
{
	int i;

	for (i = 0; i < SMALLBMS_NUM_KINDS; i++)
		due_stale(deadline_ns, &st->lost[i], in->group[i].fitted, in->group[i].good_ns,
			  stale_ns);
	for (i = 0; i < SMALLBMS_NUM_LINES; i++) {
		const struct smallbms_condition lost =
			i == SMALLBMS_LINE_ATC ? st->atc_lost : st->line_lost;

		due_stale(deadline_ns, &lost, in->line[i].fitted && !in->line[i].known,
			  in->line[i].good_ns, stale_ns);
		if (in->line[i].fitted && !in->line[i].known)
			due(deadline_ns, add(st->now_ns, RETRY_MS * SMALLBMS_NS_PER_MS));
	}
}

/*
 * Things that become due by the passing of time alone. Conditions of measurements do not;
 * they wait for the next scan.
 */
static u64 deadline(const struct smallbms_settings *set, const struct smallbms_state *st,
		    const struct smallbms_sample *in, u64 cut_ns)
{
	const u64 now = st->now_ns, filter = filter_ns(set);
	u64 next = add(now, LOOK_MS * SMALLBMS_NS_PER_MS);

	if (st->pre_alarm_on)
		due(&next, add(now, LOOK_IN_WARNING_MS * SMALLBMS_NS_PER_MS));
	/* A cut that is due waits for a scan. */
	due(&next, cut_ns > now ? cut_ns : add(cut_ns, CUT_SCAN_MS * SMALLBMS_NS_PER_MS));

	due_condition(&next, &st->atd, now, filter);
	due_condition(&next, &st->atc, now, filter);
	due_condition(&next, &st->bpa, now, filter);
	due_condition(&next, &st->loop, now, filter);
	due_condition(&next, &st->remote, now, filter);
	due_condition(&next, &st->line_lost, now, filter);
	due_condition(&next, &st->atc_lost, now, filter);
	due_condition(&next, &st->settled, now, filter);

	due_flicker(&next, &st->atd, &st->steady[SMALLBMS_STEADY_ATD], now);
	due_flicker(&next, &st->atc, &st->steady[SMALLBMS_STEADY_ATC], now);
	due_flicker(&next, &st->bpa, &st->steady[SMALLBMS_STEADY_BPA], now);
	due_flicker(&next, &st->loop, &st->steady[SMALLBMS_STEADY_LOOP], now);
	due_flicker(&next, &st->remote, &st->steady[SMALLBMS_STEADY_REMOTE], now);

	due_terminals(&next, set, st, in);
	due_losses(&next, st, in, stale_ns(set));

	if (now < st->retry_ns && st->overloads < OVERLOAD_MAX)
		due(&next, st->retry_ns);

	return next;
}

/*
 * The time at which a scan of a kind would turn a condition, or find a missing value. It is
 * later than the newest scan: a converter that lags has been asked, and answers at its own
 * pace.
 */
static u64 next_scan(const struct smallbms_settings *set, const struct smallbms_state *st,
		     const struct smallbms_sample *in, u64 cut_ns, enum smallbms_kind kind)
{
	const struct smallbms_group g = in->group[kind];
	const u64 scan = st->scan_ns, hold = hold_ns(set);
	u64 next = SMALLBMS_NEVER;

	due_scan(&next, &st->lost[kind], scan, hold);
	/* F1: the end of a short loss is noticed before it becomes a long one. */
	if (g.fitted && !g.all)
		due(&next, add(scan, hold / 2));
	if (kind != SMALLBMS_KIND_BANK_CURRENT)
		due_scan(&next, &st->scanned, scan, hold);

	if (kind == SMALLBMS_KIND_CELL) {
		if (cut_ns > scan)
			due(&next, cut_ns);
		due_scan(&next, &st->low, scan, hold);
		due_scan(&next, &st->empty, scan, hold);
		due_scan(&next, &st->ready, scan, hold);
		due_scan(&next, &st->full, scan, hold);
		due_scan(&next, &st->over_discharged, scan, hold);
	} else if (kind == SMALLBMS_KIND_TEMP) {
		due_scan(&next, &st->cold, scan, hold);
		due_scan(&next, &st->hot, scan, hold);
	} else if (kind == SMALLBMS_KIND_SUPPLY) {
		due_scan(&next, &st->supply, scan, hold);
	} else if (kind == SMALLBMS_KIND_LOAD_CURRENT) {
		due_scan(&next, &st->overload, scan, hold);
		due_scan(&next, &st->welded, scan, hold);
	}
	return next;
}

/**
 * smallbms_policy_init() - begin as if everything had tripped (X2)
 * @st: the state
 * @now_ns: boot time
 */
void smallbms_policy_init(struct smallbms_state *st, u64 now_ns)
{
	*st = (struct smallbms_state){
		.now_ns = now_ns,
		.scan_ns = now_ns,
		.starting = true,
		.blank = true,
	};
	assume(&st->low);
	assume(&st->empty);
	assume(&st->full);
	assume(&st->cold);
	assume(&st->hot);
	assume(&st->supply);
	assume(&st->atd);
	assume(&st->atc);
	assume(&st->bpa);
	assume(&st->loop);
	assume(&st->remote);
}
EXPORT_SYMBOL_IF_KUNIT(smallbms_policy_init);

/* X5: nothing forbade the load, and no condition that could cut it holds. */
static bool unquestioned(const struct smallbms_state *st)
{
	return st->load_on && !st->empty.on && !st->atd.on && !st->line_lost.on &&
	       !st->lost[SMALLBMS_KIND_CELL].on && !st->lost[SMALLBMS_KIND_SUPPLY].on &&
	       !st->lost[SMALLBMS_KIND_LOAD_CURRENT].on;
}

/**
 * smallbms_policy_recall() - take over a record of the memory
 * @st: the state, since smallbms_policy_init()
 * @remembered: from smallbms_policy_remember(), or anything
 *
 * The record makes something easier in the first start only. A load that was connected need
 * not wait for the reconnect level (X5), and cells need not be above the level that C4 asks
 * for if nothing is remembered. Later it can only forbid, so a memory may answer at any time.
 *
 * A load that has not been connected since an overload waits as it would have without the
 * restart (F5). How much of that time has passed is not known.
 */
void smallbms_policy_recall(struct smallbms_state *st,
			    const struct smallbms_remembered *remembered)
{
	u32 overloads = remembered->overloads;

	if (remembered->over_discharged && !st->cleared) {
		st->over_discharged.on = true;
		st->over_discharged.pending = false;
	}
	if (overloads > st->overloads)
		st->overloads = overloads < OVERLOAD_MAX ? overloads : OVERLOAD_MAX;
	if (st->overloads >= OVERLOAD_MAX) {
		st->load_on = false;
		st->pre_alarm_on = false;
	}
	if (st->blank) {
		st->warm = remembered->connected;
		if (overloads && !remembered->connected)
			st->retry_ns = add(st->now_ns, OVERLOAD_RETRY_MS * SMALLBMS_NS_PER_MS);
	}
	st->blank = st->blank && remembered->blank;
}
EXPORT_SYMBOL_IF_KUNIT(smallbms_policy_recall);

/**
 * smallbms_policy_remember() - get the facts that a restart must not forget (X4, X5)
 * @set: the settings
 * @st: the state of the last step
 *
 * The memory is written after a step, and its power may be lost with that of the bank. So
 * it stops saying that the load is connected as long before a cut as a write takes.
 *
 * Return: what smallbms_policy_recall() takes over.
 */
struct smallbms_remembered smallbms_policy_remember(const struct smallbms_settings *set,
						    const struct smallbms_state *st)
{
	bool near = st->pre_alarm_on &&
		    add(st->now_ns, FORGET_MS * SMALLBMS_NS_PER_MS) >= sure_ns(set, st);

	return (struct smallbms_remembered){
		.over_discharged = st->over_discharged.on,
		.overloads = st->overloads,
		.connected = st->warm || (unquestioned(st) && !near),
		.blank = st->blank,
	};
}
EXPORT_SYMBOL_IF_KUNIT(smallbms_policy_remember);

/**
 * smallbms_policy_step() - apply the rules
 * @set: the settings, valid
 * @st: the state of smallbms_policy_init() or of the step before
 * @in: all inputs as they are known now
 * @now_ns: boot time; a time before the last step counts as that step's
 * @out: the decision
 */
void smallbms_policy_step(const struct smallbms_settings *set, struct smallbms_state *st,
			  const struct smallbms_sample *in, u64 now_ns,
			  struct smallbms_decision *out)
{
	u32 driven;
	int i;

	if (now_ns > st->now_ns)
		st->now_ns = now_ns;
	if (in->scan_ns > st->scan_ns && in->scan_ns <= st->now_ns)
		st->scan_ns = in->scan_ns;

	observe_terminals(st, in);
	observe_lines(set, st, in);
	gate(set, st, in);
	observe_cells(set, st, in);
	observe_channels(set, st, in);
	start(set, st, in);
	decide_load(set, st, in);
	decide_charge(set, st, in);

	out->load = st->load_on;
	out->charge = st->charge_on;
	out->pre_alarm = st->pre_alarm_on;
	driven = wanted(st);
	out->faults = faults(set, st, in);
	out->beat = !(out->faults & ~driven);
	out->causes = causes(set, st, in);
	out->red = out->causes & RED_CAUSES;
	out->sure_ns = sure_ns(set, st);
	out->cut_ns = SMALLBMS_NEVER;
	if (st->pre_alarm_on && (cut_by_line(st, in) || cut_by_scan(set, st, in)))
		out->cut_ns = out->sure_ns;
	out->deadline_ns = deadline(set, st, in, out->cut_ns);
	for (i = 0; i < SMALLBMS_NUM_KINDS; i++)
		out->scan_ns[i] = next_scan(set, st, in, out->cut_ns, i);
}
EXPORT_SYMBOL_IF_KUNIT(smallbms_policy_step);

/**
 * smallbms_policy_resume() - begin again after a time in which nobody watched
 * @st: the state of the last step before
 * @now_ns: boot time
 *
 * Like smallbms_policy_init(), but a state that only an operator ends still holds (X4). A
 * load that was connected, with nothing to forbid it, need not wait for the reconnect level
 * (X5).
 */
void smallbms_policy_resume(struct smallbms_state *st, u64 now_ns)
{
	const struct smallbms_state last = *st;

	smallbms_policy_init(st, now_ns);
	st->over_discharged = last.over_discharged;
	st->over_discharged.pending = false;
	st->overloads = last.overloads;
	st->retry_ns = last.retry_ns;
	st->warm = last.warm || unquestioned(&last);
	st->blank = last.blank;
}
EXPORT_SYMBOL_IF_KUNIT(smallbms_policy_resume);
