# SPDX-License-Identifier: GPL-2.0-only
"""Figures, their aims, and how they are shown."""

import csv
import math
from dataclasses import dataclass

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402 (the backend comes first)

COLUMNS = ("item", "what", "trials", "min", "median", "p99", "max", "unit", "aim", "verdict")


def quantile(values, part):
    """The smallest value that at least this part of the values does not exceed."""
    return sorted(values)[max(0, math.ceil(part * len(values)) - 1)]


def number(value):
    if float(value).is_integer():
        return str(int(value))
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


@dataclass(frozen=True)
class Aim:
    """The aim of a figure: at most, or at least, a limit.

    The noise is the difference of two equal runs; a limit missed by less is not missed.
    """

    of: str             # which column
    limit: float
    at_least: bool = False
    noise: float = 0.0

    def __str__(self):
        noise = f" +- {number(self.noise)}" if self.noise else ""
        of = "" if self.of == "value" else f"{self.of} "
        return f"{of}{'>=' if self.at_least else '<='} {number(self.limit)}{noise}"

    def met(self, figure):
        value = figure.column(self.of)
        if self.at_least:
            return value >= self.limit - self.noise
        return value <= self.limit + self.noise


@dataclass(frozen=True)
class Figure:
    """One thing that was measured, once or often."""

    item: str
    what: str
    unit: str
    values: tuple
    aims: tuple = ()

    def column(self, name):
        if name == "value":
            return self.values[0]
        if name in ("min", "max"):
            return {"min": min, "max": max}[name](self.values)
        return quantile(self.values, {"median": 0.5, "p99": 0.99, "p99.9": 0.999}[name])

    def missed(self):
        return [aim for aim in self.aims if not aim.met(self)]

    def row(self):
        columns = [number(self.column(name)) for name in ("min", "median", "p99", "max")]
        if len(self.values) == 1:
            columns = ["", columns[1], "", ""]
        verdict = "missed" if self.missed() else "met" if self.aims else ""
        return (self.item, self.what, str(len(self.values)), *columns, self.unit,
                ", ".join(map(str, self.aims)), verdict)


def table(figures):
    """A table that people and Markdown read."""
    rows = [COLUMNS, *(figure.row() for figure in figures)]
    widths = [max(len(row[index]) for row in rows) for index in range(len(COLUMNS))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |"
             for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines) + "\n"


def write_csv(figures, path):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(figure.row() for figure in figures)


def write_values(figures, path):
    """Every trial, for further analysis."""
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("item", "what", "unit", "value"))
        for figure in figures:
            writer.writerows((figure.item, figure.what, figure.unit, f"{value:.9g}")
                             for value in figure.values)


def plot_distributions(figures, title, path):
    """Plot the part of the trials at or above each value, because the tail matters."""
    image, axes = pyplot.subplots(figsize=(9, 5), layout="constrained")
    for figure in figures:
        values = sorted(figure.values)
        parts = [1 - index / len(values) for index in range(len(values))]
        axes.step(values, parts, where="post", label=f"{figure.what} ({len(values)})")
    axes.set_yscale("log")
    if min(min(figure.values) for figure in figures) > 0:
        axes.set_xscale("log")
    axes.set_xlabel(figures[0].unit)
    axes.set_ylabel("part of the trials at or above")
    axes.set_title(title, fontsize=10)
    axes.grid(color="0.9")
    axes.legend(fontsize=8)
    image.savefig(path, dpi=110)
    pyplot.close(image)


def plot_lines(lines, labels, title, path):
    """Lines over a number: {name: [(x, y), ...]}."""
    image, axes = pyplot.subplots(figsize=(9, 5), layout="constrained")
    for name, points in lines.items():
        axes.plot(*zip(*points), marker="o", markersize=3, linewidth=1.2, label=name)
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    axes.set_title(title, fontsize=10)
    axes.grid(color="0.9")
    axes.legend(fontsize=8)
    image.savefig(path, dpi=110)
    pyplot.close(image)
