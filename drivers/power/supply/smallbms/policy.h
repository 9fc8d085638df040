/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * smallbms - the rules: (settings, state, sample, now) -> decision
 */

#ifndef __SMALLBMS_POLICY_H
#define __SMALLBMS_POLICY_H

#include <linux/types.h>

#include "settings.h"

#define SMALLBMS_NS_PER_MS	1000000ULL

/* R3 */
#define SMALLBMS_SUPPLY_MIN_UV		8000000
#define SMALLBMS_SUPPLY_MAX_UV		70000000

/* "Nothing becomes due by the passing of time alone." */
#define SMALLBMS_NEVER		(~0ULL)

enum smallbms_kind {
	SMALLBMS_KIND_CELL,		/* cell voltages, uV */
	SMALLBMS_KIND_TEMP,		/* battery temperatures, mC */
	SMALLBMS_KIND_SUPPLY,	/* supply voltage, uV */
	SMALLBMS_KIND_LOAD_CURRENT,	/* out of the load output, uA */
	SMALLBMS_KIND_BANK_CURRENT,	/* into the bank, uA; counted, no output needs it */
	SMALLBMS_NUM_KINDS
};

/**
 * struct smallbms_group - all measurements of one kind, as the last scan of each left them
 * @fitted: the bank has channels of this kind
 * @any: at least one channel gave a plausible value when it was last scanned
 * @all: every channel did
 * @min: lowest known value (uV, mC or uA); only with @any
 * @max: highest known value; only with @any
 * @new_min: lowest value that the newest scan, of one converter, has found; above @min if
 *	it found none
 * @new_max: highest value that it has found; below @max if it found none
 * @min_index: channel with the lowest value, counted from 0
 * @max_index: channel with the highest value, counted from 0
 * @scan_ns: when the scan ended that has read the channel that was read longest ago
 * @good_ns: when the channel that has waited longest last gave a plausible value
 */
struct smallbms_group {
	bool fitted;
	bool any;
	bool all;
	s32 min;
	s32 max;
	s32 new_min;
	s32 new_max;
	u16 min_index;
	u16 max_index;
	u64 scan_ns;
	u64 good_ns;
};

/**
 * struct smallbms_line - one input line
 * @fitted: the bank has this line
 * @known: it could be read
 * @active: its logical level, only with @known
 * @good_ns: when it could last be read
 */
struct smallbms_line {
	bool fitted;
	bool known;
	bool active;
	u64 good_ns;
};

enum smallbms_line_id {
	SMALLBMS_LINE_ATD,	/* allowed to discharge: active = allowed */
	SMALLBMS_LINE_ATC,	/* allowed to charge: active = allowed */
	SMALLBMS_LINE_BPA,	/* battery pre-alarm: active = the battery warns */
	SMALLBMS_LINE_LOOP,	/* active = loop closed */
	SMALLBMS_LINE_REMOTE_H,	/* active = H above 2.9 V */
	SMALLBMS_LINE_REMOTE_L,	/* active = L below 3.5 V */
	SMALLBMS_NUM_LINES
};

enum smallbms_output_id {
	SMALLBMS_OUT_LOAD,
	SMALLBMS_OUT_CHARGE,
	SMALLBMS_OUT_PRE_ALARM,
	SMALLBMS_NUM_OUTPUTS
};

/**
 * struct smallbms_terminal - one output, as it is at its pin
 * @fitted: the bank has this output
 * @driven: the last order to it; floating otherwise
 * @written: the last write succeeded, as far as anyone can know
 * @known: its line could be read
 * @high: what the line read, only with @known
 * @told_ns: since when its order is @driven
 */
struct smallbms_terminal {
	bool fitted;
	bool driven;
	bool written;
	bool known;
	bool high;
	u64 told_ns;
};

/**
 * struct smallbms_sample - all inputs of the policy
 * @scan_ns: when the last scan ended, of whichever channels
 * @group: measurements
 * @line: input lines
 * @terminal: outputs, read before anything is decided
 * @host_charge_off: the host forbids charging (R5)
 * @host_load_off: the host has switched the load off (R5)
 * @operator_clear: an operator clears what only an operator clears (C4, F5)
 * @memory_lost: the memory cannot be read or written (X6)
 */
struct smallbms_sample {
	u64 scan_ns;
	struct smallbms_group group[SMALLBMS_NUM_KINDS];
	struct smallbms_line line[SMALLBMS_NUM_LINES];
	struct smallbms_terminal terminal[SMALLBMS_NUM_OUTPUTS];
	bool host_charge_off;
	bool host_load_off;
	bool operator_clear;
	bool memory_lost;
};

/**
 * struct smallbms_condition - an observation that counts once it has stood long enough
 * @on: it counts
 * @assumed: it counts because nothing is known yet (X2), not because it was seen
 * @pending: evidence for the opposite of @on is being gathered
 * @since_ns: since when, only with @pending
 */
struct smallbms_condition {
	bool on;
	bool assumed;
	bool pending;
	u64 since_ns;
};

/**
 * struct smallbms_steadiness - how a line that may flicker has stood (F8)
 * @good: it was good when it was last known
 * @good_ns: since when, only with @good
 * @stood_ns: when it last had been good for the filter time
 */
struct smallbms_steadiness {
	bool good;
	u64 good_ns;
	u64 stood_ns;
};

/* Conditions that come from lines */
enum smallbms_line_condition {
	SMALLBMS_STEADY_ATD,
	SMALLBMS_STEADY_ATC,
	SMALLBMS_STEADY_BPA,
	SMALLBMS_STEADY_LOOP,
	SMALLBMS_STEADY_REMOTE,
	SMALLBMS_NUM_STEADY
};

/**
 * struct smallbms_state - the state of the policy between steps
 * @now_ns: time of the last step; it never goes back
 * @scan_ns: time of the scan that the last step saw; it never goes back
 * @low: a cell is below the pre-alarm level (U1)
 * @empty: a cell is below the load disconnect level (U2)
 * @ready: all cells are at or above the load reconnect level (U4)
 * @full: a cell is at or above the charge disconnect level (C1)
 * @cold: a battery is too cold to be charged (C2)
 * @hot: a battery is too hot to be charged (C2)
 * @over_discharged: a cell is damaged (C4); only an operator ends it
 * @supply: the supply is out of range (R3)
 * @overload: the load output gives too much current (F5)
 * @welded: current flows although the load output floats (F6)
 * @atd: the permission to discharge is withdrawn (U5)
 * @atc: the permission to charge is withdrawn (C1)
 * @bpa: the battery warns (U5)
 * @loop: the loop is open (R4)
 * @remote: the remote switch is off (R1)
 * @steady: how the lines behind these five have stood
 * @lost: a measurement of this kind is unknown for too long (F1, F2)
 * @line_lost: a line that the load depends on is unreadable for too long (F1)
 * @atc_lost: the permission to charge is unreadable for too long
 * @scanned: every measurement has been known for the hold time (X1)
 * @settled: every line has been known for the filter time (X1)
 * @blocked: R2, R3 or R4 has been seen, and floats everything
 * @starting: X1 floats everything
 * @load_on: the load output is driven
 * @load_on_ns: since when, only with @load_on
 * @charge_on: the charge output is driven
 * @load_floats: the load output stands floating at its pin
 * @floats_ns: since when, only with @load_floats
 * @warm: the load was connected when the bank was last watched, and nothing forbade it
 * @cleared: an operator has seen cells that are not over-discharged (C4)
 * @blank: the first start, of which nothing is remembered (C4, X4)
 * @pre_alarm_on: the pre-alarm output is driven
 * @alarm_ns: since when, only with @pre_alarm_on
 * @warned: the pre-alarm stands at its pin
 * @warned_ns: since when without a break, only with @warned
 * @overloads: overloads with too little good service between them (F5)
 * @retry_ns: not before this is an overloaded output tried again (F5)
 */
struct smallbms_state {
	u64 now_ns;
	u64 scan_ns;
	struct smallbms_condition low;
	struct smallbms_condition empty;
	struct smallbms_condition ready;
	struct smallbms_condition full;
	struct smallbms_condition cold;
	struct smallbms_condition hot;
	struct smallbms_condition over_discharged;
	struct smallbms_condition supply;
	struct smallbms_condition overload;
	struct smallbms_condition welded;
	struct smallbms_condition atd;
	struct smallbms_condition atc;
	struct smallbms_condition bpa;
	struct smallbms_condition loop;
	struct smallbms_condition remote;
	struct smallbms_steadiness steady[SMALLBMS_NUM_STEADY];
	struct smallbms_condition lost[SMALLBMS_NUM_KINDS];
	struct smallbms_condition line_lost;
	struct smallbms_condition atc_lost;
	struct smallbms_condition scanned;
	struct smallbms_condition settled;
	bool blocked;
	bool starting;
	bool load_on;
	u64 load_on_ns;
	bool charge_on;
	bool load_floats;
	u64 floats_ns;
	bool warm;
	bool cleared;
	bool blank;
	bool pre_alarm_on;
	u64 alarm_ns;
	bool warned;
	u64 warned_ns;
	u32 overloads;
	u64 retry_ns;
};

/*
 * Why an output is what it is; all that hold, hold at the same time (P2). The memory has
 * their counters in this order, and believes them only where their number is the same.
 */
enum smallbms_cause {
	SMALLBMS_CAUSE_START,			/* X1 nothing is decided yet */
	SMALLBMS_CAUSE_PRE_ALARM,		/* U1 a cell is low */
	SMALLBMS_CAUSE_UNDERVOLTAGE,		/* U2 a cell is empty */
	SMALLBMS_CAUSE_RECONNECT,		/* U4 the load waits for all cells */
	SMALLBMS_CAUSE_ATD,			/* U5 no permission to discharge */
	SMALLBMS_CAUSE_BPA,			/* U5 the battery warns */
	SMALLBMS_CAUSE_OVERVOLTAGE,		/* C1 a cell is full */
	SMALLBMS_CAUSE_ATC,			/* C1 no permission to charge */
	SMALLBMS_CAUSE_COLD,			/* C2 */
	SMALLBMS_CAUSE_HOT,			/* C2 */
	SMALLBMS_CAUSE_CHARGE_WAITS,		/* C3 no charging in the pre-alarm */
	SMALLBMS_CAUSE_OVER_DISCHARGED,		/* C4 a cell is damaged */
	SMALLBMS_CAUSE_REMOTE_OFF,		/* R2 */
	SMALLBMS_CAUSE_SUPPLY,			/* R3 supply out of range */
	SMALLBMS_CAUSE_LOOP_OPEN,		/* R4 */
	SMALLBMS_CAUSE_HOST_CHARGE_OFF,		/* R5 */
	SMALLBMS_CAUSE_HOST_LOAD_OFF,		/* R5 */
	SMALLBMS_CAUSE_CELL_LOST,		/* F1 */
	SMALLBMS_CAUSE_SUPPLY_LOST,		/* F1 */
	SMALLBMS_CAUSE_CURRENT_LOST,		/* F1 */
	SMALLBMS_CAUSE_LINE_LOST,		/* F1 */
	SMALLBMS_CAUSE_NO_SOURCE,		/* F1 nothing tells of low or full cells */
	SMALLBMS_CAUSE_TEMP_LOST,		/* F2 */
	SMALLBMS_CAUSE_ATC_LOST,		/* F2 as for a temperature */
	SMALLBMS_CAUSE_OUTPUT_FAULT,		/* F3 an output does not stand */
	SMALLBMS_CAUSE_OVERLOAD,		/* F5 waits to be tried again */
	SMALLBMS_CAUSE_OVERLOAD_LATCHED,	/* F5 waits for an operator */
	SMALLBMS_CAUSE_WELDED,			/* F6 the load's switch does not open */
	SMALLBMS_CAUSE_MEMORY_LOST,		/* X6 a restart would forget */
	SMALLBMS_NUM_CAUSES
};

/* A bit for each cause that goes on over a sleep, and over a restart if there is a memory */
#define SMALLBMS_CAUSES_KEPT	(BIT(SMALLBMS_CAUSE_OVER_DISCHARGED) | \
				 BIT(SMALLBMS_CAUSE_HOST_CHARGE_OFF) | \
				 BIT(SMALLBMS_CAUSE_HOST_LOAD_OFF) | \
				 BIT(SMALLBMS_CAUSE_OVERLOAD) | \
				 BIT(SMALLBMS_CAUSE_OVERLOAD_LATCHED))

/**
 * struct smallbms_decision - the orders to the outputs, and their causes
 * @load: drive the load output
 * @charge: drive the charge output
 * @pre_alarm: drive the pre-alarm output
 * @red: charging is blocked by a cell voltage, a temperature or a fault (P1)
 * @beat: the heartbeat may go on (F3a)
 * @faults: a bit for each &enum smallbms_output_id that does not stand (F3)
 * @causes: a bit for each &enum smallbms_cause that holds
 * @sure_ns: until when the load is sure of its supply, whatever a cell does; only
 *	with @pre_alarm
 * @cut_ns: when the load is going to be cut if nothing changes, or
 *	SMALLBMS_NEVER
 * @deadline_ns: when the next step is due if nothing changes
 * @scan_ns: when a scan of a kind would tell whether a condition stands, or SMALLBMS_NEVER
 */
struct smallbms_decision {
	bool load;
	bool charge;
	bool pre_alarm;
	bool red;
	bool beat;
	u32 faults;
	u32 causes;
	u64 sure_ns;
	u64 cut_ns;
	u64 deadline_ns;
	u64 scan_ns[SMALLBMS_NUM_KINDS];
};

/**
 * struct smallbms_remembered - facts that the rules keep from one start to the next (X4, X5)
 * @over_discharged: a cell is damaged (C4)
 * @overloads: overloads with too little good service between them (F5)
 * @connected: the load was connected, and nothing was about to cut it
 * @blank: the first start has not ended: it is not known yet whether a cell is damaged
 */
struct smallbms_remembered {
	bool over_discharged;
	u8 overloads;
	bool connected;
	bool blank;
};

void smallbms_policy_init(struct smallbms_state *st, u64 now_ns);
void smallbms_policy_recall(struct smallbms_state *st,
			    const struct smallbms_remembered *remembered);
struct smallbms_remembered smallbms_policy_remember(const struct smallbms_settings *set,
						    const struct smallbms_state *st);
void smallbms_policy_step(const struct smallbms_settings *set, struct smallbms_state *st,
			  const struct smallbms_sample *in, u64 now_ns,
			  struct smallbms_decision *out);
void smallbms_policy_resume(struct smallbms_state *st, u64 now_ns);

#endif /* __SMALLBMS_POLICY_H */
