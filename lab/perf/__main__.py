# SPDX-License-Identifier: GPL-2.0-only
"""Measure the driver side by side with its alternatives.

Prints a table, writes it with every single trial and plots into a folder, and ends with
"N passed, N failed": an aim that is missed by more than its noise is a failure.
"""

import argparse
import importlib
import pathlib
import sys
import time

import boards
from bms.errors import LabError
from bms.result import report
from perf import figures as show

ITEMS = ("size", "quiet", "latency", "cost", "lines", "reads")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help=f"some of: {' '.join(ITEMS)}")
    parser.add_argument("--trials", type=int, help="how often a line is turned over")
    parser.add_argument("linux", type=pathlib.Path, help="kernel tree")
    parser.add_argument("config", type=pathlib.Path, help="kernel options that the driver can use")
    parser.add_argument("virtual", type=boards.made, help="board for long times")
    parser.add_argument("emulated", type=boards.made, help="board that has pins to look at")
    parser.add_argument("equipped", type=boards.made, help="the same, with the alternatives")
    parser.add_argument("folder", type=pathlib.Path, help="folder for the results")
    args = parser.parse_args()
    only = args.only.split() or ITEMS
    for name in only:
        if name not in ITEMS:
            print(f"ONLY has \"{name}\", which is none of: {' '.join(ITEMS)}", file=sys.stderr)
            return 2

    args.folder.mkdir(parents=True, exist_ok=True)
    figures, failed = [], 0
    for name in only:
        begin = time.monotonic()
        print(f"{name} ...", flush=True)
        try:
            new, plots = importlib.import_module(f"perf.{name}").measure(args, args.folder)
        except LabError as error:
            print(f"not ok: {name}: {error}", flush=True)
            failed += 1
            continue
        figures += new
        for plot in plots:
            plot(args.folder)
        print(f"{name}: {len(new)} figures in {time.monotonic() - begin:.0f} s", flush=True)

    text = show.table(figures)
    print(text)
    (args.folder / "table.md").write_text(text)
    show.write_csv(figures, args.folder / "table.csv")
    show.write_values(figures, args.folder / "trials.csv")

    judged = [(figure, aim) for figure in figures for aim in figure.aims]
    missed = [(figure, aim) for figure, aim in judged if not aim.met(figure)]
    for figure, aim in missed:
        print(f"not ok: {figure.item}: {figure.what}: {show.number(figure.column(aim.of))} "
              f"{figure.unit}, aim {aim}")
    failed += len(missed)
    return report(len(judged) - len(missed), failed)


if __name__ == "__main__":
    sys.exit(main())
