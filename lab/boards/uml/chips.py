# SPDX-License-Identifier: GPL-2.0-only
"""Do the models of chips work as in the data sheets, under the kernel's own drivers?

Each trial is a script for the player on the devicetree lab/boards/uml/chips.dts. It is judged by
the files that it reads, and by the kernel's trace of its buses. Ends with "N passed, N failed".
"""

import argparse
import pathlib
import re
import shutil
import sys

import boards
from bms import kernel_log
from bms.errors import LabError
from bms.result import report
from bms.sysfs import TRACING
from boards.uml.reading import BEGIN
from boards.uml.script import BEGIN_NS, NS

CONTROL = "write /sys/devices/platform/{}/control {}"
IIO = "/sys/bus/iio/devices/iio:device{}/"
MCP3208, ADS1115, FAST_ADS1115 = (IIO.format(number) for number in range(3))
EEPROM = "/sys/bus/i2c/devices/0-0050/eeprom"

EVENT = re.compile(r" (\d+\.\d{6}): (\w+): (.*)$", re.MULTILINE)
RESULT = re.compile(r"i2c-(\d+) n=\d+ ret=(-?\d+)")
INTERRUPT = re.compile(r"^ *\d+: +(\d+) +bms-soc +17 ", re.MULTILINE)
ENXIO, ETIMEDOUT = -6, -110
CLOSE_S = 5e-6      # to the figure, as the clocks of the trace and of the sleeper are


class Trial:
    """The commands of a trial, and their results."""

    def __init__(self):
        self.events = []
        self.files = 0

    def do(self, time, text):
        self.events.append((time, text))

    def spi(self, time, text):
        self.do(time, CONTROL.format("spi", f"0 {text}"))

    def i2c(self, time, address, text):
        self.do(time, CONTROL.format("i2c", f"{address} {text}"))

    def look(self, time, path):
        """Copy a file; returns the name of the copy."""
        self.files += 1
        self.do(time, f"copy {path} /run/{self.files}")
        return str(self.files)

    def run(self, board, folder):
        begin = [(0, f"insmod /lib/{name}.ko")
                 for name in ("bms_converter", "bms_expander", "bms_chips")]
        begin += [(0, f"write {TRACING}/trace_clock boot"),
                  (0, f"write {TRACING}/events/i2c/enable 1"),
                  (0, f"write {TRACING}/events/spi/enable 1")]
        end = max(time for time, _ in self.events)
        said = board.perform(folder, [*begin, *self.events,
                                      (end, f"copy {TRACING}/trace /run/trace")])
        if "player: end" not in said or "refused" in said:
            raise LabError(f"the script went wrong: {folder / 'kernel.log'}")
        complaints = kernel_log.trouble(said)
        if complaints:
            raise LabError(complaints[0])
        self.folder = folder
        begin_s = (int(BEGIN.search(said)[1]) + BEGIN_NS) / NS
        self.trace = [(float(time) - begin_s, name, text) for time, name, text in
                      EVENT.findall((folder / "trace").read_text())]

    def read(self, name):
        return (self.folder / name).read_bytes()

    def number(self, name):
        text = self.read(name).decode().strip()
        return int(text) if text else None

    def transfers(self, bus=0):
        """(begin, seconds, result) of each transfer on an I2C bus."""
        begin = None
        for time, name, text in self.trace:
            if name in ("i2c_write", "i2c_read") and text.startswith(f"i2c-{bus} ") \
                    and begin is None:
                begin = time
            match = RESULT.match(text) if name == "i2c_result" else None
            if match and int(match[1]) == bus and begin is not None:
                yield begin, time - begin, int(match[2])
                begin = None


def near(seconds, expected):
    return 0 <= seconds - expected <= CLOSE_S


def mcp3208(trial):
    trial.spi(1, "reference 2500000")
    for number in range(8):
        trial.spi(1, f"set {number} {300000 * number + 100}")
    looks = [trial.look(2, f"{MCP3208}in_voltage{number}_raw") for number in range(8)]
    over = trial.look(3, f"{MCP3208}in_voltage1-voltage0_raw")
    trial.spi(4, "set 0 2600000")
    full = trial.look(4, f"{MCP3208}in_voltage0_raw")
    yield
    for number, look in enumerate(looks):
        expected = (300000 * number + 100) * 4096 // 2500000
        if trial.number(look) != expected:
            yield f"input {number} reads {trial.number(look)}, not {expected}"
    if trial.number(over) != 300000 * 4096 // 2500000:
        yield f"the pair reads {trial.number(over)}, not {300000 * 4096 // 2500000}"
    if trial.number(full) != 4095:
        yield f"an input above the reference reads {trial.number(full)}, not 4095"
    starts = [time for time, name, _ in trial.trace if name == "spi_transfer_start"]
    stops = [time for time, name, _ in trial.trace if name == "spi_transfer_stop"]
    if not starts or len(starts) != len(stops):
        yield f"{len(starts)} transfers begin, and {len(stops)} end"
    # 8 and 16 clocks of 1 MHz
    for start, stop, expected in zip(starts, stops, (8e-6, 16e-6) * 10):
        if not near(stop - start, expected):
            yield f"a transfer takes {stop - start:.6f} s, not {expected:.6f}"


def spi_faults(trial):
    trial.spi(1, "reference 2500000")
    trial.spi(1, "set 0 1250000")
    path = f"{MCP3208}in_voltage0_raw"
    trial.spi(2, "fault refuse 1")
    refused, then = trial.look(2, path), trial.look(3, path)
    trial.spi(4, "fault hang 1")
    hung = trial.look(4, path)
    trial.spi(6, "fault garble 2")
    garbled = trial.look(6, path)
    yield
    if trial.number(refused) is not None or trial.number(then) != 2048:
        yield (f"a refused read gives {trial.number(refused)}, not None, and the next one "
               f"{trial.number(then)}, not 2048")
    if trial.number(hung) is not None:
        yield f"a read that hangs gives {trial.number(hung)}, not None"
    if trial.number(garbled) in (None, 2048):
        yield f"a garbled read gives {trial.number(garbled)}, not a wrong number"
    spans = [stop - start for (start, name, _), (stop, after, _) in
             zip(trial.trace, trial.trace[1:])
             if (name, after) == ("spi_transfer_start", "spi_transfer_stop")]
    # The core of SPI waits twice as long as the transfer takes, and 200 ms.
    if not 0.2 <= max(spans) <= 0.23:
        yield f"a transfer that hangs takes {max(spans):.3f} s"


def ads1115(trial):
    for number, uv in enumerate((1000000, 500000, 250000, 2500000)):
        trial.i2c(1, 48, f"set {number} {uv}")
    looks = [trial.look(2, f"{ADS1115}in_voltage{number}_raw") for number in (0, 1, 2, 3, 0)]
    pair = trial.look(2, f"{ADS1115}in_voltage0-voltage1_raw")
    yield
    # 2.048 V in 15 bits; a voltage above that reads as the highest code
    for look, expected in zip(looks, (16000, 8000, 4000, 32767, 16000)):
        if trial.number(look) != expected:
            yield f"an input reads {trial.number(look)}, not {expected}"
    if trial.number(pair) != 8000:
        yield f"the pair reads {trial.number(pair)}, not 8000"


def ads1115_rates(trial):
    """A step is seen by the conversion that ends after it, and by none before.

    A look takes a millisecond. At the higher rates, a conversion may end in that time.
    """
    looks = []
    path = f"{ADS1115}in_voltage0"
    for time, rate in ((2, 8), (4, 128), (6, 860)):
        trial.i2c(time, 48, "set 0 500000")
        trial.do(time, f"write {path}_sampling_frequency {rate}")
        trial.look(time, f"{path}_raw")
        for number in range(5):
            step = time + 0.5 + 0.2 * number
            trial.i2c(step, 48, f"set 0 {500000 if number % 2 else 1000000}")
            looks.append((rate, number, trial.look(step, f"{path}_raw"),
                          trial.look(step + 1.01 / rate, f"{path}_raw")))
    yield
    for rate, number, at_once, later in looks:
        values = trial.number(at_once), trial.number(later)
        old, new = (16000, 8000) if number % 2 else (8000, 16000)
        if values[1] != new or rate == 8 and values[0] != old:
            yield (f"at {rate} a second, step {number}: {values[0]} at once, {values[1]} a "
                   f"conversion later")


def i2c_speed(trial):
    trial.look(1, f"{ADS1115}in_voltage0_raw")
    trial.look(2, f"{FAST_ADS1115}in_voltage0_raw")
    yield
    # Address and register, address and two bytes: 5 bytes of 9 clocks
    for bus, expected in ((0, 450e-6), (1, 45e-6 + 68e-6)):
        found = [seconds for begin, seconds, _ in trial.transfers(bus) if begin > 1]
        if not found or not any(near(seconds, expected) for seconds in found):
            yield f"bus {bus}: transfers take {found}, not {expected:.6f} s"


def i2c_faults(trial):
    trial.i2c(1, 48, "set 0 1000000")
    path = f"{ADS1115}in_voltage0_raw"
    trial.look(1, path)
    trial.i2c(1.5, 48, "fault refuse 1")
    refused, then = trial.look(1.5, path), trial.look(1.6, path)
    trial.i2c(2, 48, "fault hang 1")
    hung = trial.look(2, path)
    trial.i2c(3.5, 48, "slow 1000")
    slow = trial.look(3.5, path)
    trial.i2c(3.8, 48, "slow 0")
    trial.i2c(3.9, 48, "fault garble")
    garbled = trial.look(3.9, path)
    yield
    if trial.number(refused) is not None or trial.number(then) != 16000:
        yield (f"a refused read gives {trial.number(refused)}, not None, and the next one "
               f"{trial.number(then)}, not 16000")
    if trial.number(hung) is not None:
        yield f"a read that hangs gives {trial.number(hung)}, not None"
    if trial.number(slow) != 16000:
        yield f"a slow read gives {trial.number(slow)}, not 16000"
    if trial.number(garbled) in (None, 16000):
        yield f"a garbled read gives {trial.number(garbled)}, not a wrong number"
    found = list(trial.transfers())
    refusals = sum(result == ENXIO for _, _, result in found)
    if refusals != 1:
        yield f"{refusals} transfers were refused, not 1"
    # The adapter's timeout is a second; the kernel's timers of that length may be 80 ms late.
    hung = [result for _, seconds, result in found if 1.0 <= seconds <= 1.09]
    if hung != [ETIMEDOUT]:
        yield f"transfers that took a second gave {hung}, not {[ETIMEDOUT]}"
    if not any(near(seconds, 450e-6 + 5e-3) for _, seconds, _ in found):
        yield "no transfer of 5 bytes was slower by 5 ms"


def eeprom(trial):
    blank = trial.look(1, EEPROM)
    trial.do(2, f"write {EEPROM} A")
    trial.do(2, f"write {EEPROM} B")
    byte = trial.look(3, EEPROM)
    text = "a line that is longer than a page of thirty-two bytes"
    trial.do(4, f"write {EEPROM} {text}")
    line = trial.look(5, EEPROM)
    yield
    if trial.read(blank) != b"\xff" * 4096:
        yield "the EEPROM is not erased at first"
    if trial.read(byte) != b"B" + b"\xff" * 4095:
        yield f"a byte is not read back: {trial.read(byte)[:4]}"
    if trial.read(line) != text.encode() + b"\xff" * (4096 - len(text)):
        yield f"a line is not read back: {trial.read(line)[:80]}"
    begins = [(begin, result) for begin, _, result in trial.transfers() if begin > 2]
    refused = [begin for begin, result in begins if result == ENXIO and begin < 3]
    done = [begin for begin, result in begins if result > 0]
    # From the end of the first write, 4 bytes of 9 clocks, to the beginning of the second
    pause = done[1] - done[0] - 360e-6
    if len(refused) < 3 or not 5e-3 <= pause <= 7e-3:
        yield (f"the second byte waits {pause * 1000:.3f} ms, not 5 to 7, and is refused "
               f"{len(refused)} times, not 3 or more")


def pca9535(trial):
    """Interrupts: one for a change, none for one that is over before it is seen."""
    counts = {"at first": trial.look(1, "/proc/interrupts")}
    trial.i2c(2, 20, "pull 0 1")
    counts["after a change"] = trial.look(3, "/proc/interrupts")
    trial.i2c(4, 20, "pull 9 1")
    trial.i2c(4, 20, "pull 9 0")
    counts["after a pulse"] = trial.look(5, "/proc/interrupts")
    trial.do(6, CONTROL.format("gpio", "edges lost"))
    trial.i2c(6, 20, "pull 0 0")
    counts["lost"] = trial.look(7, "/proc/interrupts")
    trial.do(8, CONTROL.format("gpio", "edges ok"))
    counts["found again"] = trial.look(9, "/proc/interrupts")
    yield
    found = {}
    for when, name in counts.items():
        match = INTERRUPT.search(trial.read(name).decode())
        found[when] = int(match[1]) if match else None
    if list(found.values()) != [0, 1, 1, 1, 2]:
        yield f"interrupts: {found}, not 0, 1, 1, 1, 2"


def pca9535_read_clears(trial):
    """A chip that refuses the read keeps its interrupt; the next read ends it."""
    trial.i2c(1, 20, "fault refuse 3")
    trial.i2c(1, 20, "pull 0 1")
    count = trial.look(2, "/proc/interrupts")
    yield
    match = INTERRUPT.search(trial.read(count).decode())
    if not match or int(match[1]) != 4:
        yield f"interrupts: {match and match[1]}, not 4"


TRIALS = {
    "MCP3208: codes, and 24 us at 1 MHz": mcp3208,
    "SPI refuses, hangs for 200 ms, garbles": spi_faults,
    "ADS1115: codes": ads1115,
    "ADS1115: 8, 128 and 860 conversions a second": ads1115_rates,
    "I2C at 100 and 400 kHz": i2c_speed,
    "I2C refuses, hangs for a second, is slow, garbles": i2c_faults,
    "24C32: keeps bytes, and refuses for the 5 ms of a write": eeprom,
    "PCA9535: interrupts, a lost edge": pca9535,
    "PCA9535: a read takes the interrupt back": pca9535_read_clears,
}


def attempt(trial, board, tree, folder):
    """Make a trial: its errors."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(tree, folder / "board.dtb")
    run = Trial()
    steps = trial(run)
    next(steps)
    try:
        run.run(board, folder)
        return list(steps)
    except (LabError, OSError, ValueError, IndexError) as error:
        return [str(error)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("board", type=boards.made, help="the virtual one")
    parser.add_argument("tree", type=pathlib.Path, help="devicetree, compiled")
    parser.add_argument("folder", type=pathlib.Path, help="folder for the results")
    args = parser.parse_args()
    failed = 0
    for number, (name, trial) in enumerate(TRIALS.items()):
        wrong = attempt(trial, args.board, args.tree, args.folder / str(number))
        print(f"{'not ok' if wrong else 'ok'}: {name}", flush=True)
        for line in wrong:
            print(f"  {line}")
        failed += bool(wrong)
    return report(len(TRIALS) - failed, failed)


if __name__ == "__main__":
    sys.exit(main())
