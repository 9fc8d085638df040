/* SPDX-License-Identifier: GPL-2.0-only */
/* A quantity that is constant or follows a ramp, with noise in always the same sequence */

#ifndef __BMS_CONVERTER_RAMP_H
#define __BMS_CONVERTER_RAMP_H

#include <linux/math64.h>
#include <linux/types.h>

struct bms_ramp {
	s32 from;
	s32 to;
	u64 begin_ns;
	u64 span_ns;
	u32 noise;
};

static inline s32 bms_ramp_without_noise(const struct bms_ramp *ramp, u64 now_ns)
{
	u64 past_ns = now_ns - ramp->begin_ns;

	if (past_ns >= ramp->span_ns)
		return ramp->to;
	return ramp->from + (s32)div64_s64((s64)(ramp->to - ramp->from) * (s64)past_ns,
					   (s64)ramp->span_ns);
}

static inline s32 bms_ramp_value(const struct bms_ramp *ramp, u64 now_ns, u32 *seed)
{
	s32 value = bms_ramp_without_noise(ramp, now_ns);

	if (ramp->noise) {
		*seed = *seed * 1664525 + 1013904223;
		value += (s32)((*seed >> 8) % (2 * ramp->noise + 1)) - (s32)ramp->noise;
	}
	return value;
}

static inline void bms_ramp_go(struct bms_ramp *ramp, u64 now_ns, s32 value, u64 span_ns)
{
	ramp->from = bms_ramp_without_noise(ramp, now_ns);
	ramp->to = value;
	ramp->begin_ns = now_ns;
	ramp->span_ns = span_ns;
}

#endif /* __BMS_CONVERTER_RAMP_H */
