# SPDX-License-Identifier: GPL-2.0-only
"""Does a bank end safely? Trials at the pins of the emulated board, and some on the virtual one.

Each trial powers a board, waits until a healthy bank is on, lights a LED as a mark and
lets something go wrong in the guest. A bank is safe when its terminals float, or go on to
follow the rules. The pins are traced outside the guest; behind them stands the charge pump of
Documentation/safety.md.

Ends with "N passed, N failed". Exit status: 0 all passed, 1 some failed, 2 the lab is
at fault.
"""

import argparse
import pathlib
import re
import shutil
import sys
from dataclasses import dataclass

import boards
from bms import kernel_log
from bms.errors import LabError
from bms.pins import HEARTBEAT, TERMINALS, Steps
from bms.product import ACT_S, STALE_S, pump
from bms.result import report

PINS, BEHIND = "pins", "terminals"      # where a trial is measured
HEALTHY_DRIVES = ("LD", "CD")
FULL_V = (3.800,)
ORDERLY_S = 0.5             # time that a busy guest may take to begin an orderly end
IMAGE_S = 3.0               # and to make room for an image first
FULL_S = ACT_S + 0.1        # time for a full cell, and 100 ms to set it
LOST_S = STALE_S + 2        # two scans of a converter that times out
BETWEEN_V = (3.150,)        # enough for a load to stay, too little to connect one (X2)
NEITHER_V = (3.120, 3.650)      # too low for a warm start (X5), too high to charge again

START_S = 120.0
SETTLE_S = 1.5
STORM_EDGES = 100
USER_HZ = 100               # of /proc/stat
ATTEMPTS = 5
LATE_S = 0.05               # if a guest waits so long for a processor, its trial is repeated

MARK = "/sys/class/leds/red/brightness"
SYSRQ = "/proc/sysrq-trigger"
CRASH = "/sys/kernel/debug/provoke-crash/DIRECT"
HANG = f"echo HARDLOCKUP >{CRASH}"
# The load depends on that channel, so the heartbeat waits for it.
STUCK = "echo delay 181 181 3600000 >/sys/devices/platform/converter/control"
PANIC = f"echo c >{SYSRQ}"
# It lasts 5 s, longer than any limit, and goes so deep that the outputs float.
SLEEP = "echo platform >/sys/power/pm_test; echo {} >/sys/power/state"
WAKEUP_COUNT = "c=$(cat /sys/power/wakeup_count); echo $c >/sys/power/wakeup_count; "
SLEPT = "suspend debug: Waiting"

# Messages of the kernel
BOOT = "Run /init"
HUNG = "direct entry HARDLOCKUP"
PANICKED = "Kernel panic"


@dataclass(frozen=True)
class Trial:
    """A fault, and the required reaction."""

    kind: str
    command: str            # in the guest, after the mark
    limit_s: float          # by then it must be safe,
    where: str = PINS       # measured there,
    lasts_s: float = 2.0    # and stay safe for so long
    terminals: tuple = TERMINALS    # which have to float
    cells_v: tuple = ()     # voltages of some cells from that moment on
    board: str = "measured"     # a devicetree
    before: str = ""        # in the guest, before the mark
    append: str = ""        # for the command line of the kernel
    reboots: bool = False
    says: str = ""          # message of the kernel, a regular expression
    complains: bool = False     # and it may complain
    then: tuple = None      # if it goes on, the outputs driven at the end
    storm: bool = False     # a line storms meanwhile,
    stays: tuple = ()       # and this is driven through it, behind the pump

    def is_said(self, log):
        return re.search(self.says, log, re.DOTALL)


TRIALS = (
    Trial("unbind", "echo bms >/sys/bus/platform/drivers/smallbms/unbind", ORDERLY_S),
    Trial("rmmod", "rmmod smallbms", ORDERLY_S),
    Trial("unloaded and loaded again and again, while read",
          "for i in $(seq 20); do rmmod smallbms; insmod /smallbms.ko; done", ORDERLY_S,
          before="for i in 1 2 3 4; do (while :; do cat /sys/class/power_supply/*/* "
          "/sys/class/hwmon/*/*; done) >/dev/null 2>&1 & done", then=HEALTHY_DRIVES),
    Trial("converter unbound under the bank",
          "cd /sys/bus/platform/drivers/npcm_adc; echo *.adc >unbind", ORDERLY_S),
    Trial("reboot", "reboot -f", ORDERLY_S, says="reboot: Restarting"),
    Trial("power off", "poweroff -f", ORDERLY_S, says="reboot: Power"),
    # This board cannot stop its second processor, so there must be none; Linux complains of that.
    Trial("kexec", "/kexec go", ORDERLY_S, before="/kexec", append="nr_cpus=1", says="Bye!",
          complains=True),
    # Nothing moves, and after a sleep the load comes back without the reconnect level (X5).
    Trial("sleep that is not allowed", SLEEP.format("mem"), ORDERLY_S, terminals=(),
          cells_v=BETWEEN_V, says="no sleep, it would disconnect the bank", then=HEALTHY_DRIVES,
          complains=True),
    Trial("sleep, freeze", SLEEP.format("freeze"), ORDERLY_S, lasts_s=4.0, cells_v=BETWEEN_V,
          board="sleeps", says=SLEPT, then=HEALTHY_DRIVES),
    Trial("sleep, mem", SLEEP.format("mem"), ORDERLY_S, lasts_s=4.0, cells_v=BETWEEN_V,
          board="sleeps", says=SLEPT, then=HEALTHY_DRIVES),
    Trial("sleep, mem, unless something wakes it", WAKEUP_COUNT + SLEEP.format("mem"),
          ORDERLY_S, lasts_s=4.0, cells_v=BETWEEN_V, board="sleeps", says=SLEPT,
          then=HEALTHY_DRIVES),
    Trial("hibernation, short of the image", SLEEP.format("disk"), IMAGE_S, cells_v=BETWEEN_V,
          board="sleeps", says="hibernation entry", then=HEALTHY_DRIVES),
    # The kernel that has written its image wakes from it.
    Trial("hibernation, to an image and back", "echo disk >/sys/power/state", IMAGE_S,
          cells_v=NEITHER_V, board="sleeps",
          before="mkswap /dev/ram0; swapon /dev/ram0; echo test_resume >/sys/power/disk",
          append="maxcpus=1", says="Image saving done.*Image loading done.*hibernation exit",
          then=()),
    Trial("panic, without a heartbeat", PANIC, 0.1, board="no-heartbeat", append="panic=0",
          says=PANICKED, complains=True),
    Trial("panic, for good", PANIC, 1.0, BEHIND, append="panic=0", says=PANICKED,
          complains=True),
    Trial("panic, outputs push-pull", PANIC, 1.0, BEHIND, board="push-pull", append="panic=0",
          says=PANICKED, complains=True),
    Trial("panic, reboot after 2 s", PANIC, 1.0, BEHIND, append="panic=2", reboots=True,
          lasts_s=0.5, says=f"{PANICKED}.*{BOOT}", complains=True, then=HEALTHY_DRIVES),
    Trial("panic, reboot at once", PANIC, 0.1, lasts_s=0.5, append="panic=-1", reboots=True,
          says=f"{PANICKED}.*{BOOT}", complains=True, then=HEALTHY_DRIVES),
    Trial("reset without a word", f"echo b >{SYSRQ}", 0.1, lasts_s=0.5, reboots=True,
          says=f"{BOOT}.*{BOOT}", then=HEALTHY_DRIVES),
    Trial("oops in another context", f"(echo EXCEPTION >{CRASH}) &", FULL_S, terminals=("CD",),
          cells_v=FULL_V, says="Internal error: Oops", complains=True, then=("LD",)),
    # It may be the one that serves the interrupts of the converter: then F1 holds.
    Trial("one processor hangs", f"{HANG} &", LOST_S, BEHIND, terminals=("CD",), cells_v=FULL_V,
          says=HUNG),
    Trial("all processors hang", f"for i in 1 2 3; do {HANG} & done", 1.0, BEHIND, says=HUNG),
    Trial("all hang, watchdog resets", f"for i in 1 2 3; do {HANG} & done", 2.0, lasts_s=0.5,
          before="watchdog -T 1 -t 500ms /dev/watchdog", reboots=True,
          says=f"{HUNG}.*{BOOT}", then=HEALTHY_DRIVES),
    Trial("starved, but throttled", "/hog &", FULL_S, BEHIND, terminals=("CD",), cells_v=FULL_V),
    Trial("starved", "/hog &", 1.0, BEHIND,
          before="echo -1 >/proc/sys/kernel/sched_rt_runtime_us; "
          "for i in /sys/kernel/debug/sched/fair_server/*/runtime; do echo 0 >$i; done"),
    Trial("converter never returns", STUCK, 1.0, BEHIND, board="push-pull"),
    Trial("reboot, converter never returns", "reboot -f", ORDERLY_S, before=STUCK,
          board="push-pull", says="reboot: Restarting"),
    Trial("line that storms", "true", FULL_S, terminals=("CD",), cells_v=FULL_V, then=("LD",),
          storm=True, stays=("LD",)),
)


def pumped(edges, end):
    """When the pump delivers, from the edges of the heartbeat."""
    steps = Steps(False)
    for at, level in pump(at for at, pin, _ in edges if pin == HEARTBEAT):
        if at < end:
            steps.set(at, level == "1")
    return steps


class Outcome:
    """The edges of the pins in a trial, and the errors in them."""

    def __init__(self, trial, edges, end):
        self.trial = trial
        self.edges = edges
        self.end = end
        self.mark = next(at for at, pin, level in edges if (pin, level) == ("RD", "1"))
        self.pins = {name: Steps("Z") for name in TERMINALS}
        for at, pin, level in edges:
            if pin in TERMINALS:
                self.pins[pin].set(at, level)
        self.pump = pumped(edges, end)

    def high(self, name, where):
        """The spans in which a terminal is high."""
        spans = self.pins[name].spans(lambda level: level == "1", self.end)
        if where == PINS:
            return spans
        return [(max(a, c), min(b, d)) for a, b in spans
                for c, d in self.pump.spans(bool, self.end) if max(a, c) < min(b, d)]

    def safe_after(self, where):
        """How long after the mark the last terminal floats that has to, or None."""
        last = self.mark
        for name in self.trial.terminals:
            for begin, end in self.high(name, where):
                if end > self.mark and begin < self.mark + self.trial.limit_s:
                    last = max(last, end)
        return None if last >= self.end else last - self.mark

    def late(self):
        """Why it is not safe in time, or floats an output that must stay; or None."""
        trial, after = self.trial, self.safe_after(self.trial.where)
        for name in set(trial.terminals) & set(HEALTHY_DRIVES):
            if not any(begin < self.mark < end for begin, end in self.high(name, trial.where)):
                return f"{name} is not driven at the {trial.where} before the fault"
        if after is None:
            return f"{', '.join(trial.terminals)} not safe at the {trial.where}"
        if after > trial.limit_s:
            return f"safe after {1000 * after:.0f} ms, not {1000 * trial.limit_s:.0f} ms"
        for name in trial.stays:
            if not any(begin < self.mark and end >= self.end
                       for begin, end in self.high(name, BEHIND)):
                return f"{name} does not stay driven behind the pump"
        return None

    def wrong(self):
        """Errors that a busy host does not explain."""
        trial = self.trial
        for name in TERMINALS:
            times = [begin for begin, _ in self.high(name, PINS)]
            before = sum(at < self.mark for at in times)
            if before != (name in HEALTHY_DRIVES):
                yield f"X1: {name} is driven {before} times before the fault"
            # An output that floats for the fault comes back as from a start, if at all (X2).
            if name in trial.terminals and len(times) - before > (name in (trial.then or ())):
                yield f"{name} is driven {len(times) - before} times after the fault"

        since = self.mark + (self.safe_after(trial.where) or 0)
        for name in trial.terminals:
            if any(since < begin < since + trial.lasts_s
                   for begin, _ in self.high(name, trial.where)):
                yield f"{name} is driven again within {trial.lasts_s:g} s"

        last = {name for name in TERMINALS if self.pins[name].values[-1] == "1"}
        if trial.then is not None and last != set(trial.then):
            yield (f"at the end {', '.join(sorted(last)) or 'nothing'} is driven, not "
                   f"{', '.join(sorted(trial.then)) or 'nothing'}")


def busy_s(board):
    """How long the guest's processors have been busy since its power came on."""
    _, text = board.run("head -n 1 /proc/stat")
    user, nice, system, _, _, irq, softirq, *_ = (int(word) for word in text.split()[1:])
    return (user + nice + system + irq + softirq) / USER_HZ


def storm(board, edges, seconds):
    """Toggle a line as fast as possible, and measure its cost on this machine."""
    busy, end, turned = busy_s(board), board.now() + seconds, 0
    while board.now() < end:
        for _ in range(STORM_EDGES):
            board.set_input("L", 1 - board.levels["L"])
        turned += STORM_EDGES
        edges.extend(board.pin_events())
    share = (busy_s(board) - busy) / seconds
    print(f"{turned / seconds:.0f} edges a second: {100 * share:.0f} % of one processor")


def driven(board):
    return {name for name in TERMINALS if board.pins[name] == "1"}


def once(trial, kind, folder):
    """Make a trial: (its outcome, how long the guest waited for a processor, complaints)."""
    edges = []
    with kind.power(folder, devicetree=trial.board, append=trial.append,
                    resets=trial.reboots) as board:
        board.start()
        for name, level in (("LOOP", 1), ("H", 1), ("L", 0)):
            board.set_input(name, level)
        for name, value in boards.HEALTHY.items():
            board.set_channel(name, value)
        edges += board.wait(START_S, lambda: driven(board) == set(HEALTHY_DRIVES))
        if driven(board) != set(HEALTHY_DRIVES):
            raise LabError(f"the bank is not on after {START_S:.0f} s; see "
                           f"{folder / 'kernel.log'}")
        edges += board.wait(SETTLE_S)

        if trial.before:
            board.run(trial.before)
            edges += board.wait(SETTLE_S)

        waited = board.waited()
        # A fault may end the guest, so only a storm waits for an answer.
        (board.run if trial.storm else board.send)(f"echo 1 >{MARK}; {trial.command}")
        edges += board.wait(START_S, lambda: board.pins["RD"] == "1")
        for number, value in enumerate(trial.cells_v, 1):
            board.set_channel(f"cell{number}", value)
        if trial.storm:
            storm(board, edges, trial.limit_s + trial.lasts_s)
        else:
            edges += board.wait(trial.limit_s + trial.lasts_s)
        waited = board.waited() - waited
        if trial.then is not None:
            edges += board.wait(START_S, lambda: driven(board) == set(trial.then) and
                                trial.is_said(board.kernel_log()))
            edges += board.wait(SETTLE_S)
        end = board.now()
        log = board.kernel_log()
        # A board that is reset has inputs only.
        if not board.alive():
            edges += [(end, name, "Z") for name in TERMINALS]
    if all(pin != "RD" or level != "1" for _, pin, level in edges):
        raise LabError(f"the guest has not lit its mark; see {folder / 'kernel.log'}")
    said = [] if trial.complains else kernel_log.trouble(log)[:3]
    complaints = [f"the kernel complains: {line}" for line in said]
    if not trial.is_said(log):
        complaints.append(f"the kernel does not say \"{trial.says}\"")
    return Outcome(trial, edges, end), waited, complaints


def judged(trial, kind, folder):
    """Make a trial, and repeat it while a busy host may be the cause: (outcome, problems)."""
    for _ in range(ATTEMPTS):
        shutil.rmtree(folder, ignore_errors=True)
        outcome, waited, complaints = once(trial, kind, folder)
        problems = [*complaints, *outcome.wrong()]
        late = outcome.late()
        if problems or not late or waited < LATE_S:
            break
        print(f"again: {trial.kind}: {late}; but the guest waited {1000 * waited:.0f} ms for "
              "a processor", flush=True)
    return outcome, problems + ([late] if late else [])


def milliseconds(seconds):
    return "-" if seconds is None else f"{1000 * seconds:.0f} ms"


def worst(outcomes, where):
    """The longest time to safe; None if one never became safe there."""
    times = [outcome.safe_after(where) for outcome in outcomes]
    return None if None in times else max(times)


def name_of(kind):
    """The name of its folder."""
    return re.sub("[^a-z0-9]+", "-", kind.lower())


def told(kind, problems):
    print(f"{'not ok' if problems else 'ok'}: {kind}{': ' if problems else ''}"
          f"{'; '.join(problems[:5])}", flush=True)
    return len(problems)


def at_the_pins(board, args):
    """Trials on a board that answers: rows of the summary."""
    for trial in TRIALS:
        if not re.search(args.only, trial.kind):
            continue
        outcomes, violations = [], 0
        for number in range(1, args.rounds + 1):
            folder = args.log / f"{name_of(trial.kind)}-{number}"
            outcome, problems = judged(trial, board, folder)
            outcomes.append(outcome)
            violations += bool(told(trial.kind, problems))
            if not problems:
                shutil.rmtree(folder)
        yield (trial.kind, len(outcomes), milliseconds(worst(outcomes, PINS)),
               milliseconds(worst(outcomes, BEHIND)),
               f"{milliseconds(trial.limit_s)} at the {trial.where}", violations)


def own(board, args):
    """A board's own trials: rows of the summary."""
    for kind, make in board.FAULTS.items():
        if not re.search(args.only, kind):
            continue
        folder = args.log / name_of(kind)
        shutil.rmtree(folder, ignore_errors=True)
        trials, worst_s, limit_s, problems = make(board, folder, args.rounds)
        limit = "" if limit_s is None else f"{milliseconds(limit_s)} at the pins"
        if limit_s is not None and worst_s > limit_s:
            problems.append(f"safe after {milliseconds(worst_s)}")
        yield kind, trials, milliseconds(worst_s), "", limit, told(kind, problems)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=1, help="repeat each trial this often")
    parser.add_argument("--only", default="", help="trials that match this regular expression")
    parser.add_argument("virtual", type=boards.made, help="board with trials of its own")
    parser.add_argument("board", type=boards.made, help="board that has pins to look at")
    parser.add_argument("log", type=pathlib.Path)
    args = parser.parse_args()

    try:
        rows = [*own(args.virtual, args), *at_the_pins(args.board, args)]
    except (LabError, OSError) as error:
        print(f"The trials cannot go on: {error}", file=sys.stderr)
        return 2

    print("\nThe longest time from the fault until all terminals float that must:\n")
    lines = [("kind of fault", "trials", "pins", "terminals", "limit", "violations"), *rows]
    widths = [max(len(str(line[column])) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        print("  ".join(f"{text:<{width}}" for text, width in zip(line, widths)).rstrip())
    failed = sum(bool(row[-1]) for row in rows)
    return report(len(rows) - failed, failed)


if __name__ == "__main__":
    sys.exit(main())
