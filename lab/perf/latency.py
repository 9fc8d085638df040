# SPDX-License-Identifier: GPL-2.0-only
"""From a measured condition to the pin, and how exact the warning is.

A quantity steps over its limit at random times, again and again, so that it meets the
scanner in any phase. On the virtual board time is exact and costs nothing; on the emulated
board the pins are timed from outside the guest, with fewer trials, because time is real there.
"""

import concurrent.futures
import dataclasses
import random

from bms import scenario as language
from bms.errors import LabError
from bms.product import ACT_S, HOLD_S, LATE_S, WARNING_S
from perf.figures import Aim, Figure, plot_distributions

TRIALS = 1000

HOLD_MS, BOUND_MS, WARNING_MS, LATE_MS = (
    round(1000 * seconds) for seconds in (HOLD_S, ACT_S, WARNING_S, LATE_S))

START_S = 10.0


@dataclasses.dataclass(frozen=True)
class Kind:
    """A step: what it changes and back, which edge answers, how long it is away and back."""

    what: str
    away: str
    back: str
    pin: str
    level: str
    away_s: float = 2.0
    back_s: float = 3.0


KINDS = (
    Kind("low cell to pre-alarm on", "V1=3.00", "V1=x", "PA", "1"),
    Kind("full cell to charge floats", "V2=3.90", "V2=x", "CD", "Z"),
    Kind("cold battery to charge floats", "T1=-10", "T1=x", "CD", "Z"),
    Kind("supply low to load floats", "SUP=7", "SUP=13.2", "LD", "Z"),
    Kind("overload to load floats", "ILD=1.5", "ILD=0.2", "LD", "Z", back_s=80.0),
)
CUT = Kind("empty cell to load floats", "V1=2.50", "V1=x", "LD", "Z", away_s=33.0)
ON_EMULATED = ((KINDS[0], 25), (KINDS[1], 25), (CUT, 4))
GUESTS = 2          # for each of these


def write(path, kind, trials, seed):
    """A scenario of steps; the times at which they begin."""
    chance = random.Random(seed)
    time, begins = START_S, []
    lines = ["bank measured cells=4 batteries=1", "0 PWR=1 BR=1 SUP=13.2 ILD=0.2"]
    for _ in range(trials):
        time += chance.uniform(0, 1)
        lines += [f"{time:.6f} {kind.away}", f"{time + kind.away_s:.6f} {kind.back}"]
        begins.append(round(time, 6))
        time += kind.away_s + kind.back_s
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([*lines, f"{time:.6f} end", f"expect n({kind.pin})<=0\n"]))
    return begins


def answers_ms(log, kind, begins):
    """The time from each step to the edge that answers it."""
    edges = log.pin[kind.pin].edges(kind.level)
    answers = []
    for begin in begins:
        after = [time for time, _ in edges if begin <= time < begin + kind.away_s]
        if not after:
            raise LabError(f"{kind.what}: no edge of {kind.pin} after the step at {begin:.3f} s")
        answers.append((after[0] - begin) * 1000)
    return answers


def windows_ms(log):
    """The time by which each warning was longer than it had to be."""
    alarm = log.pin["PA"]
    return [(time - alarm.since(time, lambda level: level == "1")) * 1000 - WARNING_MS
            for time, _ in log.pin["LD"].edges("Z")]


def play(board, folder, kind, trials, seed):
    begins = write(folder / "steps.scn", kind, trials, seed)
    log, complaints = board.play(language.read(folder / "steps.scn"), folder)
    if complaints:
        raise LabError(f"the kernel complains: {complaints[0]}; {folder}")
    return log, begins


def on_virtual(args, folder):
    figures = []
    for index, kind in enumerate(KINDS):
        log, begins = play(args.virtual, folder / f"virtual-{index}", kind, TRIALS, index)
        figures.append(answer("virtual", kind, answers_ms(log, kind, begins)))
    log, _ = play(args.virtual, folder / "virtual-cut", CUT, TRIALS, 0)
    figures.append(window("virtual", windows_ms(log)))
    return figures


def answer(board, kind, values):
    return Figure("latency", f"{board}, {kind.what}", "ms", tuple(values),
                  (Aim("min", HOLD_MS, at_least=True), Aim("max", BOUND_MS)))


def window(board, values):
    return Figure("latency", f"{board}, warning beyond 30 s", "ms", tuple(values),
                  (Aim("min", 0, at_least=True), Aim("max", LATE_MS)))


def on_emulated(args, folder):
    """Several guests at once; those that a busy host has delayed are shown, not judged."""
    jobs = [(kind, trials, guest) for kind, trials in ON_EMULATED for guest in range(GUESTS)]
    with concurrent.futures.ThreadPoolExecutor(len(jobs)) as pool:
        played = list(pool.map(lambda job: play(
            args.emulated, folder / f"emulated-{job[0].pin}-{job[2]}", *job), jobs))
    figures = []
    for kind, _ in ON_EMULATED:
        of_kind = [result for job, result in zip(jobs, played) if job[0] is kind]
        for busy in (False, True):
            chosen = [(log, begins) for log, begins in of_kind if bool(log.doubt) == busy]
            if not chosen:
                continue
            board = "emulated, host too busy to judge" if busy else "emulated"
            if kind is CUT:
                figure = window(board, [late for log, _ in chosen for late in windows_ms(log)])
            else:
                figure = answer(board, kind, [value for log, begins in chosen
                                              for value in answers_ms(log, kind, begins)])
            figures.append(dataclasses.replace(figure, aims=()) if busy else figure)
    return figures


def measure(args, folder):
    figures = on_virtual(args, folder / "latency") + on_emulated(args, folder / "latency")
    return figures, [
        lambda place: plot_distributions(
            [figure for figure in figures if " to " in figure.what],
            f"From a measured condition to the pin; bound {BOUND_MS} ms", place / "latency.png"),
        lambda place: plot_distributions(
            [figure for figure in figures if "beyond" in figure.what],
            f"Warning beyond 30 s; at most {LATE_MS} ms", place / "window.png")]
