// SPDX-License-Identifier: GPL-2.0-only
/*
 * smallbms - causes: the reasons for the state of the outputs
 */

/**
 * DOC: smallbms-causes
 *
 * One table has the rule of each cause, its name, the power supply's health while it holds,
 * and the measurement that shows its value. A new cause is added here, in policy.h and in
 * policy.c.
 *
 * If there are several causes, the worst decides on the health. The number of a health does
 * not say how bad it is, and kernels before 6.14 have one name for two of them. So each
 * health has a rank.
 */

#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/power_supply.h>

#include "compat.h"
#include "smallbms.h"

enum rank {
	RANK_GOOD,
	RANK_COLD,
	RANK_OVERHEAT,
	RANK_WATCHDOG,
	RANK_OVERCURRENT,
	RANK_UNDERVOLTAGE,
	RANK_OVERVOLTAGE,
	RANK_FAILURE,
	RANK_DEAD,
};

static const int health_of_rank[] = {
	[RANK_GOOD] = POWER_SUPPLY_HEALTH_GOOD,
	[RANK_COLD] = POWER_SUPPLY_HEALTH_COLD,
	[RANK_OVERHEAT] = POWER_SUPPLY_HEALTH_OVERHEAT,
	[RANK_WATCHDOG] = POWER_SUPPLY_HEALTH_WATCHDOG_TIMER_EXPIRE,
	[RANK_OVERCURRENT] = POWER_SUPPLY_HEALTH_OVERCURRENT,
	[RANK_UNDERVOLTAGE] = POWER_SUPPLY_HEALTH_UNDERVOLTAGE,
	[RANK_OVERVOLTAGE] = POWER_SUPPLY_HEALTH_OVERVOLTAGE,
	[RANK_FAILURE] = POWER_SUPPLY_HEALTH_UNSPEC_FAILURE,
	[RANK_DEAD] = POWER_SUPPLY_HEALTH_DEAD,
};

/**
 * struct cause_info - how a cause is shown
 * @rule: the rule it comes from
 * @name: one word
 * @rank: how bad the health of the power supply is; GOOD for what is no fault
 * @kind: the kind of measurement that shows its value, if @valued
 * @highest: the highest value of that kind counts, not the lowest
 * @valued: there is such a value
 */
struct cause_info {
	const char *rule;
	const char *name;
	enum rank rank;
	enum smallbms_kind kind;
	bool highest;
	bool valued;
};

#define CAUSE(_rule, _name, _rank)						\
	{ _rule, _name, RANK_##_rank }
#define LOWEST(_rule, _name, _rank, _kind)					\
	{ _rule, _name, RANK_##_rank, SMALLBMS_KIND_##_kind, false, true }
#define HIGHEST(_rule, _name, _rank, _kind)					\
	{ _rule, _name, RANK_##_rank, SMALLBMS_KIND_##_kind, true, true }

static const struct cause_info cause_info[SMALLBMS_NUM_CAUSES] = {
	[SMALLBMS_CAUSE_START] = CAUSE("X1", "start", GOOD),
	[SMALLBMS_CAUSE_PRE_ALARM] = LOWEST("U1", "low-cell", GOOD, CELL),
	[SMALLBMS_CAUSE_UNDERVOLTAGE] = LOWEST("U2", "undervoltage", UNDERVOLTAGE, CELL),
	[SMALLBMS_CAUSE_RECONNECT] = LOWEST("U4", "waits-for-all-cells", GOOD, CELL),
	[SMALLBMS_CAUSE_ATD] = CAUSE("U5", "discharge-not-allowed", UNDERVOLTAGE),
	[SMALLBMS_CAUSE_BPA] = CAUSE("U5", "battery-pre-alarm", GOOD),
	[SMALLBMS_CAUSE_OVERVOLTAGE] = HIGHEST("C1", "overvoltage", OVERVOLTAGE, CELL),
	[SMALLBMS_CAUSE_ATC] = CAUSE("C1", "charge-not-allowed", GOOD),
	[SMALLBMS_CAUSE_COLD] = LOWEST("C2", "cold", COLD, TEMP),
	[SMALLBMS_CAUSE_HOT] = HIGHEST("C2", "hot", OVERHEAT, TEMP),
	[SMALLBMS_CAUSE_CHARGE_WAITS] = CAUSE("C3", "no-charge-in-pre-alarm", GOOD),
	[SMALLBMS_CAUSE_OVER_DISCHARGED] = LOWEST("C4", "over-discharged", DEAD, CELL),
	[SMALLBMS_CAUSE_REMOTE_OFF] = CAUSE("R2", "remote-off", GOOD),
	[SMALLBMS_CAUSE_SUPPLY] = LOWEST("R3", "supply-out-of-range", UNDERVOLTAGE, SUPPLY),
	[SMALLBMS_CAUSE_LOOP_OPEN] = CAUSE("R4", "loop-open", GOOD),
	[SMALLBMS_CAUSE_HOST_CHARGE_OFF] = CAUSE("R5", "charge-off-by-host", GOOD),
	[SMALLBMS_CAUSE_HOST_LOAD_OFF] = CAUSE("R5", "load-off-by-host", GOOD),
	[SMALLBMS_CAUSE_CELL_LOST] = CAUSE("F1", "cell-lost", WATCHDOG),
	[SMALLBMS_CAUSE_SUPPLY_LOST] = CAUSE("F1", "supply-lost", WATCHDOG),
	[SMALLBMS_CAUSE_CURRENT_LOST] = CAUSE("F1", "load-current-lost", WATCHDOG),
	[SMALLBMS_CAUSE_LINE_LOST] = CAUSE("F1", "line-lost", WATCHDOG),
	[SMALLBMS_CAUSE_NO_SOURCE] = CAUSE("F1", "no-source", FAILURE),
	[SMALLBMS_CAUSE_TEMP_LOST] = CAUSE("F2", "temperature-lost", WATCHDOG),
	[SMALLBMS_CAUSE_ATC_LOST] = CAUSE("F2", "charge-line-lost", WATCHDOG),
	[SMALLBMS_CAUSE_OUTPUT_FAULT] = CAUSE("F3", "output-fault", FAILURE),
	[SMALLBMS_CAUSE_OVERLOAD] = CAUSE("F5", "overload", OVERCURRENT),
	[SMALLBMS_CAUSE_OVERLOAD_LATCHED] = CAUSE("F5", "overload-latched", OVERCURRENT),
	[SMALLBMS_CAUSE_WELDED] = CAUSE("F6", "welded-switch", FAILURE),
	[SMALLBMS_CAUSE_MEMORY_LOST] = CAUSE("X6", "memory-lost", WATCHDOG),
};

/**
 * smallbms_cause_name() - get the name of a cause
 * @cause: which one
 *
 * Return: one word.
 */
const char *smallbms_cause_name(enum smallbms_cause cause)
{
	return cause_info[cause].name;
}

/**
 * smallbms_causes_health() - the worst health of all causes that hold
 * @report: the bank, locked
 *
 * Return: POWER_SUPPLY_HEALTH_*, GOOD when no fault holds.
 */
int smallbms_causes_health(const struct smallbms_report *report)
{
	enum smallbms_cause cause;
	enum rank worst = RANK_GOOD;

	for (cause = 0; cause < SMALLBMS_NUM_CAUSES; cause++) {
		if (smallbms_holds(report, cause))
			worst = max(worst, cause_info[cause].rank);
	}
	return health_of_rank[worst];
}

/**
 * smallbms_print_cause() - "U2 undervoltage cell=3 microvolt=2745000"
 * @report: the bank, locked
 * @cause: which one
 * @buf: for the text
 * @size: how much goes into @buf
 *
 * Return: the length of the text.
 */
int smallbms_print_cause(const struct smallbms_report *report, enum smallbms_cause cause,
			 char *buf, size_t size)
{
	const struct cause_info *info = &cause_info[cause];
	const struct smallbms_group *group;
	enum smallbms_output_id id;
	int len, index, value;

	len = scnprintf(buf, size, "%s %s", info->rule, info->name);
	if (cause == SMALLBMS_CAUSE_OUTPUT_FAULT) {
		for (id = 0; id < SMALLBMS_NUM_OUTPUTS; id++) {
			if (report->faults & BIT(id))
				len += scnprintf(buf + len, size - len, " output=%s",
						 smallbms_output_name(id));
		}
	}
	if (!info->valued)
		return len;

	group = &report->sample.group[info->kind];
	if (!group->any)
		return len;
	value = info->highest ? group->max : group->min;
	index = info->highest ? group->max_index : group->min_index;

	switch (info->kind) {
	case SMALLBMS_KIND_CELL:
		return len + scnprintf(buf + len, size - len, " cell=%d microvolt=%d",
				       index + 1, value);
	case SMALLBMS_KIND_TEMP:
		return len + scnprintf(buf + len, size - len, " battery=%d millicelsius=%d",
				       index + 1, value);
	default:
		return len + scnprintf(buf + len, size - len, " microvolt=%d", value);
	}
}

/**
 * smallbms_print_causes() - "U1 low-cell cell=3 microvolt=3085000; C3 no-charge-in-pre-alarm"
 * @report: the bank, locked
 * @mask: a bit for each &enum smallbms_cause to be printed
 * @buf: for the text
 * @size: how much goes into @buf
 *
 * Return: the length of the text.
 */
int smallbms_print_causes(const struct smallbms_report *report, u32 mask, char *buf,
			  size_t size)
{
	enum smallbms_cause cause;
	int len = 0;

	buf[0] = '\0';
	for (cause = 0; cause < SMALLBMS_NUM_CAUSES; cause++) {
		if (!(mask & BIT(cause)))
			continue;
		len += scnprintf(buf + len, size - len, "%s", len ? "; " : "");
		len += smallbms_print_cause(report, cause, buf + len, size - len);
	}
	return len;
}
