# SPDX-License-Identifier: GPL-2.0-only
"""Which kernels have the drivers of an overlay?"""

import pathlib
import tempfile
import unittest

from bms import overlays

DRIVER = """static const struct of_device_id chip_of_match[] = {
	{ .compatible = "maker,chip" },
	{ }
};
"""
QUIRK = """static const char *const quirks[] = { "maker,chip" };
"""


class Drivers(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.linux = pathlib.Path(folder.name)
        place = self.linux / "drivers/iio/adc"
        place.mkdir(parents=True)
        (place / "chip.c").write_text(DRIVER)
        (place / "core.c").write_text(QUIRK)
        (place / "Makefile").write_text("obj-$(CONFIG_CORE) += core.o\n"
                                        "obj-$(CONFIG_OTHER_CHIP) += other-chip.o\n"
                                        "obj-$(CONFIG_CHIP) += chip.o\n")

    def lacking(self, nodes, config):
        path = self.linux / ".config"
        path.write_text(config)
        return list(overlays.lacking(nodes, self.linux, path))

    def test_a_driver_that_is_on_is_found_built_in_or_as_a_module(self):
        self.assertEqual(self.lacking([["maker,chip"]], "CONFIG_CHIP=m\n"), [])
        self.assertEqual(self.lacking([["maker,chip"]], "CONFIG_CHIP=y\n"), [])

    def test_one_that_is_off_is_told_with_its_option(self):
        told = self.lacking([["maker,chip"]], "# CONFIG_CHIP is not set\nCONFIG_CORE=y\n"
                            "CONFIG_OTHER_CHIP=m\n")
        self.assertEqual(told, ["maker,chip needs CHIP, which is off"])

    def test_one_that_the_tree_does_not_know_is_told(self):
        told = self.lacking([["maker,unknown"]], "CONFIG_CHIP=y\n")
        self.assertEqual(told, [f"maker,unknown: no driver for it in {self.linux}"])

    def test_one_of_several_names_is_enough(self):
        self.assertEqual(self.lacking([["maker,unknown", "maker,chip"]], "CONFIG_CHIP=y\n"), [])

    def test_what_we_bring_needs_no_kernel(self):
        self.assertEqual(self.lacking([["voltage-divider"], ["current-sense-shunt"],
                                       ["temperature-transducer"], ["simple-battery"],
                                       ["gpio-bms"]], ""), [])


if __name__ == "__main__":
    unittest.main()
