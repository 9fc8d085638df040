# SPDX-License-Identifier: GPL-2.0-only
"""The story of the demo: a bank on the emulated board, in a closed loop.

A floating load output stops the load current, a floating charge output stops the
charger. The story goes on when the pins reach the expected levels, or when it has waited too
long. Afterwards demo_verdict.py judges the record.
"""

import time
from dataclasses import dataclass, field

from bms.battery import Bank
from bms.pins import HEARTBEAT, PinLog, Steps
from bms.sysfs import SUPPLY_CLASS

STEP_S = 0.05
SYSFS_S = 1.0


@dataclass
class Record:
    """Inputs and outputs of the board over time."""

    pins: PinLog = field(default_factory=PinLog)
    heartbeat: list = field(default_factory=list)       # times of its edges
    cells: Steps = field(default_factory=lambda: Steps(None))
    temps: Steps = field(default_factory=lambda: Steps(None))
    remote: Steps = field(default_factory=lambda: Steps(True))
    trend: list = field(default_factory=list)           # (time, cell voltages, temperatures)
    phases: list = field(default_factory=list)          # (time, name)
    causes: Steps = field(default_factory=lambda: Steps(()))
    listings: list = field(default_factory=list)        # (time, phase, text of /sys)
    stuck: str = ""                                     # the phase that took too long
    end: float = 0.0


class Story:
    """Runs the bank and the board; tells a watcher after each step."""

    def __init__(self, board, watch, short=False):
        self.board = board
        self.watch = watch
        self.short = short
        self.bank = Bank(charge=0.13 if short else 0.20)
        self.record = Record()
        self.remote_on = True
        self.last = None
        self.asked = -SYSFS_S

    # The closed loop

    def pin(self, name):
        return self.board.pins[name]

    def apply(self):
        bank, board = self.bank, self.board
        volts = bank.voltages
        now = board.now()
        for index, value in enumerate(volts):
            board.set_channel(f"cell{index + 1}", value)
        for index, value in enumerate(bank.temps):
            board.set_channel(f"temp{index + 1}", value)
        board.set_channel("supply", sum(volts))
        board.set_channel("load-current", bank.terminal_a * (self.pin("LD") == "1"))

        record = self.record
        record.cells.set(now, tuple(board.seen("cell1", value) for value in volts))
        record.temps.set(now, tuple(board.seen("temp1", value) for value in bank.temps))
        record.trend.append((now, tuple(volts), tuple(bank.temps)))

    def look(self):
        """Take the edges of the pins; read /sys now and then."""
        for edge_time, name, level in self.board.pin_events():
            if name == HEARTBEAT:
                self.record.heartbeat.append(edge_time)
            else:
                self.record.pins.add(edge_time, name, level)
        now = self.board.now()
        if self.record.heartbeat and now - self.asked >= SYSFS_S:
            self.asked = now
            _, text = self.board.run(f"cat {SUPPLY_CLASS}/causes")
            self.record.causes.set(now, tuple(text.splitlines()))

    def step(self):
        now = self.board.now()
        if self.last is not None:
            self.bank.step(min(now - self.last, 4 * STEP_S), self.pin("LD") == "1",
                           self.pin("CD") == "1")
        self.last = now
        self.apply()
        self.look()
        self.watch(self)
        time.sleep(max(0.0, STEP_S - (self.board.now() - now)))

    # The plot

    def phase(self, name, until, limit_s):
        """Go on until something is so; False when it takes too long."""
        begin = self.board.now()
        self.record.phases.append((begin, name))
        while not until():
            self.step()
            if self.board.now() - begin > limit_s:
                self.record.stuck = name
                return False
        return True

    def wait(self, seconds):
        begin = self.board.now()
        return lambda: self.board.now() - begin >= seconds

    def pins_are(self, **levels):
        return lambda: all(self.pin(name) == level for name, level in levels.items())

    def list_sys(self, name):
        self.step()
        _, text = self.board.run(f"cd {SUPPLY_CLASS} && grep -H . * 2>/dev/null | grep -v ^uevent:;"
                                 " grep -H . device/settings/* | sed s,device/,,; cd /")
        self.record.listings.append((self.board.now(), name, text))

    def remote(self, on):
        """The bridge between the terminals L and H."""
        self.board.set_input("H", on)
        self.board.set_input("L", on)
        self.remote_on = on
        self.record.remote.set(self.board.now(), on)

    def tell(self):
        """The whole story; False when a phase got stuck."""
        told = all(self.plot())
        self.step()
        self.record.end = self.board.now()
        return told

    def plot(self):
        bank = self.bank
        self.apply()
        self.board.set_input("LOOP", 1)
        self.remote(True)

        yield self.phase("start", self.pins_are(LD="1", CD="1"), 30)
        yield self.phase("normal", self.wait(2), 30)
        self.list_sys("normal")

        bank.load_a = 20.0
        yield self.phase("discharge", self.pins_are(PA="1"), 60)
        bank.load_a = 4.5           # the pre-alarm makes somebody save current, but too little
        yield self.phase("pre-alarm", self.wait(2), 30)
        self.list_sys("pre-alarm")
        yield self.phase("pre-alarm", self.pins_are(LD="Z"), 60)
        yield self.phase("load cut", self.wait(3), 30)
        self.list_sys("load cut")

        bank.load_a = 2.0
        bank.charger_a = 12.0
        yield self.phase("recharge", self.pins_are(LD="1"), 60)
        self.list_sys("reconnected")
        if self.short:
            yield self.phase("charge", lambda: min(bank.voltages) > 3.26, 60)
        else:
            bank.charger_a = 36.0
            yield self.phase("charge", self.pins_are(CD="Z"), 90)
            yield self.phase("cell full", self.wait(2), 30)
            self.list_sys("cell full")
            bank.load_a = 15.0
            yield self.phase("cell relaxes", self.pins_are(CD="1"), 60)
        bank.load_a = 1.0
        bank.charger_a = 3.0 if self.short else 0.5

        bank.ambient = -10.0
        yield self.phase("cold", self.pins_are(CD="Z"), 60)
        yield self.phase("cold", self.wait(2), 30)
        self.list_sys("cold")
        bank.ambient = 25.0
        yield self.phase("warm", self.pins_are(CD="1"), 60)
        yield self.phase("warm", self.wait(2), 30)

        self.remote(False)
        yield self.phase("remote off", self.pins_are(LD="Z", CD="Z"), 30)
        yield self.phase("remote off", self.wait(2), 30)
        self.list_sys("remote off")
        self.remote(True)
        yield self.phase("remote on", self.pins_are(LD="1", CD="1"), 30)
        yield self.phase("remote on", self.wait(2), 30)
