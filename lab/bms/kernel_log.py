# SPDX-License-Identifier: GPL-2.0-only
"""Error messages of a kernel."""

import re

TROUBLE = re.compile(r"WARNING:|BUG:|INFO: (task|rcu|trying|possible)|ODEBUG:|Oops|"
                     r"Unable to handle|Kernel panic|possible circular|suspicious RCU|"
                     r"inconsistent lock state|Invalid wait context|Call [Tt]race|cut here|"
                     r"unreferenced object|chipselect \d+ already in use")
# The kernel's own data races are not ours to mend.
ELSEWHERE = re.compile(r"BUG: KCSAN: data-race in (?!.*\[smallbms)")


def trouble(log):
    """The lines of a log that say that something is wrong."""
    return [line.strip() for line in log.splitlines()
            if TROUBLE.search(line) and not ELSEWHERE.search(line)]
