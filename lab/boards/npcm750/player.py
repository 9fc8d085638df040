# SPDX-License-Identifier: GPL-2.0-only
"""Scenarios at the pins of the emulated board, in real time.

Each scenario has a thread and a board of its own. The thread sets the channels and lines of the
board to the values that they have in the scenario. Edges of the outputs come with QEMU's time
stamps, so it does not matter when the thread looks. Time 0 is the moment at which the thread
begins. A board that gets its power then first has to boot, as a real one does.
"""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from bms import kernel_log, sysfs
from bms.errors import LabError
from bms.pins import HELD, PinLog
from bms.scenario import HEALTHY_T, NOISES, SIGNALS, World
from boards.npcm750 import power as wiring
from boards.npcm750.power import MEMORY_BYTES

# A boot takes a processor for itself; the boards that run want one too.
BOOTS = threading.Semaphore(max(1, os.cpu_count() // 2))
BOOT_S = 4.0        # on a busy host, a boot that takes longer is tried again,
SLOW_BOOTS = 2      # at most so often

REBIND_S = 1        # until it is bound again
MEMORY = "/sys/bus/nvmem/devices/0-00500/nvmem"

TICK_S = 0.05       # ramps go in steps, and the load current follows its output

# A scenario may fail because the host is busier than this with other things.
LATE_S = 0.05
WAITED_S = 1.0

halted = False      # looked at in each tick

CELLS = [name for name in wiring.CHANNELS if name.startswith("cell")]
TEMPS = [name for name in wiring.CHANNELS if name.startswith("temp")]

# The circuit in front of a quantity, the largest loss of accuracy there, and a limit whose two
# sides must stay apart.
QUANTITIES = {
    "V": (wiring.CELL, 0.001, None),
    "T": (wiring.TEMP, 0.05, None),
    "SUP": (wiring.SUPPLY, wiring.SUPPLY.step, 70.0),
    "ILD": (wiring.LOAD_CURRENT, wiring.LOAD_CURRENT.step, 1.0),
}


def halt(*_):
    """End all scenarios. As a signal handler it must not take a lock, nor raise."""
    global halted
    halted = True


# Keys of a scenario that the board cannot play, and why
CANNOT = {
    "OUT": "the chip of the outputs never fails",
    **dict.fromkeys(HELD, "nothing else holds an output"),
    "SETTLE": "an output falls at once", "IRQ": "no edge gets lost",
    "CONV": "there is one converter",
}


def unplayable(scenario):
    """Why the board cannot play a scenario, or None."""
    lacking = scenario.flags - {"memory"}
    if lacking:
        return f"the board has no {min(lacking)}"
    if scenario.converters > 1 or scenario.convert_ms:
        return "there is one converter, and it is fast"
    for item in (item for _, changes in scenario.events for item in changes):
        if item.key in CANNOT:
            return CANNOT[item.key]
        if item.key in ("SENS", "TS") and item.value == "hang":
            return "no read of the converter hangs"
        if item.key == "MEM" and item.value in ("err", "hang"):
            return "QEMU's EEPROM never fails"
        if item.key == "HOST" and item.value[0] not in ("reboot", "rebind"):
            return "the host neither sleeps nor crashes"
    if scenario.files:
        return "no file is sampled"
    if scenario.kind == "both":
        return "no board has both measurements and battery signals"
    if scenario.cells > len(CELLS):
        return f"{scenario.cells} cells, the board has channels for {len(CELLS)}"
    if scenario.batteries > len(TEMPS):
        return f"{scenario.batteries} batteries, the board has channels for {len(TEMPS)}"
    if scenario.uses(*NOISES):
        return "the converter of the board has no noise"
    for item in (item for _, changes in scenario.events for item in changes):
        if item.key not in QUANTITIES or item.value is None:
            continue
        front_end, loss, limit = QUANTITIES[item.key]
        seen = front_end.seen(item.value)
        if abs(seen - item.value) >= loss or limit and (item.value > limit) != (seen > limit):
            return (f"{item.key}={item.value:g} would be {seen:g} behind a converter with steps "
                    f"of {front_end.step:g}")
    return None


class SlowBoot(Exception):
    """A busy host has not let the board boot in time."""


class Play:
    """A scenario that is being played."""

    def __init__(self, scenario, kind, folder, patient):
        self.scenario = scenario
        self.kind = kind
        self.folder = folder
        self.patient = patient      # goes on after a slow boot
        self.world = World(scenario)
        self.log = PinLog()
        self.complaints = []
        self.begin = 0.0
        self.board = None
        self.power_cycles = 0
        self.restarts = False       # and is not down yet
        self.memory = None
        if "memory" in scenario.flags:
            self.memory = folder / "memory"
            self.memory.unlink(missing_ok=True)
        self.boot_slot = True       # holds one of BOOTS
        self.late = 0.0
        self.waited = 0.0

    def now(self):
        return time.time() - self.begin

    def run(self):
        scenario = self.scenario
        BOOTS.acquire()
        self.begin = time.time()
        try:
            for due, changes in scenario.events:
                self.wait(due)
                for item in changes:
                    self.change(due, item)
                self.feed(due)
                if all(item.key != "PWR" for item in changes):
                    self.late = max(self.late, self.now() - due)
            self.wait(scenario.end)
            self.finish()
        finally:
            self.booted()
            if self.board:
                self.board.stop()
        if self.late > LATE_S or self.waited > WAITED_S:
            self.log.doubt = (f"the host was too busy: it did things {self.late * 1000:.0f} ms "
                              f"late, the guest waited {self.waited:.1f} s for a processor")

    def booted(self):
        """Let another board boot."""
        if self.boot_slot:
            BOOTS.release()
            self.boot_slot = False

    def wait(self, due):
        while not halted and (now := self.now()) < due:
            tick = min(due, now + TICK_S)
            time.sleep(tick - now)
            self.late = max(self.late, self.now() - tick)
            self.feed(self.now())
            self.look()
        if halted:
            raise LabError("interrupted")

    def change(self, due, item):
        self.world.change(due, item)
        if item.key == "PWR" and item.value and not self.board:
            self.power_on()
        elif item.key == "PWR" and not item.value and self.board:
            self.power_off(due)
        elif item.key.startswith("cfg.") and self.board:
            self.set(item.key, item.value)
        elif item.key == "OP" and self.board:
            self.write(*sysfs.OPERATIONS[item.value])
        elif item.key == "MEM" and item.value == "blank":
            self.erase()
        elif item.key == "HOST" and self.board and item.value[0] == "reboot":
            self.restarts = True
            self.agent.submit(self.board.send, "reboot -f")
        elif item.key == "HOST" and self.board:
            self.command(f"cd {sysfs.DRIVER}; echo bms >unbind; sleep {REBIND_S}; echo bms >bind")
            self.write_settings()

    def erase(self):
        if self.board:
            self.command(f"tr '\\0' '\\377' </dev/zero | dd bs={MEMORY_BYTES} count=1 "
                         f"iflag=fullblock conv=notrunc of={MEMORY}")
        else:
            self.memory.unlink(missing_ok=True)

    # Power

    def power_on(self):
        self.power_cycles += 1
        self.board = self.kind.power(self.folder / f"power-{self.power_cycles}",
                                     devicetree="signals" if self.scenario.signals else "measured",
                                     memory=self.memory)
        self.board.start()
        # The guest takes its time to answer; the world does not wait for it.
        self.agent = ThreadPoolExecutor(1)
        self.answers = [self.agent.submit(self.greet, self.board)]
        self.write_settings()

    def write_settings(self):
        for key, value in self.world.settings:
            self.set(key, value)

    def greet(self, board):
        status, _ = board.run(f"test -d {sysfs.DEVICE}/settings")
        if status:
            raise LabError("the driver has refused its device; see "
                           f"{board.folder / 'kernel.log'}")

    def set(self, key, value):
        """Write a setting. One that is refused changes nothing, as on the virtual board."""
        self.write(*sysfs.setting(key, value))

    def write(self, file, text):
        self.command(f"echo {text} >{file}")

    def command(self, text):
        self.answers.append(self.agent.submit(self.board.run, text))

    def power_off(self, due):
        self.waited += self.board.waited()
        self.board.stop()
        self.take(due)
        self.agent.shutdown()
        self.complaints += kernel_log.trouble(self.board.kernel_log())
        self.board = None
        self.log.floats(due)

    def finish(self):
        """At the end, a guest that has had the time to boot must answer."""
        if not self.board:
            return
        if self.board.now() > BOOT_S:
            self.answers.append(self.agent.submit(self.board.run, "true"))
            for answer in self.answers:
                answer.result()
        self.take()
        self.waited += self.board.waited()
        self.complaints += kernel_log.trouble(self.board.kernel_log())

    # Pins

    def feed(self, now):
        """Set all inputs of the board to the values of the world."""
        board, world = self.board, self.world
        if not board:
            return
        word = world.word
        levels = {"H": world.remote_h, "L": world.remote_l, "LOOP": word["LOOP"]}
        if self.scenario.signals:
            levels |= {name: word[name] for name in SIGNALS}
        for name, level in levels.items():
            board.set_input(name, level)

        for number, name in enumerate(CELLS, 1):
            board.set_channel(name, world.voltage(number).at(now) if word["SENS"] == "ok"
                              else wiring.CELL.zero)
        for number, name in enumerate(TEMPS, 1):
            if number > self.scenario.batteries:
                board.set_channel(name, HEALTHY_T)
            else:
                board.set_channel(name, world.temperature(number).at(now) if word["TS"] == "ok"
                                  else wiring.TEMP.zero)
        board.set_channel("supply", world.supply_at(now))
        board.set_channel("load-current", world.load_current.at(now)
                          if board.pins["LD"] == "1" else 0.0)

    def take(self, until=float("inf")):
        """Take the edges of the pins."""
        for time_s, pin, level in self.board.pin_events():
            edge = self.board.begin + time_s - self.begin
            if edge < until:
                self.log.add(edge, pin, level)

    def look(self):
        """Take edges of the pins and answers of the guest; is the board still there?"""
        board = self.board
        if not board:
            return
        self.take()
        if not board.alive() and self.restarts:
            # Pins are inputs while it boots, which takes longer than the 2 s of scenarios.
            self.restarts = False
            self.power_off(self.now())
            self.power_on()
            return
        if not board.alive():
            raise board.gone()
        for answer in self.answers:
            if answer.done():
                answer.result()
                self.booted()
        if (self.boot_slot and not self.patient and board.now() > BOOT_S
                and board.waited() > WAITED_S):
            raise SlowBoot


def play(scenario, kind, folder):
    """Play a scenario: (log of the pins, complaints of the kernel)."""
    # On a busy host the boot is what takes too long, and another try costs little.
    for patient in [False] * SLOW_BOOTS + [True]:
        playing = Play(scenario, kind, folder, patient)
        try:
            playing.run()
            break
        except SlowBoot:
            continue
    return playing.log, playing.complaints
