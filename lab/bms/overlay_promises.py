# SPDX-License-Identifier: GPL-2.0-only
"""What overlays promise beside protection: outputs that are off in reset."""

from bms.errors import LabError
from bms.run import tried

OUTPUTS = ("load-enable-gpios", "charge-enable-gpios", "pre-alarm-gpios", "heartbeat-gpios")
ACTIVE_LOW = 1

# Where lines are pulled in reset: by the SoC, to which the label "gpio" leads, or another chip
RESET_PULLS = {
    # BCM2835 ARM Peripherals, table 6-31; the lines of the header
    "brcm,bcm2835": {**dict.fromkeys(range(9), "up"), **dict.fromkeys(range(9, 28), "down")},
    # Its data sheet: all lines are inputs after power-on, without pull-ups
    "nxp,pca9535": dict.fromkeys(range(16)),
}


def get(*words):
    """The words that fdtget prints; none of a node or a property that is not there."""
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
