// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of smallbms
 */

#include <linux/module.h>

#include "compat.h"
#include "suites.h"

kunit_test_suites(&smallbms_policy_suite, &smallbms_settings_suite, &smallbms_sense_suite,
		  &smallbms_gauge_suite, &smallbms_record_suite, &smallbms_memory_suite,
		  &smallbms_probe_suite, &smallbms_report_suite, &smallbms_faults_suite);

MODULE_DESCRIPTION("KUnit tests of smallbms");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
