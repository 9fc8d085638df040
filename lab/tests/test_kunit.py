# SPDX-License-Identifier: GPL-2.0-only
"""Every KUnit suite is run."""

import fnmatch
import pathlib
import re
import unittest

import boards

SUITE = re.compile(r"^struct kunit_suite (\w+) = \{\n\t\.name = \"([^\"]+)\"", re.MULTILINE)


class Suites(unittest.TestCase):
    def test_the_filter_lets_each_suite_through(self):
        pattern = boards.KUNIT[-1].partition("=")[2]
        files = [file.read_text() for file in pathlib.Path("kunit").rglob("*_kunit.c")]
        suites = [match for text in files for match in SUITE.findall(text)]
        self.assertEqual(len(suites), len(files))
        for symbol, name in suites:
            self.assertTrue(fnmatch.fnmatch(name, pattern), f"{symbol} is called {name}")
