# SPDX-License-Identifier: GPL-2.0-only
"""What goes wrong and can be told to a person in a line."""


class BenchError(Exception):
    """The bench cannot go on; the text says what and what to do."""
