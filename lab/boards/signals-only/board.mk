# SPDX-License-Identifier: GPL-2.0-only
BOARD_signals-only = $(call overlaid,signals-only)
NEEDS_signals-only = $(call OVERLAID_NEEDS,signals-only)
