# SPDX-License-Identifier: GPL-2.0-only
"""The overlay of a bank that speaks for itself at an I2C expander, with a model of that."""

from boards.uml.modelled import Modelled


class I2cExpander(Modelled):
    """It has no circuits of its own."""


BOARD = I2cExpander
