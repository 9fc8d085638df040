# SPDX-License-Identifier: GPL-2.0-only
"""A made-up scenario that goes wrong is cut down to the lines that matter."""

import pathlib
import tempfile
import unittest

from bms.invariants import Breach, Judge
from bms.pins import PinLog
from bms.random_scenarios import fewest, shorten

TEXT = """# made up
bank measured cells=4 batteries=1
0 PWR=1 BR=1 SUP=13.2
5.000 V=3.2
9.000 LOOP=open
12.000 V=3.1
90 end
expect LD=Z@[0,0.01]
"""


class Board:
    """Its load stays on, so a loop that is open breaks R4."""

    def play(self, scenario, folder):
        folder.mkdir(exist_ok=True)
        log = PinLog(scenario.pins)
        log.add(1.0, "LD", "1")
        return log, []


class Shorter(unittest.TestCase):
    def test_lines_without_which_it_does_not_fail_are_left(self):
        lines = [str(number) for number in range(100)]
        self.assertEqual(fewest(lines, lambda less: {"7", "8", "93"} <= set(less)),
                         ["7", "8", "93"])
        self.assertEqual(fewest(lines, lambda less: True), [])
        self.assertEqual(fewest(lines, lambda less: False), lines)

    def test_a_scenario_keeps_its_breach(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "random-1-1.scn"
            path.write_text(TEXT)
            short = shorten(path, Breach("R2, R4", "", "", 20.0), Board(), Judge, 200)
            self.assertEqual(short.read_text().splitlines()[3:5], ["9.000 LOOP=open", "21 end"])
            self.assertIn("expect LD=Z@", short.read_text())


if __name__ == "__main__":
    unittest.main()
