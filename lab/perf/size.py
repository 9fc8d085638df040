# SPDX-License-Identifier: GPL-2.0-only
"""Small: the driver beside others of the same kernel tree, as `size` and `pahole` see them.

A driver is compiled, not linked. Built in, its size is the sum of its objects; as a module, that
of the .ko file.
"""

import argparse
import dataclasses
import os
import re
import shutil

from bms import matrix
from bms.errors import LabError
from bms.run import run
from perf.figures import Aim, Figure

DRIVER = "drivers/power/supply/smallbms"
PEERS = ("generic-adc-battery", "gpio-charger", "charger-manager", "bq27xxx_battery")

# Options of the other drivers, so that no part of them is left out.
PEERS_WANT = ("REGULATOR=y", "EXTCON=y", "I2C=y")
TESTS = ("KUNIT",)

KERNELS = (("arm", "arm gcc", ()), ("arm Thumb-2", "arm gcc", ("THUMB2_KERNEL=y",)),
           ("arm64", "arm64 gcc", ()))

# Optional parts, the pattern of their names, and their structure in each bank.
PARTS = {
    "HWMON": (re.compile(r"hwmon"), None),
    "LEDS_TRIGGERS": (re.compile(r"led_|leds"), "smallbms_leds"),
    "TRACING": (re.compile(r"trace"), None),
}

CODE_LIMIT = 24 * 1024
HWMON_WORD = 4      # of the table that hwmon wants, for each cell


class Sizes:
    """Builds, and measures the results."""

    def __init__(self, linux, config, folder):
        self.folder = folder.absolute() / "size"
        self.matrix = matrix.Matrix(argparse.Namespace(linux=linux, config=config,
                                                       folder=self.folder))
        self.source = self.folder / "source"
        self.linux = linux
        self.figures = []

    def add(self, what, unit, value, *aims):
        self.figures.append(Figure("size", what, unit, (value,), aims))

    def prepare(self, name, kernel, lines, off=()):
        kernel = next(k for k in matrix.in_tree(self.linux, False) if k.name.endswith(f" {kernel}"))
        kernel = dataclasses.replace(kernel, lines=(*kernel.lines, *lines, *PEERS_WANT))
        self.tree = self.folder / name.replace(" ", "-")
        self.tree.mkdir(parents=True, exist_ok=True)
        self.log = self.tree / "log"
        self.log.write_text("")
        self.cross = next(v.split("=")[1] for v in kernel.variables if v.startswith("CROSS"))
        self.make = ["make", "-s", "-C", self.linux.absolute(), f"O={self.tree}",
                     f"-j{os.cpu_count()}", *kernel.variables]
        missing, still_on = self.matrix.prepare(kernel, {*TESTS, *off}, self.tree, self.make,
                                                self.log)
        if still_on or missing and not off:
            raise LabError(f"{name}: not configured as asked: {' '.join(missing + still_on)}")

    def build(self, module):
        """All drivers anew, in a folder of links."""
        shutil.rmtree(self.source, ignore_errors=True)
        (self.source / "peers").mkdir(parents=True)
        run("cp", "-rsf", self.matrix.top / "drivers", self.source, log=self.log)
        for peer in PEERS:
            path = f"drivers/power/supply/{peer}.c"
            (self.source / "peers" / f"{peer}.c").symlink_to(self.linux.absolute() / path)
        (self.source / "peers/Kbuild").write_text(
            f"obj-$(PEERS) := {' '.join(peer + '.o' for peer in PEERS)}\n")
        (self.source / "Kbuild").write_text(f"obj-y := {DRIVER}/ peers/\n")
        word = "m" if module else "y"
        run(*self.make, f"M={self.source}", f"CONFIG_BATTERY_SMALLBMS={word}", f"PEERS={word}",
            "KCFLAGS=-g", "KBUILD_MODPOST_WARN=1",
            *(("modules",) if module else ("KBUILD_BUILTIN=1", f"{DRIVER}/", "peers/")),
            log=self.log)

    def tool(self, name, *words):
        return run(f"{self.cross}{name}", *words, log=self.log)

    def objects(self):
        return sorted((self.source / DRIVER).glob("*.o"))

    def sizes(self, files):
        """(text, data, bss) of some files together."""
        rows = [line.split() for line in self.tool("size", *files).splitlines()[1:]]
        return tuple(sum(int(row[column]) for row in rows) for column in range(3))

    def code(self, files):
        """Executable sections, without constants and strings."""
        return sum(int(line.split()[1]) for line in self.tool("size", "-A", *files).splitlines()
                   if re.match(r"\.(init\.|exit\.)?text", line))

    def structures(self, name="core.o"):
        """Size of each structure that an object of the driver knows."""
        text = run("pahole", "--sizes", self.source / DRIVER / name, log=self.log)
        return {row[0]: int(row[1]) for row in map(str.split, text.splitlines())}

    def kernel(self, name, kernel, lines):
        self.prepare(name, kernel, lines)
        for module in (False, True):
            self.build(module)
            way = "module" if module else "built in"
            files = {"smallbms": [self.source / DRIVER / "smallbms.ko"] if module
                     else self.objects()}
            for peer in PEERS:
                files[peer] = [self.source / "peers" / f"{peer}.{'ko' if module else 'o'}"]
            for driver, objects in files.items():
                ours = driver == "smallbms"
                text, data, bss = self.sizes(objects)
                if ours and not module:
                    self.add(f"{name}, {driver}, code", "B", self.code(objects),
                             Aim("value", CODE_LIMIT))
                self.add(f"{name}, {driver}, {way}, text", "B", text,
                         *([Aim("value", CODE_LIMIT)] if ours and "Thumb" in name else []))
                self.add(f"{name}, {driver}, {way}, data and bss", "B", data + bss)
        sizes = self.structures("hwmon.o")
        self.add(f"{name}, smallbms, memory of a bank", "B",
                 sizes["smallbms"] + sizes["sensors"])
        self.add(f"{name}, smallbms, memory of a cell", "B",
                 sizes["smallbms_channel"] + HWMON_WORD)

    def without(self, name, kernel, lines):
        """A part that is configured out leaves nothing behind."""
        for part, (names, structure) in PARTS.items():
            self.prepare(f"{name} without {part}", kernel, lines, matrix.OPTIONS[part])
            self.build(False)
            left = [line for line in self.tool("nm", *self.objects()).splitlines()
                    if names.search(line) and ".o:" not in line]
            self.add(f"{name}, without {part}, text", "B", self.sizes(self.objects())[0])
            self.add(f"{name}, without {part}, names left of it", "names", len(left),
                     Aim("value", 0))
            if structure:
                self.add(f"{name}, without {part}, memory left of it in a bank", "B",
                         self.structures().get(structure, 0), Aim("value", 0))


def measure(files, folder):
    """All sizes."""
    sizes = Sizes(files.linux, files.config, folder)
    for kernel in KERNELS:
        sizes.kernel(*kernel)
    sizes.without(*KERNELS[0])
    return sizes.figures, []
