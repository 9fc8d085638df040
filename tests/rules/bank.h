/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A bank with any past: any state that a history can leave, any inputs, any settings
 *
 * A property holds in histories of any length if every step keeps it. Figures are those of
 * the product, and are not taken from the driver.
 */

#ifndef __BANK_H
#define __BANK_H

#include "any.h"
#include "policy.c"
#include "settings.c"

#define MS	1000000ULL

static struct smallbms_settings any_settings(void)
{
	struct smallbms_settings set;
	int id;

	for (id = 0; id < SMALLBMS_NUM_SETTINGS; id++)
		smallbms_setting_put(&set, id, any_s32());
	return set;
}

static struct smallbms_settings valid_settings(void)
{
	struct smallbms_settings set = any_settings();
	struct smallbms_range broken;

	suppose(smallbms_settings_valid(&set, &broken));
	return set;
}

static void any_condition(struct smallbms_condition *c)
{
	c->on = any_bool();
	c->assumed = any_bool();
	c->pending = any_bool();
	c->since_ns = any_u64();
}

static void any_state(struct smallbms_state *st)
{
	int i;

	st->now_ns = any_u64();
	st->scan_ns = any_u64();
	any_condition(&st->low);
	any_condition(&st->empty);
	any_condition(&st->ready);
	any_condition(&st->full);
	any_condition(&st->cold);
	any_condition(&st->hot);
	any_condition(&st->over_discharged);
	any_condition(&st->supply);
	any_condition(&st->overload);
	any_condition(&st->welded);
	any_condition(&st->atd);
	any_condition(&st->atc);
	any_condition(&st->bpa);
	any_condition(&st->loop);
	any_condition(&st->remote);
	for (i = 0; i < SMALLBMS_NUM_STEADY; i++) {
		st->steady[i].good = any_bool();
		st->steady[i].good_ns = any_u64();
		st->steady[i].stood_ns = any_u64();
	}
	for (i = 0; i < SMALLBMS_NUM_KINDS; i++)
		any_condition(&st->lost[i]);
	any_condition(&st->line_lost);
	any_condition(&st->atc_lost);
	any_condition(&st->scanned);
	any_condition(&st->settled);
	st->blocked = any_bool();
	st->starting = any_bool();
	st->load_on = any_bool();
	st->load_on_ns = any_u64();
	st->charge_on = any_bool();
	st->load_floats = any_bool();
	st->floats_ns = any_u64();
	st->warm = any_bool();
	st->cleared = any_bool();
	st->blank = any_bool();
	st->pre_alarm_on = any_bool();
	st->alarm_ns = any_u64();
	st->warned = any_bool();
	st->warned_ns = any_u64();
	st->overloads = any_u32();
	st->retry_ns = any_u64();
}

static void any_sample(struct smallbms_sample *in)
{
	int i;

	in->scan_ns = any_u64();
	for (i = 0; i < SMALLBMS_NUM_KINDS; i++) {
		struct smallbms_group *g = &in->group[i];

		g->fitted = any_bool();
		g->any = any_bool();
		g->all = any_bool();
		g->min = any_s32();
		g->max = any_s32();
		g->new_min = any_s32();
		g->new_max = any_s32();
		g->min_index = 0;
		g->max_index = 0;
		g->scan_ns = any_u64();
		g->good_ns = any_u64();
	}
	for (i = 0; i < SMALLBMS_NUM_LINES; i++) {
		in->line[i].fitted = any_bool();
		in->line[i].known = any_bool();
		in->line[i].active = any_bool();
		in->line[i].good_ns = any_u64();
	}
	for (i = 0; i < SMALLBMS_NUM_OUTPUTS; i++) {
		in->terminal[i].fitted = any_bool();
		in->terminal[i].driven = any_bool();
		in->terminal[i].written = any_bool();
		in->terminal[i].known = any_bool();
		in->terminal[i].high = any_bool();
		in->terminal[i].told_ns = any_u64();
	}
	in->host_charge_off = any_bool();
	in->host_load_off = any_bool();
	in->operator_clear = any_bool();
	in->memory_lost = any_bool();
}

/* Any time but SMALLBMS_NEVER, which no clock reaches */
static u64 any_time(void)
{
	u64 time_ns = any_u64();

	suppose(time_ns < SMALLBMS_NEVER);
	return time_ns;
}

/* The invariant: it holds before and after every step. */

static bool past(const struct smallbms_condition *c, u64 time_ns)
{
	return !c->pending || c->since_ns <= time_ns;
}

static bool scans_past(const struct smallbms_state *st)
{
	const u64 scan = st->scan_ns;

	return past(&st->low, scan) && past(&st->empty, scan) && past(&st->ready, scan) &&
	       past(&st->full, scan) && past(&st->cold, scan) && past(&st->hot, scan) &&
	       past(&st->over_discharged, scan) && past(&st->supply, scan) &&
	       past(&st->overload, scan) && past(&st->welded, scan) &&
	       past(&st->scanned, scan) &&
	       past(&st->lost[SMALLBMS_KIND_CELL], scan) &&
	       past(&st->lost[SMALLBMS_KIND_TEMP], scan) &&
	       past(&st->lost[SMALLBMS_KIND_SUPPLY], scan) &&
	       past(&st->lost[SMALLBMS_KIND_LOAD_CURRENT], scan) &&
	       past(&st->lost[SMALLBMS_KIND_BANK_CURRENT], scan);
}

static bool looks_past(const struct smallbms_state *st)
{
	const u64 now = st->now_ns;
	int i;

	for (i = 0; i < SMALLBMS_NUM_STEADY; i++) {
		if (st->steady[i].stood_ns > now ||
		    (st->steady[i].good && st->steady[i].good_ns > now))
			return false;
	}
	return past(&st->atd, now) && past(&st->atc, now) && past(&st->bpa, now) &&
	       past(&st->loop, now) && past(&st->remote, now) && past(&st->line_lost, now) &&
	       past(&st->atc_lost, now) && past(&st->settled, now) &&
	       (!st->load_floats || st->floats_ns <= now);
}

static bool alarm_past(const struct smallbms_state *st)
{
	return !st->pre_alarm_on ||
	       (st->load_on && st->alarm_ns <= st->now_ns &&
		(!st->warned ||
		 (st->alarm_ns <= st->warned_ns && st->warned_ns <= st->now_ns)));
}

static bool serves(const struct smallbms_state *st)
{
	const u64 now = st->now_ns;

	return (!st->load_on ||
		(st->load_on_ns <= now && st->overloads < 3 && !st->overload.on)) &&
	       st->overloads <= 3 && (st->retry_ns <= now || st->retry_ns - now <= 10000 * MS);
}

static bool blocks(const struct smallbms_state *st)
{
	return (!(st->blocked || st->starting) || (!st->load_on && !st->charge_on)) &&
	       st->blocked == (seen(&st->remote) || seen(&st->supply) || seen(&st->loop));
}

/* X4: only the first start knows no past. X5: a start is warm until the load connects. */
static bool remembers(const struct smallbms_state *st)
{
	return (!st->blank || st->starting) && !(st->warm && st->load_on);
}

static bool invariant(const struct smallbms_state *st)
{
	return st->scan_ns <= st->now_ns && st->now_ns < SMALLBMS_NEVER && scans_past(st) &&
	       looks_past(st) && alarm_past(st) && serves(st) && blocks(st) && remembers(st);
}

/* A bank with any past: settings, state, inputs. */
struct bank {
	struct smallbms_settings set;
	struct smallbms_state st;
	struct smallbms_sample in;
	struct smallbms_decision out;
};

/* An input that is not fitted cannot be lost, and a fitted one stays fitted. */
static bool loses_what_is_fitted(const struct smallbms_state *st, const struct smallbms_sample *in)
{
	int i;

	for (i = 0; i < SMALLBMS_NUM_KINDS; i++) {
		if (!in->group[i].fitted && st->lost[i].on)
			return false;
	}
	return in->line[SMALLBMS_LINE_ATC].fitted || !st->atc_lost.on;
}

static void any_bank(struct bank *b)
{
	b->set = valid_settings();
	any_state(&b->st);
	any_sample(&b->in);
	suppose(invariant(&b->st) && loses_what_is_fitted(&b->st, &b->in));
}

static void step(struct bank *b, u64 now_ns)
{
	smallbms_policy_step(&b->set, &b->st, &b->in, now_ns, &b->out);
}

static bool stands_at_pin(const struct smallbms_terminal *t, bool high)
{
	return t->driven == high && t->written && (!t->known || t->high == high);
}

/* The warning time, with what a fast clock takes from it */
static u64 whole_warning_ns(const struct bank *b)
{
	return (u64)b->set.warning_ms * (MS + 100);
}

/* Notes of an observer with a clock of its own, about the pre-alarm (U2) */
struct watch {
	bool alarm;
	u64 alarm_ns;
	bool stood;
	u64 stood_ns;
};

/* The observer has seen at least as much of the warning as the policy has. */
static bool watched(const struct watch *w, const struct smallbms_state *st)
{
	return w->alarm == st->pre_alarm_on && (!w->alarm || w->alarm_ns <= st->alarm_ns) &&
	       (!w->alarm || !st->warned || (w->stood && w->stood_ns <= st->warned_ns)) &&
	       w->stood_ns <= st->now_ns;
}

static struct watch any_watch(const struct smallbms_state *st)
{
	struct watch w;

	w.alarm = any_bool();
	w.alarm_ns = any_u64();
	w.stood = any_bool();
	w.stood_ns = any_u64();
	suppose(watched(&w, st));
	return w;
}

/* The observer looks before the policy does. */
static void watch_looks(struct watch *w, bool stands, u64 now_ns)
{
	if (w->alarm && stands && !w->stood)
		w->stood_ns = now_ns;
	w->stood = w->alarm && stands;
}

/* U2: by the notes of the observer, the load may be disconnected. */
static bool may_go(const struct watch *w, const struct bank *b, u64 now_ns)
{
	return b->st.blocked || b->in.host_load_off || b->st.retry_ns > now_ns ||
	       (w->stood && now_ns - w->stood_ns >= whole_warning_ns(b)) ||
	       (w->alarm && now_ns - w->alarm_ns >= 2 * whole_warning_ns(b));
}

/* U2: the load is disconnected, and only for a reason that needs a warning. */
static bool is_cut(bool load_was_on, const struct bank *b, u64 now_ns)
{
	return load_was_on && !b->out.load && !b->st.blocked && !b->in.host_load_off &&
	       b->st.retry_ns <= now_ns;
}

#endif /* __BANK_H */
