"""Parts of a table's rows as vectors, an action in each lane.

A part is a whole row of up to 8 actions, and 8 actions of a longer one. Rows must be contiguous; they may lie apart.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from fastsoftq.kernels.jit import by_type
from fastsoftq.kernels.vectors import Vec

__all__ = ["MOST_LANES", "is_whole", "load_part", "part_width", "store_part"]

MOST_LANES = 8


def _width(row: types.Type) -> int:
    return min(len(row), MOST_LANES) if isinstance(row, types.BaseTuple) else MOST_LANES


def is_whole(row: types.Type) -> bool:
    """Whether a part is a whole row, by the type of rows.

    Examples
    --------
    >>> is_whole(types.UniTuple(types.float64, 4)), is_whole(types.UniTuple(types.float64, 12))
    (True, False)
    """
    return isinstance(row, types.BaseTuple) and len(row) <= MOST_LANES


@by_type
def part_width(row):
    """How many actions a part has, by the form in which rows are read: arrays may be shorter than that.

    Examples
    --------
    >>> part_width((0.0, 0.0, 0.0)), part_width((0.0,) * 12)
    (3, 8)
    """
    width = _width(row)
    return lambda row: width


def _address(context: Any, builder: Any, sig: Any, args: Any, t: Vec) -> Any:
    """Where an entry lies, seen as the first of a vector."""
    table, row = sig.args[0], sig.args[3]
    array = context.make_array(sig.args[0])(context, builder, args[0])
    state, action = (context.cast(builder, args[i], sig.args[i], types.intp) for i in (1, 2))
    row_stride = cgutils.unpack_tuple(builder, array.strides)[0]
    if is_whole(row) and table.layout == "C":
        row_stride = ir.Constant(row_stride.type, len(row) * t.dtype.bitwidth // 8)  # known when compiled
    offset = builder.add(
        builder.mul(state, row_stride), builder.mul(action, ir.Constant(action.type, t.dtype.bitwidth // 8))
    )
    return cgutils.pointer_add(builder, array.data, offset, context.get_value_type(t).as_pointer())


@intrinsic
def load_part(typing, table, state, action, row):
    """The part of a state's row that begins with an action, as a vector; `row` tells how rows are read."""
    t = Vec(table.dtype, _width(row))

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.load(_address(context, builder, sig, args, t), align=t.dtype.bitwidth // 8)

    return t(table, state, action, row), emit


@intrinsic
def store_part(typing, table, state, action, row, vector):
    """Write a vector into a state's row, from an action on."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        builder.store(args[4], _address(context, builder, sig, args, vector), align=vector.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.none(table, state, action, row, vector), emit
