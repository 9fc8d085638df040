# SPDX-License-Identifier: GPL-2.0-only
"""What goes wrong and can be told to a person in a line."""

import sys


class LabError(Exception):
    """The lab cannot go on; the text says what and what to do."""


def finish(main):
    """Exit with what a program says, or with 2 when it cannot go on."""
    try:
        sys.exit(main())
    except (LabError, OSError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)
