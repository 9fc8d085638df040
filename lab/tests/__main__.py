# SPDX-License-Identifier: GPL-2.0-only
"""Run the tests of the lab. Ends with "N passed, N failed"."""

import pathlib
import sys
import unittest

from bms.result import report

HERE = pathlib.Path(__file__).parent


def main():
    suite = unittest.defaultTestLoader.discover(HERE, top_level_dir=HERE.parent)
    result = unittest.TextTestRunner().run(suite)
    failed = len(result.failures) + len(result.errors) + len(result.skipped)
    failed += not result.testsRun
    return report(result.testsRun - failed, failed)


if __name__ == "__main__":
    sys.exit(main())
