// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's own driver, which its configuration leaves out */
#include "generic-adc-battery.c"
