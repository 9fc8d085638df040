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

from bms import kernel_log, virtual
from bms.board import MACHINE

COUNTS = re.compile(r"Ran (\d+) tests: (.*)")
# Older kernels do not know the second, and run a module's tests in any case.
FILTER = ("kunit.enable=1", "kunit.autorun=1", "kunit.filter_glob=smallbms_*")

# Any allocation may be told to fail, and says nothing when it does.
FAILSLAB = "/sys/kernel/debug/failslab"
SCRIPT = (f"0 write {FAILSLAB}/ignore-gfp-wait N", f"0 write {FAILSLAB}/verbose 0",
          "0 insmod /lib/smallbms.ko", "0 insmod /lib/smallbms_test.ko")


def emulated(args):
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


def on_virtual(args):
    folder = args.log.with_suffix("")
    folder.mkdir(exist_ok=True)
    return virtual.command(virtual.Files(args.kernel, args.modules, args.root), folder, SCRIPT,
                           *FILTER)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--timeout", type=float, default=1800, help="seconds for all of it")
    parser.add_argument("kunit", type=pathlib.Path, help="kunit.py of a kernel tree")
    parser.add_argument("log", type=pathlib.Path, help="file for the kernel log")
    boards = parser.add_subparsers(required=True)
    board = boards.add_parser("emulated")
    board.set_defaults(command=emulated)
    for name in ("kernel", "initramfs", "devicetree"):
        board.add_argument(name)
    board = boards.add_parser("pc")
    board.set_defaults(command=on_pc)
    for name in ("kernel", "initramfs"):
        board.add_argument(name)
    board = boards.add_parser("virtual")
    board.set_defaults(command=on_virtual)
    for name in ("kernel", "modules", "root"):
        board.add_argument(name, type=pathlib.Path)
    args = parser.parse_args()

    args.log.parent.mkdir(parents=True, exist_ok=True)
    kernel = subprocess.Popen(args.command(args), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    reader = subprocess.Popen([sys.executable, str(args.kunit), "parse"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    late = threading.Timer(args.timeout, kernel.kill)
    late.start()

    counts = []

    def show():
        for line in reader.stdout:
            print(line, end="", flush=True)
            counts.extend(COUNTS.findall(line))

    shower = threading.Thread(target=show)
    shower.start()
    begun = False
    with args.log.open("wb") as log:
        for line in kernel.stdout:
            log.write(line)
            log.flush()
            text = line.decode(errors="replace")
            # At boot KUnit says that nothing is built in.
            begun = begun or "module taints kernel" in text
            if begun and reader.poll() is None:
                reader.stdin.write(text)
                reader.stdin.flush()
            if "] reboot: " in text:
                break
    reader.stdin.close()
    shower.join()
    kernel.kill()
    kernel.wait()
    reader.wait()
    in_time = late.is_alive()
    late.cancel()

    ran = int(counts[-1][0]) if counts else 0
    found = re.search(r"passed: (\d+)", counts[-1][1]) if counts else None
    passed = int(found[1]) if found else 0
    failed = ran - passed       # what is skipped has not passed
    for problem in kernel_log.trouble(args.log.read_text(errors="replace"))[:5]:
        print(f"The kernel complains: {problem}")
        failed += 1
    if not in_time:
        print(f"The kernel has not come to an end within {args.timeout:.0f} s.")
        failed += 1
    if not ran:
        print(f"No test ran; the kernel log: {args.log}")
        failed += 1
    if reader.returncode and not failed:
        failed = 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
