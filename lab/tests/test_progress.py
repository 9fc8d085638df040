# SPDX-License-Identifier: GPL-2.0-only
"""A long command: its output is logged, its end is reported, and nothing outlives it."""

import pathlib
import signal
import subprocess
import tempfile
import unittest

STEP = pathlib.Path(__file__).parents[1] / "bin/progress"


class Step(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.log = pathlib.Path(folder.name) / "logs/it.log"

    def step(self, script, log=None):
        return subprocess.run([STEP, "It", log or self.log, "sh", "-c", script],
                              capture_output=True, text=True, check=False)

    def test_what_it_says_is_in_the_log(self):
        done = self.step("echo one; echo two >&2")
        self.assertEqual((done.returncode, self.log.read_text()), (0, "one\ntwo\n"))
        self.assertRegex(done.stdout, "It: done in 0:0")

    def test_failure_is_told_with_its_last_lines_and_a_mend(self):
        done = self.step("echo 'cp: error writing x: No space left on device'; exit 3")
        self.assertEqual(done.returncode, 1)
        self.assertIn("exit status 3", done.stderr)
        self.assertIn("The disk is full", done.stderr)

    def test_log_that_cannot_be_written(self):
        done = self.step("true", "/proc/it.log")
        self.assertEqual(done.returncode, 1)
        self.assertNotIn("Traceback", done.stderr)
        self.assertIn("/proc/it.log", done.stderr)

    def test_log_on_a_full_disk_does_not_end_the_command(self):
        self.log.parent.mkdir()
        done = self.step(f"echo text; mkdir {self.log.parent}/ran", "/dev/full")
        self.assertTrue((self.log.parent / "ran").exists(), done.stderr)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_command_ends_with_its_step(self):
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGKILL):
            with self.subTest(number):
                step = subprocess.Popen([STEP, "It", self.log, "sh", "-c",
                                         "echo $$; exec sleep 1000"], stdout=subprocess.PIPE)
                while not (self.log.exists() and self.log.read_text().endswith("\n")):
                    self.assertIsNone(step.poll())
                child = int(self.log.read_text())
                step.send_signal(number)
                step.communicate()
                self.assertEqual(step.returncode, -number if number == signal.SIGKILL
                                 else 128 + number)
                # A child of nobody is reaped by whoever takes it.
                while pathlib.Path(f"/proc/{child}").exists():
                    if "\nState:\tZ" in pathlib.Path(f"/proc/{child}/status").read_text():
                        break
                self.log.unlink()
