# SPDX-License-Identifier: GPL-2.0-only
"""Quiet: wake-ups of the processor by a bank at rest, in an hour of the virtual board.

The kernel traces each timer that expires. A timer is the driver's when the driver has
started it. Virtual time stands still while the processor works, so all that happens at the same
time is one wake-up. The wake-ups of a board without the driver are subtracted.
"""

import re

from bms import scenario as language
from bms.errors import LabError
from bms.sysfs import TRACING
from perf.figures import Aim, Figure

HOUR_S = 3600
SETTLED_S = 60

# A condition is noticed after one pace and stands for the hold time: with the default of
# 500 ms and 750 ms promised on top of it, a pace of a second is too slow.
SCANS_PER_HOUR = HOUR_S / 0.6

BANKS = (
    ("signals only", "signals", "", 0),
    ("signals, supply and load current measured", "signals", "SUP=13.2 ILD=0.2", SCANS_PER_HOUR),
    ("4 cells", "measured cells=4 batteries=1", "", SCANS_PER_HOUR),
    ("160 cells, 20 batteries", "measured cells=160 batteries=20", "", SCANS_PER_HOUR),
    ("4 cells and signals", "both cells=4 batteries=1", "", SCANS_PER_HOUR),
)

STARTS = ("timer_start", "hrtimer_start")
EXPIRES = ("timer_expire_entry", "hrtimer_expire_entry")
EVENTS = (*(f"timer/{event}" for event in STARTS + EXPIRES),
          "workqueue/workqueue_execute_start", "workqueue/workqueue_execute_end",
          "kmem/kmalloc", "kmem/kmem_cache_alloc", "kmem/mm_page_alloc")
LINE = re.compile(r"^\s*\S.*-(\d+) +\[\d+\].* (\d+\.\d{6}): (\w+): (.*)$", re.MULTILINE)
WRITTEN = re.compile(r"entries-in-buffer/entries-written: (\d+)/(\d+)")


def trace_hour(board, folder, bank, words, driver):
    """The kernel's trace of an hour of rest: (time, process, event, text)."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rest.scn").write_text(f"bank {bank}\n0 PWR=1 BR=1 {words}\n"
                                     f"{SETTLED_S + HOUR_S} end\nexpect n(LD)<=1\n")
    scenario = language.read(folder / "rest.scn")
    begin = ["events/gpio/enable 0", "buffer_size_kb 32768", "trace 0",
             *(f"events/{event}/enable 1" for event in EVENTS)]
    _, text = board.trace(
        scenario, folder, [*((SETTLED_S, f"write {TRACING}/{what}") for what in begin),
                           (SETTLED_S + HOUR_S, f"write {TRACING}/tracing_on 0")], driver)
    kept, written = WRITTEN.search(text).groups()
    if kept != written:
        raise LabError(f"the trace has lost some of {written} events: {folder / 'trace'}")
    return [(float(match[2]), int(match[1]), match[3], match[4])
            for match in LINE.finditer(text)]


def wakes(trace):
    """How often the processor was woken by any timer."""
    return len({time for time, _, event, _ in trace if event in EXPIRES})


class Work:
    """The actions of the driver's works."""

    def __init__(self, trace):
        self.runs = self.allocations = self.expiries = 0
        within, timers = set(), set()
        for _, process, event, text in trace:
            if event == "workqueue_execute_start" and "function smallbms_" in text:
                self.runs += 1
                within.add(process)
            elif event == "workqueue_execute_end":
                within.discard(process)
            elif event in EXPIRES:
                self.expiries += text.split()[0].split("=")[1] in timers
            elif process not in within:
                continue
            elif event in STARTS:
                timers.add(text.split()[0].split("=")[1])
            else:
                self.allocations += 1


def measure(args, folder):
    folder = folder / "quiet"
    figures = []

    def add(what, unit, value, *aims):
        figures.append(Figure("quiet", what, unit, (value,), aims))

    idle = wakes(trace_hour(args.virtual, folder / "none", "signals", "", False))
    add("no bank, wake-ups of the kernel itself", "per hour", idle)
    for name, bank, words, limit in BANKS:
        trace = trace_hour(args.virtual, folder / re.sub(r"\W+", "-", name), bank, words, True)
        done = Work(trace)
        add(f"{name}, timers of the driver that expire", "per hour", done.expiries,
            Aim("value", limit))
        add(f"{name}, wake-ups by any timer, in consequence", "per hour", wakes(trace) - idle)
        add(f"{name}, evaluations", "per hour", done.runs)
        add(f"{name}, allocations in evaluations", "count", done.allocations, Aim("value", 0))
    return figures, []
