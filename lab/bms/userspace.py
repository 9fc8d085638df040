# SPDX-License-Identifier: GPL-2.0-only
"""Show a bank to people's own programs on the emulated board, and judge their output.

Real, unmodified programs from Debian run in the guest. Each state of the bank gives a
section of the page, with the output of each program.

Exit status: 0 all was as expected, 1 something was not, 2 the lab could not go on.
"""

import argparse
import json
import math
import pathlib
import re
import sys

import boards
from bms import kernel_log
from bms.errors import LabError
from bms.product import LATE_S, WARNING_S
from bms.result import report
from bms.sysfs import DEVICE

SUPPLY = f"{DEVICE}/power_supply/bms"
AFT = "bms-aft"             # a second bank, on the same cells, which counts its charge
DOCUMENTATION = pathlib.Path(__file__).parents[2] / "Documentation"
PROGRAMS = "/usr/local/sbin"
METRICS = "127.0.0.1:9100"
ANSWER_S = 180.0            # a guest with many programs on a busy host
SETTLE_S = 3.0              # until the second bank has followed, and all is announced
TRIES = 10
CROWDS = 3
READERS = 1000
# Files that every device has; the driver does not handle garbage in them
KERNELS_OWN = ("uevent", "modalias", "driver_override")
EXPORTER = "prometheus-node-exporter"
START = {"LD": "1", "CD": "1", "PA": "Z"}

# Each state: its inputs, the pins then, and the longest time until then
STATES = (
    ("normal", {}, START),
    ("pre-alarm", {"cell3": 3.000, "supply": 12.88}, {"LD": "1", "CD": "Z", "PA": "1"}),
    ("after the cut", {"cell3": 2.700, "supply": 12.56}, {"LD": "Z", "CD": "1", "PA": "Z"}),
    ("cell over voltage", {"cell2": 3.800, "supply": 13.68}, {"LD": "1", "CD": "Z", "PA": "Z"}),
    ("cold", {"temp1": -10.0}, {"LD": "1", "CD": "Z", "PA": "Z"}),
    ("dead sensor", {"cell3": 0.0}, {"LD": "1", "CD": "Z", "PA": "1"}),
)

COMMANDS = (
    ("the driver", f"cd {SUPPLY}; grep . status health capacity_level *_output *_read_back "
                   "warning_left_ms causes; cd /"),
    ("upower", "upower -i /org/freedesktop/UPower/devices/battery_bms"),
    (f"upower, {AFT}", "upower -i /org/freedesktop/UPower/devices/battery_bms_aft"),
    ("sensors", "sensors 2>&1"),
    ("sensors -j", "sensors -j 2>/dev/null"),
    (EXPORTER, f"wget -qO- http://{METRICS}/metrics | "
               "grep -E '^node_(power_supply|hwmon|scrape_collector_success)'"),
    ("gpioinfo", "gpioinfo gpiochip3 | grep -v unused"),
)

DAEMONS = (
    # A stand-in for systemd's shutdown
    "printf '#!/bin/sh\\necho \"$@\" >>/tmp/systemctl\\n' >/usr/bin/systemctl; "
    "chmod +x /usr/bin/systemctl",
    "mkdir -p /lib/systemd; ln -s /bin/udevadm /lib/systemd/systemd-udevd; "
    "/lib/systemd/systemd-udevd >>/tmp/udevd 2>&1 &",
    "prometheus-node-exporter --collector.disable-defaults --collector.powersupplyclass "
    f"--collector.hwmon --web.listen-address={METRICS} >>/tmp/exporter 2>&1 &",
    "dbus-daemon --system --fork --nopidfile",
    "/usr/libexec/upowerd >>/tmp/upowerd 2>&1 &",
    "udevadm monitor --kernel --udev --property >>/tmp/monitor 2>&1 &",
    "trace-cmd start -e smallbms_transition -e smallbms_window",
    f"{PROGRAMS}/smallbms-wait {SUPPLY}/pre_alarm_output >>/tmp/waited 2>&1 &",
)
READY = "[ $(upower -e 2>/dev/null | grep -c battery_bms) = 2 ] && " \
        f"wget -qO- http://{METRICS}/metrics 2>/dev/null | grep -q node_power_supply_info"
LATER = "upower --monitor-detail >>/tmp/upower-monitor 2>&1 &"


PAGE = """# Output of people's programs

Real programs from Debian 12 for armhf, on the emulated board; made by `make userspace`.
{passed} things were as expected, {failed} were not (see the verdict at the end).

Two banks are on the same cells: `bms` is measured in full, `bms-aft` has cells and a current,
and counts its charge.

## At a glance

{glance}
{details}
## Verdict

{verdict}"""


class Guest:
    """A board with programs on it, and the observations of them."""

    def __init__(self, board):
        self.board = board
        self.edges = []             # (time, pin, level)
        self.page = []
        self.glance = []            # a row for each state
        self.checks = []            # (client, state, text, ok)
        self.state = ""

    def wait(self, seconds):
        self.edges += self.board.wait(seconds)

    def until(self, pins, limit_s):
        def reached():
            return all(self.board.pins[name] == level for name, level in pins.items())

        self.edges += self.board.wait(limit_s, reached)
        if not reached():
            raise LabError(f"{self.state}: the pins are {self.board.pins}, not {pins}, "
                           f"after {limit_s:.0f} s; see {self.board.folder / 'kernel.log'}")

    def measure(self, values):
        for name, value in {**boards.HEALTHY, **values}.items():
            self.board.set_channel(name, value)

    def run(self, command):
        status, output = self.board.run(command)
        self.edges.extend(self.board.pin_events())
        return status, output

    def text(self, command):
        return self.run(command)[1]

    def check(self, client, text, ok):
        self.checks.append((client, self.state, text, bool(ok)))
        print(f"  {'ok' if ok else 'NOT OK':<7}{client}: {text}", flush=True)

    def show(self, title, output):
        self.page.append(f"<details><summary>{title}</summary>\n\n```\n{output.rstrip()}\n```\n\n"
                         "</details>\n")

    def enter(self, state):
        self.state = state
        self.page.append(f"## {state[0].upper() + state[1:]}\n")
        print(f"{state} ({self.board.now():.0f} s)", flush=True)

    def news(self, path):
        """The output of a program since the last call."""
        text = self.text(f"cat {path}; : >{path}")
        return text

    def last(self, pin, level):
        times = [at for at, name, new in self.edges if (name, new) == (pin, level)]
        return times[-1] if times else None


def uevents(text, source):
    """The properties of each event that udevadm has told of."""
    return [dict(line.split("=", 1) for line in block.splitlines()[1:] if "=" in line)
            for block in re.split(r"\n(?=(?:KERNEL|UDEV  )\[)", "\n" + text)
            if block.strip().startswith(source)]


def metric(text, name, **labels):
    """The value of a metric, or None."""
    for line in text.splitlines():
        match = re.match(rf"{name}(?:\{{(.*)\}})? (\S+)$", line)
        if match and all(f'{key}="{value}"' in (match[1] or "") for key, value in labels.items()):
            return float(match[2])
    return None


EXPECTED = {
    # state: health, capacity level, alarm in sensors -j, charge of the second bank in percent
    "normal": ("Good", "Normal", None, 100),
    "pre-alarm": ("Good", "Low", ("cell3", "in3_min_alarm"), 5),
    "after the cut": (r"Unspecified failure|Under voltage", "Critical",
                      ("cell3", "in3_lcrit_alarm"), 2),
    "cell over voltage": ("Over voltage", "Normal", ("cell2", "in2_crit_alarm"), 2),
    "cold": ("Cold", "Normal", ("temp1", "temp1_min_alarm"), 2),
    "dead sensor": ("Watchdog timer expire", "Unknown", None, 2),
}


def sensors_with_value(metrics):
    return [number for number in range(5)
            if metric(metrics, "node_hwmon_in_volts", chip="platform_bms",
                      sensor=f"in{number}") is not None]


def collected(metrics):
    return all(metric(metrics, "node_scrape_collector_success", collector=name) == 1
               for name in ("powersupplyclass", "hwmon"))


def whole(title, text, lost):
    """Does an output have all values but those of the cells that are lost?"""
    if title == "sensors":
        return text.count("N/A") == 2 * lost        # both banks have the cell
    if title == "sensors -j":
        return len(re.findall(r'"in\d_input"', text)) == 10 - 2 * lost    # the supply twice
    return title != EXPORTER or collected(text) and len(sensors_with_value(text)) == 5 - lost


def ask(guest, title, command):
    """The output of a program.

    On a busy host the emulated converter sometimes misses a read, and its value is not known
    for a moment. Debian's exporter then leaves out every power supply. So programs that show
    measurements are run again.
    """
    for _ in range(TRIES):
        text = guest.text(command)
        if whole(title, text, guest.state == "dead sensor"):
            break
        guest.wait(0.5)
    return text


def at_a_glance(state, shown):
    """A row of the first table of the page."""
    said = re.findall(r"^(\w+):(.*)$", shown["the driver"], re.M)
    driver = dict(said)
    causes = [" ".join(text.split()[:2]) for name, text in said if name == "causes"]
    level = re.search(r"battery-level: +(\S+)", shown["upower"])
    percent = re.search(r"percentage: +(\S+)$", shown[f"upower, {AFT}"], re.M)
    alarms = re.findall(r"^(\S+):.*?(ALARM.*$|N/A)", shown["sensors"], re.M)
    return (state, *(driver.get(f"{name}_output", "") for name in ("load", "charge", "pre_alarm")),
            driver.get("health", ""), level[1] if level else "", percent[1] if percent else "",
            ", ".join(sorted({f"{name} {text}" for name, text in alarms})), ", ".join(causes))


def table(head, rows):
    return "".join(f"| {' | '.join(cell.replace('|', ' or ') for cell in row)} |\n"
                   for row in (head, ["---"] * len(head), *rows))


def asked_for(metrics):
    """Metrics that the recipes use and the exporter lacks."""
    asked = [name for recipe in ("smallbms.rules.yml", "smallbms-dashboard.json")
             for name in re.findall(r"node_(?:power_supply|hwmon)_\w+",
                                    (DOCUMENTATION / "monitoring" / recipe).read_text())]
    return sorted(set(asked) - set(re.findall(r"^\w+", metrics, re.M)))


def judge(guest, shown):
    health, level, alarm, percent = EXPECTED[guest.state]
    failing = guest.state == "dead sensor"

    upower = shown["upower"]
    guest.check("upower", f"level {level.lower()}",
                re.search(rf"battery-level: +{level.lower()}$", upower, re.M))
    guest.check("upower", "no supply that the host is switched off for",
                re.search(r"power supply: +no$", upower, re.M))

    guest.check("upower", "no percentage that counts",
                re.search(r"percentage: .*\(should be ignored\)", upower))
    guest.check(f"upower, {AFT}", f"{percent} %",
                re.search(rf"percentage: +{percent}%$", shown[f"upower, {AFT}"], re.M))

    metrics = shown[EXPORTER]
    info = next((line for line in metrics.splitlines()
                 if re.match(r'node_power_supply_info\{.*power_supply="bms"', line)), "")
    guest.check(EXPORTER, f"health {health}, level {level}",
                re.search(rf'health="({health})"', info) and f'capacity_level="{level}"' in info)
    missing = asked_for(metrics)
    guest.check(EXPORTER, "has the metrics of the recipes" +
                "".join(f"; not {name}" for name in missing), not missing)
    guest.check(EXPORTER, "technology LiFe", 'technology="LiFe"' in info)
    guest.check(EXPORTER, f"{AFT} has {percent} % of its charge",
                metric(metrics, "node_power_supply_capacity", power_supply=AFT) == percent)
    guest.check(EXPORTER, "both collectors succeed",
                collected(metrics))
    seen = sensors_with_value(metrics)
    guest.check(EXPORTER, "exports every sensor that has a value",
                seen == [0, 1, 2, 4] if failing else seen == [0, 1, 2, 3, 4])

    try:
        chip = json.loads(shown["sensors -j"])["bms_cells-isa-0000"]
    except (ValueError, KeyError):
        chip = {}
    alarms = [(label, name) for label, values in chip.items() if isinstance(values, dict)
              for name, value in values.items() if name.endswith("_alarm") and value]
    guest.check("sensors -j", "can be parsed", chip)
    if alarm:
        guest.check("sensors -j", f"alarm {alarm[1]} on {alarm[0]} alone",
                    alarm in alarms and {label for label, _ in alarms} == {alarm[0]})
        guest.check("sensors", f"{alarm[0]} is in alarm",
                    re.search(rf"^{alarm[0]}:.*ALARM", shown["sensors"], re.M))
    else:
        guest.check("sensors -j", "no alarm", chip and not alarms)
    if failing:
        guest.check("sensors", "the dead cell has no value",
                    re.search(r"^cell3: +N/A", shown["sensors"], re.M))

    for name in ("load-enable", "charge-enable", "pre-alarm", "loop", "remote-h"):
        guest.check("gpioinfo", f'line "{name}" is used by "{name}"',
                    re.search(rf'"{name}" +"{name}" .*\[used', shown["gpioinfo"]))


def visit(guest):
    """Run every program in a stable state, and judge its output."""
    shown = {}
    for title, command in COMMANDS:
        shown[title] = ask(guest, title, command)
        guest.show(title, shown[title])
    guest.glance.append(at_a_glance(guest.state, shown))
    judge(guest, shown)


def transition(guest):
    """The announcements since the state before."""
    text = guest.news("/tmp/monitor")
    guest.show("udevadm monitor", text)
    level = EXPECTED[guest.state][1]
    # The second bank has no temperatures.
    for bank in ("bms",) if guest.state == "cold" else ("bms", AFT):
        for source in ("KERNEL", "UDEV"):
            levels = [event.get("POWER_SUPPLY_CAPACITY_LEVEL") for event in uevents(text, source)
                      if event.get("POWER_SUPPLY_NAME") == bank]
            news = [new for old, new in zip([None] + levels, levels) if old != new]
            guest.check("udevadm monitor",
                        f"{source.lower()} tells of level {level} of {bank}, once",
                        news.count(level) == 1)
    if guest.state == "pre-alarm":
        text = guest.news("/tmp/upower-monitor")
        guest.show("upower --monitor-detail", text)
        guest.check("upower --monitor-detail", "reports the change",
                    re.search(r"device changed: +/org/freedesktop/UPower/devices/battery_bms",
                              text) and re.search(r"warning-level: +low", text))
        text = guest.text("cat /tmp/systemctl")
        for bank in ("bms", AFT):
            guest.check("udev rule", f"asks for the shutdown for {bank}",
                        f"--no-block start smallbms-shutdown@{bank}.service" in text)


def states(guest):
    for state, values, pins in STATES:
        guest.enter(state)
        guest.text(": >/tmp/monitor")
        guest.measure(values)
        if state == "after the cut":
            guest.until({"PA": "1"}, 30)
            guest.text(f"{PROGRAMS}/smallbms-shutdown bms 20 touch /tmp/off >/tmp/shutdown 2>&1 &")
        guest.until(pins, 120)
        guest.wait(SETTLE_S)
        visit(guest)
        if state == "normal":
            kselftest(guest, "bms")
            described(guest)
        else:
            transition(guest)
        if state == "cell over voltage":
            kselftest(guest, AFT)
        if state == "after the cut":
            text = guest.text("cat /tmp/shutdown; ls /tmp/off")
            guest.show("smallbms-shutdown", text)
            left = re.search(r"(\d+) ms of warning left", text)
            guest.check("smallbms-shutdown", "begins with 20 s of warning left",
                        left and 15000 < int(left[1]) <= 20000 and "/tmp/off\n" in text)
        if state == "pre-alarm":
            guest.text(f"{PROGRAMS}/smallbms-shutdown bms 1 touch /tmp/never >/tmp/shutdown 2>&1 &")
        guest.measure({})
        guest.until(START, 60)
        guest.wait(2)
        if state == "pre-alarm":
            text = guest.text("sleep 2; cat /tmp/shutdown; ls /tmp/never 2>&1")
            guest.check("smallbms-shutdown", "a pre-alarm that ends shuts nothing down",
                        "the pre-alarm has ended" in text and "No such file" in text)


def kselftest(guest, bank):
    title = f"kselftest power_supply, {bank}"
    text = guest.text(f"sh /kselftest/power_supply/test_power_supply_properties.sh {bank} 2>&1")
    guest.show(title, text)
    totals = re.search(r"# Totals: pass:(\d+) fail:(\d+)", text)
    guest.check(title, "none fails",
                totals and int(totals[1]) > 10 and int(totals[2]) == 0)


def documented():
    """File of a bank -> its mode, as Documentation/ABI has it."""
    folders = {"/sys/class/power_supply/<bank>/": SUPPLY + "/",
               "/sys/bus/platform/drivers/smallbms/<device>/": DEVICE + "/"}
    modes = {"Read": "444", "Read, Write": "644", "Write": "200"}
    files = {}
    for path in (DOCUMENTATION / "ABI/testing").glob("sysfs-*smallbms"):
        for entry in re.findall(r"((?:^What:.*\n)+)((?:(?!What:).*\n)*)", path.read_text(),
                                re.M):
            access = re.search(r"^\t\tAccess: (.*)$", entry[1], re.M)
            for name in re.findall(r"^What:\t\t(.*)$", entry[0], re.M):
                for folder, real in folders.items():
                    if name.startswith(folder) and not name.endswith("/"):
                        files[name.replace(folder, real)] = modes[access[1]]
    return files


def modes_of_files(guest):
    """File of a bank -> its mode, as the guest has it."""
    text = guest.text(f"find {DEVICE} -type f ! -path '*/power/*' -exec stat -c '%n %a' {{}} +")
    return dict(line.split() for line in text.splitlines())


def described(guest):
    """Files that are ours are those that Documentation/ABI describes, mode and all."""
    properties = re.findall(r"^POWER_SUPPLY_(\w+)=", guest.text(f"cat {SUPPLY}/uevent"), re.M)
    theirs = {f"{SUPPLY}/{name.lower()}" for name in properties} | {
        f"{SUPPLY}/uevent", *(f"{DEVICE}/{name}" for name in KERNELS_OWN)}
    ours = {name: mode for name, mode in modes_of_files(guest).items()
            if name not in theirs and "/hwmon" not in name}
    wrong = sorted(set(ours.items()) ^ set(documented().items()))
    guest.check("Documentation/ABI", "describes each file of the driver" +
                "".join(f"; not {mode} {name}" for name, mode in wrong), ours and not wrong)


def recorded(guest):
    """P3: the records of programs that have run all the time."""
    guest.enter("all the while")
    trace = guest.text("trace-cmd show | grep smallbms_")
    guest.show("trace-cmd show", trace)
    opened = re.findall(r"smallbms_window: bms open load=1 ms=30000", trace)
    guest.check("trace-cmd", "the window opened three times", len(opened) == 3)
    guest.check("trace-cmd", "it closed with the load cut after 30 s",
                re.search(r"smallbms_window: bms closed load=0 ms=30\d\d\d$", trace, re.M))
    guest.check("trace-cmd", "a transition names the cell",
                re.search(r'smallbms_transition: bms load=1 charge=0 pre_alarm=1 causes="U1 '
                          r'low-cell cell=3 microvolt=3000000', trace))
    waited = guest.text("cat /tmp/waited")
    guest.show("smallbms-wait", waited)
    words = re.findall(r"pre_alarm_output: (\S+)", waited)
    guest.check("smallbms-wait", "told of each change of the pre-alarm once",
                words == ["floating"] + ["driven", "floating"] * 3)
    told = re.findall(r"smallbms bms: .* floats; C2 cold battery=1 millicelsius=-10000$",
                      guest.board.kernel_log().replace("\r", ""), re.M)
    guest.check("kernel log", "one line tells of the cold battery", len(told) == 1)
    episodes = guest.text(f"cat {SUPPLY}/episodes")
    guest.check("the driver", "two low cells, one cold battery were counted",
                "low-cell 2\n" in episodes and "cold 1\n" in episodes)


def cut_time(guest, crowd):
    """Seconds from pre-alarm to cut after a step to 2.70 V."""
    guest.measure({"cell3": 2.700})
    guest.until({"PA": "1"}, 30)
    begin = guest.last("PA", "1")
    if crowd:
        guest.text(crowd)
    guest.until({"LD": "Z"}, 120)
    seconds = guest.last("LD", "Z") - begin
    if crowd:
        guest.text("while [ ! -s /tmp/readers ] || pidof abuse; do sleep 1; done >/dev/null")
    guest.measure({})
    guest.until(START, 120)
    return seconds


def refused(text, files):
    """Errors in the answers to the garbage writers, and a table of them."""
    answers = {(name, user): [] for name in files for user in ("root", "nobody")}
    wrong = []
    for line in text.splitlines():
        if len(fields := line.split("\t")) != 4:
            wrong.append(line)
            continue
        name, user, written, answer = fields
        answers[name, user].append(answer)
        if answer not in {"root": ("EINVAL", "ERANGE"), "nobody": ("EACCES",)}[user]:
            wrong.append(f"{written} to {name} by {user}: {answer}")
    wrong += [f"nothing was written to {name} by {user}"
              for (name, user), given in answers.items() if not given]
    rows = [f"{name} by {user}: " + ", ".join(f"{given.count(answer)} x {answer}"
                                              for answer in sorted(set(given)))
            for (name, user), given in answers.items()]
    return wrong, "\n".join(rows)


def abused(guest):
    guest.enter("bad readers and writers")
    files = sorted(name for name, mode in modes_of_files(guest).items()
                   if int(mode, 8) & 0o222 and name.split("/")[-1] not in KERNELS_OWN)
    settings = "grep -H . " + " ".join(name for name in files if not name.endswith("/clear"))
    crowd = f"{PROGRAMS}/abuse writers {' '.join(files)} >/tmp/writers 2>&1 & " \
            f"{PROGRAMS}/abuse readers {READERS} {WARNING_S + 3:.0f} $(find {DEVICE} -type f " \
            "-perm -444 ! -path '*/power/*') >/tmp/readers 2>&1 &"

    before = guest.text(settings)
    alone = cut_time(guest, None)
    # A busy host takes time from the guest too. A delay that the crowd causes shows each time.
    crowded = []
    while len(crowded) < CROWDS and min(crowded, default=math.inf) - alone > LATE_S:
        guest.text("rm -f /tmp/readers")
        crowded.append(cut_time(guest, crowd))
    readers = guest.text("cat /tmp/readers").strip()
    wrong, table = refused(guest.text("cat /tmp/writers"), files)
    guest.show(f"{READERS} readers, garbage writers",
               f"alone: cut after {alone:.3f} s of warning\n" "in the crowd: " +
               ", ".join(f"{seconds:.3f} s" for seconds in crowded) + f"\n{readers}\n\n{table}")
    print(f"         alone {alone:.3f} s, in the crowd {crowded} s; {readers}")
    guest.check("readers and writers", "never cut early", min(alone, *crowded) >= WARNING_S)
    guest.check("readers and writers", f"not {1e3 * LATE_S:.0f} ms later for the crowd",
                min(crowded) - alone <= LATE_S)
    # On average, each reader must have read more than ten files.
    counts = re.match(r"(\d+) readers, (\d+) reads, (\d+) died, 0 errors$", readers)
    guest.check("readers", f"all {READERS} read, and nothing fails but unknown values",
                counts and int(counts[1]) == READERS and int(counts[2]) > 10 * READERS and
                int(counts[3]) > 0)
    guest.check("garbage writers",
                "a clear error each time" + "".join(f"; not {text}" for text in wrong),
                len(files) > 10 and not wrong)
    guest.check("garbage writers", "nothing has changed",
                before and before == guest.text(settings))


def story(guest):
    board = guest.board
    guest.state = "start"
    guest.measure({})
    for name in ("LOOP", "H", "L"):
        board.set_input(name, 1)
    guest.until(START, 120)
    # Told its charge, the second bank knows it. Until then Debian's exporter shows no supply.
    guest.check("charge_now", "can be written", not guest.run(
        f"echo 100000000 > /sys/class/power_supply/{AFT}/charge_now")[0])
    for command in DAEMONS:
        guest.text(command)
    end = board.now() + ANSWER_S
    while guest.run(READY)[0]:
        if board.now() > end:
            raise LabError(f"not all programs run after {ANSWER_S:.0f} s: " +
                           guest.text("tail -n 3 /tmp/exporter /tmp/upowerd 2>&1"))
        guest.wait(1)
    guest.text(LATER)
    states(guest)
    recorded(guest)
    abused(guest)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("board", type=boards.made)
    parser.add_argument("page", type=pathlib.Path, help="where the page goes")
    args = parser.parse_args()

    folder = args.page.with_suffix("")
    trouble = ""
    with args.board.power(folder, devicetree="userspace", answer_s=ANSWER_S) as board:
        board.start()
        guest = Guest(board)
        try:
            story(guest)
        except LabError as error:
            trouble = str(error)
        guest.state = "all the while"
        complaints = kernel_log.trouble(board.kernel_log())
        guest.check("kernel log", complaints[0] if complaints else "no warning", not complaints)

    failed = [check for check in guest.checks if not check[3]]
    passed = len(guest.checks) - len(failed)
    args.page.write_text(PAGE.format(
        passed=passed, failed=len(failed) + bool(trouble), details="\n".join(guest.page),
        glance=table(("state", "load", "charge", "pre-alarm", "health", "UPower: level",
                      f"charge of {AFT}", "sensors", "causes"), guest.glance),
        verdict=table(("state", "program", "expected", "so"),
                      [(state, client, text, "yes" if ok else "**no**")
                       for client, state, text, ok in guest.checks])))
    print(f"page: {args.page}")
    for client, state, text, _ in failed:
        print(f"NOT OK: {state}: {client}: {text}")
    if trouble:
        print(f"The guest could not go on: {trouble}", file=sys.stderr)
    status = report(passed, len(failed) + bool(trouble))
    return 2 if trouble else status


if __name__ == "__main__":
    sys.exit(main())
