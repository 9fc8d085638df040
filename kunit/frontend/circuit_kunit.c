// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the front end's figures: circuits of data sheets, and the limits of numbers
 */

#include <kunit/test.h>

#include <linux/errno.h>
#include <linux/iio/types.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/string.h>

#include "circuit.h"
#include "frontend_suites.h"

#define INT(v)			{ IIO_VAL_INT, v }
#define MICRO_(v, v2)		{ IIO_VAL_INT_PLUS_MICRO, v, v2 }
#define NANO_(v, v2)		{ IIO_VAL_INT_PLUS_NANO, v, v2 }
#define OVER(v, v2)		{ IIO_VAL_FRACTIONAL, v, v2 }
#define LOG2(v, v2)		{ IIO_VAL_FRACTIONAL_LOG2, v, v2 }
#define RAW(v, ...)		.reading = { .raw = INT(v), .scale = __VA_ARGS__ }
#define RAW_OFFSET(v, o, ...)	.reading = { .raw = INT(v), .offset = o, .scale = __VA_ARGS__ }
#define PROCESSED(...)		.reading = { .processed = __VA_ARGS__ }

#define DIVIDER(...)		.kind = FRONTEND_DIVIDER, .property = { __VA_ARGS__ }
#define WIRE			DIVIDER(1, 1)
#define SHUNT(...)		.kind = FRONTEND_SHUNT, .property = { __VA_ARGS__ }
#define SENSOR(...)		.kind = FRONTEND_TRANSDUCER, .property = { __VA_ARGS__ }

/* Scales of the converters on our boards: 2.5 V in 12 bits, 2.048 V in 15 */
#define MCP3208			LOG2(2500, 12)
#define ADS1115			LOG2(2048, 15)

static const struct value_case {
	const char *name;
	enum frontend_kind kind;
	s64 property[FRONTEND_PROPERTIES];
	struct frontend_reading reading;
	int error;
	s32 value;
} value_cases[] = {
	{ "divider of the binding's example", DIVIDER(22, 222), RAW(512, LOG2(2500, 10)),
	  .value = 12613636 },
	{ "cell at half", DIVIDER(10000, 20000), RAW(2703, MCP3208), .value = 3299561 },
	{ "cell at half, negative", DIVIDER(10000, 20000), RAW(-2703, MCP3208),
	  .value = -3299561 },
	{ "bank at 1/30", DIVIDER(10000, 300000), RAW(721, MCP3208), .value = 13201904 },
	{ "bank at 1/30, largest count", DIVIDER(10000, 300000), RAW(4095, MCP3208),
	  .value = 74981689 },
	{ "nothing divided", WIRE, RAW(3300, INT(1)), .value = 3300000 },
	{ "nothing divided by 4 GOhm", DIVIDER(U32_MAX, U32_MAX), RAW(3300, INT(1)),
	  .value = 3300000 },
	{ "no voltage", DIVIDER(1, U32_MAX), RAW(0, INT(1)), .value = 0 },

	{ "load of 1 A", SHUNT(1000000), RAW(16000, ADS1115), .value = 1000000 },
	{ "load of -1 A", SHUNT(1000000), RAW(-16000, ADS1115), .value = -1000000 },
	{ "shunt of the binding's example", SHUNT(3300000), RAW(1000, INT(1)),
	  .value = 303030 },
	{ "shunt of 500 A at 50 mV", SHUNT(100), RAW(50, INT(1)), .value = 500000000 },
	{ "shunt of 500 A, least count of 24 bits", SHUNT(100), RAW(1, NANO_(0, 30)),
	  .value = 0 },
	{ "shunt of 500 A, count 1000 of 24 bits", SHUNT(100), RAW(1000, NANO_(0, 30)),
	  .value = 300 },
	{ "shunt of 50 uOhm, all of 24 bits", SHUNT(50), RAW(-8388608, NANO_(0, 30)),
	  .value = -5033165 },
	{ "shunt of 4 kOhm", SHUNT(U32_MAX), RAW(4295, INT(1)), .value = 1000 },

	{ "AD590 on 8060 Ohm, 25 C", SENSOR(1, 8060, -273150), RAW(2403089, OVER(1, 1000)),
	  .value = 25000 },
	{ "4 mV/K, 25 C", SENSOR(4000, 1, -273150), PROCESSED(MICRO_(1192, 600000)),
	  .value = 25000 },
	{ "TMP36, 25 C", SENSOR(10000, 1, -50000), RAW(12000, ADS1115), .value = 25000 },
	{ "TMP36, one count more", SENSOR(10000, 1, -50000), RAW(12001, ADS1115),
	  .value = 25006 },
	{ "TMP36, -40 C", SENSOR(10000, 1, -50000), RAW(1600, ADS1115), .value = -40000 },
	{ "TMP36 without a supply", SENSOR(10000, 1, -50000), RAW(0, ADS1115),
	  .value = -50000 },
	{ "5.5 mV/K downwards, 25 C", SENSOR(-5500, 1, 188182), RAW(8975, OVER(1, 10)),
	  .value = 25000 },
	{ "largest that a sensor can be", SENSOR(1000000, 1000000000, 0), RAW(S32_MAX, INT(4)),
	  .value = 9 },
	{ "offset alone", SENSOR(1, 1, S32_MIN), RAW(0, INT(1)), .value = S32_MIN },

	{ "processed", DIVIDER(1, 2), PROCESSED(INT(1650)), .value = 3300000 },
	{ "processed, with a fraction", DIVIDER(1, 2), PROCESSED(OVER(3301, 2)),
	  .value = 3301000 },
	{ "processed, negative", DIVIDER(1, 2), PROCESSED(INT(-1650)), .value = -3300000 },

	{ "offset", WIRE, RAW_OFFSET(100, INT(23), INT(10)), .value = 1230000 },
	{ "offset, negative", WIRE, RAW_OFFSET(100, INT(-123), INT(10)), .value = -230000 },
	{ "offset, half a count", WIRE, RAW_OFFSET(100, OVER(1, 2), INT(10)),
	  .value = 1005000 },
	{ "offset, 1/4 count", WIRE, RAW_OFFSET(100, LOG2(-1, 2), INT(10)), .value = 997500 },
	{ "offset, millionths", WIRE, RAW_OFFSET(100, MICRO_(0, -250000), INT(10)),
	  .value = 997500 },
	{ "offset, nothing", WIRE, RAW_OFFSET(100, INT(0), INT(10)), .value = 1000000 },

	{ "scale in millionths", WIRE, RAW(8, MICRO_(0, 125000)), .value = 1000 },
	{ "scale in millionths, negative", WIRE, RAW(8, MICRO_(0, -125000)), .value = -1000 },
	{ "scale in millionths, more than 1", WIRE, RAW(8, MICRO_(2, 125000)), .value = 17000 },
	{ "scale in millionths, below -1", WIRE, RAW(8, MICRO_(-2, 125000)), .value = -17000 },
	{ "scale in billionths, 24 bits", WIRE, RAW(8388607, NANO_(0, 119)), .value = 998 },
	{ "scale as a fraction", WIRE, RAW(7, OVER(-1, 2)), .value = -3500 },
	{ "scale as a fraction, both negative", WIRE, RAW(7, OVER(-1, -2)), .value = 3500 },
	{ "scale over 2^0", WIRE, RAW(7, LOG2(3, 0)), .value = 21000 },
	{ "scale over 2^31", WIRE, RAW(S32_MAX, LOG2(2500, 31)), .value = 2500000 },
	{ "scale over 2^32", WIRE, RAW(S32_MIN, LOG2(2500, 32)), .value = -1250000 },
	{ "scale of nothing", WIRE, RAW(7, INT(0)), .value = 0 },
	{ "least scale", WIRE, RAW(S32_MIN, OVER(S32_MIN, S32_MIN)), .error = -ERANGE },

	{ "half a uV", WIRE, RAW(1, OVER(1, 2000)), .value = 1 },
	{ "half a uV, negative", WIRE, RAW(-1, OVER(1, 2000)), .value = -1 },
	{ "less than half a uV", WIRE, RAW(1, NANO_(0, 499999)), .value = 0 },
	{ "no number is a multiple", DIVIDER(12345, 98765), RAW(654321, NANO_(0, 234567891)),
	  .value = 1227923740 },

	{ "largest value", WIRE, RAW(S32_MAX, OVER(1, 1000)), .value = S32_MAX },
	{ "above the largest value", DIVIDER(1, 2), RAW(1073741824, OVER(1, 1000)),
	  .error = -ERANGE },
	{ "least value", DIVIDER(1, 2), RAW(-1073741824, OVER(1, 1000)), .value = S32_MIN },
	{ "below the least value", WIRE, RAW_OFFSET(S32_MIN, INT(-1), OVER(1, 1000)),
	  .error = -ERANGE },
	{ "offset above the largest value", SENSOR(1, 1, S32_MAX), RAW(1, OVER(1, 1000)),
	  .error = -ERANGE },
	{ "offset below the least value", SENSOR(1, 1, S32_MIN), RAW(-1, OVER(1, 1000)),
	  .error = -ERANGE },
	{ "divider too large", DIVIDER(1, U32_MAX), RAW(1, INT(1)), .error = -ERANGE },
	{ "beyond 64 bits, count", WIRE, RAW(S32_MAX, INT(S32_MAX)), .error = -ERANGE },
	{ "beyond 64 bits, least count", WIRE, RAW(S32_MIN, INT(S32_MIN)), .error = -ERANGE },
	{ "beyond 64 bits, fraction", WIRE, RAW(S32_MAX, NANO_(5, 999999999)),
	  .error = -ERANGE },
	{ "beyond 64 bits, divider", DIVIDER(1, U32_MAX), RAW(S32_MAX, INT(1)),
	  .error = -ERANGE },
	{ "beyond 64 bits, current", SHUNT(1), RAW(S32_MIN, INT(4)), .error = -ERANGE },

	{ "scale over 0", WIRE, RAW(1, OVER(1, 0)), .error = -EINVAL },
	{ "scale over 2^33", WIRE, RAW(1, LOG2(1, 33)), .error = -ERANGE },
	{ "scale over 2^-1", WIRE, RAW(1, LOG2(1, -1)), .error = -ERANGE },
	{ "scale in decibels", WIRE, RAW(1, { IIO_VAL_INT_PLUS_MICRO_DB, 1, 0 }),
	  .error = -EINVAL },
	{ "no scale", WIRE, RAW(1, {}), .error = -EINVAL },
	{ "no count", WIRE, .reading = { .scale = INT(1) }, .error = -EINVAL },
	{ "offset over 0", WIRE, RAW_OFFSET(1, OVER(1, 0), INT(1)), .error = -EINVAL },
	{ "processed over 0", WIRE, PROCESSED(OVER(1, 0)), .error = -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(value, value_cases, name);

static void value_is(struct kunit *test)
{
	const struct value_case *c = test->param_value;
	struct frontend_circuit circuit;
	struct frontend_broken broken;
	s32 value = 4711;

	KUNIT_ASSERT_EQ(test, 0, frontend_circuit_init(&circuit, c->kind, c->property, &broken));
	KUNIT_EXPECT_EQ(test, c->error, frontend_value(&circuit, &c->reading, &value));
	KUNIT_EXPECT_EQ(test, c->error ? 4711 : c->value, value);
}

/* Compute the same figures in one step, where that fits into 64 bits. */
static void every_count_of_a_converter(struct kunit *test)
{
	static const u32 full[] = { 10000, 20000, 300000, 123457 };
	struct frontend_circuit circuit;
	struct frontend_broken broken;
	s32 value;
	int i, n;

	for (i = 0; i < ARRAY_SIZE(full); i++) {
		KUNIT_ASSERT_EQ(test, 0, frontend_circuit_init(&circuit, FRONTEND_DIVIDER,
							       (s64[]){ 10000, full[i] },
							       &broken));
		for (n = 0; n < 4096; n++) {
			struct frontend_reading reading = { .raw = INT(n), .scale = MCP3208 };
			u64 expected = div64_u64(2ULL * n * 2500000 * full[i] + 4096 * 10000,
						 2ULL * 4096 * 10000);

			KUNIT_EXPECT_EQ(test, 0, frontend_value(&circuit, &reading, &value));
			KUNIT_EXPECT_EQ(test, (s32)expected, value);
		}
	}
}

static const struct range_case {
	const char *name;
	enum frontend_kind kind;
	s64 property[FRONTEND_PROPERTIES];
	const char *broken;
	s64 min;
} range_cases[] = {
	{ "divider", DIVIDER(1, 1) },
	{ "largest divider", DIVIDER(U32_MAX, U32_MAX) },
	{ "output of 0", DIVIDER(0, 1), .broken = "output-ohms", .min = 1 },
	{ "full of 0", DIVIDER(1, 0), .broken = "full-ohms", .min = 1 },
	{ "both of 0", DIVIDER(0, 0), .broken = "output-ohms", .min = 1 },
	{ "output above full", DIVIDER(300, 299), .broken = "full-ohms", .min = 300 },
	{ "shunt", SHUNT(1) },
	{ "largest shunt", SHUNT(U32_MAX) },
	{ "shunt of 0", SHUNT(0), .broken = "shunt-resistor-micro-ohms", .min = 1 },
	{ "sensor", SENSOR(1, 1, 0) },
	{ "falling sensor", SENSOR(-1, 1, 0) },
	{ "largest sensor", SENSOR(1000000, 1000000000, S32_MAX) },
	{ "largest falling sensor", SENSOR(-1000000, 1000000000, S32_MIN) },
	{ "sensor that senses nothing", SENSOR(0, 1, 0),
	  .broken = "alpha-ppm-per-celsius", .min = -1000000 },
	{ "alpha too large", SENSOR(1000001, 1, 0),
	  .broken = "alpha-ppm-per-celsius", .min = -1000000 },
	{ "alpha too small", SENSOR(-1000001, 1, 0),
	  .broken = "alpha-ppm-per-celsius", .min = -1000000 },
	{ "resistor of 0", SENSOR(1, 0, 0),
	  .broken = "sense-resistor-ohms", .min = 1 },
	{ "resistor too large", SENSOR(1, 1000000001, 0),
	  .broken = "sense-resistor-ohms", .min = 1 },
};

KUNIT_ARRAY_PARAM_DESC(range, range_cases, name);

static void range_is(struct kunit *test)
{
	const struct range_case *c = test->param_value;
	struct frontend_circuit circuit;
	struct frontend_broken broken;
	int ret;

	ret = frontend_circuit_init(&circuit, c->kind, c->property, &broken);
	KUNIT_ASSERT_EQ(test, c->broken ? -ERANGE : 0, ret);
	if (!c->broken)
		return;
	KUNIT_EXPECT_TRUE(test, !strcmp(c->broken, broken.property->name));
	KUNIT_EXPECT_EQ(test, c->min, broken.min);
	KUNIT_EXPECT_EQ(test, c->property[broken.property - frontend_properties[c->kind]],
			broken.value);
}

static struct kunit_case circuit_tests[] = {
	KUNIT_CASE_PARAM(value_is, value_gen_params),
	KUNIT_CASE(every_count_of_a_converter),
	KUNIT_CASE_PARAM(range_is, range_gen_params),
	{}
};

struct kunit_suite smallbms_frontend_circuit_suite = {
	.name = "smallbms_frontend_circuit",
	.test_cases = circuit_tests,
};
