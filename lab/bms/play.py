# SPDX-License-Identifier: GPL-2.0-only
"""Play scenario files against the driver and judge the pins.

Writes NAME.csv for each into the folder of logs. Ends with "N passed, N failed".
Exit status: 0 all passed, 1 some failed, 2 a file or the lab is at fault.
"""

import argparse
import concurrent.futures
import math
import pathlib
import shutil
import signal
import sys
import tempfile
import time

import boards
from bms import scenario as language
from bms.errors import LabError
from bms.progress import Progress
from bms.result import report

ATTEMPTS = 3
LOOK_S = 1.0


class Player:
    """Plays on one kind of board."""

    def __init__(self, log, board):
        self.log = log
        self.board = board
        self.halted = False
        self.begun = {}     # scenarios that are being played, and since when

    def halt(self, *_):
        self.halted = True
        self.board.interrupt()

    def play(self, scenario):
        folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{scenario.name}-", dir=self.log))
        begin = self.begun[scenario.name] = time.monotonic()
        try:
            pins, complaints = self.board.play(scenario, folder)
        except (LabError, OSError) as error:
            return [str(error)], None, time.monotonic() - begin
        finally:
            del self.begun[scenario.name]
        pins.write(self.log / f"{scenario.name}.csv")
        if scenario.files:
            pins.write_samples(self.log / f"{scenario.name}.sys.csv")
        failures = [f"{scenario.path}:{item.line}: {item.text}\n      {why}"
                    for item, why in language.judge(scenario, pins) if why]
        failures += [f"the kernel complains: {line}; {folder}" for line in complaints[:3]]
        if not failures:
            shutil.rmtree(folder)
        return failures, pins.doubt, time.monotonic() - begin

    def progress(self, scenarios):
        """The scenarios that are being played, and their progress."""
        now = time.monotonic()
        ends = {scenario.name: f"/{scenario.end:.0f}" if self.board.REAL_TIME else ""
                for scenario in scenarios}
        return ", ".join(f"{name} {now - begin:.0f}{ends[name]} s"
                         for name, begin in self.begun.copy().items())


def unplayable(scenario, args):
    """Why a scenario is skipped, or None."""
    if args.board.REAL_TIME and scenario.end > args.limit:
        return (f"lasts {scenario.end:g} s, more than the limit of {args.limit:g} s; "
                f"LIMIT={math.ceil(scenario.end)} lifts it")
    return args.board.unplayable(scenario)


def play_all(player, scenarios):
    """Play scenarios, the longest first, and print each result; the number that failed.

    A scenario that fails on a busy host is played again, after the others.
    """
    width = max((len(scenario.name) for scenario in scenarios), default=0)
    attempts = dict.fromkeys((scenario.name for scenario in scenarios), 1)
    failed = 0
    progress = Progress()
    with concurrent.futures.ThreadPoolExecutor(player.board.AT_ONCE) as pool:
        left = {pool.submit(player.play, scenario): scenario
                for scenario in sorted(scenarios, key=lambda scenario: -scenario.end)}
        while left and not player.halted:
            ended, _ = concurrent.futures.wait(left, LOOK_S,
                                               concurrent.futures.FIRST_COMPLETED)
            for future in ended:
                scenario = left.pop(future)
                failures, doubt, seconds = future.result()
                word = "FAIL" if failures else "ok"
                if failures and doubt and attempts[scenario.name] < ATTEMPTS:
                    word = "again"
                    attempts[scenario.name] += 1
                    left[pool.submit(player.play, scenario)] = scenario
                progress.tell(f"{word:<6}{scenario.name:<{width}} {scenario.end:9.1f} s in "
                              f"{seconds:5.2f} s  {scenario.title}")
                if failures and doubt:
                    failures.append(doubt)
                for failure in failures:
                    print(f"      {failure}", flush=True)
                failed += word == "FAIL"
            if left:
                progress.show(f"{len(left)} left: {player.progress(left.values())}")
        pool.shutdown(cancel_futures=True)
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--log", type=pathlib.Path, required=True, help="folder for NAME.csv")
    parser.add_argument("--limit", type=float, default=math.inf,
                        help="skip scenarios that last longer, in seconds of real time")
    parser.add_argument("--leaks", action="store_true",
                        help="look for leaks of memory too, on the virtual board")
    parser.add_argument("board", type=boards.made)
    parser.add_argument("scenario", nargs="+", help="files or folders")
    args = parser.parse_args()
    if args.leaks:
        if not hasattr(args.board, "leaks"):
            parser.error(f"{args.board.name} does not look for leaks")
        args.board.leaks = True

    try:
        scenarios = [language.read(path) for path in language.find(args.scenario)]
        args.log.mkdir(parents=True, exist_ok=True)
        for scenario in scenarios:
            for ending in ("csv", "sys.csv"):
                (args.log / f"{scenario.name}.{ending}").unlink(missing_ok=True)
    except LabError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{args.log}: {error.strerror}", file=sys.stderr)
        return 2

    player = Player(args.log, args.board)
    # A signal that ends this program ends the boards too. An exception out of a handler could
    # leave a lock behind that the players wait for.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, player.halt)

    skipped = {scenario.name: reason for scenario in scenarios
               if (reason := unplayable(scenario, args))}
    for name, reason in skipped.items():
        print(f"skip {name}: {reason}", flush=True)
    scenarios = [scenario for scenario in scenarios if scenario.name not in skipped]

    begin = time.monotonic()
    failed = play_all(player, scenarios)
    if player.halted:
        print("\nInterrupted.", file=sys.stderr)
        return 2
    print(f"{sum(scenario.end for scenario in scenarios) / 3600:.2f} hours of a bank's life in "
          f"{time.monotonic() - begin:.1f} s; logs: {args.log}")
    if skipped:
        print(f"{len(skipped)} skipped")
    if not scenarios:
        print("not ok: nothing is played, because the board can play none of them")
        return report(0, 1)
    return report(len(scenarios) - failed, failed)


if __name__ == "__main__":
    sys.exit(main())
