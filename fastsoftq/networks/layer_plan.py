"""Where everything of a network lies in memory: a table of layers that compiled code reads."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastsoftq.networks.products import UNIT

__all__ = ["Planned", "plan_of"]

LINE = 16
"""Numbers in a line of the cache; every row begins on a new one."""

# What a layer's row of the table holds.
(KIND, INPUTS, UNITS, COLUMNS, X, X_ROW, Y, Y_ROW, WEIGHTS, WEIGHT_ROW, BIASES, RECTIFIES, TURNED, TURNED_ROW,
 PASSES, FAN_IN) = range(16)  # fmt: skip
FIELDS = 16
DENSE = 0


def row_of(count: int) -> int:
    """The distance between rows of `count` numbers: whole lines, and not so many that rows share few sets of a cache."""
    lines = -(-count // LINE)
    return (lines + (lines % 8 == 0)) * LINE


class Planned:
    """Room as it is given out, and the table of layers as it grows."""

    def __init__(self, inputs: int, batch: int) -> None:
        self.batch = batch
        self.inputs, self.input_row = inputs, row_of(inputs)
        self.parameters = self.scratch = self.count = 0
        self.activations = batch * self.input_row
        self.layers: list[list[int]] = []

    def units(self, count: int) -> tuple[int, int]:
        """Room for a batch of rows of units: where, and the distance between rows."""
        at, row = self.activations, row_of(count)
        self.activations += self.batch * row
        return at, row

    def dense(self, x: tuple[int, int, int], units: int, *, rectifies: bool, bias: bool, passes: int) -> Any:
        """Add a dense layer over `x`: where its numbers are, the distance between rows, how many; return the like."""
        at, x_row, inputs = x
        y, y_row = self.units(units)
        weight_row, columns = row_of(units), -(-units // UNIT) * UNIT
        weights = self.parameters
        self.parameters += inputs * weight_row
        biases = self.parameters if bias else -1
        self.parameters += weight_row * bias
        turned, turned_row = self.scratch, row_of(inputs)
        self.scratch += columns * turned_row * (passes > 0)
        self.count += inputs * units + units * bias
        self.layers.append(
            [
                DENSE,
                inputs,
                units,
                columns,
                at,
                x_row,
                y,
                y_row,
                weights,
                weight_row,
                biases,
                int(rectifies),
                turned,
                turned_row,
                passes,
                inputs,
            ]  # fmt: skip
        )
        return y, y_row, units

    def table(self) -> NDArray[np.int64]:
        """The table that compiled code reads."""
        return np.array(self.layers, np.int64).reshape(-1)


def plan_of(architecture: Any, shape: tuple[int, ...], n_actions: int, batch: int) -> tuple[Planned, int, int]:
    """The plan of a network, and where its action values are: their place, and the distance between rows."""
    plan = Planned(int(np.prod(shape)), batch)
    x = (0, plan.input_row, plan.inputs)
    for n, units in enumerate(architecture.hidden):
        x = plan.dense(x, units, rectifies=True, bias=architecture.bias, passes=int(n > 0))
    head, head_row, _ = plan.dense(
        x, n_actions, rectifies=False, bias=architecture.bias, passes=int(len(architecture.hidden) > 0)
    )
    return plan, head, head_row
