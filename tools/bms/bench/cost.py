# SPDX-License-Identifier: GPL-2.0-only
"""What an evaluation costs, beyond reading the channels, by the number of cells.

On the emulated board a bank is bound alone, and its scans are timed by the kernel's trace
of works; the same channels are read by a work of the same pace that makes nothing of them.
Whatever else the host does can only lengthen that, so the shortest of many is compared. In
user space the instructions of one step of the policy are counted, exactly.
"""

import re
import statistics
import subprocess

from bms import board as wiring
from bms.bench.figures import Aim, Figure, plot_lines, quantile
from bms.bench.quiet import SCANS_PER_HOUR
from bms.errors import BenchError

CELLS = (4, 8, 16, 32, 64, 160)
SCANS = 40
SCAN_S = 0.6         # the pace of a bank
BOARD = "tools/emulated-board"
TRACING = "/sys/kernel/tracing"
DRIVER = "/sys/bus/platform/drivers/smallbms"

DTS = """#include "bench.dts"

/ {{
	memory: converter {{
		compatible = "test,bms-converter";
		#io-channel-cells = <1>;
	}};

	adc-battery {{
		compatible = "adc-battery";
		io-channels = <&memory 0>;
		io-channel-names = "voltage";
	}};

	reads-memory {{
		compatible = "test,bms-reads";
		io-channels = {};
	}};

	reads-adc {{
		compatible = "test,bms-reads";
		io-channels = <&cell1 0>, <&cell2 0>, <&cell3 0>, <&cell4 0>,
			      <&temp1>, <&temp2>, <&supply 0>, <&load_current>;
	}};
{}}};

&bms {{
	io-channels = <&cell1 0>, <&cell2 0>, <&cell3 0>, <&cell4 0>,
		      <&temp1>, <&temp2>, <&supply 0>, <&load_current>;
	io-channel-names = "cell1", "cell2", "cell3", "cell4",
			   "temp1", "temp2", "supply", "load-current";
}};
"""
BANK = """
	bms-{} {{
		compatible = "victronenergy,smallbms";
		load-disconnect-gpios = <&gpio3 8 (GPIO_ACTIVE_HIGH | GPIO_OPEN_SOURCE)>;
		charge-disconnect-gpios = <&gpio3 9 (GPIO_ACTIVE_HIGH | GPIO_OPEN_SOURCE)>;
		pre-alarm-gpios = <&gpio3 10 (GPIO_ACTIVE_HIGH | GPIO_OPEN_SOURCE)>;
		loop-gpios = <&gpio3 2 GPIO_ACTIVE_HIGH>;
		remote-h-gpios = <&gpio3 0 GPIO_ACTIVE_HIGH>;
		io-channels = {};
		io-channel-names = {};
	}};
"""
LINE = re.compile(r"-(\d+) +\[\d+\].* (\d+)\.(\d{6}): workqueue_execute_(start|end): .*"
                  r"function (\w+)")


def channels(count):
    return ", ".join(f"<&memory {number}>" for number in range(count))


def devicetree(linux, path):
    names = [", ".join(f'"cell{number + 1}"' for number in range(count)) for count in CELLS]
    text = DTS.format(channels(CELLS[-1]), "".join(
        BANK.format(count, channels(count), name) for count, name in zip(CELLS, names)))
    done = subprocess.run(
        f"cpp -nostdinc -undef -D__DTS__ -x assembler-with-cpp -I {BOARD} -I {linux}/include "
        f"-I {linux}/arch/arm/boot/dts/nuvoton - | dtc -q -I dts -O dtb -o {path} -",
        shell=True, input=text, text=True, capture_output=True, check=False)
    if done.returncode or done.stderr:
        raise BenchError(f"no devicetree for the costs: {done.stderr.strip()}")


class Costs:
    """A guest whose time is a number of instructions."""

    def __init__(self, board):
        self.board = board

    def run(self, command):
        status, output = self.board.run(command)
        if status:
            raise BenchError(f"{command}: {output.strip() or status}; {self.board.folder}")
        return output

    def begin(self):
        for name in wiring.INPUTS:
            self.board.set_input(name, name not in ("BPA", "L"))
        for name, (_, _) in wiring.CHANNELS.items():
            self.board.set_channel(name, {"cell": 3.3, "temp": 25.0, "supp": 13.2,
                                          "load": 0.2}[name[:4]])
        self.run("mount -t tracefs tracefs /sys/kernel/tracing")
        self.run("echo set 0 159 3300000 >/sys/devices/platform/converter/control")
        self.run("insmod /reads.ko; insmod /generic_adc_battery.ko")
        # All banks share the same pins, so the first has them now.
        self.run(f"sleep 1; for bank in $(ls {DRIVER} | grep bms); do "
                 f"echo $bank >{DRIVER}/unbind; done")

    def timed(self, begin, end, work):
        """How long each run of a work took, in us."""
        self.run(f"{begin}; sleep 3; echo 0 >{TRACING}/trace")
        self.run(f"echo 1 >{TRACING}/events/workqueue/enable; sleep {SCANS * SCAN_S:.0f}; "
                 f"echo 0 >{TRACING}/events/workqueue/enable")
        took, since = [], {}
        for match in LINE.finditer(self.run(f"cat {TRACING}/trace")):
            process, at_us = match[1], int(match[2]) * 1000000 + int(match[3])
            if match[5] != work:
                continue
            if match[4] == "start":
                since[process] = at_us
            elif process in since:
                took.append(at_us - since.pop(process))
        self.run(end)
        if len(took) < SCANS // 4:
            raise BenchError(f"{begin}: {len(took)} runs of {work} in {SCANS * SCAN_S:.0f} s; "
                             f"{self.board.folder}")
        return took

    def bank(self, name):
        return self.timed(f"echo {name} >{DRIVER}/bind", f"echo {name} >{DRIVER}/unbind",
                          "smallbms_scanner")

    def bare(self, node, count):
        file = f"/sys/devices/platform/{node}/channels"
        return self.timed(f"echo {count} >{file}", f"echo -1 >{file}",
                          "reads_channels" if count else "reads_property")


def instructions(program, folder):
    """Of one step of the policy at rest: two runs differ by so many steps only."""
    def count(steps):
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder / 'callgrind'}",
             "--toggle-collect=smallbms_policy_step", program, str(steps)],
            capture_output=True, text=True, check=False)
        collected = re.search(r"Collected : (\d+)", done.stderr)
        if done.returncode or not collected:
            raise BenchError(f"callgrind: {done.stderr.strip().splitlines()[-1]}")
        return int(collected[1])

    return (count(1100) - count(100)) / 1000


def compare(bare, scans, prop, adc, real):
    """The shortest of each: beyond the reads, by the number of cells, beside the kernel's own."""
    total = {count: min(scans[count]) for count in CELLS}
    reads = {count: min(bare[count]) for count in CELLS}
    slope, base = statistics.linear_regression(CELLS, list(total.values()))
    bent = max(abs(base + slope * count - us) / us for count, us in total.items())
    read_slope = statistics.linear_regression(CELLS, list(reads.values())).slope
    figures = [
        *(Figure("cost", f"{count} cells, {what}", "us", tuple(values))
          for count in CELLS for what, values in (("bare reads", bare[count]),
                                                  ("scan and evaluation", scans[count]))),
        Figure("cost", "generic-adc-battery, one property", "us", tuple(prop)),
        Figure("cost", "8 channels of the SoC's converter, bare reads", "us", tuple(adc)),
        Figure("cost", "8 channels of the SoC's converter, scan and evaluation", "us",
               tuple(real))]

    def add(what, unit, value, *aims):
        figures.append(Figure("cost", what, unit, (value,), aims))

    for count in (CELLS[0], CELLS[-1]):
        add(f"{count} cells, processor time at rest", "s per hour",
            quantile(scans[count], 0.5) * SCANS_PER_HOUR / 1e6)
    add("furthest of a scan from a straight line over the cells", "%", 100 * bent,
        Aim("value", 10))
    add("each further cell, read and evaluated / one property of generic-adc-battery", "times",
        slope / min(prop), Aim("value", 1))
    add("each further cell, beyond its bare read", "us", slope - read_slope)
    add("each further cell, beyond its bare read", "% of a read of the SoC's converter",
        100 * (slope - read_slope) / (min(adc) / 8), Aim("value", 10))

    def share(begin, step):
        return 100 * (min(real[begin::step]) / min(adc[begin::step]) - 1)

    noise = abs(share(0, 2) - share(1, 2)) / 2
    add(f"8 channels of the SoC's converter, beyond the bare reads (+- {noise:.2g})", "% of these",
        share(0, 1), Aim("value", 10, noise=noise))
    return figures, {"scan and evaluation": list(total.items()),
                     "bare reads": list(reads.items()),
                     "beyond the bare reads": [(count, total[count] - reads[count])
                                               for count in CELLS]}


def measure(args, folder):
    place = folder / "cost"
    place.mkdir(parents=True, exist_ok=True)
    devicetree(args.linux, place / "cost.dtb")
    steps = instructions(folder / "step", place)
    with wiring.Board(args.build / "board-clients/arch/arm/boot/zImage",
                      args.build / "bench-initramfs.cpio.gz", place / "cost.dtb",
                      place) as board:
        board.start()
        costs = Costs(board)
        costs.begin()
        bare = {count: costs.bare("reads-memory", count) for count in CELLS}
        scans = {count: costs.bank(f"bms-{count}") for count in CELLS}
        figures, lines = compare(bare, scans, costs.bare("reads-memory", 0),
                                 costs.bare("reads-adc", 8), costs.bank("bms"))
    figures.append(Figure("cost", "one step of the policy at rest", "instructions", (steps,)))
    return figures, [lambda where: plot_lines(lines, ("cells", "us"), "Shortest scan on the "
                                              "emulated board, channels in memory",
                                              where / "cost.png")]
