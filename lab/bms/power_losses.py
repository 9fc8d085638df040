# SPDX-License-Identifier: GPL-2.0-only
"""Cut the power of made-up banks at random moments, and judge their memory.

A condition that only an operator ends, and a command of an operator, must outlast a power loss
once it has stood for a second. A load that was connected comes back, and so does charging. A
load that was not comes back at the reconnect level and not below. Many losses come while the
memory is being written. The same seed makes the same banks. One that goes wrong is left as a
file for "make scenarios". Ends with "N passed, N failed".
"""

import argparse
import math
import pathlib
import random

import boards
from bms import invariants, random_scenarios
from bms.pins import TERMINALS, Steps
from bms.product import (HOLD_S, LOAD_LIMIT_A, LOAD_RECONNECT_V, OVER_DISCHARGED_V,
                         PRE_ALARM_END_V, START_S, WARNING_S)
from bms.result import finish

LOSSES = 10             # of each bank
TORN_IN = 25            # one in so many losses must tear a write, or they are badly aimed
STOOD_S = 1.0           # after so long a state must be remembered
STEADY_S = 6.0          # after so long a load that is on must be remembered
SERVICE_S = 60.0        # of good service: the failures of a load count anew
# The first moment after a start at which the driver decides by measurements, the time between such
# moments, and the length of a write. Losses are aimed at them; no judgement depends on them.
START_SCAN_S, SCAN_S, WRITE_S = 0.02, 0.5, 0.09
TICK_S, ACT_S = invariants.TICK_S, invariants.MEASURED_S

RESET = "V=3.30 ILD=0 BR=1 OP=clear OP=loadon OP=chargeon"


class Author:
    """Makes up a bank whose power is cut again and again."""

    SHORTER_PLAYS = 20      # each begins the board several times

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.now = self.begin = 0.0
        self.on = {"load": True, "charge": True}    # as the host has switched them
        self.lines = ["# made up by a machine", "bank measured cells=4 batteries=1 memory=1",
                      "0 PWR=1 V=3.30 BR=1"]

    def then(self, after, text):
        self.now += after
        self.lines.append(f"{self.now:.3f} {text}")

    def switch(self):
        what = self.random.choice(("load", "charge"))
        self.on[what] = not self.on[what]
        self.then(1, f"OP={what}{'on' if self.on[what] else 'off'}")

    def scan(self, after):
        """After some time, the next moment at which measurements may decide something."""
        due = self.now + after - self.begin - START_SCAN_S
        return self.begin + START_SCAN_S + math.ceil(due / SCAN_S) * SCAN_S

    def story(self):
        """Something to remember, and a moment at which it is perhaps being written."""
        chance = self.random
        kind = chance.randrange(10)
        if kind == 0:       # C4
            self.then(1, f"V{chance.randrange(1, 5)}=1.90")
            return self.scan(HOLD_S)
        if kind == 1:       # F5: three failures, 10 s apart
            self.then(1, "ILD=1.5")
            return self.scan(chance.choice((0.5, 11, 21.5, 22, 22.5)))
        if kind == 2:
            self.then(1, "OP=clear")
            return self.now
        if kind < 6:        # R5
            self.switch()
            return self.now
        if kind == 6:       # U2, then a voltage at which only X5 would connect
            self.then(1, "V=2.75")
            if chance.randrange(3):
                self.then(WARNING_S + ACT_S + 0.2, "V=3.16")
                return self.now + chance.uniform(0, 3)
            return self.scan(WARNING_S + chance.uniform(-1, 1))
        if kind == 7:       # R2, and X2 after it
            self.then(1, "V=3.16")
            self.then(chance.uniform(0.2, 3), "BR=0")
            if chance.randrange(2):
                return self.now
            self.then(chance.uniform(0.05, 3), "BR=1")
            return self.scan(chance.uniform(0, 3))
        if kind == 8:       # X5
            self.then(1, f"V={chance.choice((3.05, 3.16, 3.18))}")
            return self.scan(chance.uniform(0, 2))
        return self.scan(5)     # nothing but the start

    def write(self, path):
        chance = self.random
        for _ in range(LOSSES):
            self.now += chance.choice((0.0, 1.0, 2.0, 5.0))
            if chance.randrange(3) == 0:    # a whole write, before one that may be torn
                self.switch()
                self.now += STOOD_S
            at = self.story() + chance.uniform(0, WRITE_S)
            if chance.randrange(4) == 0:
                at += chance.uniform(0.5, 20)
            self.then(max(0.001, at - self.now), "PWR=0")
            if chance.randrange(4) == 0:
                self.then(chance.uniform(0.1, 1), f"V={chance.choice((2.9, 3.16, 3.30))} V1=x "
                          "V2=x V3=x V4=x ILD=0 BR=1")
            self.then(chance.uniform(0.5, 3), "PWR=1")
            self.begin = self.now
            if chance.randrange(2):
                self.then(chance.uniform(3, 6), "V1=x V2=x V3=x V4=x ILD=0 V=3.16")
            if chance.randrange(2):
                self.then(chance.uniform(3, 6), f"V1=x V2=x V3=x V4=x {RESET}")
                self.on = dict.fromkeys(self.on, True)
                self.now += 12
        path.write_text("\n".join([*self.lines, f"{self.now + 20:.3f} end",
                                   random_scenarios.FLOATS_FIRST, ""]))


def is_on(level):
    return level == "1"


class Judge:
    """Judges what a bank has remembered."""

    def __init__(self, scenario, pins):
        self.end = scenario.end
        self.bank = invariants.states(scenario)[0]
        self.load, self.charge, self.alarm = (pins.pin[name] for name in TERMINALS)
        power = Steps(False)
        self.commands = []      # (time, what) that a bank with power was told
        for time, changes in scenario.events:
            for item in changes:
                if item.key == "PWR":
                    power.set(time, item.value)
                    if not time and item.value:
                        power = Steps(True)
            self.commands += [(time, item.value) for item in changes
                              if item.key == "OP" and power.at(time)]
        self.powered = power.spans(bool, self.end)
        self.breaches = []

    def breach(self, rule, text, pin, level, begin, end):
        self.breaches.append(invariants.Breach(
            rule, text, f"expect {pin}={level}@[{begin:.3f},{max(begin, end):.3f}]",
            max(begin, end)))

    def loss_within(self, time, span):
        return any(time < end < time + span for _, end in self.powered if end < self.end)

    def first(self, after, *commands):
        """When was one of these commands given after a time?"""
        return next((time for time, what in self.commands if time > after and what in commands),
                    self.end)

    def floats(self, rule, what, pin, steps, since, until):
        """An output floats from a time until an operator's command, over all power losses."""
        if self.loss_within(since - TICK_S, STOOD_S + TICK_S):
            return
        for on, off in steps.spans(is_on, self.end):
            if on < until and off > since:
                self.breach(rule, f"{what} at {since:.3f} s, and {pin} is driven at "
                            f"{max(on, since):.3f}", pin, "Z", max(on, since), min(off, until))

    def low(self, begin, end, least_v, span):
        """(from, to) of each time within one with power in which a cell is below a level."""
        for low, well in self.bank.spans(lambda state: state.least_v < least_v, self.end):
            if min(well, end) - max(low, begin) > span:
                yield max(low, begin) + span, min(well, end)

    def switched(self):
        for time, what in self.commands:
            if what == "loadoff":
                self.floats("R5", "switched off", "LD", self.load, time + TICK_S,
                            self.first(time, "loadon"))
            elif what == "chargeoff":
                self.floats("R5", "charging is forbidden", "CD", self.charge, time + TICK_S,
                            self.first(time, "chargeon"))

    def damaged(self):
        for begin, end in self.powered:
            for since, _ in self.low(begin, end, OVER_DISCHARGED_V, START_S + ACT_S):
                self.floats("C4", "a damaged cell", "CD", self.charge, since,
                            self.first(since, "clear"))

    def overloaded(self):
        for begin, end in self.powered:
            failures, last = 0, None
            for on, off in self.load.spans(is_on, self.end):
                since = self.bank.since(off, lambda state: state.load_a > LOAD_LIMIT_A)
                if not begin <= on < end or off >= end or since is None or \
                        off - max(on, since) < HOLD_S:
                    continue
                if last and (off - on > SERVICE_S or self.first(last, "clear") < off):
                    failures = 0
                failures, last = failures + 1, off
                if failures == 3:
                    self.floats("F5", "the third overload", "LD", self.load, off,
                                self.first(off, "clear"))

    def was_on(self, number):
        """Could the load have been connected, and nothing forbid it, before this power-on?"""
        if not number:
            return False
        begin, end = self.powered[number - 1]
        for on, off in self.load.spans(is_on, self.end):
            # A cut is announced long before, so the memory never misses it.
            if begin < off and on < end and (off >= end or off >= end - STOOD_S and
                                             self.alarm.since(off, is_on) is None):
                return True
        if any(begin <= time < end for time, _ in self.load.edges("1")):
            return False
        return self.was_on(number - 1)

    def connections(self):
        """U4, X2, X5: below the reconnect level only a load that was connected comes back."""
        for number, (begin, end) in enumerate(self.powered):
            edges = [time for time, _ in self.load.edges("1") if begin <= time < end]
            for time in edges:
                low = self.bank.since(time, lambda state: state.least_v < LOAD_RECONNECT_V)
                if low is None or time - low < ACT_S or time - edges[0] and \
                        self.told(time, "loadon", "clear"):
                    continue
                if time > edges[0] or not self.was_on(number):
                    self.breach("X5", f"the load comes back at {time:.3f} s, below the reconnect "
                                "level", "LD", "Z", time, time)

    def told(self, time, *commands):
        return any(time - ACT_S < at <= time and what in commands for at, what in self.commands)

    def comes_back(self):
        """X5, X3: an output that was on comes on again, if all is well."""
        def well(state):
            return state.least_v > PRE_ALARM_END_V + 0.01 and state.remote and not state.load_a

        for (_, off), (begin, end) in zip(self.powered, self.powered[1:]):
            at = begin + START_S + TICK_S
            since = self.bank.since(at, well)
            if at >= end or since is None or since > off - STEADY_S:
                continue
            for pin, steps, what in (("LD", self.load, "load"), ("CD", self.charge, "charge")):
                driven = steps.since(off, is_on)
                if driven is None or driven > off - STEADY_S or steps.at(at) == "1" or \
                        any(off - STEADY_S < time < at and command.startswith((what, "clear"))
                            for time, command in self.commands):
                    continue
                self.breach("X5", f"on until {off:.3f} s, and not at {at:.3f} s", pin, "1", at,
                            at)

    def judge(self):
        self.switched()
        self.damaged()
        self.overloaded()
        self.connections()
        self.comes_back()
        return self.breaches


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--losses", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("board", type=boards.made)
    parser.add_argument("output", type=pathlib.Path)
    args = parser.parse_args()
    if args.losses <= 0:
        parser.error(f"LOSSES={args.losses} is not more than 0")
    return random_scenarios.play_all(args, max(1, round(args.losses / LOSSES)), "power-losses",
                                     Author, Judge, args.losses // TORN_IN)


if __name__ == "__main__":
    finish(main)
