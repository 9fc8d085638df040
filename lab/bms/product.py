# SPDX-License-Identifier: GPL-2.0-only
"""The figures of the product with default settings, for all modules that judge.

They come from Documentation/rules.rst, and on purpose not from the driver: a judge that took
them from the driver would not find a wrong one.
"""

PRE_ALARM_V, PRE_ALARM_END_V = 3.10, 3.13
LOAD_DISCONNECT_V, LOAD_RECONNECT_V = 2.80, 3.20
CHARGE_DISCONNECT_V, CHARGE_RECONNECT_V = 3.75, 3.60
OVER_DISCHARGED_V = 2.00
CHARGE_MIN_C, CHARGE_MAX_C, TEMP_HYSTERESIS_K = 5.0, 50.0, 2.0
SUPPLY_V = (8.0, 70.0)
LOAD_LIMIT_A = 1.0
CELL_KNOWN_V = (0.5, 5.0)           # a value outside counts as missing

WARNING_S, LATE_S = 30.0, 0.1       # a warning is never shorter, and so much longer at most
HOLD_S = 0.5
ACT_S = HOLD_S + 0.75               # a measured condition acts within
LINE_S = 0.025                      # a line does
STALE_S, RETRY_S, START_S = 5.0, 10.0, 2.0
TOGETHER_S = 0.010                  # outputs that change together do within

# The charge pump of Documentation/safety.md delivers after the third edge of the heartbeat in a
# row, and until so long after the last one.
PUMP_EDGES, PUMP_HOLD_S = 3, 0.75


def pump(beats):
    """(time, level) of a charge pump's output, from the times at which its input changes."""
    count, last = 0, 0.0
    for time in beats:
        if time - last > PUMP_HOLD_S:
            if count >= PUMP_EDGES:
                yield last + PUMP_HOLD_S, "0"
            count = 0
        count, last = count + 1, time
        if count == PUMP_EDGES:
            yield time, "1"
    if count >= PUMP_EDGES:
        yield last + PUMP_HOLD_S, "0"
