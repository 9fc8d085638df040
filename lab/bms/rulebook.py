# SPDX-License-Identifier: GPL-2.0-only
"""Does the page of rules agree with the source?

Compares Documentation/rules.rst with the codes in use and those that tests name, with the
causes and figures of each rule, and with the table of settings that the program of
lab/docs/settings.c prints. Prints errors, and nothing when all is well.
"""

import argparse
import pathlib
import re

from bms.result import finish
from bms.run import run

PAGE = pathlib.Path("Documentation/rules.rst")
DRIVER = pathlib.Path("drivers/power/supply/smallbms")

# Files that name rules, and those of them that are tests
NAMED = ("README.md", "Documentation/**/*", "drivers/**/*.[ch]",
         "dt-bindings/**/*.yaml", "kunit/**/*.[ch]", "tests/scenarios/**/*", "tests/soak/**/*",
         "lab/bms/**/*.py", "lab/boards/*/*.py", "lab/perf/*.py", "tests/rules/*.*")
TESTS = ("kunit/*_kunit.c", "tests/rules/*.*", "tests/scenarios/**/*.scn",
         "lab/bms/userspace.py")
NO_TEXT = {".png"}

RULE = re.compile(r"^([A-Z]\d+[a-z]?)\n((?:    .*\n|\n(?=    ))+)", re.MULTILINE)
CAUSE = re.compile(r"^\t\[SMALLBMS_CAUSE_\w+\] = \w+\(\"(\w+)\", \"([\w-]+)\"", re.MULTILINE)
# "/* U1: the pre-alarm ends ... */" and the figures below it
FIGURES = re.compile(r"^/\* ([A-Z]\d+)\b.*?\*/\n((?:#define \w+\s+\d+\n)+)",
                     re.MULTILINE | re.DOTALL)
DEFINE = re.compile(r"#define (\w+)\s+(\d+)")
ROW = re.compile(r"^([a-z-]+)  +(\S.*?)  +(\S.*?)  +(yes|no)$", re.MULTILINE)


def rules(page):
    """{code: its text, in one line}."""
    return {code: " ".join(text.split()) for code, text in RULE.findall(page)}


def codes(text, letters):
    """Words that look like the code of a rule."""
    return set(re.findall(rf"(?<![\w.])[{letters}]\d+[ab]?(?![\w.]*\d)\b", text))


def number(value, unit):
    return f"{value:g} {unit}".strip()


# Property's or define's ending: a divisor, and the unit that people read
UNITS = {"microvolt": (1e6, "V"), "microamp": (1e6, "A"), "millicelsius": (1e3, "°C"),
         "ms": (1e3, "s"), "percent": (1, "%")}


def setting_row(name, default, least, most, zero, written):
    """A setting as the page has it."""
    divisor, unit = UNITS.get(name.rpartition("-")[2], (1, ""))
    default, least, most = (int(value) / divisor for value in (default, least, most))
    return (name, number(default, unit), f"{least:g} to {number(most, unit)}" +
            (", or 0" if int(zero) else ""), "yes" if int(written) else "no")


def figure(name, value):
    """A figure of the source as people read it, or None."""
    value = int(value)
    if name.endswith("_NS_PER_MS"):
        return number(value, "ppm")
    if name.endswith("_UV"):
        return number(value / 1e6, "V") if value >= 1e6 else number(value / 1e3, "mV")
    if name.endswith("_MS"):
        return number(value / 1e3, "s") if value >= 1e3 else number(value, "ms")
    if name.endswith("_MC"):
        return number(value / 1e3, "K")
    return None


def wrong_codes(defined, named, tested):
    """Codes that are used are defined, and those that are defined are tested."""
    letters = "".join(sorted({code[0] for code in defined}))
    for path, text in named:
        for code in sorted(codes(text, letters) - set(defined)):
            yield f"{path} names {code}, which {PAGE} does not define"
    all_tested = set().union(*(codes(text, letters) for text in tested))
    for code in sorted(set(defined) - all_tested):
        yield f"no test names {code}: {defined[code]}"


def wrong_causes(defined, source):
    """The causes of each rule are those of the source."""
    causes = CAUSE.findall(source)
    if not causes:
        yield "the source has no causes: has their table moved?"
    for code, text in defined.items():
        told = set(re.findall(r"``([a-z-]+)``", text))
        are = {name for rule, name in causes if rule == code}
        for name in sorted(are ^ told):
            yield f"{code}: {PAGE} " + (f"lacks its cause {name}" if name in are
                                        else f"names {name}, which is no cause of it")


def wrong_figures(defined, sources):
    """The figures of a rule in the source stand in its text."""
    found = [(code, *line) for source in sources for code, block in FIGURES.findall(source)
             for line in DEFINE.findall(block)]
    if not found:
        yield "the source has no figures: have they moved?"
    for code, name, value in found:
        told = figure(name, value)
        # "130 mV" does not tell "30 mV".
        if told and not re.search(rf"(?<![\d.-]){re.escape(told)}\b", defined.get(code, "")):
            yield f"{code}: {PAGE} lacks its figure {told} ({name})"


def wrong_settings(page, table):
    """The table of settings is that of the source."""
    rows = set(ROW.findall(page))
    are = {setting_row(*line.split()) for line in table.splitlines()}
    for row in sorted(rows ^ are):
        yield f"setting {'  '.join(row)}: " + (
            f"{PAGE} lacks this row" if row in are else f"{PAGE} differs from the source")


def texts(patterns):
    """(path, text) of the files that match some."""
    for pattern in patterns:
        for path in sorted(pathlib.Path().glob(pattern)):
            if path.is_file() and path.suffix not in NO_TEXT:
                yield path, path.read_text()


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("settings", help="the program of lab/docs/settings.c")
    args = parser.parse_args()

    page = PAGE.read_text()
    defined = rules(page)
    table = run(args.settings)
    wrong = [*wrong_codes(defined, texts(NAMED), (text for _, text in texts(TESTS))),
             *wrong_causes(defined, (DRIVER / "causes.c").read_text()),
             *wrong_figures(defined, [(DRIVER / name).read_text()
                                      for name in ("policy.c", "policy.h")]),
             *wrong_settings(page, table)]
    print("\n".join(wrong), end="\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    finish(main)
