# SPDX-License-Identifier: GPL-2.0-only
"""The commissioning script, against files like those of a bank."""

import os
import pathlib
import subprocess
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).parents[2] / "packaging/tools/commission"


class Bank:
    """Its files; what is not told is that of a bank in good health."""

    def __init__(self, folder):
        self.sysfs = pathlib.Path(folder)
        self.folder = self.sysfs / "class/power_supply/bms"
        self.folder.mkdir(parents=True)
        self.set(load_output="driven", charge_output="driven", pre_alarm_output="floating",
                 load_read_back="driven", charge_read_back="driven", causes=None)

    def set(self, **files):
        for name, text in files.items():
            part = self.folder / f".{name}"
            part.write_text(f"{text}\n" if text else "")
            part.rename(self.folder / name)

    def loop(self, closed, **otherwise):
        """All at once as far as the script sees: the outputs come last."""
        state = "driven" if closed else "floating"
        self.set(**{"causes": None if closed else "R4 loop-open since=1.000 count=1",
                    "load_read_back": state, "charge_read_back": state, **otherwise,
                    "load_output": state, "charge_output": state})

    def commission(self, steps=(), name="bms", wait_s=20):
        """What the script says, when each step is done as it is asked for."""
        steps = iter(steps)
        process = subprocess.Popen(
            [SCRIPT, name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, "SYSFS": str(self.sysfs), "WAIT_S": str(wait_s)})
        said = ""
        for line in process.stdout:
            said += line
            if line.startswith("Now "):
                next(steps, lambda: None)()
        return process.wait(), said


class Commissioning(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.bank = Bank(self.temporary.name)

    def test_a_bank_that_passes(self):
        status, said = self.bank.commission([lambda: self.bank.loop(False),
                                             lambda: self.bank.loop(True)])
        self.assertEqual((status, said.splitlines()[-1]), (0, "6 passed, 0 failed"), said)

    def test_nobody_opens_the_loop(self):
        status, said = self.bank.commission(wait_s=1)
        self.assertEqual(status, 1)
        self.assertIn("not ok: loop open: load and charge float: load is driven", said)

    def test_an_output_that_stays_driven(self):
        status, said = self.bank.commission(
            [lambda: self.bank.loop(False, load_read_back="driven")], wait_s=2)
        self.assertEqual(status, 1)
        self.assertIn("load was told to be floating and its line is driven", said)

    def test_outputs_float_for_another_reason(self):
        status, said = self.bank.commission(
            [lambda: self.bank.loop(False, causes="R2 remote-off since=1.000 count=1"),
             lambda: self.bank.loop(True)])
        self.assertEqual(status, 1)
        self.assertIn("not ok: the loop is the cause: R2", said)

    def test_a_bank_in_pre_alarm(self):
        self.bank.set(pre_alarm_output="driven", causes="U1 low-cell since=1.000 count=1")
        status, said = self.bank.commission()
        self.assertEqual(status, 1)
        self.assertNotIn("open the loop", said)

    def test_lines_that_cannot_be_read(self):
        mute = {"load_read_back": None, "charge_read_back": None}
        self.bank.set(**mute)
        status, said = self.bank.commission([lambda: self.bank.loop(False, **mute),
                                             lambda: self.bank.loop(True, **mute)])
        self.assertEqual(status, 0, said)

    def test_no_such_bank(self):
        status, said = self.bank.commission(name="nobank")
        self.assertEqual((status, "bms" in said), (1, True), said)
