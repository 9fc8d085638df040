# SPDX-License-Identifier: GPL-2.0-only
"""Rules that the pins must keep in any history of a bank.

The levels at the pins are judged against the events of a scenario, by the figures of
bms.product. A value that is near a level, or has just changed, is not judged; scenarios with
names cover these cases. Each breach is an error. Scenarios with ramps cannot be judged so.
"""

from dataclasses import dataclass

from bms import product
from bms import scenario as language
from bms.pins import Steps
from bms.product import (CHARGE_DISCONNECT_V, CHARGE_MAX_C, CHARGE_MIN_C, CHARGE_RECONNECT_V,
                         HOLD_S, LATE_S, LOAD_DISCONNECT_V, LOAD_LIMIT_A, LOAD_RECONNECT_V,
                         OVER_DISCHARGED_V, PRE_ALARM_V, RETRY_S, STALE_S, START_S, SUPPLY_V,
                         TEMP_HYSTERESIS_K, TOGETHER_S, WARNING_S)

TICK_S = 0.02           # of the virtual board, as in tests/scenarios/README.md
MEASURED_S = product.ACT_S + TICK_S
LINE_S = product.LINE_S + TICK_S
PACE_S = 0.6            # a change that lasts no longer may fall between two scans

# Values of a setting that the driver accepts at run time
TAKEN = {
    "cfg.uv": lambda value: 2.60 <= value <= 2.80,
    "cfg.pre": lambda value: 2.85 <= value <= 3.15,
    "cfg.tmin": lambda value: -20 <= value <= 20,
    "cfg.keepcharge": lambda value: True,
}


@dataclass(frozen=True)
class State:
    """The state of a bank and its inputs, between two changes."""

    least_v: float
    most_v: float
    coldest_c: float
    hottest_c: float
    supply_v: float
    load_a: float
    cells_known: bool
    temps_known: bool
    remote: bool
    loop: bool
    atd: bool
    atc: bool
    bpa: bool
    uv: float
    pre: float
    tmin: float
    keep: bool

    @property
    def open(self):
        """R2 and R4: a line floats everything."""
        return not self.remote or not self.loop

    @property
    def supply_bad(self):
        return not SUPPLY_V[0] <= self.supply_v <= SUPPLY_V[1]


@dataclass
class Breach:
    rule: str
    text: str
    expectation: str    # that the scenario does not meet
    end: float          # of its time


def states(scenario):
    """The states of the bank, in order of time."""
    world = language.World(scenario)
    settings = {"cfg.uv": LOAD_DISCONNECT_V, "cfg.pre": PRE_ALARM_V, "cfg.tmin": CHARGE_MIN_C,
                "cfg.keepcharge": False}
    steps = Steps(None)
    for time, changes in scenario.events:
        for item in changes:
            world.change(time, item)
            if item.key in settings and TAKEN[item.key](item.value):
                # U4's level stays where it is; pre-alarm must be 50 mV below it.
                settings[item.key] = item.value
        cells = [world.voltage(cell + 1).at(time) for cell in range(scenario.cells)] or [3.3]
        temps = [world.temperature(battery + 1).at(time)
                 for battery in range(scenario.batteries)] or [25.0]
        word = world.word
        state = State(min(cells), max(cells), min(temps), max(temps), world.supply_at(time),
                      world.load_current.at(time), word["SENS"] == "ok", word["TS"] == "ok",
                      bool(world.remote_h or world.remote_l), word["LOOP"], word["ATD"],
                      word["ATC"], word["BPA"], settings["cfg.uv"], settings["cfg.pre"],
                      settings["cfg.tmin"], bool(settings["cfg.keepcharge"]))
        if time == 0:
            steps = Steps(state)
        else:
            steps.set(time, state)
    return steps, world.noise["NV"], world.noise["NT"]


class Judge:
    """Judges one history."""

    def __init__(self, scenario, pins):
        self.bank, self.nv, self.nt = states(scenario)
        self.measured = scenario.measured
        self.end = scenario.end
        self.load, self.charge, self.alarm = (pins.pin[name] for name in ("LD", "CD", "PA"))
        self.breaches = []

    def breach(self, rule, text, pin, level, begin, end):
        self.breaches.append(Breach(
            rule, text, f"expect {pin}={level}@[{begin:.3f},{max(begin, end):.3f}]",
            max(begin, end)))

    def spans(self, holds, after):
        """(from, to) of each time in which something has been so for longer than after."""
        return [(begin + after, end) for begin, end in self.bank.spans(holds, self.end)
                if end - begin > after]

    def floats(self, rule, name, steps, holds, after):
        """An output that must float when something has been so for long enough."""
        for begin, end in self.spans(holds, after):
            for on, off in steps.spans(lambda level: level == "1", self.end):
                if on < end and off > begin:
                    at = max(on, begin)
                    self.breach(rule, f"{name} is driven at {at:.3f} s", name, "Z", at,
                                min(off, end))

    def warns(self, rule, holds, after):
        """The pre-alarm must be on while the load is, when something has lasted long enough."""
        for begin, end in self.spans(holds, after):
            for on, off in self.load.spans(lambda level: level == "1", self.end):
                at, until = max(on, begin), min(off, end)
                if until - at <= TOGETHER_S:
                    continue
                since = self.alarm.since(until - TOGETHER_S, lambda level: level == "1")
                if since is None or since > at + TOGETHER_S:
                    self.breach(rule, f"no pre-alarm at {at:.3f} s", "PA", "1",
                                at + TOGETHER_S, until - TOGETHER_S)

    def was(self, time, span, holds):
        """Was something so at any time in the span before?"""
        return any(begin <= time and end >= time - span
                   for begin, end in self.bank.spans(holds, self.end))

    def together(self):
        for on, off in self.alarm.spans(lambda level: level == "1", self.end):
            since = self.load.since(off, lambda level: level == "1")
            if self.load.at(on) != "1" or (
                    since is None and self.load.since(off - TOGETHER_S,
                                                      lambda level: level == "1") is None):
                self.breach("U3", f"the pre-alarm of {on:.3f} s is not with the load", "LD", "1",
                            on, off)
            for begin, end in self.charge.spans(lambda level: level == "1", self.end):
                begin, end = max(begin, on + TOGETHER_S), min(end, off - TOGETHER_S)
                if begin < end and not self.was(end, end - begin + TICK_S,
                                                lambda state: state.keep):
                    self.breach("C3", f"charging in the pre-alarm at {begin:.3f} s", "CD", "Z",
                                begin, end)

    def cuts(self):
        for time, _ in self.load.edges("Z"):
            if (self.was(time, LINE_S, lambda state: state.open) or
                    self.was(time, MEASURED_S, lambda state: state.supply_bad) or
                    self.was(time, MEASURED_S, lambda state: state.load_a > LOAD_LIMIT_A)):
                continue
            since = self.alarm.since(time, lambda level: level == "1")
            if since is None or round(time - since, 6) < WARNING_S:
                self.breach("U2", f"cut at {time:.3f} s, warned for "
                            f"{0 if since is None else time - since:.6f} s", "LD", "1", time,
                            time)
            if not (self.was(time, MEASURED_S,
                             lambda state: state.least_v < state.uv + self.nv) or
                    self.was(time, LINE_S, lambda state: not state.atd) or
                    self.was(time, MEASURED_S, lambda state: not state.cells_known)):
                self.breach("U2", f"cut at {time:.3f} s, and nothing is low", "LD", "1", time,
                            time)

    def stood(self, time, span, least, holds):
        """Was something so, for long enough to be noticed, at any time in the span before?"""
        return any(min(end, time) - begin >= least and begin < time and end >= time - span
                   for begin, end in self.bank.spans(holds, self.end))

    def connections(self):
        def unwell(state):
            return state.least_v + self.nv < LOAD_RECONNECT_V or not state.cells_known

        # A change that ends between two scans is not seen, nor one that begins after the last.
        for time, _ in self.load.edges("1"):
            if self.stood(time, HOLD_S - TICK_S, PACE_S + TICK_S, unwell) or \
                    self.stood(time, 0.0, PACE_S + TICK_S, lambda state: state.supply_bad):
                self.breach("U4", f"connects at {time:.3f} s, and the cells are not well", "LD",
                            "Z", time, time)
            if self.stood(time, 0.0, TICK_S, lambda state: state.open or not state.atd or
                          state.bpa):
                self.breach("U4", f"connects at {time:.3f} s against a line", "LD", "Z", time,
                            time)
        for time, _ in self.charge.edges("1"):
            if self.stood(time, 0.0, TICK_S, lambda state: state.open or not state.atc) or \
                    self.stood(time, 0.0, PACE_S + TICK_S, lambda state: not state.cells_known or
                               state.most_v - self.nv >= CHARGE_DISCONNECT_V):
                self.breach("C1", f"charging comes back at {time:.3f} s against a reason", "CD",
                            "Z", time, time)

    def comes_on(self):
        """X3, C3: when all is well for long enough, both are on."""
        def well(state):
            return not (state.open or state.supply_bad or not state.atd or not state.atc or
                        state.bpa or not state.cells_known or not state.temps_known or
                        state.load_a > LOAD_LIMIT_A or
                        state.least_v < LOAD_RECONNECT_V + self.nv or
                        state.most_v >= CHARGE_RECONNECT_V - self.nv or
                        state.coldest_c < state.tmin + TEMP_HYSTERESIS_K + self.nt or
                        state.hottest_c > CHARGE_MAX_C - TEMP_HYSTERESIS_K - self.nt)

        overloaded = [begin for begin, _ in
                      self.bank.spans(lambda state: state.load_a > LOAD_LIMIT_A, self.end)]
        damaged = [begin for begin, _ in
                   self.bank.spans(lambda state: state.least_v < OVER_DISCHARGED_V + self.nv,
                                   self.end)]
        for begin, end in self.spans(well, RETRY_S + START_S):
            for name, steps, trouble in (("LD", self.load, overloaded),
                                         ("CD", self.charge, damaged)):
                if trouble and trouble[0] < begin:
                    continue    # it may have latched: an operator is needed
                since = steps.since(end, lambda level: level == "1")
                if since is None or since > begin:
                    self.breach("X3", f"all is well at {begin:.3f} s, and {name} floats", name,
                                "1", begin, end)

    def overloads(self):
        for begin, end in self.bank.spans(lambda state: state.load_a > LOAD_LIMIT_A, self.end):
            for on, off in self.load.spans(lambda level: level == "1", self.end):
                if min(off, end) - max(on, begin) > MEASURED_S:
                    self.breach("F5", f"overloaded from {max(on, begin):.3f} s on", "LD", "Z",
                                max(on, begin) + MEASURED_S, min(off, end))

    def damage(self):
        """C4: nobody clears it in a scenario."""
        known = self.spans(lambda state: state.cells_known and
                           state.least_v + self.nv < OVER_DISCHARGED_V, MEASURED_S)
        for on, off in self.charge.spans(lambda level: level == "1", self.end):
            if known and off > known[0][0]:
                self.breach("C4", f"a damaged cell is charged at {max(on, known[0][0]):.3f} s",
                            "CD", "Z", max(on, known[0][0]), off)

    def judge(self):
        cut_s = WARNING_S + LATE_S
        for name, steps in (("LD", self.load), ("CD", self.charge), ("PA", self.alarm)):
            self.floats("R2, R4", name, steps, lambda state: state.open, LINE_S)
            self.floats("R3", name, steps, lambda state: state.supply_bad, MEASURED_S)
        self.floats("C1", "CD", self.charge, lambda state: not state.atc, LINE_S)
        self.floats("U5", "LD", self.load, lambda state: not state.atd, LINE_S + cut_s)
        self.warns("U5", lambda state: not state.atd or state.bpa, LINE_S)
        if self.measured:
            self.floats("C1", "CD", self.charge, lambda state: state.cells_known and
                        state.most_v - self.nv >= CHARGE_DISCONNECT_V, MEASURED_S)
            # Apart, because a battery that is too cold, then too hot, has its hold time anew.
            self.floats("C2", "CD", self.charge, lambda state: state.temps_known and
                        state.coldest_c + self.nt < state.tmin, MEASURED_S)
            self.floats("C2", "CD", self.charge, lambda state: state.temps_known and
                        state.hottest_c - self.nt > CHARGE_MAX_C, MEASURED_S)
            self.floats("F1", "CD", self.charge, lambda state: not state.cells_known,
                        STALE_S + TICK_S)
            self.floats("F2", "CD", self.charge, lambda state: not state.temps_known,
                        STALE_S + TICK_S)
            self.floats("F1", "LD", self.load, lambda state: not state.cells_known,
                        STALE_S + TICK_S + cut_s)
            self.floats("U2", "LD", self.load, lambda state: state.cells_known and
                        state.least_v + self.nv < state.uv, MEASURED_S + cut_s)
            self.warns("U1", lambda state: state.cells_known and
                       state.least_v + self.nv < state.pre, MEASURED_S)
            self.warns("F1", lambda state: not state.cells_known, STALE_S + TICK_S)
            self.damage()
        self.together()
        self.cuts()
        self.connections()
        self.comes_on()
        self.overloads()
        return self.breaches
