# SPDX-License-Identifier: GPL-2.0-only
"""The overlay of a bank that speaks for itself, on lines of a Raspberry Pi."""

from boards.uml.modelled import Modelled


class SignalsOnly(Modelled):
    """It has no circuits of its own."""


BOARD = SignalsOnly
