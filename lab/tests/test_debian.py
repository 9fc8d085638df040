# SPDX-License-Identifier: GPL-2.0-only
"""Packages are unpacked as a whole or not at all, and errors have a remedy."""

import contextlib
import datetime
import fcntl
import io
import os
import pathlib
import subprocess
import tempfile
import threading
import unittest
from unittest import mock

from bms import debian
from bms.errors import LabError


def package(folder, name, *files):
    """Build a Debian package with files in it."""
    root = folder / name
    (root / "DEBIAN").mkdir(parents=True)
    (root / "DEBIAN/control").write_text(f"Package: {name}\nVersion: 1\nArchitecture: all\n"
                                         "Maintainer: nobody\nDescription: a test\n")
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(name)
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", root, folder / f"{name}.deb"],
                   check=True, capture_output=True)
    return folder / f"{name}.deb"


class LocalApt(debian.Apt):
    """It has packages at hand, and no mirror."""

    def __init__(self, *packages):
        self.packages = packages

    def lists(self):
        return contextlib.nullcontext()

    def download(self, packages, alone, archives):
        for path in self.packages:
            (archives / path.name).write_bytes(path.read_bytes())


class Unpack(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.target = self.folder / "target"

    def test_bin_and_usr_bin_are_one_folder(self):
        LocalApt(package(self.folder, "old", "bin/one", "lib/two"),
                 package(self.folder, "new", "usr/bin/three", "usr/lib/four")
                 ).unpack(self.target, ["old", "new"])
        self.assertEqual({path.name for path in (self.target / "usr/bin").iterdir()},
                         {"one", "three"})
        self.assertEqual({path.name for path in (self.target / "lib").iterdir()}, {"two", "four"})

    def test_what_was_there_goes(self):
        (self.target / "usr/bin").mkdir(parents=True)
        (self.target / "usr/bin/stale").touch()
        (self.target / debian.OURS).touch()
        LocalApt(package(self.folder, "new", "usr/bin/fresh")).unpack(self.target, ["new"])
        self.assertEqual([path.name for path in (self.target / "usr/bin").iterdir()], ["fresh"])

    def test_what_others_have_made_stays(self):
        (self.target / "usr").mkdir(parents=True)
        (self.target / "usr/letter").touch()
        fresh = package(self.folder, "new", "usr/bin/fresh")
        with mock.patch.object(pathlib.Path, "cwd", lambda: self.folder / "checkout"):
            for folder in (self.target, self.folder, self.folder / "checkout"):
                with self.subTest(folder), self.assertRaisesRegex(LabError, "name another"):
                    LocalApt(fresh).unpack(folder, ["new"])
        self.assertTrue((self.target / "usr/letter").exists())

    def test_an_empty_folder_is_nobodys(self):
        self.target.mkdir()
        LocalApt(package(self.folder, "new", "usr/bin/fresh")).unpack(self.target, ["new"])
        self.assertTrue((self.target / "usr/bin/fresh").exists())

    def test_what_was_killed_is_done_again(self):
        fresh = package(self.folder, "new", "usr/bin/fresh")
        for end in ("new", "debs", "old"):
            (self.folder / f"target.{end}/rest").mkdir(parents=True)
        LocalApt(fresh).unpack(self.target, ["new"])
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()),
                         ["new", "new.deb", "target"])

    def test_half_a_package_is_none(self):
        whole = package(self.folder, "whole", "usr/bin/one")
        half = package(self.folder, "half", "usr/bin/two")
        half.write_bytes(half.read_bytes()[:-200])
        (self.target / "usr").mkdir(parents=True)
        (self.target / debian.OURS).touch()
        before = sorted(self.folder.iterdir())
        with self.assertRaisesRegex(LabError, "Cannot unpack half.deb"):
            LocalApt(whole, half).unpack(self.target, ["whole", "half"])
        self.assertEqual(sorted(self.folder.iterdir()), before)
        self.assertEqual(list((self.target / "usr").iterdir()), [])


class Errors(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        state = mock.patch.object(debian, "STATE", self.folder)
        state.start()
        self.addCleanup(state.stop)

    def names(self, mirror):
        return self.apt(mirror).names("linux-source-")

    @staticmethod
    def apt(mirror):
        with mock.patch.dict(os.environ, MIRROR=mirror):
            apt = debian.Apt("trixie", "amd64")
        apt.options["Acquire::Retries"] = "0"
        return apt

    def test_a_mirror_that_is_down(self):
        with self.assertRaisesRegex(debian.Unreachable, "127.0.0.1:9.*\n.*\n.*MIRROR="):
            self.names("http://127.0.0.1:9/debian")

    def test_a_mirror_without_the_release(self):
        with self.assertRaisesRegex(LabError, "MIRROR="):
            self.names(f"file://{self.folder}")

    def test_what_is_no_mirror(self):
        for mirror in ("deb.debian.org/debian", "ftp://x/debian", "http://two words", "http:"):
            with self.subTest(mirror), \
                    self.assertRaisesRegex(LabError, f"MIRROR={mirror} is no address"):
                self.apt(mirror)

    def with_old_lists(self):
        """An Apt whose mirror is down, and its lists of the 1st of February."""
        apt = self.apt("http://127.0.0.1:9/debian")
        (apt.folder / "lists").mkdir()
        packages = apt.folder / "lists/x_Packages"
        packages.touch()
        of = datetime.datetime(2026, 2, 1, 12).timestamp()
        os.utime(packages, (of, of))
        (apt.folder / "sources.list").write_text(apt.sources)
        apt.updated.touch()
        os.utime(apt.updated, (of, of))
        return apt

    def test_old_lists_are_better_than_none(self):
        apt = self.with_old_lists()
        with contextlib.redirect_stderr(io.StringIO()) as said, apt.lists():
            pass
        self.assertIn("Using the lists of 01 February 2026", said.getvalue())
        with contextlib.redirect_stderr(io.StringIO()) as said, apt.lists():
            pass
        self.assertEqual(said.getvalue(), "", "once a day")

    def test_lists_that_are_gone_are_fetched(self):
        apt = self.with_old_lists()
        (apt.folder / "lists/x_Packages").unlink()
        with self.assertRaises(debian.Unreachable), apt.lists():
            pass

    def test_lists_of_another_mirror_are_not_used(self):
        apt = self.with_old_lists()
        apt.sources = apt.sources.replace("127.0.0.1", "127.0.0.2")
        with self.assertRaises(debian.Unreachable), apt.lists():
            pass
        self.assertFalse(apt.updated.exists())

    def test_who_waits_for_another_says_so(self):
        apt = self.with_old_lists()
        apt.updated.touch()
        said = io.StringIO()
        with (apt.folder / "lock").open("w") as file, contextlib.redirect_stderr(said):
            fcntl.flock(file, fcntl.LOCK_EX)
            waiting = threading.Thread(target=lambda: apt.lists().__enter__())
            waiting.start()
            while "Waiting for another command" not in said.getvalue():
                self.assertTrue(waiting.is_alive())
            fcntl.flock(file, fcntl.LOCK_UN)
            waiting.join()

    def test_no_keyring(self):
        with mock.patch.object(debian, "KEYRING", self.folder / "none"), \
                self.assertRaisesRegex(LabError, "install the package debian-archive-keyring"):
            self.names("http://127.0.0.1:9/debian")

    def test_what_apt_says_is_mended(self):
        error, missing, unreachable = LabError, debian.Missing, debian.Unreachable
        for said, advice, kind in (
                ("E: Write error - write (28: No space left on device)", "disk is full", error),
                ("E: You don't have enough free space in /x", "disk is full", error),
                ("E: Couldn't create temporary file /tmp/apt.conf", "/tmp is full", error),
                ("E: Splitting up /x/InRelease into data and signature failed", "/tmp", error),
                ("mkdir: cannot create directory: Permission denied", "somebody else", error),
                ("[Errno 30] Read-only file system: 'build'", "folder of yours", error),
                ("E: Malformed entry 1 in list file /x (URI parse)", "no address", error),
                ("E: Failed to fetch http://x  Hash Sum mismatch", "has signed", unreachable),
                ("E: Failed to fetch http://x  511  Network Authentication Required", "login",
                 unreachable),
                ("W: GPG error: ... NO_PUBKEY 0E98404D386FA1D9", "keyring", error),
                ("E: GPG error: http://x sid InRelease: Clearsigned file isn't valid, got "
                 "'NOSPLIT' (does the network require authentication?)", "login", unreachable),
                ("E: Failed to fetch http://x  403  Forbidden [IP: 1.2.3.4]", "login", unreachable),
                ("E: Failed to fetch http://x  Temporary failure resolving 'x'", "network",
                 unreachable),
                ("E: Failed to fetch http://x  File has unexpected size (1 != 2). "
                 "Mirror sync in progress?", "some minutes", unreachable),
                ("E: Failed to fetch http://x  404  Not Found", "any more", unreachable),
                ("E: The repository 'http://x sid' does not have a Release file.",
                 "does not have", missing),
                ("E: Failed to fetch http://x  Could not connect to x", "not answer",
                 unreachable),
                ("E: Unable to locate package x", "", error)):
            with self.subTest(said):
                found = debian.mend(said)
                self.assertIn(advice, found[0])
                self.assertEqual((bool(found[0]), found[1]), (bool(advice), kind))


class Names(unittest.TestCase):
    def test_names_and_patterns_of_packages(self):
        check = debian.named("a package", debian.PACKAGE)
        for name in ("dt-schema", "libstdc++6", "linux-headers-*[0-9]-arm64"):
            self.assertEqual(check(name), name)
        for name in ("", "*", "-dash", "a b", "../x"):
            with self.assertRaises(Exception):
                check(name)


class Newest(unittest.TestCase):
    def newest(self, *names_of_releases):
        answers = iter(names_of_releases)

        def names(_, __):
            answer = next(answers)
            if isinstance(answer, Exception):
                raise answer
            return answer

        with mock.patch.object(debian.Apt, "__init__", lambda *_: None), \
                mock.patch.object(debian.Apt, "names", names), \
                contextlib.redirect_stderr(io.StringIO()):
            return debian.newest("linux-source-", "amd64")

    def test_numbers_are_compared_as_numbers(self):
        self.assertEqual(self.newest(["linux-source-6.1"], ["linux-source-6.12"],
                                     ["linux-source-6.9", "linux-source-7.0-rt"], []), "6.12")

    def test_a_release_may_be_unreachable_but_not_all(self):
        gone = debian.Unreachable("gone")
        self.assertEqual(self.newest(gone, ["linux-source-7.3"], gone, gone), "7.3")
        with self.assertRaises(debian.Unreachable):
            self.newest(gone, gone, gone, gone)

    def test_a_mirror_need_not_have_every_release(self):
        missing = debian.Missing("missing")
        self.assertEqual(self.newest(["linux-source-6.1"], missing, missing, missing), "6.1")


if __name__ == "__main__":
    unittest.main()
