# SPDX-License-Identifier: GPL-2.0-only
"""Are outputs off in reset?"""

import unittest
from unittest import mock

from bms import overlay_promises

PI = {"/": {"compatible": "brcm,bcm2835"},
      "/__symbols__": {"gpio": "/soc/gpio", "expander": "/soc/i2c/gpio@20"},
      "/soc/gpio": {"phandle": "1"},
      "/soc/i2c/gpio@20": {"phandle": "2", "compatible": "nxp,pca9535"}}


def reader(nodes):
    """What fdtget would say of a tree of these nodes."""
    def get(*words):
        if words[0] == "-p":
            return list(nodes.get(words[2], {}))
        return nodes.get(words[-2], {}).get(words[-1], "").split()
    return get


class Promises(unittest.TestCase):
    def given(self, **nodes):
        patch = mock.patch.object(overlay_promises, "get", reader({**PI, **{
            f"/{name}": node for name, node in nodes.items()}}))
        patch.start()
        self.addCleanup(patch.stop)

    def pulled_on(self, **lines):
        self.given(bms={f"{name}-gpios": cells for name, cells in lines.items()})
        return overlay_promises.pulled_on("overlay", "tree")

    def test_outputs_at_lines_that_are_pulled_down_are_off(self):
        self.assertEqual(self.pulled_on(heartbeat="1 9 0"), [])
        self.assertEqual(self.pulled_on(heartbeat="1 27 0"), [])

    def test_an_output_that_is_pulled_up_is_named(self):
        wrong, = self.pulled_on(heartbeat="1 8 0")
        self.assertIn("heartbeat-gpios: line 8 of brcm,bcm2835 is pulled up", wrong)

    def test_an_output_that_is_active_low_is_off_when_pulled_up(self):
        self.assertEqual(self.pulled_on(heartbeat="1 8 1"), [])
        self.assertEqual(len(self.pulled_on(heartbeat="1 9 1")), 1)

    def test_an_expander_has_pulls_of_its_own(self):
        self.assertEqual(self.pulled_on(heartbeat="2 5 2"), [])

    def test_a_line_that_nobody_knows_is_refused(self):
        self.assertIn("no line 28", *self.pulled_on(heartbeat="1 28 0"))
        self.assertIn("no line 16", *self.pulled_on(heartbeat="2 16 0"))


if __name__ == "__main__":
    unittest.main()
