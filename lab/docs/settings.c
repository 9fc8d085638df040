// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of settings, a line each: name, default, range, 0 allowed too, written at run time.
 */

#include <stdio.h>

#include "settings.h"

int main(void)
{
	int id;

	for (id = 0; id < SMALLBMS_NUM_SETTINGS; id++) {
		const struct smallbms_setting *setting = &smallbms_settings_table[id];

		printf("%s %d %d %d %d %d\n", setting->property, setting->def,
		       setting->min, setting->max, setting->zero, setting->run_time);
	}
	return 0;
}
