# SPDX-License-Identifier: GPL-2.0-only
"""Play scenario files against the driver and judge what the pins did.

Writes NAME.csv for each into the folder of logs. Ends with "N passed, N failed".
Exit status: 0 all passed, 1 some failed, 2 a file or the bench is at fault.
"""

import argparse
import concurrent.futures
import os
import pathlib
import shutil
import sys
import tempfile
import time

from bms import scenario as language
from bms import virtual
from bms.errors import BenchError


class Player:
    """Plays on one kind of board."""

    def __init__(self, log, files):
        self.log = log
        self.files = files

    def play(self, scenario):
        folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{scenario.name}-", dir=self.log))
        begin = time.monotonic()
        try:
            pins, complaints = virtual.play(scenario, self.files, folder)
        except BenchError as error:
            return [str(error)], time.monotonic() - begin
        pins.write(self.log / f"{scenario.name}.csv")
        failures = [f"{scenario.path}:{item.line}: {item.text}\n      {why}"
                    for item, why in language.judge(scenario, pins) if why]
        failures += [f"the kernel complains: {line}; {folder}" for line in complaints[:3]]
        if not failures:
            shutil.rmtree(folder)
        return failures, time.monotonic() - begin


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--log", type=pathlib.Path, required=True, help="folder for NAME.csv")
    parser.add_argument("--leaks", action="store_true", help="look for leaks of memory too")
    for name in ("kernel", "modules", "root"):
        parser.add_argument(name, type=pathlib.Path)
    parser.add_argument("scenario", nargs="+", help="files or folders")
    args = parser.parse_args()

    try:
        scenarios = [language.read(path) for path in language.find(args.scenario)]
        args.log.mkdir(parents=True, exist_ok=True)
    except BenchError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{args.log}: {error.strerror}", file=sys.stderr)
        return 2

    player = Player(args.log, virtual.Files(args.kernel, args.modules, args.root,
                                             leaks=args.leaks))
    width = max(len(scenario.name) for scenario in scenarios)
    failed = 0
    begin = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for scenario, (failures, seconds) in zip(scenarios, pool.map(player.play, scenarios)):
            print(f"{'FAIL' if failures else 'ok':<5}{scenario.name:<{width}} "
                  f"{scenario.end:9.1f} s in {seconds:5.2f} s  {scenario.title}", flush=True)
            for failure in failures:
                print(f"      {failure}", flush=True)
            failed += bool(failures)
    print(f"{sum(scenario.end for scenario in scenarios) / 3600:.2f} hours of a bank's life in "
          f"{time.monotonic() - begin:.1f} s; logs: {args.log}")
    print(f"{len(scenarios) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
