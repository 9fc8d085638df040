# SPDX-License-Identifier: GPL-2.0-only
"""Errors that a person can read in a line."""


class LabError(Exception):
    """The lab cannot go on; the text has the reason and a remedy."""
