# SPDX-License-Identifier: GPL-2.0-only
"""Logs, scripts and limits of the virtual board."""

import pathlib
import random
import tempfile
import unittest

from bms import scenario as language
from bms.pins import PinLog
from bms.product import pump
from boards.npcm750.player import unplayable
from boards.uml import reading, script
from boards.uml.board import PowerOn, Uml, rest

UML = Uml("kernel", "modules", "root")


class Chips(unittest.TestCase):
    def test_older_kernels_number_the_lines(self):
        said = ("gpiochip0: GPIOs 528-543, parent: platform/chip-0, a:\n gpio-528 (b)\n\n"
                "gpiochip1: GPIOs 512-527, parent: platform/chip-1, c:\n")
        self.assertEqual(list(reading.gpio_chips(said)), [(528, "chip-0"), (512, "chip-1")])

    def test_newer_kernels_count_them(self):
        said = ("gpiochip0: 16 GPIOs, parent: platform/chip-0, a:\n gpio-0 (b)\n\n"
                "gpiochip1: 8 GPIOs, parent: platform/chip-1, c:\ngpiochip2: 8 GPIOs, d:\n")
        self.assertEqual(list(reading.gpio_chips(said)),
                         [(512, "chip-0"), (528, "chip-1"), (536, None)])


class Edges(unittest.TestCase):
    def test_lines_of_our_own_chip(self):
        said = ("[    1.5] bms-expander outputs: 1500000000 line 8 high\n"
                "[    1.6] bms-expander inputs: 1600000000 line 2 high\n"
                "[    3.0] bms-expander outputs: 3000000000 line 8 falls 3015000000\n"
                "[    4.0] bms-expander outputs: 4000000000 line 8 high\n"
                "[    5.0] bms-expander outputs: 5000000000 line 8 falls 5500000000\n"
                "[    5.2] bms-expander outputs: 5200000000 line 8 high\n"
                "[    6.0] bms-expander outputs: 6000000000 line 8 low\n"
                "[    7.0] bms-expander outputs: 7000000000 line 10 falls 9000000000\n"
                "[    8.0] bms-expander outputs: 8000000000 shutdown\n")
        found = [(time, level) for time, pin, level in reading.line_edges(said, 10**9)
                 if pin == "LD"]
        self.assertEqual(found, [(0.5, "1"), (2, "1"), (2.015, "Z"), (3, "1"), (4, "1"),
                                 (4.2, "1"), (5, "Z")])
        self.assertIn((8, "PA", "Z"), list(reading.line_edges(said, 10**9)))

    def test_an_output_that_is_driven_low(self):
        said = "bms-expander outputs: 1000000000 line 9 sinks\n"
        self.assertEqual(list(reading.line_edges(said, 0)), [(1, "CD", "L")])

    def test_pump(self):
        self.assertEqual(list(pump([1, 1.25])), [])
        self.assertEqual(list(pump([1, 1.25, 1.5, 2.25])), [(1.5, "1"), (3, "0")])
        self.assertEqual(list(pump([1, 1.25, 1.5, 3, 3.25, 3.5])),
                         [(1.5, "1"), (2.25, "0"), (3.5, "1"), (4.25, "0")])


class Scenarios(unittest.TestCase):
    def read(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "some.scn"
            path.write_text(text + "90 end\nexpect LD=1@[6,end]\n")
            return language.read(path)

    def test_what_is_missing_is_skipped(self):
        self.assertIn("no charge warning", UML.unplayable(self.read("bank signals chargewarn=1\n")))
        slow = "bank measured cells=8 batteries=1 converters=2\n"
        self.assertIsNone(UML.unplayable(self.read(slow)))
        self.assertIsNone(UML.unplayable(self.read("bank signals heartbeat=1 sleep=1 memory=1 "
                                                   "loadoff=1\n")))

    def test_emulated_board_skips_the_world_outside(self):
        bank = "bank measured cells=4 batteries=1"
        for text, reason in ((f"{bank} heartbeat=1\n", "no heartbeat"),
                             (f"{bank} convert=5\n", "one converter"),
                             (f"{bank}\n0 OUT=err\n", "never fails"),
                             (f"{bank}\n0 HOST=crash\n", "neither sleeps nor crashes"),
                             (f"{bank} memory=1\n0 MEM=err\n", "never fails"),
                             (f"{bank}\n0 TS=hang\n", "hangs"),
                             (f"{bank}\n90 end\nexpect sys:health=Good@[1,2]\n", "sampled")):
            with self.subTest(text):
                self.assertIn(reason, unplayable(self.read(text.replace("90 end\n", ""))))
        self.assertIsNone(unplayable(self.read(f"{bank}\n0 OP=loadoff HOST=reboot\n")))
        self.assertIsNone(unplayable(self.read(f"{bank} memory=1\n0 MEM=blank\n")))

    def test_one_converter_unless_one_is_slow(self):
        bank = "bank measured cells=8 batteries=1"
        self.assertEqual(script.converters(self.read(f"{bank}\n")), [("converter", 0, 182)])
        self.assertEqual(script.converters(self.read(f"{bank} converters=3\n")),
                         [("converter-1", 0, 2), ("converter-2", 3, 5), ("converter-3", 6, 7),
                          ("converter-temperatures", 160, 179), ("converter-others", 180, 182)])
        self.assertEqual(len(script.converters(self.read(f"{bank}\n0 TS=hang\n"))), 3)

    def test_v1_has_its_lines_on_gpio_sim(self):
        self.assertFalse(script.own_chips(self.read("bank signals\n0 PWR=1 OP=clear\n")))
        self.assertTrue(script.own_chips(self.read("bank signals\n0 PWR=1 SETTLE=5\n")))

    def test_script_is_in_the_order_of_time(self):
        scenario = self.read("bank signals\n0 PWR=1\n5 HOST=rebind\n5.5 LOOP=open\n")
        lines = PowerOn(UML, scenario, 0, 90, "end", -1).script.lines
        times = [script.at_ns(line) for line in lines]
        self.assertEqual(times, sorted(times))
        self.assertEqual([line.split()[3] for line in lines
                          if 6e9 <= script.at_ns(line) <= 7e9], ["unbind", "pull", "bms"])

    def test_a_line_is_held_without_a_host_too(self):
        scenario = self.read("bank signals\n5 LD.pin=high\n8 CD.pin=low PA.pin=high\n"
                             "9 LD.pin=free\n12 LD.pin=high\n")
        log = PinLog()
        rest(scenario, log, 5, 12)
        self.assertEqual(log.pin["LD"].edges(), [(5, "1"), (9, "Z")])
        self.assertEqual(log.pin["PA"].edges(), [(8, "1")])
        self.assertEqual(log.pin["CD"].edges(), [])

    def test_errors_are_spent_in_one_power_on(self):
        scenario = self.read("bank signals\n0 PWR=1\n5 OUT=err*2 PWR=0\n9 PWR=1\n")
        for spent, expected in ((-1, ["access err 2"]), (5, [])):
            lines = PowerOn(UML, scenario, 9, 90, "end", spent).script.lines
            self.assertEqual([line.partition("control ")[2] for line in lines
                              if "access" in line], expected)

    def test_memory_is_told_its_faults(self):
        scenario = self.read("bank signals memory=1\n0 PWR=1 MEM=err\n5 MEM=blank\n")
        lines = PowerOn(UML, scenario, 0, 90, "end", -1).script.lines
        self.assertEqual([line.partition("eeprom/control ")[2] for line in lines
                          if "eeprom" in line], ["access err", "blank", "access ok"])

    def test_memory_is_erased_while_the_power_is_off(self):
        scenario = self.read("bank signals memory=1\n0 PWR=1\n5 PWR=0\n7 MEM=blank\n9 PWR=1\n")
        for spent, kept in ((4, script.BLANK), (8, bytes(256))):
            on = PowerOn(UML, scenario, 9, 90, "end", spent, bytes(256))
            self.assertEqual(on.memory, kept)


class Memory(unittest.TestCase):
    OLD = bytes(256)
    SAID = ("[    1.5] bms-memory eeprom: 1000000000 page 0 " + "11" * 16 + "\n"
            "[    1.5] bms-memory eeprom: 1005000000 page 16 " + "22" * 16 + "\n"
            "[    2.5] bms-memory eeprom: 2000000000 blank\n"
            "[    3.5] bms-memory eeprom: 3000000000 page 4 " + "33" * 12 + "\n")

    def kept(self, left_ns, seed=1):
        return reading.kept(self.OLD, self.SAID, left_ns, random.Random(seed))[0]

    def test_pages_that_are_whole_are_kept(self):
        self.assertEqual(self.kept(1_000_000_000), self.OLD)
        self.assertEqual(self.kept(1_010_000_000), b"\x11" * 16 + b"\x22" * 16 + bytes(224))
        self.assertEqual(self.kept(2_900_000_000), script.BLANK)
        self.assertEqual(self.kept(4_000_000_000), b"\xff" * 4 + b"\x33" * 12 + b"\xff" * 240)

    def test_a_write_is_counted_once(self):
        self.assertEqual(reading.writes(self.SAID), 1)
        self.assertEqual(reading.writes(self.SAID.replace("page 4 ", "page 128 ")), 2)

    def test_a_page_is_torn(self):
        torn = self.kept(1_005_000_001)
        self.assertEqual(torn[:16], b"\x11" * 16)
        self.assertEqual(torn[32:], bytes(224))
        self.assertGreater(len(set(torn[16:32])), 3)
        self.assertEqual(torn, self.kept(1_009_999_999))
        self.assertNotEqual(torn, self.kept(1_009_999_999, 2))

    def test_that_a_page_is_torn_is_told(self):
        for left_ns, torn in ((1_004_000_000, True), (1_010_000_000, False), (3_001_000_000, True)):
            self.assertEqual(reading.kept(self.OLD, self.SAID, left_ns, random.Random())[1], torn)


if __name__ == "__main__":
    unittest.main()
