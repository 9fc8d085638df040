# SPDX-License-Identifier: GPL-2.0-only
"""Run the KUnit tests on a board; the kernel's own kunit.py reads its log.

Ends with "N passed, N failed". A kernel that complains, or never comes to an end, is a
failure too.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import threading

import boards
from bms import kernel_log
from bms.result import report

COUNTS = re.compile(r"Ran (\d+) tests: (.*)")
# Each module of tests has a report of its own, and kunit.py reads but one.
REPORT = re.compile(r"\] KTAP version")
NOT_LOADED = re.compile(r"^(player: cannot|insmod: ).*", re.MULTILINE)


class Report:
    """The report of one module of tests, parsed by the kernel's own kunit.py and shown."""

    def __init__(self, kunit):
        self.reader = subprocess.Popen([sys.executable, str(kunit), "parse"],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.counts = ()
        self.begun = False
        self.shower = threading.Thread(target=self.show)
        self.shower.start()

    def show(self):
        for line in self.reader.stdout:
            print(line, end="", flush=True)
            self.counts = COUNTS.findall(line) or self.counts

    def add(self, text):
        self.begun = self.begun or bool(REPORT.search(text))
        if self.reader.poll() is None:
            self.reader.stdin.write(text)
            self.reader.stdin.flush()

    def end(self):
        self.reader.stdin.close()
        self.shower.join()
        self.reader.wait()

    @property
    def ran(self):
        return int(self.counts[0][0]) if self.counts else 0

    @property
    def passed(self):
        found = re.search(r"passed: (\d+)", self.counts[0][1]) if self.counts else None
        return int(found[1]) if found else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--timeout", type=float, default=1800, help="seconds for all of it")
    parser.add_argument("kunit", type=pathlib.Path, help="kunit.py of a kernel tree")
    parser.add_argument("log", type=pathlib.Path, help="file for the kernel log")
    parser.add_argument("board", type=boards.made)
    args = parser.parse_args()

    args.log.parent.mkdir(parents=True, exist_ok=True)
    kernel = subprocess.Popen(args.board.kunit(args.log.with_suffix("")), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    late = threading.Timer(args.timeout, kernel.kill)
    late.start()

    reports = [Report(args.kunit)]
    begun = False
    with args.log.open("wb") as log:
        for line in kernel.stdout:
            log.write(line)
            log.flush()
            text = line.decode(errors="replace")
            # At boot KUnit says that nothing is built in.
            begun = begun or "module taints kernel" in text
            if begun:
                if REPORT.search(text) and reports[-1].begun:
                    reports[-1].end()
                    reports.append(Report(args.kunit))
                reports[-1].add(text)
            if "] reboot: " in text:
                break
    reports[-1].end()
    kernel.kill()
    kernel.wait()
    in_time = late.is_alive()
    late.cancel()

    ran = sum(report.ran for report in reports)
    passed = sum(report.passed for report in reports)
    failed = ran - passed       # a skipped test has not passed
    said = args.log.read_text(errors="replace")
    for problem in kernel_log.trouble(said)[:5]:
        print(f"The kernel complains: {problem}")
        failed += 1
    for problem in NOT_LOADED.finditer(said):
        print(f"Not loaded: {problem[0].strip()}")
        failed += 1
    if not in_time:
        print(f"The kernel has not come to an end within {args.timeout:.0f} s.")
        failed += 1
    if not all(report.ran for report in reports):
        print(f"No test ran; the kernel log: {args.log}")
        failed += 1
    if any(report.reader.returncode for report in reports) and not failed:
        failed = 1
    return report(passed, failed)


if __name__ == "__main__":
    sys.exit(main())
