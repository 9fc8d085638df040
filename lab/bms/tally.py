# SPDX-License-Identifier: GPL-2.0-only
"""Run several tests one after the other and add up their results.

Each ends with "N passed, N failed", perhaps with ", N skipped". A test without that line, or
with another exit status than its counts mean, counts as failed.
"""

import argparse
import subprocess
import sys
import time

from bms.result import RESULT, report


def run(make, target):
    print(f"=== make {target}", flush=True)
    begin = time.monotonic()
    process = subprocess.Popen([make, "--no-print-directory", *target.split()],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               errors="replace")
    counts = [0, 0, 0]
    found = False
    for line in process.stdout:
        print(line, end="", flush=True)
        match = RESULT.match(line)
        if match:
            counts, found = [int(count or 0) for count in match.groups()], True
    status = process.wait()
    if not found or (status == 0) != (counts[1] == 0):
        print(f"make {target}: exit status {status}, "
              + ("which does not fit its counts" if found else "and no \"N passed, N failed\""))
        counts[1] += 1
    return counts, time.monotonic() - begin


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--make", default="make")
    parser.add_argument("target", nargs="+", help="make target, with its variables in one word")
    args = parser.parse_args()

    results = [(target, *run(args.make, target)) for target in args.target]
    print("===")
    for target, (passed, failed, skipped), seconds in results:
        print(f"{passed:6} passed {failed:5} failed {skipped:5} skipped {seconds:7.0f} s  "
              f"make {target}")
    passed, failed, skipped = (sum(counts) for counts in zip(*(counts for _, counts, _ in results)))
    return report(passed, failed, skipped)


if __name__ == "__main__":
    sys.exit(main())
