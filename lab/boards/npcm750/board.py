# SPDX-License-Identifier: GPL-2.0-only
"""The emulated board: QEMU's npcm750-evb, in real time, judged at its pins."""

import os

import boards
from boards.npcm750 import banks, player
from boards.npcm750.power import MEMORY_BYTES, Power
from boards.virt import board as virt


class Npcm750(boards.Board):
    """Made of a kernel, its first files, and a folder of devicetrees, each NAME.dtb."""

    FILES = ("kernel", "initramfs", "devicetrees")
    REAL_TIME = True
    AT_ONCE = 5 * os.cpu_count()

    unplayable = staticmethod(player.unplayable)
    interrupt = staticmethod(player.halt)

    def play(self, scenario, folder):
        return player.play(scenario, self, folder)

    def kunit(self, folder):
        """The first process loads the tests.

        They need no part of the board, so its kernel runs on QEMU's machine "virt", in virtual
        time. With time counted in instructions, the npcm750 itself hangs when it boots.
        """
        parameters = ("console=ttyAMA0", "panic=-1", *boards.KUNIT)
        return [str(word) for word in (
            *virt.machine("cortex-a15"), "-kernel", self.kernel,
            "-initrd", self.initramfs, "-append", " ".join(parameters))]

    def power(self, folder, *, resets=False, inputs=False, plugin=None, memory=None,
              devicetree="measured", **options):
        """See Power; also resets that do not end it, a trace of inputs, a plugin of QEMU.

        A memory is the file with the content of the EEPROM of memory.dtsi. If there is none, a
        blank one is made.
        """
        more = ("-action", "reboot=reset") if resets else ()
        more += ("-trace", "npcm7xx_gpio_set_input") if inputs else ()
        more += ("-plugin", plugin) if plugin else ()
        if memory:
            # The first free SMBus that QEMU finds is the last one of the SoC.
            more += ("-drive", f"if=none,id=memory,format=raw,file={memory}", "-device",
                     "at24c-eeprom,bus=i2c-bus,address=0x50,drive=memory,"
                     f"rom-size={MEMORY_BYTES}")
            devicetree += "-memory"
            if not memory.exists():
                memory.write_bytes(b"\xff" * MEMORY_BYTES)
        return Power(self, folder, devicetree, options=more, **options)

    def many_banks(self, linux, name, cells):
        """Make a devicetree with a bank for each number of cells."""
        banks.devicetree(linux, self.devicetrees / f"{name}.dtb", cells)


BOARD = Npcm750
