# SPDX-License-Identifier: GPL-2.0-only
"""Attack the rules with made-up histories.

libFuzzer makes them up. They are played in user space (tests/rules/history.c), and an oracle
judges each moment. Without --minutes there are --runs histories, always the same. A history
that breaks a rule is shrunk, printed, and written as a scenario. Ends with
"N passed, N failed".
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import time

from bms.errors import LabError
from bms.result import finish, report
from bms.run import tried

LONGEST = 1600      # bytes of a history
SHRINK_RUNS = 5000
SHOW_S = 20.0

SUM = re.compile(r"^histories (\d+) steps (\d+) edges (\d+) cuts (\d+) hours (\d+)$", re.MULTILINE)
EDGES = re.compile(r"^#\d+\s+DONE\s+cov: (\d+) ft: (\d+)", re.MULTILINE)
DIFFERENCE = re.compile(r"^(difference: .*|.*runtime error: .*|.*ERROR: .*)$", re.MULTILINE)


def last_line(path):
    lines = path.read_text(errors="replace").splitlines()
    return next((line for line in reversed(lines) if line.startswith("#")), "")


class Attack:
    """One fuzzer, with a seed of its own."""

    def __init__(self, seed, kept, args):
        self.seed = seed
        self.folder = args.build / f"seed-{seed}"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.new = self.folder / "new"
        self.new.mkdir(parents=True)
        self.log = self.folder / "log"
        bound = f"-max_total_time={60 * args.minutes}" if args.minutes else f"-runs={args.runs}"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                # The histories must not depend on addresses, time or the order in a folder.
                [args.build / "attack", f"-seed={seed}", bound, f"-max_len={LONGEST}",
                 "-len_control=20", "-use_cmp=0", "-reload=0",
                 f"-seed_inputs={','.join(str(path) for path in kept)}", "-print_final_stats=1",
                 f"-artifact_prefix={self.folder}/", self.new],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def found(self):
        """The histories that went wrong."""
        return sorted(path for pattern in ("crash-*", "timeout-*", "oom-*", "leak-*")
                      for path in self.folder.glob(pattern))


def shrink(attack, path, build):
    """The shortest history found that goes wrong as well."""
    short = attack.folder / "shrunk"
    tried(build / "attack", "-minimize_crash=1", f"-runs={SHRINK_RUNS}", f"-seed={attack.seed}",
          f"-exact_artifact_path={short}", path, log=attack.folder / "shrink.log")
    return short if short.exists() else path


def tell(attack, build):
    """Show a broken rule, as a history and as a scenario."""
    text = attack.log.read_text(errors="replace")
    if difference := DIFFERENCE.search(text):
        print(f"      {difference[1]}")
    for path in attack.found():
        short = shrink(attack, path, build)
        scenario = build / "found" / f"found-{path.name}.scn"
        scenario.parent.mkdir(exist_ok=True)
        told = tried(build / "replay", "-", short, scenario)
        print("".join(f"      {line}\n" for line in told.stdout.splitlines()), end="")
        print(f"      bytes: {short}; all of it that a scenario can say: make scenarios "
              f"SCENARIOS={scenario}")


def wait(attacks):
    begin = shown = time.monotonic()
    while any(attack.process.poll() is None for attack in attacks):
        time.sleep(0.2)
        now = time.monotonic()
        if now - shown >= SHOW_S:
            shown = now
            print(f"{now - begin:.0f} s: "
                  + "; ".join(last_line(attack.log)[:60] for attack in attacks), flush=True)
    return time.monotonic() - begin


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=6000, help="histories for each seed")
    parser.add_argument("--minutes", type=int, default=0, help="run for this time instead")
    parser.add_argument("build", type=pathlib.Path, help="where the fuzzer is")
    parser.add_argument("corpus", type=pathlib.Path, help="histories to begin with")
    args = parser.parse_args()

    kept = sorted(args.corpus.iterdir())
    if not kept:
        raise LabError(f"{args.corpus} is empty, and must have the histories that are kept")
    replayed = tried(args.build / "replay", *kept)
    good = replayed.returncode == 0
    print(f"{'ok' if good else 'not ok'}: the {len(kept)} histories that are kept", flush=True)
    if not good:
        print(replayed.stdout, end="")
    passed, failed = int(good), int(not good)

    seeds = os.cpu_count() if args.minutes else 2
    attacks = [Attack(seed + 1, kept, args) for seed in range(seeds)]
    seconds = wait(attacks)
    sums = [0] * 5
    edges = features = 0
    for attack in attacks:
        text = attack.log.read_text(errors="replace")
        done, total = EDGES.search(text), SUM.search(text)
        good = attack.process.returncode == 0 and done and total and not attack.found()
        passed, failed = passed + bool(good), failed + (not good)
        print(f"{'ok' if good else 'not ok'}: seed {attack.seed}")
        if good:
            sums = [have + int(more) for have, more in zip(sums, total.groups())]
            edges, features = max(edges, int(done[1])), max(features, int(done[2]))
        else:
            tell(attack, args.build)
    histories, steps, changes, cuts, hours = sums
    print(f"{histories} histories of {hours} hours in {seconds:.0f} s: {steps} steps, {changes} "
          f"changes of the outputs, {cuts} times the load off; {edges} edges of the code "
          f"reached, {features} features")
    return report(passed, failed)


if __name__ == "__main__":
    finish(main)
