# SPDX-License-Identifier: GPL-2.0-only
"""Faults on the virtual board: unbound parts, wrong devicetrees, many banks at once.

The devicetree, the driver model and the providers of the driver's lines and channels are
misused. The kernel must not complain, and no output may be driven unless a rule drives it.
"""

import pathlib
import random
import re

from bms import kernel_log
from bms.errors import LabError
from bms.pins import LINES, TERMINALS
from bms.run import run
from bms.sysfs import TRACING
from boards.uml import script as uml
from boards.uml.reading import BEGIN, EVENT, gpio_chips

NS = uml.NS
BUS = "/sys/bus/platform/drivers"
CONTROL = "/sys/devices/platform/converter-{}/control"
START_NS = 3 * NS               # from the driver to a bank that is on
MS = 1_000_000

BINDING = pathlib.Path("dt-bindings/power/supply/gpio-bms.yaml")
RANGE = re.compile(r"^  ([\w-]+):\n    minimum: (\d+)\n    maximum: (\d+)$", re.M)

BANKS = 32
CYCLES = 500                    # bound and unbound, a round
BOOTS, TREES = 5, 40            # boots a round, mutated banks a boot
SEED = 1
LIMIT_S = 0.1                   # until a bank that is unbound floats

PINS = {line: pin for line, pin in LINES.items() if pin in TERMINALS}

NODES = """
	gpios{n}: chip-{n} {{
		compatible = "gpio-simulator";

		gpio{n}: lines {{
			gpio-controller;
			#gpio-cells = <2>;
			ngpios = <16>;
		}};
	}};

	adc{n}: converter-{n} {{
		compatible = "test,bms-converter";
		#io-channel-cells = <1>;
	}};

	bank-{n} {{
		compatible = "gpio-bms";
{properties}
	}};
"""


def properties(number):
    """A bank of four cells, property by property."""
    names = [f"cell{cell}" for cell in range(1, 5)] + ["temp1", "supply", "load-current"]
    channels = [0, 1, 2, 3, uml.FIRST_TEMP, uml.SUPPLY, uml.LOAD_CURRENT]
    return {
        **{f"{node}-gpios": f"<&gpio{number} {line} {uml.OPEN_SOURCE}>"
           for line, node in uml.bank_lines().items()},
        "io-channels": ", ".join(f"<&adc{number} {channel}>" for channel in channels),
        "io-channel-names": ", ".join(f'"{name}"' for name in names),
    }


def devicetree(banks, path):
    nodes = "".join(NODES.format(n=number, properties="\n".join(
        f"\t\t{name} = {value};" if value else f"\t\t{name};" for name, value in bank.items()))
        for number, bank in enumerate(banks))
    # Wrong trees are the purpose of this, so dtc must go on.
    run("dtc", "-f", "-q", "-I", "dts", "-O", "dtb", "-o", path, "-",
        input=f"/dts-v1/;\n/ {{\n{uml.ROOT}{nodes}}};\n")


def healthy(number, time_ns=0):
    control = CONTROL.format(number)
    for first, last, value in ((0, 159, 3300000), (160, 179, 25000),
                               (uml.SUPPLY, uml.SUPPLY, 13200000)):
        yield f"{time_ns} write {control} set {first} {last} {value}"


def play(board, folder, banks, script, end_ns):
    """Run a board with some banks: (kernel log, bank -> edges of its pins)."""
    folder.mkdir(parents=True, exist_ok=True)
    devicetree(banks, folder / "board.dtb")
    lines = ["0 insmod /lib/bms_converter.ko", "0 cat /sys/kernel/debug/gpio",
             f"0 write {TRACING}/trace_clock boot", f"0 write {TRACING}/buffer_size_kb 16384",
             f"0 write {TRACING}/events/gpio/gpio_value/filter get==0",
             f"0 write {TRACING}/events/gpio/enable 1"]
    for number in range(len(banks)):
        lines += healthy(number)
    lines += ["0 insmod /lib/smallbms.ko", *script, f"{end_ns} copy {TRACING}/trace /run/trace"]
    log = board.run(folder, lines)
    begin = BEGIN.search(log)
    if not begin or "player: end" not in log:
        raise LabError(f"the virtual board did not come to an end; see {folder / 'kernel.log'}")
    bases = {first: int(parent.removeprefix("chip-")) for first, parent in gpio_chips(log)}
    edges = {number: [] for number in range(len(banks))}
    for match in EVENT.finditer((folder / "trace").read_text()):
        line = int(match[4])
        number = bases.get(line - line % 16)
        pin = PINS.get(line % 16)
        if number is None or not pin:
            continue
        high = match[6] == "1" if match[3] == "gpio_value" else match[5] == "out"
        time_ns = int(match[1]) * NS + int(match[2]) * 1000 - int(begin[1])
        edges[number].append((time_ns, pin, high))
    return log, edges


def complaints(log):
    return [f"the kernel complains: {line}" for line in kernel_log.trouble(log)[:3]]


def driven_at(edges, time_ns):
    """Which pins are driven at a time."""
    now = {}
    for at_ns, pin, high in edges:
        if at_ns <= time_ns:
            now[pin] = high
    return {pin for pin, high in now.items() if high}


def safe_after(edges, time_ns):
    """How long after a time the last pin that was driven floats, in seconds."""
    last = time_ns
    for pin in driven_at(edges, time_ns):
        last = max(last, next((at_ns for at_ns, name, high in edges
                               if at_ns > time_ns and name == pin and not high), float("inf")))
    return (last - time_ns) / NS


# Each returns the number of trials, the longest time to float, its limit, and the errors.

def bind_cycles(board, folder, rounds):
    """Bound and unbound again and again: sometimes long enough to be on, mostly not."""
    cycles = rounds * CYCLES
    script, ends, at_ns = [], [], START_NS
    for cycle in range(cycles):
        script.append(f"{at_ns} write {BUS}/smallbms/unbind bank-0")
        ends.append(at_ns)
        at_ns += 2 * round(LIMIT_S * NS)    # a bind would float them too
        script.append(f"{at_ns} write {BUS}/smallbms/bind bank-0")
        at_ns += START_NS if cycle % 50 == 49 else (cycle % 7) * 10 * MS
    log, edges = play(board, folder, [properties(0)], script, at_ns)
    problems = complaints(log)
    starts = sum(high for _, pin, high in edges[0] if pin == "LD")
    if starts != 1 + cycles // 50:
        problems.append(f"the load was connected {starts} times, not {1 + cycles // 50}")
    return cycles, max(safe_after(edges[0], end_ns) for end_ns in ends), LIMIT_S, problems


def providers_unbound(board, folder, _):
    """The providers of lines and channels are unbound under a bank that is on."""
    problems, worst = [], 0.0
    for driver, device in (("gpio-sim", "chip-0"), ("bms-converter", "converter-0")):
        log, edges = play(board, folder / driver, [properties(0)],
                          [f"{START_NS} write {BUS}/{driver}/unbind {device}"], 2 * START_NS)
        problems += complaints(log)
        if driven_at(edges[0], START_NS) != {"LD", "CD"}:
            problems.append(f"the bank was not on before {driver} was unbound")
        worst = max(worst, safe_after(edges[0], START_NS))
    return 2, worst, LIMIT_S, problems


# Possible errors of a devicetree

NUMBERS = ("load-disconnect-cell-microvolt", "pre-alarm-cell-microvolt",
           "load-reconnect-cell-microvolt", "charge-disconnect-cell-microvolt",
           "charge-reconnect-cell-microvolt", "over-discharged-cell-microvolt",
           "charge-min-millicelsius", "charge-max-millicelsius", "warning-ms", "hold-ms",
           "line-filter-ms", "output-settle-ms", "stale-ms", "load-limit-microamp",
           "rest-current-microamp", "full-tail-percent", "full-cell-microvolt", "full-hold-ms")
LINES = ("loop", "remote-h", "remote-l", "allowed-to-discharge", "allowed-to-charge",
         "battery-pre-alarm", "heartbeat", *uml.bank_lines().values())


def anything(chance, number):
    return chance.choice((
        "", '""', '"text"', '"a", "b", ""', "<0>", "<1>", "<0xffffffff>", "[00]", "[de ad be]",
        f"<{chance.randrange(1 << 32)}>", f"<&gpio{number}>", f"<&gpio{number} 8>",
        f"<&gpio{number} 99 0>", f"<&gpio{number} 3 {chance.randrange(256)}>", f"<&adc{number}>",
        f"<&adc{number} 0>", f"<&adc{number} 999>", f"<&adc{number} 1 2 3>", "<0 8 0>",
        "<0xdeadbeef 8 2>", f"<&gpios{number} 8 0>",
        "<" + " ".join(str(chance.randrange(1 << 32)) for _ in range(200)) + ">",
        '"' + "x" * 300 + '"'))


def mutated(chance, number):
    """A bank with one to four things wrong, or merely odd."""
    bank = properties(number)
    for _ in range(chance.randint(1, 4)):
        kind = chance.randrange(6)
        if kind == 0:
            bank.pop(chance.choice(list(bank)), None)
        elif kind == 1 and bank:
            bank[chance.choice(list(bank))] = anything(chance, number)
        elif kind == 2:
            value = chance.choice((0, 1, 250, 20000, 30000, 2800000, 3100000, 0x7fffffff,
                                   0x80000000, 0xffffffff, chance.randrange(5000000)))
            bank[chance.choice(NUMBERS)] = f"<{value}>"
        elif kind == 3:
            name = chance.choice(NUMBERS + ("cells-in-series", "charge-in-pre-alarm",
                                            "allow-sleep"))
            bank[name] = anything(chance, number)
        elif kind == 4:
            bank[f"{chance.choice(LINES)}-gpios"] = anything(chance, number)
        else:
            count = chance.choice((1, 3, 4, 5, 8, 160, 161, 180, 190))
            names = [f"cell{cell}" for cell in range(1, count + 1)]
            if chance.random() < 0.3:
                names[chance.randrange(count)] = chance.choice(
                    ("cell0", "cell1", "cell161", "cell300", "cell4294967297", "temp21", "", "x"))
            bank["io-channels"] = ", ".join(f"<&adc{number} {cell % 183}>"
                                            for cell in range(count))
            bank["io-channel-names"] = ", ".join(f'"{name}"' for name in names)
    return bank


def out_of_range(bank):
    """Numbers of a bank that the binding does not allow."""
    limits = {name: (int(low), int(high)) for name, low, high in RANGE.findall(BINDING.read_text())}
    for name, value in bank.items():
        number = re.fullmatch(r"<(\d+)>", value)
        if number and name in limits and not limits[name][0] <= int(number[1]) <= limits[name][1]:
            yield f"{name} = {value}"


def mutated_trees(board, folder, rounds):
    """Absurd devicetrees, through probe."""
    chance = random.Random(SEED)
    problems, refused, driven = [], 0, 0
    for boot in range(rounds * BOOTS):
        banks = [mutated(chance, number) for number in range(TREES)]
        log, edges = play(board, folder / str(boot), banks, [], START_NS)
        problems += complaints(log)
        for number in range(TREES):
            on = any(high for _, _, high in edges[number])
            off = re.search(rf"smallbms bank-{number}: error ", log)
            driven += on
            refused += bool(off)
            if on and off:
                problems.append(f"{folder / str(boot)}: bank-{number} is refused, and driven")
            if on:
                problems += [f"{folder / str(boot)}: bank-{number} is driven with {what}"
                             for what in out_of_range(banks[number])]
    if not refused or not driven:
        problems.append(f"of the trees {refused} were refused and {driven} drove an output: both "
                        "must happen")
    return rounds * BOOTS * TREES, None, None, problems


# A fault of a bank beside others, and the outputs that it drives in the end

FAULTS = (
    ("nothing", (), {"LD", "CD"}),
    ("a full cell", ("set 2 2 3800000",), {"LD"}),
    ("a low cell", ("set 1 1 3000000",), {"LD", "PA"}),
    ("cold", (f"set {uml.FIRST_TEMP} {uml.FIRST_TEMP} -5000",), {"LD"}),
    ("cells lost", (f"error 0 3 {uml.EIO}",), {"LD", "PA"}),
    ("a converter that never returns", ("delay 0 0 3600000",), {"LD", "PA"}),
    ("overload", (f"set {uml.LOAD_CURRENT} {uml.LOAD_CURRENT} 2000000",), {"CD"}),
    ("its chip is gone", None, set()),
)


def many_banks(board, folder, _):
    """Each with a fault of its own, and none disturbs another."""
    fault_ns, end_ns = START_NS, START_NS + 8 * NS
    script = []
    for number in range(BANKS):
        _, lines, _ = FAULTS[number % len(FAULTS)]
        if lines is None:
            script.append(f"{fault_ns} write {BUS}/gpio-sim/unbind chip-{number}")
        for line in lines or ():
            script.append(f"{fault_ns} write {CONTROL.format(number)} {line}")
    log, edges = play(board, folder, [properties(number) for number in range(BANKS)], script,
                      end_ns)
    problems = complaints(log)
    for number in range(BANKS):
        name, _, expected = FAULTS[number % len(FAULTS)]
        driven = driven_at(edges[number], end_ns)
        if driven_at(edges[number], fault_ns) != {"LD", "CD"}:
            problems.append(f"bank-{number} was not on before: {name}")
        if driven != expected:
            problems.append(f"bank-{number}, {name}: {sorted(driven)} driven, not "
                            f"{sorted(expected)}")
        if name == "nothing" and any(at_ns > fault_ns for at_ns, _, _ in edges[number]):
            problems.append(f"bank-{number} was disturbed by its neighbours")
    return BANKS, None, None, problems


TRIALS = {
    "bound and unbound": bind_cycles,
    "GPIO chip or converter unbound under the bank": providers_unbound,
    "mutated devicetree": mutated_trees,
    "bank beside others that fail": many_banks,
}
