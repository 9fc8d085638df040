/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * smallbms-frontend - the arithmetic of circuits in front of a converter
 *
 * Figures only: no channel, no device, no lock.
 */

#ifndef __SMALLBMS_FRONTEND_CIRCUIT_H
#define __SMALLBMS_FRONTEND_CIRCUIT_H

#include <linux/types.h>

#define FRONTEND_PROPERTIES	3

/**
 * enum frontend_kind - the circuits that the bindings know
 * @FRONTEND_DIVIDER: voltage-divider, measures uV
 * @FRONTEND_SHUNT: current-sense-shunt, measures uA
 * @FRONTEND_TRANSDUCER: temperature-transducer, measures mC
 * @FRONTEND_KINDS: how many there are
 */
enum frontend_kind {
	FRONTEND_DIVIDER,
	FRONTEND_SHUNT,
	FRONTEND_TRANSDUCER,
	FRONTEND_KINDS
};

/**
 * struct frontend_property - a property of the devicetree
 * @name: its name, NULL behind the last
 * @required: it has to be there
 * @def: its value when it is not
 * @min: least value
 * @max: largest value
 * @not_zero: 0 is within the range, but has no meaning
 */
struct frontend_property {
	const char *name;
	bool required;
	s32 def;
	s64 min;
	s64 max;
	bool not_zero;
};

/**
 * struct frontend_broken - a property that is out of range
 * @property: which one
 * @value: its value
 * @min: its lowest allowed value, given the other properties
 */
struct frontend_broken {
	const struct frontend_property *property;
	s64 value;
	s64 min;
};

/**
 * struct frontend_circuit - a straight line: from pV at the converter to a value
 * @times: the voltage is multiplied by this
 * @over: and divided by this
 * @unit_pv: number of pV in one uV, uA or mC; negative for a falling line
 * @offset: added to that
 */
struct frontend_circuit {
	u32 times;
	u32 over;
	s64 unit_pv;
	s32 offset;
};

/**
 * struct frontend_number - a number in the form of IIO
 * @type: one of IIO_VAL_*, 0 = there is none
 * @val: first part
 * @val2: second part
 */
struct frontend_number {
	int type;
	int val;
	int val2;
};

/**
 * struct frontend_reading - the reading of a source
 * @processed: the voltage in mV, or none: then the rest counts
 * @raw: count of the converter
 * @offset: is added to @raw, may be none
 * @scale: mV for a count
 */
struct frontend_reading {
	struct frontend_number processed;
	struct frontend_number raw;
	struct frontend_number offset;
	struct frontend_number scale;
};

extern const struct frontend_property
frontend_properties[FRONTEND_KINDS][FRONTEND_PROPERTIES + 1];

int frontend_circuit_init(struct frontend_circuit *circuit, enum frontend_kind kind,
			  const s64 *value, struct frontend_broken *broken);
int frontend_value(const struct frontend_circuit *circuit,
		   const struct frontend_reading *reading, int *value);

#endif /* __SMALLBMS_FRONTEND_CIRCUIT_H */
