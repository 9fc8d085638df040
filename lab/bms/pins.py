# SPDX-License-Identifier: GPL-2.0-only
"""Logs of what was at the pins, and of anything else that changes in steps."""

import bisect
import csv

PINS = ("LD", "CD", "PA", "BL", "RD")
START = {"LD": "Z", "CD": "Z", "PA": "Z", "BL": "0", "RD": "0"}


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
    """What the five pins were."""

    def __init__(self):
        self.pin = {name: Steps(START[name]) for name in PINS}
        self.rows = [(0.0, dict(START))]
        self.doubt = None       # why its times may be wrong, where a board knows

    def add(self, time, name, level):
        if name not in self.pin or self.rows[-1][1][name] == level:
            return
        self.pin[name].set(time, level)
        self.rows.append((time, {**self.rows[-1][1], name: level}))

    def write(self, path):
        with open(path, "w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("t",) + PINS)
            for time, levels in self.rows:
                writer.writerow((f"{time:.3f}",) + tuple(levels[name] for name in PINS))
