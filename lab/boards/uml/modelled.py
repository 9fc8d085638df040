# SPDX-License-Identifier: GPL-2.0-only
"""Boards that run an overlay of Documentation/boards as it is, in virtual time.

The overlay is applied to lab/boards/uml/models.dts, whose buses model the chips that it names
(lab/boards/uml/chips); the kernel's own drivers are on top. Pins and channels are those of the
merged devicetree; the circuits in front of them are those of Documentation/boards.rst. The levels
of the pins are those of the models, which tell them to the kernel's log.
"""

import functools
import re
import shutil
from dataclasses import dataclass

from bms import product, sysfs
from bms.pins import HEARTBEAT, HELD, OUTPUTS
from bms.scenario import HEALTHY_T
from boards.uml.board import Uml
from boards.uml.script import BLANK, NS, OPEN_SOURCE, Script, at_ns
from boards.uml.wiring import Wiring

CONTROL = "/sys/devices/platform/{}/control"
SOC = "/gpio"
# Of models.dts
LEDS = {42: "BL", 43: "RD"}

# Property of the bank, without "-gpios": its key in scenarios
INPUTS = {"remote-h": "H", "remote-l": "L", "loop": "LOOP", "allowed-to-discharge": "ATD",
          "allowed-to-charge": "ATC", "battery-pre-alarm": "BPA"}
SIGNALS = ("ATD", "ATC", "BPA")
ACTIVE_LOW = 1      # of dt-bindings/gpio/gpio.h

LINE = re.compile(r"bms-\w+ (\w+): (?:([0-9a-f]{2}) )?(\d+) line (\d+) "
                  r"(high|low|sinks|falls)(?: (\d+))?")

# The single-ended channels of an ADS1115 come after its pairs.
FIRST_INPUT = {"ti,ads1115": 4, "microchip,mcp3208": 0}


@dataclass(frozen=True)
class Circuit:
    """The voltage of a quantity at the pin of its converter, and the converter's step there."""

    uv: float           # for each unit
    zero_uv: float      # at 0
    step_uv: float

    def at_pin(self, value):
        return round(self.zero_uv + value * self.uv)

    @property
    def step(self):
        return self.step_uv / self.uv


# Levels that the driver compares with: a value must not be closer than a step of the converter.
LIMITS = {
    "V": (*product.CELL_KNOWN_V, product.OVER_DISCHARGED_V, product.LOAD_DISCONNECT_V,
          product.PRE_ALARM_V, product.PRE_ALARM_END_V, product.LOAD_RECONNECT_V,
          product.CHARGE_RECONNECT_V, product.CHARGE_DISCONNECT_V),
    "T": (product.CHARGE_MIN_C, product.CHARGE_MIN_C + product.TEMP_HYSTERESIS_K,
          product.CHARGE_MAX_C, product.CHARGE_MAX_C - product.TEMP_HYSTERESIS_K),
    "SUP": product.SUPPLY_V,
    "ILD": (product.LOAD_LIMIT_A,),
}
# Settings that move some of these levels, and the distances of the levels from the setting
SETTINGS = {
    "cfg.uv": ("V", (0.0,)),
    "cfg.pre": ("V", (0.0, product.PRE_ALARM_END_V - product.PRE_ALARM_V)),
    "cfg.tmin": ("T", (0.0, product.TEMP_HYSTERESIS_K)),
}


def limits(scenario):
    """LIMITS, and those that the scenario sets."""
    found = {key: list(values) for key, values in LIMITS.items()}
    for item in (item for _, changes in scenario.events for item in changes):
        if item.key in SETTINGS:
            quantity, offsets = SETTINGS[item.key]
            found[quantity] += [item.value + offset for offset in offsets]
    return found


def control(pin):
    """How the player writes to the model that has a pin."""
    bus = pin.chip.split("/")[1]
    address = pin.chip.partition("@")[2]
    return f"write {CONTROL.format(bus)} " + (f"{address} " if address else "")


def key(pin):
    """A pin as the log names it: device, address, number."""
    return pin.chip.split("/")[1], pin.chip.partition("@")[2] or None, pin.number


class ModelScript(Script):
    """The script of a power-on."""

    def __init__(self, board, scenario, begin):
        super().__init__(scenario, begin)
        self.board = board
        self.wiring = board.wiring
        self.own_chips = True

    def pin(self, time, pin, text):
        self.add(time, control(pin) + text)

    def input_of(self, pin):
        return pin.number - FIRST_INPUT[self.wiring.kind(pin.chip)]

    def analog(self, time, channel, text):
        """Tell the model of a channel's converter; {} in the text is the number of the input."""
        pin = self.board.channels[channel]
        self.pin(time, pin, text.format(self.input_of(pin)))

    def go(self, time, channel, value, target=None, seconds=0):
        circuit = self.board.circuit(channel)
        self.analog(time, channel, f"set {{}} {circuit.at_pin(value)}")
        if seconds > 0:
            self.analog(time, channel, f"ramp {{}} {circuit.at_pin(target)} "
                        f"{round(seconds * NS)}")

    def follow(self, time, channel, signal):
        self.go(time, channel, signal.at(time), signal.target, signal.left(time))

    def quantities(self, time, world, changed=None):
        channels = self.board.channels
        if not channels:
            return
        for cell in range(1, self.scenario.cells + 1):
            if changed in (None, world.voltage(cell)):
                self.follow(time, f"cell{cell}", world.voltage(cell))
        for battery in range(1, self.board.count("temp") + 1):
            if battery > self.scenario.batteries:
                if changed is None:
                    self.go(time, f"temp{battery}", HEALTHY_T)
            elif changed in (None, world.temperature(battery)) and \
                    self.levels.get("TS", "ok") == "ok":
                self.follow(time, f"temp{battery}", world.temperature(battery))
        if changed in (None, world.load_current):
            self.follow(time, "load-current", world.load_current)
        if world.supply:
            if changed in (None, world.supply):
                self.forget_supply(time)
                self.follow(time, "supply", world.supply)
        else:
            self.sum(time, world)

    def forget_supply(self, time):
        """Remove the commands by which the supply would go on after this time."""
        pin = self.board.channels["supply"]
        words = control(pin)
        words = tuple(f"{words}{word} {self.input_of(pin)} " for word in ("set", "ramp"))
        now_ns = self.at_ns(time)
        self.lines = [line for line in self.lines
                      if at_ns(line) <= now_ns or not line.partition(" ")[2].startswith(words)]

    def sum(self, time, world):
        """The supply is the sum of the cells in series, until each has ended its ramp."""
        self.forget_supply(time)
        ends = sorted({time + world.voltage(cell).left(time)
                       for cell in range(1, self.scenario.string_cells + 1)} | {time})
        for now, until in zip(ends, ends[1:]):
            self.go(now, "supply", world.supply_at(now), world.supply_at(until), until - now)
        self.go(ends[-1], "supply", world.supply_at(ends[-1]))

    def words(self, time, world):
        word = world.word
        levels = {"H": world.remote_h, "L": world.remote_l,
                  **{name: word[name] for name in ("LOOP", *SIGNALS)}}
        for name, pin in self.board.inputs.items():
            if self.levels.get(name) != levels[name]:
                self.pin(time, pin, f"pull {pin.number} "
                         f"{levels[name] ^ bool(pin.flags & ACTIVE_LOW):d}")
        for noise, channel, count in (("NV", "cell{}", self.scenario.cells),
                                      ("NT", "temp{}", self.scenario.batteries)):
            levels[noise] = world.noise[noise]
            if count and self.levels.get(noise, 0.0) != levels[noise]:
                uv = round(levels[noise] * self.board.circuit(channel.format(1)).uv)
                for number in range(1, count + 1):
                    self.analog(time, channel.format(number), f"noise {{}} {uv}")
        levels |= self.faults(time, world)
        levels |= self.chips(time, word)
        self.levels = levels

    def faults(self, time, world):
        levels = {"SENS": world.word["SENS"], "TS": world.word["TS"]}
        before = {name: self.levels.get(name, "ok") for name in levels}
        if before["SENS"] != levels["SENS"]:
            fault = {"ok": "ok", "err": "refuse", "hang": "hang"}[levels["SENS"]]
            self.pin(time, self.board.channels["cell1"], f"fault {fault}")
        if before["TS"] != levels["TS"]:
            for battery in range(1, self.scenario.batteries + 1):
                if levels["TS"] == "open":      # its wire: 10 k pull the pin down
                    self.analog(time, f"temp{battery}", "set {} 0")
                else:
                    self.follow(time, f"temp{battery}", world.temperature(battery))
        return levels

    def chips(self, time, word):
        levels = {name: word[name] for name in (*HELD, "SETTLE", "IRQ")}
        for name, terminal in HELD.items():
            if self.levels.get(name, "free") != levels[name]:
                pin = self.board.terminals[terminal]
                self.pin(time, pin, f"hold {pin.number} {levels[name]}")
        if self.levels.get("SETTLE", 0.0) != levels["SETTLE"]:
            self.pin(time, self.board.terminals["LD"],
                     f"settle {round(levels['SETTLE'] * 1000)}")
        if self.levels.get("IRQ", "ok") != levels["IRQ"]:
            self.host(time, f"edges {levels['IRQ']}")
        return levels

    def access(self, time, out):
        how, count = out
        fault = {"ok": "ok", "err": "refuse", "hang": "hang"}[how]
        self.pin(time, self.board.terminals["LD"], f"fault {fault} {count}")

    def host(self, time, text):
        self.add(time, f"write {CONTROL.format(SOC[1:])} {text}")

    def power_on(self, world):
        self.early("insmod /lib/bms_converter.ko")
        self.early("insmod /lib/bms_expander.ko")
        if self.board.channels:
            self.early("insmod /lib/smallbms-frontend.ko")
        self.early("insmod /lib/bms_chips.ko")
        load = self.board.terminals["LD"]
        self.pin(self.begin, load, f"load-line {load.number}")
        # Each has 10 k to ground.
        for pin in self.board.terminals.values():
            self.pin(self.begin, pin, f"pull {pin.number} 0")
        if self.board.channels:
            self.pin(self.begin, self.board.channels["cell1"],
                     f"reference {self.board.REFERENCE_UV}")
            self.analog(self.begin, "load-current", "gate {}")
        self.quantities(self.begin, world)
        self.words(self.begin, world)
        if world.word["OUT"] != ("ok", 0):
            self.access(self.begin, world.word["OUT"])
        self.add(self.begin, "insmod /lib/smallbms.ko")
        for name, value in world.settings:
            self.write(self.begin, *sysfs.setting(name, value))


class Modelled(Uml):
    """Made of the virtual board's files, and a devicetree to which an overlay was applied."""

    FILES = (*Uml.FILES, "tree")
    FAULTS = {}
    CIRCUITS = {}       # channel without its number: Circuit
    REFERENCE_UV = None
    ELSEWHERE = {}      # scenario that needs another board: why

    @functools.cached_property
    def wiring(self):
        return Wiring(self.tree)

    @functools.cached_property
    def inputs(self):
        return {name: pin for node, name in INPUTS.items() if (pin := self.wiring.line(node))}

    @functools.cached_property
    def terminals(self):
        return {name: pin for name, output in OUTPUTS.items()
                if output.node and (pin := self.wiring.line(output.node))}

    @functools.cached_property
    def heartbeat(self):
        return self.wiring.line("heartbeat")

    @functools.cached_property
    def channels(self):
        return self.wiring.channels()

    def count(self, kind):
        """How many channels of a kind there are."""
        return sum(name.rstrip("0123456789") == kind for name in self.channels)

    SCRIPT = property(lambda self: functools.partial(ModelScript, self))

    def circuit(self, channel):
        return self.CIRCUITS[channel.rstrip("0123456789")]

    def devicetree(self, scenario, path, memory=BLANK):
        shutil.copy(self.tree, path)

    def edges(self, on, place):
        pins = {key(pin): (name, pin) for name, pin in self.terminals.items()}
        if self.heartbeat:
            pins[key(self.heartbeat)] = (HEARTBEAT, self.heartbeat)
        written, told, falls_ns = [], [], {}
        for match in LINE.finditer(on.said):
            device, address, number = match[1], match[2], int(match[4])
            since = (int(match[3]) - on.begin_ns) / NS
            if (device, address) == (SOC[1:], None) and number in LEDS:
                written.append((since, LEDS[number], f"{match[5] == 'high':d}"))
                continue
            name, pin = pins.get((device, address, number), (None, None))
            if name == HEARTBEAT:
                written.append((since, name, f"{match[5] == 'high':d}"))
            elif name:
                due_ns = falls_ns.pop(name, None)
                if due_ns is not None and due_ns <= int(match[3]):
                    told.append(((due_ns - on.begin_ns) / NS, name, "Z"))
                # A line that is no open source has a switch behind it, which floats when it is low.
                low = "L" if match[5] == "sinks" and pin.flags & OPEN_SOURCE else "Z"
                told.append((since, name, "1" if match[5] in ("high", "falls") else low))
                if match[5] == "falls":
                    falls_ns[name] = int(match[6])
        told += [((due_ns - on.begin_ns) / NS, name, "Z") for name, due_ns in falls_ns.items()]
        return written, told

    def unplayable(self, scenario):
        return super().unplayable(scenario) or next(self.reasons(scenario), None)

    def reasons(self, scenario):
        """Reasons for which the overlay cannot play a scenario."""
        if scenario.measured and not self.count("cell"):
            yield "the overlay measures no cells"
        if scenario.signals and not set(SIGNALS) <= set(self.inputs):
            yield "the overlay has no signals of batteries"
        if scenario.measured and scenario.cells != self.count("cell"):
            yield f"{scenario.cells} cells, the overlay has {self.count('cell')}"
        if scenario.batteries > self.count("temp"):
            yield f"{scenario.batteries} batteries, the overlay has {self.count('temp')}"
        if "heartbeat" in scenario.flags and not self.heartbeat:
            yield "the overlay has no heartbeat"
        if "current" in scenario.flags and "current" not in self.channels:
            yield "the overlay does not measure the current of the bank"
        if "memory" in scenario.flags:
            yield "the overlay has no memory"
        if "loadoff" in scenario.flags:
            yield "the overlay does not start with the load off"
        if "sleep" in scenario.flags and "allow-sleep" not in self.wiring.bank:
            yield "the overlay does not allow sleep"
        if scenario.converters > 1 or scenario.convert_ms or scenario.uses("CONV"):
            yield "all cells have one converter, as fast as it is"
        # Without a remote switch a bank is on from the start.
        if "H" not in self.inputs and any(
                item.key in ("H", "L") or item.key == "BR" and (time, item.value) != (0, True)
                for time, changes in scenario.events for item in changes):
            yield "the overlay has no remote switch"
        if scenario.name in self.ELSEWHERE:
            yield self.ELSEWHERE[scenario.name]
        near = limits(scenario)
        for item in (item for _, changes in scenario.events for item in changes):
            yield from self.cannot_do(item, near)

    def cannot_do(self, item, near):
        channel = {"V": "cell1", "T": "temp1", "SUP": "supply", "ILD": "load-current"}
        if item.key in channel and channel[item.key] not in self.channels:
            yield f"the overlay has no channel for {item.key}"
        if item.key in near and item.value is not None and channel[item.key] in self.channels:
            step = self.circuit(channel[item.key]).step
            for limit in near[item.key]:
                if abs(item.value - limit) < step:
                    yield (f"{item.key}={item.value:g} is nearer to {limit:g} than a step of the "
                           f"converter, {step:.2g}")
        if item.key == "TS" and item.value == "hang":
            yield "the load current has the same converter as the temperatures"
        soc = self.terminals["LD"].chip == SOC
        if item.key == "OUT" and soc:
            yield "the system's own pins never fail"
        if item.key == "SETTLE" and not self.terminals["LD"].flags & OPEN_SOURCE:
            yield "an output is driven low, and falls at once"
