// SPDX-License-Identifier: GPL-2.0-only
/*
 * smallbms - what the rules promise at the lines, for CBMC ("make prove")
 *
 * In steps.c any inputs come to the policy. Here act.c reports the outputs, and sense.c the
 * inputs. Their lines may give any answer at any call. Calls and answers are noted beside
 * the lines (kernel.h).
 */

#include <kernel.h>

#include "bank.h"

#include "act.c"
#include "sense.c"

static struct gpio_desc lines[SMALLBMS_NUM_OUTPUTS];

/* What act.c knows of a line agrees with the calls and answers noted beside it. */
static bool knows(const struct smallbms_output *output, const struct gpio_desc *line)
{
	return output->driven == line->told && output->error == line->said &&
	       output->level == line->answer && output->readable == line->answers &&
	       output->confirmed == line->confirmed && output->told_ns >= line->told_ns &&
	       output->told_ns <= clock_ns;
}

static bool knows_all(const struct smallbms_act *act)
{
	int i;

	for (i = 0; i < SMALLBMS_NUM_OUTPUTS; i++) {
		if (act->output[i].gpiod && !knows(&act->output[i], &lines[i]))
			return false;
	}
	return true;
}

static void any_act(struct smallbms_act *act)
{
	int i;

	clock_ns = any_time();
	for (i = 0; i < SMALLBMS_NUM_OUTPUTS; i++) {
		struct smallbms_output *output = &act->output[i];
		struct gpio_desc *line = &lines[i];

		line->told = any_bool();
		line->told_ns = any_u64();
		line->said = any_s32();
		line->writes = 0;
		line->last = 0;
		line->answers = any_bool();
		line->answer = any_s32();
		line->confirmed = any_bool();
		line->silent = any_bool();
		suppose(line->said <= 0 && line->answer <= 1 && (!line->silent || !line->said));
		suppose(line->answers || (line->answer < 0 && !line->confirmed));
		suppose(line->answer < 0 || line->confirmed == (line->answer == line->told));

		output->gpiod = any_bool() ? line : NULL;
		output->driven = any_bool();
		output->told_ns = any_u64();
		output->error = any_s32();
		output->level = any_s32();
		output->readable = any_bool();
		output->confirmed = any_bool();
	}
	suppose(knows_all(act));
}

/* F1: a line has the level of its last answer, and is as old as that. */
void F1_lines_are_known(void)
{
	struct gpio_desc inputs[SMALLBMS_NUM_LINES];
	struct smallbms_sample in, was;
	struct smallbms_sense sense;
	u64 now = any_time();
	int i;

	any_sample(&in);
	was = in;
	for (i = 0; i < SMALLBMS_NUM_LINES; i++)
		sense.line[i] = any_bool() ? &inputs[i] : NULL;
	smallbms_sense_lines(&sense, &in, now);
	for (i = 0; i < SMALLBMS_NUM_LINES; i++) {
		const struct smallbms_line *line = &in.line[i];

		if (!sense.line[i])
			continue;
		promise(line->known == (inputs[i].answer >= 0));
		promise(!line->known || line->active == inputs[i].answer);
		promise(line->good_ns == (line->known ? now : was.line[i].good_ns));
		happens(!line->known && line->active);
	}
}

/* F1: a value is as old as the start of its read, and an implausible one is an error. */
void F1_values_are_as_old_as_the_question(void)
{
	struct smallbms_channel channel;
	u64 good_ns = any_u64();

	clock_ns = any_time();
	channel.kind = any_u32();
	channel.scan.good_ns = good_ns;
	suppose(channel.kind < SMALLBMS_NUM_KINDS);
	read_channel(&channel);
	promise(channel.scan.error || channel.scan.good_ns <= asked_ns);
	promise(channel.scan.error || smallbms_plausible(channel.kind, channel.scan.value));
	promise(!channel.scan.error || channel.scan.good_ns == good_ns);
	happens(!channel.scan.error && channel.scan.good_ns == asked_ns);
	happens(channel.scan.error);
}

/* F3: a line does not stand if its write failed, or if its answer is another level. */
static bool line_stands(const struct gpio_desc *line, bool high)
{
	if (line->told != high || line->said)
		return false;
	if (line->answer >= 0)
		return line->answer == high;
	return line->confirmed || !line->answers;
}

static struct gpio_desc *line_of(const struct smallbms_act *act, enum smallbms_output_id id)
{
	return act->output[id].gpiod;
}

/* F3: the policy gets the answers of the lines, and the times at which they were written. */
void F3_lines_are_reported(void)
{
	struct smallbms_sample in;
	struct smallbms_act act;
	int i;

	any_act(&act);
	smallbms_act_look(&act);
	promise(knows_all(&act));
	smallbms_act_report(&act, &in);
	for (i = 0; i < SMALLBMS_NUM_OUTPUTS; i++) {
		const struct smallbms_terminal *t = &in.terminal[i];

		promise(t->fitted == !!act.output[i].gpiod);
		promise(!t->fitted || (t->driven == lines[i].told &&
				       t->told_ns >= lines[i].told_ns && t->told_ns <= clock_ns));
		promise(!t->fitted ||
			stands_at_pin(t, t->driven) == line_stands(&lines[i], lines[i].told));
		happens(t->fitted && stands_at_pin(t, true) && !t->known && lines[i].answers);
		happens(t->fitted && !lines[i].said && !t->known && !t->written);
	}
}

/* U2, F3: lines that disconnect are written first, and the load before its pre-alarm. */
void U2_load_goes_before_its_pre_alarm(void)
{
	struct smallbms_decision out;
	struct smallbms_act act;
	bool want[SMALLBMS_NUM_OUTPUTS];
	bool was[SMALLBMS_NUM_OUTPUTS];
	int i, j;

	any_act(&act);
	out.load = any_bool();
	out.charge = any_bool();
	out.pre_alarm = any_bool();
	out.faults = any_u32();
	want[SMALLBMS_OUT_LOAD] = out.load;
	want[SMALLBMS_OUT_CHARGE] = out.charge;
	want[SMALLBMS_OUT_PRE_ALARM] = out.pre_alarm;
	for (i = 0; i < SMALLBMS_NUM_OUTPUTS; i++)
		was[i] = lines[i].told;
	smallbms_act_apply(&act, &out);

	promise(knows_all(&act));
	for (i = 0; i < SMALLBMS_NUM_OUTPUTS; i++) {
		bool due = want[i] != was[i] || (out.faults & 1U << i);

		promise(lines[i].writes == (act.output[i].gpiod && due ? 1 : 0));
		promise(!lines[i].writes || lines[i].told == want[i]);
		for (j = 0; j < SMALLBMS_NUM_OUTPUTS; j++)
			promise(want[i] || !want[j] || !lines[i].writes || !lines[j].writes ||
				lines[i].last < lines[j].last);
	}
	promise(out.load || out.pre_alarm || !lines[SMALLBMS_OUT_LOAD].writes ||
		!lines[SMALLBMS_OUT_PRE_ALARM].writes ||
		lines[SMALLBMS_OUT_LOAD].last < lines[SMALLBMS_OUT_PRE_ALARM].last);
	happens(writes == 3 && out.charge && !out.load);
	happens(!writes && act.output[SMALLBMS_OUT_LOAD].gpiod);
}

/* F3b: an end succeeds only if it has seen every line float that can be read. */
void F3b_an_end_sees_that_lines_float(void)
{
	struct smallbms_act act;
	bool content;
	int i;

	any_act(&act);
	content = all_float(&act);
	for (i = 0; i < SMALLBMS_NUM_OUTPUTS; i++) {
		const struct gpio_desc *line = line_of(&act, i);

		promise(!content || !line ||
			(!line->told && (line->answers ? !line->answer : !line->said)));
	}
	happens(content && line_of(&act, SMALLBMS_OUT_LOAD) && lines[SMALLBMS_OUT_LOAD].said);
}

/*
 * U2: the load is disconnected only if each look has found the pre-alarm's line to stand for
 * the warning time, or after twice that time since the alarm began. The watch is that of an
 * observer who sees only the answers of the lines.
 */
void U2_line_is_warned(void)
{
	const struct gpio_desc *pre_alarm;
	struct smallbms_act act;
	bool load_was_on;
	struct watch w;
	struct bank b;
	u64 now;

	any_bank(&b);
	w = any_watch(&b.st);
	load_was_on = b.st.load_on;

	any_act(&act);
	suppose(clock_ns >= b.st.now_ns);
	smallbms_act_look(&act);
	smallbms_act_report(&act, &b.in);
	now = ktime_get_boottime_ns();
	pre_alarm = line_of(&act, SMALLBMS_OUT_PRE_ALARM);
	watch_looks(&w, !pre_alarm || line_stands(pre_alarm, true), now);

	step(&b, now);
	promise(!load_was_on || b.out.load || may_go(&w, &b, now));
	happens(is_cut(load_was_on, &b, now) && !w.stood);
	happens(is_cut(load_was_on, &b, now) && now - w.alarm_ns < 2 * whole_warning_ns(&b));
}
