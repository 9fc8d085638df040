# SPDX-License-Identifier: GPL-2.0-only
"""Messages that count as trouble in the log of a kernel."""

import unittest

from bms import kernel_log


class Trouble(unittest.TestCase):
    def test_races_of_the_driver_count_and_those_of_the_kernel_do_not(self):
        ours = "[    6.1] BUG: KCSAN: data-race in causes_show [smallbms] / memcpy"
        test = "[    6.2] BUG: KCSAN: data-race in memcpy / read_on [smallbms_kunit]"
        kernel = "[    6.3] BUG: KCSAN: data-race in hrtimer_wakeup / schedule_hrtimeout"
        self.assertEqual(kernel_log.trouble("\n".join((ours, kernel, test))), [ours, test])

    def test_other_bugs_count_wherever_they_are(self):
        self.assertTrue(kernel_log.trouble("BUG: sleeping function called from invalid context"))


if __name__ == "__main__":
    unittest.main()
