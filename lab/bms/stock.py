# SPDX-License-Identifier: GPL-2.0-only
"""A measured bank on Debian's own kernel, with the modules of the DKMS package.

The kernel is Debian's image for arm64, under QEMU's machine "virt". The modules are built
against Debian's headers, from the sources of the package and as DKMS does. Parts for which
that machine has no bus are replaced as in bms.overlays; lines are those of lab/boards/virt.
Ends with "N passed, N failed".
"""

import argparse
import lzma
import os
import pathlib
import re
import shutil
import subprocess
import sys

import boards
from bms import debian, overlays
from bms.errors import LabError
from bms.result import report
from bms.run import run

BOARD = "raspberry-pi"
OVERLAY = overlays.OVERLAYS / f"{BOARD}.dtso"
BASE = pathlib.Path("lab/boards/uml/boards.dts")
STAND_INS = (pathlib.Path("lab/boards/virt"), pathlib.Path("lab/boards/uml/converter"))
FRONT_END = "smallbms-frontend"
CROSS = {**os.environ, "ARCH": "arm64", "CROSS_COMPILE": "aarch64-linux-gnu-"}
# Lines of a root node that belong to the root itself
OF_ROOT = re.compile(r"^\t(model|compatible|#address-cells|#size-cells) = .*;\n", re.MULTILINE)


class Kernel:
    """Debian's packages of a kernel, unpacked in one folder.

    These are linux-image and linux-headers of arm64, linux-headers-...-common, and the
    linux-kbuild of this machine.
    """

    def __init__(self, folder):
        self.image = self.only(folder, "boot/vmlinuz-*-arm64")
        self.version = self.image.name.removeprefix("vmlinuz-")
        self.headers = self.only(folder, f"usr/src/linux-headers-{self.version}")
        self.modules = self.only(folder, f"usr/lib/modules/{self.version}")
        run("depmod", "-b", folder, self.version)
        # The makefile names the folders in which Debian installs the headers.
        debian.move_headers(self.headers / "Makefile", folder)

    @staticmethod
    def only(folder, pattern):
        found = list(folder.glob(pattern))
        if len(found) != 1:
            raise LabError(f"{folder} has {len(found)} of {pattern}, not one: which "
                           "kernel's packages are unpacked there?")
        return found[0].absolute()

    def build(self, source, log):
        run("make", "-C", self.headers, f"M={source.absolute()}", "modules", log=log, env=CROSS)

    def dkms(self, source, log):
        """Build a package's sources as dkms would; the modules that its dkms.conf names."""
        tree = source.parent / "dkms"
        version = source.name.removeprefix("smallbms-")
        (tree / "smallbms" / version).mkdir(parents=True)
        (tree / "smallbms" / version / "build").symlink_to(source.absolute())
        told = run(
            "bash", "-ec", f". '{source}/dkms.conf'; echo \"${{MAKE[0]}}\"; "
            "for i in ${!BUILT_MODULE_NAME[@]}; do "
            "echo \"${BUILT_MODULE_LOCATION[i]}/${BUILT_MODULE_NAME[i]}.ko\"; done",
            env={**CROSS, "kernel_source_dir": str(self.headers), "kernelver": self.version,
                 "dkms_tree": str(tree.absolute())}).splitlines()
        run("sh", "-c", told[0], log=log, env=CROSS)
        return [source / path for path in told[1:]]

    def needs(self, module):
        """The kernel's own modules that one needs, in the order in which they are loaded."""
        depends = run("modinfo", "-F", "depends", module).strip()
        lines = dict(line.split(":") for line in
                     (self.modules / "modules.dep").read_text().splitlines())
        for name in filter(None, depends.split(",")):
            for path, more in lines.items():
                if pathlib.Path(path).name.split(".")[0].replace("_", "-") == \
                        name.replace("_", "-"):
                    yield from (self.modules / file for file in reversed(more.split()))
                    yield self.modules / path


def devicetree(linux, board, folder):
    """QEMU's machine, with the overlay and replacements for its parts."""
    base, overlay, tree = (folder / name for name in ("base.dtb", "overlay.dtbo", "bank.dtb"))
    overlays.build(BASE, linux, base)
    overlays.build(OVERLAY, linux, overlay)
    overlays.must("fdtoverlay", "-i", base, "-o", tree, overlay)
    overlays.replace_parts(tree)
    machine = folder / "machine.dtb"
    board.machine(machine)
    text = "/dts-v1/;\n" + "".join(
        OF_ROOT.sub("", text) if number else text for number, text in enumerate(
            overlays.ask("dtc", "-q", "-I", "dtb", "-O", "dts", path).replace("/dts-v1/;", "")
            for path in (machine, tree)))
    run("dtc", "-q", "-I", "dts", "-O", "dtb", "-o", folder / "board.dtb", "-", input=text)


def initramfs(player, ours, kernel, folder):
    """The player and the modules; those that are not ours, in the order of loading."""
    root = folder / "root"
    shutil.rmtree(root, ignore_errors=True)
    for name in ("dev", "proc", "sys", "run", "lib"):
        (root / name).mkdir(parents=True)
    shutil.copy(player, root / "init")
    mine = {path.name for path in ours}
    loaded = []
    for module in ours:
        for path in (*kernel.needs(module), module):
            name = path.name.removesuffix(".xz")
            data = path.read_bytes()
            (root / "lib" / name).write_bytes(
                lzma.decompress(data) if path.suffix == ".xz" else data)
            loaded += [name] * (name not in {*loaded, *mine})
    return root, loaded


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("linux", type=pathlib.Path, help="kernel tree, for the overlay")
    parser.add_argument("debian", type=pathlib.Path,
                        help="folder with Debian's kernel and headers for arm64, unpacked")
    parser.add_argument("package", type=pathlib.Path, help="smallbms-dkms_*.deb")
    parser.add_argument("player", type=pathlib.Path, help="for arm64")
    parser.add_argument("folder", type=pathlib.Path, help="folder for the results")
    args = parser.parse_args()

    args.folder.mkdir(parents=True, exist_ok=True)
    log = args.folder / "build.log"
    log.write_text("")
    passed = 0
    try:
        kernel = Kernel(args.debian.absolute())
        package = args.folder / "package"
        shutil.rmtree(package, ignore_errors=True)
        run("dpkg-deb", "-x", args.package, package, log=log)
        source = Kernel.only(package, "usr/src/smallbms-*")
        built = kernel.dkms(source, log)
        modules = []
        for stand_in in STAND_INS:
            copy = args.folder / stand_in.name
            shutil.copytree(stand_in, copy, dirs_exist_ok=True)
            kernel.build(copy, log)
            modules += copy.glob("*.ko")
        modules += built
        missing = [path.name for path in modules if not path.is_file()]
        if missing:
            raise LabError(f"not built: {' '.join(missing)}")
        print(f"ok: the package's modules are built for Debian's {kernel.headers.name}", flush=True)
        passed = 1
        root, loaded = initramfs(args.player, modules, kernel, args.folder)
        board = boards.kind("virt")(kernel.image, root)
        board.loaded = (*loaded, "bms_lines.ko")
        devicetree(args.linux, board, args.folder)
        wrong = overlays.play(overlays.BOARDS[BOARD], FRONT_END, board, args.folder)
    except (LabError, OSError, subprocess.SubprocessError) as error:
        wrong = [str(error)]
    name = f"{BOARD} protects a bank with {kernel.image.name} as Debian has built it" \
        if passed else "the package's modules are built for Debian's kernel"
    print(f"{'not ok' if wrong else 'ok'}: {name}")
    for line in wrong:
        print(f"  {line}")
    passed += not wrong
    return report(passed, int(bool(wrong)))


if __name__ == "__main__":
    sys.exit(main())
