/* SPDX-License-Identifier: GPL-2.0-only */
/* The pins of a chip, and the effects of the world outside on them */

#ifndef __BMS_EXPANDER_LINES_H
#define __BMS_EXPANDER_LINES_H

#include <linux/types.h>

struct device;

struct bms_line {
	bool output;
	bool level;		/* as written */
	bool pull;
	bool held_high;
	bool held_low;
	u64 falls_ns;		/* when it has been let go of */
	u64 high_until_ns;	/* as told to the log */
	bool sinks;		/* as told to the log */
};

/* The caller has a lock for it. */
struct bms_lines {
	struct device *dev;
	const char *name;	/* of the chip, in front of each message, or "" */
	struct bms_line *line;
	unsigned int count;
	u32 load_line;		/* the line that the load current flows through; none is count */
	u64 settle_ns;
};

bool bms_line_is_high(const struct bms_line *line);
void bms_lines_drive(struct bms_lines *lines, unsigned int number, bool output, bool level);
void bms_lines_load_line(struct bms_lines *lines, u32 number);
int bms_lines_control(struct bms_lines *lines, const char *text);
int bms_host_control(const char *text);

#endif /* __BMS_EXPANDER_LINES_H */
