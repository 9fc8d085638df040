# SPDX-License-Identifier: GPL-2.0-only
"""The picture of the outputs, drawn from the driver's rules.

lab/docs/states.c walks through the rules and prints which outputs follow which; causes.c has
the rule of each cause. Prints a graph for dot.
"""

import argparse
import pathlib
import re
import sys

from bms.result import finish
from bms.run import run

# Load, charge and pre-alarm: D driven, f floating. Other combinations are errors.
NAMES = {
    "DDf": "all is well",
    "Dff": "charging blocked",
    "DfD": "pre-alarm",
    "fDf": "load cut",
    "fff": "all float",
}
PRE_ALARM = "DfD"
WARNING_MS = 30000
ENUM = re.compile(r"^\tSMALLBMS_CAUSE_(\w+),", re.MULTILINE)
RULE = re.compile(r"^\t\[SMALLBMS_CAUSE_(\w+)\] = \w+\(\"(\w+)\"", re.MULTILINE)


def changes(program, rules):
    """{(from, to): {(why, rule): ms}}, of changes with a single rule as their reason."""
    found = {}
    for line in run(program).splitlines():
        before, after, ms, why, mask = line.split()
        for outputs in (before, after):
            if outputs not in NAMES:
                sys.exit(f"The rules lead to {outputs} (load, charge, pre-alarm), which has no "
                         f"name in {__file__}: mend the rules, or give it one there")
        behind = {rule for bit, rule in enumerate(rules) if int(mask, 0) >> bit & 1}
        edge = found.setdefault((before, after), {})
        if len(behind) == 1:
            key = why, behind.pop()
            edge[key] = min(int(ms), edge.get(key, int(ms)))
    return found


def label(before, edge):
    """Causes that begin, that end, and that wait for the warning."""
    def ruled(whys, late):
        return sorted({rule for (why, rule), ms in edge.items()
                       if why in whys and late == (before == PRE_ALARM and ms >= WARNING_MS)})

    if begun := ruled(("begin", "stand"), False):
        yield ", ".join(begun)
    if ended := ruled(("end",), False):
        yield "no longer " + ", ".join(ended)
    if waited := ruled(("begin", "stand"), True):
        least = min(ms for ms in edge.values() if ms >= WARNING_MS)
        yield f"{', '.join(waited)} after {least / 1000:.1f} s"


def graph(found):
    yield "digraph outputs {"
    yield "\tgraph [fontname=sans, nodesep=0.9, ranksep=1.1];"
    yield "\tnode [fontname=sans, shape=box, style=rounded, margin=0.15];"
    yield "\tedge [fontname=sans, fontsize=10];"
    for outputs, name in NAMES.items():
        states = [f"{terminal} {'driven' if state == 'D' else 'floats'}"
                  for terminal, state in zip(("load", "charge", "pre-alarm"), outputs)]
        yield f'\t{outputs} [label="' + "\\n".join([name.upper(), *states]) + '"];'
    for (before, after), edge in sorted(found.items()):
        yield f'\t{before} -> {after} [label="' + "\\n".join(label(before, edge)) + '"];'
    yield "}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", help="built from states.c")
    parser.add_argument("driver", type=pathlib.Path, help="folder of the driver")
    args = parser.parse_args()

    rules = dict(RULE.findall((args.driver / "causes.c").read_text()))
    causes = ENUM.findall((args.driver / "policy.h").read_text())
    found = changes(args.program, [rules[cause] for cause in causes])
    print("\n".join(graph(found)))


if __name__ == "__main__":
    finish(main)
