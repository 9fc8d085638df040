# SPDX-License-Identifier: GPL-2.0-only
"""The virtual board's input, made before it starts: a devicetree, and its player's script."""

import math

from bms import sysfs
from bms.pins import HEARTBEAT_LINE, HELD, INPUTS, OUTPUTS
from bms.run import run
from bms.sysfs import DRIVER, TRACING

NS = 1_000_000_000
BEGIN_NS = NS       # the board has started; the driver has not been loaded yet

# Channels of the test converter.
FIRST_TEMP, SUPPLY, LOAD_CURRENT, BANK_CURRENT = 160, 180, 181, 182

# Numbers of errno.h: answers of a broken converter, an open sensor and a hung bus
EIO, ENODEV, ETIMEDOUT = 5, 19, 110
HANG_MS = 1000

CONTROL = "/sys/devices/platform/{}/control"
PULL = "/sys/devices/platform/gpios/gpiochip0/sim_gpio{}/pull"
MEMORY = CONTROL.format("eeprom")
REFUSE = "/sys/devices/platform/refuser/refuse"
# UML's own clock that wakes it upsets lockdep. So the kernel stays in the last step of its
# way to sleep, in which nothing runs and the boot clock goes on.
SLEEP_TEST, SLEEP = "/sys/power/pm_test", "/sys/power/state"
SLEEP_S = "/sys/module/suspend/parameters/pm_test_delay"

REBIND_S = 1.0      # until it is bound again
RESTART_S = 2.0     # for which all pins are inputs
BLANK = b"\xff" * 256     # a memory that was never written
BEATING_KB = 16384  # of trace, for a day of them

# Keys that need a chip of our own
CHIP_KEYS = ("OUT", *HELD, "SETTLE", "IRQ", "HOST")

# Newer kernels complain of a root without these.
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
{terminals}		loop-gpios = <&{inputs} 2 0>;
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
# Two chips, because a fault of the outputs' chip must not be a fault of the inputs.
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
MEMORY_PART = """	eeprom {{
		compatible = "test,bms-memory";
		#address-cells = <1>;
		#size-cells = <1>;
		test,content = [{content}];

		state_a: state@0 {{
			reg = <0 {half}>;
		}};

		state_b: state@{half:x} {{
			reg = <{half} {half}>;
		}};
	}};

"""
MEMORY_CELL = """		nvmem-cells = <&state_a>, <&state_b>;
		nvmem-cell-names = "state-a", "state-b";
"""
TERMINAL = "\t\t{}-gpios = <&{} {} {}>;\n"
HEARTBEAT_PROPERTY = f"\t\theartbeat-gpios = <&gpio {HEARTBEAT_LINE} 0>;\n"
SIGNAL_LINES = """		allowed-to-discharge-gpios = <&{inputs} 3 0>;
		allowed-to-charge-gpios = <&{inputs} 4 0>;
		battery-pre-alarm-gpios = <&{inputs} 5 0>;
"""
CHANNELS = """		io-channels = {};
		io-channel-names = {};
"""
OPEN_SOURCE = 2     # GPIO_OPEN_SOURCE of dt-bindings/gpio/gpio.h


def own_chips(scenario):
    return scenario.uses(*CHIP_KEYS)


def converters(scenario):
    """(name, first channel, last channel) of each converter.

    If none is slow, one converter has all channels. Otherwise cells, temperatures and the rest
    have their own.
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


def bank_lines(options=()):
    """Line of each terminal that a bank with some options has: its property in the bank's node."""
    return {output.line: output.node for output in OUTPUTS.values()
            if output.node and (not output.option or output.option in options)}


def devicetree(scenario, path, memory=BLANK):
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
        more += HEARTBEAT_PROPERTY
    if "sleep" in scenario.flags:
        more += "\t\tallow-sleep;\n"
    if "loadoff" in scenario.flags:
        more += "\t\tstart-with-load-off;\n"
    if "memory" in scenario.flags:
        parts += MEMORY_PART.format(content=memory.hex(" "), half=len(memory) // 2)
        more += MEMORY_CELL
    if scenario.capacity_ah:
        parts += BATTERY.format(round(scenario.capacity_ah * 1e6))
        more += "\t\tmonitored-battery = <&battery>;\n"
    terminals = "".join(TERMINAL.format(node, outputs, line, OPEN_SOURCE)
                        for line, node in bank_lines(scenario.flags).items())
    text = DTS.format(root=ROOT, inputs=inputs, parts=parts, terminals=terminals, more=more)
    run("dtc", "-q", "-I", "dts", "-O", "dtb", "-o", path, "-", input=text)


class Script:
    """The script of the board's first process, for one power-on."""

    def __init__(self, scenario, begin):
        self.scenario = scenario
        self.begin = begin      # when the power comes on, in the time of the scenario
        self.lines = []
        self.levels = {}
        self.converters = converters(scenario)
        self.own_chips = own_chips(scenario)

    def at_ns(self, time):
        return BEGIN_NS + round((time - self.begin) * NS) if time >= self.begin else 0

    def add(self, time, text):
        self.lines.append(f"{self.at_ns(time)} {text}")

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
        for key, pin in HELD.items():
            if self.levels.get(key, "free") != levels[key]:
                self.add(time, f"write {outputs} hold {OUTPUTS[pin].line} {levels[key]}")
        if self.levels.get("SETTLE", 0.0) != levels["SETTLE"]:
            self.add(time, f"write {outputs} settle {round(levels['SETTLE'] * 1000)}")
        if self.levels.get("IRQ", "ok") != levels["IRQ"]:
            self.add(time, f"write {inputs} edges {levels['IRQ']}")
        return levels

    def host(self, time, text):
        """Add an event of the host itself."""
        self.add(time, f"write {CONTROL.format('outputs')} {text}")

    def access(self, time, out):
        """Set how the accesses to the outputs end from now on."""
        how, count = out
        self.add(time, f"write {CONTROL.format('outputs')} access {how} {count}")

    def memory(self, time, how):
        """Make the memory blank, or set how the accesses to it end from now on."""
        for text in {"blank": ("blank", "access ok")}.get(how, (f"access {how}",)):
            self.add(time, f"write {MEMORY} {text}")

    def write(self, time, file, text):
        """Write to the driver, which may not be there after a HOST=rebind that failed."""
        self.add(time, f"{'try' if self.own_chips else 'write'} {file} {text}")

    def power_on(self, world):
        """Set the board to the values of the world, then load the driver."""
        self.early("insmod /lib/bms_converter.ko")
        if self.own_chips:
            self.early("insmod /lib/bms_expander.ko")
        if "memory" in self.scenario.flags:
            self.early("insmod /lib/bms_memory.ko")
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
        if world.word["MEM"] in ("err", "hang"):
            self.memory(self.begin, world.word["MEM"])
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
            elif item.key == "MEM":
                self.memory(time, item.value)
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
            self.host(time, "unbind")
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
            self.host(time, "crash")
        self.lines.sort(key=at_ns)
        last_ns = BEGIN_NS + round((time - self.begin) * NS)
        self.lines = [line for line in self.lines if at_ns(line) <= last_ns]


def at_ns(line):
    """The time of a line of a script."""
    return int(line.split()[0])
