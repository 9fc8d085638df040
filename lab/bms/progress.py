# SPDX-License-Identifier: GPL-2.0-only
"""The progress of long work: on a terminal one line, elsewhere a line now and then."""

import shutil
import sys
import time

TERMINAL_S, NOT_A_TERMINAL_S = 0.2, 20.0


class Progress:
    """A line that the next one replaces."""

    def __init__(self):
        self.tty = sys.stdout.isatty()
        self.interval_s = TERMINAL_S if self.tty else NOT_A_TERMINAL_S
        self.shown = time.monotonic()

    def show(self, text):
        """Print the progress, unless it was printed just before."""
        now = time.monotonic()
        if now - self.shown >= self.interval_s:
            self.shown = now
            self.begin(text)

    def begin(self, text):
        """Print the progress at once."""
        width = shutil.get_terminal_size().columns - 1
        print(f"\r{text[:width]}\x1b[K" if self.tty else text, end="" if self.tty else "\n",
              flush=True)

    def tell(self, text):
        """Print a line that stays."""
        print(f"\r{text}\x1b[K" if self.tty else text, flush=True)
