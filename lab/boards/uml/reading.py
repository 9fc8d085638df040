# SPDX-License-Identifier: GPL-2.0-only
"""Edges of outputs and the memory, from the virtual board's trace and its kernel's log."""

import re

from bms.pins import HEARTBEAT, LEDS, LINES
from boards.uml.script import BLANK, NS

WRITTEN = (*LEDS, HEARTBEAT)    # pins whose level is the one written

CHIP = re.compile(r"^gpiochip\d+: (?:GPIOs (?P<first>\d+)-\d+|(?P<count>\d+) GPIOs)"
                  r"(?:, parent: \w+/(?P<parent>[\w.-]+))?", re.MULTILINE)
FIRST_LINE = 512    # of the first chip
BEGIN = re.compile(r"^player: begin (\d+)$", re.MULTILINE)
LINE = re.compile(r"bms-expander outputs: (\d+) line (\d+) (high|low|sinks|falls)(?: (\d+))?")
STORED = re.compile(r"bms-memory eeprom: (\d+) (?:(blank)|page (\d+) (\w+))")
LEFT = re.compile(r"bms-memory eeprom: (\d+) shutdown")
PAGE_NS = 5_000_000     # it takes so long to write one
SHUTDOWN = re.compile(r"bms-(?:expander outputs|soc gpio): (\d+) shutdown")
EVENT = re.compile(r" (\d+)\.(\d{6}): (gpio_value|gpio_direction): (\d+) +(\w+) \(?(-?\d+)")


def gpio_chips(said):
    """(number of the first line, parent) of each chip, from the kernel's list of them.

    Newer kernels tell how many lines a chip has; the numbers are still those of the trace,
    and are given in turn.
    """
    following = FIRST_LINE
    for match in CHIP.finditer(said):
        first = int(match["first"] or following)
        following = first + int(match["count"] or 0)
        yield first, match["parent"]


def edges(trace, begin_ns, base):
    """(time since a moment, pin, level) of the outputs, from gpiolib's trace."""
    for match in EVENT.finditer(trace):
        pin = LINES.get(int(match[4]) - base)
        if not pin:
            continue
        if match[3] == "gpio_direction":
            level = {"out": "1", "in": "Z"}[match[5]]
            if pin in WRITTEN:
                continue
        else:
            level = match[6] if pin in WRITTEN else {"1": "1", "0": "L"}[match[6]]
        time_ns = int(match[1]) * NS + int(match[2]) * 1000
        yield (time_ns - begin_ns) / NS, pin, level


def line_edges(said, begin_ns):
    """(time since a moment, pin, level) of the outputs, from the log of our own chip."""
    falls_ns = {}
    for match in LINE.finditer(said):
        time_ns, pin = int(match[1]), LINES[int(match[2])]
        due_ns = falls_ns.pop(pin, None)
        if due_ns is not None and due_ns <= time_ns:
            yield (due_ns - begin_ns) / NS, pin, "Z"
        yield (time_ns - begin_ns) / NS, pin, {"low": "Z", "sinks": "L"}.get(match[3], "1")
        if match[3] == "falls":
            falls_ns[pin] = int(match[4])
    for pin, due_ns in falls_ns.items():
        yield (due_ns - begin_ns) / NS, pin, "Z"


def writes(said):
    """How many writes of a cell have begun: one half of the memory is each."""
    return sum(match[3] in ("0", str(len(BLANK) // 2)) for match in STORED.finditer(said))


def kept(memory, said, left_ns, chance):
    """The content that a memory keeps when its host or its power ends; is a page of it torn?

    The page that is being written then has some old bytes, some new and some that are neither.
    """
    memory, torn = bytearray(memory), False
    for match in STORED.finditer(said):
        begin_ns = int(match[1])
        if begin_ns >= left_ns:
            break
        if match[2]:
            memory[:] = BLANK
            continue
        first, page = int(match[3]), bytes.fromhex(match[4])
        place = slice(first, first + len(page))
        torn = begin_ns + PAGE_NS > left_ns
        if torn:
            page = bytes(chance.choice((old, new, chance.randrange(256)))
                         for old, new in zip(memory[place], page))
        memory[place] = page
    return bytes(memory), torn
