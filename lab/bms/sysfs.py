# SPDX-License-Identifier: GPL-2.0-only
"""The driver's device in the /sys of either board."""

DEVICE = "/sys/devices/platform/bms"

# What the settings of scenarios are called there, and how many of its units one is.
SETTINGS = {
    "cfg.uv": ("load_disconnect_cell_microvolt", 1e6),
    "cfg.pre": ("pre_alarm_cell_microvolt", 1e6),
    "cfg.tmin": ("charge_min_millicelsius", 1e3),
    "cfg.keepcharge": ("charge_in_pre_alarm", 1),
}


def setting(key, value):
    """The file of a setting, and what to write to it."""
    name, unit = SETTINGS[key]
    return f"{DEVICE}/settings/{name}", round(value * unit)
