/* SPDX-License-Identifier: GPL-2.0-only */
/* As much of KUnit as the tests of the policy and the settings need, for user space */
#ifndef _KUNIT_TEST_H
#define _KUNIT_TEST_H

#include <linux/compiler.h>
#include <linux/types.h>

#define KUNIT_PARAM_DESC_SIZE	128
#define GFP_KERNEL		0

struct kunit {
	const void *param_value;
};

struct kunit_case {
	const char *name;
	void (*run)(struct kunit *test);
	const void *(*param)(const void *previous, char *desc);
};

struct kunit_suite {
	const char *name;
	struct kunit_case *test_cases;
};

void *kunit_kzalloc(struct kunit *test, size_t size, int flags);
void kunit_fail(const char *file, int line, const char *what, bool stop);

#define KUNIT_CASE(_run)		{ .name = #_run, .run = _run }
#define KUNIT_CASE_SLOW(_run)		KUNIT_CASE(_run)
#define KUNIT_CASE_PARAM(_run, _param)	{ .name = #_run, .run = _run, .param = _param }

#define KUNIT_PARAMS(_name, _array, _describe)				\
	static const void *_name##_gen_params(const void *previous, char *desc) \
	{								\
		__typeof__((_array)[0]) *next = previous ?		\
			(__typeof__((_array)[0]) *)previous + 1 : (_array); \
									\
		if (next - (_array) >= ARRAY_SIZE(_array))		\
			return NULL;					\
		_describe;						\
		return next;						\
	}
#define KUNIT_ARRAY_PARAM(_name, _array, _desc)				\
	KUNIT_PARAMS(_name, _array, _desc(next, desc))
#define KUNIT_ARRAY_PARAM_DESC(_name, _array, _member)			\
	KUNIT_PARAMS(_name, _array, strscpy(desc, next->_member, KUNIT_PARAM_DESC_SIZE))

#define KUNIT_JUDGE(_test, _holds, _stop)				\
	do {								\
		(void)(_test);						\
		if (!(_holds))						\
			kunit_fail(__FILE__, __LINE__, #_holds, _stop);	\
	} while (0)

#define KUNIT_EXPECT_TRUE(test, a)		KUNIT_JUDGE(test, a, false)
#define KUNIT_EXPECT_FALSE(test, a)		KUNIT_JUDGE(test, !(a), false)
#define KUNIT_EXPECT_EQ(test, a, b)		KUNIT_JUDGE(test, (a) == (b), false)
#define KUNIT_EXPECT_GE(test, a, b)		KUNIT_JUDGE(test, (a) >= (b), false)
#define KUNIT_EXPECT_LE(test, a, b)		KUNIT_JUDGE(test, (a) <= (b), false)
#define KUNIT_EXPECT_TRUE_MSG(test, a, ...)	KUNIT_JUDGE(test, a, false)
#define KUNIT_EXPECT_FALSE_MSG(test, a, ...)	KUNIT_JUDGE(test, !(a), false)
#define KUNIT_EXPECT_EQ_MSG(test, a, b, ...)	KUNIT_JUDGE(test, (a) == (b), false)
#define KUNIT_EXPECT_GE_MSG(test, a, b, ...)	KUNIT_JUDGE(test, (a) >= (b), false)
#define KUNIT_EXPECT_LE_MSG(test, a, b, ...)	KUNIT_JUDGE(test, (a) <= (b), false)
#define KUNIT_ASSERT_TRUE(test, a)		KUNIT_JUDGE(test, a, true)
#define KUNIT_ASSERT_FALSE(test, a)		KUNIT_JUDGE(test, !(a), true)
#define KUNIT_ASSERT_EQ(test, a, b)		KUNIT_JUDGE(test, (a) == (b), true)
#define KUNIT_ASSERT_NOT_NULL(test, a)		KUNIT_JUDGE(test, a, true)
#define KUNIT_ASSERT_EQ_MSG(test, a, b, ...)	KUNIT_JUDGE(test, (a) == (b), true)
#define KUNIT_ASSERT_GT_MSG(test, a, b, ...)	KUNIT_JUDGE(test, (a) > (b), true)

#endif /* _KUNIT_TEST_H */
