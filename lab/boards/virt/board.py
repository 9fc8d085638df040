# SPDX-License-Identifier: GPL-2.0-only
"""QEMU's machine "virt" for arm64, for kernels that are as Debian has built them."""

import re

import boards
from bms.run import run


def machine(cpu):
    """Time is counted in instructions, so that it does not depend on the host."""
    return ["qemu-system-aarch64", "-machine", "virt", "-cpu", cpu, "-m", "512",
            "-accel", "tcg", "-icount", "shift=2,sleep=off", "-nodefaults", "-display", "none",
            "-no-reboot", "-serial", "stdio"]


MACHINE = machine("cortex-a57")
BEGIN_S = 1
TIMEOUT_S = 600
LOOKED = re.compile(r"^.*virt: ([\w-]+)\r?\n(.*?)\r?\n", re.MULTILINE)


class Virt(boards.Board):
    """Made of a kernel and a folder of its first files, with the player and modules in them."""

    FILES = ("kernel", "root")

    loaded = ()         # modules that are loaded before anything happens

    def machine(self, path):
        """Write the devicetree of the machine itself."""
        run(*MACHINE[:2], f"virt,dumpdtb={path}", *MACHINE[3:])

    @staticmethod
    def pull(_chip, line, level):
        # bms_lines.c stands for the first chip alone.
        return f"write /sys/devices/platform/simulator/pull {line} {level:d}"

    def perform(self, folder, events):
        """Copies of files are printed, because the host cannot read the guest's files."""
        events = list(events)
        lines = [(-BEGIN_S, f"insmod /lib/{name}") for name in self.loaded] + events
        end = max(time for time, _ in events)
        copies = [text.rpartition("/")[2] for _, text in events if text.startswith("copy ")]
        for name in copies:
            (self.root / f"run/name-{name}").write_text(f"virt: {name}\n")
            lines += [(end, f"cat /run/name-{name}"), (end, f"cat /run/{name}")]
        lines.sort(key=lambda line: line[0])
        (self.root / "run/script").write_text("".join(
            f"{round((time + BEGIN_S) * 1e9)} {text}\n" for time, text in lines))
        packed = (folder / "initramfs.cpio").absolute()
        with packed.open("wb") as file:
            run("sh", "-c", "find . | cpio --create --format=newc --quiet", cwd=self.root,
                stdout=file)
        log = folder / "kernel.log"
        log.write_text("")
        said = run(*MACHINE, "-kernel", self.kernel, "-initrd", packed,
                   "-dtb", folder / "board.dtb", "-append", "console=ttyAMA0 panic=-1", log=log,
                   timeout=TIMEOUT_S)
        told = dict(LOOKED.findall(said))
        for name in copies:
            (folder / name).write_text(told.get(name, "not told"))
        return said


BOARD = Virt
