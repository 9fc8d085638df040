# SPDX-License-Identifier: GPL-2.0-only
"""Errors that a person can read in a line."""

import sys


class LabError(Exception):
    """The lab cannot go on; the text has the reason and a remedy."""


def finish(main):
    """Exit with the status of a program, or with 2 when it cannot go on."""
    try:
        sys.exit(main())
    except (LabError, OSError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)
