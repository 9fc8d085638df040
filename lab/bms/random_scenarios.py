# SPDX-License-Identifier: GPL-2.0-only
"""Play made-up scenarios against the driver, and judge the pins in each.

The same seed makes the same scenarios. One that goes wrong is left as a file for "make
scenarios", with the expectation that it missed, and beside it the few lines of it that go wrong
in the same way. Ends with "N passed, N failed".
"""

import argparse
import concurrent.futures
import math
import pathlib
import random
import shutil
import time

import boards
from bms import invariants
from bms import scenario as language
from bms.errors import LabError
from bms.pins import TERMINALS
from bms.progress import Progress
from bms.result import finish, report

# A scenario lasts so long, if the hours allow it.
SCENARIO_H = 5.0
LARGE_EVERY = 10        # one in so many banks is as large as it may be

VOLTS = (1.90, 2.05, 2.70, 2.795, 2.805, 2.90, 3.05, 3.095, 3.105, 3.125, 3.135, 3.15, 3.195,
         3.205, 3.25, 3.30, 3.40, 3.55, 3.595, 3.605, 3.70, 3.745, 3.755, 3.80)
AMPERES = (0.0, 0.5, 0.99, 1.02, 1.5)
DEGREES = (-30.0, -5.0, 4.9, 5.1, 6.9, 7.1, 15.0, 25.0, 40.0, 47.9, 48.1, 49.9, 50.1, 60.0)
FLOATS_FIRST = "expect LD=Z@[0,0.01]"
# Times after which something is due: the next event comes just before or just after.
MOMENTS_S = (0.02, 0.5, 0.6, 1.25, 5.0, 10.0, 30.0, 30.6, 35.0, 60.0)


class Author:
    """Makes up one scenario."""

    SHORTER_PLAYS = 200     # to find the lines that matter

    def __init__(self, seed, hours):
        self.random = random.Random(seed)
        self.end = hours * 3600
        self.odd = {"V": 0, "T": 0}         # the cell and the battery that are not as the others
        # No operator is there, so most banks are spared the states that only one clears.
        self.volts = VOLTS if self.one_in(5) else VOLTS[1:]
        self.amperes = AMPERES if self.one_in(5) else AMPERES[:3]

    def one_in(self, count):
        return self.random.randrange(count) == 0

    def bank(self):
        self.kind = self.random.choice(("measured", "measured", "signals", "both"))
        large = self.one_in(LARGE_EVERY)
        self.cells = 160 if large else self.random.choice((4, 8, 16))
        self.batteries = 20 if large else self.random.randrange(1, 5)
        return f"bank {self.kind}" + ("" if self.kind == "signals" else
                                      f" cells={self.cells} batteries={self.batteries}")

    def quantity(self, key, count, values):
        """All of one kind, and one of them that is not as the others."""
        last, self.odd[key] = self.odd[key], self.random.randrange(1, count + 1)
        words = [f"{key}{last}=x"] if last and last != self.odd[key] else []
        most = self.random.choice(values)
        return words + [f"{key}={most}", f"{key}{self.odd[key]}={self.random.choice(values)}"]

    def healthy(self):
        words = ["BR=1", "LOOP=ok"]
        if self.kind != "measured":
            words += ["ATD=1", "ATC=1", "BPA=0"]
        if self.kind != "signals":
            words += ["SENS=ok", "TS=ok", "SUP=26", "ILD=0", "V=3.3", "T=25"]
            words += [f"{key}{odd}=x" for key, odd in self.odd.items() if odd]
            self.odd = {"V": 0, "T": 0}
        return words

    def lines(self):
        key, values = self.random.choice((("BR", "01"), ("LOOP", ("ok", "open"))))
        return [f"{key}={self.random.choice(values)}"]

    def signals(self):
        return [f"{self.random.choice(('ATD', 'ATC', 'BPA'))}={self.random.randrange(2)}"]

    def measurements(self):
        what = self.random.randrange(12)
        if what < 6:
            return self.quantity("V", self.cells, self.volts)
        if what < 8:
            return self.quantity("T", self.batteries, DEGREES)
        if what == 8:
            return [f"SENS={self.random.choice(('ok', 'err'))}"]
        if what == 9:
            return [f"TS={self.random.choice(('ok', 'open'))}"]
        if what == 10:
            return [f"SUP={self.random.choice((7.9, 8.1, 12.0, 26.0, 69.9, 70.1))}"]
        return [f"ILD={self.random.choice(self.amperes)}"]

    def setting(self):
        return [self.random.choice((
            f"cfg.uv={self.random.choice((2.5, 2.6, 2.7, 2.8, 2.9))}",
            f"cfg.pre={self.random.choice((2.8, 2.85, 3.0, 3.1, 3.15, 3.2))}",
            f"cfg.tmin={self.random.choice((-20, -10, 0, 5, 20, 21))}",
            f"cfg.keepcharge={self.random.randrange(2)}"))]

    def happens(self):
        if self.one_in(3):
            return self.healthy()
        if self.one_in(12) and self.kind != "signals":
            return self.setting()
        choices = [self.lines]
        if self.kind != "measured":
            choices += [self.signals] * 3
        if self.kind != "signals":
            choices += [self.measurements] * 5
        return self.random.choice(choices)()

    def gap(self):
        """The time to the next event: mostly short, sometimes long."""
        if self.one_in(3):
            return max(0.01, self.random.choice(MOMENTS_S) + self.random.gauss(0, 0.1))
        if self.one_in(20):
            return self.random.uniform(60, 1000)
        return 10 ** self.random.uniform(-2, 1.6)

    def write(self, path):
        lines = ["# made up by a machine", self.bank()]
        noise = ""
        if self.kind != "signals":
            noise = self.random.choice(("", "", " NV=0.002", " NV=0.004 NT=0.5"))
        now = 0.0
        lines.append("0 PWR=1 " + " ".join(self.healthy()) + noise)
        while (now := now + self.gap()) < self.end:
            lines.append(f"{now:.3f} {' '.join(self.happens())}")
        lines += [f"{self.end:.0f} end", FLOATS_FIRST, ""]
        path.write_text("\n".join(lines))


def judged(path, board, judge):
    """Play a scenario: (scenario, pins, breaches of rules, what else is wrong)."""
    scenario = language.read(path)
    folder = path.with_suffix("")
    pins, complaints = board.play(scenario, folder)
    wrong = [why for _, why in language.judge(scenario, pins) if why]
    wrong += [f"the kernel complains: {line}; {folder}" for line in complaints]
    return scenario, pins, judge(scenario, pins).judge(), wrong


def fewest(lines, fails):
    """Leave out all lines that can be spared, as long as the rest still fails."""
    size = len(lines)
    while size:
        at = 0
        while at < len(lines):
            less = lines[:at] + lines[at + size:]
            if fails(less):
                lines = less
            else:
                at += size
        size //= 2
    return lines


def shorten(path, breach, board, judge, most_plays):
    """Write the few lines of a scenario that break the same rule; the path of these."""
    short = path.with_name(f"{path.stem}-short.scn")
    note, bank, begin, *lines = path.read_text().splitlines()
    # Whatever comes after the breach does not matter.
    end = math.ceil(breach.end) + 1
    lines = [line for line in lines if line[0].isdigit() and float(line.split()[0]) < end]
    plays = 0

    def write(lines, expected):
        short.write_text("\n".join([note, bank, begin, *lines, f"{end} end", expected, ""]))

    def fails(lines):
        nonlocal plays
        plays += 1
        if plays > most_plays:
            return False
        write(lines, FLOATS_FIRST)
        breaches = judged(short, board, judge)[2]
        return next((item for item in breaches if item.rule == breach.rule), None)

    lines = fewest(lines, fails)
    plays = 0
    again = fails(lines)
    write(lines, again.expectation if again else breach.expectation)
    shutil.rmtree(short.with_suffix(""))
    return short


def play(path, author, board, judge):
    """Make up, play and judge a scenario: (scenario, log of the pins, what is wrong)."""
    author.write(path)
    scenario, pins, breaches, others = judged(path, board, judge)
    folder = path.with_suffix("")
    wrong = [f"{item.rule}: {item.text}" for item in breaches] + others
    if wrong:
        pins.write(path.with_suffix(".csv"))
        if breaches:
            scenario.path = shorten(path, breaches[0], board, judge, author.SHORTER_PLAYS)
        with path.open("a") as file:
            file.writelines(f"{item.expectation}\n" for item in breaches)
    else:
        path.unlink()
        shutil.rmtree(folder)
    return scenario, pins, wrong


def play_all(args, count, name, author, judge, least_torn=0):
    """Play so many banks, each by an author with a seed of its own; gives an exit status."""
    shutil.rmtree(args.output, ignore_errors=True)
    args.output.mkdir(parents=True)
    begin, progress = time.monotonic(), Progress()
    failed, torn = 0, 0
    sums = dict.fromkeys(TERMINALS, 0)
    hours, changes = 0.0, 0
    with concurrent.futures.ThreadPoolExecutor(args.board.AT_ONCE) as pool:
        done = [pool.submit(play, args.output / f"{name}-{args.seed}-{number}.scn",
                            author(f"{args.seed}-{number}"), args.board, judge)
                for number in range(1, count + 1)]
        for number, future in enumerate(concurrent.futures.as_completed(done), 1):
            try:
                scenario, pins, wrong = future.result()
            except LabError as error:
                progress.tell(f"not ok: {error}")
                failed += 1
                continue
            hours += scenario.end / 3600
            changes += len(scenario.events)
            torn += pins.torn
            for pin in sums:
                sums[pin] += len(pins.pin[pin].edges())
            if wrong:
                failed += 1
                progress.tell(f"not ok: {scenario.name}: {wrong[0]}"
                              + (f", and {len(wrong) - 1} more" if wrong[1:] else "")
                              + f"\n      make scenarios SCENARIOS={scenario.path}")
            progress.show(f"{number} of {count}, {hours:.0f} hours in "
                          f"{time.monotonic() - begin:.0f} s")
    if torn < least_torn:
        progress.tell(f"not ok: {torn} writes of the memory torn; at least {least_torn} are "
                      "needed to show anything")
        count, failed = count + 1, failed + 1
    progress.tell(f"seed {args.seed}: {hours:.0f} hours of {count} banks in "
                  f"{time.monotonic() - begin:.0f} s; {changes} changes from outside; edges: "
                  + ", ".join(f"{name} {number}" for name, number in sums.items())
                  + (f"; {torn} writes of the memory torn" if torn else ""))
    return report(count - failed, failed)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, required=True, help="of virtual time, in all")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("board", type=boards.made)
    parser.add_argument("output", type=pathlib.Path)
    args = parser.parse_args()
    if args.hours <= 0:
        parser.error(f"HOURS={args.hours:g} is not more than 0")
    return play_all(args, max(1, round(args.hours / SCENARIO_H)), "random",
                    lambda seed: Author(seed, min(SCENARIO_H, args.hours)), invariants.Judge)


if __name__ == "__main__":
    finish(main)
