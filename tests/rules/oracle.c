// SPDX-License-Identifier: GPL-2.0-only
/*
 * A second, simple implementation of the rules, independent of the driver
 *
 * No state is carried from moment to moment. To find whether a condition counts, the oracle
 * walks back until evidence has stood for long enough. It notes the result beside the moment.
 * Where the product leaves a choice, the oracle accepts each. Each complaint names its rule.
 */

#include <stdarg.h>
#include <stdio.h>

#include <linux/compiler.h>

#include "oracle.h"

#define MS	1000000ULL

/* Speed: the most that a measured condition and a line may take beyond their time */
#define MEASURED_LATE_MS	750
#define LINE_LATE_MS		5
#define CUT_LATE_MS		100

#define AGAIN_MS	250	/* F3: an output that does not stand is written again */
#define LOOK_MS		10000	/* F7 */
#define FLICKER_MS	250	/* F8 */
#define FORGET_MS	1000	/* X5 */

#define RETRY_MS	10000
#define SERVICE_MS	60000
#define FAILURES	3

enum says { NOTHING, MISSING, BETWEEN, WELL, ILL };

void oracle_start(struct oracle *o)
{
	*o = (struct oracle){ .blank = true };
}

static bool __printf(5, 6)
complain(struct oracle *o, uint64_t at_ns, const char *pin, bool level, const char *text, ...)
{
	va_list list;

	va_start(list, text);
	vsnprintf(o->complaint, sizeof(o->complaint), text, list);
	va_end(list);
	o->pin = pin;
	o->level = level;
	o->at_ns = at_ns;
	return false;
}

/* The table of settings, as the product prints it. */
static bool within(int32_t value, int32_t least, int32_t most)
{
	return least <= value && value <= most;
}

bool oracle_allows(const struct limits *l)
{
	return within(l->load_disconnect, 2600000, 2800000) &&
	       within(l->pre_alarm, 2850000, 3150000) &&
	       (int64_t)l->pre_alarm - l->load_disconnect >= 50000 &&
	       within(l->load_reconnect, 3000000, 3400000) &&
	       (int64_t)l->load_reconnect - l->pre_alarm >= 50000 &&
	       within(l->charge_disconnect, 3400000, 4000000) &&
	       l->charge_reconnect >= 500000 &&
	       (int64_t)l->charge_disconnect - l->charge_reconnect >= 50000 &&
	       (!l->over_discharged || within(l->over_discharged, 1500000, 2500000)) &&
	       within(l->coldest, -20000, 20000) && within(l->hottest, 30000, 60000) &&
	       within(l->warning_ms, 30000, 300000) && within(l->hold_ms, 250, 5000) &&
	       within(l->filter_ms, 0, 200) && within(l->settle_ms, 1, 200) &&
	       within(l->stale_ms, 1000, 10000) &&
	       within(l->keep_charge, 0, 1) && within(l->current, 100000, 1000000) &&
	       within(l->rest, 0, 10000000) && within(l->tail_percent, 1, 20) &&
	       within(l->full_cell, 3350000, 3650000) && within(l->full_ms, 60000, 3600000);
}

/* The evidence of a single moment for a condition */

static enum says says_reading(const struct reading *r, bool ill, bool well)
{
	if (!r->fitted)
		return NOTHING;
	if (r->some && ill)
		return ILL;
	if (!r->all)
		return MISSING;
	return well ? WELL : BETWEEN;
}

static enum says says_wire(const struct wire *w, bool ill)
{
	if (!w->fitted)
		return NOTHING;
	if (!w->known)
		return MISSING;
	return w->active == ill ? ILL : WELL;
}

static enum says says_remote(const struct wire *h, const struct wire *l)
{
	if (!h->fitted && !l->fitted)
		return NOTHING;
	if ((h->fitted && h->known && h->active) || (l->fitted && l->known && l->active))
		return WELL;
	if ((h->fitted && !h->known) || (l->fitted && !l->known))
		return MISSING;
	return ILL;
}

static enum says says_lost(const struct moment *m, const struct reading *r)
{
	if (!r->fitted)
		return NOTHING;
	if (m->now_ns - r->good_ns >= m->limits.stale_ms * MS)
		return ILL;
	return r->all ? WELL : MISSING;
}

static enum says says_line_lost(const struct moment *m, bool atc)
{
	enum says says = NOTHING;
	int i;

	for (i = 0; i < LINES; i++) {
		const struct wire *w = &m->wire[i];
		bool mine = i == ATC;

		if (!w->fitted || mine != atc)
			continue;
		if (m->now_ns - w->good_ns >= m->limits.stale_ms * MS)
			return ILL;
		if (!w->known)
			says = MISSING;
		else if (says == NOTHING)
			says = WELL;
	}
	return says;
}

static enum says says(const struct moment *m, enum matter what)
{
	const struct limits *l = &m->limits;
	const struct reading *cells = &m->reading[CELLS], *temps = &m->reading[TEMPS];
	const struct reading *supply = &m->reading[SUPPLY], *current = &m->reading[CURRENT];

	switch (what) {
	case LOW:
		return says_reading(cells, cells->least < l->pre_alarm,
				    cells->least >= l->pre_alarm + 30000);
	case EMPTY:
		return says_reading(cells, cells->least < l->load_disconnect, true);
	case FULL:
		return says_reading(cells, cells->most >= l->charge_disconnect,
				    cells->most < l->charge_reconnect);
	case DAMAGED:
		return says_reading(cells, cells->least < l->over_discharged +
				    (m->blank && l->over_discharged ? 300000 : 0), true);
	case COLD:
		return says_reading(temps, temps->least < l->coldest,
				    temps->least >= l->coldest + 2000);
	case HOT:
		return says_reading(temps, temps->most > l->hottest,
				    temps->most <= l->hottest - 2000);
	case SUPPLY_BAD:
		return says_reading(supply, supply->least < 8000000 || supply->most > 70000000,
				    true);
	case OVERLOAD:
		return says_reading(current, current->most > l->current, true);
	case WELDED:
		return says_reading(current, 10LL * current->most > l->current, true);
	case ATD_GONE:
		return says_wire(&m->wire[ATD], false);
	case ATC_GONE:
		return says_wire(&m->wire[ATC], false);
	case BATTERY_WARNS:
		return says_wire(&m->wire[BPA], true);
	case LOOP_OPEN:
		return says_wire(&m->wire[LOOP], false);
	case REMOTE_OFF:
		return says_remote(&m->wire[REMOTE_H], &m->wire[REMOTE_L]);
	case CELLS_LOST:
		return says_lost(m, cells);
	case TEMPS_LOST:
		return says_lost(m, temps);
	case SUPPLY_LOST:
		return says_lost(m, supply);
	case CURRENT_LOST:
		return says_lost(m, current);
	case LINE_LOST:
		return says_line_lost(m, false);
	case ATC_LOST:
		return says_line_lost(m, true);
	default:
		return NOTHING;
	}
}

/* Measurements count from scan to scan, lines from look to look (F4). */
static bool of_a_line(enum matter what)
{
	return (what >= ATD_GONE && what <= REMOTE_OFF) || what == LINE_LOST || what == ATC_LOST;
}

static bool of_a_loss(enum matter what)
{
	return what >= CELLS_LOST && what <= ATC_LOST;
}

static uint64_t time_of(const struct moment *m, enum matter what)
{
	return of_a_line(what) ? m->now_ns : m->scan_ns;
}

static uint64_t span_of(const struct moment *m, enum matter what)
{
	return (of_a_line(what) ? m->limits.filter_ms : m->limits.hold_ms) * MS;
}

/*
 * Walk back to the last stretch, ill or well, that was long enough to count. A missing value
 * breaks a stretch of good ones, but not one of bad ones (F1).
 */
static bool look_back(const struct oracle *o, enum matter what, int from, bool otherwise)
{
	const struct moment *m = o->moment;
	int i = o->count - 1;
	uint64_t span = span_of(&m[i], what);

	while (i >= from) {
		enum says now = says(&m[i], what);
		uint64_t end = time_of(&m[i], what);
		bool told = false;

		if (now != ILL && now != WELL) {
			i--;
			continue;
		}
		for (; i >= from; i--) {
			enum says before = says(&m[i], what);

			if (before == now)
				told = end - time_of(&m[i], what) >=
				       (now == ILL && of_a_loss(what) ? 0 : span);
			else if (now == WELL || before != MISSING)
				break;
			if (told)
				return now == ILL;
		}
	}
	return otherwise;
}

/*
 * F8: the last time at which a line had been good for its filter time. Between two looks
 * it is as the first of them found it. If it cannot be read, it is as it was.
 */
static uint64_t stood_good(const struct oracle *o, enum matter what, int last)
{
	const struct moment *m = o->moment;
	uint64_t end = m[last].now_ns, begin = end;
	bool good = false;
	int i;

	for (i = last; i >= 0; i--) {
		enum says now = says(&m[i], what);

		if (now == WELL) {
			begin = m[i].now_ns;
			good = true;
			if (end - begin >= span_of(&m[last], what))
				return end;
		} else if (now == ILL) {
			end = m[i].now_ns;
			good = false;
		}
	}
	return good && end - begin >= span_of(&m[last], what) ? end : 0;
}

/* Only a bad spell needs to be judged: a good one ends with a bad one, or lasts. */
static bool flickers(const struct oracle *o, enum matter what)
{
	const struct moment *m = o->moment;
	int last = o->count - 1;

	return says(&m[last], what) == ILL &&
	       m[last].now_ns - stood_good(o, what, last) >= FLICKER_MS * MS;
}

/* An output stands if its write succeeded, and it reads as written or cannot be read. */
static bool at_pin(const struct pin *p)
{
	return p->written && (!p->known || p->high == p->driven);
}

static bool load_floats(const struct moment *m)
{
	return !m->pin[LD].driven && at_pin(&m->pin[LD]);
}

/* The first moment from which something has been so until now without a break */
static int since(const struct oracle *o, bool (*so)(const struct moment *m))
{
	int i = o->count;

	while (i > 0 && so(&o->moment[i - 1]))
		i--;
	return i;
}

static bool counts(const struct oracle *o, enum matter what)
{
	const struct moment *m = o->moment;
	int last = o->count - 1, i, from;

	if (says(&m[last], what) == NOTHING)
		return false;

	switch (what) {
	case FULL:
	case COLD:
	case HOT:
		/* X2: as if tripped whenever R2, R3 or R4 ends */
		for (from = last; from > 0; from--) {
			if (m[from].restart && !m[from - 1].on[what])
				break;
		}
		return look_back(o, what, from, true);
	case DAMAGED:
		/* C4: only an operator ends it, when the cells are well again */
		if (last ? m[last - 1].on[what] : o->damaged)
			return !m[last].clear || says(&m[last], what) != WELL;
		for (from = last; from > 0 && !m[from - 1].on[what]; from--)
			;
		return look_back(o, what, from, false);
	case OVERLOAD:
		/* F5: a scan from before the load was connected is no evidence */
		if (!last || !m[last - 1].load)
			return false;
		for (i = last - 1; i > 0 && m[i - 1].load; i--)
			;
		for (from = i + 1; from <= last && m[from].scan_ns <= m[i].now_ns; from++)
			;
		return look_back(o, what, from, false);
	case WELDED:
		/* F6: nor is a scan from before the load floated */
		i = since(o, load_floats);
		for (from = i; from <= last && m[from].scan_ns <= m[i].now_ns; from++)
			;
		return i <= last && look_back(o, what, from, false);
	case ATD_GONE:
	case ATC_GONE:
	case BATTERY_WARNS:
	case LOOP_OPEN:
	case REMOTE_OFF:
		/* A condition that began by flicker ends as the others do: good for its time. */
		for (from = last; from > 0 && m[from - 1].on[what]; from--)
			;
		if (from == last && last)
			return look_back(o, what, 0, true) || flickers(o, what);
		return look_back(o, what, from, true);
	case CELLS_LOST:
	case TEMPS_LOST:
	case SUPPLY_LOST:
	case CURRENT_LOST:
	case LINE_LOST:
	case ATC_LOST:
		return look_back(o, what, 0, false);
	default:
		return look_back(o, what, 0, true);	/* X2 */
	}
}

/* F1, and a bank in which nothing tells of low or full cells */
static bool lost(const struct moment *m)
{
	return m->on[CELLS_LOST] || m->on[SUPPLY_LOST] || m->on[CURRENT_LOST] ||
	       m->on[LINE_LOST] ||
	       (!m->reading[CELLS].fitted && (!m->wire[ATD].fitted || !m->wire[ATC].fitted));
}

/* U1, U5, F1 */
static bool alarming(const struct moment *m)
{
	return m->on[LOW] || m->on[EMPTY] || m->on[ATD_GONE] || m->on[BATTERY_WARNS] || lost(m);
}

static bool stands(const struct moment *m, enum matter what)
{
	return m->on[what] && says(m, what) != WELL;
}

/* U2, U5, F1: a reason to cut a load that has been warned; it is not just ending (U3) */
static bool cutting(const struct moment *m)
{
	return (m->on[EMPTY] && says(m, EMPTY) == ILL) ||
	       (m->on[ATD_GONE] && says(m, ATD_GONE) == ILL) ||
	       stands(m, CELLS_LOST) || stands(m, SUPPLY_LOST) || stands(m, CURRENT_LOST) ||
	       stands(m, LINE_LOST) ||
	       (!m->reading[CELLS].fitted && (!m->wire[ATD].fitted || !m->wire[ATC].fitted));
}

static bool charge_forbidden(const struct moment *m)
{
	return m->gate || m->on[FULL] || m->on[COLD] || m->on[HOT] || m->on[DAMAGED] ||
	       m->on[ATC_GONE] || m->on[TEMPS_LOST] || m->on[ATC_LOST] || lost(m) ||
	       m->no_charge || (m->pre_alarm && !m->limits.keep_charge);
}

/* Is every value known that an output depends on? None waits for a lost temperature (F2). */
static bool complete(const struct moment *m)
{
	const struct reading *r = m->reading;

	return (!r[CELLS].fitted || r[CELLS].all) && (!r[SUPPLY].fitted || r[SUPPLY].all) &&
	       (!r[CURRENT].fitted || r[CURRENT].all) &&
	       (!r[TEMPS].fitted || r[TEMPS].all || m->on[TEMPS_LOST]);
}

static bool measured(const struct moment *m)
{
	int i;

	for (i = 0; i < QUANTITIES; i++) {
		if (m->reading[i].fitted)
			return true;
	}
	return false;
}

static bool ready(const struct moment *m)
{
	const struct reading *cells = &m->reading[CELLS];

	/* X5 */
	return cells->all && cells->least >= (m->warm ? m->limits.pre_alarm + 30000 :
					      m->limits.load_reconnect);
}

static bool idle(const struct moment *m)
{
	return !m->load && !m->charge;
}

static bool dark(const struct moment *m)
{
	return idle(m) && !m->gate;
}

/* Has something been so for long enough, at any time since a moment? */
static bool stood(const struct oracle *o, int from, bool (*so)(const struct moment *m),
		  bool scanned, uint64_t span_ns)
{
	uint64_t begin_ns = 0, time_ns;
	bool was = false;
	int i;

	for (i = from; i < o->count; i++) {
		time_ns = scanned ? o->moment[i].scan_ns : o->moment[i].now_ns;
		if (!was)
			begin_ns = time_ns;
		was = so(&o->moment[i]);
		if (was && time_ns - begin_ns >= span_ns)
			return true;
	}
	return false;
}

static bool lines_known(const struct moment *m)
{
	int i;

	for (i = 0; i < LINES; i++) {
		if (m->wire[i].fitted && !m->wire[i].known)
			return false;
	}
	return true;
}

/*
 * F5: the number of failures with too little good service between them. The product does
 * not say whether service is one stretch or a sum. With @surely, the sum is too little;
 * without, the last stretch is.
 */
static int failures(const struct oracle *o, bool surely)
{
	const struct moment *m = o->moment;
	uint64_t service_ns = 0;
	bool stretch = false;
	int i, count = 0;

	for (i = o->count - 1; i > 0; i--) {
		if (m[i].overloaded) {
			if (surely && service_ns >= SERVICE_MS * MS)
				return count;
			count++;
			service_ns = 0;
			stretch = true;
		}
		if (m[i].clear)
			return count;
		if (m[i - 1].load && (surely || stretch))
			service_ns += m[i].now_ns - m[i - 1].now_ns;
		if (!m[i - 1].load && stretch) {
			stretch = m[i].overloaded;
			if (!surely && service_ns >= (SERVICE_MS + m[i].limits.hold_ms +
						      MEASURED_LATE_MS) * MS)
				return count;
		}
	}
	if (m[0].clear || (surely && service_ns + o->service_ns >= SERVICE_MS * MS))
		return count;
	return count + o->failures[surely];
}

/* F5: the time of the last failure that no operator has cleared, 0 = none */
static uint64_t failed(const struct oracle *o)
{
	int i;

	for (i = o->count - 1; i >= 0; i--) {
		if (o->moment[i].overloaded)
			return o->moment[i].now_ns;
		if (o->moment[i].clear)
			return 0;
	}
	return o->failed_ns;
}

/* The warning time, and what a fast clock takes from it: 100 us of each second */
static uint64_t warning_ns(const struct moment *m)
{
	return m->limits.warning_ms * (MS + MS / 10000);
}

/*
 * U2: the end of the present warning. The alarm began with a decision. From the next look
 * on, the pin shows whether the pre-alarm stands. A bank without that output is warned
 * elsewhere, and at once.
 */
static uint64_t warning_ends(const struct oracle *o)
{
	const struct moment *m = o->moment;
	int last = o->count - 1, alarm = last, stood;

	while (alarm > 0 && m[alarm - 1].pre_alarm)
		alarm--;
	stood = last + 1;
	while (stood - 1 > alarm && m[stood - 1].pin[PA].driven && at_pin(&m[stood - 1].pin[PA]))
		stood--;
	if (!m[last].pin[PA].fitted)
		stood = alarm;
	else if (stood > last)
		stood = last;
	return m[alarm].now_ns + 2 * warning_ns(&m[last]) < m[stood].now_ns + warning_ns(&m[last]) ?
	       m[alarm].now_ns + 2 * warning_ns(&m[last]) :
	       m[stood].now_ns + warning_ns(&m[last]);
}

static bool judge_load(struct oracle *o)
{
	struct moment *m = &o->moment[o->count - 1];
	bool was = o->count > 1 && m[-1].load;
	uint64_t now = m->now_ns;
	int i;

	if (m->gate && m->load)
		return complain(o, now, "LD", false, "R2, R3, R4: the load output is driven");
	if (m->no_load && m->load)
		return complain(o, now, "LD", false, "R5: the host has switched the load off");
	if (m->on[OVERLOAD] && m->load)
		return complain(o, now, "LD", false, "F5: overloaded, and the load is connected");

	if (m->load && !was) {
		i = since(o, ready);
		if (m->reading[CELLS].fitted &&
		    (i == o->count ||
		     m->scan_ns - o->moment[i].scan_ns < m->limits.hold_ms * MS))
			return complain(o, now, "LD", false,
					"U4: the load connects, and not all cells are well");
		if (alarming(m) || says(m, ATD_GONE) == ILL || says(m, BATTERY_WARNS) == ILL)
			return complain(o, now, "LD", false,
					"U4, U5: the load connects during an alarm");
		if (failed(o) && now - failed(o) < RETRY_MS * MS)
			return complain(o, now, "LD", false, "F5: the load connects too soon");
		if (failures(o, true) >= FAILURES)
			return complain(o, now, "LD", false,
					"F5: the load connects after %d failures", FAILURES);
	}

	if (was && !m->load && !m->gate && !m->no_load && !m->overloaded) {
		if (o->count < 2 || !m[-1].pre_alarm)
			return complain(o, now, "LD", true, "U2: cut without a warning");
		if (now < warning_ends(o))
			return complain(o, now, "LD", true, "U2: cut %.6f s too soon",
					(warning_ends(o) - now) / 1e9);
		if (!cutting(m))
			return complain(o, now, "LD", true, "U3: cut without a reason that stands");
	}
	return true;
}

static bool judge_pre_alarm(struct oracle *o)
{
	struct moment *m = &o->moment[o->count - 1];
	uint64_t now = m->now_ns;
	bool announced;

	if (m->pre_alarm && !m->load)
		return complain(o, now, "PA", false, "U3: pre-alarm on, load off");
	if (m->load && alarming(m) != m->pre_alarm)
		return complain(o, now, "PA", !m->pre_alarm, "U1, U5, F1: the pre-alarm is %s",
				m->pre_alarm ? "on without a reason" : "missing");
	if (!m->pre_alarm) {
		if (m->cut_ns != UINT64_MAX)
			return complain(o, now, "PA", true,
					"U2: a cut is announced, and the pre-alarm is off");
		return true;
	}

	announced = m->cut_ns != UINT64_MAX;
	if (cutting(m) != announced)
		return complain(o, now, "LD", true,
				announced ? "U2: a cut is announced that has no reason" :
					    "U2: a cut is coming that is not announced");
	if (m->sure_ns != warning_ends(o) || (announced && m->cut_ns != m->sure_ns))
		return complain(o, now, "LD", true, "U2: the warning ends %.6f s later than said",
				((double)warning_ends(o) - m->sure_ns) / 1e9);
	if (m->deadline_ns > now + AGAIN_MS * MS)
		return complain(o, now, "PA", true, "U2: no look at the pre-alarm for %d ms",
				AGAIN_MS);
	if (cutting(m) && now >= warning_ends(o) + CUT_LATE_MS * MS)
		return complain(o, now, "LD", false, "U2: the warning is over, and no cut");
	return true;
}

/* F3, F3a, F6, F7: the decision, and the levels at the pins */
static bool judge_pins(struct oracle *o)
{
	static const char *const name[] = { "LD", "CD", "PA" };
	struct moment *m = &o->moment[o->count - 1];
	const bool want[] = { m->load, m->charge, m->pre_alarm };
	uint64_t now = m->now_ns;
	bool any = false, beat = true;
	int i;

	for (i = 0; i < OUTPUTS; i++) {
		const struct pin *p = &m->pin[i];
		uint64_t settled_ns = p->told_ns + m->limits.settle_ms * MS;
		bool fault = p->fitted && !at_pin(p) && (!p->written || now >= settled_ns);

		if (fault != !!(m->faults & 1U << i))
			return complain(o, now, NULL, false, "F3: a fault of %s is %s",
					name[i], fault ? "hidden" : "made up");
		if (p->fitted && p->driven == want[i] && !at_pin(p) &&
		    m->deadline_ns > (fault ? now + AGAIN_MS * MS : settled_ns))
			return complain(o, now, NULL, false, "F3: %s is not looked at again",
					name[i]);
		any = any || fault;
		beat = beat && !(fault && !want[i]);
	}
	for (i = ATD_GONE; i <= REMOTE_OFF; i++) {
		uint64_t end_ns = stood_good(o, i, o->count - 1) + FLICKER_MS * MS;

		if (says(m, i) == ILL && !m->on[i] && m->deadline_ns > end_ns)
			return complain(o, now, NULL, false,
					"F8: no look is due to see line %d flicker",
					i - ATD_GONE);
	}
	if (any != m->output_fault)
		return complain(o, now, NULL, false, "F3: the cause of a fault is %s",
				any ? "hidden" : "made up");
	if (beat != m->beat)
		return complain(o, now, NULL, false, "F3a: the heartbeat %s",
				beat ? "stops" : "goes on");
	if (m->on[WELDED] != m->welded)
		return complain(o, now, NULL, false, "F6: the switch is %swelded",
				m->welded ? "not " : "");
	if (m->deadline_ns > now + LOOK_MS * MS)
		return complain(o, now, NULL, false, "F7: no look for %d ms", LOOK_MS);
	return true;
}

static bool judge_charge(struct oracle *o)
{
	static const enum matter red[] = {
		FULL, COLD, HOT, DAMAGED, ATC_GONE, SUPPLY_BAD, LOOP_OPEN, CELLS_LOST, TEMPS_LOST,
		SUPPLY_LOST, CURRENT_LOST, LINE_LOST, ATC_LOST,
	};
	struct moment *m = &o->moment[o->count - 1];
	uint64_t now = m->now_ns;
	bool seen;
	int i;

	if (m->charge && charge_forbidden(m))
		return complain(o, now, "CD", false,
				"C1-C4, R2-R5, F1, F2: charging is forbidden, and goes on");

	if (m->charge && m->red)
		return complain(o, now, "RD", false, "P1: red LED on, and charging is allowed");
	seen = lost(m) || m->on[DAMAGED] || m->on[TEMPS_LOST] || m->on[ATC_LOST] ||
	       (m->pre_alarm && !m->limits.keep_charge);
	for (i = 0; i < ARRAY_SIZE(red); i++)
		seen = seen || (m->on[red[i]] && says(m, red[i]) == ILL);
	if (!m->charge && seen && !m->red)
		return complain(o, now, "RD", true,
				"P1: red LED off, and charging is blocked");
	for (i = 0; i < ARRAY_SIZE(red); i++)
		seen = seen || m->on[red[i]] || says(m, red[i]) == BETWEEN;
	if (m->red && !seen)
		return complain(o, now, "RD", false, "P1: red LED on without a reason");
	return true;
}

/* F1: all that an output depends on is known at this very moment, and is not ill. */
static bool clear(const struct moment *m, bool load)
{
	const struct reading *r = m->reading;
	int i;

	for (i = 0; i < QUANTITIES; i++) {
		if (r[i].fitted && !r[i].all && i != (load ? TEMPS : CURRENT))
			return false;
	}
	for (i = FULL; i <= REMOTE_OFF; i++) {
		bool other = i == WELDED ||
			     (load ? i == ATC_GONE || (i >= FULL && i <= DAMAGED) :
				     i == ATD_GONE || i == BATTERY_WARNS || i == OVERLOAD);

		if (!other && (says(m, i) == MISSING || (says(m, i) == ILL && i != OVERLOAD)))
			return false;
	}
	return true;
}

/* X1, F1: no output connects on an unknown input. After R2, R3, R4 all inputs are read anew. */
static bool judge_edges(struct oracle *o)
{
	struct moment *m = &o->moment[o->count - 1];
	bool load = m->load && (o->count == 1 || !m[-1].load);
	bool charge = m->charge && (o->count == 1 || !m[-1].charge);
	const char *pin = load ? "LD" : "CD";
	int dark_since, idle_since, from;

	if (!load && !charge)
		return true;
	if ((load && !clear(m, true)) || (charge && !clear(m, false)))
		return complain(o, m->now_ns, pin, false,
				"F1: connects on an input that is ill or not known");
	if (measured(m) && m->now_ns - m->scan_ns > m->limits.hold_ms * MS)
		return complain(o, m->now_ns, pin, false, "F1: connects on an old scan");

	o->count--;
	dark_since = since(o, dark);
	idle_since = since(o, idle);
	o->count++;
	if (dark_since && !o->moment[dark_since - 1].gate)
		return true;
	for (from = o->count - 1; from > 0 && !o->moment[from].restart; from--)
		;
	if (measured(m) && !stood(o, from, complete, true, m->limits.hold_ms * MS))
		return complain(o, m->now_ns, pin, false,
				"X1: connects before all values are known");
	if (!stood(o, idle_since, lines_known, false, m->limits.filter_ms * MS))
		return complain(o, m->now_ns, pin, false,
				"X1: connects before all lines are known");
	return true;
}

/* X3, C3: when all has been well for long enough, the outputs that may be on are on. */
static bool judge_rest(struct oracle *o)
{
	struct moment *m = &o->moment[o->count - 1];
	const struct limits *l = &m->limits;
	uint64_t long_ns = (2 * (l->hold_ms + l->filter_ms) + 1000 + MEASURED_LATE_MS) * MS;
	bool well = true;
	int i;

	if (m->calm_ns == UINT64_MAX || m->now_ns - m->calm_ns < long_ns)
		return true;
	for (i = SUPPLY_BAD; i < MATTERS; i++) {
		if (i != OVERLOAD && i != WELDED && i != TEMPS_LOST && i != ATC_LOST &&
		    i != ATC_GONE &&
		    says(m, i) != WELL && says(m, i) != NOTHING)
			well = false;
	}
	i = since(o, complete);
	if (!well || lost(m) || !lines_known(m) || i == o->count ||
	    m->now_ns - o->moment[i].now_ns < long_ns)
		return true;

	if (!m->load && !m->no_load && (!m->reading[CELLS].fitted || ready(m)) &&
	    failures(o, false) < FAILURES) {
		if (failed(o) && m->now_ns - failed(o) < RETRY_MS * MS + long_ns)
			return true;
		return complain(o, m->now_ns, "LD", true,
				"X3, U4: all is well, and the load floats");
	}
	if (!m->charge && !m->no_charge && !m->on[DAMAGED] && (!m->pre_alarm || l->keep_charge)) {
		for (i = 0; i < MATTERS; i++) {
			bool matters = i == FULL || i == COLD || i == HOT || i == TEMPS_LOST ||
				       i == ATC_GONE || i == ATC_LOST;

			if (matters && says(m, i) != WELL && says(m, i) != NOTHING)
				return true;
		}
		return complain(o, m->now_ns, "CD", true,
				"X3, C1-C3: all is well, and charging is off");
	}
	return true;
}

/* Until just before @now_ns all was as in the last moment: was anything late by then? */
static bool judge_lateness(struct oracle *o, uint64_t now_ns)
{
	struct moment *m = &o->moment[o->count - 1];
	uint64_t calm_ns, begun_ns;
	int i;

	if (m->calm_ns == UINT64_MAX || now_ns <= m->calm_ns || now_ns <= m->now_ns)
		return true;
	calm_ns = now_ns - 1 - m->calm_ns;
	for (i = o->count - 1; i > 0 && !o->moment[i].restart; i--)
		;
	begun_ns = o->moment[i].now_ns;
	for (i = 0; i < MATTERS; i++) {
		uint64_t late_ms = of_a_line(i) ? LINE_LATE_MS : MEASURED_LATE_MS;

		if (i == OVERLOAD || i == WELDED || i == DAMAGED || of_a_loss(i))
			continue;
		if (calm_ns < span_of(m, i) + late_ms * MS ||
		    now_ns - 1 - begun_ns < span_of(m, i) + late_ms * MS)
			continue;
		if ((says(m, i) == ILL && !m->on[i]) || (says(m, i) == WELL && m->on[i]))
			return complain(o, now_ns, NULL, false,
					"Speed: matter %d has stood for %.3f s without effect", i,
					calm_ns / 1e9);
	}
	for (i = 0; i < QUANTITIES; i++) {
		const struct reading *r = &m->reading[i];

		if (r->fitted && !m->on[CELLS_LOST + i] && calm_ns > 0 &&
		    now_ns - 1 - r->good_ns >= m->limits.stale_ms * MS)
			return complain(o, now_ns, NULL, false,
					"F1: quantity %d is lost without effect", i);
	}
	for (i = 0; i < LINES; i++) {
		const struct wire *w = &m->wire[i];

		if (w->fitted && !w->known && !m->on[i == ATC ? ATC_LOST : LINE_LOST] &&
		    now_ns - 1 - w->good_ns >= m->limits.stale_ms * MS)
			return complain(o, now_ns, NULL, false,
					"F1: line %d is lost without effect", i);
	}
	if (m->pre_alarm && m->load && cutting(m) &&
	    now_ns - 1 >= warning_ends(o) + CUT_LATE_MS * MS &&
	    now_ns - 1 >= m->calm_ns + CUT_LATE_MS * MS)
		return complain(o, now_ns, "LD", false, "U2: the cut is late");
	return true;
}

/* The condition has been seen, and is not only assumed by a start (X2). */
static bool seen(const struct oracle *o, enum matter what)
{
	int i;

	for (i = o->count - 1; i >= 0 && o->moment[i].on[what]; i--) {
		if (says(&o->moment[i], what) == ILL)
			return true;
	}
	return i >= 0 && i < o->count - 1;
}

/* X5: a start is warm until the load connects, or until something would have cut it. */
static bool warm(const struct oracle *o)
{
	const struct moment *m = &o->moment[o->count - 1];

	return (o->count > 1 ? m[-1].warm && !m[-1].load : o->warm) && !m->shut &&
	       !m->no_load && !seen(o, EMPTY) && !seen(o, ATD_GONE) && !lost(m);
}

/* R2-R4: the last moment at which a condition that floats all outputs ended, or the first */
static int start_of(const struct oracle *o)
{
	int i;

	for (i = o->count - 1; i > 0 && !o->moment[i].restart; i--)
		;
	return i;
}

/* X1: all is known for its time, C4 is decided, and no condition floats all outputs. */
static bool begun(const struct oracle *o)
{
	const struct moment *m = &o->moment[o->count - 1];
	int scanned = since(o, complete), looked = since(o, lines_known);
	int start = start_of(o);

	/* Each start waits for scans anew. */
	if (scanned < start)
		scanned = start;
	if (m->blank && !m->on[DAMAGED] && says(m, DAMAGED) == ILL)
		return false;
	return !m->gate && looked < o->count &&
	       m->now_ns - o->moment[looked].now_ns >= m->limits.filter_ms * MS &&
	       (!measured(m) ||
		(scanned < o->count &&
		 m->scan_ns - o->moment[scanned].scan_ns >= m->limits.hold_ms * MS));
}

/* C4: it is the first start, of which nothing is remembered. */
static bool blank(const struct oracle *o)
{
	const struct moment *m = &o->moment[o->count - 1];

	return o->count > 1 ? m[-1].blank && !m[-1].begun : o->blank;
}

bool oracle_connected(const struct oracle *o, bool surely)
{
	const struct moment *m = &o->moment[o->count - 1];

	if (!o->count)
		return !surely && o->warm;
	if (!m->load)
		return m->warm;
	return !m->on[EMPTY] && !m->on[ATD_GONE] && !lost(m) &&
	       !(surely && m->pre_alarm && m->now_ns + FORGET_MS * MS >= warning_ends(o));
}

void oracle_restarts(struct oracle *o, bool remembers)
{
	if (!remembers) {
		oracle_start(o);
		return;
	}
	oracle_sleeps(o);
	o->failed_ns = 0;
	o->blank = false;
}

void oracle_sleeps(struct oracle *o)
{
	const struct moment *m = &o->moment[o->count - 1];
	int i;

	if (!o->count)
		return;
	o->failures[0] = failures(o, false);
	o->failures[1] = failures(o, true);
	o->failed_ns = failed(o);
	for (i = o->count - 1; i > 0 && !o->moment[i].overloaded; i--) {
		if (o->moment[i - 1].load)
			o->service_ns += o->moment[i].now_ns - o->moment[i - 1].now_ns;
	}
	if (i)
		o->service_ns = 0;
	for (; i > 0 && i < o->count - 1; i++) {
		if (o->moment[i].load)
			o->service_ns += o->moment[i + 1].now_ns - o->moment[i].now_ns;
	}
	o->warm = oracle_connected(o, false);
	o->damaged = m->on[DAMAGED];
	o->blank = m->blank && !m->begun;
	o->count = 0;
}

bool oracle_sees(struct oracle *o, const struct moment *next)
{
	struct moment *m = &o->moment[o->count];
	bool was;
	int i;

	if (o->count && !judge_lateness(o, next->still_ns))
		return false;

	*m = *next;
	o->count++;
	was = o->count > 1 && m[-1].load;
	m->blank = blank(o);

	m->on[SUPPLY_BAD] = counts(o, SUPPLY_BAD);
	m->on[LOOP_OPEN] = counts(o, LOOP_OPEN);
	m->on[REMOTE_OFF] = counts(o, REMOTE_OFF);
	m->gate = m->on[SUPPLY_BAD] || m->on[LOOP_OPEN] || m->on[REMOTE_OFF];
	m->shut = seen(o, SUPPLY_BAD) || seen(o, LOOP_OPEN) || seen(o, REMOTE_OFF);
	m->restart = o->count > 1 && m[-1].shut && !m->shut;
	for (i = 0; i < MATTERS; i++)
		m->on[i] = counts(o, i);
	m->warm = warm(o);
	m->begun = begun(o);
	m->overloaded = was && !m->load && m->on[OVERLOAD] && !m->gate && !m->no_load;

	return judge_load(o) && judge_pre_alarm(o) && judge_charge(o) && judge_pins(o) &&
	       judge_edges(o) && judge_rest(o);
}
