# SPDX-License-Identifier: GPL-2.0-only
"""The judgement of trials that end a bank."""

import unittest

from bms.faults import BEHIND, PINS, Outcome, Trial, pumped
from bms.product import PUMP_HOLD_S

BEATS = [(0.25 * number, "HB", str(number % 2)) for number in range(1, 21)]     # until 5 s


def outcome(edges, end=8.0, **fields):
    trial = Trial("trial", "", **{"limit_s": 1.0, **fields})
    return Outcome(trial, sorted(BEATS + [(1.0, "LD", "1"), (1.0, "CD", "1"), *edges]), end)


class Pump(unittest.TestCase):
    def test_delivers_from_the_third_edge_until_it_has_run_down(self):
        self.assertEqual(pumped(BEATS, 8.0).spans(bool, 8.0), [(0.75, 5.0 + PUMP_HOLD_S)])

    def test_delivers_nothing_for_rare_edges(self):
        rare = [(float(at), "HB", "1") for at in range(9)]
        self.assertEqual(pumped(rare, 9.0).spans(bool, 9.0), [])


class Judgement(unittest.TestCase):
    def test_heartbeat_that_stops_floats_terminals_and_not_pins(self):
        seen = outcome([(5.1, "RD", "1")], where=BEHIND)
        self.assertAlmostEqual(seen.safe_after(BEHIND), 5.0 + PUMP_HOLD_S - 5.1)
        self.assertIsNone(seen.safe_after(PINS))
        self.assertIsNone(seen.late())
        self.assertEqual(list(seen.wrong()), [])

    def test_heartbeat_that_goes_on_is_not_safe(self):
        self.assertTrue(outcome([(2.0, "RD", "1")], end=4.5, where=BEHIND).late())

    def test_pins_that_float_late_are_late(self):
        off = [(3.0, "RD", "1"), (3.05, "LD", "Z"), (4.5, "CD", "Z")]
        self.assertTrue(outcome(off).late())
        self.assertIsNone(outcome(off, limit_s=2.0).late())

    def test_what_stays_needs_the_pump(self):
        edges = [(3.0, "RD", "1"), (3.05, "CD", "Z")]
        fields = {"terminals": ("CD",), "stays": ("LD",)}
        self.assertIsNone(outcome(edges, end=5.5, **fields).late())
        self.assertIn("LD does not stay", outcome(edges, end=6.0, **fields).late())
        self.assertIn("LD does not stay",
                      outcome([*edges, (4.0, "LD", "Z")], end=5.5, **fields).late())

    def test_pulses_are_wrong(self):
        off = [(3.0, "RD", "1"), (3.1, "LD", "Z"), (3.1, "CD", "Z")]
        self.assertEqual(list(outcome(off).wrong()), [])
        self.assertTrue(list(outcome([*off, (4.0, "LD", "1"), (4.1, "LD", "Z")]).wrong()))
        self.assertTrue(list(outcome([*off, (0.2, "PA", "1"), (0.3, "PA", "Z")]).wrong()))
        self.assertTrue(list(outcome([*off, (0.2, "LD", "1"), (0.3, "LD", "Z")]).wrong()))

    def test_terminals_that_were_off_before_prove_nothing(self):
        self.assertIn("before the fault", outcome([(7.0, "RD", "1")], where=BEHIND).late())


if __name__ == "__main__":
    unittest.main()
