# SPDX-License-Identifier: GPL-2.0-only
"""A bank of LiFePO4 cells, small enough that a day takes two minutes.

A cell is its open-circuit curve behind a resistance and one relaxation (resistance and
time constant), as in any Thevenin model. The curve has the shape that data sheets of
LiFePO4 cells show: steep when nearly empty, flat for most of the charge, steep when full.
"""

# State of charge, open-circuit voltage
CURVE = ((-0.02, 1.80), (0.00, 2.50), (0.02, 2.78), (0.04, 2.98), (0.07, 3.10), (0.10, 3.18),
         (0.15, 3.225), (0.20, 3.25), (0.30, 3.28), (0.50, 3.30), (0.70, 3.32), (0.90, 3.34),
         (0.94, 3.37), (0.97, 3.45), (0.99, 3.58), (1.00, 3.68), (1.02, 3.95))


def open_circuit_voltage(charge):
    below = CURVE[0]
    for point in CURVE[1:]:
        if charge <= point[0]:
            break
        below = point
    part = (charge - below[0]) / (point[0] - below[0])
    return below[1] + part * (point[1] - below[1])


class Cell:
    """One cell; current is positive while charging."""

    def __init__(self, capacity_ah, charge):
        self.capacity_as = capacity_ah * 3600
        self.charge = charge
        self.resistance = 0.0025
        self.relaxing_resistance = 0.0015
        self.relaxation_s = 4.0
        self.relaxing_v = 0.0
        self.current = 0.0

    def step(self, seconds, current):
        self.current = current
        self.charge += current * seconds / self.capacity_as
        settled_v = current * self.relaxing_resistance
        self.relaxing_v += (settled_v - self.relaxing_v) * min(1, seconds / self.relaxation_s)

    @property
    def voltage(self):
        return (open_circuit_voltage(self.charge) + self.current * self.resistance +
                self.relaxing_v)


class Bank:
    """Four cells in series in two batteries, one load, one charger."""

    def __init__(self, charge):
        # The third cell is the smallest: first empty, first full.
        self.cells = [Cell(ah, charge) for ah in (0.50, 0.49, 0.46, 0.51)]
        self.temps = [25.0, 25.5]
        self.ambient = 25.0
        self.warming_s = 5.0
        self.load_a = 0.0           # current that the loads would draw
        self.charger_a = 0.0        # current that the charger would give
        self.terminal_a = 0.3       # current of the load output itself, while driven

    def step(self, seconds, load_connected, charger_allowed):
        current = charger_allowed * self.charger_a - load_connected * self.load_a
        for cell in self.cells:
            cell.step(seconds, current)
        for index, temp in enumerate(self.temps):
            self.temps[index] += ((self.ambient + 0.5 * index - temp) *
                                  min(1, seconds / self.warming_s))

    @property
    def voltages(self):
        return [cell.voltage for cell in self.cells]
