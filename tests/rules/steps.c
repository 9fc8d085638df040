// SPDX-License-Identifier: GPL-2.0-only
/*
 * smallbms - what the rules promise from step to step, for CBMC ("make prove")
 *
 * A contract (policy.acsl) is about one step. Harnesses are about steps that follow each
 * other: from any state that a history can leave, with any inputs, at any time. If a property
 * depends on the past, a variable beside the state has that past.
 */

#include "bank.h"

/* The invariant holds when a history begins ... */
void X1_begins(void)
{
	struct smallbms_sample in;
	struct smallbms_state st;

	any_sample(&in);
	smallbms_policy_init(&st, any_time());
	promise(invariant(&st) && loses_what_is_fitted(&st, &in));
	promise(st.starting && !st.load_on && !st.charge_on && !st.pre_alarm_on);
	happens(true);
}

/* ... and after every step. */
void X1_goes_on(void)
{
	struct bank b;
	u64 now;

	any_bank(&b);
	now = any_time();
	step(&b, now);
	promise(b.st.scan_ns <= b.st.now_ns && b.st.now_ns < SMALLBMS_NEVER);
	promise(scans_past(&b.st));
	promise(looks_past(&b.st));
	promise(alarm_past(&b.st));
	promise(serves(&b.st));
	promise(blocks(&b.st));
	promise(remembers(&b.st));
	promise(loses_what_is_fitted(&b.st, &b.in));
	happens(b.out.load && b.out.charge && b.out.pre_alarm);
	happens(!b.out.load && b.st.overloads == 3 && !b.st.starting);
}

/*
 * X4, X5: no memory connects an output, whatever it says and whenever it is read. In the first
 * start the load may need cells above the end of the pre-alarm only, C4 does not ask for its
 * margin, and a load that was overloaded may wait for another 10 s.
 */
void X4_goes_on_with_what_is_remembered(void)
{
	struct smallbms_remembered any;
	struct smallbms_state last;
	struct bank b;

	any_bank(&b);
	any.over_discharged = any_bool();
	any.overloads = any_u32();
	any.connected = any_bool();
	any.blank = any_bool();
	last = b.st;
	smallbms_policy_recall(&b.st, &any);
	promise(invariant(&b.st) && b.st.blank == (last.blank && any.blank));
	promise(b.st.load_on <= last.load_on && b.st.charge_on == last.charge_on);
	promise(b.st.pre_alarm_on <= last.pre_alarm_on);
	promise(b.st.overloads >= last.overloads);
	promise(b.st.retry_ns == last.retry_ns ||
		(last.blank && any.overloads && b.st.retry_ns - b.st.now_ns <= 10000 * MS));
	promise(b.st.over_discharged.on ==
		(last.over_discharged.on || (any.over_discharged && !last.cleared)));
	promise(b.st.warm == (last.blank ? any.connected : last.warm));
	happens(b.st.warm && last.starting && !last.warm);
	happens(last.load_on && !b.st.load_on);
}

/* X5: no load is cut within a second after "connected" is remembered, but for an overload. */
void X5_a_cut_is_known_before(void)
{
	u64 now, before_ns;
	struct bank b;

	any_bank(&b);
	suppose(smallbms_policy_remember(&b.set, &b.st).connected && b.st.load_on);
	before_ns = b.st.now_ns;
	now = any_time();
	step(&b, now);
	promise(!is_cut(true, &b, b.st.now_ns) || b.st.now_ns - before_ns > 1000 * MS ||
		b.st.overload.on);
	happens(is_cut(true, &b, b.st.now_ns));
}

/* X4, X5: the same after a sleep */
void X5_goes_on_after_sleep(void)
{
	struct bank b;
	bool connected;
	u64 now;

	any_bank(&b);
	now = any_time();
	suppose(now >= b.st.now_ns);
	connected = b.st.load_on || b.st.warm;
	smallbms_policy_resume(&b.st, now);
	promise(invariant(&b.st));
	promise(b.st.starting && !b.st.load_on && !b.st.charge_on && !b.st.pre_alarm_on);
	promise(!b.st.warm || connected);
	happens(b.st.warm && b.st.overloads == 2 && b.st.over_discharged.on);
	happens(connected && !b.st.warm);
}

/*
 * U2: the load is disconnected only if each look has found the pre-alarm to stand for the
 * warning time, or after twice that time since the alarm began. An observer with a clock of
 * its own measures this, and looks whenever the policy does.
 */
void U2_pin_is_warned(void)
{
	bool load_was_on, pin;
	struct watch w;
	struct bank b;
	u64 now;

	any_bank(&b);
	w = any_watch(&b.st);
	load_was_on = b.st.load_on;

	now = any_time();
	suppose(now >= b.st.now_ns);
	pin = !b.in.terminal[SMALLBMS_OUT_PRE_ALARM].fitted ||
	      stands_at_pin(&b.in.terminal[SMALLBMS_OUT_PRE_ALARM], true);
	watch_looks(&w, pin, now);

	step(&b, now);
	promise(!load_was_on || b.out.load || may_go(&w, &b, now));
	happens(is_cut(load_was_on, &b, now) && !w.stood);
	happens(is_cut(load_was_on, &b, now) && now - w.alarm_ns < 2 * whole_warning_ns(&b));

	if (b.out.pre_alarm && !w.alarm) {
		w.alarm_ns = now;
		/* Without a pin, the warning is given elsewhere, and at once. */
		w.stood = !b.in.terminal[SMALLBMS_OUT_PRE_ALARM].fitted;
		w.stood_ns = now;
	}
	w.alarm = b.out.pre_alarm;
	promise(watched(&w, &b.st));
	happens(w.alarm && w.stood && w.stood_ns < now);
}

/* U2: an empty cell cuts the load 50 ms after twice the warning time at the latest. */
void U2_at_the_latest(void)
{
	bool alarm, calls;
	struct bank b;
	u64 now;

	any_bank(&b);
	alarm = b.st.pre_alarm_on;
	now = any_time();
	suppose(now >= b.st.now_ns && now - b.st.alarm_ns >= 2 * whole_warning_ns(&b) + 50 * MS);
	step(&b, now);
	calls = b.st.empty.on && b.in.group[SMALLBMS_KIND_CELL].any &&
		b.in.group[SMALLBMS_KIND_CELL].min < b.set.load_disconnect_uv;
	promise(!alarm || !calls || !b.out.load);
	happens(alarm && calls);
}

/* A step with the same inputs reads the lines anew, but not the channels. */
static void lines_read(struct smallbms_sample *in, u64 now_ns)
{
	int i;

	for (i = 0; i < SMALLBMS_NUM_LINES; i++) {
		if (in->line[i].known)
			in->line[i].good_ns = now_ns;
	}
}

/* Is each output written as decided? If not, the same step is taken once more. */
static bool told(const struct bank *b)
{
	const struct smallbms_terminal *t = b->in.terminal;

	return (!t[SMALLBMS_OUT_LOAD].fitted || t[SMALLBMS_OUT_LOAD].driven == b->out.load) &&
	       (!t[SMALLBMS_OUT_CHARGE].fitted ||
		t[SMALLBMS_OUT_CHARGE].driven == b->out.charge) &&
	       (!t[SMALLBMS_OUT_PRE_ALARM].fitted ||
		t[SMALLBMS_OUT_PRE_ALARM].driven == b->out.pre_alarm);
}

static bool loss_is_later(const struct bank *b, const struct smallbms_condition *lost,
			  u64 good_ns)
{
	return stands(lost) || add(good_ns, (u64)b->set.stale_ms * MS) > b->st.now_ns;
}

static bool group_is_later(const struct bank *b, enum smallbms_kind kind)
{
	return !b->in.group[kind].fitted ||
	       loss_is_later(b, &b->st.lost[kind], b->in.group[kind].good_ns);
}

static bool line_is_later(const struct bank *b, enum smallbms_line_id id)
{
	return !b->in.line[id].fitted || b->in.line[id].known ||
	       loss_is_later(b, id == SMALLBMS_LINE_ATC ? &b->st.atc_lost : &b->st.line_lost,
			     b->in.line[id].good_ns);
}

static void looking(struct bank *b, u64 *now)
{
	any_bank(b);
	*now = any_time();
	suppose(*now >= b->st.now_ns);
	lines_read(&b->in, *now);
	step(b, *now);
}

/*
 * Steps and scans go on for ever, and time passes between them.
 *
 * A loss that has not come by now can only come later, ...
 */
void F4_a_loss_is_later(void)
{
	struct bank b;
	u64 now;

	looking(&b, &now);
	promise(group_is_later(&b, SMALLBMS_KIND_CELL));
	promise(group_is_later(&b, SMALLBMS_KIND_TEMP));
	promise(group_is_later(&b, SMALLBMS_KIND_SUPPLY));
	promise(group_is_later(&b, SMALLBMS_KIND_LOAD_CURRENT));
	promise(group_is_later(&b, SMALLBMS_KIND_BANK_CURRENT));
	promise(line_is_later(&b, SMALLBMS_LINE_ATD));
	promise(line_is_later(&b, SMALLBMS_LINE_ATC));
	promise(line_is_later(&b, SMALLBMS_LINE_BPA));
	promise(line_is_later(&b, SMALLBMS_LINE_LOOP));
	promise(line_is_later(&b, SMALLBMS_LINE_REMOTE_H));
	promise(line_is_later(&b, SMALLBMS_LINE_REMOTE_L));
	happens(b.st.lost[SMALLBMS_KIND_CELL].on && b.st.lost[SMALLBMS_KIND_CELL].pending);
}

/* ... so the deadline is later too. */
void F4_the_deadline_is_later(void)
{
	struct bank b;
	u64 now;
	int i;

	looking(&b, &now);
	for (i = 0; i < SMALLBMS_NUM_KINDS; i++)
		suppose(group_is_later(&b, i));
	for (i = 0; i < SMALLBMS_NUM_LINES; i++)
		suppose(line_is_later(&b, i));
	promise(b.out.deadline_ns >= now);
	promise(b.out.deadline_ns > now || !told(&b));
	happens(b.out.deadline_ns == now + 1 && b.out.pre_alarm);
}

static u64 min_ns(u64 a_ns, u64 b_ns)
{
	return a_ns < b_ns ? a_ns : b_ns;
}

/* When every channel of a kind had been scanned */
static u64 scanned_ns(const struct bank *b, enum smallbms_kind kind)
{
	const struct smallbms_group *g = &b->in.group[kind];

	return g->fitted ? min_ns(b->st.scan_ns, g->scan_ns) : b->st.scan_ns;
}

/* When every channel had been scanned */
static u64 oldest_ns(const struct bank *b)
{
	u64 time_ns = b->st.scan_ns;
	int i;

	for (i = 0; i < SMALLBMS_NUM_KINDS; i++)
		time_ns = min_ns(time_ns, scanned_ns(b, i));
	return time_ns;
}

void F4_the_scan_is_later(void)
{
	struct bank b;
	u64 now;
	int i;

	looking(&b, &now);
	for (i = 0; i < SMALLBMS_NUM_KINDS; i++)
		promise(b.out.scan_ns[i] > b.st.scan_ns);
	happens(b.out.scan_ns[SMALLBMS_KIND_CELL] == b.st.scan_ns + 1);
}

/* Outputs are written before they are looked at. */
static void outputs_told(const struct smallbms_sample *in, u64 now_ns)
{
	int i;

	for (i = 0; i < SMALLBMS_NUM_OUTPUTS; i++)
		suppose(in->terminal[i].told_ns <= now_ns);
}

/* F3: an output that does not stand is soon looked at and written again. */
void F3_what_does_not_stand_is_due(void)
{
	bool want[SMALLBMS_NUM_OUTPUTS];
	bool stand = true;
	struct bank b;
	u64 now;
	int i;

	any_bank(&b);
	now = any_time();
	suppose(now >= b.st.now_ns && now < SMALLBMS_NEVER - 10000 * MS);
	outputs_told(&b.in, now);
	step(&b, now);
	want[SMALLBMS_OUT_LOAD] = b.out.load;
	want[SMALLBMS_OUT_CHARGE] = b.out.charge;
	want[SMALLBMS_OUT_PRE_ALARM] = b.out.pre_alarm;
	for (i = 0; i < SMALLBMS_NUM_OUTPUTS; i++)
		stand = stand && (!b.in.terminal[i].fitted ||
				  stands_at_pin(&b.in.terminal[i], want[i]));
	promise(stand || b.out.deadline_ns <= now + 250 * MS);
	happens(stand && b.out.deadline_ns == now + 10000 * MS);
	happens(!stand && b.out.deadline_ns == now + 250 * MS);
}

/* F3, F3a: a fault is reported, and nothing else; on an output that must float, no beat. */
void F3_what_must_float_stops_the_beat(void)
{
	bool want[SMALLBMS_NUM_OUTPUTS];
	struct bank b;
	u64 now;
	int i;

	any_bank(&b);
	now = any_time();
	suppose(now >= b.st.now_ns);
	step(&b, now);
	want[SMALLBMS_OUT_LOAD] = b.out.load;
	want[SMALLBMS_OUT_CHARGE] = b.out.charge;
	want[SMALLBMS_OUT_PRE_ALARM] = b.out.pre_alarm;
	for (i = 0; i < SMALLBMS_NUM_OUTPUTS; i++) {
		const struct smallbms_terminal *t = &b.in.terminal[i];
		bool late = t->told_ns <= now &&
			    now - t->told_ns >= (u64)b.set.settle_ms * MS;
		bool fault = t->fitted && !stands_at_pin(t, t->driven) && (!t->written || late);

		promise(fault == !!(b.out.faults & 1U << i));
		promise(!fault || want[i] || !b.out.beat);
	}
	happens(!b.out.beat);
	happens(b.out.beat && b.out.faults);
}

/* Inputs that forbid nothing */

static bool group_good(const struct bank *b, enum smallbms_kind kind, s32 min, s32 max, u64 now_ns)
{
	const struct smallbms_group *g = &b->in.group[kind];

	return !g->fitted ||
	       (g->any && g->all && g->min >= min && g->max <= max && g->good_ns <= now_ns &&
		now_ns - g->good_ns < (u64)b->set.stale_ms * MS);
}

static bool line_good(const struct bank *b, enum smallbms_line_id id, bool active)
{
	return !b->in.line[id].fitted || b->in.line[id].active == active;
}

static bool line_read(const struct bank *b, enum smallbms_line_id id, u64 now_ns)
{
	return !b->in.line[id].fitted || (b->in.line[id].known && b->in.line[id].good_ns == now_ns);
}

static bool switched_on(const struct bank *b)
{
	const struct smallbms_line *h = &b->in.line[SMALLBMS_LINE_REMOTE_H];
	const struct smallbms_line *l = &b->in.line[SMALLBMS_LINE_REMOTE_L];

	return (!h->fitted && !l->fitted) || (h->fitted && h->active) || (l->fitted && l->active);
}

static bool good(const struct bank *b, u64 now_ns)
{
	const struct smallbms_settings *set = &b->set;

	return group_good(b, SMALLBMS_KIND_CELL, set->load_reconnect_uv,
			  set->charge_reconnect_uv - 1, now_ns) &&
	       group_good(b, SMALLBMS_KIND_TEMP, set->charge_min_mc + 2000,
			  set->charge_max_mc - 2000, now_ns) &&
	       group_good(b, SMALLBMS_KIND_SUPPLY, 8000000, 70000000, now_ns) &&
	       group_good(b, SMALLBMS_KIND_LOAD_CURRENT, -100000000, set->load_limit_ua, now_ns) &&
	       (b->in.group[SMALLBMS_KIND_CELL].fitted ||
		(b->in.line[SMALLBMS_LINE_ATD].fitted && b->in.line[SMALLBMS_LINE_ATC].fitted)) &&
	       line_read(b, SMALLBMS_LINE_ATD, now_ns) && line_read(b, SMALLBMS_LINE_ATC, now_ns) &&
	       line_read(b, SMALLBMS_LINE_BPA, now_ns) &&
	       line_read(b, SMALLBMS_LINE_LOOP, now_ns) &&
	       line_read(b, SMALLBMS_LINE_REMOTE_H, now_ns) &&
	       line_read(b, SMALLBMS_LINE_REMOTE_L, now_ns) &&
	       line_good(b, SMALLBMS_LINE_ATD, true) && line_good(b, SMALLBMS_LINE_ATC, true) &&
	       line_good(b, SMALLBMS_LINE_BPA, false) && line_good(b, SMALLBMS_LINE_LOOP, true) &&
	       switched_on(b) && !b->in.host_charge_off && !b->in.host_load_off;
}

/* F8: the line has stood good for its filter time, and still does. */
static bool quiet_line(const struct bank *b, enum smallbms_line_condition i, bool fitted,
		       u64 lines_ns)
{
	const struct smallbms_steadiness *s = &b->st.steady[i];

	return !fitted || (s->good && s->good_ns <= lines_ns);
}

static bool quiet_since(const struct bank *b, u64 lines_ns)
{
	const struct smallbms_line *l = b->in.line;

	return quiet_line(b, SMALLBMS_STEADY_ATD, l[SMALLBMS_LINE_ATD].fitted, lines_ns) &&
	       quiet_line(b, SMALLBMS_STEADY_ATC, l[SMALLBMS_LINE_ATC].fitted, lines_ns) &&
	       quiet_line(b, SMALLBMS_STEADY_BPA, l[SMALLBMS_LINE_BPA].fitted, lines_ns) &&
	       quiet_line(b, SMALLBMS_STEADY_LOOP, l[SMALLBMS_LINE_LOOP].fitted, lines_ns) &&
	       quiet_line(b, SMALLBMS_STEADY_REMOTE, l[SMALLBMS_LINE_REMOTE_H].fitted ||
			  l[SMALLBMS_LINE_REMOTE_L].fitted, lines_ns);
}

/* The condition is off, or it began to end at that time or before. */
static bool ends(const struct smallbms_condition *c, u64 since_ns)
{
	return !c->on || (c->pending && c->since_ns <= since_ns);
}

static bool begins(const struct smallbms_condition *c, u64 since_ns)
{
	return c->on || (c->pending && c->since_ns <= since_ns);
}

/* All that floats every output is ending, since a scan and a reading of the lines. */
static bool gate_ends(const struct smallbms_state *st, u64 scan_ns, u64 now_ns)
{
	return ends(&st->supply, scan_ns) && ends(&st->loop, now_ns) && ends(&st->remote, now_ns);
}

static bool all_ends(const struct bank *b, u64 scan_ns, u64 now_ns)
{
	const struct smallbms_state *st = &b->st;

	return gate_ends(st, scan_ns, now_ns) &&
	       ends(&st->low, scan_ns) && ends(&st->empty, scan_ns) && ends(&st->full, scan_ns) &&
	       ends(&st->cold, scan_ns) && ends(&st->hot, scan_ns) &&
	       ends(&st->lost[SMALLBMS_KIND_CELL], scan_ns) &&
	       ends(&st->lost[SMALLBMS_KIND_TEMP], scan_ns) &&
	       ends(&st->lost[SMALLBMS_KIND_SUPPLY], scan_ns) &&
	       ends(&st->lost[SMALLBMS_KIND_LOAD_CURRENT], scan_ns) &&
	       ends(&st->atd, now_ns) && ends(&st->atc, now_ns) && ends(&st->bpa, now_ns) &&
	       ends(&st->line_lost, now_ns) && ends(&st->atc_lost, now_ns) &&
	       (!b->in.group[SMALLBMS_KIND_CELL].fitted || begins(&st->ready, scan_ns)) &&
	       begins(&st->scanned, scan_ns) && begins(&st->settled, now_ns) &&
	       !st->blocked;
}

static bool over(u64 since_ns, u64 now_ns, s32 span_ms)
{
	return now_ns >= since_ns && now_ns - since_ns >= (u64)span_ms * MS;
}

/*
 * After any history, with good inputs from some step on, all outputs come on.
 *
 * First, lines stop flickering (F8). Their filter time begins with the first good step at the
 * latest. When they have been good for that time, only a bad look can turn one.
 */
void F8_lines_become_quiet(void)
{
	struct bank b;
	u64 now;

	any_bank(&b);
	now = any_time();
	suppose(now >= b.st.now_ns && good(&b, now));
	step(&b, now);
	promise(quiet_since(&b, now));
	happens(b.st.loop.on && b.st.loop.pending);
}

/* A bank with quiet lines and good inputs: all of the following begin with it. */
static void quiet_bank(struct bank *b, u64 *now)
{
	u64 lines = any_u64();

	any_bank(b);
	*now = any_time();
	suppose(lines <= b->st.now_ns && quiet_since(b, lines));
	suppose(*now >= b->st.now_ns && *now - lines >= (u64)b->set.filter_ms * MS);
	suppose(good(b, *now));
}

/* Then all that floats every output ends: the next step begins the end, ... */
void X2_gate_begins_to_open(void)
{
	struct bank b;
	u64 now;

	quiet_bank(&b, &now);
	step(&b, now);
	promise(quiet_since(&b, now) && gate_ends(&b.st, b.st.scan_ns, now));
	happens(b.st.blocked);
}

/* ... which comes after the hold time of the supply and the filter time of the lines. */
void X2_gate_opens(void)
{
	u64 scan, lines, now;
	struct bank b;

	quiet_bank(&b, &now);
	scan = any_u64();
	lines = any_u64();
	suppose(scan <= b.st.scan_ns && lines <= b.st.now_ns && gate_ends(&b.st, scan, lines));
	step(&b, now);
	promise(gate_ends(&b.st, scan, lines));
	promise(!over(scan, scanned_ns(&b, SMALLBMS_KIND_SUPPLY), b.set.hold_ms) ||
		!over(lines, now, b.set.filter_ms) || !b.st.blocked);
	happens(b.st.blocked);
	happens(!b.st.blocked && b.st.starting);
}

/*
 * Then, or at a start, the same holds for all that forbids an output: its end begins with
 * the next step, because opening the gate may have begun it all anew (X2), ...
 */
void X2_all_begins_to_come_back(void)
{
	struct bank b;
	u64 now;

	quiet_bank(&b, &now);
	suppose(!b.st.blocked);
	step(&b, now);
	promise(all_ends(&b, b.st.scan_ns, now));
	happens(!b.out.load && !b.st.starting);
}

/*
 * ... and comes with the first step after both times that has a fresh scan. Two things may
 * stay: a condition that waits for an operator (C4, F5), and a load that is not yet due to
 * be tried again (F5).
 */
void X2_all_comes_back(void)
{
	u64 scan, lines, now;
	struct bank b;
	bool due;

	quiet_bank(&b, &now);
	scan = any_u64();
	lines = any_u64();
	suppose(scan <= b.st.scan_ns && lines <= b.st.now_ns && all_ends(&b, scan, lines));
	step(&b, now);
	promise(all_ends(&b, scan, lines));

	due = over(scan, oldest_ns(&b), b.set.hold_ms) && over(lines, now, b.set.filter_ms) &&
	      now - b.st.scan_ns <= (u64)b.set.hold_ms * MS &&
	      now - oldest_ns(&b) <= (u64)b.set.stale_ms * MS / 2;
	promise(!due || !b.out.pre_alarm);
	promise(!due || b.out.charge || b.st.over_discharged.on);
	promise(!due || b.out.load || b.st.overloads >= 3 || now < b.st.retry_ns);
	happens(due && b.out.load && b.out.charge);
	happens(due && !b.out.load);
	happens(due && !b.out.charge);
}

/* C3: a bank whose load has just been cut can be charged, unless its cells forbid it. */
void C3_a_cut_frees_charging(void)
{
	struct bank b;
	bool cut;

	any_bank(&b);
	cut = b.st.pre_alarm_on;
	step(&b, any_time());
	cut = cut && !b.out.load;
	promise(!cut || !b.out.pre_alarm);
	promise(!cut || b.set.charge_in_pre_alarm || !charge_waits(&b.set, &b.st));
	happens(cut && b.out.charge);
}

/* The driver accepts exactly the settings that the contracts of the policy require. */

static bool within(s32 value, s32 min, s32 max)
{
	return value >= min && value <= max;
}

static bool allowed(const struct smallbms_settings *s)
{
	return within(s->load_disconnect_uv, 2600000, 2800000) &&
	       within(s->pre_alarm_uv, 2850000, 3150000) &&
	       within(s->load_reconnect_uv, 3000000, 3400000) &&
	       s->pre_alarm_uv + 50000 <= s->load_reconnect_uv &&
	       within(s->charge_disconnect_uv, 3400000, 4000000) &&
	       within(s->charge_reconnect_uv, 500000, 4000000) &&
	       s->charge_reconnect_uv <= s->charge_disconnect_uv - 50000 &&
	       (s->over_discharged_uv == 0 || within(s->over_discharged_uv, 1500000, 2500000)) &&
	       within(s->charge_min_mc, -20000, 20000) && within(s->charge_max_mc, 30000, 60000) &&
	       within(s->warning_ms, 30000, 300000) && within(s->hold_ms, 250, 5000) &&
	       within(s->filter_ms, 0, 200) && within(s->settle_ms, 1, 200) &&
	       within(s->stale_ms, 1000, 10000) &&
	       within(s->charge_in_pre_alarm, 0, 1) && within(s->load_limit_ua, 100000, 1000000) &&
	       within(s->rest_ua, 0, 10000000) && within(s->full_tail_percent, 1, 20) &&
	       within(s->full_cell_uv, 3350000, 3650000) &&
	       within(s->full_hold_ms, 60000, 3600000);
}

void F4_settings_are_as_allowed(void)
{
	const struct smallbms_settings set = any_settings();
	struct smallbms_range broken;
	bool valid = smallbms_settings_valid(&set, &broken);

	promise(valid == allowed(&set));
	happens(valid);
	happens(!valid);
}

void F4_default_settings_are_valid(void)
{
	struct smallbms_settings set;
	struct smallbms_range broken;

	smallbms_settings_init(&set);
	promise(smallbms_settings_valid(&set, &broken) && allowed(&set));
	happens(set.warning_ms == 30000);
}
