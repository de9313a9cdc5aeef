"""Rows: the numbers of one state, one for each action, as a tuple or as a one-dimensional array.

Engines hold rows as tuples (of numbers, or of sixteen-wide vectors), so that a loop over one is unrolled and nothing
is allocated; users pass rows of their own arrays. Rules loop over `range(len(row))` and serve both.
"""

from __future__ import annotations

import numpy as np
from numba import types
from numba.cpython.unsafe.tuple import tuple_setitem
from numba.extending import intrinsic, overload
from numba.np.numpy_support import as_dtype

from fastsoftq.kernels.jit import inlined
from fastsoftq.kernels.simd import Vec, element, maximum, select

__all__ = ["blank", "highest", "pick", "put", "read_row", "replaced", "total"]


def put(row, index, value):
    """The row with `value` at `index`: a new tuple, or the array itself, changed. From compiled code only."""
    raise NotImplementedError("callable from compiled code only")


@overload(put, jit_options={"forceinline": True}, strict=False)
def _put(row, index, value):
    if isinstance(row, types.BaseTuple):
        return lambda row, index, value: tuple_setitem(row, index, value)

    def assign(row, index, value):
        row[index] = value
        return row

    return assign


@intrinsic
def _blank_tuple(typing, row, like):
    kind = element(like)
    t = types.UniTuple(Vec(kind) if isinstance(row.dtype, Vec) else kind, len(row))
    return t(row, like), lambda context, builder, sig, args: context.get_constant_null(t)


def blank(row, like):
    """A row of the same length to be filled with `put`, in the precision of `like`. From compiled code only."""
    raise NotImplementedError("callable from compiled code only")


@overload(blank, jit_options={"forceinline": True}, strict=False)
def _blank(row, like):
    if isinstance(row, types.BaseTuple):
        return lambda row, like: _blank_tuple(row, like)
    dtype = as_dtype(element(like))
    return lambda row, like: np.empty(len(row), dtype)


def read_row(table, state, row):
    """The row of `state` in a table [states, actions], in the form of `row`: a tuple, or an array (a view)."""
    raise NotImplementedError("callable from compiled code only")


@overload(read_row, jit_options={"forceinline": True}, strict=False)
def _read_row(table, state, row):
    if not isinstance(row, types.BaseTuple):
        return lambda table, state, row: table[state]

    def unrolled(table, state, row):
        for a in range(len(row)):
            row = tuple_setitem(row, a, table[state, a])
        return row

    return unrolled


@inlined
def highest(row):
    """The largest entry."""
    top = row[0]
    for a in range(1, len(row)):
        top = maximum(row[a], top)
    return top


@inlined
def total(row):
    """The sum of the entries, from first to last."""
    x = row[0]
    for a in range(1, len(row)):
        x = x + row[a]
    return x


@inlined
def pick(row, action):
    """The entry of `action`, by comparison: in a tuple, and with sixteen actions at once, there is no indexing."""
    x = row[0]
    for a in range(1, len(row)):
        x = select(action == np.int32(a), row[a], x)
    return x


@inlined
def replaced(row, action, value):
    """The tuple with `value` as the entry of `action`; action -1 leaves it as it is."""
    for a in range(len(row)):
        row = put(row, a, select(action == np.int32(a), value, row[a]))
    return row
