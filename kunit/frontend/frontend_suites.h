/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __SMALLBMS_FRONTEND_SUITES_H
#define __SMALLBMS_FRONTEND_SUITES_H

#include <kunit/test.h>

extern struct kunit_suite smallbms_frontend_circuit_suite;
extern struct kunit_suite smallbms_frontend_suite;

#endif /* __SMALLBMS_FRONTEND_SUITES_H */
