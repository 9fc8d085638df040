// SPDX-License-Identifier: GPL-2.0-only
/*
 * smallbms - the view of people and their tools
 */

/**
 * DOC: smallbms-report
 *
 * A change of an output is announced once: a uevent, poll() on its attribute, a trace event and
 * one line in the log (P3). A cause that begins without moving an output is announced in the
 * same way. Trace events are made in the evaluation. A work of the bank makes all the others, at
 * a limited rate. So neither a line that chatters nor a slow console delays the protection, or
 * another bank.
 *
 * An evaluation leaves a copy of all values that can be read. Readers use this copy, under a
 * spinlock that is held no longer than it takes to copy or to print. They never take the lock of
 * the bank. That lock is a mutex, so a reader that was preempted while holding it, or a thousand
 * readers in its queue, would delay the next cut.
 *
 * Values that no class has a file for are files beside the properties of the power supply. A
 * read of these files never fails, because some monitors then leave out all power supplies. A
 * file without a value is empty.
 */

#include <linux/bitmap.h>
#include <linux/bits.h>
#include <linux/device.h>
#include <linux/jiffies.h>
#include <linux/math64.h>
#include <linux/power_supply.h>
#include <linux/ratelimit.h>
#include <linux/spinlock.h>
#include <linux/sysfs.h>
#include <linux/time64.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "smallbms.h"

/* P3: shortest time between two announcements, for a line that chatters */
#define ANNOUNCE_NS	(100 * SMALLBMS_NS_PER_MS)

/* P3: largest number of log lines in so many seconds */
#define LOG_BURST	10
#define LOG_INTERVAL_S	5

#define CREATE_TRACE_POINTS
#include "trace.h"

/**
 * smallbms_holds() - does a cause hold
 * @report: the bank, locked
 * @cause: which one
 *
 * Return: true while it does.
 */
bool smallbms_holds(const struct smallbms_report *report, enum smallbms_cause cause)
{
	return report->causes & BIT(cause);
}

/**
 * smallbms_fresh() - is a value young enough to be shown (F1)
 * @report: the bank, locked
 * @good_ns: when it was read
 *
 * Return: false when it is stale, even if nothing has noticed so far.
 */
bool smallbms_fresh(const struct smallbms_report *report, u64 good_ns)
{
	return ktime_get_boottime_ns() - good_ns <=
	       (u64)report->settings.stale_ms * SMALLBMS_NS_PER_MS;
}

/**
 * smallbms_known() - is a kind of measurement known
 * @report: the bank, locked
 * @kind: which one
 *
 * Return: true when each of its channels has a value that may be shown.
 */
bool smallbms_known(const struct smallbms_report *report, enum smallbms_kind kind)
{
	const struct smallbms_group *group = &report->sample.group[kind];

	return group->fitted && group->all && smallbms_fresh(report, group->good_ns);
}

/* Attributes beside the properties */

static struct smallbms *to_smallbms(struct device *dev)
{
	return power_supply_get_drvdata(dev_get_drvdata(dev));
}

static struct smallbms_report *to_report(struct device *dev)
{
	return &to_smallbms(dev)->report;
}

/**
 * struct output_attr - an output as a file
 * @attr: the file
 * @id: the output
 */
struct output_attr {
	struct device_attribute attr;
	enum smallbms_output_id id;
};

static u32 output_bit(struct device_attribute *attr)
{
	return BIT(container_of(attr, struct output_attr, attr)->id);
}

static const char *output_word(bool driven)
{
	return driven ? "driven" : "floating";
}

static ssize_t output_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct smallbms_report *report = to_report(dev);
	bool driven;

	spin_lock(&report->lock);
	driven = report->outputs & output_bit(attr);
	spin_unlock(&report->lock);
	return sysfs_emit(buf, "%s\n", output_word(driven));
}

static ssize_t read_back_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct smallbms_report *report = to_report(dev);
	bool driven, unread;

	spin_lock(&report->lock);
	driven = report->levels & output_bit(attr);
	unread = report->unread & output_bit(attr);
	spin_unlock(&report->lock);
	return unread ? 0 : sysfs_emit(buf, "%s\n", output_word(driven));
}

#define OUTPUT_ATTR(_name, _show, _id)						\
	static struct output_attr attr_##_name = { __ATTR(_name, 0444, _show, NULL), _id }

OUTPUT_ATTR(load_output, output_show, SMALLBMS_OUT_LOAD);
OUTPUT_ATTR(load_read_back, read_back_show, SMALLBMS_OUT_LOAD);
OUTPUT_ATTR(charge_output, output_show, SMALLBMS_OUT_CHARGE);
OUTPUT_ATTR(charge_read_back, read_back_show, SMALLBMS_OUT_CHARGE);
OUTPUT_ATTR(pre_alarm_output, output_show, SMALLBMS_OUT_PRE_ALARM);
OUTPUT_ATTR(pre_alarm_read_back, read_back_show, SMALLBMS_OUT_PRE_ALARM);

static const struct {
	const struct output_attr *output;
	const struct output_attr *read_back;
} output_attrs[SMALLBMS_NUM_OUTPUTS] = {
	[SMALLBMS_OUT_LOAD] = { &attr_load_output, &attr_load_read_back },
	[SMALLBMS_OUT_CHARGE] = { &attr_charge_output, &attr_charge_read_back },
	[SMALLBMS_OUT_PRE_ALARM] = { &attr_pre_alarm_output, &attr_pre_alarm_read_back },
};

static ssize_t warning_left_ms_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct smallbms_report *report = to_report(dev);
	u64 end_ns, now_ns;

	spin_lock(&report->lock);
	end_ns = report->warning_end_ns;
	spin_unlock(&report->lock);
	if (!end_ns)
		return 0;
	now_ns = ktime_get_boottime_ns();
	return sysfs_emit(buf, "%llu\n",
			  end_ns > now_ns ? div_u64(end_ns - now_ns, SMALLBMS_NS_PER_MS) : 0);
}
static DEVICE_ATTR_RO(warning_left_ms);

static ssize_t episodes_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct smallbms_report *report = to_report(dev);
	enum smallbms_cause cause;
	int len = 0;

	spin_lock(&report->lock);
	for (cause = 0; cause < SMALLBMS_NUM_CAUSES; cause++)
		len += sysfs_emit_at(buf, len, "%s %u\n", smallbms_cause_name(cause),
				     report->count[cause]);
	spin_unlock(&report->lock);
	return len;
}
static DEVICE_ATTR_RO(episodes);

static ssize_t causes_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct smallbms_report *report = to_report(dev);
	enum smallbms_cause cause;
	u32 rem_ns;
	u64 sec;
	int len = 0;

	spin_lock(&report->lock);
	for (cause = 0; cause < SMALLBMS_NUM_CAUSES; cause++) {
		if (!smallbms_holds(report, cause))
			continue;
		len += smallbms_print_cause(report, cause, buf + len, PAGE_SIZE - len);
		sec = div_u64_rem(report->since_ns[cause], NSEC_PER_SEC, &rem_ns);
		len += sysfs_emit_at(buf, len, " since=%llu.%03lu count=%u\n", sec,
				     rem_ns / NSEC_PER_MSEC, report->count[cause]);
	}
	spin_unlock(&report->lock);
	return len;
}
static DEVICE_ATTR_RO(causes);

static struct attribute *report_attrs[] = {
	&attr_load_output.attr.attr,
	&attr_load_read_back.attr.attr,
	&attr_charge_output.attr.attr,
	&attr_charge_read_back.attr.attr,
	&attr_pre_alarm_output.attr.attr,
	&attr_pre_alarm_read_back.attr.attr,
	&dev_attr_warning_left_ms.attr,
	&dev_attr_causes.attr,
	&dev_attr_episodes.attr,
	NULL
};

/* The pre-alarm is shown even if it has no line. */
static umode_t report_attr_mode(struct kobject *kobj, struct attribute *attr, int index)
{
	const struct smallbms *bms = to_smallbms(kobj_to_dev(kobj));

	if (!bms->act.output[SMALLBMS_OUT_PRE_ALARM].gpiod &&
	    (attr == &attr_pre_alarm_output.attr.attr ||
	     attr == &attr_pre_alarm_read_back.attr.attr))
		return 0;
	return attr->mode;
}

static const struct attribute_group report_group = {
	.attrs = report_attrs,
	.is_visible = report_attr_mode,
};

const struct attribute_group *smallbms_report_groups[] = {
	&report_group,
	NULL
};

/* Announcements */

static void notify(const struct smallbms_report *report, const struct device_attribute *attr)
{
	sysfs_notify(&report->psy->dev.kobj, NULL, attr->attr.name);
}

/* "load-enable floats, charge-enable driven" */
static int print_outputs(const struct smallbms_report *report, u32 mask, char *buf,
			 size_t size)
{
	enum smallbms_output_id id;
	int len = 0;

	for (id = 0; id < SMALLBMS_NUM_OUTPUTS; id++) {
		if (!(mask & BIT(id)))
			continue;
		len += scnprintf(buf + len, size - len, "%s%s %s", len ? ", " : "",
				 smallbms_output_name(id),
				 report->outputs & BIT(id) ? "driven" : "floats");
	}
	return len;
}

static struct smallbms_announced to_announce(const struct smallbms_report *report)
{
	return (struct smallbms_announced){
		.outputs = report->outputs,
		.levels = report->levels,
		.causes = report->causes,
		.warning = report->warning_end_ns,
		.full = report->gauge.full,
	};
}

static bool announced(const struct smallbms_report *report)
{
	const struct smallbms_announced now = to_announce(report), *last = &report->announced;

	return !report->begun && now.outputs == last->outputs && now.levels == last->levels &&
	       now.causes == last->causes && now.warning == last->warning &&
	       now.full == last->full;
}

/*
 * "load-enable floats; U2 undervoltage cell=3 microvolt=2745000": what is new to the log. If
 * outputs have changed, it has all causes, otherwise those that have begun. Returns the length.
 */
static int print_news(struct smallbms_report *report, u32 begun)
{
	u32 changed = report->outputs ^ report->logged_outputs;
	u32 causes = report->causes;
	int len = 0;

	begun = (begun | (causes & ~report->logged_causes)) & ~BIT(SMALLBMS_CAUSE_START);
	if (changed) {
		len = print_outputs(report, changed, report->text, sizeof(report->text));
		if (causes)
			len += scnprintf(report->text + len, sizeof(report->text) - len, "; ");
	} else {
		causes = begun;
	}
	return len + smallbms_print_causes(report, causes, report->text + len,
					   sizeof(report->text) - len);
}

/*
 * Runs without the lock of the bank, because a console or a listener can be slow. A log line
 * that would exceed the limit is made later, from the state at that time.
 */
static void announce(struct work_struct *work)
{
	struct smallbms_report *report =
		container_of(to_delayed_work(work), struct smallbms_report, announcer);
	struct smallbms *bms = container_of(report, struct smallbms, report);
	struct smallbms_announced last, now;
	bool changed, log;
	int i, len;
	u32 begun;

	spin_lock(&report->lock);
	begun = report->begun;
	changed = !announced(report);
	len = print_news(report, begun);
	log = len && __ratelimit(&report->rate);
	last = report->announced;
	now = to_announce(report);
	report->begun = 0;
	report->announced = now;
	report->announced_ns = ktime_get_boottime_ns();
	if (log) {
		report->logged_outputs = now.outputs;
		report->logged_causes = now.causes;
	} else {
		report->logged_causes &= now.causes & ~begun;
	}
	spin_unlock(&report->lock);

	for (i = 0; i < SMALLBMS_NUM_OUTPUTS; i++) {
		if ((last.outputs ^ now.outputs) & BIT(i))
			notify(report, &output_attrs[i].output->attr);
		if ((last.levels ^ now.levels) & BIT(i))
			notify(report, &output_attrs[i].read_back->attr);
	}
	if (last.warning != now.warning)
		notify(report, &dev_attr_warning_left_ms);
	if (last.causes != now.causes || begun)
		notify(report, &dev_attr_causes);
	if (begun)
		notify(report, &dev_attr_episodes);
	if (log)
		dev_notice(bms->dev, "%s\n", report->text);
	else if (len)
		schedule_delayed_work(&report->announcer, HZ);
	if (changed)
		power_supply_changed(report->psy);
}

/**
 * smallbms_report_publish() - show the state to readers, without an announcement
 * @bms: the bank, locked or not yet shown
 */
void smallbms_report_publish(struct smallbms *bms)
{
	struct smallbms_report *report = &bms->report;
	u32 causes = bms->decision.causes;
	unsigned long begun;
	int i;

	spin_lock(&report->lock);
	report->settings = bms->settings;
	report->sample = bms->sample;
	report->gauge = bms->gauge;
	report->outputs = 0;
	report->levels = 0;
	report->unread = 0;
	report->faults = bms->decision.faults;
	for (i = 0; i < SMALLBMS_NUM_OUTPUTS; i++) {
		const struct smallbms_output *output = &bms->act.output[i];

		if (output->driven)
			report->outputs |= BIT(i);
		if (output->level > 0)
			report->levels |= BIT(i);
		if (output->level < 0)
			report->unread |= BIT(i);
	}
	begun = causes & ~report->causes;
	for_each_set_bit(i, &begun, SMALLBMS_NUM_CAUSES) {
		report->since_ns[i] = bms->state.now_ns;
		report->count[i]++;
	}
	report->begun |= begun;
	report->causes = causes;
	report->warning_end_ns = bms->decision.pre_alarm ? bms->decision.sure_ns : 0;
	spin_unlock(&report->lock);
}

static void trace_transition(struct smallbms *bms)
{
	struct smallbms_report *report = &bms->report;

	smallbms_print_causes(report, report->causes, report->trace_text,
			      sizeof(report->trace_text));
	trace_smallbms_transition(bms, report->trace_text);
}

/* The time for which the load is sure to stay connected begins or ends. */
static void trace_window(struct smallbms *bms, bool open)
{
	trace_smallbms_window(bms, open, open ? bms->settings.warning_ms :
			      div_u64(ktime_get_boottime_ns() - bms->state.alarm_ns,
				      SMALLBMS_NS_PER_MS));
}

/**
 * smallbms_report_update() - show the result of an evaluation, and announce changes
 * @bms: the bank, locked
 */
void smallbms_report_update(struct smallbms *bms)
{
	struct smallbms_report *report = &bms->report;
	u32 outputs = report->outputs, causes = report->causes;
	bool warning = report->warning_end_ns, done;
	u64 since_ns, wait_ns;

	trace_smallbms_sample(bms);
	smallbms_report_publish(bms);
	if (outputs != report->outputs || causes != report->causes)
		trace_transition(bms);
	if (warning != !!report->warning_end_ns)
		trace_window(bms, !warning);

	spin_lock(&report->lock);
	done = announced(report);
	since_ns = ktime_get_boottime_ns() - report->announced_ns;
	spin_unlock(&report->lock);
	if (done)
		return;
	wait_ns = since_ns < ANNOUNCE_NS ? ANNOUNCE_NS - since_ns : 0;
	/* It may be waiting for its turn in the log, which takes longer. */
	cancel_delayed_work(&report->announcer);
	schedule_delayed_work(&report->announcer, nsecs_to_jiffies(wait_ns));
}

/**
 * smallbms_report_init() - begin to report
 * @bms: the bank, not yet shown
 */
void smallbms_report_init(struct smallbms *bms)
{
	struct smallbms_report *report = &bms->report;

	spin_lock_init(&report->lock);
	INIT_DELAYED_WORK(&report->announcer, announce);
	ratelimit_state_init(&report->rate, LOG_INTERVAL_S * HZ, LOG_BURST);
	ratelimit_set_flags(&report->rate, RATELIMIT_MSG_ON_RELEASE);	/* in silence */
	smallbms_report_publish(bms);
	report->begun = 0;
	report->announced = to_announce(report);
	report->logged_outputs = report->outputs;
	report->logged_causes = report->causes;
}
