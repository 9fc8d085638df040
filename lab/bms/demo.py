# SPDX-License-Identifier: GPL-2.0-only
"""Tell the story of a protected bank on the emulated board, and judge it.

Exit status: 0 every rule was kept, 1 one was broken, 2 the lab could not go on.
"""

import argparse
import pathlib
import sys
from contextlib import nullcontext

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

import boards
from bms import demo_verdict, kernel_log
from bms.errors import LabError
from bms.pins import LEDS, OUTPUTS, PINS
from bms.demo_story import Story
from bms.result import report
from bms.sysfs import OPERATIONS, SUPPLY_CLASS
from bms.timeline import draw

PLAIN_S = 5.0
# After a power loss, the longest time of a start, and of changes after it
START_S, STILL_S = 30.0, 3.0
WRITTEN_S = 1.0             # until the memory has a command
SWITCH = "echo {1} >{0}"
STYLES = {"1": "bold green", "Z": "dim", "0": "dim", "L": "bold red"}
WORDS = {"1": "driven", "Z": "floats", "L": "pulled low"}
LED_WORDS = {"1": "on", "0": "off"}


def word(name, level):
    return (LED_WORDS if name in LEDS else WORDS)[level]


class Plain:
    """A line now and then, and one for each change."""

    def __init__(self):
        self.shown = -PLAIN_S
        self.key = None

    def __call__(self, story):
        now = story.board.now()
        key = (story.record.phases[-1][1], tuple(story.pin(name) for name in PINS))
        if key == self.key and now - self.shown < PLAIN_S:
            return
        self.key, self.shown = key, now
        cells = " ".join(f"{value:.3f}" for value in story.bank.voltages)
        temps = " ".join(f"{value:.1f}" for value in story.bank.temps)
        pins = " ".join(f"{name}={story.pin(name)}" for name in PINS)
        causes = ", ".join(" ".join(line.split()[:2])
                           for line in story.record.causes.values[-1]) or "none"
        print(f"{now:7.1f} s  {key[0]:<13} {cells} V  {temps} C  {pins}  causes: {causes}",
              flush=True)


class Screen:
    """A live picture for a terminal."""

    def __init__(self, live):
        self.live = live

    def __call__(self, story):
        cells = Table(box=None, padding=(0, 2))
        for index in range(len(story.bank.voltages)):
            cells.add_column(f"cell {index + 1}", justify="right")
        for index in range(len(story.bank.temps)):
            cells.add_column(f"battery {index + 1}", justify="right")
        cells.add_row(*[f"{value:.3f} V" for value in story.bank.voltages],
                      *[f"{value:.1f} °C" for value in story.bank.temps])

        pins = Table(box=None, padding=(0, 2))
        for name in PINS:
            pins.add_column(OUTPUTS[name].name, justify="center")
        pins.add_row(*[Text(word(name, story.pin(name)), STYLES[story.pin(name)])
                       for name in PINS])

        causes = "\n".join(story.record.causes.values[-1]) or "none"
        self.live.update(Group(
            Text(f"{story.board.now():6.1f} s  {story.record.phases[-1][1]}", "bold"),
            Text(), cells, Text(), pins, Text(), Text("causes in /sys", "bold"), Text(causes)))


def remembered(args, memory):
    """After a power loss: is a load that was switched off still off?"""
    levels = []
    with args.board.power(args.output / "after-power-loss", memory=memory) as board:
        board.start()
        for name, value in {**boards.HEALTHY, "load-current": 0.0}.items():
            board.set_channel(name, value)
        for name in ("H", "L", "LOOP"):
            board.set_input(name, 1)
        board.wait(START_S, until=lambda: board.pins["CD"] == "1")
        board.wait(STILL_S)
        levels += [board.pins["CD"], board.pins["LD"]]
        _, causes = board.run(f"cat {SUPPLY_CLASS}/causes")
        board.run(SWITCH.format(*OPERATIONS["loadon"]))
        board.wait(STILL_S, until=lambda: board.pins["LD"] == "1")
        levels.append(board.pins["LD"])
    print(f"After a power loss, in /sys: {causes.strip()}")
    seen = "the charge output: {}; the load output: {}, then {} when switched on".format(
        *(WORDS[level] for level in levels))
    return demo_verdict.Judgement("X4", "a load that was switched off stays off over a power loss",
                                  levels == ["1", "Z", "1"], seen)


def verdict(record, log):
    judgements = demo_verdict.judge(record)
    if record.stuck:
        judgements.insert(0, demo_verdict.Judgement("story", "the story is told to its end", False,
                                                    f"stuck in \"{record.stuck}\""))
    trouble = kernel_log.trouble(log)
    judgements.append(demo_verdict.Judgement("kernel", "the kernel log has no warning", not trouble,
                                             trouble[0] if trouble else "none"))
    return judgements


def show(console, judgements):
    table = Table(title="Verdict", title_justify="left", box=None, padding=(0, 2))
    for head in ("rule", "says", "verdict", "seen"):
        table.add_column(head, overflow="fold")
    for item in judgements:
        table.add_row(item.rule, item.text, Text("kept", "green") if item.kept
                      else Text("BROKEN", "bold red"), item.seen)
    console.print(table)


def tell(args):
    folder = args.output
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False)
    live = Live(console=console, auto_refresh=False) if sys.stdout.isatty() else None

    memory = folder / "memory"
    folder.mkdir(parents=True, exist_ok=True)
    memory.unlink(missing_ok=True)
    with args.board.power(folder, memory=memory) as board:
        board.start()
        with live or nullcontext():
            story = Story(board, Plain() if live is None else
                          lambda told, table=Screen(live): (table(told), live.refresh()),
                          args.short)
            story.tell()
        record = story.record
        # Somebody switches the load off to work on the wiring, and then the power is lost.
        board.run(SWITCH.format(*OPERATIONS["loadoff"]))
        board.wait(WRITTEN_S)
        log = board.kernel_log()

    record.pins.write(folder / "pins.csv")
    with (folder / "sys.txt").open("w") as listing:
        for time, phase, text in record.listings:
            listing.write(f"### {time:.1f} s, {phase}\n{text}\n")
    pictures = [folder / "timeline.svg", folder / "timeline.png"]
    draw(record, pictures)

    judgements = [*verdict(record, log), remembered(args, memory)]
    console.print()
    show(console, judgements)
    console.print()
    for what, path in (("picture", pictures[1]), ("picture", pictures[0]),
                       ("pin log", folder / "pins.csv"), ("files in /sys", folder / "sys.txt"),
                       ("kernel log", folder / "kernel.log")):
        print(f"{what + ':':<18}{path}")

    broken = [item for item in judgements if not item.kept]
    print("Kept: the bank is protected." if not broken else
          "BROKEN: " + ", ".join(item.rule for item in broken))
    return report(len(judgements) - len(broken), len(broken))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="leave out the full cell")
    parser.add_argument("board", type=boards.made)
    parser.add_argument("output", type=pathlib.Path, help="folder for logs and pictures")
    args = parser.parse_args()
    try:
        return tell(args)
    except LabError as error:
        print(f"The demo cannot go on: {error}", file=sys.stderr)
    except OSError as error:
        print(f"The demo cannot go on: {error.strerror}: {error.filename}", file=sys.stderr)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
