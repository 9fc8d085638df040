# SPDX-License-Identifier: GPL-2.0-only
"""Reading every file of a bank, and the uevents of a line that will not rest.

How the reading of all files disturbs an evaluation is told by the lines, whose guest is
asked so too.
"""

import re

from bms import scenario as language
from perf.figures import Aim, Figure
from perf.latency import virtual_files
from bms.errors import LabError
from boards.npcm750 import board as wiring
from boards.uml import board as uml

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
    uml.devicetree(scenario, folder / "board.dtb")
    world = language.World(scenario)
    script = uml.Script(scenario, 0)
    for time, changes in scenario.events:
        if time == 0:
            for item in changes:
                world.change(0, item)
            script.power_on(world)
            script.add(5, f"cat {SEQNUM}")
        else:
            script.change(time, world, changes)
    script.add(15 + STORM_S, f"cat {SEQNUM}")
    script.power_off(20 + STORM_S)
    said = uml.run(virtual_files(args), folder, script.lines)
    numbers = re.findall(r"^(\d+)$", said, re.MULTILINE)
    if len(numbers) != 2:
        raise LabError(f"no count of uevents; {folder / 'kernel.log'}")
    return int(numbers[1]) - int(numbers[0])


def times(args, folder):
    """How long each file takes, in us."""
    with wiring.Board(args.build / "board-userspace/arch/arm/boot/zImage",
                      args.build / "perf-initramfs.cpio.gz", args.build / "measured.dtb",
                      folder) as board:
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
