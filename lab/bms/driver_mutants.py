# SPDX-License-Identifier: GPL-2.0-only
"""Change the driver around the rules in simple ways: does a test notice?

Mutants of the rules alone are those of bms.mutants, which need no kernel. These are mutants of
the code that senses, acts, evaluates, reports and sleeps. Each is built as a module. First the
KUnit tests try it on the virtual board, then the scenarios. There are too many mutants to try
all, so a sample is drawn with a seed. A mutant that no test notices needs a test, or a reason
in the file of equivalent mutants. Ends with "N passed, N failed".
"""

import argparse
import collections
import concurrent.futures
import copy
import os
import pathlib
import queue
import random
import re
import shutil
import subprocess
import sys
import threading
import time

import boards
from bms import kernel_log
from bms.errors import LabError
from bms.mutants import Source, read_reasons
from bms.result import finish, report
from bms.run import tried

SOURCES = ("act.c", "bank.c", "causes.c", "core.c", "leds.c", "report.c", "sense.c")
DRIVER = pathlib.Path("drivers/power/supply/smallbms")
KUNIT_S = 600       # of one run of the KUnit tests, on a busy host
FAILED = re.compile(r"^(?:\[[ .\d]+\] *)? *not ok ")
END = "] reboot: "


class Workshop:
    """A place where one mutant at a time is built and tried."""

    def __init__(self, args, folder):
        self.args = args
        self.folder = folder
        self.tree = folder / "modules"
        modules = args.board.modules.parent
        shutil.copytree(modules, self.tree, symlinks=True)
        self.board = copy.copy(args.board)
        self.board.modules = self.tree / "ko"
        self.make = [word.replace(str(modules.resolve()), str(self.tree.resolve()))
                     for word in args.build]

    def build(self):
        """Whether it compiles."""
        if tried(*self.make).returncode:
            return False
        for module in self.tree.rglob("*.ko"):
            if module.parent != self.tree / "ko":
                shutil.copy(module, self.tree / "ko")
        return True

    def kunit(self):
        """Whether a KUnit test fails, or the kernel complains, or does not end."""
        place = self.folder / "kunit"
        shutil.rmtree(place, ignore_errors=True)
        kernel = subprocess.Popen(self.board.kunit(place), stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                  errors="replace")
        late = threading.Timer(KUNIT_S, kernel.kill)
        late.start()
        noticed = ended = False
        for line in kernel.stdout:
            noticed = bool(FAILED.search(line) or kernel_log.trouble(line))
            ended = END in line
            if noticed or ended:
                break
        late.cancel()
        kernel.kill()
        kernel.wait()
        return noticed or not ended

    def scenarios(self):
        """Whether a scenario fails."""
        done = tried(sys.executable, "-m", "bms.play", "--log", self.folder / "scenarios",
                     self.board, *self.args.scenarios)
        return done.returncode != 0

    def verdict(self, mutant):
        """Name of the test that notices a mutant, or None."""
        path = self.tree / DRIVER / mutant.file
        path.unlink()
        path.write_text(mutant.source)
        try:
            if not self.build():
                return "compiler"
            if self.kunit():
                return "KUnit"
            return "scenario" if self.scenarios() else None
        finally:
            path.unlink()
            path.symlink_to((DRIVER / mutant.file).resolve())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=24, help="how many mutants to try")
    parser.add_argument("--seed", default="1", help="which ones are drawn")
    parser.add_argument("--only", default="", help="mutants of lines with this text only")
    parser.add_argument("--scenarios", nargs="+", help="scenarios to play")
    parser.add_argument("board", type=boards.made, help="the virtual one, with its modules")
    for name in ("reasons", "output"):
        parser.add_argument(name, type=pathlib.Path)
    parser.add_argument("build", nargs="+", help="the command that builds the modules")
    args = parser.parse_args()

    reasons = read_reasons(args.reasons)
    mutants = list({mutant.source: mutant for name in SOURCES
                    for mutant in Source(DRIVER / name).mutants()
                    if args.only in mutant.before}.values())
    drawn = random.Random(args.seed).sample(mutants, min(args.count, len(mutants)))
    if not drawn:
        raise LabError(f"no line of {', '.join(SOURCES)} has \"{args.only}\"")
    print(f"{len(drawn)} of {len(mutants)} mutants, SEED={args.seed}; each takes up to a minute",
          flush=True)

    shutil.rmtree(args.output, ignore_errors=True)
    workshops = queue.Queue()
    at_once = os.cpu_count()
    for number in range(at_once):
        folder = args.output / str(number)
        folder.mkdir(parents=True)
        workshops.put(Workshop(args, folder))

    # A test that fails without a mutant would notice every mutant.
    first = workshops.get()
    if not first.build() or first.kunit():
        raise LabError(f"the driver does not pass without a mutant either; see {first.folder}")
    workshops.put(first)

    def judge(mutant):
        workshop = workshops.get()
        try:
            return workshop.verdict(mutant)
        finally:
            workshops.put(workshop)

    begin = time.monotonic()
    noticed = collections.Counter()
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        verdicts = {pool.submit(judge, mutant): mutant for mutant in drawn}
        for number, future in enumerate(concurrent.futures.as_completed(verdicts), 1):
            mutant, verdict = verdicts[future], future.result()
            if not verdict and reasons[mutant.key]:
                verdict = "no test, with a reason"
            noticed[verdict or "no test"] += 1
            failed += not verdict
            print(f"{number:3} {time.monotonic() - begin:5.0f} s  {mutant.file}:{mutant.line}: "
                  f"{verdict or 'NOT NOTICED'}", flush=True)
            if not verdict:
                print(f"    - {mutant.before}\n    + {mutant.after}", flush=True)

    for name, number in noticed.most_common():
        print(f"{number:6} noticed by: {name}")
    return report(len(drawn) - noticed['compiler'] - failed, failed)


if __name__ == "__main__":
    finish(main)
