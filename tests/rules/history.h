/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Histories of a bank, made from bytes, on which rules and oracle must agree
 */

#ifndef __HISTORY_H
#define __HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct tally {
	unsigned long histories, steps, edges, cuts;
	double hours;
};

extern struct tally tally;

/*
 * Play a history. Return false if the rules and the oracle differ, with the difference in
 * @why. Print the history to @told, and as a scenario to @scenario, unless these are NULL.
 */
bool history_live(const uint8_t *data, size_t size, char why[400], FILE *told, FILE *scenario);

#endif /* __HISTORY_H */
