# SPDX-License-Identifier: GPL-2.0-only
"""From a line to a pin, timed from outside the guest by QEMU's own trace.

The contenders take turns in each guest, so that a disturbance of one disturbs all: the
driver with a line filter of 0, the least that copies a line to another, and a program on
the GPIO character device, as anyone runs it and as a real-time process.
"""

import random
import time
from dataclasses import dataclass

from bms import kernel_log
from bms.errors import LabError
from bms.pins import INPUTS
from perf.figures import Aim, Figure, plot_distributions, quantile

TRIALS = 2000           # of each contender; both edges count
# The same guest, started again, differs by more than its trials do among themselves.
GUESTS = 4
ANSWER_S = 10.0         # a program may wait for its turn
POLL_S = 0.0005
# Before each edge. The driver rests after an evaluation, so that a line that storms does
# not keep the processor; this is about a line that does not.
CALM_S = 0.005


@dataclass(frozen=True)
class Contender:
    """A program or driver with its input and its output."""

    name: str
    input: str
    output: str


DRIVER = Contender("smallbms, allowed to charge", "ATC", "CD")
FLOOR = Contender("floor: a thread copies the line", "floor in", "floor out")
PROGRAM = Contender("program", "program in", "program out")
REAL_TIME = Contender("program at FIFO priority", "FIFO in", "FIFO out")
CONTENDERS = (DRIVER, FLOOR, PROGRAM, REAL_TIME,
              Contender("smallbms, remote", "H", "LD"),
              Contender("smallbms, loop", "LOOP", "LD"))

# Activity of the guest meanwhile. Load is processors, memory and timer interrupts, more of
# each than there are processors, and hackbench, the usual load where real time is tested:
# its processes wake each other all the time, two groups of 40 for each processor.
READERS = ("while :; do cat /sys/class/power_supply/bms/* >/dev/null 2>&1; done & reader=$!",)
# The shell that takes our commands loses a part of one when a child ends.
LOAD = ("kill $reader; wait $reader",
        "dd if=/dev/zero of=/dev/null bs=1k & dd if=/dev/zero of=/dev/null bs=64k &",
        "while :; do dd if=/dev/zero of=/tmp/load bs=256k count=16; done 2>/dev/null &",
        "for i in 1 2 3 4; do (while :; do usleep 500; done) & done",
        "while :; do /ld-linux-armhf.so.3 --library-path / /hackbench -g 4 -l 1000; done "
        ">/tmp/hackbench 2>&1 &",
        "sleep 5")
BUSY = 10               # load average of a guest under load, at least
STATES = {"idle": (), "every file read all the time": READERS, "load": LOAD}


class Guest:
    """A guest with all contenders in it."""

    def __init__(self, board):
        self.board = board

    def set(self, contender, level):
        """Toggle a line: how long it took until the pin followed."""
        time.sleep(CALM_S)
        for _ in self.board.line_events():
            pass
        self.board.set_input(contender.input, level)
        began = None
        end = time.monotonic() + ANSWER_S
        while time.monotonic() < end:
            for at_us, name, new in self.board.line_events():
                if (name, new) == (contender.input, level):
                    began = at_us
                elif name == contender.output and (new == 1) == (level == 1):
                    if began is not None:
                        return at_us - began
            time.sleep(POLL_S)
        raise LabError(f"{contender.name}: the pin did not follow within {ANSWER_S:g} s; see "
                       f"{self.board.folder}")

    def run(self, trials):
        """Answers of each contender. They take turns, none always after the same."""
        answers = {contender: [] for contender in CONTENDERS}
        chance = random.Random(0)
        for _ in range(trials // 2):
            for contender in chance.sample(CONTENDERS, len(CONTENDERS)):
                answers[contender] += [self.set(contender, 0), self.set(contender, 1)]
        return answers


def ratio(name, ours, theirs, part, limit=None, at_least=False):
    """One quantile over the other; noise is half the difference of two halves."""
    def of(begin, end):
        return quantile(ours[begin:end], part) / quantile(theirs[begin:end], part)

    half = len(ours) // 2
    noise = abs(of(0, half) - of(half, None)) / 2
    aims = () if limit is None else (Aim("value", limit, at_least, noise),)
    return Figure("lines", f"{name} (+- {noise:.2g})", "times", (of(0, None),), aims)


def compare(state, answers):
    ours, floor = answers[DRIVER], answers[FLOOR]
    figures = [Figure("lines", f"{state}, {contender.name}", "us", tuple(values))
               for contender, values in answers.items()]
    figures += [
        ratio(f"{state}, smallbms / floor, median", ours, floor, 0.5, 1.3),
        ratio(f"{state}, smallbms / floor, p99.9", ours, floor, 0.999, 2),
        ratio(f"{state}, program / smallbms, median", answers[PROGRAM], ours, 0.5,
              *((5, True) if state == "load" else ())),
        ratio(f"{state}, program / smallbms, p99", answers[PROGRAM], ours, 0.99),
        ratio(f"{state}, program at FIFO priority / smallbms, median", answers[REAL_TIME], ours,
              0.5)]
    return figures


def run_guest(args, place, answers):
    """All states in one guest: adds to the answers of each; gives the load average of the last."""
    with args.equipped.power(place, devicetree="perf", inputs=True) as board:
        board.start()
        for name in INPUTS:
            board.set_input(name, int(name not in ("BPA", "L")))
        for contender in (FLOOR, PROGRAM, REAL_TIME):
            board.set_input(contender.input, 1)
        guest = Guest(board)
        board.run("insmod /floor.ko")
        for contender, priority, log in ((PROGRAM, "", "program"), (REAL_TIME, "50", "fifo")):
            chip, line, pin = board.numbers(contender.input, contender.output)
            board.run(f"/copy-line {chip} {line} {pin} {priority} >/tmp/{log} 2>&1 &")
        time.sleep(1)
        for state, commands in STATES.items():
            for command in commands:
                board.run(command)
            for contender, values in guest.run((args.trials or TRIALS) // GUESTS).items():
                answers[state][contender] += values
        average = float(board.run("cat /proc/loadavg")[1].split()[0])
        complaints = kernel_log.trouble(board.kernel_log())
        if complaints:
            raise LabError(f"the kernel complains: {complaints[0]}")
    return average


def measure(args, folder):
    answers = {state: {contender: [] for contender in CONTENDERS} for state in STATES}
    averages = tuple(run_guest(args, folder / f"lines-{number + 1}", answers)
                     for number in range(GUESTS))
    figures = [figure for state in STATES for figure in compare(state, answers[state])]
    # Without a real load the figures would be too good.
    figures.append(Figure("lines", "load, load average", "processes", averages,
                          (Aim("min", BUSY, at_least=True),)))
    return figures, [
        lambda where, state=state: plot_distributions(
            [figure for figure in figures if figure.unit == "us"
             and figure.what.startswith(state)],
            f"From a line to a pin on the emulated board, {state}",
            where / f"lines-{state.split()[0]}.png")
        for state in STATES]
