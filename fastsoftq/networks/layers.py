"""A layer as compiled code reads it from a table, and how its numbers are rounded up to lines and vectors."""

from __future__ import annotations

from typing import Any, NamedTuple

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from fastsoftq.networks.products import UNIT

__all__ = [
    "CONVOLUTION",
    "DENSE",
    "DUELING",
    "FEW",
    "FIELDS",
    "LINE",
    "NORM",
    "Layer",
    "layer_of",
    "row_of",
    "whole_lines",
    "whole_units",
]

LINE = 16
"""Numbers in a line of the cache; every row begins on a new one."""
FEW = 4
"""Layers of so few units have their weights' gradient turned: vectors run along inputs."""


DENSE, CONVOLUTION, NORM, DUELING = range(4)
"""What a layer does."""


class Layer(NamedTuple):
    """A layer as compiled code sees it; places are relative to the block they are in.

    Examples
    --------
    >>> Layer(DENSE, inputs=4, units=64).units
    64
    """

    kind: int
    inputs: int = 0
    units: int = 0
    columns: int = 0  # units, rounded up
    x: int = 0  # of activations, and of deltas
    x_row: int = 0
    y: int = 0
    y_row: int = 0
    weights: int = 0
    weight_row: int = 0
    biases: int = -1  # or none
    fan_in: int = 0
    rectifies: int = 0
    passes: int = 0  # the gradient on to x: 0 no, 1 sets it, 2 adds to it
    turned: int = 0  # weights, or their gradient, as columns
    turned_row: int = 0
    group: int = 0  # of so many inputs
    of_group: int = 0  # so many count, the others are padding
    positions: int = 1  # of the picture that comes out
    position_row: int = 0
    corners: int = 0  # in the table: what is added to a place for a position
    window: int = 0  # and for an input
    area: int = 0  # positions of a window
    sources: int = 0  # positions of the picture that goes in, where it has a gradient
    source_row: int = 0
    frame: int = 0  # the picture of deltas with zeros around it
    frame_size: int = 0
    frame_row: int = 0
    width: int = 0
    frame_corners: int = 0
    frame_window: int = 0
    second: int = 0  # the place of what else goes in, or comes out


FIELDS = len(Layer._fields)


@intrinsic
def layer_of(typing, table, number):
    """A layer, read from the table.

    Examples
    --------
    >>> from fastsoftq.kernels.addresses import address_of, words_at
    >>> from fastsoftq.kernels.jit import compiled
    >>> from fastsoftq.networks.architectures import MLP
    >>> from fastsoftq.networks.layer_plan import plan_of
    >>> plan, _ = plan_of(MLP((8,)), (4,), 2, 1)
    >>> compiled(lambda table: layer_of(words_at(address_of(table)), 1).units)(plan.table())
    2
    """
    t = types.NamedUniTuple(types.int64, FIELDS, Layer)

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        first = builder.mul(args[1], ir.Constant(args[1].type, FIELDS))
        places = (builder.gep(args[0], [builder.add(first, ir.Constant(first.type, k))]) for k in range(FIELDS))
        return context.make_tuple(builder, t, [builder.load(place) for place in places])

    return t(types.CPointer(types.int64), types.int64), emit


def whole_lines(count: int) -> int:
    """Room for `count` numbers that ends where a line does.

    Examples
    --------
    >>> whole_lines(17)
    32
    """
    return -(-count // LINE) * LINE


def row_of(count: int) -> int:
    """The distance between rows of `count` numbers: whole lines, and no number of them that maps many rows to one set.

    Examples
    --------
    >>> row_of(64), row_of(128)
    (64, 144)
    """
    lines = whole_lines(count) // LINE
    return (lines + (lines % 8 == 0)) * LINE


def whole_units(count: int) -> int:
    """So many columns as a product takes.

    Examples
    --------
    >>> whole_units(UNIT + 1) == 2 * UNIT
    True
    """
    return -(-count // UNIT) * UNIT
