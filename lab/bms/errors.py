# SPDX-License-Identifier: GPL-2.0-only
"""What goes wrong and can be told to a person in a line."""

import sys


class BenchError(Exception):
    """The bench cannot go on; the text says what and what to do."""


def finish(main):
    """Exit with what a program says, or with 2 when it cannot go on."""
    try:
        sys.exit(main())
    except (BenchError, OSError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)
