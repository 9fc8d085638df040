# SPDX-License-Identifier: GPL-2.0-only
"""Promises of overlays beside protection: outputs that are off in reset, and parameters.

Parameters are those of the firmware of a Raspberry Pi, in one of their forms: "off" drops
whole fragments. PARAMETERS has the parts that each must leave out.
"""

import re
import shutil
from dataclasses import dataclass, replace

from bms.errors import LabError
from bms.run import run, tried

OUTPUTS = ("load-enable-gpios", "charge-enable-gpios", "pre-alarm-gpios", "heartbeat-gpios")
ACTIVE_LOW = 1

# Where lines are pulled in reset: by the SoC, to which the label "gpio" leads, or another chip
RESET_PULLS = {
    # BCM2835 ARM Peripherals, table 6-31; the lines of the header
    "brcm,bcm2835": {**dict.fromkeys(range(9), "up"), **dict.fromkeys(range(9, 28), "down")},
    # Its data sheet: all lines are inputs after power-on, without pull-ups
    "nxp,pca9535": dict.fromkeys(range(16)),
}
FORM = re.compile(rb"\0{4}((?:=\d+)+)\0")


@dataclass
class Parameter:
    """What "off" leaves out of a bank."""

    parts: set              # properties and channels
    pins: tuple = ()        # (converter, channel) that have no wire then


PARAMETERS = {
    "loop": Parameter({"loop-gpios"}),
    "remote": Parameter({"remote-h-gpios", "remote-l-gpios"}),
    "heartbeat": Parameter({"heartbeat-gpios"}),
    "temps": Parameter({"temp1", "temp2"}, ((2, 4), (2, 5))),
    "temp2": Parameter({"temp2"}, ((2, 5),)),
}


def get(*words):
    """The words that fdtget prints; no word if the node or property is not there."""
    return tried("fdtget", *words).stdout.split()


def line(tree, name):
    """(path of the chip, number, flags) of a line of the bank, or None."""
    cells = get("-t", "u", tree, "/bms", name)
    if not cells:
        return None
    for label in get("-p", tree, "/__symbols__"):
        path, = get(tree, "/__symbols__", label)
        if get("-t", "u", tree, path, "phandle") == cells[:1]:
            return path, int(cells[1]), int(cells[2])
    raise LabError(f"{name}: its chip has no label")


def pulled_on(overlay, tree):
    """Outputs that are pulled in reset to the level that drives them."""
    wrong = []
    for name in OUTPUTS:
        found = line(tree, name)
        if not found:
            continue
        chip, number, flags = found
        soc = [chip] == get(tree, "/__symbols__", "gpio")
        kind, = get(overlay, "/", "compatible") if soc else get(tree, chip, "compatible")
        if number not in RESET_PULLS.get(kind, {}):
            wrong.append(f"{name}: RESET_PULLS has no line {number} of {kind}")
        elif RESET_PULLS[kind][number] == ("down" if flags & ACTIVE_LOW else "up"):
            wrong.append(f"{name}: line {number} of {kind} is pulled "
                         f"{RESET_PULLS[kind][number]} in reset, which drives it")
    return wrong


def parameters(overlay):
    """The fragments that each parameter switches."""
    found = {}
    for name in get("-p", overlay, "/__overrides__"):
        value = bytes(int(byte, 16) for byte in get("-t", "bx", overlay, "/__overrides__", name))
        form = FORM.fullmatch(value)
        if not form or name not in PARAMETERS:
            raise LabError(f"parameter {name}: not a known one of the form <0>, \"=10=11\"")
        found[name] = form[1].decode()[1:].split("=")
    return found


def other_parameters(overlay, promised):
    """Parameters that only the overlay has, or only its page."""
    return [f"parameter {name}: only in one of the overlay and boards.rst"
            for name in sorted(promised ^ parameters(overlay).keys())]


def drop(overlay, numbers, target):
    """Write an overlay without some fragments, as the firmware would merge it."""
    shutil.copy(overlay, target)
    for number in numbers:
        fragment = f"fragment@{number}"
        run("fdtput", "-r", target, f"/{fragment}")
        if fragment in get("-l", target, "/__local_fixups__"):
            run("fdtput", "-r", target, f"/__local_fixups__/{fragment}")
        for label in get("-p", target, "/__fixups__"):
            left = [place for place in get(target, "/__fixups__", label)
                    if not place.startswith(f"/{fragment}/")]
            if left:
                run("fdtput", "-t", "s", target, "/__fixups__", label, *left)
            else:
                run("fdtput", "-d", target, "/__fixups__", label)


def parts(tree):
    return set(get("-p", tree, "/bms")) | set(get(tree, "/bms", "io-channel-names"))


def wrong_parts(parameter, whole, tree):
    """Parts of a bank that a parameter leaves out, or does not, against PARAMETERS."""
    before, after = parts(whole), parts(tree)
    return ([f"{part} is still there" for part in sorted(PARAMETERS[parameter].parts & after)] +
            [f"{part} is left out"
             for part in sorted(before - after - PARAMETERS[parameter].parts)] +
            [f"{part} is new" for part in sorted(after - before)])


def unwired(board, parameter, whole):
    """The wiring of a board without that which a parameter leaves out."""
    without = PARAMETERS[parameter]
    gone = {line(whole, part)[1] for part in without.parts if part.endswith("-gpios")}
    return replace(
        board, lines={number: level for number, level in board.lines.items()
                      if number not in gone},
        loop=None if board.loop in gone else board.loop,
        channels={pin: 0 if pin in without.pins else value
                  for pin, value in board.channels.items()},
        shows={name: value for name, value in board.shows.items()
               if name != "temp" or "temp1" not in without.parts})
