# SPDX-License-Identifier: GPL-2.0-only
"""Run a program, and say why it has failed."""

import subprocess

from bms.errors import LabError


def tried(*command, log=None, **options):
    """A program that has ended, with its output as text; a log gets its errors too."""
    words = [str(word) for word in command]
    settings = {"stdout": subprocess.PIPE, "text": True, "errors": "replace", "check": False,
                "stderr": subprocess.STDOUT if log else subprocess.PIPE}
    if "input" not in options:
        settings["stdin"] = subprocess.DEVNULL
    try:
        done = subprocess.run(words, **{**settings, **options})
    except OSError as error:
        raise LabError(f"cannot run {words[0]}: {error.strerror}") from error
    if log:
        with log.open("a") as file:
            file.write(f"$ {' '.join(words)}\n{done.stdout}")
    return done


def run(*command, log=None, **options):
    """The output of a program that must not fail."""
    done = tried(*command, log=log, **options)
    if done.returncode:
        said = (done.stderr or done.stdout or "").strip() or f"exit status {done.returncode}"
        raise LabError(f"{command[0]} fails: " +
                       (f"{said.splitlines()[-1]}; all of it: {log}" if log else said))
    return done.stdout
