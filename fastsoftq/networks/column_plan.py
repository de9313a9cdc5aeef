"""Where the numbers of a batch lie when its observations are columns: rows of units, along which vectors run.

A product then works on whole vectors whatever the number of units is, and nobody turns the weights.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.networks.architectures import MLP, Convolutional, is_plain
from fastsoftq.networks.layer_plan import Plan
from fastsoftq.networks.layers import LINE, row_of, whole_lines, whole_units

__all__ = ["PANEL", "ColumnPlan", "goes_in_columns", "in_columns"]

PANEL = 48
"""Units whose deltas are turned at a time: those of 128 observations stay in the nearest cache until they are used."""


class ColumnPlan(NamedTuple):
    """The table of layers, and what the network says of it.

    Examples
    --------
    >>> from fastsoftq.networks.layer_plan import plan_of
    >>> columns = in_columns(plan_of(MLP((8,)), (4,), 2, batch=32)[0], batch=32)
    >>> columns.row, columns.head
    (32, 768)
    """

    table: NDArray[np.int64]
    row: int  # from one unit to the next
    head: int
    activations: int
    scratch: int


def goes_in_columns(architecture: MLP | Convolutional, batch: int) -> bool:
    """Whether a batch is learned in columns: one of whole vectors, by dense layers and nothing else.

    Examples
    --------
    >>> goes_in_columns(MLP((8,)), 32), goes_in_columns(MLP((8,)), 33)
    (True, False)
    """
    return is_plain(architecture) and batch % LINE == 0


def in_columns(plan: Plan, batch: int) -> ColumnPlan:
    """The same layers and parameters, with other places for what goes through.

    Examples
    --------
    >>> from fastsoftq.networks.layer_plan import plan_of
    >>> in_columns(plan_of(MLP((8,)), (4,), 2, batch=32)[0], batch=32).activations  # 8 rows for 4 numbers, 16 and 16
    1280
    """
    row = row_of(batch)
    at, rows = whole_units(plan.inputs.size) * row, []
    x, y = 0, 0
    for layer in plan.rows:
        x, y = y, at
        rows.append(layer._replace(x=x, x_row=row, y=y, y_row=row, turned=LINE, turned_row=PANEL))
        at += whole_lines(layer.units) * row  # rows of zeros, which are turned into padding
    return ColumnPlan(np.array(rows, np.int64).reshape(-1), row, y, at, LINE + batch * PANEL)
