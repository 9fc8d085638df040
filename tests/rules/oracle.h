/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A second, simple implementation of the rules, independent of the driver
 *
 * It follows the rules as the product states them. Types, names and figures are its own, and
 * none is the driver's. It keeps the whole history and looks back over it at every moment.
 */

#ifndef __ORACLE_H
#define __ORACLE_H

#include <stdbool.h>
#include <stdint.h>

#define ORACLE_MOMENTS	1536

enum quantity { CELLS, TEMPS, SUPPLY, CURRENT, QUANTITIES };
enum output { LD, CD, PA, OUTPUTS };
enum line { ATD, ATC, BPA, LOOP, REMOTE_H, REMOTE_L, LINES };

/* Settings, in uV, m°C, ms and uA */
struct limits {
	int32_t load_disconnect, pre_alarm, load_reconnect;
	int32_t charge_disconnect, charge_reconnect, over_discharged;
	int32_t coldest, hottest;
	int32_t warning_ms, hold_ms, filter_ms, settle_ms, stale_ms;
	int32_t keep_charge;
	int32_t current;
	int32_t rest, tail_percent, full_cell, full_ms;
};

/* Conditions, each of which counts when it has stood for its time */
enum matter {
	LOW, EMPTY, FULL, COLD, HOT, DAMAGED, SUPPLY_BAD, OVERLOAD, WELDED,
	ATD_GONE, ATC_GONE, BATTERY_WARNS, LOOP_OPEN, REMOTE_OFF,
	CELLS_LOST, TEMPS_LOST, SUPPLY_LOST, CURRENT_LOST, LINE_LOST, ATC_LOST,
	MATTERS
};

/* The result of a scan for one quantity */
struct reading {
	bool fitted, some, all;
	int32_t least, most;
	uint64_t good_ns;	/* if a channel is missing, it is so since then */
};

struct wire {
	bool fitted, known, active;
	uint64_t good_ns;
};

/* An output at its pin, read before anything was decided */
struct pin {
	bool fitted, driven, written, known, high;
	uint64_t told_ns;
};

struct moment {
	/* inputs */
	uint64_t now_ns, scan_ns;
	struct reading reading[QUANTITIES];
	struct wire wire[LINES];
	struct pin pin[OUTPUTS];
	bool no_charge, no_load, clear;
	struct limits limits;
	/* the decision */
	bool load, charge, pre_alarm, red, beat, output_fault, welded;
	uint32_t faults;	/* a bit for each output */
	/* announced: the end of the warning, the cut, the next look; UINT64_MAX = none */
	uint64_t sure_ns, cut_ns, deadline_ns;
	/* since then nothing has changed and everything is on time; UINT64_MAX = it is not */
	uint64_t calm_ns;
	/* until then all was as in the moment before */
	uint64_t still_ns;
	/* notes of the oracle */
	bool on[MATTERS];
	bool gate, shut, overloaded, restart, warm, blank, begun;
};

struct oracle {
	int count;
	struct moment moment[ORACLE_MOMENTS];
	/* remembered over a sleep or a restart (X4, X5) */
	bool warm, damaged, blank;
	int failures[2];
	uint64_t failed_ns, service_ns;
	char complaint[300];
	const char *pin;	/* the output that is wrong, with its right level */
	bool level;
	uint64_t at_ns;
};

void oracle_start(struct oracle *o);
/* The host sleeps; then all begins anew (X4, X5). */
void oracle_sleeps(struct oracle *o);
/* The host restarts; if it @remembers, its memory has all that was to be remembered. */
void oracle_restarts(struct oracle *o, bool remembers);
/* X5: a memory written now may say that the load is connected, and with @surely it must. */
bool oracle_connected(const struct oracle *o, bool surely);
/* Judge one more moment. Return false if it is wrong; @o has the complaint. */
bool oracle_sees(struct oracle *o, const struct moment *m);
/* Does the product allow these settings? */
bool oracle_allows(const struct limits *l);

#endif /* __ORACLE_H */
