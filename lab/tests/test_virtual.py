# SPDX-License-Identifier: GPL-2.0-only
"""What the virtual board says of itself."""

import unittest

from bms import virtual


class Chips(unittest.TestCase):
    def test_older_kernels_number_the_lines(self):
        said = ("gpiochip0: GPIOs 528-543, parent: platform/chip-0, a:\n gpio-528 (b)\n\n"
                "gpiochip1: GPIOs 512-527, parent: platform/chip-1, c:\n")
        self.assertEqual(list(virtual.gpio_chips(said)), [(528, "chip-0"), (512, "chip-1")])

    def test_newer_kernels_count_them(self):
        said = ("gpiochip0: 16 GPIOs, parent: platform/chip-0, a:\n gpio-0 (b)\n\n"
                "gpiochip1: 8 GPIOs, parent: platform/chip-1, c:\ngpiochip2: 8 GPIOs, d:\n")
        self.assertEqual(list(virtual.gpio_chips(said)),
                         [(512, "chip-0"), (528, "chip-1"), (536, None)])


if __name__ == "__main__":
    unittest.main()
