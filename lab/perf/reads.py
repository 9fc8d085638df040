# SPDX-License-Identifier: GPL-2.0-only
"""Reading every file of a bank, and the uevents of a line that will not rest.

perf.lines measures how reading all files disturbs an evaluation.
"""

import re

from bms import scenario as language
from bms.errors import LabError
from perf.figures import Aim, Figure

LIST = "find /sys/class/power_supply/bms/ /sys/class/hwmon/hwmon*/ " \
       "/sys/devices/platform/bms/settings/ -maxdepth 1 -type f -perm -400"
COUNT = 20
# A read copies the results of the last evaluation: nothing waits for hardware.
LIMIT_US = 1000

SEQNUM = "/sys/kernel/uevent_seqnum"
STORM_S = 10
# How long a line rests between edges; the filter is 20 ms.
RESTS_MS = (5, 30)
FILTER_S = 0.020


def uevents(args, folder, rest_ms):
    """How many uevents a loop contact that opens and closes all the time gives."""
    folder.mkdir(parents=True, exist_ok=True)
    times = STORM_S * 1000 // (2 * rest_ms)
    (folder / "storm.scn").write_text(
        "bank signals\n0 PWR=1 BR=1\n"
        f"repeat {times} every {2 * rest_ms / 1000} from 10: 0 LOOP=open; "
        f"{rest_ms / 1000} LOOP=ok\n{20 + STORM_S} end\nexpect n(LD)<=0\n")
    scenario = language.read(folder / "storm.scn")
    said, _ = args.virtual.trace(scenario, folder, [(time, f"cat {SEQNUM}")
                                                    for time in (5, 15 + STORM_S)])
    numbers = re.findall(r"^(\d+)$", said, re.MULTILINE)
    if len(numbers) != 2:
        raise LabError(f"no count of uevents; {folder / 'kernel.log'}")
    return int(numbers[1]) - int(numbers[0])


def times(args, folder):
    """How long each file takes, in us."""
    with args.equipped.power(folder) as board:
        board.start()
        status, text = board.run(f"/time-reads {COUNT} $({LIST})")
        if status:
            raise LabError(f"time-reads: {text.strip()}")
    return {path: int(ns) / 1000 for ns, path in map(str.split, text.splitlines())}


def measure(args, folder):
    took = times(args, folder / "reads")
    slowest = max(took, key=took.get)
    figures = [
        Figure("reads", f"each of {len(took)} files (slowest: {slowest})", "us",
               tuple(took.values()), (Aim("max", LIMIT_US),))]
    for rest_ms in RESTS_MS:
        count = uevents(args, folder / f"storm-{rest_ms}", rest_ms)
        limit = STORM_S / FILTER_S if rest_ms / 1000 > FILTER_S else 0
        figures.append(Figure("reads", f"uevents of a contact that turns every {rest_ms} ms for "
                              f"{STORM_S} s", "count", (count,), (Aim("value", limit),)))
    return figures, []
