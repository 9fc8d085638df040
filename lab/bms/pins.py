# SPDX-License-Identifier: GPL-2.0-only
"""Logs of the pins, and of other values that change in steps."""

import bisect
import csv
from dataclasses import dataclass


@dataclass(frozen=True)
class Output:
    """An output of a bank."""

    name: str
    line: int = None        # of a board's chip
    node: str = ""          # its property in the bank's node, without "-gpios"
    floats: str = "Z"       # what it is in a log when it is not driven
    option: str = ""        # of the banks that have it, if not all do
    colour: str = ""        # in a picture


OUTPUTS = {
    "LD": Output("load", 8, "load-enable", colour="#1f77b4"),
    "CD": Output("charge", 9, "charge-enable", colour="#2ca02c"),
    "PA": Output("pre-alarm", 10, "pre-alarm", colour="#ff7f0e"),
    "BL": Output("blue LED", 12, floats="0", colour="#3b5bdb"),
    "RD": Output("red LED", 13, floats="0", colour="#d62728"),
    "EN": Output("charge pump", floats="0", option="heartbeat"),
    "CW": Output("charge warning", option="chargewarn"),
}
HEARTBEAT, HEARTBEAT_LINE = "HB", 11
# Line of a board's chip: the output on it
LINES = {**{output.line: pin for pin, output in OUTPUTS.items() if output.line is not None},
         HEARTBEAT_LINE: HEARTBEAT}
# Input: its line
INPUTS = {"H": 0, "L": 1, "LOOP": 2, "ATD": 3, "ATC": 4, "BPA": 5}

PINS = tuple(pin for pin, output in OUTPUTS.items() if not output.option)
# Pins that only some banks have, with the option of the bank
MORE_PINS = {pin: output.option for pin, output in OUTPUTS.items() if output.option}
LEDS = tuple(pin for pin in PINS if OUTPUTS[pin].floats == "0")
# The outputs that protect a bank; and the keys with which scenarios hold these and others
TERMINALS = tuple(pin for pin in PINS if pin not in LEDS)
HELD = {f"{pin}.pin": pin for pin, output in OUTPUTS.items() if output.floats == "Z"}


def floating(pin):
    """The name of a pin that is not driven, in a log."""
    return OUTPUTS[pin].floats


class Steps:
    """A value that changes in steps."""

    def __init__(self, value):
        self.times = [0.0]
        self.values = [value]

    def set(self, time, value):
        if value != self.values[-1]:
            self.times.append(time)
            self.values.append(value)

    def at(self, time):
        return self.values[max(0, bisect.bisect_right(self.times, time) - 1)]

    def edges(self, value=None):
        """(time, value) of each change, or only of those to a value."""
        return [(time, new) for time, new in zip(self.times[1:], self.values[1:])
                if value is None or new == value]

    def spans(self, holds, end):
        """(from, to) of each stretch in which holds(value)."""
        spans = []
        for index, value in enumerate(self.values):
            if not holds(value):
                continue
            until = self.times[index + 1] if index + 1 < len(self.times) else end
            if spans and spans[-1][1] == self.times[index]:
                spans[-1] = (spans[-1][0], until)
            else:
                spans.append((self.times[index], until))
        return spans

    def since(self, time, holds):
        """The time since which holds(value) has been true without a break at a time; or None.

        The value at that time itself does not matter: an edge does not break what it ends.
        """
        index = bisect.bisect_left(self.times, time) - 1
        begin = None
        while index >= 0 and holds(self.values[index]):
            begin = self.times[index]
            index -= 1
        return begin


class PinLog:
    """Levels of the pins, and contents of files of the power supply."""

    def __init__(self, pins=PINS):
        start = {name: floating(name) for name in pins}
        self.pin = {name: Steps(level) for name, level in start.items()}
        self.rows = [(0.0, start)]
        self.samples = []       # (time, file, value)
        self.writes = 0         # records that the memory has got
        self.torn = 0           # those that a power loss has torn
        self.doubt = None       # why its times may be wrong, if the board can tell

    def add(self, time, name, level):
        if name not in self.pin or self.rows[-1][1][name] == level:
            return
        self.pin[name].set(time, level)
        self.rows.append((time, {**self.rows[-1][1], name: level}))

    def floats(self, time):
        """All pins float, because the power has gone or the host begins anew."""
        for name in self.pin:
            self.add(time, name, floating(name))

    def write(self, path):
        with open(path, "w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("t", *self.pin))
            for time, levels in self.rows:
                writer.writerow((f"{time:.3f}", *levels.values()))

    def write_samples(self, path):
        with open(path, "w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("t", "file", "value"))
            for time, name, value in self.samples:
                writer.writerow((f"{time:.3f}", name, value))
