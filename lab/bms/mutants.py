# SPDX-License-Identifier: GPL-2.0-only
"""Change the rules in all simple ways: does a test notice each change?

Each mutant of the policy, the record and the settings differs from the driver in one place: another
comparison, a bound moved by one, a condition negated, an operand or a statement dropped.
In user space the KUnit tests look at it first, then the histories that are kept, then those
that "make fuzz-short" makes up, always the same. A mutant that no test notices needs a test, or
a reason in the file of equivalent mutants; a reason that is no longer needed is an error. Ends
with "N passed, N failed".
"""

import argparse
import collections
import concurrent.futures
import os
import pathlib
import re
import resource
import shutil
import tempfile
import time
from dataclasses import dataclass

from bms.errors import LabError
from bms.result import finish, report
from bms.run import run, tried

CHANGED = ("policy", "record", "settings")  # sources of the driver

# A mutant that runs so many times as long as the driver itself counts as one that never ends.
PATIENCE = 10
SHOW_S = 20.0

TOKEN = re.compile(r"""
    (?P<skip>\s+|\\\n|/\*.*?\*/|//[^\n]*|^\#\s*(?:include|undef)[^\n]*|"(?:\\.|[^"\\])*")
  | (?P<define>\#define\s+\w+(?:\([^)]*\))?)
  | (?P<name>[A-Za-z_]\w*)
  | (?P<number>\d\w*)
  | (?P<op>->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/|&^]=|\.\.\.|[-+*/%&|^!~<>=?:;,.(){}\[\]])
""", re.VERBOSE | re.DOTALL | re.MULTILINE)

# Tokens and their replacements
SWAPS = {
    "<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"),
    "==": ("!=",), "!=": ("==",), "&&": ("||",), "||": ("&&",), "|=": ("&=",),
    "true": ("false",), "false": ("true",), "min": ("max",), "max": ("min",),
    "any": ("all",), "all": ("any",),
    "EVIDENCE_ON": ("EVIDENCE_OFF", "EVIDENCE_NEUTRAL"),
    "EVIDENCE_OFF": ("EVIDENCE_ON", "EVIDENCE_NEUTRAL"),
    "EVIDENCE_UNKNOWN": ("EVIDENCE_NEUTRAL", "EVIDENCE_OFF"),
    "EVIDENCE_NEUTRAL": ("EVIDENCE_UNKNOWN", "EVIDENCE_OFF"),
    "EVIDENCE_ABSENT": ("EVIDENCE_UNKNOWN", "EVIDENCE_OFF"),
}
BINARY = {"+": ("-",), "-": ("+",), "*": ("/",), "/": ("*",), "&": ("|",), "|": ("&",)}
# An operand of && or || ends at one of these.
BOUNDS = {"&&", "||", "?", ":", ",", ";", "=", "{", "}", "return"}
DECLARATIONS = {"const", "u64", "u32", "s32", "bool", "int", "enum", "struct", "static"}


@dataclass
class Token:
    text: str
    start: int
    end: int
    kind: str
    pair: int = -1      # where the other bracket is


@dataclass(frozen=True)
class Mutant:
    """One change of a source."""

    file: str
    line: int
    before: str         # the changed lines, in one
    after: str
    source: str

    @property
    def key(self):
        return self.file, self.before, self.after


class Source:
    """A source file, and the mutants that it has."""

    def __init__(self, path):
        self.path = path
        self.text = path.read_text()
        self.tokens = []
        brackets = []
        for match in TOKEN.finditer(self.text):
            if match.lastgroup in ("skip", "define"):
                continue
            token = Token(match[0], match.start(), match.end(), match.lastgroup)
            if token.text in "([{":
                brackets.append(len(self.tokens))
            elif token.text in ")]}":
                token.pair = brackets.pop()
                self.tokens[token.pair].pair = len(self.tokens)
            self.tokens.append(token)

    def mutant(self, start, end, text):
        """Replace a part of the source."""
        first = self.text.rfind("\n", 0, start) + 1
        last = self.text.find("\n", end)
        lines = [self.text[first:last], self.text[first:start] + text + self.text[end:last]]
        before, after = (" ".join(re.sub(r"\s*\\\n", "\n", part).split()) for part in lines)
        return Mutant(self.path.name, self.text.count("\n", 0, start) + 1, before, after,
                      self.text[:start] + text + self.text[end:])

    def operand(self, index, step):
        """The range of tokens beside an operator, in a direction."""
        at = index + step
        while 0 <= at < len(self.tokens):
            token = self.tokens[at]
            if token.text in BOUNDS or token.text in ("([{" if step < 0 else ")]}"):
                break
            if token.pair >= 0:
                at = token.pair
            at += step
        return at - step

    def body(self, index):
        """Is a token inside a function?"""
        while index > 0:
            index -= 1
            token = self.tokens[index]
            if token.text == "}":
                index = token.pair
            elif token.text == "{" and self.tokens[index - 1].text in (")", "else"):
                return True
        return False

    def statements(self):
        """(first, last) token of each part that can be dropped."""
        for index, token in enumerate(self.tokens):
            if token.text != ";" or not self.body(index):
                continue
            at = index - 1
            while self.tokens[at].text not in ";{}:" or self.tokens[at].text == ":" and \
                    not self.label(at):
                if self.tokens[at].text in "([":
                    break       # in the head of a loop
                at = self.tokens[at].pair if self.tokens[at].text in ")]" else at
                at -= 1
            else:
                first = at + 1
                if self.tokens[first].text in DECLARATIONS or first == index:
                    continue
                if self.tokens[first].text != "return" or first + 1 == index:
                    yield first, index
                while self.tokens[first].text in ("if", "for", "else", "while"):
                    step = self.tokens[first].text != "else"
                    first = self.tokens[first + 1].pair + 1 if step else first + 1
                    if self.tokens[first].text not in ("return", "if"):
                        yield first, index

    def label(self, at):
        return "case" in (self.tokens[at - 2].text, self.tokens[at - 3].text) or \
            self.tokens[at - 1].text == "default"

    def mutants(self):
        tokens = self.tokens
        for index, token in enumerate(tokens):
            before = tokens[index - 1] if index else None
            swaps = SWAPS.get(token.text, ())
            if token.text in BINARY and before and \
                    (before.kind in ("name", "number") and before.text != "return" or
                     before.text in ")]"):
                swaps = BINARY[token.text]
            for swap in swaps:
                yield self.mutant(token.start, token.end, swap)
            if token.text == "!":
                yield self.mutant(token.start, token.end, "")
            if token.kind == "number":
                digits = re.match(r"\d+", token.text)[0]
                for step in (1, -1):
                    yield self.mutant(token.start, token.start + len(digits),
                                      f"({int(digits) + step})" if int(digits) + step < 0
                                      else str(int(digits) + step))
            if token.text in ("&&", "||"):
                left, right = self.operand(index, -1), self.operand(index, 1)
                yield self.mutant(tokens[left].start, tokens[index + 1].start, "")
                yield self.mutant(before.end, tokens[right].end, "")
            if token.text == "?":
                left = self.operand(index, -1)
                yield self.mutant(tokens[left].start, before.end,
                                  f"!({self.text[tokens[left].start:before.end]})")
            if token.text in ("if", "while"):
                condition = self.text[tokens[index + 1].start:tokens[tokens[index + 1].pair].end]
                yield self.mutant(tokens[index + 1].start, tokens[tokens[index + 1].pair].end,
                                  f"(!{condition})")
        for first, last in self.statements():
            yield self.mutant(tokens[first].start, tokens[last].end, ";")


def bound(cpu_s, *words):
    """Run a program that may use some seconds of a processor."""
    def limit():
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    return tried(*words, preexec_fn=limit)


def cpu_s():
    """Seconds of a processor that programs have used which have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Tests:
    """The tests of the mutants, compiled except for the changed source."""

    def __init__(self, args):
        self.args = args
        self.proof, self.driver = args.proof, args.driver
        frontend = pathlib.Path("drivers/iio/frontend")
        kunit = pathlib.Path("kunit")
        self.flags = ["-w", *(f"-I{folder}" for folder in (
            self.proof / "include", self.driver, frontend, kunit, kunit / "frontend"))]
        self.histories = {
            "history that is kept": sorted((self.proof / "corpus").iterdir()),
            "history made up": sorted(path for folder in args.made for path in folder.iterdir()),
        }
        for name, paths in self.histories.items():
            if not paths:
                raise LabError(f"there is no {name}")
        shutil.rmtree(args.output, ignore_errors=True)
        args.output.mkdir(parents=True)
        parts = {"kunit": (self.proof / "kunit.c", kunit / "policy_kunit.c",
                           kunit / "record_kunit.c", kunit / "settings_kunit.c",
                           kunit / "frontend/circuit_kunit.c", frontend / "circuit.c"),
                 "replay": (self.proof / "replay.c", self.proof / "history.c",
                            self.proof / "oracle.c"),
                 **{name: (self.driver / f"{name}.c",) for name in CHANGED}}
        self.objects = {}
        for name, sources in parts.items():
            self.objects[name] = [self.compile(source, args.output / f"{source.stem}.o")
                                  for source in sources]
        self.best = {name: self.compile(self.driver / f"{name}.c",
                                        args.output / f"{name}-best.o", "-O2").read_bytes()
                     for name in CHANGED}
        # The test, its program and what the program is to read
        self.tests = {"KUnit": ("kunit", ()),
                      **{name: ("replay", paths) for name, paths in self.histories.items()}}
        self.limit_s = {name: self.patience(*test) for name, test in self.tests.items()}

    def patience(self, name, paths):
        """Seconds of a processor for a mutant; the driver itself must pass."""
        program = self.args.output / name
        run("gcc", "-o", program, *self.objects[name],
            *(self.objects[source][0] for source in CHANGED))
        begin = cpu_s()
        run(program, "--first", *paths)
        return 1 + round(PATIENCE * (cpu_s() - begin))

    def compile(self, source, target, level="-O1"):
        run("gcc", level, *self.flags, "-c", "-o", target, source)
        return target

    def others(self, mutant):
        """The objects of the sources that are not changed."""
        return [self.objects[name][0] for name in CHANGED if mutant.file != f"{name}.c"]

    def notices(self, test, mutant, changed):
        name, paths = self.tests[test]
        program = changed.parent / name
        run("gcc", "-o", program, changed, *self.others(mutant), *self.objects[name])
        return bound(self.limit_s[test], program, "--first", *paths).returncode != 0

    def verdict(self, mutant, folder):
        """Name of the test that notices it, or None."""
        source = folder / mutant.file
        source.write_text(mutant.source)
        changed = folder / "changed.o"
        # Sanitizers notice undefined behaviour, as in the tests in the kernel.
        if tried("gcc", "-O1", *self.flags, "-Werror=return-type", "-Werror=uninitialized",
                 "-fsanitize=undefined", "-fsanitize-undefined-trap-on-error", "-c", "-o",
                 changed, source).returncode:
            return "compiler"
        if self.notices("KUnit", mutant, changed):
            return "KUnit"
        if self.compile(source, folder / "best.o", "-O2").read_bytes() == \
                self.best[source.stem]:
            return "same code"
        return next((test for test in self.histories if self.notices(test, mutant, changed)), None)

    def judge(self, mutant):
        with tempfile.TemporaryDirectory(dir=self.args.output) as folder:
            return self.verdict(mutant, pathlib.Path(folder))


def read_reasons(path):
    """Read lines of "FILE ~ LINE ~ CHANGED LINE ~ REASON"; each is for one mutant."""
    reasons = collections.Counter()
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = [part.strip() for part in line.split(" ~ ")]
        if len(parts) != 4:
            raise LabError(f"{path}:{number}: not \"FILE ~ LINE ~ CHANGED LINE ~ REASON\"")
        reasons[tuple(parts[:3])] += 1
    return reasons


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="mutants of lines with this text only")
    for name in ("driver", "proof", "output"):
        parser.add_argument(name, type=pathlib.Path)
    parser.add_argument("made", type=pathlib.Path, nargs="+", help="folders of histories made up")
    args = parser.parse_args()

    reasons = read_reasons(args.proof / "equivalent")
    tests = Tests(args)
    mutants = list({mutant.source: mutant for name in CHANGED
                    for mutant in Source(args.driver / f"{name}.c").mutants()
                    if args.only in mutant.before}.values())
    begin = shown = time.monotonic()
    noticed = collections.Counter()
    survivors = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        verdicts = {pool.submit(tests.judge, mutant): mutant for mutant in mutants}
        for number, future in enumerate(concurrent.futures.as_completed(verdicts), 1):
            if verdict := future.result():
                noticed[verdict] += 1
            else:
                survivors.append(verdicts[future])
                if verdicts[future].key not in reasons:
                    print(f"not noticed: {verdicts[future].file}:{verdicts[future].line}: "
                          f"{verdicts[future].after}", flush=True)
            if time.monotonic() - shown > SHOW_S:
                shown = time.monotonic()
                print(f"{number} of {len(mutants)}, {len(survivors)} not noticed, "
                      f"{shown - begin:.0f} s", flush=True)

    unexplained = 0
    for mutant in sorted(survivors, key=lambda mutant: (mutant.file, mutant.line)):
        if reasons[mutant.key] > 0:
            reasons[mutant.key] -= 1
        else:
            unexplained += 1
            print(f"not ok: {mutant.file}:{mutant.line}: no test notices this change, and "
                  f"{args.proof / 'equivalent'} has no reason\n"
                  f"    - {mutant.before}\n    + {mutant.after}")
    stale = [] if args.only else list(reasons.elements())
    for key in stale:
        print(f"not ok: {args.proof / 'equivalent'}: a test notices this mutant, or it is gone; "
              f"remove it: {' ~ '.join(key)}")

    stillborn = noticed.pop("compiler", 0) + noticed.pop("same code", 0)
    print(f"{len(mutants)} mutants in {time.monotonic() - begin:.0f} s, of which {stillborn} do "
          "not compile, or compile to the same code")
    for name, number in noticed.most_common():
        print(f"{number:6} noticed by: {name}")
    print(f"{len(survivors) - unexplained:6} equivalent, with a reason")
    print(f"{unexplained:6} not noticed")
    failed = unexplained + len(stale)
    return report(len(mutants) - stillborn - unexplained, failed)


if __name__ == "__main__":
    finish(main)
