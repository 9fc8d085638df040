# SPDX-License-Identifier: GPL-2.0-only
"""Logs of the pins, and of other values that change in steps."""

import bisect
import csv

INPUTS = ("H", "L", "LOOP", "ATD", "ATC", "BPA")
PINS = ("LD", "CD", "PA", "BL", "RD")
# Pins that only some banks have, with the option of the bank
MORE_PINS = {"EN": "heartbeat", "CW": "chargewarn"}


def floating(pin):
    """The name of a pin that is not driven, in a log."""
    return "0" if pin in ("BL", "RD", "EN") else "Z"


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
        """From when on has holds(value) been true without a break, up to a time?

        The time itself is not asked: an edge does not break what it ends.
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
        self.doubt = None       # why its times may be wrong, where a board knows

    def add(self, time, name, level):
        if name not in self.pin or self.rows[-1][1][name] == level:
            return
        self.pin[name].set(time, level)
        self.rows.append((time, {**self.rows[-1][1], name: level}))

    def floats(self, time):
        """The power has gone, or the host begins anew."""
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
