// SPDX-License-Identifier: GPL-2.0-only
/*
 * Run the driver's own KUnit tests of figures and rules in user space
 *
 * Without an argument it runs all tests and prints each failure. With --first it ends at
 * the first failure, which is enough to know that a mutant is noticed.
 */

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend_suites.h"
#include "suites.h"

#define ALLOCATIONS	64

static jmp_buf stopped;
static bool failed, first_only;
static void *allocated[ALLOCATIONS];
static int allocations;

void *kunit_kzalloc(struct kunit *test, size_t size, int flags)
{
	(void)test;
	(void)flags;
	if (allocations == ALLOCATIONS)
		return NULL;
	return allocated[allocations++] = calloc(1, size);
}

void kunit_fail(const char *file, int line, const char *what, bool stop)
{
	failed = true;
	if (!first_only)
		printf("  %s:%d: %s\n", file, line, what);
	if (stop || first_only)
		longjmp(stopped, 1);
}

static bool passes(const struct kunit_case *c, const void *param)
{
	struct kunit test = { .param_value = param };

	failed = false;
	if (!setjmp(stopped))
		c->run(&test);
	while (allocations)
		free(allocated[--allocations]);
	return !failed;
}

static void run(const struct kunit_suite *suite, int count[2])
{
	char desc[KUNIT_PARAM_DESC_SIZE] = "";
	const struct kunit_case *c;

	for (c = suite->test_cases; c->run; c++) {
		const void *param = c->param ? c->param(NULL, desc) : NULL;

		do {
			bool good = passes(c, param);

			count[good]++;
			if (!good) {
				printf("not ok: %s.%s %s\n", suite->name, c->name, desc);
				if (first_only)
					exit(1);
			}
			param = param ? c->param(param, desc) : NULL;
		} while (param);
		desc[0] = '\0';
	}
}

int main(int argc, char **argv)
{
	int count[2] = {};

	first_only = argc == 2 && !strcmp(argv[1], "--first");
	run(&smallbms_settings_suite, count);
	run(&smallbms_policy_suite, count);
	run(&smallbms_record_suite, count);
	run(&smallbms_frontend_circuit_suite, count);
	printf("%d passed, %d failed\n", count[1], count[0]);
	return count[0] ? 1 : 0;
}
