# SPDX-License-Identifier: GPL-2.0-only
BOARD_i2c-expander = $(call overlaid,i2c-expander)
NEEDS_i2c-expander = $(call OVERLAID_NEEDS,i2c-expander)
