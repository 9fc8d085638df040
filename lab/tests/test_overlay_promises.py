# SPDX-License-Identifier: GPL-2.0-only
"""Are outputs off in reset, and what does a parameter leave out?"""

import unittest
from unittest import mock

from bms import overlay_promises, overlays
from bms.errors import LabError

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

    def test_a_parameter_switches_fragments(self):
        self.given(__overrides__={"temps": "0 0 0 0 3d 31 33 3d 31 34 0"})
        self.assertEqual(overlay_promises.parameters("overlay"), {"temps": ["13", "14"]})

    def test_another_form_or_another_name_is_refused(self):
        for overrides in ({"temps": "0 0 0 1 3d 31 33 0"}, {"other": "0 0 0 0 3d 31 33 0"}):
            self.given(__overrides__=overrides)
            self.assertRaises(LabError, overlay_promises.parameters, "overlay")

    def test_nothing_is_wired_of_what_a_parameter_leaves_out(self):
        self.given(bms={"loop-gpios": "1 16 17", "remote-h-gpios": "1 20 17",
                        "remote-l-gpios": "1 21 17"})
        board = overlays.BOARDS["raspberry-pi"]
        without = overlay_promises.unwired(board, "loop", "tree")
        self.assertEqual((without.lines, without.loop), ({20: 0, 21: 0}, None))
        without = overlay_promises.unwired(board, "remote", "tree")
        self.assertEqual((without.lines, without.loop), ({16: 0}, 16))
        without = overlay_promises.unwired(board, "temp2", "tree")
        self.assertEqual((without.channels[(2, 4)], without.channels[(2, 5)]), (750000, 0))
        self.assertEqual(without.shows, board.shows)
        self.assertNotIn("temp", overlay_promises.unwired(board, "temps", "tree").shows)


if __name__ == "__main__":
    unittest.main()
