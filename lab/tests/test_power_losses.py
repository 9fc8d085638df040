# SPDX-License-Identifier: GPL-2.0-only
"""What a bank has forgotten over a power loss is found, and nothing else is."""

import pathlib
import tempfile
import unittest

from bms import power_losses
from bms import scenario as language
from bms.pins import PinLog

BANK = "bank measured cells=4 batteries=1 memory=1\n0 PWR=1 BR=1\n"
REST = "20 PWR=0\n25 PWR=1\n60 end\nexpect LD=Z@[0,0.01]\n"
START = ((1, "LD", "1"), (1, "CD", "1"))
LOSS = ((20, "LD", "Z"), (20, "CD", "Z"))
BACK = ((26, "LD", "1"), (26, "CD", "1"))


class PowerLosses(unittest.TestCase):
    def broken(self, events, *edges):
        """The rules that a history breaks."""
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "some.scn"
            path.write_text(BANK + events + REST)
            scenario = language.read(path)
        log = PinLog()
        for edge in sorted(edges, key=lambda edge: edge[0]):
            log.add(*edge)
        return [item.rule for item in power_losses.Judge(scenario, log).judge()]

    def test_a_bank_that_was_well_comes_back(self):
        self.assertEqual(self.broken("", *START, *LOSS, *BACK), [])
        self.assertEqual(self.broken("", *START, *LOSS, (28, "LD", "1"), (28, "CD", "1")),
                         ["X5", "X5"])
        self.assertEqual(self.broken("", *START, *LOSS), ["X5", "X5"])

    def test_switches(self):
        for command, pin in (("loadoff", "LD"), ("chargeoff", "CD")):
            off = (10, pin, "Z")
            rest = [edge for edge in BACK if edge[1] != pin]
            self.assertEqual(self.broken(f"10 OP={command}\n", *START, off, *LOSS, *BACK), ["R5"])
            self.assertEqual(self.broken(f"10 OP={command}\n", *START, off, *LOSS, *rest), [])
            on = command.replace("off", "on")
            self.assertEqual(self.broken(f"10 OP={command}\n30 OP={on}\n", *START, off, *LOSS,
                                         *rest, (30.1, pin, "1")), [])

    def test_what_has_not_stood_for_a_second_may_be_lost(self):
        for time, rules in ((18.8, ["R5"]), (19.5, [])):
            self.assertEqual(self.broken(f"{time} OP=loadoff\n", *START, (time, "LD", "Z"), *LOSS,
                                         *BACK), rules)

    def test_a_damaged_cell(self):
        events = "5 V1=1.90\n22 V1=3.30\n"
        edges = (*START, (6, "CD", "Z"), *LOSS, (26, "LD", "1"))
        self.assertEqual(self.broken(events, *edges), [])
        self.assertEqual(self.broken(events, *edges, (26, "CD", "1")), ["C4"])
        self.assertEqual(self.broken(events + "40 OP=clear\n", *edges, (41, "CD", "1")), [])

    def test_the_third_overload(self):
        events = "2 ILD=1.5\n22 ILD=0\n"
        edges = (*START, (3, "LD", "Z"), (8, "LD", "1"), (9, "LD", "Z"), (14, "LD", "1"),
                 (15, "LD", "Z"), *LOSS, (26, "CD", "1"))
        self.assertEqual(self.broken(events, *edges), [])
        self.assertEqual(self.broken(events, *edges, (26, "LD", "1")), ["F5"])
        self.assertEqual(self.broken(events + "40 OP=clear\n", *edges, (41, "LD", "1")), [])

    def test_a_load_that_was_off_waits_for_the_reconnect_level(self):
        events = "10 BR=0\n12 V=3.16\n15 BR=1\n"
        edges = (*START, (10, "LD", "Z"), (10, "CD", "Z"), (16, "CD", "1"), *LOSS, (26, "CD", "1"))
        self.assertEqual(self.broken(events, *edges), [])
        self.assertEqual(self.broken(events, *edges, (26, "LD", "1")), ["X5"])
        self.assertEqual(self.broken(events + "40 V=3.30\n", *edges, (41, "LD", "1")), [])
        self.assertEqual(self.broken(events, *edges, (17, "LD", "1")), ["X5"])

    def test_a_load_that_was_on_does_not(self):
        edges = (*START, *LOSS, *BACK)
        self.assertEqual(self.broken("10 V=3.16\n", *edges), [])
        self.assertEqual(self.broken("10 V=3.16\n", *START, *LOSS, (26, "CD", "1")), ["X5"])

    def test_a_cut_is_remembered_at_once(self):
        self.assertEqual(self.broken("5 V=3.0\n21 V=3.16\n", *START, (6, "PA", "1"),
                                     (19.9, "LD", "Z"), (19.9, "PA", "Z"), *LOSS, *BACK), ["X5"])


if __name__ == "__main__":
    unittest.main()
