/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __SMALLBMS_SUITES_H
#define __SMALLBMS_SUITES_H

#include <kunit/test.h>

extern struct kunit_suite smallbms_policy_suite;
extern struct kunit_suite smallbms_settings_suite;
extern struct kunit_suite smallbms_record_suite;
extern struct kunit_suite smallbms_sense_suite;
extern struct kunit_suite smallbms_gauge_suite;
extern struct kunit_suite smallbms_memory_suite;
extern struct kunit_suite smallbms_probe_suite;
extern struct kunit_suite smallbms_report_suite;
extern struct kunit_suite smallbms_faults_suite;

#endif /* __SMALLBMS_SUITES_H */
