# SPDX-License-Identifier: GPL-2.0-only
"""Programs that build and ship the driver refuse in time: one line, a status, no change."""

import os
import pathlib
import subprocess
import tempfile
import unittest

PACKAGING = pathlib.Path(__file__).parents[2] / "packaging"
COMPLETE = "CONFIG_GPIOLIB=y\nCONFIG_IIO=m\nCONFIG_POWER_SUPPLY=y\n"
KEY = 'CONFIG_MODULE_SIG_KEY="certs/key.pem"\n'


class Refusals(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.tree = self.folder / "tree"
        self.tree.mkdir()

    def refused(self, text, *command, **variables):
        """The command fails and says so; neither the tree nor a folder beside it has changed."""
        before = sorted(self.folder.rglob("*"))
        done = subprocess.run([PACKAGING / command[0], *command[1:]], text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env={**os.environ, **variables})
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(text, done.stdout)
        self.assertLessEqual(len(done.stdout.splitlines()), 2, done.stdout)
        self.assertEqual(sorted(self.folder.rglob("*")), before)

    def kernel(self, config):
        (self.tree / "Makefile").touch()
        (self.tree / ".config").write_text(config)

    def modules(self, text, target="modules_install", **variables):
        self.refused(text, "tools/modules", self.tree, self.folder / "module", target, **variables)

    def test_export_into_no_tree(self):
        self.refused("no MAINTAINERS", "upstream/export", self.tree)

    def test_export_into_a_strange_tree(self):
        (self.tree / "MAINTAINERS").touch()
        self.refused("no Makefile", "upstream/export", self.tree)

    def test_patches_for_no_tree(self):
        self.refused("is not a kernel tree", "upstream/patches", self.tree, self.folder / "patches")

    def test_patches_for_a_tree_that_has_it(self):
        (self.tree / "MAINTAINERS").write_text("SMALLBMS BATTERY MANAGEMENT DRIVER\n")
        self.refused("has smallbms in it already", "upstream/patches", self.tree,
                     self.folder / "patches")

    def test_modules_without_headers(self):
        self.modules("is not a configured kernel tree", "modules")

    def test_modules_for_a_kernel_that_is_not_configured(self):
        (self.tree / "Makefile").touch()
        self.modules("is not a configured kernel tree", "modules")

    def test_modules_for_a_kernel_without_iio(self):
        self.kernel(COMPLETE.replace("CONFIG_IIO=m\n", ""))
        self.modules("is built without CONFIG_IIO", "modules")

    def test_unsigned_under_lockdown(self):
        lockdown = self.folder / "lockdown"
        lockdown.write_text("none [integrity] confidentiality\n")
        self.kernel(COMPLETE + KEY)
        self.modules("takes signed modules only", LOCKDOWN=str(lockdown))

    def test_unsigned_where_the_kernel_insists(self):
        self.kernel(COMPLETE + KEY + "CONFIG_MODULE_SIG_FORCE=y\n")
        self.modules("takes signed modules only")

    def test_a_debian_that_is_not_known(self):
        for suite in ("buster", "stable'; echo", "../x", ""):
            with self.subTest(suite):
                self.refused("is not known here", "../lab/bin/newcomer", suite, self.folder / "x")

    def test_a_kernel_too_old(self):
        done = subprocess.run(["make", "-f", PACKAGING.parent / "Kbuild", "VERSION=5",
                               "PATCHLEVEL=10"], capture_output=True, text=True, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("visibility.h, and this is 5.10 without: linux/mutex.h", done.stderr)
