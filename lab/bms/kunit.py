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

from bms import kernel_log
from boards.npcm750.board import MACHINE
from boards.uml import board as uml

COUNTS = re.compile(r"Ran (\d+) tests: (.*)")
# Each module of tests has a report of its own, and kunit.py reads but one.
REPORT = re.compile(r"\] KTAP version")
NOT_LOADED = re.compile(r"^(player: cannot|insmod: ).*", re.MULTILINE)
# Older kernels do not know the second, and run a module's tests in any case.
FILTER = ("kunit.enable=1", "kunit.autorun=1", "kunit.filter_glob=smallbms_*")

# Any allocation may be told to fail, and says nothing when it does.
FAILSLAB = "/sys/kernel/debug/failslab"
SCRIPT = (f"0 write {FAILSLAB}/ignore-gfp-wait N", f"0 write {FAILSLAB}/verbose 0",
          "0 insmod /lib/smallbms.ko", "0 insmod /lib/smallbms_kunit.ko",
          "0 insmod /lib/smallbms-frontend.ko", "0 insmod /lib/smallbms-frontend-kunit.ko")


def on_npcm750(args):
    """On both boards the tests are a module, which the first process loads."""
    parameters = ("console=ttyS0,115200", "panic=-1", *FILTER)
    return [*MACHINE, "-serial", "stdio", "-kernel", args.kernel, "-initrd", args.initramfs,
            "-dtb", args.devicetree, "-append", " ".join(parameters)]


def on_pc(args):
    """Without ACPI, one processor is found in each socket."""
    parameters = ("console=ttyS0,115200", "panic=-1", *FILTER)
    return ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-smp", "2,sockets=2",
            "-m", "1024",
            "-nodefaults", "-display", "none", "-no-reboot", "-serial", "stdio",
            "-kernel", args.kernel, "-initrd", args.initramfs, "-append", " ".join(parameters)]


def on_uml(args):
    folder = args.log.with_suffix("")
    folder.mkdir(exist_ok=True)
    return uml.command(uml.Files(args.kernel, args.modules, args.root), folder, SCRIPT,
                       *FILTER)


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
    boards = parser.add_subparsers(required=True)
    board = boards.add_parser("npcm750")
    board.set_defaults(command=on_npcm750)
    for name in ("kernel", "initramfs", "devicetree"):
        board.add_argument(name)
    board = boards.add_parser("pc")
    board.set_defaults(command=on_pc)
    for name in ("kernel", "initramfs"):
        board.add_argument(name)
    board = boards.add_parser("uml")
    board.set_defaults(command=on_uml)
    for name in ("kernel", "modules", "root"):
        board.add_argument(name, type=pathlib.Path)
    args = parser.parse_args()

    args.log.parent.mkdir(parents=True, exist_ok=True)
    kernel = subprocess.Popen(args.command(args), stdin=subprocess.DEVNULL,
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
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
