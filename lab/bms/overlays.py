# SPDX-License-Identifier: GPL-2.0-only
"""Each overlay in Documentation/boards compiles, is valid, finds its drivers, protects a bank.

An overlay is applied to lab/boards/uml/boards.dts and played on the virtual board.
Parts that User Mode Linux has no bus for are replaced by the test converter and by
gpio-sim. The dividers and sensors in front of them are tried with our own driver and, once
more, with the kernel's. Prints each trial and ends with "N passed, N failed".
"""

import argparse
import pathlib
import re
import shutil
import subprocess
from dataclasses import dataclass, field

import boards
from bms import kernel_log, overlay_promises
from bms.errors import LabError
from bms.result import finish, report
from bms.run import run, tried
from bms.sysfs import SUPPLY_CLASS

# Part of an overlay: its replacement in boards.dts
STAND_INS = {"cells_adc": "/converter-1", "temps_adc": "/converter-2",
             "expander": "/simulator/expander-lines"}
CONTROL = "/sys/devices/platform/converter-{}/control"

# Schemas of the parts, in a kernel tree
SCHEMAS = ("power/supply/power-supply.yaml", "power/supply/battery.yaml", "iio/adc/adc.yaml",
           "iio/adc/microchip,mcp3201.yaml", "iio/adc/ti,ads1015.yaml",
           "iio/afe/voltage-divider.yaml", "iio/afe/temperature-transducer.yaml",
           "iio/afe/current-sense-shunt.yaml", "gpio/gpio-pca95xx.yaml",
           "spi/*-peripheral-props.yaml", "spi/spi-controller.yaml", "regulator/regulator.yaml",
           "regulator/fixed-regulator.yaml", "nvmem/nvmem-consumer.yaml")
BINDING = "power/supply/gpio-bms.yaml"

# The overlays that people begin with
OVERLAYS = pathlib.Path("Documentation/boards")

OUTPUTS = ("load", "charge")

# Drivers that we bring, for parts in front of converters: our module, the kernel's
OURS = pathlib.Path("drivers")
FRONT_ENDS = {" with our front end": "smallbms-frontend", " with the kernel's": "rescale"}
FRONTEND = OURS / "iio/frontend"
# No driver binds to them: the core of power supplies reads the battery, an overlay names its SoC.
WITHOUT_DRIVER = {"simple-battery", "brcm,bcm2835"}

COMPATIBLE = re.compile(r"\bcompatible = (.*);")
TABLE = re.compile(r"of_device_id \w+\[[^]]*\] = \{(.*?)\n\};", re.DOTALL)

# Times of events, in seconds after the driver was loaded. Just before the next event, the
# outputs are looked at.
WIRED_S, OPENED_S, CLOSED_S, END_S = 3, 8, 13, 18
LOOKED_AT = (("without a wire", WIRED_S, "floating"), ("wired", OPENED_S, "driven"),
             ("loop open", CLOSED_S, "floating"), ("loop closed", END_S, "driven"))


@dataclass
class Board:
    """How a bank in good health is wired to a board."""

    lines: dict         # line: its level
    loop: int | None    # the one of these that the loop is at, if it is wired
    channels: dict = field(default_factory=dict)    # (converter, channel): value at the pin
    shows: dict = field(default_factory=dict)       # file of the power supply: what it says
    chip: int = 0       # the simulated one that has these lines
    parameters: frozenset = frozenset({"loop", "remote", "heartbeat"})  # of boards.rst


BOARDS = {
    "raspberry-pi": Board(
        {16: 0, 20: 0, 21: 0}, 16,
        # 3.30 V at half, 13.2 V at 1/30; 25 degrees, no current
        {**{(1, cell): 1650000 for cell in range(4)}, (1, 4): 440000,
         (2, 4): 750000, (2, 5): 750000, (2, 6): 0},
        {"voltage_now": "13200000", "temp": "250"},
        parameters=frozenset(overlay_promises.PARAMETERS)),
    "i2c-expander": Board({0: 1, 1: 1, 2: 0, 3: 1, 4: 1, 5: 1}, 3, chip=1),
    "signals-only": Board({22: 0, 23: 0, 16: 0, 24: 0}, 16,
                          parameters=frozenset({"loop", "heartbeat"})),
}


def must(*command, **options):
    """Run a command that has to be silent."""
    done = tried(*command, stderr=subprocess.STDOUT, **options)
    if done.returncode or done.stdout.strip():
        raise LabError(done.stdout.strip() or f"{command[0]}: exit status {done.returncode}")


def ask(*command):
    return run(*command).strip()


def build(source, linux, target):
    text = run("cpp", "-nostdinc", "-I", linux / "include", "-undef", "-D__DTS__",
               "-x", "assembler-with-cpp", source)
    # A GPIO chip passes interrupts on without addresses: bindings say so, older dtc does not.
    must("dtc", "-@", "-Wno-interrupt_provider", "-I", "dts", "-O", "dtb", "-o", target, "-",
         input=text)


def schema(linux, folder):
    """The bindings of all parts, laid out as in a kernel tree."""
    bindings = linux / "Documentation/devicetree/bindings"
    shutil.rmtree(folder, ignore_errors=True)
    for pattern in SCHEMAS:
        target = folder / pathlib.Path(pattern).parent
        target.mkdir(parents=True, exist_ok=True)
        for file in bindings.glob(pattern):
            shutil.copy(file, target)
    shutil.copy(pathlib.Path("dt-bindings") / BINDING, folder / BINDING)
    shutil.copy(bindings / "vendor-prefixes.yaml", folder)
    must("dt-mk-schema", "-j", "-o", folder / "schema.json", folder)
    return folder / "schema.json"


def replace_parts(tree):
    """Make references to a part point to its replacement."""
    for label, path in STAND_INS.items():
        if label not in ask("fdtget", "-p", tree, "/__symbols__").split():
            continue
        part = ask("fdtget", tree, "/__symbols__", label)
        phandle = ask("fdtget", "-t", "x", tree, part, "phandle")
        must("fdtput", "-r", tree, part)
        must("fdtput", "-t", "x", tree, path, "phandle", f"0x{phandle}")


def compatibles(overlay):
    """The "compatible" of each kind of node in a compiled overlay."""
    text = ask("dtc", "-q", "-I", "dtb", "-O", "dts", overlay)
    return [re.findall(r'"([^"]*)"', value.replace("\\0", '", "'))
            for value in sorted(set(COMPATIBLE.findall(text)))]


def sources(folder, compatible):
    """The sources below a folder that have it in the table of a driver."""
    found = tried("grep", "-rlF", "--include=*.c", f'"{compatible}"', folder).stdout.split()
    return [path for path in map(pathlib.Path, found)
            if any(f'"{compatible}"' in table
                   for table in TABLE.findall(path.read_text(errors="replace")))]


def options(linux, compatible):
    """The options that each switch on a driver of it."""
    found = set()
    for source in sources(linux / "drivers", compatible):
        found |= set(re.findall(rf"^obj-\$\(CONFIG_(\w+)\)[ \t]*\+=.*(?<![\w-]){source.stem}\.o",
                                (source.parent / "Makefile").read_text(), re.MULTILINE))
    return found


def lacking(nodes, linux, config):
    """The parts for which neither a kernel built so nor smallbms has a driver."""
    on = set(re.findall(r"^CONFIG_(\w+)=[ym]$", config.read_text(), re.MULTILINE))
    for node in nodes:
        if WITHOUT_DRIVER & set(node) or any(sources(OURS, name) for name in node):
            continue
        wanted = set().union(*(options(linux, name) for name in node))
        if not wanted & on:
            yield (f"{' '.join(node)} needs {' or '.join(sorted(wanted))}, which is off" if wanted
                   else f"{' '.join(node)}: no driver for it in {linux}")


def script(board, front, pull):
    """A script of events of a bank, and of files to copy to /run."""
    for number, (_, time, _) in enumerate(LOOKED_AT):
        for output in OUTPUTS:
            yield time - 0.1, f"copy {SUPPLY_CLASS}/{output}_read_back /run/{number}-{output}"
    for name in board.shows:
        yield OPENED_S - 0.1, f"copy {SUPPLY_CLASS}/{name} /run/{name}"
    if front:
        yield 0, f"insmod /lib/{front}.ko"
    yield 0, "insmod /lib/bms_converter.ko"
    for (converter, channel), value in board.channels.items():
        yield 0, f"write {CONTROL.format(converter)} set {channel} {channel} {value}"
    yield 0, "insmod /lib/smallbms.ko"
    for line, level in board.lines.items():
        yield WIRED_S, pull(board.chip, line, level)
    if board.loop is not None:
        yield OPENED_S, pull(board.chip, board.loop, not board.lines[board.loop])
        yield CLOSED_S, pull(board.chip, board.loop, board.lines[board.loop])


def judge_outputs(board, look):
    """Errors in the files of a bank; look(NAME) reads a file of /run."""
    for number, (when, _, expected) in enumerate(LOOKED_AT):
        if when == "loop open" and board.loop is None:
            continue
        for output in OUTPUTS:
            seen = look(f"{number}-{output}")
            if seen != expected:
                yield f"{when}: {output} output is {seen}, not {expected}"
    for name, expected in board.shows.items():
        seen = look(name)
        if seen != expected:
            yield f"{name} is {seen}, not {expected}"


def play(wiring, front, board, folder):
    """Errors in the outputs."""
    said = board.perform(folder, script(wiring, front, board.pull))
    if "player: end" not in said:
        return [f"no end: {folder / 'kernel.log'}"]
    return kernel_log.trouble(said) + list(
        judge_outputs(wiring, lambda name: (folder / name).read_text().strip()))


def addresses(tree, folder):
    """Refuse two devices that are enabled at the same address."""
    # The label "gpio" looks like a property of that name.
    must("dtc", "-Wno-gpios_property", "-Wno-interrupt_provider", "-Wno-unique_unit_address",
         "-Wunique_unit_address_if_enabled", "-I", "dtb", "-O", "dtb",
         "-o", folder / "addresses.dtb", tree)


def play_without(parameter, numbers, wiring, whole, front, board, folder, base, judge):
    """Errors of an overlay with a parameter off, on a board without the wires of its parts."""
    place = folder / parameter
    place.mkdir(exist_ok=True)
    less, tree = place / "overlay.dtbo", place / "board.dtb"
    overlay_promises.drop(folder / f"{folder.name}.dtbo", numbers, less)
    must("fdtoverlay", "-i", base, "-o", tree, less)
    must("dt-validate", "-s", judge, tree)
    wrong = overlay_promises.wrong_parts(parameter, whole, tree)
    replace_parts(tree)
    return wrong or play(overlay_promises.unwired(wiring, parameter, whole), front, board, place)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kernel-config", action="append", default=[], metavar="NAME=FILE",
                        help="configuration of a kernel that has to have the drivers")
    parser.add_argument("linux", type=pathlib.Path, help="kernel tree")
    parser.add_argument("board", type=boards.made, help="the virtual one")
    parser.add_argument("folder", type=pathlib.Path, help="folder for the results")
    args = parser.parse_args()

    args.folder.mkdir(parents=True, exist_ok=True)
    base = args.folder / "base.dtb"
    passed = failed = 0

    def attempt(name, action, *arguments):
        nonlocal passed, failed
        try:
            wrong = action(*arguments) or []
        except (LabError, OSError, subprocess.SubprocessError) as error:
            wrong = str(error).splitlines()
        passed, failed = passed + (not wrong), failed + bool(wrong)
        print(f"{'not ok' if wrong else 'ok'}: {name}", flush=True)
        for line in wrong:
            print(f"  {line}")
        return not wrong

    build(pathlib.Path("lab/boards/uml/boards.dts"), args.linux, base)
    judge = schema(args.linux, args.folder / "schema")
    overlays = sorted(OVERLAYS.glob("*.dtso"))
    if {overlay.stem for overlay in overlays} != set(BOARDS):
        print(f"not ok: BOARDS in {__file__} must wire the overlays of {OVERLAYS}, and no others")
        failed += 1
    for overlay in overlays:
        name = overlay.stem
        place = args.folder / name
        place.mkdir(exist_ok=True)
        compiled, tree = place / f"{name}.dtbo", place / "board.dtb"
        if not attempt(f"{name} compiles", build, overlay, args.linux, compiled):
            continue
        must("fdtoverlay", "-i", base, "-o", tree, compiled)
        attempt(f"{name} is valid", must, "dt-validate", "-s", judge, tree)
        attempt(f"{name} has one device at an address", addresses, tree, place)
        attempt(f"{name} leaves its outputs off in reset", overlay_promises.pulled_on, compiled,
                tree)
        whole = place / "whole.dtb"
        shutil.copy(tree, whole)
        replace_parts(tree)
        nodes = compatibles(compiled)
        for kernel, _, config in (text.partition("=") for text in args.kernel_config):
            attempt(f"{name} finds its drivers in {kernel}", lambda nodes, config: list(
                lacking(nodes, args.linux, pathlib.Path(config))), nodes, config)
        fronts = {name: front for name, front in FRONT_ENDS.items()
                  if any(sources(FRONTEND, word) for node in nodes for word in node)}
        for front, module in fronts.items() or [("", None)]:
            attempt(f"{name} protects a bank{front}, and passes the field test", play,
                    BOARDS[name], module, args.board, place)
        module = next(iter(fronts.values()), None)
        if not attempt(f"{name} has the parameters that its page promises",
                       overlay_promises.other_parameters, compiled, BOARDS[name].parameters):
            continue
        for parameter, numbers in overlay_promises.parameters(compiled).items():
            attempt(f"{name} with {parameter}=off protects a bank without it", play_without,
                    parameter, numbers, BOARDS[name], whole, module, args.board, place, base, judge)
    return report(passed, failed)


if __name__ == "__main__":
    finish(main)
