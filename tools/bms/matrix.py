# SPDX-License-Identifier: GPL-2.0-only
"""Build the driver for many kernels: Debian's headers, and a tree configured anew.

Prints a table and ends with "N passed, N failed". A warning is a failure.
"""

import argparse
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

from bms.errors import BenchError

# Headers are unpacked, not installed: those of 6.12 would bring their kernels along.
DEBIAN = ("6.1", "6.12")
FLAVOURS = ("amd64", "rt-amd64", "cloud-amd64")

# What a kernel may be without.
OPTIONS = {
    "PM": ("SUSPEND", "PM"),
    "OF": ("OF",),
    "HWMON": ("HWMON",),
    "LEDS_TRIGGERS": ("LEDS_TRIGGERS",),
    "DEBUG_FS": ("DEBUG_FS",),
    "TRACING": ("ENABLE_DEFAULT_TRACERS", "FTRACE"),
    "SMP": ("SMP",),
}

# Of a tree that is only prepared for modules, no symbol is known.
NO_SYMBOLS = re.compile(r"Module\.symvers|undefined!|unresolved symbol|KBUILD_MODPOST_WARN|"
                        r"^\s+(Modules may not|You may get|You can set|if you want)|"
                        r"Skipping BTF|differs from the one used|The kernel was built by|"
                        r"You are using:")


@dataclasses.dataclass(frozen=True)
class Kernel:
    """A tree for one architecture and compiler."""

    name: str
    variables: tuple
    without: tuple
    lines: tuple = ()
    linked: tuple = ()      # what of the kernel goes into each module


def in_tree():
    # Name: make's variables, where to find gcc, what it needs, what it is never without.
    both = {
        "x86_64": ("ARCH=x86_64", "", ("64BIT=y",), ()),
        "arm64": ("ARCH=arm64", "aarch64-linux-gnu-", (), ("OF", "SMP")),
        "arm": ("ARCH=arm", "arm-linux-gnueabihf-",
                ("ARCH_MULTI_V7=y", "ARCH_VIRT=y", "MMU=y", "AEABI=y"), ("OF",)),
        "riscv64": ("ARCH=riscv", "riscv64-linux-gnu-", ("ARCH_RV64I=y", "MMU=y"), ("OF",)),
    }
    for name, (arch, cross, lines, always) in both.items():
        least = tuple(option for option in OPTIONS if option not in always)
        some = ((), least)
        every = ((), *((option,) for option in OPTIONS), least)
        yield Kernel(f"{name} gcc", (arch, f"CROSS_COMPILE={cross}"),
                     every if name == "x86_64" else some, lines)
        yield Kernel(f"{name} clang", (arch, "LLVM=1"), some, lines)
    yield Kernel("32-bit big endian gcc", ("ARCH=powerpc", "CROSS_COMPILE=powerpc-linux-gnu-"),
                 ((), tuple(option for option in OPTIONS if option != "OF")),
                 ("PPC_BOOK3S_32=y", "PPC_PMAC=y", "MACINTOSH_DRIVERS=y", "ADB_PMU=y"),
                 ("arch/powerpc/lib/crtsavres.o",))


def run(command, log):
    with log.open("a") as file:
        file.write(f"$ {' '.join(map(str, command))}\n")
        file.flush()
        process = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 stdin=subprocess.DEVNULL, text=True, errors="replace")
        file.write(process.stdout)
    return process.returncode, process.stdout


def must(command, log):
    status, text = run(command, log)
    if status:
        tail = text.strip().splitlines()[-1:] or ["no output"]
        raise BenchError(f"{command[0]} failed: {tail[0]}; all of it: {log}")
    return text


class Matrix:
    """The builds, and what has become of them."""

    def __init__(self, args):
        self.args = args
        self.top = pathlib.Path.cwd()
        self.folder = args.folder.absolute()
        self.rows = []

    def modules(self, tree, variables, tests, log):
        """Build all anew in a folder of links; what it says, or None when all is well."""
        source = self.folder / "source"
        shutil.rmtree(source, ignore_errors=True)
        source.mkdir()
        must(["cp", "-rsf", self.top / "drivers", self.top / "Kbuild", source], log)
        status, text = run(["make", "-s", "-C", tree, f"M={source}", "W=1",
                            f"-j{os.cpu_count()}", "CONFIG_BATTERY_SMALLBMS=m", *variables,
                            f"CONFIG_BATTERY_SMALLBMS_KUNIT_TEST={'m' if tests else ''}",
                            "modules"], log)
        said = [line for line in text.splitlines() if line.strip() and not NO_SYMBOLS.search(line)]
        if not status and not (source / "drivers/power/supply/smallbms/smallbms.ko").is_file():
            said.append("no smallbms.ko")
        if status or said:
            telling = [line for line in said if re.search("error|warning:", line)] or said or ["?"]
            return telling[0].replace(f"{source}/", "")
        return None

    def row(self, kernel, variant, build):
        begin = time.monotonic()
        try:
            found = build()
        except BenchError as error:
            found = str(error)
        self.rows.append((kernel, variant, found))
        print(f"{kernel:27} {variant:62} {time.monotonic() - begin:4.0f} s  "
              f"{'ok' if found is None else 'FAILED: ' + found}", flush=True)

    def debian(self, release):
        """The newest headers of a release, one flavour after the other."""
        folder = self.folder / f"debian-{release}"
        log = folder / "log"
        folder.mkdir(parents=True, exist_ok=True)
        log.write_text("")
        try:
            version = self.fetch(release, folder, log)
        except BenchError as error:
            version, problem = release, str(error)
            for flavour in FLAVOURS:
                self.row(f"Debian {version} {flavour}", "", lambda: problem)
            return
        for flavour in FLAVOURS:
            tree = folder / "usr/src" / f"linux-headers-{version}-{flavour}"
            lacks = self.lacking(tree)
            self.row(f"Debian {version}", f"{flavour}, compiled only: it has no {lacks}" if lacks
                     else flavour, lambda: self.modules(
                         tree, ("KBUILD_MODPOST_WARN=1",) if lacks else (), False, log))

    def lacking(self, tree):
        """The cloud has no batteries."""
        config = (tree / ".config").read_text()
        return ", ".join(option for option in ("GPIOLIB", "IIO")
                         if f"CONFIG_{option}=" not in config)

    def fetch(self, release, folder, log):
        names = must(["apt-cache", "pkgnames", f"linux-headers-{release}."], log).split()
        pattern = re.compile(rf"linux-headers-({re.escape(release)}\.[-0-9.]*(?:\+deb12)?)-common$")
        versions = [match[1] for match in map(pattern.match, names) if match]
        if not versions:
            raise BenchError(f"apt knows no headers of {release}: is Debian's security archive "
                             "in /etc/apt?")
        version = max(versions, key=lambda text: [int(n) for n in re.findall(r"\d+", text)])
        kbuild = f"linux-kbuild-{version if '+' in version else release}"
        packages = [kbuild, *(f"linux-headers-{version}-{flavour}"
                              for flavour in ("common", "common-rt", *FLAVOURS))]
        marker = folder / f"{version}.unpacked"
        if not marker.exists():
            shutil.rmtree(folder / "usr", ignore_errors=True)
            must(["sh", "-c", 'cd "$0" && rm -f ./*.deb && apt-get -q download "$@"', folder,
                  *packages], log)
            for package in folder.glob("*.deb"):
                must(["dpkg-deb", "-x", package, folder], log)
            for makefile in folder.glob("usr/src/*-amd64/Makefile"):
                makefile.write_text(makefile.read_text().replace(" /usr/", f" {folder}/usr/"))
            marker.touch()
        return version

    def configured(self, kernel):
        """One tree, configured again and again: the host's programs are built but once."""
        tree = self.folder / re.sub(r"\W+", "-", kernel.name)
        tree.mkdir(parents=True, exist_ok=True)
        log = tree / "log"
        log.write_text("")
        make = ["make", "-s", "-C", self.args.linux.absolute(), f"O={tree}",
                f"-j{os.cpu_count()}", *kernel.variables]
        for without in kernel.without:
            variant = "without " + " ".join(without) if without else "with all"
            self.row(f"6.12 {kernel.name}", variant,
                     lambda w=without: self.configure_and_build(kernel, w, tree, make, log))

    def configure_and_build(self, kernel, without, tree, make, log):
        off = {symbol for option in without for symbol in OPTIONS[option]}
        missing, still_on = self.prepare(kernel, off, tree, make, log)
        # What depends on something that is off goes with it.
        if still_on or missing and not without:
            return "not configured as asked: " + " ".join(missing + still_on)
        return self.modules(tree, (*kernel.variables, "KBUILD_MODPOST_WARN=1"),
                            "CONFIG_TRACEPOINTS=y" in (tree / ".config").read_text(), log)

    def prepare(self, kernel, off, tree, make, log):
        """Make a tree ready for modules: what its configuration lacks, what it has too much."""
        wanted = [line for line in self.args.config.read_text().splitlines()
                  if line.startswith("CONFIG_") and line != "CONFIG_64BIT=y"
                  and line[len("CONFIG_"):].split("=")[0] not in off]
        wanted += [f"CONFIG_{line}" for line in kernel.lines]
        refused = [f"# CONFIG_{symbol} is not set" for symbol in sorted(off)]
        fragment = tree / "fragment"
        fragment.write_text("\n".join(wanted + refused) + "\n")
        must([*make, f"KCONFIG_ALLCONFIG={fragment}", "allnoconfig"], log)
        lines = (tree / ".config").read_text().splitlines()
        must([*make, "modules_prepare", *kernel.linked], log)
        return ([line for line in wanted if line not in lines],
                [symbol for symbol in sorted(off) if f"CONFIG_{symbol}=y" in lines])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="builds with this in their name")
    parser.add_argument("linux", type=pathlib.Path, help="kernel tree")
    parser.add_argument("config", type=pathlib.Path, help="what to switch on")
    parser.add_argument("folder", type=pathlib.Path, help="for all that is built")
    args = parser.parse_args()

    matrix = Matrix(args)
    for release in DEBIAN:
        if args.only in f"Debian {release}":
            matrix.debian(release)
    for kernel in in_tree():
        if args.only in f"6.12 {kernel.name}":
            matrix.configured(kernel)
    if not matrix.rows:
        print(f"No kernel has \"{args.only}\" in its name.", file=sys.stderr)
        return 2
    failed = sum(found is not None for _, _, found in matrix.rows)
    print(f"{len(matrix.rows) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
