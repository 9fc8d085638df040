// SPDX-License-Identifier: GPL-2.0-only
/*
 * smallbms-frontend - the arithmetic of circuits in front of a converter
 */

/**
 * DOC: smallbms-frontend-circuit
 *
 * All voltages are counted in whole picovolts. 64 bits hold 9 MV of them, and the finest
 * step of a converter, a nanovolt, is a thousand. Less than a picovolt is lost at a
 * converter whose count and offset are whole numbers; a divider multiplies this loss. The
 * last division rounds to the nearest uV, uA or mC. A value that does not fit is an error,
 * never a wrong value.
 */

#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/iio/types.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/units.h>

#include "circuit.h"

#define PV_PER_UV	1000000LL
#define PV_PER_MV	1000000000LL
/* A count is split into so many parts that one part times 1 mV is 1 pV. */
#define COUNT_PARTS	PV_PER_MV

/* In the order in which frontend_circuit_init() takes their values */
const struct frontend_property frontend_properties[FRONTEND_KINDS][FRONTEND_PROPERTIES + 1] = {
	[FRONTEND_DIVIDER] = {
		{ "output-ohms", .required = true, .min = 1, .max = U32_MAX },
		{ "full-ohms", .required = true, .min = 1, .max = U32_MAX },
	},
	[FRONTEND_SHUNT] = {
		{ "shunt-resistor-micro-ohms", .required = true, .min = 1, .max = U32_MAX },
	},
	[FRONTEND_TRANSDUCER] = {
		/* The product of these two and 1000 stays within 64 bits. */
		{ "alpha-ppm-per-celsius", .required = true, .min = -1000000, .max = 1000000,
		  .not_zero = true },
		{ "sense-resistor-ohms", .def = 1, .min = 1, .max = 1000000000 },
		{ "sense-offset-millicelsius", .def = 0, .min = S32_MIN, .max = S32_MAX },
	},
};
EXPORT_SYMBOL_IF_KUNIT(frontend_properties);

/**
 * frontend_circuit_init() - judge the properties of a circuit and make a line of them
 * @circuit: the line
 * @kind: which circuit
 * @value: value of each of its properties
 * @broken: on -ERANGE the property that is out of range
 *
 * Return: 0 or -ERANGE.
 */
int frontend_circuit_init(struct frontend_circuit *circuit, enum frontend_kind kind,
			  const s64 *value, struct frontend_broken *broken)
{
	const struct frontend_property *property = frontend_properties[kind];
	unsigned int i;

	for (i = 0; property[i].name; i++) {
		*broken = (struct frontend_broken){ &property[i], value[i], property[i].min };
		/* The full resistance of a divider includes its lower part. */
		if (kind == FRONTEND_DIVIDER && i == 1)
			broken->min = value[0];
		if (value[i] < broken->min || value[i] > property[i].max ||
		    (!value[i] && property[i].not_zero))
			return -ERANGE;
	}

	*circuit = (struct frontend_circuit){ .times = 1, .over = 1 };
	switch (kind) {
	case FRONTEND_DIVIDER:
		circuit->times = value[1];
		circuit->over = value[0];
		circuit->unit_pv = PV_PER_UV;
		break;
	case FRONTEND_SHUNT:
		circuit->unit_pv = value[0];	/* 1 uA through 1 uOhm is 1 pV */
		break;
	default:
		/* ppm are uV or uA for a degree, and a degree is 1000 mC. */
		circuit->unit_pv = value[0] * value[1] * (PV_PER_UV / MILLI);
		circuit->offset = value[2];
		break;
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(frontend_circuit_init);

static u64 size_of(s64 x)
{
	return x < 0 ? -(u64)x : (u64)x;
}

/* x * times / over, without a product of more than 64 bits; @over is at most 2^32. */
static int proportion(s64 x, u32 times, u64 over, s64 *result)
{
	u64 rest, whole = div64_u64_rem(size_of(x), over, &rest);

	if (times && whole > div_u64(S64_MAX, times))
		return -ERANGE;
	whole = whole * times + div64_u64(rest * times, over);
	if (whole > S64_MAX)
		return -ERANGE;
	*result = x < 0 ? -(s64)whole : (s64)whole;
	return 0;
}

/* x times a number of IIO. */
static int multiply(s64 x, const struct frontend_number *number, s64 *result)
{
	bool negative = number->val < 0;
	u32 times = size_of(number->val), parts = 0;
	u64 over = 1;
	s64 part = 0;
	int ret;

	switch (number->type) {
	case IIO_VAL_INT:
		break;
	case IIO_VAL_INT_PLUS_MICRO:
	case IIO_VAL_INT_PLUS_NANO:
		parts = number->type == IIO_VAL_INT_PLUS_MICRO ? MICRO : NANO;
		negative = negative || number->val2 < 0;
		break;
	case IIO_VAL_FRACTIONAL:
		if (!number->val2)
			return -EINVAL;
		negative ^= number->val2 < 0;
		over = size_of(number->val2);
		break;
	case IIO_VAL_FRACTIONAL_LOG2:
		if (number->val2 < 0 || number->val2 > 32)
			return -ERANGE;
		over <<= number->val2;
		break;
	default:
		return -EINVAL;
	}

	ret = proportion(x, times, over, result);
	if (!ret && parts)
		ret = proportion(x, size_of(number->val2), parts, &part);
	if (ret)
		return ret;
	if (size_of(*result) + size_of(part) > S64_MAX)
		return -ERANGE;
	*result += part;
	if (negative)
		*result = -*result;
	return 0;
}

static int source_pv(const struct frontend_reading *reading, s64 *pv)
{
	s64 counts, offset = 0;
	int ret;

	if (reading->processed.type)
		return multiply(PV_PER_MV, &reading->processed, pv);

	ret = multiply(COUNT_PARTS, &reading->raw, &counts);
	if (!ret && reading->offset.type)
		ret = multiply(COUNT_PARTS, &reading->offset, &offset);
	if (ret)
		return ret;
	if (size_of(counts) + size_of(offset) > S64_MAX)
		return -ERANGE;
	return multiply(counts + offset, &reading->scale, pv);
}

/**
 * frontend_value() - compute the quantity in front of a circuit
 * @circuit: the circuit
 * @reading: reading by the source of the voltage behind it
 * @value: the quantity, in uV, uA or mC, rounded to the nearest
 *
 * Return: 0, -ERANGE for a value that does not fit, -EINVAL for a number without a meaning.
 */
int frontend_value(const struct frontend_circuit *circuit,
		   const struct frontend_reading *reading, int *value)
{
	u64 unit = size_of(circuit->unit_pv);
	bool falls = circuit->unit_pv < 0;
	s64 pv, steps;
	int ret;

	ret = source_pv(reading, &pv);
	if (!ret)
		ret = proportion(pv, circuit->times, circuit->over, &pv);
	if (ret)
		return ret;

	steps = div64_u64(size_of(pv) + unit / 2, unit);
	if (falls ? pv > 0 : pv < 0)
		steps = -steps;
	if (steps > S64_MAX - S32_MAX || steps < -(S64_MAX - S32_MAX))
		return -ERANGE;
	steps += circuit->offset;
	if (steps < S32_MIN || steps > S32_MAX)
		return -ERANGE;
	*value = steps;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(frontend_value);
