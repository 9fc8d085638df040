# SPDX-License-Identifier: GPL-2.0-only
"""The virtual board: a User Mode Linux kernel in virtual time.

The events of the bank are written beforehand, as the script of the board's first
process (lab/boards/uml/player.c): channels go through the test converter, lines
through gpio-sim. The edges of the outputs are read afterwards from gpiolib's trace of
its orders to the chip.

Where a chip has to fail, a line to be held, or the host to restart, a chip of our own has the
lines (lab/boards/uml/expander). It writes the levels of its lines to the kernel log. So does
the memory with what is written to it (lab/boards/uml/memory); the next start gets what it kept.
"""

import math
import random
import subprocess

import boards
from bms import kernel_log
from bms.errors import LabError
from bms.pins import HEARTBEAT, HELD, PinLog, Steps, floating
from bms.product import pump
from bms.scenario import World
from boards.uml import faults
from boards.uml.reading import (BEGIN, LEFT, SHUTDOWN, WRITTEN, edges, gpio_chips, kept,
                                line_edges, writes)
from boards.uml.script import BEGIN_NS, BLANK, NS, RESTART_S, Script, at_ns, devicetree

TIMEOUT_S = 1200
GCOV = "/sys/kernel/debug/gcov"
KMEMLEAK = "/sys/kernel/debug/kmemleak"
TOLD_TO = "Kernel panic - not syncing: told to"

# Any allocation may be told to fail, and says nothing when it does.
FAILSLAB = "/sys/kernel/debug/failslab"
KUNIT_SCRIPT = (f"0 write {FAILSLAB}/ignore-gfp-wait N", f"0 write {FAILSLAB}/verbose 0",
                "0 insmod /lib/smallbms.ko", "0 insmod /lib/smallbms_kunit.ko",
                "0 insmod /lib/smallbms-frontend.ko", "0 insmod /lib/smallbms-frontend-kunit.ko")

# Features that the driver does not have yet: (does a scenario need it, why it is skipped)
MISSING = (
    (lambda scenario: "chargewarn" in scenario.flags, "no charge warning yet"),
)


def moments(scenario):
    """(time, what) of each time at which the power or the host comes or goes."""
    for time, changes in scenario.events:
        for item in changes:
            if item.key == "PWR":
                yield time, "on" if item.value else "off"
            elif item.key == "HOST" and item.value[0] in ("reboot", "crash"):
                yield time, item.value[0]
    yield scenario.end, "end"


class PowerOn:
    """The board from one start to its end."""

    def __init__(self, board, scenario, begin, end, how, spent, memory=BLANK, commands=()):
        self.board = board
        self.scenario = scenario
        self.begin, self.end, self.how = begin, end, how
        self.memory = memory        # at the start, then at the end
        world = World(scenario)
        script = board.SCRIPT(scenario, begin)
        later = []
        for time, changes in scenario.events:
            if time <= begin:
                for item in changes:
                    world.change(time, item)
                    if time > spent and item.key == "MEM" and item.value == "blank":
                        self.memory = BLANK
                # A chip that had its errors in an earlier power-on does not have them again.
                if time <= spent and world.word["OUT"][1]:
                    world.word["OUT"] = ("ok", 0)
            elif time < end or time == end and how in ("reboot", "crash"):
                later.append((time, changes))
        script.power_on(world)
        for time, changes in scenario.events:
            for item in changes:
                if time == begin:
                    script.deed(time, world, item)
        for time, changes in later:
            script.change(time, world, changes)
        script.samples(end)
        for time, text in commands:
            script.add(time, text)
        script.power_off(end, how == "crash")
        self.script = script

    def run(self, place):
        place.mkdir(parents=True, exist_ok=True)
        self.board.devicetree(self.scenario, place / "board.dtb", self.memory)
        said = self.said = self.board.run(place, self.script.lines)
        start = BEGIN.search(said)
        last_word = TOLD_TO if self.how == "crash" else "player: end"
        if not start or last_word not in said:
            tail = " | ".join(said.strip().splitlines()[-3:])
            raise LabError(f"the virtual board did not come to an end: {tail}; all of it: "
                           f"{place / 'kernel.log'}")
        self.begin_ns = int(start[1]) + BEGIN_NS
        # A reboot goes on writing until its end. A power loss ends all writes at once.
        left = LEFT.search(said) if self.how == "reboot" else None
        left_ns = int(left[1]) if left else self.begin_ns + round((self.end - self.begin) * NS)
        self.memory, self.torn = kept(self.memory, said, left_ns,
                                      random.Random(f"{self.scenario.name} {self.end}"))
        self.written, self.told = self.board.edges(self, place)
        samples = place / "samples"
        self.sampled = samples.read_text().splitlines() if samples.exists() else []

    def complaints(self):
        return kernel_log.trouble(self.said.split(TOLD_TO)[0])

    def time(self, time_ns):
        return self.begin + (time_ns - self.begin_ns) / NS

    def ended(self):
        """When it ended, by its log if the end was orderly."""
        match = SHUTDOWN.search(self.said)
        return self.time(int(match[1])) if match and self.how == "reboot" else self.end

    def take(self, log, until):
        """Take the edges of the pins and the files; after a crash the pump goes on until then."""
        ended = min(until, self.ended())
        found = [item for item in self.written if item[1] != HEARTBEAT
                 and (self.begin + item[0] < ended or self.end == self.scenario.end)]
        found += [item for item in self.told if self.begin + item[0] < ended]
        if "heartbeat" in self.scenario.flags:
            beats = Steps("0")
            for time, pin, level in self.written:
                if pin == HEARTBEAT:
                    beats.set(time, level)
            found += [(time, "EN", level) for time, level in pump(time for time, _ in beats.edges())
                      if self.begin + time < (until if self.how == "crash" else ended)]
        for time, pin, level in sorted(found, key=lambda item: item[0]):
            log.add(max(self.begin, self.begin + time), pin, level)
        for line in self.sampled:
            time_ns, file, value = line.split()
            if self.time(int(time_ns)) < ended:
                log.samples.append((self.time(int(time_ns)), file, value))
        return ended


def rest(scenario, log, begin, end):
    """While there is no host, an output has the level of another source."""
    levels = {pin: floating(pin) for pin in log.pin}
    for time, changes in scenario.events:
        if time > begin:
            break
        levels |= holds(changes)
    for pin, level in levels.items():
        log.add(begin, pin, level)
    for time, changes in scenario.events:
        if begin < time < end:
            for pin, level in holds(changes).items():
                log.add(time, pin, level)


def holds(changes):
    return {HELD[item.key]: "1" if item.value == "high" else "Z"
            for item in changes if item.key in HELD}


class Uml(boards.Board):
    """Made of a kernel, a folder of its modules, and one of the files of its first process.

    A variant is wired in another way: it has another devicetree, and perhaps a Script.
    """

    FILES = ("kernel", "modules", "root")
    FAULTS = faults.TRIALS
    SCRIPT = Script

    counted = ()        # object files of the modules whose lines are counted
    leaks = False       # look for memory without a reference

    def unplayable(self, scenario):
        return next((reason for needs, reason in MISSING if needs(scenario)), None)

    def devicetree(self, scenario, path, memory=BLANK):
        devicetree(scenario, path, memory)

    def edges(self, on, place):
        """Edges of a power-on, (time, pin, level): orders of gpiolib, and levels of pins.

        The host's end shows at the pins, but not in the orders.
        """
        chips = list(gpio_chips(on.said))
        base = next((first for first, parent in chips if parent == "gpios"), chips[0][0])
        traced = edges((place / "trace").read_text(), on.begin_ns, base)
        if not on.script.own_chips:
            return list(traced), []
        return ([item for item in traced if item[1] in WRITTEN],
                list(line_edges(on.said, on.begin_ns)))

    def command(self, folder, lines, *parameters):
        """How to run one power-on of the board, in a folder of its own."""
        counts = [f"0 copy {GCOV}{path.resolve().with_suffix('.gcda')} /run/{path.stem}.gcda"
                  for path in self.counted]
        if self.leaks:
            # Young leaks are not yet reported, and the first look may be wrong.
            begin_ns = at_ns(lines[-1])
            lines = [f"0 write {KMEMLEAK} scan=off", *lines]
            counts += [f"{begin_ns + 10 * NS} write {KMEMLEAK} scan",
                       f"{begin_ns + 20 * NS} write {KMEMLEAK} scan",
                       f"{begin_ns + 20 * NS} cat {KMEMLEAK}"]
            parameters += ("kmemleak=on",)
        (folder / "script").write_text("".join(line + "\n" for line in [*lines, *counts]))
        words = [self.kernel.resolve(), "mem=256M", "con=null", "con0=null,fd:1",
                 "root=/dev/root", "rootfstype=hostfs", f"rootflags={self.root.resolve()}", "ro",
                 "init=/init", f"FOLDER={folder.resolve()}", f"MODULES={self.modules.resolve()}",
                 f"uml_dir={folder.resolve()}/", "time-travel=inf-cpu", "panic=-1", *parameters]
        return [str(word) for word in words]

    def run(self, folder, lines):
        """One power-on of the board in a folder that has its devicetree; the kernel log."""
        try:
            done = subprocess.run(self.command(folder, lines, f"dtb={folder / 'board.dtb'}"),
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, check=False, timeout=TIMEOUT_S)
            output = done.stdout
        except subprocess.TimeoutExpired as error:
            output = (error.stdout or b"") + f"\nno end within {TIMEOUT_S} s\n".encode()
        except OSError as error:
            raise LabError(f"cannot run {self.kernel}: {error.strerror}") from error
        log = output.decode(errors="replace").replace("\r\n", "\n")
        (folder / "kernel.log").write_text(log)
        return log

    def kunit(self, folder):
        folder.mkdir(exist_ok=True)
        return self.command(folder, KUNIT_SCRIPT, *boards.KUNIT)

    @staticmethod
    def pull(chip, line, level):
        """How the player pulls a line of a chip of boards.dts."""
        return (f"write /sys/devices/platform/simulator/gpiochip{chip}/sim_gpio{line}/pull "
                f"pull-{'up' if level else 'down'}")

    def perform(self, folder, events):
        return self.run(folder, [f"{round(BEGIN_NS + time * NS)} {text}"
                                 for time, text in sorted(events, key=lambda event: event[0])])

    def trace(self, scenario, folder, commands, driver=True):
        """A scenario with one power-on and more commands for the player, (time, what).

        Returns the kernel's log and the trace that the commands have set up.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.devicetree(scenario, folder / "board.dtb")
        lines = PowerOn(self, scenario, 0, scenario.end, "end", -1, commands=commands).script.lines
        said = self.run(folder, [line for line in lines if driver or "smallbms.ko" not in line])
        if "player: end" not in said:
            raise LabError(f"the virtual board did not come to an end: {folder / 'kernel.log'}")
        return said, (folder / "trace").read_text()

    def play(self, scenario, folder):
        log = PinLog(scenario.pins)
        complaints = []
        begin, rests_since = None, 0.0      # None after a crash: the lines stay as they were
        spent, number = -1.0, 0
        memory = BLANK
        changes = list(moments(scenario))
        for index, (time, how) in enumerate(changes):
            if how == "on":
                if begin is None:
                    begin = time
                    rests_since = time if rests_since is None else rests_since
                continue
            if begin is None or time < begin:
                if how == "off":
                    begin = None
                    rests_since = time if rests_since is None else rests_since
                continue
            rest(scenario, log, rests_since, begin)
            number += 1
            on = PowerOn(self, scenario, begin, time, how, spent, memory)
            on.run(folder / f"power-{number}")
            memory = on.memory
            log.torn += on.torn
            log.writes += writes(on.said)
            complaints += on.complaints()
            until = next((later for later, what in changes[index + 1:] if what in ("on", "off")),
                         scenario.end) if how in ("reboot", "crash") else time
            ended = on.take(log, until)
            # Changes at the moment of a power loss belong to the next power-on.
            spent = math.nextafter(time, 0) if how == "off" else time
            begin = ended + RESTART_S if how == "reboot" else None
            rests_since = ended if how in ("off", "reboot") else None
        if rests_since is not None:
            rest(scenario, log, rests_since, scenario.end)
        return log, complaints


BOARD = Uml
