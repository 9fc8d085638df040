# SPDX-License-Identifier: GPL-2.0-only
"""Build the driver for many kernels: Debian's headers, and trees configured anew.

The first tree is built without each option in turn, the others with all and with the least.
The oldest is built once more for each feature that it has and compat.h stands in for, with
that taken away. Prints a table and ends with "N passed, N failed". A warning is a failure.
"""

import argparse
import dataclasses
import os
import pathlib
import re
import shutil
import sys
import time

from bms import debian
from bms.errors import LabError
from bms.result import finish, report
from bms.run import run, tried

# Headers are unpacked, not installed: those of 6.12 would bring their kernels along.
DEBIAN = ("6.1", "6.12")
FLAVOURS = ("amd64", "rt-amd64", "cloud-amd64")

# Options that a kernel may be without
OPTIONS = {
    "PM": ("SUSPEND", "PM"),
    "OF": ("OF",),
    "HWMON": ("HWMON",),
    "LEDS_TRIGGERS": ("LEDS_TRIGGERS",),
    "DEBUG_FS": ("DEBUG_FS",),
    "TRACING": ("ENABLE_DEFAULT_TRACERS", "FTRACE"),
    "SMP": ("SMP",),
    "IIO_RESCALE": ("IIO_RESCALE",),
}

# Messages about a tree that is only prepared for modules: it knows no symbols.
NO_SYMBOLS = re.compile(r"Module\.symvers|undefined!|unresolved symbol|KBUILD_MODPOST_WARN|"
                        r"^\s+(Modules may not|You may get|You can set|if you want)|"
                        r"Skipping BTF|differs from the one used|The kernel was built by|"
                        r"You are using:")

DRIVER = pathlib.Path("drivers/power/supply/smallbms")
FRONT_END = pathlib.Path("drivers/iio/frontend")


@dataclasses.dataclass(frozen=True)
class Feature:
    """Features of newer kernels, as the driver's makefiles look for them."""

    pattern: str
    header: str

    def lines(self, linux, *options):
        return tried("grep", "-sw", *options, self.pattern,
                     linux / "include" / self.header).stdout

    def __str__(self):
        return self.pattern if re.fullmatch(r"\w+", self.pattern) else self.header


def features(makefile, function):
    """Those that a makefile looks for with a function."""
    return [Feature(*found) for found in
            re.findall(rf"call {function},(.*?),([\w/.]+)[,)]", makefile.read_text())]


def version_of(linux):
    """Of a source tree, 6.12 for one."""
    makefile = linux / "Makefile"
    found = dict(re.findall(r"^(VERSION|PATCHLEVEL) = (\d+)$", makefile.read_text(), re.M)
                 if makefile.is_file() else ())
    if len(found) != 2:
        raise LabError(f"{linux} is not a kernel tree")
    return f"{found['VERSION']}.{found['PATCHLEVEL']}"


def by_number(version):
    return [int(number) for number in re.findall(r"\d+", version)]


@dataclasses.dataclass(frozen=True)
class Kernel:
    """A tree for one architecture and compiler."""

    name: str
    linux: pathlib.Path
    variables: tuple
    without: tuple
    lines: tuple = ()
    linked: tuple = ()      # objects of the kernel that go into each module
    cannot: tuple = ()      # options that the architecture does not have


def in_tree(linux, each):
    """The kernels of a tree; without each option in turn, or with all and the least only."""
    version = version_of(linux)
    # Name: variables for make, prefix of gcc, options it needs, options it cannot lack.
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
        # riscv cannot be suspended before 6.4.
        cannot = () if name != "riscv64" or "ARCH_SUSPEND_POSSIBLE" in \
            (linux / "arch/riscv/Kconfig").read_text() else ("SUSPEND",)
        yield Kernel(f"{version} {name} gcc", linux, (arch, f"CROSS_COMPILE={cross}"),
                     every if each and name == "x86_64" else some, lines, cannot=cannot)
        yield Kernel(f"{version} {name} clang", linux, (arch, "LLVM=1"), some, lines,
                     cannot=cannot)
    yield Kernel(f"{version} 32-bit big endian gcc", linux,
                 ("ARCH=powerpc", "CROSS_COMPILE=powerpc-linux-gnu-"),
                 ((), tuple(option for option in OPTIONS if option != "OF")),
                 ("PPC_BOOK3S_32=y", "PPC_PMAC=y", "MACINTOSH_DRIVERS=y", "ADB_PMU=y"),
                 ("arch/powerpc/lib/crtsavres.o",))


def newest_headers(release, packages):
    """The highest version of a kernel that packages are headers of, or None."""
    pattern = re.compile(rf"linux-headers-({re.escape(release)}\.[-0-9.]*(?:\+deb\d+)?)-common$")
    versions = [match[1] for match in map(pattern.match, packages) if match]
    return max(versions, key=by_number, default=None)


def of_another_debian(release):
    """(apt, version) of the oldest release of Debian that has headers of a kernel."""
    for name in debian.RELEASES:
        apt = debian.Apt(name, debian.native_arch())
        version = newest_headers(release, apt.names(f"linux-headers-{release}."))
        if version:
            return apt, version
    raise LabError(f"no Debian has headers of {release}")


def too_old(kernel):
    """Why a tree does not take the compiler that is here, or None."""
    if "LLVM=1" not in kernel.variables:
        return None
    least = run("sh", kernel.linux / "scripts/min-tool-version.sh", "llvm").strip()
    found = re.search(r"version ([\d.]+)", run("clang", "--version"))[1]
    if by_number(found) >= by_number(least):
        return None
    return f"clang {found} is here, and this kernel needs {least}"


class Matrix:
    """The builds and their results."""

    def __init__(self, args):
        self.args = args
        self.top = pathlib.Path.cwd()
        self.folder = args.folder.absolute()
        self.rows = []
        self.skipped = 0

    def modules(self, tree, variables, tests, log):
        """Build all anew in a folder of links; the output, or None when all is well."""
        source = self.folder / "source"
        shutil.rmtree(source, ignore_errors=True)
        source.mkdir()
        run("cp", "-rsf", *(self.top / name for name in ("drivers", "kunit", "Kbuild")), source,
            log=log)
        done = tried("make", "-s", "-C", tree, f"M={source}", "W=1", f"-j{os.cpu_count()}",
                     "CONFIG_BATTERY_SMALLBMS=m", *variables,
                     f"CONFIG_BATTERY_SMALLBMS_KUNIT_TEST={'m' if tests else ''}", "modules",
                     log=log)
        said = [line for line in done.stdout.splitlines()
                if line.strip() and not NO_SYMBOLS.search(line)]
        if not done.returncode:
            said += [f"no {module.name}" for module in self.wanted(tree, variables)
                     if not (source / module).is_file()]
        if done.returncode or said:
            telling = [line for line in said if re.search("error|warning:", line)] or said or ["?"]
            return telling[0].replace(f"{source}/", "")
        return None

    @staticmethod
    def wanted(tree, variables):
        """The modules that a tree must give; a kernel with iio-rescale gets no front end."""
        folder = next((pathlib.Path(variable[2:]) for variable in variables
                       if variable.startswith("O=")), tree)
        yield DRIVER / "smallbms.ko"
        if "CONFIG_IIO_RESCALE=" not in (folder / ".config").read_text():
            yield FRONT_END / "smallbms-frontend.ko"

    def row(self, kernel, variant, build):
        begin = time.monotonic()
        try:
            found = build()
        except LabError as error:
            found = str(error)
        self.rows.append(found)
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
        except LabError as error:
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
        """The options that smallbms needs and a kernel lacks: cloud kernels have no batteries."""
        config = (tree / ".config").read_text()
        return ", ".join(option for option in ("GPIOLIB", "IIO")
                         if f"CONFIG_{option}=" not in config)

    def fetch(self, release, folder, log):
        """Fetch the headers of this machine's Debian, or else of the oldest that has them.

        The headers come with programs that have to run here. Those of a newer Debian do not.
        """
        names = tried("apt-cache", "pkgnames", f"linux-headers-{release}.", log=log).stdout.split()
        apt, version = None, newest_headers(release, names)
        if not version:
            apt, version = of_another_debian(release)
        kbuild = f"linux-kbuild-{version if '+' in version else release}"
        packages = [kbuild, *(f"linux-headers-{version}-{flavour}"
                              for flavour in ("common", "common-rt", *FLAVOURS))]
        marker = folder / f"{version}.unpacked"
        if not marker.exists():
            shutil.rmtree(folder / "usr", ignore_errors=True)
            if apt:
                apt.unpack(folder / "debian", packages, alone=True)
                (folder / "debian/usr").rename(folder / "usr")
            else:
                run("sh", "-c", 'cd "$0" && rm -f ./*.deb && apt-get -q download "$@"', folder,
                    *packages, log=log)
                for package in folder.glob("*.deb"):
                    run("dpkg-deb", "-x", package, folder, log=log)
            for makefile in folder.glob("usr/src/*-amd64/Makefile"):
                debian.move_headers(makefile, folder)
            marker.touch()
        return version

    def make(self, kernel):
        """One folder for all configurations, so that the host's programs are built but once."""
        tree = self.folder / re.sub(r"[^\w.]+", "-", kernel.name)
        tree.mkdir(parents=True, exist_ok=True)
        return tree, ["make", "-s", "-C", kernel.linux.absolute(), f"O={tree}",
                      f"-j{os.cpu_count()}", *kernel.variables]

    def configured(self, kernel):
        """Build a kernel without some options, one choice of them after the other."""
        problem = too_old(kernel)
        if problem:
            self.skipped += 1
            print(f"{kernel.name:27} skipped: {problem}", flush=True)
            return
        tree, make = self.make(kernel)
        log = tree / "log"
        log.write_text("")
        for without in kernel.without:
            variant = " ".join(("without", *without)) if without else \
                " but ".join(("with all", *kernel.cannot))
            self.row(kernel.name, variant,
                     lambda w=without: self.configure_and_build(kernel, w, tree, make, log))

    def configure_and_build(self, kernel, without, tree, make, log):
        off = {symbol for option in without for symbol in OPTIONS[option]}
        missing, still_on = self.prepare(kernel, off, tree, make, log)
        # Options that depend on one that is off go with it.
        if still_on or missing and not without:
            return "not configured as asked: " + " ".join(missing + still_on)
        return self.modules(tree, (*kernel.variables, "KBUILD_MODPOST_WARN=1"),
                            self.runs_tests(kernel, tree), log)

    def runs_tests(self, kernel, tree):
        return ("CONFIG_TRACEPOINTS=y" in (tree / ".config").read_text() and
                all(feature.lines(kernel.linux) for feature in
                    features(self.top / "kunit/Makefile", "lacks")))

    def taken_away(self, linux):
        """Take features from the oldest tree: compat.h replaces new ones, others are needed."""
        kernel = next(in_tree(linux, False))
        tree, make = self.make(kernel)
        log = tree / "log-taken-away"
        log.write_text("")
        stands_in = features(self.top / DRIVER / "compat.mk", "smallbms-has")
        needed = features(self.top / "Kbuild", "smallbms-lacks")
        lacks = [feature for feature in stands_in if not feature.lines(linux)]
        print(f"{version_of(linux)} itself lacks {', '.join(map(str, lacks))}", flush=True)
        ready = []

        def build(feature, change):
            if not ready:
                missing, _ = self.prepare(kernel, set(), tree, make, log)
                if missing:
                    raise LabError(f"not configured as asked: {' '.join(missing)}")
                ready.append(True)
            shadow = self.shadow(kernel.linux.absolute(), feature, change, log)
            return self.modules(shadow, (f"O={tree}", *kernel.variables,
                                         "KBUILD_MODPOST_WARN=1"), False, log)

        def refused(feature):
            said = build(feature, lambda: feature.lines(linux, "-v"))
            return None if said and "smallbms needs Linux" in said else \
                f"not refused: {said or 'it builds'}"

        def renamed(feature):
            pattern = feature.pattern.replace("[[:space:]]", r"\s")
            text, times = re.subn(rf"\b{pattern}\b", "taken_away",
                                  (linux / "include" / feature.header).read_text())
            if not times:
                raise LabError(f"{feature.header} has no {feature.pattern}")
            return text

        for feature in stands_in:
            if feature not in lacks:
                self.row(kernel.name, f"{feature} taken away",
                         lambda f=feature: build(f, lambda: renamed(f)))
        for feature in needed:
            self.row(kernel.name, f"{feature.header} without a needed feature is refused",
                     lambda f=feature: refused(f))

    def shadow(self, linux, feature, change, log):
        """A tree of links, with one header changed."""
        shadow = self.folder / "taken-away"
        shutil.rmtree(shadow, ignore_errors=True)
        shadow.mkdir()
        for entry in linux.iterdir():
            if entry.name != "include":
                (shadow / entry.name).symlink_to(entry)
        run("cp", "-rs", linux / "include", shadow, log=log)
        header = shadow / "include" / feature.header
        header.unlink()
        header.write_text(change())
        return shadow

    def prepare(self, kernel, off, tree, make, log):
        """Make a tree ready for modules; the options missing, and those too many."""
        wanted = [line for line in self.args.config.read_text().splitlines()
                  if line.startswith("CONFIG_") and line != "CONFIG_64BIT=y"
                  and line[len("CONFIG_"):].split("=")[0] not in off | set(kernel.cannot)]
        wanted += [f"CONFIG_{line}" for line in kernel.lines]
        refused = [f"# CONFIG_{symbol} is not set" for symbol in sorted(off)]
        fragment = tree / "fragment"
        fragment.write_text("\n".join(wanted + refused) + "\n")
        run(*make, f"KCONFIG_ALLCONFIG={fragment}", "allnoconfig", log=log)
        lines = (tree / ".config").read_text().splitlines()
        run(*make, "modules_prepare", *kernel.linked, log=log)
        return ([line for line in wanted if line not in lines],
                [symbol for symbol in sorted(off) if f"CONFIG_{symbol}=y" in lines])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="builds with this in their name")
    parser.add_argument("--config", type=pathlib.Path, required=True, help="options to switch on")
    parser.add_argument("folder", type=pathlib.Path, help="for all that is built")
    parser.add_argument("linux", type=pathlib.Path, nargs="+", help="kernel tree")
    args = parser.parse_args()

    matrix = Matrix(args)
    for release in DEBIAN:
        if args.only in f"Debian {release}":
            matrix.debian(release)
    for linux in args.linux:
        for kernel in in_tree(linux, linux == args.linux[0]):
            if args.only in kernel.name:
                matrix.configured(kernel)
    if args.only in "taken away":
        matrix.taken_away(min(args.linux, key=lambda linux: by_number(version_of(linux))))
    if not matrix.rows and not matrix.skipped:
        print(f"No kernel has \"{args.only}\" in its name.", file=sys.stderr)
        return 2
    failed = sum(found is not None for found in matrix.rows)
    return report(len(matrix.rows) - failed, failed, matrix.skipped)


if __name__ == "__main__":
    finish(main)
