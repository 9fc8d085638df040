# SPDX-License-Identifier: GPL-2.0-only
"""The emulated board under power, seen from outside: channels and pins of a QEMU machine.

Channels are set through QMP, input pins through the qtest socket, and output pins are
read from QEMU's trace of the GPIO model, which tells a floating pin from a low one.
The second serial port brings the contents of /sys in the guest.
"""

import json
import math
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import suppress

import boards
from bms.errors import LabError
from bms.pins import HEARTBEAT, INPUTS, LEDS, LINES

# lab/boards/npcm750/board.dtsi has the same wiring; the lines of a bank are those of bms.pins.
ADC = "/machine/soc/adc"
GPIO = "/machine/soc/gpio[3]"
# Lines that the driver leaves to others
SPARE_INPUTS = {"floor in": 6, "program in": 7, "FIFO in": 16}
SPARE_OUTPUTS = {14: "floor out", 15: "program out", 17: "FIFO out"}
DRIVEN = {**INPUTS, **SPARE_INPUTS}
NAMES = {**{number: name for name, number in DRIVEN.items()}, **LINES, **SPARE_OUTPUTS}

MACHINE = ("qemu-system-arm", "-machine", "npcm750-evb", "-accel", "tcg", "-nodefaults",
           # QEMU makes it a Cortex-A9 r0p0, whose global timer Linux does not trust; the real
           # one is later.
           "-global", "cortex-a9-arm-cpu.midr=0x413fc090",
           "-display", "none", "-no-reboot")

# Linux assumes a converter reference of 2.048 V, QEMU one of 2 V. So channels are
# given the input at which the converter answers with the code that Linux has to see.
ADC_CODES = 1024
ADC_QEMU_REFERENCE_UV = 2000000

MEMORY_BYTES = 4096     # of the EEPROM

START_TIMEOUT_S = 60.0
COMMAND_TIMEOUT_S = 30.0

TRACE = re.compile(r"@(\d+)\.(\d{6}):npcm7xx_gpio_set_(in|out)put " + re.escape(GPIO) +
                   r" line: (\d+) level: (-?\d+)")


class FrontEnd:
    """The circuit between a quantity and its converter channel."""

    def __init__(self, step, zero=0.0):
        self.step = step    # quantity per converter code
        self.zero = zero    # quantity at code 0

    def code(self, value):
        # A converter rounds down, so that "below 3.10 V" means the same on both its sides.
        code = math.floor((value - self.zero) / self.step + 1e-6)
        return min(max(code, 0), ADC_CODES - 1)

    def seen(self, value):
        """The quantity that the driver measures for a value."""
        return self.zero + self.code(value) * self.step


CELL = FrontEnd(0.005)
TEMP = FrontEnd(0.2, -50.0)
SUPPLY = FrontEnd(0.08)
LOAD_CURRENT = FrontEnd(0.002)
CHANNELS = {"cell1": (0, CELL), "cell2": (1, CELL), "cell3": (2, CELL), "cell4": (3, CELL),
            "temp1": (4, TEMP), "temp2": (5, TEMP), "supply": (6, SUPPLY),
            "load-current": (7, LOAD_CURRENT)}


def connect(path, process, timeout_s):
    end = time.monotonic() + timeout_s
    while True:
        stream = socket.socket(socket.AF_UNIX)
        try:
            stream.connect(str(path))
            return stream
        except OSError:
            stream.close()
        if process.poll() is not None or time.monotonic() > end:
            return None
        time.sleep(0.01)


class Power(boards.Power):
    """One power cycle of the board."""

    def __init__(self, board, folder, devicetree="measured", append="",
                 answer_s=COMMAND_TIMEOUT_S, options=()):
        self.board = board
        self.devicetree = devicetree
        self.folder = pathlib.Path(folder)
        self.append = append        # to the command line of the kernel
        self.answer_s = answer_s    # how long the guest may take for a command
        self.options = options      # of QEMU
        self.process = None
        self.pins = {name: "0" if name in LEDS else "Z" for name in LINES.values()}
        self.codes = {}
        self.levels = {}

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        # Socket paths must be short, even if the name of the folder is long.
        self.sockets = pathlib.Path(tempfile.mkdtemp(prefix="bms-"))
        trace_path = self.folder / "trace.log"
        trace_path.write_text("")
        self.errors = (self.folder / "qemu.log").open("w")

        def listen(name):
            return f"unix:{self.sockets / name},server=on,wait=off"

        command = [*MACHINE, "-kernel", self.board.kernel, "-initrd", self.board.initramfs,
                   "-dtb", self.board.devicetrees / f"{self.devicetree}.dtb",
                   "-append", f"console=ttyS0,115200 panic=-1 {self.append}",
                   "-serial", f"file:{self.folder / 'kernel.log'}", "-serial", listen("agent"),
                   "-qmp", listen("qmp"), "-qtest", listen("qtest"), "-qtest-log", "/dev/null",
                   "-trace", "npcm7xx_gpio_set_output", "-D", trace_path,
                   "-msg", "timestamp=on", *self.options]
        self.begin = time.time()
        try:
            self.process = subprocess.Popen([str(word) for word in command],
                                            stdin=subprocess.DEVNULL, stdout=self.errors,
                                            stderr=self.errors)
        except OSError as error:
            raise LabError(f"cannot run qemu-system-arm: {error.strerror}; install the "
                           "Debian package qemu-system-arm") from error
        self.trace = trace_path.open()
        self.partial = ""

        streams = [connect(self.sockets / name, self.process, START_TIMEOUT_S)
                   for name in ("qmp", "qtest", "agent")]
        if None in streams:
            raise LabError(f"QEMU did not start; it says in {self.folder / 'qemu.log'}: "
                           + ((self.folder / "qemu.log").read_text().strip() or "nothing"))
        for stream in streams:
            stream.settimeout(self.answer_s)
        self.qmp, self.qtest, self.agent = (stream.makefile("rw") for stream in streams)
        self.agent_ready = False
        self.qmp.readline()     # greeting
        self.execute("qmp_capabilities")

    def stop(self):
        if self.process is None:
            return
        self.process.kill()
        self.process.wait()
        self.process = None
        self.errors.close()
        shutil.rmtree(self.sockets, ignore_errors=True)

    def alive(self):
        return self.process.poll() is None

    def now(self):
        return time.time() - self.begin

    def waited(self):
        total_ns = 0
        for file in pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/schedstat"):
            with suppress(OSError):     # a thread that has just ended
                total_ns += int(file.read_text().split()[1])
        return total_ns / 1e9

    # Into the board

    def execute(self, command, **arguments):
        try:
            self.qmp.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
            self.qmp.flush()
            while True:
                answer = json.loads(self.qmp.readline())
                if "return" in answer:
                    return answer["return"]
                if "error" in answer:
                    raise LabError(f"QEMU refuses {command} {arguments}: "
                                   f"{answer['error']['desc']}")
        except (OSError, ValueError) as error:
            raise self.gone() from error

    def set_channel(self, name, value):
        number, front_end = CHANNELS[name]
        code = front_end.code(value)
        if self.codes.get(name) == code:
            return
        self.codes[name] = code
        self.execute("qom-set", path=ADC, property=f"adci[{number}]",
                     value=math.ceil(code * ADC_QEMU_REFERENCE_UV / ADC_CODES))

    def seen(self, name, value):
        return CHANNELS[name][1].seen(value)

    def set_input(self, name, level):
        if name in self.levels and self.levels[name] == level:
            return
        self.levels[name] = level
        driven = -1 if level is None else int(level)
        try:
            self.qtest.write(f"set_irq_in {GPIO} unnamed-gpio-in {DRIVEN[name]} {driven}\n")
            self.qtest.flush()
            while not (answer := self.qtest.readline()).startswith("OK"):
                if not answer or answer.startswith(("FAIL", "ERR")):
                    raise LabError(f"QEMU refuses to set the line {name}: {answer.strip()}")
        except OSError as error:
            raise self.gone() from error

    # Out of the board

    def line_events(self):
        """New edges of all lines that are traced: (microseconds, name, 1, 0 or -1 for none)."""
        lines = (self.partial + self.trace.read()).split("\n")
        self.partial = lines.pop()
        for match in filter(None, map(TRACE.search, lines)):
            name = NAMES.get(int(match[4]))
            if name and (match[3] == "in") == (name in DRIVEN):
                yield int(match[1]) * 1000000 + int(match[2]), name, int(match[5])

    @staticmethod
    def numbers(*names):
        """Lines as the guest knows them: their chip, and their numbers there."""
        return "/dev/gpiochip3", *({name: number for number, name in NAMES.items()}[name]
                                   for name in names)

    def pin_events(self):
        for at_us, name, new in self.line_events():
            if name not in self.pins:
                continue
            high, low = ("1", "0") if name in LEDS or name == HEARTBEAT else ("1", "L")
            level = {1: high, 0: low, -1: "0" if name in LEDS else "Z"}[new]
            if level != self.pins[name]:
                self.pins[name] = level
                yield at_us / 1e6 - self.begin, name, level

    def send(self, command):
        if not self.agent_ready:
            while (line := self.agent.readline()) != "= ready\n":
                if not line:
                    raise self.gone()
            self.agent_ready = True
        self.agent.write(command + "\n")
        self.agent.flush()

    def run(self, command):
        output = []
        try:
            self.send(command)
            while not (line := self.agent.readline()).startswith("= "):
                if not line:
                    raise self.gone(output)
                output.append(line)
            return int(line[2:]), "".join(output)
        except TimeoutError as error:
            raise LabError(f"the guest has not answered \"{command}\" for {self.answer_s} s; "
                           f"its log: {self.folder / 'kernel.log'}") from error
        except (OSError, ValueError) as error:
            raise self.gone(output) from error

    def gone(self, output=()):
        said = f"; it last said \"{output[-1].strip()}\"" if output else ""
        return LabError(f"the emulated board has ended{said}; see "
                        f"{self.folder / 'qemu.log'} and {self.folder / 'kernel.log'}")

    def kernel_log(self):
        return (self.folder / "kernel.log").read_text(errors="replace")
