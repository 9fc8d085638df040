# SPDX-License-Identifier: GPL-2.0-only
"""A PC under QEMU, for KCSAN and PREEMPT_RT, which the other boards do not have."""

import boards


class Pc(boards.Board):
    """Made of a kernel and its first files."""

    FILES = ("kernel", "initramfs")

    def kunit(self, folder):
        """Without ACPI, one processor is found in each socket."""
        parameters = ("console=ttyS0,115200", "panic=-1", *boards.KUNIT)
        return ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-smp", "2,sockets=2",
                "-m", "1024", "-nodefaults", "-display", "none", "-no-reboot", "-serial", "stdio",
                "-kernel", str(self.kernel), "-initrd", str(self.initramfs),
                "-append", " ".join(parameters)]


BOARD = Pc
