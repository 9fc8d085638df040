// SPDX-License-Identifier: GPL-2.0-only
/*
 * Histories of a bank, made from bytes, on which rules and oracle must agree
 *
 * This file takes the place of bank.c, in virtual time. Each look reads the lines, writes the
 * outputs and reads them back. Scans come at their pace, or when the policy asks for one. A
 * look follows at each deadline. All of these can be late, stuck or wrong. The first bytes are
 * the bank's parts and its settings. Then each event has four bytes.
 *
 * After each look the decision is checked against what must always hold, and the oracle
 * judges it.
 */

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <linux/compiler.h>

#include "policy.h"
#include "record.h"

#include "history.h"
#include "oracle.h"

#define MS		SMALLBMS_NS_PER_MS
#define S		(1000 * MS)

/* As in bank.c */
#define SCAN_MS		600
#define BEAT_MS		250

#define LONGEST_PASS	(40 * S)
#define LONGEST		(3600 * S)
/* First bytes of some events; below these, the low four bits choose one of sixteen others */
#define TERMINALS	0xc0
#define FLICKERS	0xf0
#define SLEEPS		0xf8

#define AT_ONCE		16	/* more looks without time passing are an endless loop */

struct channel {
	bool fitted, some, all;
	s32 min, max;
	u64 good_ns;
};

/* The memory that a restart finds */
enum memory { NO_MEMORY, WITH_MEMORY, ONE_BAD, BOTH_BAD, MADE_UP, MEMORIES };

/* An output, the line behind it, and their faults */
struct terminal {
	bool told, level;	/* the level written to the line, and its own */
	bool failed;		/* the last write failed */
	u64 follows_ns, settle_ns;
	bool fails, blind, lies, stuck, fallen;
};

static struct world {
	struct smallbms_settings set;
	struct smallbms_state st;
	struct smallbms_sample in;
	struct smallbms_decision out;
	struct channel channel[QUANTITIES];
	struct smallbms_line line[LINES];
	struct terminal terminal[OUTPUTS];
	struct smallbms_group scan[SMALLBMS_NUM_KINDS];	/* under way */
	u64 begin_ns, now_ns;
	u64 calm_ns, still_ns;			/* as in struct moment */
	u64 deadline_ns, scan_due_ns, scan_end_ns;
	u64 slow_ns, late_ns, write_ns;		/* how long a scan, a timer, an output takes */
	bool polled, beats, mute;
	unsigned int at_once;
	char *why;
	FILE *told, *scenario;
} w;

static struct oracle oracle;
struct tally tally;

static const char *const quantity_name[] = { "cells", "temperatures", "supply", "load current" };
static const char *const output_name[] = { "LD", "CD", "PA" };
static const char *const line_name[] = { "ATD", "ATC", "BPA", "loop", "H", "L" };

/* Output, for people and in the language of the scenarios */

static double seconds(u64 time_ns)
{
	return (time_ns - w.begin_ns) / 1e9;
}

static void __printf(3, 4) say(FILE *file, const char *when, const char *text, ...)
{
	va_list list;

	if (!file)
		return;
	fprintf(file, when, seconds(w.now_ns));
	va_start(list, text);
	vfprintf(file, text, list);
	va_end(list);
	fputc('\n', file);
}

#define tell(...)		say(w.told, "%14.6f  ", __VA_ARGS__)
#define script(...)		say(w.scenario, "%-12.6f ", __VA_ARGS__)
#define beyond_words(...)	say(w.scenario, "# %.6f: no word for: ", __VA_ARGS__)

static bool __printf(1, 2) wrong(const char *text, ...)
{
	va_list list;

	va_start(list, text);
	vsnprintf(w.why, 400, text, list);
	va_end(list);
	tell("WRONG: %s", w.why);
	return false;
}

/* The core */

static void limits_of(const struct smallbms_settings *set, struct limits *l)
{
	*l = (struct limits){
		.load_disconnect = set->load_disconnect_uv,
		.pre_alarm = set->pre_alarm_uv,
		.load_reconnect = set->load_reconnect_uv,
		.charge_disconnect = set->charge_disconnect_uv,
		.charge_reconnect = set->charge_reconnect_uv,
		.over_discharged = set->over_discharged_uv,
		.coldest = set->charge_min_mc,
		.hottest = set->charge_max_mc,
		.warning_ms = set->warning_ms,
		.hold_ms = set->hold_ms,
		.filter_ms = set->filter_ms,
		.settle_ms = set->settle_ms,
		.stale_ms = set->stale_ms,
		.keep_charge = set->charge_in_pre_alarm,
		.current = set->load_limit_ua,
		.rest = set->rest_ua,
		.tail_percent = set->full_tail_percent,
		.full_cell = set->full_cell_uv,
		.full_ms = set->full_hold_ms,
	};
}

static u64 earlier(u64 a, u64 b)
{
	return a < b ? a : b;
}

static bool because(enum smallbms_cause cause)
{
	return w.out.causes & 1U << cause;
}

static bool ask_oracle(u64 look_ns)
{
	struct moment m = {
		.now_ns = look_ns,
		.scan_ns = w.in.scan_ns,
		.no_charge = w.in.host_charge_off,
		.no_load = w.in.host_load_off,
		.clear = w.in.operator_clear,
		.load = w.out.load,
		.charge = w.out.charge,
		.pre_alarm = w.out.pre_alarm,
		.red = w.out.red,
		.beat = w.out.beat,
		.faults = w.out.faults,
		.output_fault = because(SMALLBMS_CAUSE_OUTPUT_FAULT),
		.welded = because(SMALLBMS_CAUSE_WELDED),
		.sure_ns = w.out.sure_ns,
		.cut_ns = w.out.cut_ns,
		.deadline_ns = w.out.deadline_ns,
		.calm_ns = w.calm_ns,
		.still_ns = earlier(w.still_ns, look_ns),
	};
	int i;

	for (i = 0; i < QUANTITIES; i++) {
		const struct smallbms_group *g = &w.in.group[i];

		m.reading[i] = (struct reading){
			g->fitted, g->any, g->all, g->min, g->max, g->good_ns
		};
	}
	for (i = 0; i < LINES; i++) {
		const struct smallbms_line *l = &w.in.line[i];

		m.wire[i] = (struct wire){ l->fitted, l->known, l->active, l->good_ns };
	}
	for (i = 0; i < OUTPUTS; i++) {
		const struct smallbms_terminal *t = &w.in.terminal[i];

		m.pin[i] = (struct pin){
			t->fitted, t->driven, t->written, t->known, t->high, t->told_ns
		};
	}
	limits_of(&w.set, &m.limits);
	w.still_ns = SMALLBMS_NEVER;

	if (oracle_sees(&oracle, &m))
		return true;
	if (w.scenario && oracle.pin)
		fprintf(w.scenario, "expect %s=%s@[%.6f,%.6f]\n", oracle.pin,
			oracle.level ? "1" : strcmp(oracle.pin, "RD") ? "Z" : "0",
			seconds(oracle.at_ns), seconds(oracle.at_ns));
	return wrong("%s", oracle.complaint);
}

/* A look at any time before the deadline must decide the same. */
static bool look_ahead(void)
{
	struct smallbms_state st = w.st;
	struct smallbms_sample in = w.in;
	struct smallbms_decision out;
	u64 then_ns = w.out.deadline_ns - 1;
	int i;

	if (w.out.deadline_ns <= w.now_ns)	/* a write took longer, or is due */
		return true;
	in.operator_clear = false;
	for (i = 0; i < SMALLBMS_NUM_LINES; i++) {
		if (in.line[i].known)
			in.line[i].good_ns = then_ns;
	}
	smallbms_policy_step(&w.set, &st, &in, then_ns, &out);
	if (out.load == w.out.load && out.charge == w.out.charge &&
	    out.pre_alarm == w.out.pre_alarm && out.faults == w.out.faults &&
	    out.beat == w.out.beat)
		return true;
	return wrong("the decision changes before its deadline");
}

/* Outputs */

static bool level(const struct terminal *t)
{
	return t->stuck || t->fallen || w.now_ns < t->follows_ns ? t->level : t->told;
}

static void read_back(int i)
{
	const struct terminal *t = &w.terminal[i];
	struct smallbms_terminal *seen = &w.in.terminal[i];

	seen->written = !t->failed;
	seen->known = !t->blind;
	seen->high = level(t) != t->lies;
}

/* If an output is written again with the same level, only its line may change. */
static void write_output(int i, bool driven)
{
	struct terminal *t = &w.terminal[i];
	struct smallbms_terminal *seen = &w.in.terminal[i];
	bool was = level(t);

	w.now_ns += w.write_ns;
	if (seen->driven != driven)
		seen->told_ns = w.now_ns;
	seen->driven = driven;
	t->failed = t->fails;
	if (!t->failed && (t->told != driven || t->fallen)) {
		t->told = driven;
		t->fallen = false;
		t->level = was;
		t->follows_ns = w.now_ns + t->settle_ns;
	}
	read_back(i);
}

/* As in act.c, outputs that disconnect come first. Return true if one has a new level. */
static bool write_outputs(void)
{
	const bool want[OUTPUTS] = { w.out.load, w.out.charge, w.out.pre_alarm };
	bool told = false;
	int i, driven;

	for (driven = 0; driven < 2; driven++) {
		for (i = 0; i < OUTPUTS; i++) {
			bool new = want[i] != w.in.terminal[i].driven;

			if (!w.in.terminal[i].fitted || want[i] != driven ||
			    (!new && !(w.out.faults & 1U << i)))
				continue;
			told = told || new;
			write_output(i, want[i]);
		}
	}
	return told;
}

static bool decide(bool *told)
{
	struct smallbms_decision before = w.out;
	u64 look_ns = w.now_ns;

	smallbms_policy_step(&w.set, &w.st, &w.in, look_ns, &w.out);
	tally.steps++;
	if (w.out.deadline_ns < look_ns)
		return wrong("the deadline is in the past");
	if (w.out.cut_ns != SMALLBMS_NEVER && w.out.cut_ns <= look_ns &&
	    w.out.deadline_ns > look_ns + 100 * MS)
		return wrong("a cut is due, and the deadline is more than 100 ms away");
	if (w.out.load != before.load || w.out.charge != before.charge ||
	    w.out.pre_alarm != before.pre_alarm) {
		tally.edges++;
		tally.cuts += before.load && !w.out.load;
		tell("-> LD %s, CD %s, PA %s", w.out.load ? "1" : "Z", w.out.charge ? "1" : "Z",
		     w.out.pre_alarm ? "1" : "Z");
	}
	if (w.out.faults != before.faults)
		tell("-> at fault: %s%s%s", w.out.faults & 1 ? "LD " : "",
		     w.out.faults & 2 ? "CD " : "", w.out.faults & 4 ? "PA" : "");
	if (!ask_oracle(look_ns) || !look_ahead())
		return false;
	w.in.operator_clear = false;
	*told = write_outputs();
	if (w.out.deadline_ns == look_ns && !*told)
		return wrong("the deadline is now, and there is nothing to do");
	return true;
}

static bool look(void)
{
	bool told;
	int i;

	if (++w.at_once > AT_ONCE)
		return wrong("more than %d looks, and no time passes", AT_ONCE);

	for (i = 0; i < OUTPUTS; i++)
		read_back(i);
	for (i = 0; i < LINES; i++) {
		struct smallbms_line *l = &w.in.line[i];

		l->known = w.line[i].known;
		if (!l->fitted || !l->known)
			continue;
		l->active = w.line[i].active;
		l->good_ns = w.now_ns;
	}
	if (!decide(&told) || (told && !decide(&told)))
		return false;
	w.deadline_ns = w.out.deadline_ns + w.late_ns;
	return true;
}

static void scan_begins(void)
{
	int i;

	for (i = 0; i < QUANTITIES; i++) {
		struct channel *c = &w.channel[i];

		if (c->all)
			c->good_ns = w.now_ns;
		w.scan[i] = (struct smallbms_group){
			.fitted = c->fitted,
			.any = c->some,
			.all = c->all,
			.min = c->min,
			.max = c->max,
			.new_min = c->min,
			.new_max = c->max,
			.good_ns = c->good_ns,
		};
	}
	w.scan_due_ns = SMALLBMS_NEVER;
	w.scan_end_ns = w.now_ns + w.slow_ns;
}

/* After a change nothing is late yet. While something is slow or stuck, nothing can be. */
static void restless(void)
{
	w.still_ns = earlier(w.still_ns, w.now_ns);
	w.calm_ns = w.slow_ns || w.late_ns || w.write_ns || w.mute ||
		    (w.scan_end_ns != SMALLBMS_NEVER && w.scan_end_ns > w.now_ns) ?
		    UINT64_MAX : w.now_ns;
}

static bool scan_ends(void)
{
	u64 due_ns, pace_ns = (w.beats ? BEAT_MS : SCAN_MS) * MS;
	int i;

	if (w.calm_ns == UINT64_MAX)
		restless();
	w.scan_end_ns = SMALLBMS_NEVER;
	memcpy(w.in.group, w.scan, sizeof(w.scan));
	w.in.scan_ns = w.now_ns;
	for (i = 0; i < QUANTITIES; i++)
		w.in.group[i].scan_ns = w.now_ns;
	if (!look())
		return false;
	if (!w.polled)
		return true;

	due_ns = SMALLBMS_NEVER;
	for (i = 0; i < QUANTITIES; i++) {
		if (w.in.group[i].fitted)
			due_ns = earlier(due_ns, w.out.scan_ns[i]);
	}
	if (due_ns <= w.in.scan_ns)
		return wrong("the policy asks for a scan that has been made");
	/* As in bank.c, a timer has whole milliseconds. */
	due_ns = due_ns - w.now_ns > pace_ns ? pace_ns : (due_ns - w.now_ns + MS - 1) / MS * MS;
	w.scan_due_ns = w.now_ns + due_ns;
	return true;
}

static bool full(void)
{
	return oracle.count > ORACLE_MOMENTS - 2 || w.now_ns - w.begin_ns > LONGEST;
}

static bool pass(u64 span_ns)
{
	u64 end_ns = w.now_ns + earlier(span_ns, LONGEST_PASS);

	while (!full()) {
		u64 next_ns = earlier(earlier(w.deadline_ns, w.scan_due_ns),
				      earlier(w.scan_end_ns, end_ns));

		if (next_ns > w.now_ns) {
			w.now_ns = next_ns;
			w.at_once = 0;
		}
		if (w.now_ns >= w.deadline_ns) {
			w.deadline_ns = SMALLBMS_NEVER;
			if (!look())
				return false;
		} else if (w.now_ns >= w.scan_end_ns) {
			if (!scan_ends())
				return false;
		} else if (w.now_ns >= w.scan_due_ns) {
			scan_begins();
		} else {
			return true;
		}
	}
	return true;
}

/* Events */

/* A value at a level that matters, or near it */
static s32 near(u8 which, int8_t off, const s32 *levels, unsigned int count, s32 step)
{
	return levels[which % count] + (off >= -2 && off <= 2 ? off : off * step);
}

static void happen_cells(u8 a, u8 b, u8 c)
{
	const s32 levels[] = {
		3300000, w.set.load_disconnect_uv, w.set.pre_alarm_uv, w.set.pre_alarm_uv + 30000,
		w.set.load_reconnect_uv, w.set.charge_reconnect_uv, w.set.charge_disconnect_uv,
		w.set.over_discharged_uv,
	};
	struct channel *cell = &w.channel[CELLS];
	s32 one = near(a & 7, (int8_t)b, levels, 8, 3000);
	s32 other = near((a >> 3) & 7, (int8_t)c, levels, 8, 3000);

	cell->min = one < other ? one : other;
	cell->max = one < other ? other : one;
	tell("cells from %.6f V to %.6f V", cell->min / 1e6, cell->max / 1e6);
	script("V=%.6f V1=%.6f", cell->max / 1e6, cell->min / 1e6);
}

static void happen_temps(u8 a, u8 b, u8 c)
{
	const s32 levels[] = {
		25000, w.set.charge_min_mc, w.set.charge_min_mc + 2000, w.set.charge_max_mc,
		w.set.charge_max_mc - 2000,
	};
	struct channel *temp = &w.channel[TEMPS];
	s32 one = near(a & 7, (int8_t)b, levels, 5, 500);
	s32 other = near((a >> 3) & 7, (int8_t)c, levels, 5, 500);

	temp->min = one < other ? one : other;
	temp->max = one < other ? other : one;
	tell("batteries from %.3f C to %.3f C", temp->min / 1e3, temp->max / 1e3);
	script("T=%.3f T1=%.3f", temp->max / 1e3, temp->min / 1e3);
}

static void happen_supply(u8 a, u8 b)
{
	const s32 levels[] = { 13200000, 8000000, 70000000, 25600000 };
	struct channel *supply = &w.channel[SUPPLY];

	supply->min = near(a, (int8_t)b, levels, 4, 20000);
	supply->max = supply->min;
	tell("supply %.6f V", supply->min / 1e6);
	script("SUP=%.6f", supply->min / 1e6);
}

static void happen_current(u8 a, u8 b)
{
	const s32 levels[] = { 0, w.set.load_limit_ua };
	struct channel *current = &w.channel[CURRENT];

	current->min = near(a, (int8_t)b, levels, 2, 2000);
	current->max = current->min;
	tell("load current %.6f A", current->min / 1e6);
	script("ILD=%.6f", current->min / 1e6);
}

static void happen_loss(u8 a, u8 b)
{
	struct channel *c = &w.channel[a % QUANTITIES];

	if (!c->fitted)
		return;
	/* Supply and load current have one channel each: all or none. */
	c->all = b % 3 == 1;
	c->some = c->all || (b % 3 && (c == &w.channel[CELLS] || c == &w.channel[TEMPS]));
	tell("%s: %s", quantity_name[a % QUANTITIES],
	     c->all ? "all known" : c->some ? "one is not known" : "none is known");
	if (c->some && !c->all)
		beyond_words("one of the %s is not known", quantity_name[a % QUANTITIES]);
	else if (a % QUANTITIES == CELLS)
		script("SENS=%s", c->all ? "ok" : "err");
	else if (a % QUANTITIES == TEMPS)
		script("TS=%s", c->all ? "ok" : "open");
	else
		beyond_words("%s %s", quantity_name[a % QUANTITIES], c->all ? "known" : "unknown");
}

static bool happen_line(u8 a, u8 b)
{
	struct smallbms_line *l = &w.line[a % LINES];

	if (!w.in.line[a % LINES].fitted)
		return true;
	l->known = b % 4 != 3;
	l->active = b % 2 == 0;
	tell("line %s %s", line_name[a % LINES],
	     !l->known ? "not readable" : l->active ? "active" : "inactive");
	if (!l->known)
		beyond_words("line %s not readable", line_name[a % LINES]);
	else if (a % LINES == LOOP)
		script("LOOP=%s", l->active ? "ok" : "open");
	else if (a % LINES == REMOTE_H || a % LINES == REMOTE_L)
		script("%s=%s", line_name[a % LINES],
		       !l->active ? "f" : a % LINES == REMOTE_H ? "hi" : "lo");
	else
		script("%s=%d", line_name[a % LINES], l->active);
	return w.mute || look();
}

static void happen_terminal(u8 a, u8 b, u8 c)
{
	static const char *const what[] = {
		"is as it should be", "settles late", "falls", "cannot be written",
		"cannot be read", "reads wrong", "is stuck", "cannot be written, nor read",
	};
	struct terminal *t = &w.terminal[a % OUTPUTS];
	bool high = level(t);

	if (!w.in.terminal[a % OUTPUTS].fitted)
		return;
	t->fails = b % 8 == 3 || b % 8 == 7;
	t->blind = b % 8 == 4 || b % 8 == 7;
	t->lies = b % 8 == 5;
	t->stuck = b % 8 == 6;
	t->settle_ns = b % 8 == 1 ? c * MS : 0;
	/* It stays so until it is written. */
	t->fallen = b % 8 == 2;
	t->level = t->stuck ? c & 1 : t->fallen ? !t->told : high;
	tell("%s %s", output_name[a % OUTPUTS], what[b % 8]);
	beyond_words("%s %s", output_name[a % OUTPUTS], what[b % 8]);
}

/* A loose plug: bad spells of 1 to 16 ms with good ones between them */
static bool happen_flicker(u8 a, u8 b, u8 c)
{
	struct smallbms_line *l = &w.line[a % LINES];
	int i, turns = 2 * (c % 64) + c / 128;
	bool good = true;

	if (!w.in.line[a % LINES].fitted || !turns)
		return true;
	tell("line %s flickers", line_name[a % LINES]);
	beyond_words("line %s flickers", line_name[a % LINES]);
	l->known = true;
	for (i = 0; good && i < turns && !full(); i++) {
		restless();
		w.at_once = 0;
		l->active = (a % LINES == BPA) == !(i % 2);
		good = w.mute || look();
		good = good && pass((i % 2 ? 1 + b / 16 * 3 : 1 + b % 16) * MS);
	}
	restless();
	return good;
}

/* The driver must accept the settings that the product allows, and no others. */
static bool judge_settings(const struct smallbms_settings *set, bool *valid)
{
	struct smallbms_range broken;
	struct limits limits;

	limits_of(set, &limits);
	*valid = smallbms_settings_valid(set, &broken);
	if (*valid != oracle_allows(&limits))
		return wrong("settings are %s, and should not be: %s = %d",
			     *valid ? "valid" : "refused",
			     smallbms_settings_table[broken.id].property, broken.value);
	if (!*valid && broken.value >= broken.min && broken.value <= broken.max)
		return wrong("%s = %d is refused, but is within %d..%d",
			     smallbms_settings_table[broken.id].property, broken.value,
			     broken.min, broken.max);
	return true;
}

static s32 setting_value(enum smallbms_setting_id id, u8 how, u8 c, s32 now)
{
	const struct smallbms_setting *setting = &smallbms_settings_table[id];
	int8_t off = (int8_t)c;
	s32 span = setting->max - setting->min;

	switch (how % 8) {
	case 0:
		return setting->min + off;
	case 1:
		return setting->max + off;
	case 2:
		return setting->def + off;
	case 3:
		return now + off * 1000;
	case 4:
		return (s32)(c * 0x01010101U);
	default:
		return setting->min + (s32)((int64_t)span * c / 255);
	}
}

static bool happen_setting(u8 a, u8 b, u8 c, bool running)
{
	enum smallbms_setting_id id = a % SMALLBMS_NUM_SETTINGS;
	struct smallbms_settings changed = w.set;
	s32 value = setting_value(id, b, c, smallbms_setting_get(&w.set, id));
	const char *word;
	bool valid;

	smallbms_setting_put(&changed, id, value);
	if (smallbms_setting_get(&changed, id) != value)
		return wrong("%s = %d is put, and %d is read back",
			     smallbms_settings_table[id].property, value,
			     smallbms_setting_get(&changed, id));
	if (!judge_settings(&changed, &valid))
		return false;
	if (running && !smallbms_settings_table[id].run_time)
		return true;
	tell("%s = %d%s", smallbms_settings_table[id].property, value, valid ? "" : ", refused");
	word = id == SMALLBMS_SET_LOAD_DISCONNECT_UV ? "cfg.uv" :
	       id == SMALLBMS_SET_PRE_ALARM_UV ? "cfg.pre" :
	       id == SMALLBMS_SET_CHARGE_MIN_MC ? "cfg.tmin" : NULL;
	if (word)
		script("%s=%.6f", word, value / (id == SMALLBMS_SET_CHARGE_MIN_MC ? 1e3 : 1e6));
	else if (id == SMALLBMS_SET_CHARGE_IN_PRE_ALARM && valid)
		script("cfg.keepcharge=%d", value);
	else
		beyond_words("%s = %d", smallbms_settings_table[id].property, value);
	if (!valid)
		return true;
	w.set = changed;
	return !running || look();
}

/* Let time pass until just before or after the next deadline or cut. */
static bool pass_until(u8 a, u16 bc)
{
	u64 due_ns = a & 1 ? w.out.cut_ns : w.out.deadline_ns;
	u64 off_ns = bc * (a & 2 ? MS : 1ULL);

	if (due_ns == SMALLBMS_NEVER || due_ns <= w.now_ns)
		return true;
	due_ns -= w.now_ns;
	return pass(a & 4 ? due_ns + off_ns : due_ns > off_ns ? due_ns - off_ns : 0);
}

/* As bank.c begins, with nothing known of the inputs */
static bool starts(void)
{
	int i;

	for (i = 0; i < QUANTITIES; i++) {
		w.channel[i].good_ns = w.now_ns;
		w.in.group[i] = (struct smallbms_group){
			.fitted = w.channel[i].fitted, .scan_ns = w.now_ns, .good_ns = w.now_ns,
		};
	}
	for (i = 0; i < LINES; i++)
		w.in.line[i].good_ns = w.now_ns;
	w.scan_end_ns = SMALLBMS_NEVER;
	w.scan_due_ns = w.now_ns;
	return look();
}

/* Outputs float, and there are no looks. */
static void lie_idle(u16 ms)
{
	int i;

	w.out = (struct smallbms_decision){};
	write_outputs();
	for (i = 0; i < OUTPUTS; i++)
		read_back(i);
	w.now_ns += ms * MS;
	w.still_ns = SMALLBMS_NEVER;
	restless();
}

/* The host sleeps. A condition that only an operator ends is still there afterwards. */
static bool happen_sleep(u16 ms)
{
	tell("sleeps for %.3f s", ms / 1e3);
	beyond_words("sleep");
	oracle_sleeps(&oracle);
	lie_idle(ms);
	smallbms_policy_resume(&w.st, w.now_ns);
	return starts();
}

/* Read the memory after a restart; false if it is not valid. MADE_UP is valid and untrue. */
static bool remembers(u8 how, u16 any, struct smallbms_remembered *what)
{
	struct smallbms_record record = { .rules = *what };
	u8 memory[SMALLBMS_NUM_PLACES][SMALLBMS_RECORD_SIZE];
	const u8 *const place[] = { memory[0], memory[1] };
	u32 sequence = any, newest;
	int last = any & 1;

	switch (how) {
	case NO_MEMORY:
		return false;
	case MADE_UP:
		record.rules.over_discharged = any & 1;
		record.rules.connected = any & 2;
		record.rules.blank = any & 4;
		record.rules.overloads = any >> 8;
		break;
	}
	smallbms_record_put(memory[last], 0, sequence, &record);
	/* The other place is being written, or was written before. */
	smallbms_record_put(memory[!last], 0, how == ONE_BAD ? sequence + 1 : sequence - 1,
			    &(struct smallbms_record){ .rules.connected = true });
	if (how == ONE_BAD || how == BOTH_BAD)
		memory[!last][any % SMALLBMS_RECORD_SIZE] ^= 1 << (any >> 8) % 8;
	if (how == BOTH_BAD)
		memory[last][any % SMALLBMS_RECORD_SIZE] ^= 1 << (any >> 8) % 8;
	if (smallbms_record_get(place, 0, &newest, &record) < 0)
		return false;
	*what = record.rules;
	return true;
}

/* The host restarts. With a memory, a condition that only an operator ends is still there. */
static bool happen_restart(u8 a, u16 bc)
{
	struct smallbms_remembered told = smallbms_policy_remember(&w.set, &w.st), what = told;
	u8 how = a % MEMORIES;
	bool believed = remembers(how, bc, &what);

	if (told.connected ? !oracle_connected(&oracle, false) : oracle_connected(&oracle, true))
		return wrong("X5: remembers that the load was %sconnected",
			     told.connected ? "" : "not ");
	if (how != MADE_UP && believed && memcmp(&what, &told, sizeof(what)))
		return wrong("X6: remembers what was never written");
	if (believed != (how == WITH_MEMORY || how == ONE_BAD || how == MADE_UP))
		return wrong("X6: %s", believed ? "remembers without a memory" : "forgets");
	tell("restarts, %.3f s, %s", bc / 1e3,
	     !believed ? "nothing remembered" : how == MADE_UP ? "made-up memory" : "remembered");
	beyond_words("restart");
	oracle_restarts(&oracle, believed);
	if (believed) {
		oracle.warm = what.connected;
		oracle.blank = what.blank;
		oracle.damaged = what.over_discharged;
		oracle.failures[0] = what.overloads;
		oracle.failures[1] = what.overloads;
	}
	lie_idle(bc);
	smallbms_policy_init(&w.st, w.now_ns);
	if (believed)
		smallbms_policy_recall(&w.st, &what);
	/* F5: the wait begins anew. */
	if (believed && what.overloads && !what.connected)
		oracle.failed_ns = w.now_ns;
	return starts();
}

static bool happens(const u8 *op)
{
	static const u64 unit_ns[] = { 1000, 100000, MS, 10 * MS };
	u8 a = op[1], b = op[2], c = op[3];
	u16 bc = b | c << 8;

	w.at_once = 0;
	if (op[0] >= TERMINALS || op[0] % 16 > 3)
		restless();
	if (op[0] >= SLEEPS)
		return a < 128 ? happen_sleep(bc) : happen_restart(a, bc);
	if (op[0] >= FLICKERS)
		return happen_flicker(a, b, c);
	if (op[0] >= TERMINALS) {
		happen_terminal(a, b, c);
		return true;
	}
	switch (op[0] % 16) {
	case 0:
	case 1:
		return pass(bc * unit_ns[a % 4]);
	case 2:
		return pass_until(a, bc);
	case 3:
		return look();
	case 4:
	case 5:
		happen_cells(a, b, c);
		return true;
	case 6:
		happen_temps(a, b, c);
		return true;
	case 7:
		happen_supply(a, b);
		return true;
	case 8:
		happen_current(a, b);
		return true;
	case 9:
		happen_loss(a, b);
		return true;
	case 10:
	case 11:
		return happen_line(a, b);
	case 12:
		w.in.host_charge_off = a & 1;
		w.in.host_load_off = a & 2;
		tell("host: charging %s, load %s", a & 1 ? "off" : "on", a & 2 ? "off" : "on");
		beyond_words("the host");
		return look();
	case 13:
		w.in.operator_clear = true;
		tell("operator clears");
		beyond_words("the operator");
		return look();
	case 14:
		return happen_setting(a, b, c, true);
	default:
		w.slow_ns = a & 1 ? bc * MS : 0;
		w.late_ns = a & 2 ? bc * 10000ULL : 0;
		w.write_ns = a & 4 ? bc * 1000ULL : 0;
		tell("a scan takes %.3f s, a timer is %.6f s late, an output %.6f s",
		     w.slow_ns / 1e9, w.late_ns / 1e9, w.write_ns / 1e9);
		w.deadline_ns = w.out.deadline_ns + w.late_ns;
		restless();
		return true;
	}
}

static void begin(const u8 *head)
{
	static const u64 begin_s[] = { 0, 1, 3456000, 3155760000 };
	static const s32 healthy[] = { 3300000, 25000, 13200000, 0 };
	char *why = w.why;
	FILE *told = w.told, *scenario = w.scenario;
	int i;

	w = (struct world){ .why = why, .told = told, .scenario = scenario };
	w.begin_ns = begin_s[head[2] % 4] * S;
	w.now_ns = w.begin_ns;
	w.still_ns = SMALLBMS_NEVER;
	w.deadline_ns = SMALLBMS_NEVER;
	w.scan_end_ns = SMALLBMS_NEVER;
	w.beats = head[2] & 4;
	w.mute = head[2] & 8;
	w.polled = w.beats || w.mute;
	for (i = 0; i < QUANTITIES; i++) {
		bool fitted = !(head[0] & 1 << i);

		w.channel[i] = (struct channel){
			fitted, fitted, fitted, healthy[i], healthy[i], w.now_ns
		};
		w.polled = w.polled || fitted;
		tell("%s %s", quantity_name[i], fitted ? "measured" : "not measured");
	}
	for (i = 0; i < LINES; i++) {
		bool fitted = !(head[1] & 1 << i);

		w.line[i] = (struct smallbms_line){
			.fitted = fitted, .known = fitted, .active = i != BPA,
		};
		w.in.line[i].fitted = fitted;
		tell("line %s %s", line_name[i], fitted ? "fitted" : "not fitted");
	}
	for (i = 0; i < OUTPUTS; i++) {
		w.in.terminal[i].fitted = i != PA || !(head[3] & 16);
		w.in.terminal[i].told_ns = w.now_ns;
	}
	tell("pre-alarm %s", head[3] & 16 ? "not fitted" : "fitted");
	smallbms_settings_init(&w.set);
	oracle_start(&oracle);
	restless();

	if (!w.scenario)
		return;
	fprintf(w.scenario, "# found by fuzzing: say here what it shows\n");
	if (w.channel[CELLS].fitted)
		fprintf(w.scenario, "bank %s cells=4 batteries=2\n",
			w.line[ATD].fitted || w.line[ATC].fitted ? "both" : "measured");
	else
		fprintf(w.scenario, "bank signals\n");
	script("PWR=1 H=hi L=lo");
}

bool history_live(const uint8_t *data, size_t size, char why[400], FILE *told, FILE *scenario)
{
	size_t at = 4, settings;
	bool good = true;

	w.why = why;
	w.told = told;
	w.scenario = scenario;
	if (size < at)
		return true;
	begin(data);
	for (settings = data[3] % 16; good && settings && at + 4 <= size; settings--, at += 4)
		good = happen_setting(data[at + 1], data[at + 2], data[at + 3], false);

	smallbms_policy_init(&w.st, w.now_ns);
	good = good && starts();
	for (; good && at + 4 <= size && !full(); at += 4)
		good = happens(data + at);
	if (good)
		good = pass(2 * S);

	if (scenario)
		fprintf(scenario, "%.6f end\nexpect warned\n", seconds(w.now_ns) + 1);
	tally.histories++;
	tally.hours += seconds(w.now_ns) / 3600;
	return good;
}
