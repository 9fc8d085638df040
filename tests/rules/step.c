// SPDX-License-Identifier: GPL-2.0-only
/*
 * Steps of the policy with nothing to do, so that their instructions can be counted
 *
 * usage: step COUNT
 */

#include <stdlib.h>

#include "policy.h"

#define SCAN_NS		600000000ULL

int main(int argc, char **argv)
{
	struct smallbms_settings set;
	struct smallbms_state state;
	struct smallbms_decision decision;
	struct smallbms_sample sample = {};
	int i, steps = argc > 1 ? atoi(argv[1]) : 1;

	smallbms_settings_init(&set);
	smallbms_policy_init(&state, 0);
	for (i = 0; i < SMALLBMS_NUM_KINDS; i++)
		sample.group[i] = (struct smallbms_group){ .fitted = true, .any = true,
							   .all = true };
	for (i = 0; i < SMALLBMS_NUM_LINES; i++)
		sample.line[i] = (struct smallbms_line){ .fitted = true, .known = true,
							 .active = i != SMALLBMS_LINE_BPA };
	for (i = 0; i < SMALLBMS_NUM_OUTPUTS; i++) {
		bool driven = i != SMALLBMS_OUT_PRE_ALARM;

		sample.terminal[i] = (struct smallbms_terminal){
			.fitted = true, .driven = driven, .written = true, .known = true,
			.high = driven,
		};
	}
	sample.group[SMALLBMS_KIND_CELL].min = 3300000;
	sample.group[SMALLBMS_KIND_CELL].max = 3310000;
	sample.group[SMALLBMS_KIND_TEMP].min = 25000;
	sample.group[SMALLBMS_KIND_TEMP].max = 25000;
	sample.group[SMALLBMS_KIND_SUPPLY].min = 13200000;
	sample.group[SMALLBMS_KIND_SUPPLY].max = 13200000;

	for (i = 0; i < steps; i++) {
		sample.scan_ns += SCAN_NS;
		for (int kind = 0; kind < SMALLBMS_NUM_KINDS; kind++) {
			struct smallbms_group *group = &sample.group[kind];

			group->new_min = group->min;
			group->new_max = group->max;
			group->scan_ns = sample.scan_ns;
			group->good_ns = sample.scan_ns;
		}
		for (int line = 0; line < SMALLBMS_NUM_LINES; line++)
			sample.line[line].good_ns = sample.scan_ns;
		smallbms_policy_step(&set, &state, &sample, sample.scan_ns, &decision);
	}
	return decision.load && decision.charge && !decision.pre_alarm ? 0 : 1;
}
