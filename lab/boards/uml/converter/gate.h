/* SPDX-License-Identifier: GPL-2.0-only */
/* A line that shows when the load current flows, for boards whose chip must not be read */

#ifndef __BMS_CONVERTER_GATE_H
#define __BMS_CONVERTER_GATE_H

#include <linux/types.h>

void bms_converter_gate(u64 until_ns);
bool bms_converter_flows(void);

#endif /* __BMS_CONVERTER_GATE_H */
