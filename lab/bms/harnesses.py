# SPDX-License-Identifier: GPL-2.0-only
"""Check properties of several steps, for every state, input and time.

Each harness in tests/rules (pins.c, steps.c) takes any values. suppose() leaves some out,
promise() must be true for all others, and happens() for some. CBMC turns each of these claims,
and the steps before it, into one formula. Bitwuzla looks for values that break the promise, or
that make the required case happen. Loops have a fixed end, so none is cut short. Ends with
"N passed, N failed".
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import time

from bms.errors import LabError
from bms.result import finish, report
from bms.run import tried

# Checks of C itself are left out, because Frama-C makes them.
CBMC = ["cbmc", "--no-standard-checks", "--slice-formula", "--bitwuzla", "--trace"]

HARNESS = re.compile(r"^void (\w+)\(void\)$", re.MULTILINE)
RULE = re.compile(r"[XUCRF]\d[a-z]?_")
PROPERTY = re.compile(r"^Property ((\w+)\.assertion\.\d+):\n.* line (\d+) .*\n +(\w+)$",
                      re.MULTILINE)
ANSWER = r"^\[{}\] .*: (SUCCESS|FAILURE)$"


def cbmc(source, flags, name, *words):
    return tried(*CBMC, *flags, source, "--function", name, *words)


def claims_of(source, flags):
    """(harness, property, line, "promise" or "happens") of each claim."""
    names = HARNESS.findall(source.read_text())
    shown = cbmc(source, flags, names[0], "--show-properties")
    claims = [(harness, claim, int(line), word)
              for claim, harness, line, word in PROPERTY.findall(shown.stdout)
              if harness in names]
    for name in names:
        if not RULE.match(name):
            raise LabError(f"{name}: the name must begin with a rule, as in U2_{name}")
        for word in ("promise", "happens"):
            if not any(claim[0] == name and claim[3] == word for claim in claims):
                raise LabError(f"{name}: has no {word}(): {shown.stderr.strip()[:500]}")
    return claims


def ask(source, folder, flags, claim):
    """Verdict on a claim, with a text and the time that it took."""
    harness, name, line, word = claim
    begin = time.monotonic()
    done = cbmc(source, flags, harness, "--property", name)
    log = folder / f"{harness}-{line}.log"
    log.write_text(done.stdout + done.stderr)
    answer = re.search(ANSWER.format(re.escape(name)), done.stdout, re.MULTILINE)
    wanted = "SUCCESS" if word == "promise" else "FAILURE"
    if not answer:
        text = f"no answer: see {log}"
    elif answer[1] == wanted:
        text = ""
    else:
        text = f"broken: see {log}" if word == "promise" else f"it never happens: see {log}"
    return not text, text, time.monotonic() - begin


def check(source, folder, flags, only=""):
    """Judge every harness: its name and whether it is right, for each of its claims."""
    folder.mkdir(parents=True, exist_ok=True)
    claims = [claim for claim in claims_of(source, flags) if re.search(only, claim[0])]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        asked = {pool.submit(ask, source, folder, flags, claim): claim for claim in claims}
        for future in concurrent.futures.as_completed(asked):
            (harness, _, line, word), (good, text, seconds) = asked[future], future.result()
            print(f"{'ok' if good else 'not ok'}: {harness}: {word} in line {line}, "
                  f"{seconds:.0f} s{': ' if text else ''}{text}", flush=True)
            yield harness, good


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="harnesses with this in their name")
    parser.add_argument("source", type=pathlib.Path, help="the harnesses")
    parser.add_argument("build", type=pathlib.Path, help="folder for the results")
    parser.add_argument("flags", nargs="*", help="flags of the compiler")
    args = parser.parse_args()
    results = list(check(args.source, args.build, args.flags, args.only))
    passed = sum(good for _, good in results)
    return report(passed, len(results) - passed) or int(not results)


if __name__ == "__main__":
    finish(main)
