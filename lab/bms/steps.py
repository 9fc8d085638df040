# SPDX-License-Identifier: GPL-2.0-only
"""Check properties of several steps, for every state, input and time.

Each harness in tests/rules/steps.c says of values that are any: suppose(), promise(),
happens(). clang makes one function without loops and memory of it, with the policy in it.
That is written down as a formula of whole numbers, and CVC5 looks for values that break a
promise, or make happen what must be able to. Values that it finds are tried on the same
source, compiled for a computer, so a translation that is wrong shows itself. Ends with
"N passed, N failed".
"""

import argparse
import collections
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

from bms.errors import BenchError

CLANG = "clang -std=gnu11 -O2 -Xclang -disable-llvm-passes -w -S -emit-llvm".split()
# Nothing is left that a step calls, no loop, and no memory.
OPT = ["opt", "-S", "-inline-threshold=1000000", "-unroll-threshold=1000000",
       "-passes=function(sroa,early-cse),cgscc(inline),function(sroa,early-cse,"
       "loop(loop-rotate,indvars,loop-unroll-full),instcombine,sroa,instcombine,dse,sroa,"
       "early-cse,sccp,simplifycfg,adce)"]
# The same for a computer, and nothing made simpler
PLAIN = "clang -std=gnu11 -O0 -w".split()

VALUES = re.compile(r"\((?:\|[^|]+\||%\S+) (\(- \d+\)|\d+|true|false)\)")
RULE = re.compile(r"[XUCRF]\d_")

DEFINE = re.compile(r"^define [^@]*void @(\w+)\(\)")
LABEL = re.compile(r"^([-\w.$]+):")
VALUE = r"(?:%[-\w.$]+|-?\d+|true|false|undef|poison)"
BINARY = re.compile(rf"^(\w+)(?: nuw| nsw| exact)* i(\d+) ({VALUE}), ({VALUE})$")
COMPARE = re.compile(rf"^icmp (\w+) i(\d+) ({VALUE}), ({VALUE})$")
CAST = re.compile(rf"^(zext|sext|trunc) i(\d+) ({VALUE}) to i(\d+)$")
SELECT = re.compile(rf"^select i1 ({VALUE}), i(\d+) ({VALUE}), i\d+ ({VALUE})$")
FREEZE = re.compile(rf"^freeze i(\d+) ({VALUE})$")
PHI = re.compile(r"^phi i(\d+) (.*)$")
EDGE = re.compile(rf"\[ ({VALUE}), %([-\w.$]+) \]")
BRANCH = re.compile(rf"^br i1 ({VALUE}), label %([-\w.$]+), label %([-\w.$]+)")
JUMP = re.compile(r"^br label %([-\w.$]+)")
CASES = re.compile(rf"^switch i(\d+) ({VALUE}), label %([-\w.$]+) \[(.*)\]")
CASE = re.compile(r"i\d+ (-?\d+), label %([-\w.$]+)")
CALL = re.compile(r"^(?:tail )?call (?:[a-z]\w* )*?(void|i\d+) @([\w.]+)\((.*)\)")
ARGUMENT = re.compile(rf"i(\d+) (?:\w+ )*?({VALUE})(?:,|$)")
ANY = re.compile(r"^any_\w+$")
EXTREME = re.compile(r"^llvm\.([us])(min|max)\.i\d+$")

# 32 bits are read as a number with a sign, other sizes as one without.
SIGNED = 32
RELATIONS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">="}


def sort(width):
    return "Bool" if width == 1 else "Int"


def literal(value):
    return str(value) if value >= 0 else f"(- {-value})"


def bounds(width):
    """Smallest and largest number of so many bits."""
    low = -(1 << width - 1) if width == SIGNED else 0
    return low, low + (1 << width) - 1


def wrapped(width, term):
    """The result of one addition or subtraction, as a machine has it."""
    low, high = bounds(width)
    return (f"(let ((sum {term})) (ite (> sum {literal(high)}) (- sum {1 << width}) "
            f"(ite (< sum {literal(low)}) (+ sum {1 << width}) sum)))")


def unsigned_of(width, term):
    """A number with a sign, as so many bits without one."""
    return f"(ite (< {term} 0) (+ {term} {1 << width}) {term})"


def signed(width, term):
    return term if width == SIGNED else \
        f"(ite (< {term} {1 << width - 1}) {term} (- {term} {1 << width}))"


def unsigned(width, term):
    return unsigned_of(width, term) if width == SIGNED else term


def blocks_of(lines):
    """The body of a function as blocks, in the order in which they stand."""
    blocks, name = collections.OrderedDict(), None
    joined = []
    for line in lines:
        text = line.split(", !", 1)[0].split(" ;", 1)[0].strip()
        if joined and joined[-1].startswith("switch ") and not joined[-1].endswith("]"):
            joined[-1] += " " + text
        else:
            joined.append(text)
    for text in joined:
        if match := LABEL.match(text):
            name = match[1]
            blocks[name] = []
        elif text and not text.startswith(";"):
            if name is None:
                name = "entry"
                blocks[name] = []
            blocks[name].append(text)
    return blocks


class Formula:
    """What a function without loops does, for a solver."""

    def __init__(self, name, lines):
        self.name = name
        self.text = []          # of the solver
        self.inputs = []        # any values, in the order in which they are asked for
        self.supposed = []      # on this everything after it rests
        self.promises = collections.defaultdict(list)       # by line: it is broken
        self.happenings = collections.defaultdict(list)     # by line: it happens
        self.edges = collections.defaultdict(list)
        blocks = blocks_of(lines)
        for block in self.sorted(blocks):
            self.block(block, blocks[block])

    def sorted(self, blocks):
        """Each block after all that lead to it."""
        order, state = [], {}
        stack = [(next(iter(blocks)), None)]
        while stack:
            name, targets = stack.pop()
            if targets is None:
                if state.get(name) == "done":
                    continue
                state[name] = "open"
                targets = re.findall(r"label %([-\w.$]+)", blocks[name][-1])
            while targets:
                target = targets.pop()
                if state.get(target) == "open":
                    raise BenchError(f"{self.name}: a loop is left: {target}")
                if target not in state:
                    stack.append((name, targets))
                    stack.append((target, None))
                    break
            else:
                state[name] = "done"
                order.append(name)
        return order[::-1]

    @staticmethod
    def term(value, width):
        if value.startswith("%"):
            return f"|{value}|"
        if value in ("true", "false"):
            return value
        if value in ("undef", "poison"):
            raise BenchError(f"a value that is not defined: {value}")
        if width == 1:
            return "true" if int(value) else "false"
        low, _ = bounds(width)
        return literal((int(value) - low) % (1 << width) + low)

    def let(self, name, width, term):
        self.text.append(f"(define-fun |{name}| () {sort(width)} {term})")

    def block(self, name, body):
        reached = [condition for _, condition in self.edges[name]] or ["true"]
        here = f"|reached {name}|"
        self.text.append(f"(define-fun {here} () Bool (or {' '.join(reached)} false))")
        for text in body:
            result, text = text.split(" = ", 1) if text.startswith("%") else (None, text)
            if text.startswith(("br ", "switch ", "ret ", "unreachable")):
                self.leave(name, here, text)
            elif match := CALL.match(text):
                self.call(here, result, match)
            else:
                self.let(result, *self.value(name, text))

    def leave(self, name, here, text):
        if match := BRANCH.match(text):
            condition = self.term(match[1], 1)
            if match[2] == match[3]:
                self.edges[match[2]].append((name, here))
                return
            self.edges[match[2]].append((name, f"(and {here} {condition})"))
            self.edges[match[3]].append((name, f"(and {here} (not {condition}))"))
        elif match := JUMP.match(text):
            self.edges[match[1]].append((name, here))
        elif match := CASES.match(text):
            width, value = int(match[1]), self.term(match[2], int(match[1]))
            taken = collections.defaultdict(list)
            for number, target in CASE.findall(match[4]):
                taken[target].append(f"(= {value} {self.term(number, width)})")
            others = " ".join(sum(taken.values(), []))
            taken[match[3]].append(f"(not (or {others} false))")
            for target, conditions in taken.items():
                self.edges[target].append((name, f"(and {here} (or {' '.join(conditions)}))"))
        elif text == "unreachable":
            raise BenchError(f"{self.name}: clang takes something for impossible")

    def call(self, here, result, match):
        width = 0 if match[1] == "void" else int(match[1][1:])
        function = match[2]
        arguments = [(self.term(value, int(bits)), value)
                     for bits, value in ARGUMENT.findall(match[3])]
        if ANY.match(function):
            self.text.append(f"(declare-const |{result}| {sort(width)})")
            if width > 1:
                low, high = bounds(width)
                self.text.append(f"(assert (<= {literal(low)} |{result}| {literal(high)}))")
            self.inputs.append((f"|{result}|", here))
        elif function == "suppose":
            self.supposed.append(f"(=> {here} {arguments[0][0]})")
        elif function in ("promise_at", "happens_at"):
            of = " ".join(["and", here, *self.supposed])
            if function == "promise_at":
                kind, claim = self.promises, f"(not {arguments[0][0]})"
            else:
                kind, claim = self.happenings, arguments[0][0]
            # A compiler may let a call happen in several places.
            kind[int(arguments[1][1])].append(f"({of} {claim})")
        elif extreme := EXTREME.match(function):
            (one, _), (other, _) = arguments
            read = unsigned if extreme[1] == "u" else signed
            first, second = (one, other) if extreme[2] == "min" else (other, one)
            self.let(result, width, f"(ite (< {read(width, one)} {read(width, other)}) "
                                    f"{first} {second})")
        elif function == "llvm.usub.sat.i64":
            (one, _), (other, _) = arguments
            self.let(result, width, f"(ite (< {one} {other}) 0 (- {one} {other}))")
        elif not function.startswith(("llvm.lifetime", "llvm.dbg", "llvm.experimental.noalias")):
            raise BenchError(f"{self.name}: a call that is left: {function}")

    def computed(self, operator, width, one, other):
        """The term of an operation on two numbers, or nothing."""
        if width == 1:
            return f"({operator} {one} {other})" if operator in ("and", "or", "xor") else None
        if operator in ("add", "sub"):
            return wrapped(width, f"({'+' if operator == 'add' else '-'} {one} {other})")
        if operator == "xor" and other == str(bounds(width)[1]):
            return f"(- {other} {one})"
        if operator == "xor" and other == "1":
            return f"(ite (= (mod {one} 2) 0) (+ {one} 1) (- {one} 1))"
        if operator == "and" and other == "1":
            return f"(mod {one} 2)"
        if operator == "lshr" and other.isdigit():
            return f"(div {unsigned(width, one)} {1 << int(other)})"
        if operator == "mul" and width == 64 and other.isdigit() and int(other) < 1 << 32:
            # What does not fit into 64 bits may be anything: more than the machine can do.
            name = f"|large {len(self.text)}|"
            self.text.append(f"(declare-const {name} Int)")
            self.text.append(f"(assert (<= 0 {name} {bounds(64)[1]}))")
            return f"(ite (< {one} {1 << 32}) (* {other} {one}) {name})"
        return None

    def value(self, name, text):
        """Width and term of what an instruction computes."""
        if match := BINARY.match(text):
            width = int(match[2])
            term = self.computed(match[1], width, self.term(match[3], width),
                                 self.term(match[4], width))
            if term:
                return width, term
        elif match := COMPARE.match(text):
            width = int(match[2])
            one, other = self.term(match[3], width), self.term(match[4], width)
            if match[1] in ("eq", "ne"):
                equal = f"(= {one} {other})"
                return 1, equal if match[1] == "eq" else f"(not {equal})"
            if width > 1:
                read = unsigned if match[1][0] == "u" else signed
                return 1, (f"({RELATIONS[match[1][1:]]} {read(width, one)} "
                           f"{read(width, other)})")
            if match[1] in ("ult", "ugt"):
                one, other = (one, other) if match[1] == "ult" else (other, one)
                return 1, f"(and (not {one}) {other})"
        elif match := CAST.match(text):
            kind, width, to = match[1], int(match[2]), int(match[4])
            one = self.term(match[3], width)
            if kind == "zext" and width == 1:
                return to, f"(ite {one} 1 0)"
            if kind == "zext" and to != SIGNED:
                return to, unsigned(width, one)
            if kind == "zext" or (kind == "sext" and to == SIGNED and width > 1):
                return to, one if kind == "zext" else signed(width, one)
            if kind == "sext" and width == SIGNED:
                return to, unsigned_of(to, one)
            if kind == "trunc" and to == 1:
                return to, f"(= (mod {one} 2) 1)"
        elif match := SELECT.match(text):
            width = int(match[2])
            return width, (f"(ite {self.term(match[1], 1)} {self.term(match[3], width)} "
                           f"{self.term(match[4], width)})")
        elif match := FREEZE.match(text):
            return int(match[1]), self.term(match[2], int(match[1]))
        elif match := PHI.match(text):
            width, values = int(match[1]), dict((b, v) for v, b in EDGE.findall(match[2]))
            conditions = collections.defaultdict(list)
            for source, condition in self.edges[name]:
                conditions[source].append(condition)
            *others, last = [source for source in values if source in conditions]
            term = self.term(values[last], width)
            for source in others:
                term = (f"(ite (or {' '.join(conditions[source])}) "
                        f"{self.term(values[source], width)} {term})")
            return width, term
        raise BenchError(f"{self.name}: an instruction that is not known: {text}")


def compile_harnesses(source, folder, flags):
    """LLVM's text of each harness."""
    target = folder / "steps.ll"
    run([*CLANG, *flags, "-o", target, source])
    run([*OPT, "-o", target, target])
    functions, lines = {}, None
    for line in target.read_text().splitlines():
        if match := DEFINE.match(line):
            lines = functions[match[1]] = []
        elif line == "}":
            lines = None
        elif lines is not None:
            lines.append(line)
    return functions


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"{command[0]} failed: {done.stderr.strip()[:2000]}")
    return done.stdout


MAIN = """
int main(void)
{{
	extern void {name}(void);

	{name}();
	return 0;
}}
"""


def compile_replay(name, source, folder, flags):
    """The harness as a program that reads its values."""
    text = folder / f"{name}.c"
    text.write_text(MAIN.format(name=name))
    run([*PLAIN, *flags, "-o", folder / name, source, source.with_name("any.c"), text])


def replay(folder, formula, line, values):
    """Does the source itself do what the formula says with these values?"""
    done = subprocess.run([folder / formula.name], input=" ".join(values),
                          capture_output=True, text=True, check=False)
    return str(line) in done.stdout.split()


def ask(folder, formula, line, claims, wanted):
    """Whether claims are as wanted, and what to say of them."""
    path = folder / f"{formula.name}-{line}.smt2"
    values = " ".join(f"{name} {here}" for name, here in formula.inputs)
    path.write_text("\n".join([
        "(set-option :produce-models true)", "(set-logic QF_LIA)", *formula.text,
        f"(assert (or {' '.join(claims)} false))", "(check-sat)",
        *([f"(get-value ({values}))"] if values else [])]) + "\n")
    done = subprocess.run(["cvc5", path], capture_output=True, text=True, check=False)
    answer = done.stdout.split(None, 1)[0] if done.stdout else "nothing"
    if answer not in ("sat", "unsat"):
        return False, f"no answer: {answer}: {path}"
    if answer == "unsat":
        return wanted == "unsat", "" if wanted == "unsat" else "it never happens"
    found = VALUES.findall(done.stdout)
    asked = [value.replace("(- ", "-").strip(")")
             for value, here in zip(found[::2], found[1::2]) if here == "true"]
    if not replay(folder, formula, line, asked):
        return False, f"the source differs from the formula: {path}"
    return wanted == "sat", "" if wanted == "sat" else f"broken: {path}"


def check(source, folder, flags, only=""):
    """Judge every harness: its name and whether it is right, for each of its claims."""
    folder.mkdir(parents=True, exist_ok=True)
    asked = []
    for name, lines in compile_harnesses(source, folder, flags).items():
        if not RULE.match(name):
            raise BenchError(f"{name}: begins with no rule")
        if not re.search(only, name):
            continue
        formula = Formula(name, lines)
        if not formula.happenings:
            raise BenchError(f"{name}: nothing shows that it can happen")
        compile_replay(name, source, folder, flags)
        asked += [(formula, *claim, "unsat") for claim in formula.promises.items()]
        asked += [(formula, *claim, "sat") for claim in formula.happenings.items()]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        answers = pool.map(lambda one: ask(folder, *one), asked)
        for (formula, line, _, wanted), (good, text) in zip(asked, answers):
            word = "promise" if wanted == "unsat" else "happens"
            print(f"{'ok' if good else 'not ok'}: {formula.name}: {word} in line {line}"
                  f"{': ' if text else ''}{text}", flush=True)
            yield formula.name, good


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="harnesses with this in their name")
    parser.add_argument("source", type=pathlib.Path, help="the harnesses")
    parser.add_argument("build", type=pathlib.Path, help="folder for what comes out")
    parser.add_argument("flags", nargs="*", help="of the compiler")
    args = parser.parse_args()
    results = list(check(args.source, args.build, args.flags, args.only))
    passed = sum(good for _, good in results)
    print(f"{passed} passed, {len(results) - passed} failed")
    return 0 if results and passed == len(results) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (BenchError, OSError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)
