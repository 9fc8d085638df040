# SPDX-License-Identifier: GPL-2.0-only
"""The cost of an evaluation, beyond reading the channels, by the number of cells.

On the emulated board one bank is bound at a time. Another work only reads the same channels at
the same pace. A plugin of QEMU counts the instructions of each run of either work. In another
guest the kernel's trace of works times the runs. Other activity can only lengthen a run, so the
shortest of many is compared. In user space the instructions of one step of the policy are
counted.
"""

import re
import statistics

import boards
from bms.errors import LabError
from bms.pins import INPUTS
from bms.run import tried
from bms.sysfs import DRIVER, TRACING
from perf.figures import Aim, Figure, plot_lines, quantile
from perf.quiet import SCANS_PER_HOUR

BANKS = "cost"      # a devicetree with a bank of each of these
CELLS = (4, 8, 16, 32, 64, 160)
SCANS = 20           # of each work
SCAN_S = 0.6         # the pace of a bank
MARKED = "/sys/module/marks/parameters/function"
PROPERTY = "generic-adc-battery, one property"
REAL = "8 channels of the SoC's converter"

LINE = re.compile(r"-(\d+) +\[\d+\].* (\d+)\.(\d{6}): workqueue_execute_(start|end): .*"
                  r"function (\w+)")


class Costs:
    """A guest in which works are measured, one at a time."""

    unit = ""
    commands = ()       # before the first

    def __init__(self, args, folder, **options):
        self.board = args.equipped.power(folder, devicetree=BANKS, **options)

    def run(self, command):
        status, output = self.board.run(command)
        if status:
            raise LabError(f"{command}: {output.strip() or status}; {self.board.folder}")
        return output

    def begin(self):
        self.board.start()
        for name in INPUTS:
            self.board.set_input(name, name not in ("BPA", "L"))
        for name, value in boards.HEALTHY.items():
            self.board.set_channel(name, value)
        self.run("echo set 0 159 3300000 >/sys/devices/platform/converter/control")
        self.run("insmod /reads.ko; insmod /generic_adc_battery.ko")
        # All banks share the same pins, so the first has them now.
        self.run(f"sleep 1; for bank in $(ls {DRIVER} | grep bms); do "
                 f"echo $bank >{DRIVER}/unbind; done")
        for command in self.commands:
            self.run(command)

    def watch(self, work):
        """The cost of each run of a work, for some time."""
        raise NotImplementedError

    def measure(self, begin, end, work):
        self.run(f"{begin}; sleep 3")
        took = self.watch(work)
        self.run(end)
        if len(took) < SCANS // 4:
            raise LabError(f"{begin}: {len(took)} runs of {work} in {SCANS * SCAN_S:.0f} s; "
                           f"{self.board.folder}")
        return took

    def bank(self, name):
        return self.measure(f"echo {name} >{DRIVER}/bind", f"echo {name} >{DRIVER}/unbind",
                            "smallbms_scanner")

    def bare(self, node, count):
        file = f"/sys/devices/platform/{node}/channels"
        return self.measure(f"echo {count} >{file}", f"echo -1 >{file}",
                            "reads_channels" if count else "reads_property")

    def all(self):
        """Every work, by name."""
        with self.board:
            self.begin()
            return {**{f"{count} cells, bare reads": self.bare("reads-memory", count)
                       for count in CELLS},
                    **{f"{count} cells, scan and evaluation": self.bank(f"bms-{count}")
                       for count in CELLS},
                    PROPERTY: self.bare("reads-memory", 0),
                    f"{REAL}, bare reads": self.bare("reads-adc", 8),
                    f"{REAL}, scan and evaluation": self.bank("bms")}


class Times(Costs):
    """Measures by the kernel's trace of works, while other things happen on the host."""

    unit = "us"
    commands = ("mount -t tracefs tracefs /sys/kernel/tracing",)

    def watch(self, work):
        self.run(f"echo 0 >{TRACING}/trace; echo 1 >{TRACING}/events/workqueue/enable; "
                 f"sleep {SCANS * SCAN_S:.0f}; echo 0 >{TRACING}/events/workqueue/enable")
        took, since = [], {}
        for match in LINE.finditer(self.run(f"cat {TRACING}/trace")):
            process, at_us = match[1], int(match[2]) * 1000000 + int(match[3])
            if match[5] != work:
                continue
            if match[4] == "start":
                since[process] = at_us
            elif process in since:
                took.append(at_us - since.pop(process))
        return took


class Instructions(Costs):
    """Counts by a plugin of QEMU, on one processor. A work that does not sleep costs the same."""

    unit = "instructions"
    commands = ("insmod /marks.ko",)

    def __init__(self, args, folder):
        self.file = folder / "count.log"
        super().__init__(args, folder, append="maxcpus=1",
                         plugin=f"{(args.folder / 'count.so').absolute()},out={self.file}")

    def watch(self, work):
        before = len(self.file.read_text().splitlines())
        self.run(f"echo -n {work} >{MARKED}; sleep {SCANS * SCAN_S:.0f}; "
                 f"echo none >{MARKED}")
        return [int(line) for line in self.file.read_text().splitlines()[before:]]


def instructions(program, folder):
    """Those of one step of the policy at rest, from two runs that differ in their steps only."""
    def count(steps):
        done = tried("valgrind", "--tool=callgrind",
                     f"--callgrind-out-file={folder / 'callgrind'}",
                     "--toggle-collect=smallbms_policy_step", program, steps)
        collected = re.search(r"Collected : (\d+)", done.stderr)
        if done.returncode or not collected:
            raise LabError(f"callgrind: {done.stderr.strip().splitlines()[-1]}")
        return int(collected[1])

    return (count(1100) - count(100)) / 1000


def compare_real(took):
    """Share of an evaluation beyond real reads, in %, and half the difference of two halves."""
    def share(begin, step):
        scan, bare = (quantile(took[f"{REAL}, {what}"][begin::step], 0.5)
                      for what in ("scan and evaluation", "bare reads"))
        return 100 * (scan / bare - 1)

    return share(0, 1), abs(share(0, 2) - share(1, 2)) / 2


def compare(unit, took, judged):
    """The shortest of each: beyond the reads, by the number of cells, beside the kernel's own."""
    total = {count: min(took[f"{count} cells, scan and evaluation"]) for count in CELLS}
    reads = {count: min(took[f"{count} cells, bare reads"]) for count in CELLS}
    beyond = {count: total[count] - reads[count] for count in CELLS}
    slope, base = statistics.linear_regression(CELLS, list(total.values()))
    bent = max(abs(base + slope * count - least) / least for count, least in total.items())
    further = statistics.linear_regression(CELLS, list(beyond.values())).slope
    real = min(took[f"{REAL}, bare reads"])
    figures = [Figure("cost", what, unit, tuple(values)) for what, values in took.items()]

    def add(what, of, value, limit=None):
        aims = (Aim("value", limit),) if judged and limit else ()
        figures.append(Figure("cost", f"{what}, by {unit}", of, (value,), aims))

    add("furthest of a scan from a straight line over the cells", "%", 100 * bent, 10)
    add("each further cell, read and evaluated / one property of generic-adc-battery", "times",
        slope / min(took[PROPERTY]), 1)
    add("each further cell, beyond its bare read / a read of the SoC's converter", "%",
        100 * further / (real / 8), 10)
    add("8 cells, beyond their bare reads / 8 reads of the SoC's converter", "%",
        100 * beyond[8] / real, 10)
    share, noise = compare_real(took)
    add(f"{REAL}, beyond the bare reads, median (+- {noise:.2g})", "%", share)
    lines = {"scan and evaluation": list(total.items()), "bare reads": list(reads.items()),
             "beyond the bare reads": list(beyond.items())}
    return figures, lambda where: plot_lines(
        lines, ("cells", unit), "Shortest scan on the emulated board, channels in memory",
        where / f"cost-{unit}.png")


def measure(args, folder):
    place = folder / "cost"
    place.mkdir(parents=True, exist_ok=True)
    args.equipped.many_banks(args.linux, BANKS, CELLS)
    figures = [Figure("cost", "one step of the policy at rest, on the host", "instructions",
                      (instructions(folder / "step", place),))]
    plots = []
    for kind in (Instructions, Times):
        took = kind(args, place).all()
        new, plot = compare(kind.unit, took, kind is Instructions)
        figures += new
        plots.append(plot)
    for count in (CELLS[0], CELLS[-1]):
        us = quantile(took[f"{count} cells, scan and evaluation"], 0.5)
        figures.append(Figure("cost", f"{count} cells, processor time at rest", "s per hour",
                              (us * SCANS_PER_HOUR / 1e6,)))
    return figures, plots
