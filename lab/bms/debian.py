# SPDX-License-Identifier: GPL-2.0-only
"""Debian packages of any release and architecture, unpacked into a folder.

The machine's own apt is left alone: this one has its sources, lists and downloads under
build/apt. The mirror is the machine's, or the one that MIRROR= in the environment names. Its
files are checked with the keyring of Debian's archive.
"""

import argparse
import contextlib
import datetime
import fcntl
import fnmatch
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

from bms.errors import LabError
from bms.run import run, tried

STATE = pathlib.Path("build/apt")
KEYRING = pathlib.Path("/usr/share/keyrings/debian-archive-keyring.gpg")
DEFAULT_MIRROR = "http://deb.debian.org/debian"

# Release, oldest first: the archives of the mirror that it is made of
RELEASES = {"bookworm": ("bookworm",), "trixie": ("trixie",),
            "trixie-backports": ("trixie-backports", "trixie"), "sid": ("sid",)}
LISTS_MAX_AGE_S = 24 * 3600
# A name, or a pattern of the shell
PACKAGE = r"[a-z0-9][a-z0-9+.*\[\]-]*"
# A file in each folder that packages have been unpacked into: only these are replaced.
OURS = ".unpacked"

# Packages that still have files in bin or lib, and those that have them in usr, end up in
# the same folders, as on an installed Debian.
MERGED = ("bin", "lib", "lib64", "sbin")


class Unreachable(LabError):
    """The mirror does not answer."""


class Missing(LabError):
    """The mirror does not have a release."""


# Message of apt, remedy, kind of error
MENDS = (
    ("No space left on device|enough free space|Wrote only \\d+ of",
     "The disk is full: free some space, then run this again.", LabError),
    ("Splitting up .* failed|Couldn't create temporary file",
     "/tmp is full, or cannot be written: free some space there, then run this again.",
     LabError),
    ("Permission denied",
     "It belongs to somebody else, perhaps after an earlier run as root: \"sudo make clean\", "
     "then run this again.", LabError),
    ("Read-only file system",
     "This folder cannot be written to: clone to a folder of yours.", LabError),
    ("Malformed entry|method driver .* could not be found",
     "MIRROR= is no address of a mirror: say MIRROR=http://... or https://...", LabError),
    ("Hash Sum mismatch|has unexpected size",
     "The files are not those that Debian has signed: the mirror is being renewed, or something "
     "between alters it. Try again in some minutes, or name another one with MIRROR=https://...",
     Unreachable),
    ("Clearsigned file isn't valid|(40[0-37]|511) +[A-Z]",
     "Something else answers in the mirror's place, as networks do that want a login first: "
     "open any page in a browser, or name another mirror with MIRROR=http://...", Unreachable),
    ("NO_PUBKEY|not signed|signatures were invalid|public key is not available",
     "The keyring does not know the mirror's key: upgrade the package debian-archive-keyring.",
     LabError),
    ("emporary failure resolving|Could not resolve|Network is unreachable",
     "There is no network: connect to one, then run this again.", Unreachable),
    ("Mirror sync in progress",
     "The mirror is being renewed: try again in some minutes, or name another one with "
     "MIRROR=http://...", Unreachable),
    ("does not have a Release file",
     "The mirror does not have that: name another one with MIRROR=http://...", Missing),
    ("404 +Not Found",
     "The mirror does not have that any more: name another one with MIRROR=http://...",
     Unreachable),
    ("Could not connect|Connection refused|ailed to fetch|timed out",
     "The mirror does not answer: try again later, or name another one with MIRROR=http://...",
     Unreachable),
)


def mend(text):
    """(remedy, kind of error) for a message of apt, tar or the system."""
    return next((advice for pattern, *advice in MENDS if re.search(pattern, text)),
                ("", LabError))


def native_arch():
    return run("dpkg", "--print-architecture").strip()


def host_mirror():
    """The mirror that MIRROR= names, or the machine's own apt, or Debian's."""
    mirror = os.environ.get("MIRROR", "")
    if not mirror:
        # Another archive may call its release trixie too.
        told = tried("apt-get", "indextargets", "--format", "$(RELEASE) $(REPO_URI)",
                     "Created-By: Packages", "Origin: Debian").stdout
        mirrors = [line.split()[1] for line in told.splitlines() if line.split()[0] in RELEASES]
        mirror = (mirrors or [DEFAULT_MIRROR])[0]
    if not re.fullmatch(r"(https?|file|mirror\+\w+|tor\+https?):\S+", mirror):
        raise LabError(f"MIRROR={mirror} is no address of a mirror: say MIRROR=http://... or "
                       "https://...")
    return mirror.rstrip("/")


class Apt:
    """An apt of its own, for one release and architecture."""

    def __init__(self, release, arch):
        self.release = release
        self.mirror = host_mirror()
        if not KEYRING.exists():
            raise LabError(f"There is no {KEYRING}: install the package "
                           "debian-archive-keyring.")
        self.folder = (STATE / f"{release}-{arch}").absolute()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.updated = self.folder / "updated"
        self.options = {
            "APT::Architecture": arch, "APT::Architectures": arch,
            "APT::Default-Release": release,
            "APT::Sandbox::User": "", "APT::Update::Error-Mode": "any",
            "Acquire::Languages": "none", "Acquire::Retries": "3",
            # A mirror may lag behind; its files are signed all the same.
            "Acquire::Check-Valid-Until": "false",
            "Dir::Etc::SourceList": self.folder / "sources.list",
            "Dir::Etc::SourceParts": "/dev/null",
            "Dir::Etc::Preferences": "/dev/null", "Dir::Etc::PreferencesParts": "/dev/null",
            "Dir::State::Lists": self.folder / "lists",
            "Dir::State::status": self.folder / "status",
            "Dir::Cache": self.folder, "Dir::Cache::pkgcache": "pkgcache.bin",
            "Debug::NoLocking": "1",
        }
        self.sources = "".join(f"deb [signed-by={KEYRING}] {self.mirror} {archive} main\n"
                               for archive in RELEASES[release])

    def run(self, *words, cwd=None, **options):
        """The output of an apt command. If it fails, the error has a remedy."""
        options = {**self.options, **options}
        done = tried(words[0], *(f"-o{name}={value}" for name, value in options.items()),
                     *words[1:], cwd=cwd, env={**os.environ, "LC_ALL": "C"})
        if done.returncode:
            told = [line for line in (done.stdout + done.stderr).splitlines()
                    if line.startswith(("E: ", "W: "))]
            if not told:
                told = done.stderr.splitlines()[-1:] or [f"exit status {done.returncode}"]
            advice, kind = mend("\n".join(told))
            raise kind("\n".join(filter(None, (
                f"{' '.join(words[:2])} failed for {self.release} of {self.mirror}:",
                *(f"  {line}" for line in told[:1]), advice))))
        return done.stdout

    @contextlib.contextmanager
    def lists(self):
        """Lock the lists of packages; they are of today if the mirror answers."""
        with (self.folder / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print(f"Waiting for another command that uses {self.folder}.", file=sys.stderr)
                fcntl.flock(file, fcntl.LOCK_EX)
            (self.folder / "lists/partial").mkdir(parents=True, exist_ok=True)
            (self.folder / "status").touch()
            # Lists of another mirror are not those of this one.
            path = self.folder / "sources.list"
            if not path.exists() or path.read_text() != self.sources:
                self.updated.unlink(missing_ok=True)
                path.write_text(self.sources)
            if not self.updated.exists() or \
                    not any((self.folder / "lists").glob("*_Packages*")):
                self.update()
            elif time.time() - self.updated.stat().st_mtime > LISTS_MAX_AGE_S:
                try:
                    self.update()
                except Unreachable as error:
                    # Asked again tomorrow; a file has the date that the mirror gave it.
                    self.updated.touch()
                    of = max(path.stat().st_mtime
                             for path in (self.folder / "lists").glob("*_Packages*"))
                    print(f"{error}\nUsing the lists of "
                          f"{datetime.date.fromtimestamp(of):%d %B %Y}.", file=sys.stderr)
            yield

    def update(self):
        self.run("apt-get", "update")
        self.updated.touch()

    def names(self, prefix):
        """The packages that begin with a prefix."""
        with self.lists():
            return self.run("apt-cache", "pkgnames", prefix).split()

    def choose(self, pattern):
        """Of the packages that match a pattern of the shell, the one with the highest numbers."""
        names = fnmatch.filter(self.names(pattern.partition("*")[0]), pattern)
        if not names:
            raise LabError(f"{self.mirror} has no package {pattern} in {self.release}.")
        return max(names, key=lambda name: [int(part) for part in re.findall(r"\d+", name)])

    def unpack(self, folder, packages, alone=False):
        """Put the files of packages and their dependencies into a folder, or nothing."""
        folder = folder.resolve()
        if folder in (here := pathlib.Path.cwd(), *here.parents) or \
                folder.exists() and any(folder.iterdir()) and \
                not (folder / OURS).is_file():
            raise LabError(f"{folder} is not a folder of unpacked packages, and would be "
                           "replaced as a whole: name another one.")
        packages = [self.choose(name) if "*" in name else name for name in packages]
        new, archives, old = (folder.with_name(f"{folder.name}.{end}")
                              for end in ("new", "debs", "old"))
        with self.lists():
            for path in (new, archives, old):
                if path.exists():
                    shutil.rmtree(path)
            (archives / "partial").mkdir(parents=True)
            try:
                self.download(packages, alone, archives)
                for name in MERGED:
                    (new / "usr" / name).mkdir(parents=True)
                    (new / name).symlink_to(f"usr/{name}")
                for package in sorted(archives.glob("*.deb")):
                    extract(package, new)
                (new / OURS).touch()
                # At each moment there is a whole folder, or none.
                if folder.exists():
                    folder.rename(old)
                new.rename(folder)
            finally:
                for path in (new, archives, old):
                    shutil.rmtree(path, ignore_errors=True)

    def download(self, packages, alone, archives):
        words = ("download",) if alone else ("install", "--yes", "--download-only",
                                             "--no-install-recommends")
        options = {"Dir::Cache::archives": archives}
        try:
            self.run("apt-get", *words, *packages, cwd=archives, **options)
        except Unreachable:
            # A list that is older than the mirror names files that have gone.
            self.update()
            self.run("apt-get", *words, *packages, cwd=archives, **options)


def newest(prefix, arch):
    """The highest version number that stands behind a prefix in the name of a package."""
    numbers, problem = set(), None
    for release in RELEASES:
        try:
            numbers |= {name[len(prefix):] for name in Apt(release, arch).names(prefix)}
        except (Missing, Unreachable) as error:
            problem = error
    numbers = [number for number in numbers if re.fullmatch(r"\d+(\.\d+)*", number)]
    if not numbers:
        raise problem or LabError(f"{host_mirror()} has no package {prefix}VERSION.")
    if problem:
        print(f"{problem}\nThere may be a newer {prefix}VERSION.", file=sys.stderr)
    return max(numbers, key=lambda number: [int(part) for part in number.split(".")])


def first_with(package, arch):
    """The oldest release that has a package."""
    problem = None
    for release in RELEASES:
        try:
            if package in Apt(release, arch).names(package):
                return release
        except Missing as error:
            problem = error
    raise problem or LabError(f"The mirror {host_mirror()} has no package {package} in any of "
                              f"{', '.join(RELEASES)}.")


def move_headers(makefile, folder):
    """Make the makefile of unpacked kernel headers name the folder that they are in."""
    makefile.write_text(re.sub(r"(?<=[ =])/\S*?(?=/usr/src/)|(?<=[ =])(?=/usr/src/)",
                               str(folder), makefile.read_text()))


def extract(package, folder):
    """Like dpkg-deb --extract, but it follows the links of merged folders."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as reader:
        writer = subprocess.run(["tar", "-x", "--keep-directory-symlink", "--no-same-owner",
                                 "-C", folder], stdin=reader.stdout, capture_output=True,
                                text=True, check=False)
        said = reader.stderr.read().decode(errors="replace")
    if reader.returncode or writer.returncode:
        text = (writer.stderr or said).strip()
        raise LabError("\n".join(filter(None, (
            f"Cannot unpack {package.name}: {text.splitlines()[0] if text else 'no reason given'}",
            mend(writer.stderr + said)[0]))))


def named(what, pattern):
    """A type for argparse: a name that matches a pattern from its beginning to its end."""
    def check(text):
        if not re.fullmatch(pattern, text):
            raise argparse.ArgumentTypeError(f"\"{text}\" is not the name of {what}")
        return text
    return check


def main():
    parser = argparse.ArgumentParser(
        prog="bms.debian", formatter_class=argparse.RawDescriptionHelpFormatter,
        description=__doc__, epilog=f"Releases: {', '.join(RELEASES)}.\n"
        "Exit status: 0, 1 for an error, 75 when the mirror cannot be reached.")
    commands = parser.add_subparsers(dest="command", required=True)
    number = commands.add_parser("newest", help="print the highest VERSION of PREFIXVERSION")
    number.add_argument("prefix", help="for example linux-source-")
    commands.add_parser("mirror", help="print the mirror")
    unpack = commands.add_parser("unpack", help="fetch packages and unpack them into a folder")
    unpack.add_argument("--release", choices=RELEASES,
                        help="default: the oldest that has the first package")
    unpack.add_argument("--alone", action="store_true", help="without their dependencies")
    unpack.add_argument("folder", type=pathlib.Path, help="is replaced as a whole")
    unpack.add_argument("package", nargs="+", type=named("a package", PACKAGE),
                        help="a name, or a pattern, which stands for the newest match")
    unpack.add_argument("--arch", type=named("an architecture", "[a-z0-9-]+"),
                        help="default: that of this machine")
    args = parser.parse_args()

    if args.command == "unpack" and not args.release and "*" in args.package[0]:
        parser.error(f"{args.package[0]} is a pattern, which needs a --release")
    # When it is ended from outside, it still removes unfinished files.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        if args.command == "mirror":
            print(host_mirror())
        elif args.command == "newest":
            print(newest(args.prefix, native_arch()))
        else:
            arch = args.arch or native_arch()
            release = args.release or first_with(args.package[0], arch)
            Apt(release, arch).unpack(args.folder, args.package, args.alone)
    except Unreachable as error:
        print(error, file=sys.stderr)
        return os.EX_TEMPFAIL
    except LabError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print("\n".join(filter(None, (str(error), mend(str(error))[0]))), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return 0


if __name__ == "__main__":
    sys.exit(main())
