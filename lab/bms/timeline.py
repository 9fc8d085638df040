# SPDX-License-Identifier: GPL-2.0-only
"""The picture of a story: cells, temperature and pins over time."""

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402 (the backend comes first)

from bms import product as rules  # noqa: E402
from bms.pins import OUTPUTS, PINS  # noqa: E402

LEVELS = ((rules.CHARGE_DISCONNECT_V, "charge disconnect"),
          (rules.CHARGE_RECONNECT_V, "charge reconnect"),
          (rules.LOAD_RECONNECT_V, "load reconnect"),
          (rules.PRE_ALARM_V, "pre-alarm"),
          (rules.LOAD_DISCONNECT_V, "load disconnect"))


def draw(record, paths):
    """Write the picture to each path; the ending says in which format."""
    matplotlib.rcParams["svg.hashsalt"] = "smallbms"
    figure, (volts, celsius, pins) = pyplot.subplots(
        3, 1, sharex=True, figsize=(12, 8), layout="constrained",
        gridspec_kw={"height_ratios": (4, 1.3, 2)})

    times = [time for time, _, _ in record.trend]
    for index in range(len(record.trend[0][1])):
        volts.plot(times, [cells[index] for _, cells, _ in record.trend], linewidth=1.4,
                   label=f"cell {index + 1}")
    for level, name in LEVELS:
        volts.axhline(level, color="0.6", linewidth=0.8, linestyle="--")
        volts.annotate(f"{name} {level:.2f} V", (1.0, level), xycoords=("axes fraction", "data"),
                       xytext=(4, 0), textcoords="offset points", va="center", fontsize=8,
                       color="0.3")
    volts.set_ylabel("cell voltage, V")
    volts.legend(loc="lower right", ncols=4, fontsize=8)

    for index in range(len(record.trend[0][2])):
        celsius.plot(times, [temps[index] for _, _, temps in record.trend], linewidth=1.4,
                     label=f"battery {index + 1}")
    celsius.axhline(rules.CHARGE_MIN_C, color="0.6", linewidth=0.8, linestyle="--")
    celsius.annotate(f"lowest for charging {rules.CHARGE_MIN_C:.0f} °C",
                     (1.0, rules.CHARGE_MIN_C), xycoords=("axes fraction", "data"),
                     xytext=(4, 0), textcoords="offset points", va="center", fontsize=8,
                     color="0.3")
    celsius.set_ylabel("°C")
    celsius.legend(loc="lower left", ncols=2, fontsize=8)

    for row, name in enumerate(PINS):
        y = len(PINS) - 1 - row
        pins.axhline(y, color="0.85", linewidth=1, zorder=0)
        for begin, end in record.pins.pin[name].spans(lambda level: level == "1", record.end):
            pins.barh(y, end - begin, left=begin, height=0.6, color=OUTPUTS[name].colour)
    for begin, end in record.pins.pin["PA"].spans(lambda level: level == "1", record.end):
        pins.annotate(f"{end - begin:.3f} s", ((begin + end) / 2, len(PINS) - 1 - PINS.index("PA")),
                      ha="center", va="center", fontsize=9, color="black")
    pins.set_yticks(range(len(PINS)), [OUTPUTS[name].name for name in reversed(PINS)])
    pins.set_ylim(-0.6, len(PINS) - 0.4)
    pins.set_xlabel("seconds since power on; a bar is driven (or lit), a line floats (or dark)")

    last = ""
    for begin, name in record.phases:
        if name == last:
            continue
        last = name
        for axes in (volts, celsius, pins):
            axes.axvline(begin, color="0.85", linewidth=0.8, zorder=0)
        volts.annotate(name, (begin, 1.0), xycoords=("data", "axes fraction"), xytext=(2, 3),
                       textcoords="offset points", rotation=35, fontsize=8, ha="left")
    volts.set_xlim(0, record.end)

    for path in paths:
        figure.savefig(path, dpi=110, metadata={"Date": None} if path.suffix == ".svg" else None)
    pyplot.close(figure)
