// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's own driver of dividers and sensors, as a module for the virtual board */
#include <../drivers/iio/afe/iio-rescale.c>
