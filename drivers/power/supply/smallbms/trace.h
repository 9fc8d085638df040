/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * smallbms - trace events
 */

#undef TRACE_SYSTEM
#define TRACE_SYSTEM smallbms

#if !defined(__SMALLBMS_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define __SMALLBMS_TRACE_H

#include <linux/tracepoint.h>
#include <linux/types.h>

#include "compat.h"
#include "smallbms.h"

/* An output or a cause has changed. */
TRACE_EVENT(smallbms_transition,
	TP_PROTO(const struct smallbms *bms, const char *causes),
	TP_ARGS(bms, causes),
	TP_STRUCT__entry(
		__string(bank, dev_name(bms->dev))
		__field(bool, load)
		__field(bool, charge)
		__field(bool, pre_alarm)
		__string(causes, causes)
	),
	TP_fast_assign(
		smallbms_assign_str(bank, dev_name(bms->dev));
		__entry->load = bms->decision.load;
		__entry->charge = bms->decision.charge;
		__entry->pre_alarm = bms->decision.pre_alarm;
		smallbms_assign_str(causes, causes);
	),
	TP_printk("%s load=%d charge=%d pre_alarm=%d causes=\"%s\"", __get_str(bank),
		  __entry->load, __entry->charge, __entry->pre_alarm, __get_str(causes))
);

/* An evaluation has looked at this. A kind or line that is not known has no bit. */
TRACE_EVENT(smallbms_sample,
	TP_PROTO(const struct smallbms *bms),
	TP_ARGS(bms),
	TP_STRUCT__entry(
		__string(bank, dev_name(bms->dev))
		__array(s32, min, SMALLBMS_NUM_KINDS)
		__array(s32, max, SMALLBMS_NUM_KINDS)
		__field(unsigned int, lowest_cell)
		__field(unsigned int, highest_cell)
		__field(u32, known_kinds)
		__field(u32, known_lines)
		__field(u32, active_lines)
	),
	TP_fast_assign(
		const struct smallbms_group *group = bms->sample.group;
		const struct smallbms_line *line = bms->sample.line;
		int i;

		smallbms_assign_str(bank, dev_name(bms->dev));
		__entry->lowest_cell = group[SMALLBMS_KIND_CELL].min_index + 1;
		__entry->highest_cell = group[SMALLBMS_KIND_CELL].max_index + 1;
		__entry->known_kinds = 0;
		for (i = 0; i < SMALLBMS_NUM_KINDS; i++) {
			__entry->min[i] = group[i].min;
			__entry->max[i] = group[i].max;
			if (group[i].fitted && group[i].all)
				__entry->known_kinds |= BIT(i);
		}
		__entry->known_lines = 0;
		__entry->active_lines = 0;
		for (i = 0; i < SMALLBMS_NUM_LINES; i++) {
			if (line[i].fitted && line[i].known)
				__entry->known_lines |= BIT(i);
			if (line[i].active)
				__entry->active_lines |= BIT(i);
		}
	),
	TP_printk("%s cell%u=%d uV cell%u=%d uV temp=%d..%d mC supply=%d uV load=%d uA bank=%d uA known=%#x lines=%#x known_lines=%#x",
		  __get_str(bank), __entry->lowest_cell, __entry->min[SMALLBMS_KIND_CELL],
		  __entry->highest_cell, __entry->max[SMALLBMS_KIND_CELL],
		  __entry->min[SMALLBMS_KIND_TEMP], __entry->max[SMALLBMS_KIND_TEMP],
		  __entry->min[SMALLBMS_KIND_SUPPLY], __entry->min[SMALLBMS_KIND_LOAD_CURRENT],
		  __entry->min[SMALLBMS_KIND_BANK_CURRENT], __entry->known_kinds,
		  __entry->active_lines, __entry->known_lines)
);

/* The warning window has opened, with @ms to go, or closed, after @ms. */
TRACE_EVENT(smallbms_window,
	TP_PROTO(const struct smallbms *bms, bool open, u64 ms),
	TP_ARGS(bms, open, ms),
	TP_STRUCT__entry(
		__string(bank, dev_name(bms->dev))
		__field(bool, open)
		__field(bool, load)
		__field(u64, ms)
	),
	TP_fast_assign(
		smallbms_assign_str(bank, dev_name(bms->dev));
		__entry->open = open;
		__entry->load = bms->decision.load;
		__entry->ms = ms;
	),
	TP_printk("%s %s load=%d ms=%llu", __get_str(bank), __entry->open ? "open" : "closed",
		  __entry->load, __entry->ms)
);

#endif /* __SMALLBMS_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace

/* This part must be outside protection */
#include <trace/define_trace.h>
