// SPDX-License-Identifier: GPL-2.0-only
/*
 * smallbms - the evaluation, its causes and its commands
 */

/**
 * DOC: smallbms-bank
 *
 * An evaluation reads the lines of the outputs and of the inputs, lets the policy decide on
 * them and on the last finished scans of the channels, makes the outputs follow and reports
 * what has changed, all under one lock. Neither a reader nor a writer of an attribute takes
 * this lock. An evaluation only waits for another one, or for the outputs to float at an
 * end. Four things cause an evaluation:
 *
 * - an edge on a line, in the thread of its interrupt;
 * - the scanners: a work for each converter, which reads its channels at a fixed pace.
 *   Reading sleeps, perhaps for seconds. It happens outside the lock, so neither a line nor
 *   another converter waits for it;
 * - the deadline of the policy, a timer on the boot clock;
 * - a command, which is stored for the next evaluation.
 *
 * When anything has changed at the pins, the policy judges once more, because a warning
 * counts from the moment at which the pre-alarm stands at its pin.
 *
 * The level of a line decides, never the edge: every evaluation reads all lines, so an edge
 * that was missed costs time, not protection. If an edge follows another one at once, the
 * timer causes its evaluation. The thread itself never sleeps to rest, because the
 * interrupts of an expander share one thread.
 *
 * When a bank is stopped, by unbinding, shutdown or sleep, its outputs float first, and no
 * evaluation can drive them again. Only then does the driver wait for work that may be
 * stuck in a converter. A shutdown does not wait for that at all.
 *
 * On the way to sleep a bank is paused first. The devices that measure it may be suspended
 * any time after it, so nothing is read any more, and the heartbeat stops. The bank is
 * stopped when all devices have agreed, and goes on if one has not.
 *
 * Works have a queue of their own that is bound to no CPU. If the driver of a converter
 * does not sleep while it waits, an evaluation can run on another CPU.
 *
 * The next evaluation takes over a record that the memory has read. Each evaluation ends
 * with a note of what the memory has to hold.
 *
 * The power supply, hwmon and the controls stand above this file, and nothing here
 * calls them.
 */

#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/container_of.h>
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
 * Pace of a scanner. A condition is noticed after at most one pace, and scanned
 * again when its hold time is over. Of the 750 ms that are promised on top of the
 * hold time, this leaves 150 ms for slow converters and busy hosts.
 */
#define SCAN_MS		600

/* Pace with several converters, because the last one decides when a condition has ended */
#define SCAN_SEVERAL_MS	500

/* Pace with a heartbeat, so that a charge pump notices its end within a second. */
#define BEAT_MS		250

/* A line without an interrupt is read with each scan; if scans hang, as often as this. */
#define MUTE_NS		((SCAN_MS + 50) * (u64)NSEC_PER_MSEC)

/* Rest of a converter that the load does not depend on, after a scan that timed out */
#define TIMEOUT_MS	1000

/* A line that storms is not read more often than this. */
#define REST_NS		NSEC_PER_MSEC

static void scan_at(struct smallbms *bms, struct smallbms_converter *converter, u64 next_ns)
{
	u64 now_ns = ktime_get_boottime_ns();
	u64 ms = next_ns <= now_ns ? 0 : DIV_ROUND_UP_ULL(next_ns - now_ns, NSEC_PER_MSEC);

	converter->next_ns = next_ns;
	mod_delayed_work(bms->queue, &converter->scanner, msecs_to_jiffies(ms));
}

static u64 asked_ns(const struct smallbms *bms, const struct smallbms_converter *converter)
{
	u64 due_ns = SMALLBMS_NEVER;
	int i;

	for_each_set_bit(i, &converter->kinds, SMALLBMS_NUM_KINDS)
		due_ns = min(due_ns, bms->decision.scan_ns[i]);
	return due_ns;
}

/* A converter that the load depends on never rests: the heartbeat would stop. */
static bool rests(const struct smallbms_converter *converter)
{
	return converter->timed_out && !converter->vital;
}

/* Time of the next scan of a converter that has just been scanned */
static u64 next_scan(const struct smallbms *bms, const struct smallbms_converter *converter)
{
	unsigned int pace_ms = converter->vital && bms->act.heartbeat ? BEAT_MS :
			       bms->sense.num_converters > 1 ? SCAN_SEVERAL_MS : SCAN_MS;
	u64 now_ns = ktime_get_boottime_ns();

	if (rests(converter)) {
		pace_ms = min(TIMEOUT_MS, bms->settings.stale_ms / 4);
		return now_ns + pace_ms * (u64)NSEC_PER_MSEC;
	}
	return min(asked_ns(bms, converter), now_ns + pace_ms * (u64)NSEC_PER_MSEC);
}

/* A finding of one converter may call for an earlier scan of others, never a later one. */
static void ask_others(struct smallbms *bms, const struct smallbms_converter *scanned)
{
	u64 now_ns = ktime_get_boottime_ns(), due;
	unsigned int i;

	for (i = 0; i < bms->sense.num_converters; i++) {
		struct smallbms_converter *other = &bms->sense.converter[i];

		/* The time of a scan that is under way, or about to begin, has passed. */
		if (other == scanned || other->next_ns <= now_ns || rests(other))
			continue;
		due = asked_ns(bms, other);
		if (due < other->next_ns)
			scan_at(bms, other, due);
	}
}

/* A bank without channels, heartbeat and mute lines learns everything from interrupts. */
static bool needs_polling(const struct smallbms *bms, const struct smallbms_converter *converter)
{
	return converter->kinds || bms->act.heartbeat || bms->mute;
}

static void set_deadline(struct smallbms *bms)
{
	u64 due_ns = bms->decision.deadline_ns;

	if (bms->mute)
		due_ns = min(due_ns, bms->looked_ns + MUTE_NS);
	hrtimer_start(&bms->deadline, ns_to_ktime(due_ns), HRTIMER_MODE_ABS);
}

static void take_command(struct smallbms *bms)
{
	spin_lock(&bms->command_lock);
	bms->settings = bms->command.settings;
	bms->sample.host_charge_off = bms->command.charge_off;
	bms->sample.host_load_off = bms->command.load_off;
	if (!bms->stopped && !bms->paused) {
		bms->sample.operator_clear = bms->command.clear;
		bms->command.clear = false;
	}
	if (bms->command.charge_said)
		smallbms_gauge_set(&bms->gauge, bms->command.charge_uah);
	bms->command.charge_said = false;
	spin_unlock(&bms->command_lock);
}

/*
 * Returns true if anything has changed at the pins. The time is taken after everything has
 * been read, so that a chip that answers slowly shortens no warning.
 */
static bool decide(struct smallbms *bms)
{
	smallbms_act_report(&bms->act, &bms->sample);
	smallbms_policy_step(&bms->settings, &bms->state, &bms->sample, ktime_get_boottime_ns(),
			     &bms->decision);
	bms->sample.operator_clear = false;
	return smallbms_act_apply(&bms->act, &bms->decision);
}

/*
 * X4, X5: in the first start the memory says how the switches stood. Later it can only
 * forbid, and it overrides nothing that an operator has said meanwhile.
 */
static void recall(struct smallbms *bms)
{
	const struct smallbms_record *record = smallbms_memory_recall(bms);
	struct smallbms_command *command = &bms->command;
	struct smallbms_remembered rules;
	bool first = bms->state.blank, late = bms->looked_ns;
	u32 *count = bms->report.count;
	int i;

	if (!record)
		return;
	rules = record->rules;
	/* A condition that has been seen since may have taken this away. */
	rules.connected = rules.connected && !late;
	spin_lock(&bms->command_lock);
	if (!command->load_given)
		command->load_off = record->load_off || (!first && command->load_off);
	if (!command->charge_given)
		command->charge_off = record->charge_off || (!first && command->charge_off);
	if (command->clear_given)
		rules.overloads = 0;
	spin_unlock(&bms->command_lock);
	spin_lock(&bms->report.lock);
	for (i = 0; i < SMALLBMS_NUM_CAUSES; i++) {
		/* A record after a sleep has counted on from here. */
		count[i] = bms->memory.recalls > 1 ? max(count[i], record->count[i]) :
			   count[i] + record->count[i];
	}
	spin_unlock(&bms->report.lock);
	/* What has flowed since is not known. */
	if (first && record->charge_known && !bms->gauge.known && bms->gauge.full_uah)
		smallbms_gauge_set(&bms->gauge, record->charge_uah);
	smallbms_policy_recall(&bms->state, &rules);
}

static void smallbms_evaluate(struct smallbms *bms)
{
	lockdep_assert_held(&bms->lock);

	/* What is taken over before a start would be forgotten by it. */
	if (!bms->stopped && !bms->paused)
		recall(bms);
	take_command(bms);
	if (bms->stopped || bms->paused) {
		smallbms_report_publish(bms);
		return;
	}

	smallbms_act_look(&bms->act);
	bms->looked_ns = ktime_get_boottime_ns();
	smallbms_sense_lines(&bms->sense, &bms->sample, bms->looked_ns);
	bms->sample.memory_lost = bms->memory.lost;
	if (decide(bms)) {
		/* A fault that has just ended still counts as one. */
		if (bms->decision.faults)
			smallbms_report_publish(bms);
		decide(bms);
	}
	smallbms_leds_show(&bms->leds, &bms->decision);
	smallbms_gauge_step(&bms->gauge, &bms->settings, &bms->sample, bms->decision.causes);
	smallbms_report_update(bms);
	smallbms_memory_note(bms);

	set_deadline(bms);
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

	queue_work(bms->queue, &bms->evaluation);
	return HRTIMER_NORESTART;
}

static irqreturn_t smallbms_line_irq(int irq, void *data)
{
	struct smallbms *bms = data;
	u64 rested_ns;

	/* An end may hold the lock for a second, and other interrupts share this thread. */
	if (READ_ONCE(bms->stopped))
		return IRQ_HANDLED;

	guard(mutex)(&bms->lock);

	rested_ns = bms->looked_ns + REST_NS;
	if (ktime_get_boottime_ns() >= rested_ns) {
		smallbms_evaluate(bms);
	} else if (!bms->stopped && !bms->paused) {
		/* A deadline in that time waits; the evaluation sets it again. */
		hrtimer_start(&bms->deadline, ns_to_ktime(rested_ns), HRTIMER_MODE_ABS);
	}
	return IRQ_HANDLED;
}

/* Readers see the readings themselves, so these change under the lock of the readers. */
static void publish_scan(struct smallbms *bms, struct smallbms_converter *converter)
{
	spin_lock(&bms->report.lock);
	smallbms_sense_publish(converter, &bms->sample, ktime_get_boottime_ns());
	spin_unlock(&bms->report.lock);
}

/* F1: only when everything that the load depends on has been scanned again */
static void beat(struct smallbms *bms)
{
	unsigned int i;

	if (!bms->decision.beat)
		return;
	for (i = 0; i < bms->sense.num_converters; i++) {
		if (bms->sense.converter[i].vital &&
		    bms->sense.converter[i].scan_ns <= bms->beat_ns)
			return;
	}
	bms->beat_ns = bms->sample.scan_ns;
	smallbms_act_beat(&bms->act);
}

static void smallbms_scanner(struct work_struct *work)
{
	struct smallbms_converter *converter =
		container_of(to_delayed_work(work), struct smallbms_converter, scanner);
	struct smallbms *bms = container_of(converter->sense, struct smallbms, sense);
	bool timed_out;

	if (READ_ONCE(bms->stopped) || READ_ONCE(bms->paused))
		return;
	timed_out = !smallbms_sense_scan(converter);

	guard(mutex)(&bms->lock);

	if (bms->stopped || bms->paused)
		return;
	converter->timed_out = timed_out;
	publish_scan(bms, converter);
	smallbms_evaluate(bms);
	beat(bms);
	scan_at(bms, converter, next_scan(bms, converter));
	ask_others(bms, converter);
}

/* The work evaluates, because a writer can have less priority than the bank, or none for now. */
static void obey(struct smallbms *bms)
{
	queue_work(bms->queue, &bms->evaluation);
	flush_work(&bms->evaluation);
}

/**
 * smallbms_change_setting() - change a setting at run time
 * @bms: the bank
 * @id: which setting
 * @value: its new value
 *
 * Return: 0, or -ERANGE when the value is out of range or breaks a relation. An error
 * changes nothing.
 */
int smallbms_change_setting(struct smallbms *bms, enum smallbms_setting_id id, s32 value)
{
	struct smallbms_settings changed;
	struct smallbms_range broken;
	bool valid;

	spin_lock(&bms->command_lock);
	changed = bms->command.settings;
	smallbms_setting_put(&changed, id, value);
	valid = smallbms_settings_valid(&changed, &broken);
	if (valid)
		bms->command.settings = changed;
	spin_unlock(&bms->command_lock);
	if (!valid)
		return -ERANGE;
	obey(bms);
	return 0;
}

/**
 * smallbms_host_charge() - let the host forbid charging (R5)
 * @bms: the bank
 * @allowed: false forbids; true allows what the rules allow
 */
void smallbms_host_charge(struct smallbms *bms, bool allowed)
{
	spin_lock(&bms->command_lock);
	bms->command.charge_off = !allowed;
	bms->command.charge_given = true;
	spin_unlock(&bms->command_lock);
	obey(bms);
}

/**
 * smallbms_host_load() - let the host switch the load (R5)
 * @bms: the bank
 * @on: false switches off; true connects it when the rules do (U4)
 */
void smallbms_host_load(struct smallbms *bms, bool on)
{
	spin_lock(&bms->command_lock);
	bms->command.load_off = !on;
	bms->command.load_given = true;
	spin_unlock(&bms->command_lock);
	obey(bms);
}

/**
 * smallbms_operator_clear() - an operator clears latches (C4, F5)
 * @bms: the bank
 *
 * A latch whose reason still holds is not cleared.
 */
void smallbms_operator_clear(struct smallbms *bms)
{
	spin_lock(&bms->command_lock);
	bms->command.clear = true;
	bms->command.clear_given = true;
	spin_unlock(&bms->command_lock);
	obey(bms);
}

/**
 * smallbms_operator_charge() - an operator sets the charge of the bank (P6)
 * @bms: the bank, whose charge is counted
 * @charge_uah: its charge in uAh
 *
 * Return: 0, or -ERANGE when a bank of this size cannot hold that. An error changes
 * nothing.
 */
int smallbms_operator_charge(struct smallbms *bms, int charge_uah)
{
	if (charge_uah < 0 || (u32)charge_uah > bms->gauge.full_uah)
		return -ERANGE;
	spin_lock(&bms->command_lock);
	bms->command.charge_said = true;
	bms->command.charge_uah = charge_uah;
	spin_unlock(&bms->command_lock);
	obey(bms);
	return 0;
}

/**
 * smallbms_bank_drives() - is an output driven, or may it soon be
 * @bms: the bank
 *
 * A start and an overload end by themselves, and then an output may be driven.
 *
 * Return: false when every output floats, and is meant to.
 */
bool smallbms_bank_drives(struct smallbms *bms)
{
	int i;

	guard(mutex)(&bms->lock);

	for (i = 0; i < SMALLBMS_NUM_OUTPUTS; i++) {
		if (bms->act.output[i].driven || bms->act.output[i].level > 0)
			return true;
	}
	return bms->decision.load || bms->decision.charge || bms->decision.pre_alarm ||
	       bms->decision.causes & (BIT(SMALLBMS_CAUSE_START) | BIT(SMALLBMS_CAUSE_OVERLOAD));
}

/*
 * An orderly end or a pause. A memory that had failed may work again. Then it has to be
 * read, and what it says to be taken over, before it is written.
 */
static bool save(struct smallbms *bms)
{
	if (!smallbms_memory_save(bms))
		return false;
	scoped_guard(mutex, &bms->lock) {
		if (!bms->memory.read || bms->memory.recalled)
			return true;
		recall(bms);
		take_command(bms);
		smallbms_memory_note(bms);
	}
	return smallbms_memory_save(bms);
}

/**
 * smallbms_bank_float() - let go of the outputs
 * @bms: the bank
 *
 * After this no evaluation runs, and nothing is driven.
 *
 * Return: 0, or -EIO when an output does not float; that has been reported.
 */
int smallbms_bank_float(struct smallbms *bms)
{
	int ret;

	scoped_guard(mutex, &bms->lock) {
		WRITE_ONCE(bms->stopped, true);
		ret = smallbms_act_float(&bms->act, bms->dev);
		bms->decision = (struct smallbms_decision){
			.causes = BIT(SMALLBMS_CAUSE_START) |
				  (bms->decision.causes & SMALLBMS_CAUSES_KEPT),
		};
		smallbms_leds_show(&bms->leds, &bms->decision);
		smallbms_report_update(bms);
	}
	flush_delayed_work(&bms->report.announcer);
	/* A suspended memory does not answer. It was written before. */
	if (!bms->paused)
		save(bms);
	return ret;
}

/* Nothing begins another scan any more, because the bank is stopped or paused. */
static void end_works(struct smallbms *bms)
{
	unsigned int i;

	hrtimer_cancel(&bms->deadline);
	smallbms_memory_end(bms);
	cancel_work_sync(&bms->evaluation);
	/* No converter is read while another one that hangs is waited for. */
	for (i = 0; i < bms->sense.num_converters; i++)
		cancel_delayed_work(&bms->sense.converter[i].scanner);
	for (i = 0; i < bms->sense.num_converters; i++)
		cancel_delayed_work_sync(&bms->sense.converter[i].scanner);
}

/**
 * smallbms_bank_stop() - let go of the outputs, and end all work
 * @bms: the bank
 *
 * Return: 0, or -EIO when an output does not float; that has been reported.
 */
int smallbms_bank_stop(struct smallbms *bms)
{
	int ret = smallbms_bank_float(bms);

	end_works(bms);
	cancel_delayed_work_sync(&bms->report.announcer);
	return ret;
}

/* A scan may never end; the age of its values shows that (F1). */
static void watch(struct smallbms *bms)
{
	unsigned int i;

	guard(mutex)(&bms->lock);

	queue_work(bms->queue, &bms->evaluation);
	for (i = 0; i < bms->sense.num_converters; i++) {
		if (needs_polling(bms, &bms->sense.converter[i]))
			scan_at(bms, &bms->sense.converter[i], ktime_get_boottime_ns());
	}
}

static void begin(struct smallbms *bms, void (*policy)(struct smallbms_state *st, u64 now_ns))
{
	u64 now = ktime_get_boottime_ns();
	unsigned int i;

	scoped_guard(mutex, &bms->lock) {
		spin_lock(&bms->report.lock);
		smallbms_sense_forget(&bms->sense, &bms->sample, now);
		spin_unlock(&bms->report.lock);
		for (i = 0; i < SMALLBMS_NUM_LINES; i++) {
			bms->sample.line[i].fitted = bms->sense.line[i];
			bms->sample.line[i].known = false;
			bms->sample.line[i].good_ns = now;
		}
		policy(&bms->state, now);
		bms->beat_ns = now;
		smallbms_report_publish(bms);
		WRITE_ONCE(bms->stopped, false);
	}
	watch(bms);
}

/**
 * smallbms_bank_start() - begin as if everything had tripped (X2), with nothing known
 * @bms: the bank, stopped
 */
void smallbms_bank_start(struct smallbms *bms)
{
	begin(bms, smallbms_policy_init);
}

static void set_paused(struct smallbms *bms, bool paused)
{
	guard(mutex)(&bms->lock);

	WRITE_ONCE(bms->paused, paused);
	/* A record that is read after a sleep is newer than what was said before. */
	if (paused && smallbms_memory_agrees(bms)) {
		spin_lock(&bms->command_lock);
		bms->command.charge_given = false;
		bms->command.load_given = false;
		bms->command.clear_given = false;
		spin_unlock(&bms->command_lock);
	}
}

/**
 * smallbms_bank_pause() - leave the outputs as they are, and read nothing
 * @bms: the bank
 *
 * Return: 0, or -EBUSY: the memory does not answer, and nobody would watch the bank
 * while it is waited for.
 */
int smallbms_bank_pause(struct smallbms *bms)
{
	bool saved = save(bms);

	/* An evaluation may have come since, so there may be news; but none comes any more. */
	if (saved) {
		set_paused(bms, true);
		saved = smallbms_memory_save(bms);
	}
	if (!saved) {
		set_paused(bms, false);
		watch(bms);
		dev_warn_ratelimited(bms->dev, "no sleep: the memory does not answer\n");
		return -EBUSY;
	}
	end_works(bms);
	return 0;
}

/**
 * smallbms_bank_resume() - go on after smallbms_bank_pause()
 * @bms: the bank, which may have been stopped since
 */
void smallbms_bank_resume(struct smallbms *bms)
{
	set_paused(bms, false);
	smallbms_memory_resume(bms);
	if (bms->stopped)
		begin(bms, smallbms_policy_resume);
	else
		watch(bms);
}

static bool has_mute_line(const struct smallbms *bms)
{
	int i;

	for (i = 0; i < SMALLBMS_NUM_LINES; i++) {
		if (bms->sense.line[i] && bms->sense.irq[i] < 0)
			return true;
	}
	return false;
}

/**
 * smallbms_bank_request_irqs() - let edges of the lines cause evaluations
 * @bms: the bank
 *
 * A line without an interrupt for both edges is polled (F7).
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
		if (ret == -EPROBE_DEFER || ret == -ENOMEM)
			return dev_err_probe(bms->dev, ret, "no interrupt for %s-gpios\n",
					     smallbms_line_name(i));
		if (ret) {
			dev_info(bms->dev, "%s-gpios has no interrupt for both edges: it is polled\n",
				 smallbms_line_name(i));
			bms->sense.irq[i] = ret;
		}
	}
	bms->mute = has_mute_line(bms);
	return 0;
}

static void remove_queue(void *data)
{
	destroy_workqueue(data);
}

/**
 * smallbms_bank_init() - make a bank ready, stopped
 * @bms: the bank, with its inputs and outputs
 *
 * Return: 0 or an error.
 */
int smallbms_bank_init(struct smallbms *bms)
{
	unsigned int i;
	int ret;

	ret = devm_mutex_init(bms->dev, &bms->lock);
	if (ret)
		return ret;
	bms->queue = alloc_workqueue("%s", WQ_UNBOUND | WQ_HIGHPRI, 0, dev_name(bms->dev));
	if (!bms->queue)
		return -ENOMEM;
	ret = devm_add_action_or_reset(bms->dev, remove_queue, bms->queue);
	if (ret)
		return ret;
	spin_lock_init(&bms->command_lock);
	bms->command.settings = bms->settings;
	hrtimer_setup(&bms->deadline, smallbms_deadline, CLOCK_BOOTTIME, HRTIMER_MODE_ABS);
	INIT_WORK(&bms->evaluation, smallbms_evaluation);
	for (i = 0; i < bms->sense.num_converters; i++)
		INIT_DELAYED_WORK(&bms->sense.converter[i].scanner, smallbms_scanner);
	bms->stopped = true;
	bms->decision.causes = BIT(SMALLBMS_CAUSE_START);
	smallbms_report_init(bms);
	return 0;
}
