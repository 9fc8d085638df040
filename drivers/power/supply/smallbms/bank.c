// SPDX-License-Identifier: GPL-2.0-only
/*
 * smallbms - the evaluation, what causes it, and who may command it
 */

/**
 * DOC: smallbms-bank
 *
 * An evaluation reads the lines, lets the policy decide on them and on the last
 * finished scan of the channels, makes the outputs follow and reports what has
 * changed, all under one lock. Readers never take this lock. An evaluation waits for
 * another one, and for a change of a setting or a switch, but for no reader. Three
 * things cause one:
 *
 * - an edge on a line, in the thread of its interrupt;
 * - the scanner, a work that reads all channels at a fixed pace. Reading sleeps,
 *   perhaps for seconds, so it happens outside the lock and does not keep a line
 *   waiting;
 * - the deadline that the policy gave, a timer on the boot clock.
 *
 * The level of a line decides, never the edge: every evaluation reads all lines,
 * so an edge that was missed costs time, not protection. What arrives while the thread
 * rests makes it run once more.
 *
 * When a bank is stopped, by unbinding, shutdown or suspend, its outputs float
 * first, and no evaluation can drive them again. Only then does it wait for work
 * that may be stuck in a converter; a shutdown does not wait at all.
 *
 * The power supply, hwmon and the controls stand above this file, and nothing here
 * calls them.
 */

#include <linux/bits.h>
#include <linux/container_of.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "smallbms.h"

/*
 * Pace of the scanner. A condition is noticed after at most one pace, and scanned
 * again when its hold time is over. Of the 750 ms that are promised on top of the
 * hold time, this leaves 150 ms for slow converters and busy hosts.
 */
#define SCAN_MS		600

/* Pace with a heartbeat, so that a charge pump notices its end within a second. */
#define BEAT_MS		250

/* What does not follow, or cannot be read, is tried again after this. */
#define RETRY_MS	250

/* A line that storms is not looked at more often than this. */
#define REST_US		1000

static void scan_after(struct smallbms *bms, unsigned int ms)
{
	queue_delayed_work(system_highpri_wq, &bms->scanner, msecs_to_jiffies(ms));
}

static void next_scan(struct smallbms *bms)
{
	unsigned int ms = bms->act.heartbeat ? BEAT_MS : SCAN_MS;
	u64 now_ns, due_ns = bms->decision.scan_ns;

	if (due_ns != SMALLBMS_NEVER) {
		now_ns = ktime_get_boottime_ns();
		ms = due_ns <= now_ns ? 0 :
		     min_t(u64, ms, DIV_ROUND_UP_ULL(due_ns - now_ns, NSEC_PER_MSEC));
	}
	scan_after(bms, ms);
}

static void set_deadline(struct smallbms *bms)
{
	if (bms->decision.deadline_ns == SMALLBMS_NEVER)
		hrtimer_try_to_cancel(&bms->deadline);
	else
		hrtimer_start(&bms->deadline, ns_to_ktime(bms->decision.deadline_ns),
			      HRTIMER_MODE_ABS);
}

static bool lines_known(const struct smallbms_sample *sample)
{
	int i;

	for (i = 0; i < SMALLBMS_NUM_LINES; i++) {
		if (sample->line[i].fitted && !sample->line[i].known)
			return false;
	}
	return true;
}

static void smallbms_evaluate(struct smallbms *bms)
{
	u64 now_ns = ktime_get_boottime_ns();
	bool ok;

	lockdep_assert_held(&bms->lock);

	if (bms->stopped) {
		smallbms_report_publish(bms);
		return;
	}

	smallbms_sense_lines(&bms->sense, &bms->sample, now_ns);
	smallbms_policy_step(&bms->settings, &bms->state, &bms->sample, now_ns,
			     &bms->decision);
	bms->sample.operator_clear = false;

	ok = smallbms_act_apply(&bms->act, &bms->decision);
	if (bms->decision.warned)
		smallbms_policy_warned(&bms->state, ktime_get_boottime_ns());
	smallbms_leds_show(&bms->leds, &bms->decision);
	smallbms_gauge_step(&bms->gauge, &bms->settings, &bms->sample, bms->decision.causes);
	smallbms_report_update(bms);

	set_deadline(bms);
	/* The scanner comes back by itself, if there is anything to scan. */
	if (!bms->polled && (!ok || !lines_known(&bms->sample)))
		scan_after(bms, RETRY_MS);
}

static void smallbms_evaluate_unlocked(struct smallbms *bms)
{
	guard(mutex)(&bms->lock);

	smallbms_evaluate(bms);
}

static void smallbms_evaluation(struct work_struct *work)
{
	smallbms_evaluate_unlocked(container_of(work, struct smallbms, evaluation));
}

static enum hrtimer_restart smallbms_deadline(struct hrtimer *timer)
{
	struct smallbms *bms = container_of(timer, struct smallbms, deadline);

	queue_work(system_highpri_wq, &bms->evaluation);
	return HRTIMER_NORESTART;
}

static irqreturn_t smallbms_line_irq(int irq, void *data)
{
	smallbms_evaluate_unlocked(data);
	usleep_range(REST_US, 2 * REST_US);
	return IRQ_HANDLED;
}

/* Readings are shown as they are: so they change when no reader looks. */
static void publish_scan(struct smallbms *bms)
{
	spin_lock(&bms->report.lock);
	smallbms_sense_publish(&bms->sense, &bms->sample);
	spin_unlock(&bms->report.lock);
}

static void smallbms_scanner(struct work_struct *work)
{
	struct smallbms *bms = container_of(to_delayed_work(work), struct smallbms, scanner);

	smallbms_sense_scan(&bms->sense);

	guard(mutex)(&bms->lock);

	if (bms->stopped)
		return;
	publish_scan(bms);
	bms->sample.scan_ns = ktime_get_boottime_ns();
	smallbms_evaluate(bms);
	smallbms_act_beat(&bms->act);
	if (bms->polled)
		next_scan(bms);
}

/**
 * smallbms_change_setting() - change a setting at run time
 * @bms: the bank
 * @id: which setting
 * @value: its new value
 *
 * Return: 0, or -ERANGE when the value is out of range or breaks a relation;
 * nothing is changed then.
 */
int smallbms_change_setting(struct smallbms *bms, enum smallbms_setting_id id, s32 value)
{
	struct smallbms_settings changed;
	struct smallbms_range broken;

	guard(mutex)(&bms->lock);

	changed = bms->settings;
	smallbms_setting_put(&changed, id, value);
	if (!smallbms_settings_valid(&changed, &broken))
		return -ERANGE;
	bms->settings = changed;
	smallbms_evaluate(bms);
	return 0;
}

/**
 * smallbms_host_charge() - let the host forbid charging (R5)
 * @bms: the bank
 * @allowed: false forbids; true allows what the rules allow
 */
void smallbms_host_charge(struct smallbms *bms, bool allowed)
{
	guard(mutex)(&bms->lock);

	bms->sample.host_charge_off = !allowed;
	smallbms_evaluate(bms);
}

/**
 * smallbms_host_load() - let the host switch the load (R5)
 * @bms: the bank
 * @on: false switches off; true connects it when the rules do (U4)
 */
void smallbms_host_load(struct smallbms *bms, bool on)
{
	guard(mutex)(&bms->lock);

	bms->sample.host_load_off = !on;
	smallbms_evaluate(bms);
}

/**
 * smallbms_operator_clear() - an operator has looked (C4, F5)
 * @bms: the bank
 *
 * What still stands is not cleared.
 */
void smallbms_operator_clear(struct smallbms *bms)
{
	guard(mutex)(&bms->lock);

	bms->sample.operator_clear = true;
	smallbms_evaluate(bms);
}

/**
 * smallbms_bank_float() - let go of the outputs
 * @bms: the bank
 *
 * No evaluation after this, and nothing is driven.
 */
void smallbms_bank_float(struct smallbms *bms)
{
	guard(mutex)(&bms->lock);

	bms->stopped = true;
	smallbms_act_float(&bms->act);
	bms->decision = (struct smallbms_decision){
		.causes = BIT(SMALLBMS_CAUSE_START),
	};
	smallbms_leds_show(&bms->leds, &bms->decision);
	smallbms_report_update(bms);
}

/**
 * smallbms_bank_stop() - let go of the outputs, and have nothing under way any more
 * @bms: the bank
 */
void smallbms_bank_stop(struct smallbms *bms)
{
	smallbms_bank_float(bms);
	hrtimer_cancel(&bms->deadline);
	cancel_work_sync(&bms->evaluation);
	cancel_delayed_work_sync(&bms->scanner);
}

/**
 * smallbms_bank_start() - begin as if everything had tripped (X2), with nothing known
 * @bms: the bank, stopped
 */
void smallbms_bank_start(struct smallbms *bms)
{
	u64 now = ktime_get_boottime_ns();
	unsigned int i;

	for (i = 0; i < bms->sense.num_channels; i++) {
		bms->sense.channel[i].scan.error = -ENODATA;
		bms->sense.channel[i].scan.good_ns = now;
	}

	scoped_guard(mutex, &bms->lock) {
		publish_scan(bms);
		for (i = 0; i < SMALLBMS_NUM_LINES; i++) {
			bms->sample.line[i].fitted = bms->sense.line[i];
			bms->sample.line[i].known = false;
			bms->sample.line[i].good_ns = now;
		}
		smallbms_policy_init(&bms->state, now);
		smallbms_report_publish(bms);
		bms->stopped = false;
	}
	scan_after(bms, 0);
}

/**
 * smallbms_bank_request_irqs() - have edges of the lines cause evaluations
 * @bms: the bank
 *
 * Return: 0, or an error that has been reported.
 */
int smallbms_bank_request_irqs(struct smallbms *bms)
{
	int i, irq, ret;

	for (i = 0; i < SMALLBMS_NUM_LINES; i++) {
		irq = bms->sense.irq[i];
		if (irq < 0)
			continue;
		ret = devm_request_threaded_irq(bms->dev, irq, NULL, smallbms_line_irq,
						IRQF_ONESHOT | IRQF_TRIGGER_RISING |
						IRQF_TRIGGER_FALLING,
						smallbms_line_name(i), bms);
		if (ret)
			return dev_err_probe(bms->dev, ret, "no interrupt for %s-gpios\n",
					     smallbms_line_name(i));
	}
	return 0;
}

/* Without a channel, a heartbeat or a mute line, interrupts say everything. */
static bool needs_polling(const struct smallbms *bms)
{
	int i;

	for (i = 0; i < SMALLBMS_NUM_LINES; i++) {
		if (bms->sense.line[i] && bms->sense.irq[i] < 0)
			return true;
	}
	return bms->sense.num_channels || bms->act.heartbeat;
}

/**
 * smallbms_bank_init() - make a bank ready, stopped
 * @bms: the bank, with its inputs and outputs
 *
 * Return: 0 or an error.
 */
int smallbms_bank_init(struct smallbms *bms)
{
	int ret = devm_mutex_init(bms->dev, &bms->lock);

	if (ret)
		return ret;
	hrtimer_setup(&bms->deadline, smallbms_deadline, CLOCK_BOOTTIME, HRTIMER_MODE_ABS);
	INIT_WORK(&bms->evaluation, smallbms_evaluation);
	INIT_DELAYED_WORK(&bms->scanner, smallbms_scanner);
	spin_lock_init(&bms->report.lock);
	bms->polled = needs_polling(bms);
	bms->stopped = true;
	smallbms_report_publish(bms);
	return 0;
}
