# SPDX-License-Identifier: GPL-2.0-only
"""The lab of smallbms: a bank, boards and judges of both."""
