# SPDX-License-Identifier: GPL-2.0-only
"""Which lines and branches of the drivers do the KUnit tests and the scenarios run?

Plays both on the virtual board with modules that count, adds up the counts and lets gcovr
report them, as text and HTML. Ends with "N passed, N failed": one for each demand on the
figures, and one for the explanations of uncovered lines.
"""

import argparse
import concurrent.futures
import copy
import json
import pathlib
import shutil
import sys
import tempfile

import boards
from bms import scenario as language
from bms.errors import LabError
from bms.result import report
from bms.run import run, tried

DRIVER = pathlib.Path("drivers/power/supply/smallbms")
FRONT_END = pathlib.Path("drivers/iio/frontend")
KUNIT_S = 1200

# part: (least part of its lines, least part of its branches), in percent
DEMANDS = {"policy.c": (100.0, 100.0), "": (95.0, 85.0)}


def count(board, in_front, scenarios, work):
    """Run everything once; a folder of counts for each run.

    The scenarios measure through the kernel's front end, so ours is tested by KUnit alone.
    """
    both = copy.copy(board)
    both.counted += in_front
    if "player: end" not in tried(*both.kunit(work / "kunit"), timeout=KUNIT_S).stdout:
        raise LabError("the KUnit tests did not come to an end")

    def play(scenario):
        folder = work / scenario.name
        board.play(scenario, folder)
        return folder

    with concurrent.futures.ThreadPoolExecutor(board.AT_ONCE) as pool:
        list(pool.map(play, scenarios))
    return sorted({path.parent for path in work.rglob("*.gcda")})


def add_up(folders, work):
    """The sum of the counts of all runs."""
    total = folders[0]
    for number, folder in enumerate(folders[1:]):
        merged = work / f"sum-{number % 2}"
        shutil.rmtree(merged, ignore_errors=True)
        run("gcov-tool", "merge", "-o", merged, total, folder)
        total = merged
    return total


class Coverage:
    """The results of gcovr, file by file."""

    def __init__(self, report):
        self.lines, self.branches = {}, {}
        for file in report["files"]:
            name = pathlib.Path(file["file"]).name
            lines = [line for line in file["lines"] if not line.get("gcovr/noncode")]
            self.lines[name] = {line["line_number"]: line["count"] for line in lines}
            self.branches[name] = [(line["line_number"], branch["count"])
                                   for line in lines for branch in line["branches"]]

    def part(self, name, counts):
        """(covered, all) of one file, or of all with an empty name."""
        chosen = [value for file, values in counts.items() if name in ("", file)
                  for value in (values.values() if isinstance(values, dict)
                                else [taken for _, taken in values])]
        return sum(value > 0 for value in chosen), len(chosen)

    def missed(self):
        """(file, line number) of each line that was never run."""
        return [(name, number) for name in sorted(self.lines)
                for number, times in sorted(self.lines[name].items()) if not times]


def percent(part):
    return 100.0 * part[0] / part[1] if part[1] else 100.0


def read_reasons(path):
    """Lines of "FILE | TEXT OF THE LINE | REASON"."""
    reasons = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = [part.strip() for part in line.split(" | ")]
        if len(parts) != 3:
            raise LabError(f"{path}:{number}: not \"FILE | LINE | REASON\"")
        reasons[parts[0], parts[1]] = parts[2]
    return reasons


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("board", type=boards.made, help="the virtual one, with modules that count")
    for name in ("reasons", "output"):
        parser.add_argument(name, type=pathlib.Path)
    parser.add_argument("scenario", nargs="+", help="files or folders")
    args = parser.parse_args()

    modules = args.board.modules.parent
    built = (modules / DRIVER, modules / FRONT_END.name)
    objects, in_front = (
        tuple(path.with_suffix(".o") for path in sorted(folder.glob("*.gcno"))
              if path.with_suffix(".c").is_file() and not path.stem.endswith(".mod"))
        for folder in built)
    args.board.counted = objects
    shutil.rmtree(args.output, ignore_errors=True)
    args.output.mkdir(parents=True)
    try:
        scenarios = [scenario for scenario in map(language.read, language.find(args.scenario))
                     if not args.board.unplayable(scenario)]
        with tempfile.TemporaryDirectory(dir=args.output) as work:
            folders = count(args.board, in_front, scenarios, pathlib.Path(work))
            total = add_up(folders, pathlib.Path(work))
            for path in objects + in_front:
                counts = total / path.with_suffix(".gcda").name
                if counts.is_file():
                    shutil.copy(counts, path.parent)
        found = args.output / "coverage.json"
        run("gcovr", "--root", ".",
            "--filter", rf".*/({DRIVER.name}|{FRONT_END.name})/[a-z]+\.[ch]$",
            "--exclude-unreachable-branches", "--json", found,
            "--html-details", args.output / "index.html", "--txt", args.output / "coverage.txt",
            *built)
        reasons = read_reasons(args.reasons)
    except LabError as error:
        print(error, file=sys.stderr)
        return 2

    coverage = Coverage(json.loads(found.read_text()))
    for name in DEMANDS:
        if not coverage.part(name, coverage.lines)[1]:
            print(f"gcovr has no line of {name or 'the drivers'}", file=sys.stderr)
            return 2
    print(f"{len(folders)} runs: the KUnit tests and {len(scenarios)} scenarios")
    print(f"{'file':<16}{'lines':>20}{'branches':>20}")
    for name in [*sorted(coverage.lines), ""]:
        cells = [coverage.part(name, counts) for counts in (coverage.lines, coverage.branches)]
        print(f"{name or 'all':<16}" + "".join(
            f"{f'{have}/{whole}':>12} {percent((have, whole)):6.1f}%" for have, whole in cells))

    passed = failed = 0
    for name, demand in DEMANDS.items():
        for what, counts, least in (("lines", coverage.lines, demand[0]),
                                    ("branches", coverage.branches, demand[1])):
            have = percent(coverage.part(name, counts))
            good = have >= least
            print(f"{'ok' if good else 'FAIL':<5}{what} of {name or 'the drivers'}: {have:.1f} %, "
                  f"demanded {least:.0f} %")
            passed, failed = passed + good, failed + (not good)

    unexplained = 0
    print("Not covered:")
    for name, number in coverage.missed():
        path = DRIVER / name if (DRIVER / name).is_file() else FRONT_END / name
        text = path.read_text().splitlines()[number - 1].strip()
        reason = reasons.pop((name, text), None)
        unexplained += reason is None
        print(f"     {name}:{number}: {text}\n       {reason or 'NO REASON'}")
    # A fault that is injected by number meets some lines in one build and not in the next.
    reasons = {line: reason for line, reason in reasons.items()
               if not reason.startswith("perhaps: ")}
    for name, text in reasons:
        print(f"     {name}: {text}\n       COVERED, OR GONE: remove it from {args.reasons}")
    good = not unexplained and not reasons
    print(f"{'ok' if good else 'FAIL':<5}every line that is not covered has a reason in "
          f"{args.reasons}, and no other")
    print(f"As text and as pages: {args.output / 'coverage.txt'} {args.output / 'index.html'}")
    return report(passed + good, failed + (not good))


if __name__ == "__main__":
    sys.exit(main())
