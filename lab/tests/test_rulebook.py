# SPDX-License-Identifier: GPL-2.0-only
"""Errors on the page of rules are found."""

import unittest

from bms import rulebook

PAGE = """
Charging
========

C1
    A full cell forbids charging, until all are 30 mV below.
    Cause: ``overvoltage``.

F4
    One bad sample decides nothing.

================ ======= ================== =======
setting          default range              written
================ ======= ================== =======
full-microvolt   3.75 V  3.4 to 4 V, or 0   no
stale-ms         5 s     1 to 10 s          yes
switch           0       0 to 1             no
================ ======= ================== =======
"""
CAUSES = '\t[SMALLBMS_CAUSE_OVERVOLTAGE] = HIGHEST("C1", "overvoltage", SMALLBMS_KIND_CELL),\n'
FIGURES = "/* C1: as far below\n * as this */\n#define GAP_UV\t30000\n#define TIMES\t3\n"
SETTINGS = """full-microvolt 3750000 3400000 4000000 1 0
stale-ms 5000 1000 10000 0 1
switch 0 0 1 0 0
"""


class Rulebook(unittest.TestCase):
    def setUp(self):
        self.rules = rulebook.rules(PAGE)

    def test_rules_are_found_with_all_their_text(self):
        self.assertEqual(list(self.rules), ["C1", "F4"])
        self.assertTrue(self.rules["C1"].endswith("Cause: ``overvoltage``."))

    def codes(self, text, tests):
        return list(rulebook.wrong_codes(self.rules, [("a file", text)], tests))

    def test_codes(self):
        self.assertEqual(self.codes("C1, F4; V7=2, P0.1, LTC4282", ["C1", "(F4)"]), [])
        self.assertEqual(self.codes("as F9 says", ["C1 F4"]),
                         [f"a file names F9, which {rulebook.PAGE} does not define"])
        self.assertEqual(self.codes("", ["C1"]),
                         ["no test names F4: One bad sample decides nothing."])

    def causes(self, source):
        return list(rulebook.wrong_causes(self.rules, source))

    def test_causes(self):
        self.assertEqual(self.causes(CAUSES), [])
        self.assertEqual(len(self.causes(CAUSES.replace("C1", "F4"))), 2)
        self.assertEqual(len(self.causes(CAUSES + CAUSES.replace("overvoltage", "other"))), 1)
        self.assertIn("no causes", self.causes("")[0])

    def figures(self, source):
        return list(rulebook.wrong_figures(self.rules, [source]))

    def test_figures(self):
        self.assertEqual(self.figures(FIGURES), [])
        self.assertEqual(self.figures(FIGURES.replace("30000", "40000")),
                         [f"C1: {rulebook.PAGE} lacks its figure 40 mV (GAP_UV)"])
        self.assertEqual(self.figures(FIGURES.replace("30000", "0")),
                         [f"C1: {rulebook.PAGE} lacks its figure 0 mV (GAP_UV)"])
        self.assertEqual(self.figures(""), ["the source has no figures: have they moved?"])

    def test_units_of_figures(self):
        for name, value, told in (("A_UV", "8000000", "8 V"), ("A_MS", "50", "50 ms"),
                                  ("A_MS", "10000", "10 s"), ("A_MC", "2000", "2 K"),
                                  ("A_NS_PER_MS", "100", "100 ppm"), ("A", "3", None)):
            self.assertEqual(rulebook.figure(name, value), told)

    def settings(self, table):
        return list(rulebook.wrong_settings(PAGE, table))

    def test_settings(self):
        self.assertEqual(self.settings(SETTINGS), [])
        for old, new in (("10000", "9000"), ("3750000", "3760000"), (" 1 0", " 0 0"),
                         ("0 1\n", "0 0\n")):
            with self.subTest(old):
                self.assertEqual(len(self.settings(SETTINGS.replace(old, new, 1))), 2)
        self.assertEqual(len(self.settings(SETTINGS + "more-ms 0 0 0 0 0\n")), 1)


if __name__ == "__main__":
    unittest.main()
