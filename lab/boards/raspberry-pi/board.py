# SPDX-License-Identifier: GPL-2.0-only
"""The overlay of four measured cells on a Raspberry Pi, with models of its converters."""

from boards.uml.modelled import Circuit, Modelled

REFERENCE_UV = 2500000
MCP3208_STEP_UV = REFERENCE_UV / 2 ** 12
ADS1115_STEP_UV = 2048000 / 2 ** 15


class RaspberryPi(Modelled):
    """The circuits are those of the table in Documentation/boards.rst."""

    REFERENCE_UV = REFERENCE_UV
    CIRCUITS = {
        "cell": Circuit(1e6 / 2, 0, MCP3208_STEP_UV),
        "supply": Circuit(1e6 * 10 / 300, 0, MCP3208_STEP_UV),
        "temp": Circuit(10e3, 500e3, ADS1115_STEP_UV),          # TMP36
        "load-current": Circuit(0.1 * 10 * 1e6, 0, ADS1115_STEP_UV),
    }
    ELSEWHERE = {
        "dip-ends-just-before-the-cut":
            "its dip ends at a moment that depends on when the bank scans; here the cut is sooner",
    }


BOARD = RaspberryPi
