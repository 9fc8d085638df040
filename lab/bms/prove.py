# SPDX-License-Identifier: GPL-2.0-only
"""Which rule is carried by which contracts, and is each of them proved?

Runs Frama-C/WP on two halves of the functions at once, because it uses only one processor,
and reads its results. A contract is named by its rules, as in
"ensures U2: ...". Steps that follow each other are checked by harnesses (bms.harnesses), whose
names begin with the rule. Ends with "N passed, N failed", which counts goals and claims.
"""

import argparse
import collections
import pathlib
import re
import subprocess
import time

from bms import harnesses
from bms.errors import LabError
from bms.result import finish, report

# These take as long as all others together.
SLOW = "smallbms_policy_step,due_losses"
HALVES = {"slow": ["-wp-fct", SLOW], "others": ["-wp-skip-fct", SLOW]}
SHOW_S = 20.0

GOAL = re.compile(r"^\[wp\] \[[^]]+\] Goal typed_caveat_(\w+)( : Valid)?")
TOTAL = re.compile(r"^\[wp\] Proved goals: +(\d+) / (\d+)")
# A function and its contract
ENSURES = re.compile(r"(\w+?)_ensures_(\w+)")
RULE = re.compile(r"[XUCRF]\d")

# Rules that the policy decides; other parts of the driver carry the rest.
RULES = "X1 X2 X4 X5 U1 U2 U3 U4 U5 C1 C2 C3 C4 R1 R2 R3 R4 R5 F1 F2 F3 F4 F5 F6 F7 F8".split()


def read(logs):
    """Goals and whether each is proved; and what WP counted itself."""
    goals, totals = {}, []
    for log in logs:
        for line in log.read_text(errors="replace").splitlines():
            if match := GOAL.match(line):
                goals[match[1]] = bool(match[2])
            elif match := TOTAL.match(line):
                totals.append((int(match[1]), int(match[2])))
    return goals, totals


def prove(command, folder):
    """Run WP on each half; the logs of both."""
    begin = shown = time.monotonic()
    logs, processes = [], []
    for half, options in HALVES.items():
        logs.append(folder / f"{half}.log")
        with logs[-1].open("w") as log:
            processes.append(subprocess.Popen(
                [*command, *options, "-wp-session", folder / half],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log))
    while any(process.poll() is None for process in processes):
        time.sleep(0.2)
        now = time.monotonic()
        if now - shown >= SHOW_S:
            shown = now
            print(f"{now - begin:.0f} s: {len(read(logs)[0])} goals", flush=True)
    for process, log in zip(processes, logs):
        if process.returncode:
            raise LabError(f"frama-c failed, exit status {process.returncode}: see {log}")
    print(f"WP took {time.monotonic() - begin:.0f} s", flush=True)
    return logs


def carried(goals):
    """For each rule the functions whose contracts name it, with their goals."""
    table = collections.defaultdict(lambda: collections.defaultdict(list))
    for goal, proved in goals.items():
        if match := ENSURES.match(goal):
            for rule in RULE.findall(match[2]):
                table[rule][match[1]].append(proved)
    return table


def figures(proved):
    return f"{sum(proved)}/{len(proved)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--harnesses", type=pathlib.Path, action="append",
                        help="source file with harnesses")
    parser.add_argument("--flags", help="flags of the compiler, for the harnesses")
    parser.add_argument("folder", type=pathlib.Path, help="where logs and proofs go")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="frama-c with its options")
    args = parser.parse_args()

    logs = prove(args.command, args.folder)
    goals, totals = read(logs)
    flags = args.flags.split()
    claims = [claim for source in args.harnesses
              for claim in harnesses.check(source, args.folder / source.stem, flags)]
    table = carried(goals)
    for name, good in claims:
        table[name[:2]][name].append(good)
    print("rule  proved  contracts of, and harnesses")
    for rule in RULES:
        functions = table[rule]
        every = [proved for goal in functions.values() for proved in goal]
        names = ", ".join(sorted(functions)) or "nothing: no contract names it"
        print(f"{rule:4}  {figures(every):>6}  {names}")
    named = {goal for goal in goals
             if (match := ENSURES.match(goal)) and RULE.search(match[2])}
    print(f"else  {figures([goals[goal] for goal in goals.keys() - named]):>6}  "
          "no overflow, valid pointers, variables that stay as they are, definitions")

    failed = [goal for goal, proved in goals.items() if not proved]
    for goal in failed:
        print(f"not ok: {goal}")
    bare = [rule for rule in RULES if not table[rule]]
    for rule in bare:
        print(f"not ok: {rule}: no contract or harness names it")
    counted = (len(totals) == len(logs) and
               [sum(column) for column in zip(*totals)] ==
               [len(goals) - len(failed), len(goals)])
    if not counted:
        print(f"not ok: the logs name {len(goals)} goals, {len(failed)} not proved, but WP counts "
              f"(proved, all) {totals}: see {args.folder}")
    broken = sum(not good for _, good in claims)
    wrong = len(failed) + len(bare) + (not counted) + broken
    return report(len(goals) - len(failed) + len(claims) - broken, wrong)


if __name__ == "__main__":
    finish(main)
