# SPDX-License-Identifier: GPL-2.0-only
BOARD_raspberry-pi = $(call overlaid,raspberry-pi)
NEEDS_raspberry-pi = $(call OVERLAID_NEEDS,raspberry-pi)
