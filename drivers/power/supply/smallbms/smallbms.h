/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * smallbms - what the files of the driver share
 *
 * Data goes one way: lines and channels -> sense -> policy -> act -> pins, and
 * from there to report. Only bank.c calls across.
 */

#ifndef __SMALLBMS_H
#define __SMALLBMS_H

#include <linux/completion.h>
#include <linux/gpio/consumer.h>
#include <linux/hrtimer.h>
#include <linux/iio/consumer.h>
#include <linux/leds.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/nvmem-consumer.h>
#include <linux/power_supply.h>
#include <linux/ratelimit.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "gauge.h"
#include "policy.h"
#include "record.h"
#include "settings.h"

#define SMALLBMS_MAX_CELLS		160
#define SMALLBMS_MAX_BATTERIES		20

struct smallbms_sense;

/* sense: lines and channels -> sample */

/**
 * struct smallbms_reading - the last read of a channel
 * @value: in uV, mC or uA; only without @error
 * @error: why there is no value, or 0
 * @good_ns: boot time at which the last plausible value was read
 */
struct smallbms_reading {
	s32 value;
	int error;
	u64 good_ns;
};

/**
 * struct smallbms_channel - one measuring channel
 * @iio: where it is read
 * @name: what the devicetree calls it
 * @kind: what it measures
 * @index: which cell or battery, from 0
 * @converter: which converter of the bank is behind it
 * @scan: the scan under way; belongs to the scanner of the converter
 * @reading: the last finished scan; under the lock of the report
 */
struct smallbms_channel {
	struct iio_channel *iio;
	const char *name;
	enum smallbms_kind kind;
	unsigned int index;
	unsigned int converter;
	struct smallbms_reading scan;
	struct smallbms_reading reading;
};

/**
 * struct smallbms_converter - channels that wait for each other
 * @sense: the inputs of the bank
 * @kinds: bit for each kind that it measures; none where a bank is only to be looked at
 * @vital: the heartbeat waits for it
 * @timed_out: a channel let the last scan wait in vain; under the lock of the bank, as
 *	what follows
 * @scan_ns: when its last finished scan ended, or the bank began
 * @next_ns: when its next scan is to begin, or the one under way was
 * @scanner: scans it, then evaluates
 */
struct smallbms_converter {
	struct smallbms_sense *sense;
	unsigned long kinds;
	bool vital;
	bool timed_out;
	u64 scan_ns;
	u64 next_ns;
	struct delayed_work scanner;
};

/**
 * struct smallbms_sense - all inputs of a bank
 * @line: input lines, NULL where not fitted
 * @irq: their interrupts, or a negative error where there is none
 * @channel: channels in the order of the devicetree; those of a converter are read in
 *	this order
 * @num_channels: how many
 * @converter: what is behind them, at least one
 * @num_converters: how many
 */
struct smallbms_sense {
	struct gpio_desc *line[SMALLBMS_NUM_LINES];
	int irq[SMALLBMS_NUM_LINES];
	struct smallbms_channel *channel;
	unsigned int num_channels;
	struct smallbms_converter *converter;
	unsigned int num_converters;
};

int smallbms_sense_init(struct smallbms_sense *sense, struct device *dev);
unsigned int smallbms_sense_count(const struct smallbms_sense *sense, enum smallbms_kind kind);
void smallbms_sense_forget(struct smallbms_sense *sense, struct smallbms_sample *sample,
			   u64 now_ns);
bool smallbms_sense_scan(struct smallbms_converter *converter);
void smallbms_sense_publish(struct smallbms_converter *converter,
			    struct smallbms_sample *sample, u64 now_ns);
void smallbms_sense_lines(struct smallbms_sense *sense, struct smallbms_sample *sample,
			  u64 now_ns);
const char *smallbms_line_name(enum smallbms_line_id line);
bool smallbms_plausible(enum smallbms_kind kind, int value);

/* act: decision -> pins */

/**
 * struct smallbms_output - one terminal
 * @gpiod: its line, NULL where not fitted
 * @driven: the last order to it
 * @told_ns: since when
 * @error: result of the last write, where a write has one
 * @level: what its line last read, or a negative error
 * @readable: its line could be read at least once
 * @confirmed: the last reading of its line since the last write was as told
 */
struct smallbms_output {
	struct gpio_desc *gpiod;
	bool driven;
	u64 told_ns;
	int error;
	int level;
	bool readable;
	bool confirmed;
};

/**
 * struct smallbms_act - all outputs of a bank
 * @output: the terminals
 * @heartbeat: toggles while the bank is being watched, NULL where not fitted
 * @beat: its level
 * @panic: floats the outputs that can be floated in a panic
 */
struct smallbms_act {
	struct smallbms_output output[SMALLBMS_NUM_OUTPUTS];
	struct gpio_desc *heartbeat;
	bool beat;
	struct notifier_block panic;
};

int smallbms_act_init(struct smallbms_act *act, struct device *dev);
void smallbms_act_look(struct smallbms_act *act);
void smallbms_act_report(const struct smallbms_act *act, struct smallbms_sample *sample);
bool smallbms_act_apply(struct smallbms_act *act, const struct smallbms_decision *decision);
int smallbms_act_float(struct smallbms_act *act, struct device *dev);
const char *smallbms_act_sleeps_early(const struct smallbms_act *act);
void smallbms_act_beat(struct smallbms_act *act);
void smallbms_link_chip(struct device *dev, struct gpio_desc *gpiod);
const char *smallbms_output_name(enum smallbms_output_id output);

/* leds: decision -> LED triggers */

enum smallbms_led {
	SMALLBMS_LED_LOAD,
	SMALLBMS_LED_CHARGE_BLOCKED,
	SMALLBMS_LED_PRE_ALARM,
	SMALLBMS_NUM_LEDS
};

#ifdef CONFIG_LEDS_TRIGGERS
/**
 * struct smallbms_trigger - one LED trigger
 * @trigger: as the LED subsystem knows it
 * @on: what LEDs that follow it show
 */
struct smallbms_trigger {
	struct led_trigger trigger;
	bool on;
};

struct smallbms_leds {
	struct smallbms_trigger trigger[SMALLBMS_NUM_LEDS];
};

int smallbms_leds_init(struct smallbms_leds *leds, struct device *dev);
void smallbms_leds_show(struct smallbms_leds *leds, const struct smallbms_decision *decision);
#else
struct smallbms_leds { };

static inline int smallbms_leds_init(struct smallbms_leds *leds, struct device *dev)
{
	return 0;
}

static inline void smallbms_leds_show(struct smallbms_leds *leds,
				      const struct smallbms_decision *decision)
{
}
#endif

/* memory: the part of a bank that a restart does not forget */

/**
 * struct smallbms_place - one of the places for a record
 * @cell: where it is
 * @size: of the cell, in bytes
 * @image: its content, or the content to be written
 */
struct smallbms_place {
	struct nvmem_cell *cell;
	size_t size;
	u8 *image;
};

/**
 * struct smallbms_memory - where a bank is remembered
 * @fitted: there is a memory
 * @bank: distinguishes this bank from others
 * @place: places for a record; belongs to @keeper, as @newest and @sequence do
 * @newest: which of them has the newest
 * @sequence: its number
 * @read: it has been read; this and all up to @wanted is under the lock of the bank
 * @error: what the last read said
 * @lost: the last read or write failed
 * @tried_ns: when that was
 * @begun_ns: since when the memory is being read or written, or 0
 * @failures: how often this has failed in turn
 * @connected_ns: since when the load counts as connected without a break, or 0
 * @claimed_ns: when that was last written
 * @kept: @stored is the newest record
 * @recalled: the bank has taken over what was read
 * @recalls: how often it has
 * @unsure: it may have another, because a write has failed
 * @at_end: the bank has become full or nearly empty, and that is not stored
 * @stored: the record that was read or last written
 * @stored_ns: when that was
 * @wanted: the record to be written
 * @keeper: reads and writes
 * @done: it has done so
 */
struct smallbms_memory {
	bool fitted;
	u32 bank;
	struct smallbms_place place[SMALLBMS_NUM_PLACES];
	unsigned int newest;
	u32 sequence;
	bool read;
	int error;
	bool lost;
	u64 tried_ns;
	u64 begun_ns;
	unsigned int failures;
	u64 connected_ns;
	u64 claimed_ns;
	bool kept;
	bool recalled;
	unsigned int recalls;
	bool unsure;
	bool at_end;
	struct smallbms_record stored;
	u64 stored_ns;
	struct smallbms_record wanted;
	struct work_struct keeper;
	struct completion done;
};

/* report: the view of people and their tools */

/* Room for all causes at once, with their values */
#define SMALLBMS_CAUSES_TEXT	1536

/**
 * struct smallbms_announced - content of an announcement (P3)
 * @outputs: bit for each output that is told to be driven
 * @levels: bit for each output whose line reads as driven
 * @causes: bit for each cause that holds
 * @warning: a pre-alarm is on
 * @full: the bank is full (P6)
 */
struct smallbms_announced {
	u32 outputs;
	u32 levels;
	u32 causes;
	bool warning;
	bool full;
};

/**
 * struct smallbms_report - the bank as the last evaluation left it
 * @psy: the power supply
 * @desc: its description
 * @lock: everything below, and the readings of the channels
 * @settings: in force
 * @sample: values of the inputs
 * @gauge: how much charge the bank holds
 * @outputs: bit for each output that is told to be driven
 * @levels: bit for each output whose line reads as driven
 * @unread: bit for each output whose line cannot be read
 * @faults: bit for each output that does not stand (F3)
 * @warning_end_ns: time until which the load is sure to stay connected, or 0: no pre-alarm
 * @cells_in_series: 4, 8 or 16, or 0 if the devicetree does not say
 * @causes: bit for each cause that holds
 * @since_ns: when each cause last began
 * @count: how often each cause has begun
 * @begun: bit for each cause that has begun since the last announcement
 * @announced: content of the last announcement
 * @announced_ns: when that was
 * @logged_outputs: @outputs of the last line in the log
 * @logged_causes: bit for each cause that the log has named, and that has held since
 * @announcer: makes the next one
 * @rate: of lines in the log
 * @text: room for a line of the log; belongs to @announcer
 * @trace_text: room for a trace event; under the lock of the bank
 *
 * Readers take @lock and nothing else. The holder of @lock is not preempted, or inherits the
 * priority of a waiter (PREEMPT_RT). So an evaluation waits microseconds, however many the
 * readers are. A member that @lock guards is written under the lock of the bank, too, and may be
 * read under either.
 */
struct smallbms_report {
	struct power_supply *psy;
	struct power_supply_desc desc;
	spinlock_t lock;	/* what it guards: see above */
	struct smallbms_settings settings;
	struct smallbms_sample sample;
	struct smallbms_gauge gauge;
	u32 outputs;
	u32 levels;
	u32 unread;
	u32 faults;
	u64 warning_end_ns;
	unsigned int cells_in_series;
	u32 causes;
	u64 since_ns[SMALLBMS_NUM_CAUSES];
	u32 count[SMALLBMS_NUM_CAUSES];
	u32 begun;
	struct smallbms_announced announced;
	u64 announced_ns;
	u32 logged_outputs;
	u32 logged_causes;
	struct delayed_work announcer;
	struct ratelimit_state rate;
	char text[SMALLBMS_CAUSES_TEXT];
	char trace_text[SMALLBMS_CAUSES_TEXT];
};

/**
 * struct smallbms_command - commands of people and their programs
 * @settings: to be in force
 * @charge_off: forbid charging (R5)
 * @load_off: switch the load off (R5)
 * @clear: an operator has looked (C4, F5)
 * @charge_given: @charge_off has been said since the start, or since the memory has it
 * @load_given: @load_off has been
 * @clear_given: @clear has been
 * @charge_said: an operator has said what the bank holds (P6)
 * @charge_uah: what it holds, only with @charge_said
 */
struct smallbms_command {
	struct smallbms_settings settings;
	bool charge_off;
	bool load_off;
	bool clear;
	bool charge_given;
	bool load_given;
	bool clear_given;
	bool charge_said;
	u32 charge_uah;
};

/**
 * struct smallbms - one bank
 * @dev: the platform device
 * @command_lock: @command
 * @command: commands of people and their programs; the next evaluation takes them over
 * @lock: an evaluation, and everything below but the timer and the work; neither a
 *	reader nor a writer of an attribute takes it, because an evaluation may hold it
 *	while it waits for a line
 * @settings: in force
 * @sense: inputs
 * @sample: their last values
 * @state: what the policy remembers
 * @decision: its last decision
 * @gauge: how much charge the bank holds
 * @act: outputs
 * @leds: LED triggers
 * @memory: the part that a restart does not forget
 * @report: what is shown
 * @mute: a line has no interrupt
 * @stopped: outputs float and stay so
 * @paused: outputs stay as they are, and nothing is read: the host is falling asleep
 * @looked_ns: when the last evaluation was
 * @beat_ns: when the heartbeat last toggled
 * @queue: where scanners, evaluations and the keeper of the memory run
 * @deadline: wakes @evaluation when something becomes due
 * @evaluation: an evaluation that no input has caused
 * @sleep: is asked before the host sleeps
 */
struct smallbms {
	struct device *dev;
	spinlock_t command_lock;	/* what it guards: see above */
	struct smallbms_command command;
	struct mutex lock;	/* what it guards: see above */
	struct smallbms_settings settings;
	struct smallbms_sense sense;
	struct smallbms_sample sample;
	struct smallbms_state state;
	struct smallbms_decision decision;
	struct smallbms_gauge gauge;
	struct smallbms_act act;
	struct smallbms_leds leds;
	struct smallbms_memory memory;
	struct smallbms_report report;
	bool mute;
	bool stopped;
	bool paused;
	u64 looked_ns;
	u64 beat_ns;
	struct workqueue_struct *queue;
	struct hrtimer deadline;
	struct work_struct evaluation;
	struct notifier_block sleep;
};

/* causes: the reasons for the state of the outputs */

const char *smallbms_cause_name(enum smallbms_cause cause);
int smallbms_causes_health(const struct smallbms_report *report);
int smallbms_print_cause(const struct smallbms_report *report, enum smallbms_cause cause,
			 char *buf, size_t size);
int smallbms_print_causes(const struct smallbms_report *report, u32 mask, char *buf,
			  size_t size);

extern const struct attribute_group *smallbms_report_groups[];

void smallbms_report_init(struct smallbms *bms);
void smallbms_report_publish(struct smallbms *bms);
void smallbms_report_update(struct smallbms *bms);
bool smallbms_holds(const struct smallbms_report *report, enum smallbms_cause cause);
bool smallbms_fresh(const struct smallbms_report *report, u64 good_ns);
bool smallbms_known(const struct smallbms_report *report, enum smallbms_kind kind);

int smallbms_psy_init(struct smallbms *bms);

int smallbms_memory_init(struct smallbms *bms);
const struct smallbms_record *smallbms_memory_recall(struct smallbms *bms);
void smallbms_memory_note(struct smallbms *bms);
bool smallbms_memory_save(struct smallbms *bms);
bool smallbms_memory_agrees(const struct smallbms *bms);
void smallbms_memory_resume(struct smallbms *bms);
void smallbms_memory_end(struct smallbms *bms);

#if IS_REACHABLE(CONFIG_HWMON)
int smallbms_hwmon_init(struct smallbms *bms);
#else
static inline int smallbms_hwmon_init(struct smallbms *bms)
{
	return 0;
}
#endif

extern const struct attribute_group *smallbms_attr_groups[];

/* bank: the evaluation, its causes and its commands */

int smallbms_bank_init(struct smallbms *bms);
int smallbms_bank_request_irqs(struct smallbms *bms);
void smallbms_bank_start(struct smallbms *bms);
int smallbms_bank_float(struct smallbms *bms);
int smallbms_bank_stop(struct smallbms *bms);
int smallbms_bank_pause(struct smallbms *bms);
void smallbms_bank_resume(struct smallbms *bms);
bool smallbms_bank_drives(struct smallbms *bms);
int smallbms_change_setting(struct smallbms *bms, enum smallbms_setting_id id, s32 value);
void smallbms_host_charge(struct smallbms *bms, bool allowed);
void smallbms_host_load(struct smallbms *bms, bool on);
void smallbms_operator_clear(struct smallbms *bms);
int smallbms_operator_charge(struct smallbms *bms, int charge_uah);

#endif /* __SMALLBMS_H */
