# SPDX-License-Identifier: GPL-2.0-only
"""Scenario files: events of a bank over time, and expectations of its pins.

tests/scenarios/README.md is their language. Here they are read strictly: a word that is not
understood is refused with file and line. World has the value of any quantity at any time, so that
each board plays the same thing.
"""

import bisect
import pathlib
import re
from dataclasses import dataclass, field

from bms import sysfs
from bms.errors import LabError
from bms.pins import HELD, MORE_PINS, PINS, floating
from bms.product import WARNING_S

NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)"
MAX_CELLS = 160
MAX_BATTERIES = 20

BIT = {"0": False, "1": True}


def choice(*words):
    return {word: word for word in words}


WORDS = {
    "PWR": BIT, "BR": BIT, "ATD": BIT, "ATC": BIT, "BPA": BIT, "cfg.keepcharge": BIT,
    "SENS": choice("ok", "err", "hang"),
    "TS": choice("ok", "open", "hang"),
    "CONV": choice("ok", "err", "hang"),
    "LOOP": {"ok": True, "open": False},
    "H": choice("hi", "lo", "f"),
    "L": choice("hi", "lo", "f"),
    **dict.fromkeys(HELD, choice("free", "high", "low")),
    "IRQ": choice("ok", "lost"),
    "MEM": choice("ok", "err", "hang", "blank"),
    "OP": choice(*sysfs.OPERATIONS),
}
QUANTITIES = ("V", "T", "SUP", "ILD", "I")
NOISES = ("NV", "NT")
SETTINGS = tuple(key for key in sysfs.SETTINGS if key not in WORDS)
SIGNALS = ("ATD", "ATC", "BPA")
# Events that happen once, and are no state of the world
DEEDS = ("HOST", "OP")
# Words that may have a number in them
OTHER = {
    "OUT": re.compile(r"(ok|err|hang)$|(err)\*(\d+)$"),
    "HOST": re.compile(r"(reboot|rebind|abort|crash)$|(sleep)/(\d+)$"),
}
OTHERS = ("SETTLE", *OTHER)
# Keys that only some banks have
NEEDS = {"MEM": "memory", "I": "current",
         **{key: MORE_PINS[pin] for key, pin in HELD.items() if pin in MORE_PINS}}

HEALTHY = {"PWR": False, "BR": False, "H": "f", "L": "f", "LOOP": True, "SENS": "ok", "TS": "ok",
           "ATD": True, "ATC": True, "BPA": False, "OUT": ("ok", 0), "SETTLE": 0.0,
           "IRQ": "ok", "MEM": "ok", **dict.fromkeys(HELD, "free")}
HEALTHY_V, HEALTHY_T = 3.30, 25.0

KEY = re.compile(r"([A-Za-z.]+?)(\d*)$")
ASSIGNMENT = re.compile(r"([^=>]+)([=>])(.+)$")
RAMP = re.compile(rf"({NUMBER})/({NUMBER})$")
REPEAT = re.compile(rf"repeat\s+(\d+)\s+every\s+({NUMBER})\s+from\s+({NUMBER})\s*:\s*(.+)$")
FLAGS = ("memory", "heartbeat", "chargewarn", "current", "sleep", "loadoff")
MEASURED_OPTIONS = ("cells", "batteries", "converters", "convert")
PIN = "|".join((*PINS, *MORE_PINS))
INTERVAL = rf"@\[({NUMBER}),({NUMBER}|end)\]$"
LEVEL = re.compile(rf"({PIN})(->|=)([1Z0]){INTERVAL}")
FILE = re.compile(rf"sys:([\w/]+)(!?=)([^@]+){INTERVAL}")
COUNT = re.compile(rf"n\(({PIN}|MEM)\)<=(\d+)$")


@dataclass
class Change:
    """One assignment: a key, for cells and batteries with a number, gets a value."""

    key: str
    number: int         # 0 = all
    value: object       # None gives a cell or battery back to the others
    ramp_s: float = 0.0


@dataclass
class Expectation:
    """One thing that the pins must do, or a file must say."""

    text: str
    line: int
    kind: str           # "edge", "level", "count", "warned", "is" or "is not"
    pin: str = ""       # or the file
    level: str = ""
    begin: float = 0.0
    end: float = 0.0    # None in the file: the end of the scenario
    count: int = 0


@dataclass
class Scenario:
    path: pathlib.Path
    title: str = ""
    kind: str = ""                                      # "measured", "signals" or "both"
    cells: int = 0
    batteries: int = 0
    converters: int = 1
    convert_ms: int = 0                                 # time that each needs for each value
    capacity_ah: float = None
    flags: set = field(default_factory=set)
    end: float = 0.0
    events: list = field(default_factory=list)          # (time, [Change]), in order
    expectations: list = field(default_factory=list)

    @property
    def name(self):
        return self.path.stem

    @property
    def measured(self):
        return self.kind in ("measured", "both")

    @property
    def signals(self):
        return self.kind in ("signals", "both")

    @property
    def pins(self):
        """The columns of its log."""
        return PINS + tuple(pin for pin, flag in MORE_PINS.items() if flag in self.flags)

    @property
    def files(self):
        """Files that are sampled."""
        return sorted({item.pin for item in self.expectations if item.kind in ("is", "is not")})

    def sets(self, key, value):
        return any((item.key, item.value) == (key, value)
                   for _, changes in self.events for item in changes)

    def uses(self, *keys):
        return any(item.key in keys for _, changes in self.events for item in changes)

    @property
    def string_cells(self):
        """Cells in series; the supply voltage is their sum."""
        return next(count for count in (16, 8, 4) if self.cells % count == 0) if self.cells else 4


class Reader:
    """Reads one file."""

    def __init__(self, path):
        self.scenario = Scenario(pathlib.Path(path))
        self.line = 0
        self.events = {}
        self.ends = None

    def refuse(self, why):
        raise LabError(f"{self.scenario.path}:{self.line}: {why}")

    def read(self):
        try:
            lines = self.scenario.path.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise LabError(f"{self.scenario.path}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise LabError(f"{self.scenario.path}: not text: {error.reason}") from error
        for self.line, line in enumerate(lines, 1):
            text, _, comment = line.partition("#")
            if comment and not self.scenario.title:
                self.scenario.title = comment.strip()
            if text.strip():
                self.statement(text.strip())
        self.finish()
        return self.scenario

    def statement(self, text):
        word = text.split()[0]
        if word == "bank":
            self.bank(text)
        elif not self.scenario.kind:
            self.refuse("the bank must be named first: \"bank measured cells=4 batteries=1\"")
        elif word == "expect":
            self.expect(text[len(word):].strip())
        elif word == "repeat":
            self.repeat(text)
        else:
            self.at(text)

    def bank(self, text):
        scenario = self.scenario
        if scenario.kind:
            self.refuse("a second bank")
        kind, *words = text.split()[1:] or [""]
        names = [word.partition("=")[0] for word in words]
        if (kind not in ("signals", "measured", "both") or
                {"cells", "batteries"} & set(names) != (set() if kind == "signals" else
                                                        {"cells", "batteries"})):
            self.refuse(f"\"{text}\" is neither \"bank signals\" nor \"bank measured cells=N "
                        "batteries=N\"")
        scenario.kind = kind
        options = {}
        for word in words:
            name, _, value = word.partition("=")
            if name in options:
                self.refuse(f"a second \"{name}\"")
            options[name] = self.option(name, value)
        scenario.flags = {name for name in FLAGS if options.get(name)}
        scenario.cells, scenario.batteries = options.get("cells", 0), options.get("batteries", 0)
        scenario.converters = options.get("converters", 1)
        scenario.convert_ms = options.get("convert", 0)
        scenario.capacity_ah = options.get("capacity")
        if scenario.measured and (not 4 <= scenario.cells <= MAX_CELLS or scenario.cells % 4):
            self.refuse(f"cells={scenario.cells} is not a multiple of 4 up to {MAX_CELLS}")
        if scenario.batteries > MAX_BATTERIES:
            self.refuse(f"batteries={scenario.batteries} is more than {MAX_BATTERIES}")
        if scenario.measured and not 1 <= scenario.converters <= scenario.cells:
            self.refuse(f"converters={scenario.converters} is not 1 to {scenario.cells}, a cell "
                        "for each")
        if scenario.capacity_ah is not None and "current" not in scenario.flags:
            self.refuse("capacity counts for nothing without current=1")

    def option(self, name, value):
        """The value of an option of the bank."""
        if name in FLAGS:
            if value not in BIT:
                self.refuse(f"{name}={value} is none of 0, 1")
            return BIT[value]
        if name == "capacity":
            if not re.fullmatch(NUMBER, value) or float(value) <= 0:
                self.refuse(f"capacity={value} is not a number of ampere hours")
            return float(value)
        if name not in MEASURED_OPTIONS:
            self.refuse(f"unknown option \"{name}\"")
        if not self.scenario.measured:
            self.refuse(f"a bank without measurements has no \"{name}\"")
        if not re.fullmatch(r"\d+", value):
            self.refuse(f"{name}={value} is not a whole number")
        return int(value)

    def time(self, text):
        if not re.fullmatch(NUMBER, text) or float(text) < 0:
            self.refuse(f"\"{text}\" is not a time in seconds")
        return float(text)

    def at(self, text):
        words = text.split()
        time = self.time(words[0])
        if words[1:] == ["end"]:
            if self.ends is not None:
                self.refuse("a second end")
            self.ends = (time, self.line)
            return
        self.events.setdefault(time, []).extend(self.changes(words[1:]))

    def repeat(self, text):
        match = REPEAT.match(text)
        if not match:
            self.refuse(f"\"{text}\" is not \"repeat N every S from S: S KEY=VALUE ...; ...\"")
        steps = []
        for part in match[4].split(";"):
            words = part.split()
            if not words:
                self.refuse("nothing between two \";\"")
            steps.append((self.time(words[0]), self.changes(words[1:])))
        every, begin = self.time(match[2]), self.time(match[3])
        for index in range(int(match[1])):
            for offset, changes in steps:
                time = round(begin + index * every + offset, 9)
                self.events.setdefault(time, []).extend(changes)

    def changes(self, words):
        if not words:
            self.refuse("a time at which nothing happens")
        return [self.change(word) for word in words]

    def change(self, word):
        match = ASSIGNMENT.match(word)
        key = KEY.match(match[1]) if match else None
        if not key:
            self.refuse(f"\"{word}\" is not KEY=VALUE or KEY>VALUE/SECONDS")
        name, digits, value = key[1], key[2], match[3]
        if name not in QUANTITIES + NOISES + SETTINGS + OTHERS and name not in WORDS:
            self.refuse(f"unknown key \"{match[1]}\"")
        scenario = self.scenario
        numbered = {"V": scenario.cells, "T": scenario.batteries,
                    "CONV": scenario.converters if scenario.measured else 0}
        if digits and name not in numbered:
            self.refuse(f"\"{name}\" has no number")
        number = int(digits) if digits else 0
        if digits and not 1 <= number <= numbered[name]:
            self.refuse(f"there is no \"{match[1]}\" in a bank with {numbered[name]}")
        if name == "CONV" and not digits:
            self.refuse("which converter? \"CONV3=err\"")
        if name in SIGNALS and not scenario.signals:
            self.refuse(f"a bank without signal lines has no \"{name}\"")
        if name in NEEDS and NEEDS[name] not in scenario.flags:
            self.refuse(f"a bank without {NEEDS[name]}=1 has no \"{name}\"")

        if match[2] == ">":
            ramp = RAMP.match(value)
            if name not in QUANTITIES:
                self.refuse(f"\"{name}\" cannot go in a ramp")
            if not ramp or float(ramp[2]) <= 0:
                self.refuse(f"\"{word}\" is not KEY>VALUE/SECONDS")
            return Change(name, number, float(ramp[1]), float(ramp[2]))
        if name in OTHERS:
            return Change(name, number, self.other(name, value))
        if name in WORDS:
            if value not in WORDS[name]:
                self.refuse(f"{name}={value} is none of {', '.join(WORDS[name])}")
            return Change(name, number, WORDS[name][value])
        if value == "x" and number:
            return Change(name, number, None)
        if not re.fullmatch(NUMBER, value):
            self.refuse(f"\"{value}\" is not a number")
        return Change(name, number, float(value))

    def other(self, name, value):
        """The value of a word that has a number in it."""
        if name == "SETTLE":
            if not re.fullmatch(NUMBER, value) or float(value) < 0:
                self.refuse(f"SETTLE={value} is not a number of milliseconds")
            return float(value)
        match = OTHER[name].match(value)
        if not match or match[2] and int(match[3]) < 1:
            self.refuse(f"{name}={value} is none of " + {
                "OUT": "ok, err, hang, err*COUNT",
                "HOST": "reboot, rebind, sleep/SECONDS, abort, crash"}[name])
        return match[1] or match[2], int(match[3] or 0)

    def expect(self, text):
        compact = re.sub(r"\s+", "", text)
        new = Expectation(f"expect {text}", self.line, "")
        level, count, file = (kind.match(compact) for kind in (LEVEL, COUNT, FILE))
        if compact == "warned":
            new.kind = "warned"
        elif count:
            new.kind, new.pin, new.count = "count", count[1], int(count[2])
        elif level:
            new.kind = "edge" if level[2] == "->" else "level"
            new.pin, new.level = level[1], level[3]
            if new.level not in ("1", floating(new.pin)):
                self.refuse(f"{new.pin} is never {new.level}")
        elif file:
            new.kind = "is" if file[2] == "=" else "is not"
            new.pin, new.level = file[1], file[3]
        else:
            self.refuse(f"\"{text}\" is not an expectation: PIN->LEVEL@[FROM,TO], "
                        "PIN=LEVEL@[FROM,TO], n(PIN)<=COUNT, n(MEM)<=COUNT, "
                        "sys:FILE=VALUE@[FROM,TO], "
                        "sys:FILE!=VALUE@[FROM,TO] or warned")
        if new.pin in MORE_PINS and new.pin not in self.scenario.pins:
            self.refuse(f"a bank without {MORE_PINS[new.pin]}=1 has no {new.pin}")
        if new.pin == "MEM" and "memory" not in self.scenario.flags:
            self.refuse("a bank without memory=1 writes none")
        if level or file:
            begin, end = (level or file).groups()[-2:]
            new.begin = float(begin)
            new.end = None if end == "end" else float(end)
            if new.end is not None and new.end < new.begin:
                self.refuse(f"[{begin},{end}] ends before it begins")
        self.scenario.expectations.append(new)

    def finish(self):
        scenario = self.scenario
        if not scenario.kind:
            self.refuse("no bank")
        if self.ends is None:
            self.refuse("no end: \"SECONDS end\" is missing")
        scenario.end, end_line = self.ends
        scenario.events = sorted(self.events.items())
        if scenario.events and scenario.events[-1][0] > scenario.end:
            self.line = end_line
            self.refuse(f"ends at {scenario.end:g}, but something happens at "
                        f"{scenario.events[-1][0]:g}")
        for item in scenario.expectations:
            self.line = item.line
            if item.begin > scenario.end:
                self.refuse(f"expects something after the end at {scenario.end:g}")
            if item.end is None:
                item.end = scenario.end
        if not scenario.expectations:
            self.refuse("expects nothing, so it cannot fail")


def read(path):
    return Reader(path).read()


def find(paths):
    """The scenario files among files and folders, by name."""
    found = []
    for path in map(pathlib.Path, paths):
        files = sorted(path.rglob("*.scn")) if path.is_dir() else [path]
        if not files:
            raise LabError(f"{path}: no *.scn in this folder")
        found.extend(files)
    names = [path.stem for path in found]
    for path in found:
        if names.count(path.stem) > 1:
            raise LabError(f"{path}: another file is called {path.stem} too, and each needs a "
                           "name of its own for its log")
    return found


class Signal:
    """A quantity that is constant, or goes to a value along a ramp."""

    def __init__(self, value):
        self.begin = 0.0
        self.start = self.target = value
        self.span = 0.0

    def go(self, time, value, span):
        self.start = self.at(time)
        self.begin, self.target, self.span = time, value, span

    def at(self, time):
        past = time - self.begin
        if past >= self.span:
            return self.target
        return self.start + (self.target - self.start) * past / self.span

    def left(self, time):
        """Seconds until the end of the ramp."""
        return max(0.0, self.begin + self.span - time)


class World:
    """All inputs of the board, after the changes made so far."""

    def __init__(self, scenario):
        self.word = dict(HEALTHY)
        self.settings = []      # (key, value) of each write; one that is refused undoes none
        self.all_v, self.all_t = Signal(HEALTHY_V), Signal(HEALTHY_T)
        self.v, self.t = {}, {}
        self.supply = None      # None is the sum of the cells
        self.load_current = Signal(0.0)
        self.bank_current = Signal(0.0)
        self.converters = {}    # number: its fault
        self.noise = dict.fromkeys(NOISES, 0.0)
        self.string_cells = scenario.string_cells

    def voltage(self, cell):
        return self.v.get(cell, self.all_v)

    def temperature(self, battery):
        return self.t.get(battery, self.all_t)

    def supply_at(self, time):
        if self.supply:
            return self.supply.at(time)
        return sum(self.voltage(cell).at(time) for cell in range(1, self.string_cells + 1))

    @property
    def remote_h(self):
        return self.word["BR"] or self.word["H"] == "hi"

    @property
    def remote_l(self):
        return self.word["BR"] or self.word["L"] == "lo"

    def change(self, time, change):
        """Make a change; returns the Signal that has changed, if one has."""
        if change.key in DEEDS:
            return None
        if change.key == "CONV":
            self.converters[change.number] = change.value
            return None
        if change.key in self.word:
            self.word[change.key] = change.value
            return None
        if change.key in self.noise:
            self.noise[change.key] = change.value
            return None
        if change.key.startswith("cfg."):
            self.settings.append((change.key, change.value))
            return None
        if change.key in ("V", "T") and change.number:
            own, common = (self.v, self.all_v) if change.key == "V" else (self.t, self.all_t)
            if change.value is None:
                own.pop(change.number, None)
                return common
            if change.number not in own:
                own[change.number] = Signal(common.at(time))
            signal = own[change.number]
        elif change.key == "SUP":
            if not self.supply:
                self.supply = Signal(self.supply_at(time))
            signal = self.supply
        else:
            signal = {"V": self.all_v, "T": self.all_t, "ILD": self.load_current,
                      "I": self.bank_current}[change.key]
        signal.go(time, change.value, change.ramp_s)
        return signal


# Judging


def edges_of(steps):
    return ", ".join(f"{level} at {time:.3f}" for time, level in steps.edges()) or "none"


def warned(log):
    """Error in the warnings, or None."""
    load, alarm = log.pin["LD"], log.pin["PA"]
    for time, _ in load.edges("Z"):
        since = alarm.since(time, lambda level: level == "1")
        if since is None:
            return f"LD floats at {time:.3f} without a warning"
        if round(time - since, 6) < WARNING_S:
            return f"LD floats at {time:.3f}, PA was on for {time - since:.6f} s"
    return None


def said(expectation, log):
    """Error in the contents of a file, or None."""
    begin, end = expectation.begin, expectation.end
    samples = [(time, value) for time, file, value in log.samples
               if file == expectation.pin and begin <= time <= end]
    if not samples:
        return "no sample"
    for time, value in samples:
        if (value == expectation.level) != (expectation.kind == "is"):
            return f"is {value} at {time:.3f}"
    return None


def unmet(expectation, log):
    """Why an expectation is not met by a log, or None."""
    if expectation.kind == "warned":
        return warned(log)
    if expectation.kind in ("is", "is not"):
        return said(expectation, log)
    if expectation.pin == "MEM":
        return None if log.writes <= expectation.count else f"{log.writes} writes"
    steps = log.pin[expectation.pin]
    if expectation.kind == "count":
        count = len(steps.edges())
        return None if count <= expectation.count else f"{count} edges: {edges_of(steps)}"
    begin, end = expectation.begin, expectation.end
    if expectation.kind == "edge":
        if any(begin <= time <= end for time, _ in steps.edges(expectation.level)):
            return None
        return f"edges: {edges_of(steps)}"
    if steps.at(begin) != expectation.level:
        return f"is {steps.at(begin)} at {begin:.3f}; edges: {edges_of(steps)}"
    index = bisect.bisect_right(steps.times, begin)
    if index < len(steps.times) and steps.times[index] < end:
        return f"becomes {steps.values[index]} at {steps.times[index]:.3f}"
    return None


def judge(scenario, log):
    """[(expectation, why it is not met or None)]"""
    return [(item, unmet(item, log)) for item in scenario.expectations]
