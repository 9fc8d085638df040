# SPDX-License-Identifier: GPL-2.0-only
"""How a program of the lab ends: its last line, its exit status, and errors that it cannot mend."""

import re
import subprocess
import sys

from bms.errors import LabError

RESULT = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$")


def report(passed, failed, skipped=0):
    """Print the last line, which bms.tally adds up; the exit status."""
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


def finish(main):
    """Exit with the status of a program, or with 2 when it cannot go on."""
    try:
        sys.exit(main())
    except (LabError, OSError, subprocess.SubprocessError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)
