# SPDX-License-Identifier: GPL-2.0-only
"""The virtual board: a User Mode Linux kernel in virtual time.

The events of the bank are written beforehand, as the script of the board's first
process (lab/boards/uml/player.c): channels go through the test converter, lines
through gpio-sim. The edges of the outputs are read afterwards from gpiolib's trace of
its orders to the chip.

Where a chip has to fail, a line to be held, or the host to restart, a chip of our own has the
lines (lab/boards/uml/expander). It writes the levels of its lines to the kernel log.
"""

import math
import os
import pathlib
import re
import subprocess
from dataclasses import dataclass

from bms import kernel_log, sysfs
from bms.errors import LabError
from bms.pins import PinLog, Steps, floating
from bms.scenario import World

REAL_TIME = False
AT_ONCE = os.cpu_count()

NS = 1_000_000_000
BEGIN_NS = NS       # the board has started; the driver has not been loaded yet
TIMEOUT_S = 1200

# Lines of the simulated chip.
INPUTS = {"H": 0, "L": 1, "LOOP": 2, "ATD": 3, "ATC": 4, "BPA": 5}
OUTPUTS = {8: "LD", 9: "CD", 10: "PA", 11: "beat", 12: "BL", 13: "RD"}
LEDS = ("BL", "RD", "beat")     # as they are written
HELD = {"LD.pin": 8, "CD.pin": 9, "PA.pin": 10}

# Channels of the test converter.
FIRST_TEMP, SUPPLY, LOAD_CURRENT, BANK_CURRENT = 160, 180, 181, 182

# Numbers of errno.h: answers of a broken converter, an open sensor and a hung bus
EIO, ENODEV, ETIMEDOUT = 5, 19, 110
HANG_MS = 1000

CONTROL = "/sys/devices/platform/{}/control"
PULL = "/sys/devices/platform/gpios/gpiochip0/sim_gpio{}/pull"
REFUSE = "/sys/devices/platform/refuser/refuse"
TRACING = "/sys/kernel/tracing"
GCOV = "/sys/kernel/debug/gcov"
KMEMLEAK = "/sys/kernel/debug/kmemleak"
DRIVER = "/sys/bus/platform/drivers/smallbms"
# UML's own clock that wakes it upsets lockdep. So the kernel stays in the last step of its
# way to sleep, in which nothing runs and the boot clock goes on.
SLEEP_TEST, SLEEP = "/sys/power/pm_test", "/sys/power/state"
SLEEP_S = "/sys/module/suspend/parameters/pm_test_delay"

REBIND_S = 1.0      # until it is bound again
RESTART_S = 2.0     # for which all pins are inputs
# A charge pump delivers from so many edges of the heartbeat on, until so long after the last.
PUMP_EDGES, PUMP_S = 3, 0.75
BEATING_KB = 16384  # of trace, for a day of them

# Keys that need a chip of our own
CHIP_KEYS = ("OUT", *HELD, "CW.pin", "SETTLE", "IRQ", "HOST")

# Newer kernels complain of a root without.
ROOT = "#address-cells = <1>;\n\t#size-cells = <1>;\n"

DTS = """/dts-v1/;
/ {{
	{root}
	gpios {{
		compatible = "gpio-simulator";

		gpio: lines {{
			gpio-controller;
			#gpio-cells = <2>;
			ngpios = <16>;
		}};
	}};

{parts}	bms {{
		compatible = "gpio-bms";
		load-enable-gpios = <&{outputs} 8 {open_source}>;
		charge-enable-gpios = <&{outputs} 9 {open_source}>;
		pre-alarm-gpios = <&{outputs} 10 {open_source}>;
		loop-gpios = <&{inputs} 2 0>;
		remote-h-gpios = <&{inputs} 0 0>;
		remote-l-gpios = <&{inputs} 1 0>;
{more}	}};

	leds {{
		compatible = "gpio-leds";

		led-blue {{
			label = "blue";
			gpios = <&gpio 12 0>;
			linux,default-trigger = "bms-load";
		}};

		led-red {{
			label = "red";
			gpios = <&gpio 13 0>;
			linux,default-trigger = "bms-charge-blocked";
		}};
	}};
}};
"""
CONVERTER = """	adc{number}: {name} {{
		compatible = "test,bms-converter";
		#io-channel-cells = <1>;
{gate}	}};

"""
GATE = "\t\ttest,gate = <&gpio 8>;\n"
# A fault of the outputs' chip must not be one of the inputs.
CHIPS = """	refuser {
		compatible = "test,bms-refuser";
	};

	outputs: outputs {
		compatible = "test,bms-expander";
		gpio-controller;
		#gpio-cells = <2>;
		test,load-line = <8>;
	};

	inputs: inputs {
		compatible = "test,bms-expander";
		gpio-controller;
		#gpio-cells = <2>;
	};

"""
BATTERY = """	battery: battery {{
		compatible = "simple-battery";
		charge-full-design-microamp-hours = <{}>;
	}};

"""
HEARTBEAT_LINE = "\t\theartbeat-gpios = <&gpio 11 0>;\n"
SIGNAL_LINES = """		allowed-to-discharge-gpios = <&{inputs} 3 0>;
		allowed-to-charge-gpios = <&{inputs} 4 0>;
		battery-pre-alarm-gpios = <&{inputs} 5 0>;
"""
CHANNELS = """		io-channels = {};
		io-channel-names = {};
"""
OPEN_SOURCE = 2     # GPIO_OPEN_SOURCE of dt-bindings/gpio/gpio.h

CHIP = re.compile(r"^gpiochip\d+: (?:GPIOs (?P<first>\d+)-\d+|(?P<count>\d+) GPIOs)"
                  r"(?:, parent: \w+/(?P<parent>[\w.-]+))?", re.MULTILINE)
FIRST_LINE = 512    # of the first chip
BEGIN = re.compile(r"^player: begin (\d+)$", re.MULTILINE)
LINE = re.compile(r"bms-expander outputs: (\d+) line (\d+) (high|low|sinks|falls)(?: (\d+))?")
SHUTDOWN = re.compile(r"bms-expander outputs: (\d+) shutdown")
TOLD_TO = "Kernel panic - not syncing: told to"
EVENT = re.compile(r" (\d+)\.(\d{6}): (gpio_value|gpio_direction): (\d+) +(\w+) \(?(-?\d+)")


@dataclass
class Files:
    """The files of the board."""

    kernel: pathlib.Path
    modules: pathlib.Path
    root: pathlib.Path
    counted: tuple = ()     # object files of the modules whose lines are counted
    leaks: bool = False     # look for memory without a reference


# Features that the driver does not have yet: (does a scenario need it, why it is skipped)
MISSING = (
    (lambda scenario: "memory" in scenario.flags, "no memory yet"),
    (lambda scenario: "chargewarn" in scenario.flags, "no charge warning yet"),
    (lambda scenario: "loadoff" in scenario.flags, "no start with the load off yet"),
)


def unplayable(scenario):
    """Why the board cannot play a scenario, or None."""
    return next((reason for needs, reason in MISSING if needs(scenario)), None)


def own_chips(scenario):
    return scenario.uses(*CHIP_KEYS)


def converters(scenario):
    """(name, first channel, last channel) of each.

    One has everything, where none is slow. Otherwise cells, temperatures and the rest have
    their own.
    """
    slow = scenario.sets("SENS", "hang") or scenario.sets("TS", "hang")
    if not (slow or scenario.converters > 1 or scenario.convert_ms or scenario.uses("CONV")):
        return [("converter", 0, BANK_CURRENT)]
    cells, count = scenario.cells, scenario.converters
    firsts = [-(-number * cells // count) for number in range(count + 1)]
    return [*((f"converter-{number + 1}", firsts[number], firsts[number + 1] - 1)
              for number in range(count)),
            ("converter-temperatures", FIRST_TEMP, SUPPLY - 1),
            ("converter-others", SUPPLY, BANK_CURRENT)]


def devicetree(scenario, path):
    channels = []
    if scenario.measured:
        channels += [(f"cell{cell + 1}", cell) for cell in range(scenario.cells)]
        channels += [(f"temp{battery + 1}", FIRST_TEMP + battery)
                     for battery in range(scenario.batteries)]
    # Batteries with signals only need no converter at all, unless it is asked for.
    if scenario.measured or scenario.uses("V", "SUP", "ILD"):
        channels += [("supply", SUPPLY), ("load-current", LOAD_CURRENT)]
    if "current" in scenario.flags:
        channels += [("current", BANK_CURRENT)]
    adcs = converters(scenario)

    def adc(channel):
        return next(number for number, (_, first, last) in enumerate(adcs)
                    if first <= channel <= last)

    own = own_chips(scenario)
    inputs, outputs = ("inputs", "outputs") if own else ("gpio", "gpio")
    parts = CHIPS if own else ""
    parts += "".join(CONVERTER.format(number=number, name=name, gate="" if own else GATE)
                     for number, (name, _, _) in enumerate(adcs))
    more = CHANNELS.format(", ".join(f"<&adc{adc(number)} {number}>" for _, number in channels),
                           ", ".join(f'"{name}"' for name, _ in channels)) if channels else ""
    if scenario.signals:
        more += SIGNAL_LINES.format(inputs=inputs)
    if "heartbeat" in scenario.flags:
        more += HEARTBEAT_LINE
    if "sleep" in scenario.flags:
        more += "\t\tallow-sleep;\n"
    if scenario.capacity_ah:
        parts += BATTERY.format(round(scenario.capacity_ah * 1e6))
        more += "\t\tmonitored-battery = <&battery>;\n"
    text = DTS.format(root=ROOT, open_source=OPEN_SOURCE, inputs=inputs, outputs=outputs,
                      parts=parts, more=more)
    done = subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", path, "-"], input=text,
                          text=True, capture_output=True, check=False)
    if done.returncode:
        raise LabError(f"dtc refuses the devicetree of {scenario.name}: {done.stderr.strip()}")


class Script:
    """The script of the board's first process, for one power-on."""

    def __init__(self, scenario, begin):
        self.scenario = scenario
        self.begin = begin      # when the power comes on, in the time of the scenario
        self.lines = []
        self.levels = {}
        self.converters = converters(scenario)
        self.own_chips = own_chips(scenario)

    def add(self, time, text):
        at_ns = BEGIN_NS + round((time - self.begin) * NS)
        self.lines.append(f"{at_ns if time >= self.begin else 0} {text}")

    def early(self, text):
        self.lines.append(f"0 {text}")

    def control(self, time, first, last, text):
        """Tell the converters that have these channels."""
        for name, begin, end in self.converters:
            if begin <= last and first <= end:
                self.add(time, f"write {CONTROL.format(name)} {text}")

    def channels(self, time, first, last, signal, unit):
        # The supply is the sum of cells, as its own converter knows them.
        until = SUPPLY if first < FIRST_TEMP else last
        for name, begin, end in self.converters:
            if not (begin <= last and first <= end or begin <= until <= end):
                continue
            control = CONTROL.format(name)
            self.add(time, f"write {control} set {first} {last} {round(signal.at(time) * unit)}")
            left = signal.left(time)
            if left > 0:
                self.add(time, f"write {control} ramp {first} {last} "
                         f"{round(signal.target * unit)} {round(left * NS)}")

    def several(self, time, first, signals, unit, changed):
        """Channels side by side, those with the same signal at once."""
        start = 0
        for index in range(1, len(signals) + 1):
            if index < len(signals) and signals[index] is signals[start]:
                continue
            if changed is None or signals[start] is changed:
                self.channels(time, first + start, first + index - 1, signals[start], unit)
            start = index

    def quantities(self, time, world, changed=None):
        """Send the lines that follow a signal, or all."""
        scenario = self.scenario
        self.several(time, 0, [world.voltage(cell + 1) for cell in range(scenario.cells or 4)],
                     1e6, changed)
        self.several(time, FIRST_TEMP, [world.temperature(battery + 1)
                                        for battery in range(scenario.batteries)], 1e3, changed)
        if world.supply and changed in (None, world.supply):
            self.channels(time, SUPPLY, SUPPLY, world.supply, 1e6)
        if not world.supply and changed is None:
            self.control(time, SUPPLY, SUPPLY, f"sum {SUPPLY} {scenario.string_cells}")
        if changed in (None, world.load_current):
            self.channels(time, LOAD_CURRENT, LOAD_CURRENT, world.load_current, 1e6)
        if "current" in scenario.flags and changed in (None, world.bank_current):
            self.channels(time, BANK_CURRENT, BANK_CURRENT, world.bank_current, 1e6)

    def words(self, time, world):
        """Set the changed keys that are no quantities."""
        word = world.word
        levels = {"H": world.remote_h, "L": world.remote_l, "LOOP": word["LOOP"],
                  "ATD": word["ATD"], "ATC": word["ATC"], "BPA": word["BPA"]}
        for name, level in levels.items():
            if self.levels.get(name) == level:
                continue
            if self.own_chips:
                self.add(time, f"write {CONTROL.format('inputs')} pull {INPUTS[name]} {level:d}")
            else:
                pull = "pull-up" if level else "pull-down"
                self.add(time, f"write {PULL.format(INPUTS[name])} {pull}")
        for name, first, count, unit in (("NV", 0, self.scenario.cells, 1e6),
                                         ("NT", FIRST_TEMP, self.scenario.batteries, 1e3)):
            levels[name] = world.noise[name]
            if count and self.levels.get(name, 0.0) != levels[name]:
                self.control(time, first, first + count - 1, f"noise {first} {first + count - 1} "
                             f"{round(levels[name] * unit)}")
        levels |= self.faults(time, world)
        if self.own_chips:
            levels |= self.chips(time, word)
        self.levels = levels

    def faults(self, time, world):
        """The faults of the channels."""
        scenario, word = self.scenario, world.word
        ranges = []
        for number, (_, first, last) in enumerate(self.converters, 1):
            last = min(last, scenario.cells - 1)
            if first <= last:
                own = world.converters.get(number, "ok")
                ranges.append((first, last, own if word["SENS"] == "ok" else word["SENS"]))
        if scenario.batteries:
            ranges.append((FIRST_TEMP, FIRST_TEMP + scenario.batteries - 1, word["TS"]))
        levels = {}
        for first, last, fault in ranges:
            levels[first] = fault
            before = self.levels.get(first, "ok")
            if before == fault:
                continue
            error = {"ok": 0, "err": EIO, "open": ENODEV, "hang": ETIMEDOUT}[fault]
            self.control(time, first, last, f"error {first} {last} {error}")
            if "hang" in (before, fault):
                delay_ms = HANG_MS if fault == "hang" else scenario.convert_ms
                self.control(time, first, last, f"delay {first} {last} {delay_ms}")
        return levels

    def chips(self, time, word):
        """The faults of the lines."""
        levels = {key: word[key] for key in (*HELD, "SETTLE", "IRQ")}
        outputs, inputs = CONTROL.format("outputs"), CONTROL.format("inputs")
        for key, line in HELD.items():
            if self.levels.get(key, "free") != levels[key]:
                self.add(time, f"write {outputs} hold {line} {levels[key]}")
        if self.levels.get("SETTLE", 0.0) != levels["SETTLE"]:
            self.add(time, f"write {outputs} settle {round(levels['SETTLE'] * 1000)}")
        if self.levels.get("IRQ", "ok") != levels["IRQ"]:
            self.add(time, f"write {inputs} edges {levels['IRQ']}")
        return levels

    def access(self, time, out):
        """How the accesses to the outputs end from now on."""
        how, count = out
        self.add(time, f"write {CONTROL.format('outputs')} access {how} {count}")

    def write(self, time, file, text):
        """Write to the driver, which may not be there after a HOST=rebind that failed."""
        self.add(time, f"{'try' if self.own_chips else 'write'} {file} {text}")

    def power_on(self, world):
        """The board is as the world is, then the driver is loaded."""
        self.early("insmod /lib/bms_converter.ko")
        if self.own_chips:
            self.early("insmod /lib/bms_expander.ko")
        self.early("cat /sys/kernel/debug/gpio")
        self.early(f"write {TRACING}/trace_clock boot")
        self.early(f"write {TRACING}/events/gpio/gpio_value/filter get==0")
        if "heartbeat" in self.scenario.flags:
            self.early(f"write {TRACING}/buffer_size_kb {BEATING_KB}")
        self.early(f"write {TRACING}/events/gpio/enable 1")
        self.quantities(self.begin, world)
        if self.scenario.convert_ms:
            self.control(self.begin, 0, SUPPLY - 1,
                         f"delay 0 {SUPPLY - 1} {self.scenario.convert_ms}")
        self.words(self.begin, world)
        if world.word["OUT"] != ("ok", 0):
            self.access(self.begin, world.word["OUT"])
        self.add(self.begin, "insmod /lib/smallbms.ko")
        for key, value in world.settings:
            self.write(self.begin, *sysfs.setting(key, value))

    def change(self, time, world, changes):
        for item in changes:
            signal = world.change(time, item)
            if item.key.startswith("cfg."):
                self.write(time, *sysfs.setting(item.key, item.value))
            elif item.key == "OUT":
                self.access(time, item.value)
            elif signal:
                # A cell that is given back follows the others from now on.
                self.quantities(time, world, None if item.value is None else signal)
        self.words(time, world)
        for item in changes:
            self.deed(time, world, item)

    def deed(self, time, world, item):
        """Actions of the host or an operator."""
        if item.key == "OP":
            self.add(time, "try {} {}".format(*sysfs.OPERATIONS[item.value]))
        if item.key != "HOST":
            return
        what, seconds = item.value
        if what == "rebind":
            self.add(time, f"write {CONTROL.format('outputs')} unbind")
            self.add(time + REBIND_S, f"try {DRIVER}/bind bms")
            for key, value in world.settings:
                self.write(time + REBIND_S, *sysfs.setting(key, value))
        elif what in ("sleep", "abort"):
            if what == "abort":
                self.add(time, f"write {REFUSE} 1")
            self.add(time, f"write {SLEEP_TEST} core")
            self.add(time, f"write {SLEEP_S} {seconds}")
            self.add(time, f"write {SLEEP} mem")
            if what == "abort":
                self.add(time, f"write {REFUSE} 0")

    def samples(self, end):
        """Files are read once a second, between the seconds, at which things happen."""
        time = math.floor(self.begin) + 0.5
        while self.scenario.files and time < end:
            if time >= self.begin:
                for file in self.scenario.files:
                    self.add(time, f"sample {file}")
            time += 1

    def power_off(self, time, crashes=False):
        """The last lines; then all of them are put in order."""
        self.add(time, f"copy {TRACING}/trace /run/trace")
        if crashes:
            self.add(time, f"write {CONTROL.format('outputs')} crash")
        self.lines.sort(key=at_ns)
        last_ns = BEGIN_NS + round((time - self.begin) * NS)
        self.lines = [line for line in self.lines if at_ns(line) <= last_ns]


def at_ns(line):
    """The time of a line of a script."""
    return int(line.split()[0])


def command(files, folder, script, *parameters):
    """How to run one power-on of the board, in a folder of its own."""
    counts = [f"0 copy {GCOV}{path.resolve().with_suffix('.gcda')} /run/{path.stem}.gcda"
              for path in files.counted]
    if files.leaks:
        # Young leaks are not yet reported, and the first look may be wrong.
        begin_ns = int(script[-1].split()[0])
        script = [f"0 write {KMEMLEAK} scan=off", *script]
        counts += [f"{begin_ns + 10 * NS} write {KMEMLEAK} scan",
                   f"{begin_ns + 20 * NS} write {KMEMLEAK} scan",
                   f"{begin_ns + 20 * NS} cat {KMEMLEAK}"]
        parameters += ("kmemleak=on",)
    (folder / "script").write_text("".join(line + "\n" for line in [*script, *counts]))
    words = [files.kernel.resolve(), "mem=256M", "con=null", "con0=null,fd:1",
             "root=/dev/root", "rootfstype=hostfs", f"rootflags={files.root.resolve()}", "ro",
             "init=/init", f"FOLDER={folder.resolve()}", f"MODULES={files.modules.resolve()}",
             f"uml_dir={folder.resolve()}/", "time-travel=inf-cpu", "panic=-1", *parameters]
    return [str(word) for word in words]


def run(files, folder, script):
    """One power-on of the board in a folder that has its devicetree; the kernel log."""
    try:
        done = subprocess.run(command(files, folder, script, f"dtb={folder / 'board.dtb'}"),
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False, timeout=TIMEOUT_S)
        output = done.stdout
    except subprocess.TimeoutExpired as error:
        output = (error.stdout or b"") + f"\nno end within {TIMEOUT_S} s\n".encode()
    except OSError as error:
        raise LabError(f"cannot run {files.kernel}: {error.strerror}") from error
    log = output.decode(errors="replace").replace("\r\n", "\n")
    (folder / "kernel.log").write_text(log)
    return log


def gpio_chips(said):
    """(number of the first line, parent) of each chip, from the kernel's list of them.

    Newer kernels tell how many lines a chip has; the numbers are still those of the trace,
    and are given in turn.
    """
    following = FIRST_LINE
    for match in CHIP.finditer(said):
        first = int(match["first"] or following)
        following = first + int(match["count"] or 0)
        yield first, match["parent"]


def edges(trace, begin_ns, base):
    """(time since a moment, pin, level) of the outputs, from gpiolib's trace."""
    for match in EVENT.finditer(trace):
        pin = OUTPUTS.get(int(match[4]) - base)
        if not pin:
            continue
        if match[3] == "gpio_direction":
            level = {"out": "1", "in": "Z"}[match[5]]
            if pin in LEDS:
                continue
        else:
            level = match[6] if pin in LEDS else {"1": "1", "0": "L"}[match[6]]
        time_ns = int(match[1]) * NS + int(match[2]) * 1000
        yield (time_ns - begin_ns) / NS, pin, level


def line_edges(said, begin_ns):
    """(time since a moment, pin, level) of the outputs, from the log of our own chip."""
    falls_ns = {}
    for match in LINE.finditer(said):
        time_ns, pin = int(match[1]), OUTPUTS[int(match[2])]
        due_ns = falls_ns.pop(pin, None)
        if due_ns is not None and due_ns <= time_ns:
            yield (due_ns - begin_ns) / NS, pin, "Z"
        yield (time_ns - begin_ns) / NS, pin, {"low": "Z", "sinks": "L"}.get(match[3], "1")
        if match[3] == "falls":
            falls_ns[pin] = int(match[4])
    for pin, due_ns in falls_ns.items():
        yield (due_ns - begin_ns) / NS, pin, "Z"


def pump(beats):
    """(time, level) of a charge pump's output, from the times at which its input changes."""
    count, last = 0, 0.0
    for time in beats:
        if time - last > PUMP_S:
            if count >= PUMP_EDGES:
                yield last + PUMP_S, "0"
            count = 0
        count, last = count + 1, time
        if count == PUMP_EDGES:
            yield time, "1"
    if count >= PUMP_EDGES:
        yield last + PUMP_S, "0"


def moments(scenario):
    """(time, what) of each time at which the power or the host comes or goes."""
    for time, changes in scenario.events:
        for item in changes:
            if item.key == "PWR":
                yield time, "on" if item.value else "off"
            elif item.key == "HOST" and item.value[0] in ("reboot", "crash"):
                yield time, item.value[0]
    yield scenario.end, "end"


class PowerOn:
    """The board from one start to its end."""

    def __init__(self, scenario, begin, end, how, spent):
        self.scenario = scenario
        self.begin, self.end, self.how = begin, end, how
        world = World(scenario)
        script = Script(scenario, begin)
        later = []
        for time, changes in scenario.events:
            if time <= begin:
                for item in changes:
                    world.change(time, item)
                # A chip that had its errors in an earlier power-on does not have them again.
                if time <= spent and world.word["OUT"][1]:
                    world.word["OUT"] = ("ok", 0)
            elif time < end or time == end and how in ("reboot", "crash"):
                later.append((time, changes))
        script.power_on(world)
        for time, changes in scenario.events:
            for item in changes:
                if time == begin:
                    script.deed(time, world, item)
        for time, changes in later:
            script.change(time, world, changes)
        script.samples(end)
        script.power_off(end, how == "crash")
        self.script = script

    def run(self, files, place):
        place.mkdir(parents=True, exist_ok=True)
        devicetree(self.scenario, place / "board.dtb")
        said = self.said = run(files, place, self.script.lines)
        start, chips = BEGIN.search(said), list(gpio_chips(said))
        last_word = TOLD_TO if self.how == "crash" else "player: end"
        if not start or not chips or last_word not in said:
            tail = " | ".join(said.strip().splitlines()[-3:])
            raise LabError(f"the virtual board did not come to an end: {tail}; all of it: "
                           f"{place / 'kernel.log'}")
        self.begin_ns = int(start[1]) + BEGIN_NS
        self.base = next((first for first, parent in chips if parent == "gpios"), chips[0][0])
        self.trace = (place / "trace").read_text()
        samples = place / "samples"
        self.sampled = samples.read_text().splitlines() if samples.exists() else []

    def complaints(self):
        return kernel_log.trouble(self.said.split(TOLD_TO)[0])

    def time(self, time_ns):
        return self.begin + (time_ns - self.begin_ns) / NS

    def ended(self):
        """When it has, after an orderly end."""
        match = SHUTDOWN.search(self.said)
        return self.time(int(match[1])) if match and self.how == "reboot" else self.end

    def take(self, log, until):
        """Take the edges of the pins and the files; after a crash the pump goes on until then."""
        ended = min(until, self.ended())
        traced = list(edges(self.trace, self.begin_ns, self.base))
        told = []
        if self.script.own_chips:
            traced = [item for item in traced if item[1] in LEDS]
            told = list(line_edges(self.said, self.begin_ns))
        found = [item for item in traced if item[1] != "beat"
                 and (self.begin + item[0] < ended or self.end == self.scenario.end)]
        found += [item for item in told if self.begin + item[0] < ended]
        if "heartbeat" in self.scenario.flags:
            beats = Steps("0")
            for time, pin, level in traced:
                if pin == "beat":
                    beats.set(time, level)
            found += [(time, "EN", level) for time, level in pump(time for time, _ in beats.edges())
                      if self.begin + time < (until if self.how == "crash" else ended)]
        for time, pin, level in sorted(found, key=lambda item: item[0]):
            log.add(max(self.begin, self.begin + time), pin, level)
        for line in self.sampled:
            time_ns, file, value = line.split()
            if self.time(int(time_ns)) < ended:
                log.samples.append((self.time(int(time_ns)), file, value))
        return ended


def rest(scenario, log, begin, end):
    """No host: an output has the level of another source."""
    levels = {pin: floating(pin) for pin in log.pin}
    for time, changes in scenario.events:
        if time > begin:
            break
        levels |= holds(changes)
    for pin, level in levels.items():
        log.add(begin, pin, level)
    for time, changes in scenario.events:
        if begin < time < end:
            for pin, level in holds(changes).items():
                log.add(time, pin, level)


def holds(changes):
    return {OUTPUTS[HELD[item.key]]: "1" if item.value == "high" else "Z"
            for item in changes if item.key in HELD}


def play(scenario, files, folder):
    """Play a scenario: (log of the pins, complaints of the kernel)."""
    log = PinLog(scenario.pins)
    complaints = []
    begin, rests_since = None, 0.0      # None after a crash: the lines stay as they were
    spent, number = -1.0, 0
    changes = list(moments(scenario))
    for index, (time, how) in enumerate(changes):
        if how == "on":
            if begin is None:
                begin = time
                rests_since = time if rests_since is None else rests_since
            continue
        if begin is None or time < begin:
            if how == "off":
                begin = None
                rests_since = time if rests_since is None else rests_since
            continue
        rest(scenario, log, rests_since, begin)
        number += 1
        on = PowerOn(scenario, begin, time, how, spent)
        on.run(files, folder / f"power-{number}")
        complaints += on.complaints()
        until = next((later for later, what in changes[index + 1:] if what in ("on", "off")),
                     scenario.end) if how in ("reboot", "crash") else time
        ended = on.take(log, until)
        # Changes at the moment of a power loss belong to the next power-on.
        spent = math.nextafter(time, 0) if how == "off" else time
        begin = ended + RESTART_S if how == "reboot" else None
        rests_since = ended if how in ("off", "reboot") else None
    if rests_since is not None:
        rest(scenario, log, rests_since, scenario.end)
    return log, complaints
