# SPDX-License-Identifier: GPL-2.0-only
"""Run the tests of the lab. Ends with "N passed, N failed"."""

import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).parent


def main():
    suite = unittest.defaultTestLoader.discover(HERE, top_level_dir=HERE.parent)
    result = unittest.TextTestRunner().run(suite)
    failed = len(result.failures) + len(result.errors) + len(result.skipped)
    failed += not result.testsRun
    print(f"{result.testsRun - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
