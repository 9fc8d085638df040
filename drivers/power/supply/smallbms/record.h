/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * smallbms - the record in which a bank is remembered
 */

#ifndef __SMALLBMS_RECORD_H
#define __SMALLBMS_RECORD_H

#include <linux/types.h>

#include "policy.h"

/* In bytes: room for 30 causes */
#define SMALLBMS_RECORD_SIZE	80

/* Number of places, which are written in turn */
#define SMALLBMS_NUM_PLACES	2

/**
 * struct smallbms_record - what a bank has to know after a restart
 * @rules: for the rules (X4, X5)
 * @load_off: the host has switched the load off (R5)
 * @charge_off: the host forbids charging (R5)
 * @charge_known: @charge_uah is known (P6)
 * @charge_uah: charge of the bank, in uAh
 * @count: how often each cause has begun (P2), as far as 16 bits go
 */
struct smallbms_record {
	struct smallbms_remembered rules;
	bool load_off;
	bool charge_off;
	bool charge_known;
	u32 charge_uah;
	u16 count[SMALLBMS_NUM_CAUSES];
};

void smallbms_record_put(u8 *place, u32 bank, u32 sequence, const struct smallbms_record *record);
int smallbms_record_get(const u8 *const place[SMALLBMS_NUM_PLACES], u32 bank, u32 *sequence,
			struct smallbms_record *record);

#endif /* __SMALLBMS_RECORD_H */
