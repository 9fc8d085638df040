# SPDX-License-Identifier: GPL-2.0-only
"""The driver's device in the /sys of each board."""

DEVICE = "/sys/devices/platform/bms"
SUPPLY_CLASS = "/sys/class/power_supply/bms"
DRIVER = "/sys/bus/platform/drivers/smallbms"
TRACING = "/sys/kernel/tracing"

# Names of the scenarios' settings there, and the factor to their units
SETTINGS = {
    "cfg.uv": ("load_disconnect_cell_microvolt", 1e6),
    "cfg.pre": ("pre_alarm_cell_microvolt", 1e6),
    "cfg.tmin": ("charge_min_millicelsius", 1e3),
    "cfg.keepcharge": ("charge_in_pre_alarm", 1),
}

# Commands of an operator: file and value
OPERATIONS = {
    "clear": (f"{DEVICE}/clear", "1"),
    "loadoff": (f"{DEVICE}/load_enable", "0"),
    "loadon": (f"{DEVICE}/load_enable", "1"),
    "chargeoff": (f"{SUPPLY_CLASS}/charge_behaviour", "inhibit-charge"),
    "chargeon": (f"{SUPPLY_CLASS}/charge_behaviour", "auto"),
}


def setting(key, value):
    """The file of a setting, and the value to write."""
    name, unit = SETTINGS[key]
    return f"{DEVICE}/settings/{name}", round(value * unit)
