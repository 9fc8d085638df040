# SPDX-License-Identifier: GPL-2.0-only
"""The virtual board: a User Mode Linux kernel in virtual time.

What happens to the bank is written down beforehand, as the script of the board's first
process (lab/boards/uml/player.c): channels go through the test converter, lines
through gpio-sim. What the outputs did is read afterwards from gpiolib's trace of what it
has told the chip.
"""

import os
import pathlib
import re
import subprocess
from dataclasses import dataclass

from bms import kernel_log, sysfs
from bms.errors import BenchError
from bms.pins import START, PinLog
from bms.scenario import World

REAL_TIME = False
AT_ONCE = os.cpu_count()

NS = 1_000_000_000
BEGIN_NS = NS       # the board has started; the driver has not been loaded yet
TIMEOUT_S = 1200

# Lines of the simulated chip.
INPUTS = {"H": 0, "L": 1, "LOOP": 2, "ATD": 3, "ATC": 4, "BPA": 5}
OUTPUTS = {8: "LD", 9: "CD", 10: "PA", 12: "BL", 13: "RD"}
LEDS = ("BL", "RD")

# Channels of the test converter.
FIRST_TEMP, SUPPLY, LOAD_CURRENT = 160, 180, 181

# Numbers of errno.h: what a broken converter and an open sensor answer
EIO, ENODEV = 5, 19

CONTROL = "/sys/devices/platform/converter/control"
PULL = "/sys/devices/platform/gpios/gpiochip0/sim_gpio{}/pull"
TRACING = "/sys/kernel/tracing"
GCOV = "/sys/kernel/debug/gcov"
KMEMLEAK = "/sys/kernel/debug/kmemleak"

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

	adc: converter {{
		compatible = "test,bms-converter";
		#io-channel-cells = <1>;
		test,gate = <&gpio 8>;
	}};

	bms {{
		compatible = "gpio-bms";
		load-enable-gpios = <&gpio 8 {open_source}>;
		charge-enable-gpios = <&gpio 9 {open_source}>;
		pre-alarm-gpios = <&gpio 10 {open_source}>;
		loop-gpios = <&gpio 2 0>;
		remote-h-gpios = <&gpio 0 0>;
		remote-l-gpios = <&gpio 1 0>;
{channels}{signals}	}};

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
SIGNAL_LINES = """		allowed-to-discharge-gpios = <&gpio 3 0>;
		allowed-to-charge-gpios = <&gpio 4 0>;
		battery-pre-alarm-gpios = <&gpio 5 0>;
"""
CHANNELS = """		io-channels = {};
		io-channel-names = {};
"""
OPEN_SOURCE = 2     # GPIO_OPEN_SOURCE of dt-bindings/gpio/gpio.h

CHIP = re.compile(r"^gpiochip\d+: (?:GPIOs (?P<first>\d+)-\d+|(?P<count>\d+) GPIOs)"
                  r"(?:, parent: \w+/(?P<parent>[\w.-]+))?", re.MULTILINE)
FIRST_LINE = 512    # of the first chip
BEGIN = re.compile(r"^player: begin (\d+)$", re.MULTILINE)
EVENT = re.compile(r" (\d+)\.(\d{6}): (gpio_value|gpio_direction): (\d+) +(\w+) \(?(-?\d+)")


@dataclass
class Files:
    """What the board is made of."""

    kernel: pathlib.Path
    modules: pathlib.Path
    root: pathlib.Path
    counted: tuple = ()     # object files of the modules whose lines are counted
    leaks: bool = False     # look for memory that nobody refers to any more


def unplayable(_):
    """Why the board cannot play a scenario: there is none that it cannot."""
    return None


def devicetree(scenario, path):
    channels = []
    if scenario.measured:
        channels += [(f"cell{cell + 1}", cell) for cell in range(scenario.cells)]
        channels += [(f"temp{battery + 1}", FIRST_TEMP + battery)
                     for battery in range(scenario.batteries)]
    # Batteries with signals only need no converter at all, unless it is asked for.
    if scenario.measured or scenario.uses("V", "SUP", "ILD"):
        channels += [("supply", SUPPLY), ("load-current", LOAD_CURRENT)]
    text = DTS.format(root=ROOT, open_source=OPEN_SOURCE,
                      channels=CHANNELS.format(
                          ", ".join(f"<&adc {number}>" for _, number in channels),
                          ", ".join(f'"{name}"' for name, _ in channels)) if channels else "",
                      signals=SIGNAL_LINES if scenario.signals else "")
    done = subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", path, "-"], input=text,
                          text=True, capture_output=True, check=False)
    if done.returncode:
        raise BenchError(f"dtc refuses the devicetree of {scenario.name}: {done.stderr.strip()}")


class Script:
    """What the board's first process shall do, for one power-on."""

    def __init__(self, scenario, begin):
        self.scenario = scenario
        self.begin = begin      # when the power comes on, in the time of the scenario
        self.lines = []
        self.levels = {}

    def add(self, time, text):
        at_ns = BEGIN_NS + round((time - self.begin) * NS)
        self.lines.append(f"{at_ns if time >= self.begin else 0} {text}")

    def early(self, text):
        self.lines.append(f"0 {text}")

    def channels(self, time, first, last, signal, unit):
        self.add(time, f"write {CONTROL} set {first} {last} {round(signal.at(time) * unit)}")
        left = signal.left(time)
        if left > 0:
            self.add(time, f"write {CONTROL} ramp {first} {last} "
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
        """Send what follows a signal, or everything."""
        scenario = self.scenario
        self.several(time, 0, [world.voltage(cell + 1) for cell in range(scenario.cells or 4)],
                     1e6, changed)
        self.several(time, FIRST_TEMP, [world.temperature(battery + 1)
                                        for battery in range(scenario.batteries)], 1e3, changed)
        if world.supply and changed in (None, world.supply):
            self.channels(time, SUPPLY, SUPPLY, world.supply, 1e6)
        if not world.supply and changed is None:
            self.add(time, f"write {CONTROL} sum {SUPPLY} {scenario.string_cells}")
        if changed in (None, world.load_current):
            self.channels(time, LOAD_CURRENT, LOAD_CURRENT, world.load_current, 1e6)

    def words(self, time, world):
        """Set what has changed of what is no quantity."""
        word = world.word
        levels = {"H": world.remote_h, "L": world.remote_l, "LOOP": word["LOOP"],
                  "ATD": word["ATD"], "ATC": word["ATC"], "BPA": word["BPA"]}
        for name, level in levels.items():
            if self.levels.get(name) != level:
                pull = "pull-up" if level else "pull-down"
                self.add(time, f"write {PULL.format(INPUTS[name])} {pull}")
        for name, first, count, error in (("SENS", 0, self.scenario.cells, EIO),
                                          ("TS", FIRST_TEMP, self.scenario.batteries, ENODEV)):
            if count and self.levels.get(name, True) != word[name]:
                self.add(time, f"write {CONTROL} error {first} {first + count - 1} "
                         f"{0 if word[name] else error}")
            levels[name] = word[name]
        for name, first, count, unit in (("NV", 0, self.scenario.cells, 1e6),
                                         ("NT", FIRST_TEMP, self.scenario.batteries, 1e3)):
            levels[name] = world.noise[name]
            if count and self.levels.get(name, 0.0) != levels[name]:
                self.add(time, f"write {CONTROL} noise {first} {first + count - 1} "
                         f"{round(levels[name] * unit)}")
        self.levels = levels

    def setting(self, time, key, value):
        file, text = sysfs.setting(key, value)
        self.add(time, f"write {file} {text}")

    def power_on(self, world):
        """The board is as the world is, then the driver is loaded."""
        self.early("insmod /lib/bms_converter.ko")
        self.early("cat /sys/kernel/debug/gpio")
        self.early(f"write {TRACING}/trace_clock boot")
        self.early(f"write {TRACING}/events/gpio/gpio_value/filter get==0")
        self.early(f"write {TRACING}/events/gpio/enable 1")
        self.quantities(self.begin, world)
        self.words(self.begin, world)
        self.add(self.begin, "insmod /lib/smallbms.ko")
        for key, value in world.settings:
            self.setting(self.begin, key, value)

    def change(self, time, world, changes):
        for item in changes:
            signal = world.change(time, item)
            if item.key.startswith("cfg."):
                self.setting(time, item.key, item.value)
            elif signal:
                # What is given back follows the others from now on.
                self.quantities(time, world, None if item.value is None else signal)
        self.words(time, world)

    def power_off(self, time):
        self.add(time, f"copy {TRACING}/trace /run/trace")


def command(files, folder, script, *parameters):
    """How to run one power-on of the board, in a folder of its own."""
    counts = [f"0 copy {GCOV}{path.resolve().with_suffix('.gcda')} /run/{path.stem}.gcda"
              for path in files.counted]
    if files.leaks:
        # What is young is not yet reported, and the first look may be wrong.
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
        raise BenchError(f"cannot run {files.kernel}: {error.strerror}") from error
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


def power_cycles(scenario):
    """(from, to) of each stretch in which the board is powered."""
    since = None
    for time, changes in scenario.events:
        for item in changes:
            if item.key != "PWR" or item.value == (since is not None):
                continue
            if item.value:
                since = time
            else:
                yield since, time
                since = None
    if since is not None:
        yield since, scenario.end


def play(scenario, files, folder):
    """Play a scenario: (log of the pins, complaints of the kernel)."""
    log = PinLog()
    complaints = []
    for number, (begin, end) in enumerate(power_cycles(scenario)):
        place = folder / f"power-{number + 1}"
        place.mkdir(parents=True, exist_ok=True)
        devicetree(scenario, place / "board.dtb")

        world = World(scenario)
        script = Script(scenario, begin)
        later = []
        for time, changes in scenario.events:
            if time <= begin:
                for item in changes:
                    world.change(time, item)
            elif time < end:
                later.append((time, changes))
        script.power_on(world)
        for time, changes in later:
            script.change(time, world, changes)
        script.power_off(end)

        said = run(files, place, script.lines)
        start, chips = BEGIN.search(said), list(gpio_chips(said))
        if not start or not chips or "player: end" not in said:
            tail = " | ".join(said.strip().splitlines()[-3:])
            raise BenchError(f"the virtual board did not come to an end: {tail}; all of it: "
                             f"{place / 'kernel.log'}")
        complaints += kernel_log.trouble(said)
        trace = (place / "trace").read_text()
        for time, pin, level in edges(trace, int(start[1]) + BEGIN_NS, chips[0][0]):
            if begin + time < end or end == scenario.end:
                log.add(max(begin, begin + time), pin, level)
        if end < scenario.end:
            for pin, level in START.items():
                log.add(end, pin, level)
    return log, complaints
