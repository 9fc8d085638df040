# SPDX-License-Identifier: GPL-2.0-only
"""Sphinx with the kernel's extensions: make docs."""

import os
import pathlib
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
LINUX = pathlib.Path(os.environ["LINUX"])
sys.path.insert(0, str(LINUX / "Documentation/sphinx"))

project = "smallbms"
copyright = "the smallbms developers"
extensions = ["kerneldoc", "kernel_abi", "automarkup", "myst_parser",
              "sphinx.ext.graphviz"]
primary_domain = "c"
highlight_language = "none"
html_theme = "sphinx_rtd_theme"
html_copy_source = False
graphviz_output_format = "svg"

kerneldoc_bin = str(LINUX / "scripts/kernel-doc")
kerneldoc_srctree = str(TOP)
