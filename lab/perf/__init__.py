# SPDX-License-Identifier: GPL-2.0-only
"""How fast, small and quiet the driver is; a module for each thing that is measured."""
