# SPDX-License-Identifier: GPL-2.0-only
"""The verdict: every rule of the product that a story touches, kept or broken.

The levels at the pins are judged against the values at the channels and terminals, by the
figures of bms.product.
"""

from dataclasses import dataclass

from bms.pins import TERMINALS
from bms.product import (ACT_S, CHARGE_DISCONNECT_V, CHARGE_MIN_C, CHARGE_RECONNECT_V, HOLD_S,
                         LATE_S, LINE_S, LOAD_DISCONNECT_V, LOAD_RECONNECT_V, PRE_ALARM_END_V,
                         PRE_ALARM_V, START_S, TEMP_HYSTERESIS_K, TOGETHER_S, WARNING_S)

CHARGE_MIN_END_C = CHARGE_MIN_C + TEMP_HYSTERESIS_K
LED_S = 0.1

# The lab shares a busy host with the board: upper limits are this much longer. Lower limits
# are exact.
GRACE_S = 0.5


@dataclass
class Judgement:
    rule: str
    text: str
    kept: bool
    seen: str


class Judge:
    """One rule: collects observations, keeps the first breach."""

    def __init__(self, rule, text):
        self.rule, self.text = rule, text
        self.seen = []
        self.breach = ""

    def check(self, good, seen):
        if good:
            self.seen.append(seen)
        else:
            self.forbid(seen)

    def forbid(self, seen):
        if not self.breach:
            self.breach = seen

    def judgement(self):
        if self.breach:
            return Judgement(self.rule, self.text, False, self.breach)
        if not self.seen:
            return Judgement(self.rule, self.text, False, "the story has no occasion for it")
        return Judgement(self.rule, self.text, True, self.seen[-1])


def held(steps, time, holds, seconds):
    """Was holds(value) true throughout the seconds before a time?"""
    since = steps.since(time, lambda value: value is not None and holds(value))
    return since is not None and time - since >= seconds


def lasting(steps, holds, end, seconds):
    """When each stretch of holds(value) became one of at least so many seconds."""
    return [(begin + seconds, until)
            for begin, until in steps.spans(lambda value: value is not None and holds(value), end)
            if until - begin >= seconds]


def start(record):
    load, charge = (record.pins.pin[name] for name in ("LD", "CD"))
    x1 = Judge("X1", "all outputs float until the first decision, without a pulse")
    x3 = Judge("X3", "with everything normal the outputs are on within 2 s")
    if not record.heartbeat:
        x1.forbid("the heartbeat never came: the driver does not run")
        x3.forbid("the heartbeat never came: the driver does not run")
        return [x1.judgement(), x3.judgement()]
    first = record.heartbeat[0]
    edges = {name: [time for time, _ in record.pins.pin[name].edges() if time < first + START_S]
             for name in TERMINALS}
    x1.check(all(not times or times[0] > first and len(times) == 1 for times in edges.values()),
             "; ".join(f"{name} " + (", ".join(f"{time:.3f} s" for time in times) or "stays")
                       for name, times in edges.items()))
    on = [steps.edges("1")[0][0] if steps.edges("1") else None for steps in (load, charge)]
    x3.check(None not in on and max(on) - first <= START_S + GRACE_S,
             "never on" if None in on else f"on {max(on) - first:.3f} s after the first look")
    return [x1.judgement(), x3.judgement()]


def undervoltage(record):
    load, pre_alarm = record.pins.pin["LD"], record.pins.pin["PA"]
    cells, end = record.cells, record.end
    u1 = Judge("U1", "a cell below 3.10 V turns the pre-alarm on, all 30 mV above it off")
    u2 = Judge("U2", "the load is cut after at least 30.000 s of unbroken pre-alarm")
    u3 = Judge("U3", "load and pre-alarm go floating together")
    u4 = Judge("U4", "the load connects only when all cells are at 3.20 V or above")

    for due, until in lasting(cells, lambda value: min(value) < PRE_ALARM_V, end,
                              ACT_S + GRACE_S):
        for begin, stop in load.spans(lambda level: level == "1", end):
            at = max(due, begin + ACT_S + GRACE_S)
            if at < min(until, stop):
                u1.check(pre_alarm.at(at) == "1", f"pre-alarm {pre_alarm.at(at)} at {at:.3f} s")
    for time, _ in pre_alarm.edges("1"):
        u1.check(held(cells, time, lambda value: min(value) < PRE_ALARM_V, HOLD_S - GRACE_S),
                 f"on at {time:.3f} s")
    for begin, until in lasting(cells, lambda value: min(value) >= PRE_ALARM_END_V, end,
                                ACT_S + GRACE_S):
        for time, _ in pre_alarm.edges("1"):
            if begin < time < until:
                u1.forbid(f"on at {time:.3f} s, the cells being well")

    for time, _ in load.edges("Z"):
        if not record.remote.at(time):
            continue
        since = pre_alarm.since(time, lambda level: level == "1")
        warned = 0.0 if since is None else time - since
        u2.check(warned >= WARNING_S, f"cut at {time:.3f} s after {warned:.3f} s of warning")
        u2.check(held(cells, time, lambda value: min(value) < LOAD_DISCONNECT_V, 0.0),
                 f"cut at {time:.3f} s after {warned:.3f} s of warning")
        ends = [edge for edge, _ in pre_alarm.edges("Z") if edge >= time]
        u3.check(bool(ends) and ends[0] - time <= TOGETHER_S,
                 f"{1e6 * (ends[0] - time):.0f} us apart" if ends else "the pre-alarm stays on")
    for due, until in lasting(cells, lambda value: min(value) < LOAD_DISCONNECT_V, end,
                              WARNING_S + ACT_S + LATE_S + GRACE_S):
        if load.at(due) == "1":
            u2.forbid(f"the load is still connected at {due:.3f} s")
    for begin, until in pre_alarm.spans(lambda level: level == "1", end):
        late = begin + WARNING_S + LATE_S + GRACE_S
        if late < until and held(cells, late, lambda value: min(value) < LOAD_DISCONNECT_V,
                                 ACT_S + GRACE_S):
            u2.forbid(f"warned since {begin:.3f} s, still connected at {late:.3f} s")

    for time, _ in load.edges("1"):
        u4.check(held(cells, time, lambda value: min(value) >= LOAD_RECONNECT_V, HOLD_S - 0.05),
                 f"connected at {time:.3f} s, lowest cell {min(cells.at(time)):.3f} V")
    return [rule.judgement() for rule in (u1, u2, u3, u4)]


def charging(record):
    charge, pre_alarm = record.pins.pin["CD"], record.pins.pin["PA"]
    cells, temps, end = record.cells, record.temps, record.end
    c1 = Judge("C1", "a cell at 3.75 V floats the charge output until all are below 3.60 V")
    c2 = Judge("C2", "a battery below 5 C floats the charge output until it is 2 K above")
    c3 = Judge("C3", "no charging in the pre-alarm; a cut load frees it again")

    def forbid(judge, steps, bad, good, what):
        rises = [time for time, _ in charge.edges("1")]
        for due, until in lasting(steps, bad, end, ACT_S + GRACE_S):
            begin = charge.since(due, lambda level: level == "Z")
            back = [time for time in rises if time >= due]
            judge.check(begin is not None and not [time for time in back if time < until],
                        f"floats at {begin or 0:.3f} s, " +
                        (f"back at {back[0]:.3f} s, {what(back[0])}" if back else "for good"))
        for time in rises:
            if not held(steps, time, good, HOLD_S - 0.05):
                judge.forbid(f"back at {time:.3f} s, {what(time)}")

    full = lasting(cells, lambda value: max(value) >= CHARGE_DISCONNECT_V, end, HOLD_S)
    if full:
        forbid(c1, cells, lambda value: max(value) >= CHARGE_DISCONNECT_V,
               lambda value: max(value) < CHARGE_RECONNECT_V,
               lambda time: f"highest cell {max(cells.at(time)):.3f} V")
    forbid(c2, temps, lambda value: min(value) < CHARGE_MIN_C,
           lambda value: min(value) >= CHARGE_MIN_END_C,
           lambda time: f"coldest battery {min(temps.at(time)):.1f} C")

    for begin, until in pre_alarm.spans(lambda level: level == "1", end):
        c3.check(charge.at(begin + TOGETHER_S) == "Z" and
                 not [1 for time, _ in charge.edges("1")
                      if begin + TOGETHER_S < time < until],
                 f"floats at {begin:.3f} s")
        if until < end:
            back = [time for time, _ in charge.edges("1") if time >= until]
            c3.check(bool(back) and back[0] - until <= ACT_S + GRACE_S,
                     f"back {back[0] - until:.3f} s after the cut" if back else "never back")
    return [rule.judgement() for rule in ([c1] if full else []) + [c2, c3]]


def remote(record):
    r2 = Judge("R2", "remote off floats all three outputs at once")
    x2 = Judge("X2", "remote on connects again as at a start")
    for time, on in record.remote.edges():
        for name in TERMINALS:
            steps = record.pins.pin[name]
            if on:
                if name != "PA":
                    back = [edge for edge, _ in steps.edges("1") if edge >= time]
                    x2.check(bool(back) and back[0] - time <= START_S + GRACE_S,
                             f"{name} back after {back[0] - time:.3f} s" if back
                             else f"{name} never back")
                continue
            floats = [edge for edge, _ in steps.edges("Z") if edge >= time]
            if steps.at(time) == "Z":
                continue
            late = floats[0] - time if floats else None
            r2.check(late is not None and late <= LINE_S + GRACE_S,
                     f"{name} stays {steps.at(record.end)}" if late is None
                     else f"{name} after {1e3 * late:.1f} ms")
    return [r2.judgement(), x2.judgement()]


def shown(record):
    pin, end = record.pins.pin, record.end
    p1 = Judge("P1", "blue shows the load output, red that charging is blocked")
    p2 = Judge("P2", "each cause is named in /sys while it holds")

    for name, level in (("1", "1"), ("Z", "0")):
        for time, _ in pin["LD"].edges(name):
            at = time + LED_S + GRACE_S
            if at < end and pin["LD"].at(at) == name:
                p1.check(pin["BL"].at(at) == level, f"blue is {pin['BL'].at(at)} at {at:.3f} s")
    for begin, until in pin["CD"].spans(lambda level: level == "Z", end):
        at = begin + LED_S + GRACE_S
        if begin == 0.0 or at >= until:
            continue    # before the first decision nothing is blocked
        want = "1" if record.remote.at(at) else "0"
        p1.check(pin["RD"].at(at) == want, f"red is {pin['RD'].at(at)} at {at:.3f} s")
    for time, _ in pin["RD"].edges("1"):
        if not (pin["PA"].at(time) == "1" or
                max(record.cells.at(time)) >= CHARGE_RECONNECT_V or
                min(record.temps.at(time)) < CHARGE_MIN_END_C):
            p1.forbid(f"red comes on at {time:.3f} s without a reason")
    p1.seen.append(f"{len(pin['BL'].edges())} edges of blue, {len(pin['RD'].edges())} of red")

    expected = {"pre-alarm": "U1", "load cut": "U4", "cell full": "C1", "cold": "C2",
                "remote off": "R2"}
    for time, phase, text in record.listings:
        if phase not in expected:
            continue
        rules = [line.split(":")[1].split()[0] for line in text.splitlines()
                 if line.startswith("causes:")]
        p2.check(expected[phase] in rules,
                 f"{phase}: {', '.join(rules) or 'none'}")
    return [p1.judgement(), p2.judgement()]


def judge(record):
    """All judgements, in the order of the product's rules."""
    return (start(record) + undervoltage(record) + charging(record) + remote(record) +
            shown(record))
