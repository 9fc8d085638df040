# SPDX-License-Identifier: GPL-2.0-only
"""The boards: a folder for each, whose board.py has a class, BOARD, that implements Board.

The makefiles name a board and its files in one word, NAME:FILE:FILE. Programs get a board from
made() and use what is here; what only one board can do is in its own folder.
"""

import argparse
import importlib
import os
import pathlib
import time

from bms.errors import LabError

FOLDER = pathlib.Path(__file__).parent
LOOK_S = 0.02

# Channels of a board that answers, and a bank in good health at them
HEALTHY = {"cell1": 3.300, "cell2": 3.305, "cell3": 3.310, "cell4": 3.315,
           "temp1": 25.0, "temp2": 26.0, "supply": 13.20, "load-current": 0.3}

# Parameters of a kernel that runs the KUnit tests of its modules. Older kernels do not know the
# second, and run a module's tests in any case.
KUNIT = ("kunit.enable=1", "kunit.autorun=1", "kunit.filter_glob=smallbms_*")


class Board:
    """A kind of board."""

    FILES = ()              # names of the files that it is made of; each is an attribute
    REAL_TIME = False       # a scenario takes as long as it lasts
    AT_ONCE = os.cpu_count()    # so many scenarios are played side by side
    FAULTS = {}             # trials of its own: name, and function of (board, folder, rounds)

    def __init__(self, *files):
        if len(files) != len(self.FILES):
            raise argparse.ArgumentTypeError(
                f"{self.name} is made of {', '.join(self.FILES)}, not of {len(files)} files")
        for name, file in zip(self.FILES, files):
            setattr(self, name, pathlib.Path(file))

    @property
    def name(self):
        return type(self).__module__.split(".")[-2]

    def __str__(self):
        """The word that made() takes."""
        return ":".join([self.name, *(str(getattr(self, name)) for name in self.FILES)])

    def kunit(self, folder):
        """The command that runs the KUnit tests and prints the kernel's log."""
        raise self.cannot("runs no KUnit tests")

    def unplayable(self, scenario):
        """Why the board cannot play a scenario, or None."""
        return f"{self.name} plays no scenarios"

    def play(self, scenario, folder):
        """Play a scenario: (log of the pins, complaints of the kernel)."""
        raise self.cannot("plays no scenarios")

    def interrupt(self):
        """End all that is being played. A signal handler calls it: no lock, no exception."""

    def pull(self, chip, line, level):
        """The player's command that pulls a line of a simulated chip up or down."""
        raise self.cannot("runs no overlays")

    def perform(self, folder, events):
        """The kernel's log of a board that has the devicetree of a folder, and plays events.

        These are (time, what), in the words of lab/boards/uml/player.c. Files that are copied are
        in the folder afterwards.
        """
        raise self.cannot("has no player")

    def power(self, folder, **options):
        """A Power of this board, with its logs in a folder."""
        raise self.cannot("does not answer while it runs")

    def cannot(self, what):
        return LabError(f"the board {self.name} {what}")


class Power:
    """A board from power on to power off, in real time. Times are seconds since power on."""

    pins = {}       # output: its level

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        raise NotImplementedError

    def stop(self):
        raise NotImplementedError

    def alive(self):
        raise NotImplementedError

    def now(self):
        raise NotImplementedError

    def waited(self):
        """How long the board has waited for a processor of a busy host, in seconds."""
        raise NotImplementedError

    def set_channel(self, name, value):
        raise NotImplementedError

    def seen(self, name, value):
        """The quantity that the driver measures when a channel has a value."""
        raise NotImplementedError

    def set_input(self, name, level):
        """Drive an input: 1, 0, or None to let go of it."""
        raise NotImplementedError

    def pin_events(self):
        """New edges of the outputs: (time, pin, level)."""
        raise NotImplementedError

    def send(self, command):
        """Let the guest execute a line of shell, without waiting for its end."""
        raise NotImplementedError

    def run(self, command):
        """Execute a line of shell in the guest: (exit status, output)."""
        raise NotImplementedError

    def kernel_log(self):
        raise NotImplementedError

    def wait(self, seconds, until=lambda: False):
        """Let time pass, at most until something is so or the board has ended: new edges."""
        edges, end = [], self.now() + seconds
        while self.now() < end and not until() and self.alive():
            time.sleep(LOOK_S)
            edges.extend(self.pin_events())
        return edges


def names():
    return sorted(path.parent.name for path in FOLDER.glob("*/board.py"))


def kind(name):
    """The class of a board."""
    if name not in names():
        raise argparse.ArgumentTypeError(
            f"{name}: no such board; say one of {', '.join(names())}")
    return importlib.import_module(f"boards.{name}.board").BOARD


def made(word):
    """The board that a word names: NAME:FILE:FILE."""
    name, *files = word.split(":")
    return kind(name)(*files)
