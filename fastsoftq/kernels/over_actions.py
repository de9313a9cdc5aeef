"""Rows: the numbers of one state, one for each action, as a tuple or as a one-dimensional array.

Engines hold rows as tuples (of numbers, or of vectors); users pass rows of their own arrays. Rules go over
a row with `fold` and `each`: loops over an array, straight-line code over a tuple. Left to LLVM, a loop over eight
exponentials would not be unrolled, and a tuple indexed by a variable is slow.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.core import cgutils, errors

from fastsoftq.kernels.jit import by_type, emit_call, inlined, operation
from fastsoftq.kernels.number_kinds import Number
from fastsoftq.kernels.row_kinds import (
    Action,
    ActionOrNone,
    Extra,
    OtherRow,
    Row,
    RowOfTable,
    Rule,
    SomeRow,
    StateOfTable,
    Table,
)
from fastsoftq.kernels.simd import maximum, select, whole

__all__ = ["each", "each_pair", "first", "first_highest", "fold", "highest", "pick", "read_row", "replaced", "total"]


@by_type
def first(row: Row):
    """The entry of the first action; ValueError if the row is empty.

    Examples
    --------
    >>> first((3.0, 5.0))
    3.0
    """
    if isinstance(row, types.BaseTuple):
        return lambda row: row[0]

    def of_array(row):
        if len(row) == 0:
            raise ValueError("row is empty; it must have an entry for each action")
        return row[0]

    return of_array


@inlined
def _fold_array(function, start, row, extra):
    for a in range(len(row)):
        start = function(start, row[a], np.int32(a), *extra)
    return start


@inlined
def _each_of_array(function, row, extra):
    out = np.full(len(row), function(first(row), np.int32(0), *extra))
    for a in range(1, len(row)):
        out[a] = function(row[a], np.int32(a), *extra)
    return out


@inlined
def _each_pair_of_arrays(function, row, other, extra):
    out = np.full(len(row), function(first(row), other[0], np.int32(0), *extra))
    for a in range(1, len(row)):
        out[a] = function(row[a], other[a], np.int32(a), *extra)
    return out


def _as_compiled(typing: Any, implementation: Any, *arguments: types.Type) -> Any:
    """The signature and emitter of an intrinsic that only calls a compiled function."""
    function = types.Dispatcher(implementation)
    signature = function.get_call_type(typing, arguments, {})
    return signature.return_type(*arguments), lambda context, builder, _, args: emit_call(
        context, builder, function, signature, args
    )


@operation
def fold(typing, function: Rule, start, row: SomeRow, extra: Extra):
    """Go over a row: `start = function(start, row[a], a, *extra)` for every action `a`; returns the last.

    Over a tuple the accumulator may change its type, at the first step only.

    Parameters
    ----------
    function : compiled function
        Made by `inlined`, or by Numba's `njit`.
    start : number or tuple
    row : array [actions] or tuple
        May be empty.
    extra : tuple

    Examples
    --------
    >>> from fastsoftq.kernels.jit import inlined
    >>> @inlined
    ... def add(so_far, x, action, factor):
    ...     return so_far + factor * x
    >>> fold(add, 0.0, (1.0, 2.0), (10.0,))
    30.0
    """
    if not isinstance(row, types.BaseTuple):
        return _as_compiled(typing, _fold_array, function, start, row, extra)
    accumulator, signatures = start, []
    for t in row.types:
        signature = function.get_call_type(typing, (accumulator, t, types.int32, *extra.types), {})
        accumulator = signature.return_type
        signatures.append(signature)

    def emit(context, builder, sig, args):
        _, value, row, extra = args
        rest = cgutils.unpack_tuple(builder, extra)
        for i, signature in enumerate(signatures):
            index = context.get_constant(types.int32, i)
            operands = (value, builder.extract_value(row, i), index, *rest)
            value = emit_call(context, builder, function, signature, operands)
        return value

    return accumulator(function, start, row, extra), emit


@operation
def each(typing, function: Rule, row: Row, extra: Extra):
    """The row of `function(row[a], a, *extra)` for every action `a`: a tuple, or a new array.

    Parameters
    ----------
    function : compiled function
        Made by `inlined`, or by Numba's `njit`.
    row : array [actions] or tuple
    extra : tuple

    Examples
    --------
    >>> from fastsoftq.kernels.jit import inlined
    >>> @inlined
    ... def scaled(x, action, factor):
    ...     return factor * x
    >>> each(scaled, (1.0, 2.0), (10.0,))
    (10.0, 20.0)
    """
    if not isinstance(row, types.BaseTuple):
        return _as_compiled(typing, _each_of_array, function, row, extra)
    signatures = [function.get_call_type(typing, (t, types.int32, *extra.types), {}) for t in row.types]
    result = types.UniTuple(signatures[0].return_type, len(row))

    def emit(context, builder, sig, args):
        _, row, extra = args
        rest = cgutils.unpack_tuple(builder, extra)
        values = []
        for i, signature in enumerate(signatures):
            operands = (builder.extract_value(row, i), context.get_constant(types.int32, i), *rest)
            values.append(emit_call(context, builder, function, signature, operands))
        return context.make_tuple(builder, result, values)

    return result(function, row, extra), emit


@operation
def each_pair(typing, function: Rule, row: Row, other: OtherRow, extra: Extra):
    """The row of `function(row[a], other[a], a, *extra)` for every action `a`: a tuple, or a new array.

    Parameters
    ----------
    function : compiled function
        Made by `inlined`, or by Numba's `njit`.
    row, other : arrays [actions] or tuples
        Of the same length.
    extra : tuple

    Examples
    --------
    >>> from fastsoftq.kernels.jit import inlined
    >>> @inlined
    ... def difference(x, y, action):
    ...     return x - y
    >>> each_pair(difference, (1.0, 2.0), (0.5, 0.5), ())
    (0.5, 1.5)
    """
    if not isinstance(row, types.BaseTuple):
        return _as_compiled(typing, _each_pair_of_arrays, function, row, other, extra)
    if not isinstance(other, types.BaseTuple) or len(other) != len(row):
        raise errors.TypingError(f"each_pair: other is {other}; it must be a row like {row}")
    signatures = [
        function.get_call_type(typing, (x, y, types.int32, *extra.types), {})
        for x, y in zip(row.types, other.types, strict=True)
    ]
    result = types.UniTuple(signatures[0].return_type, len(row))

    def emit(context, builder, sig, args):
        _, row, other, extra = args
        rest = cgutils.unpack_tuple(builder, extra)
        values = []
        for i, signature in enumerate(signatures):
            pair = builder.extract_value(row, i), builder.extract_value(other, i)
            values.append(
                emit_call(context, builder, function, signature, (*pair, context.get_constant(types.int32, i), *rest))
            )
        return context.make_tuple(builder, result, values)

    return result(function, row, other, extra), emit


@by_type
def read_row(table: Table, state: StateOfTable, row: RowOfTable):
    """The row of `state` in a table [states, actions], in the form of `row`: a tuple, or an array (a view).

    Examples
    --------
    >>> read_row(np.eye(2), 1, (0.0, 0.0))
    (0.0, 1.0)
    """
    if not isinstance(row, types.BaseTuple):
        return lambda table, state, row: table[state]
    return lambda table, state, row: each(_entry, row, (table, state))


@inlined
def _entry(_, action, table, state):
    return table[state, action]


@inlined
def _larger(top, x, action):
    return maximum(x, top)


@inlined
def _sum(so_far, x, action):
    return so_far + x


@inlined
def _picked(so_far, x, action, chosen):
    return select(chosen == action, x, so_far)


@inlined
def _replaced(x, action, changed, value):
    return select(changed == action, value, x)


@inlined
def highest(row: Row):
    """The largest entry.

    NaN is ignored, except in the first entry; `hard_value` passes it on.

    Examples
    --------
    >>> highest((1.0, 3.0, 2.0))
    3.0
    """
    return fold(_larger, first(row), row[1:], ())


@inlined
def _first_place(so_far, x, action, top):
    return select((so_far < np.int32(0)) & (x >= top), action, so_far)


@inlined
def first_highest(row: Row):
    """The first action with the largest entry (int32); -1 where an entry is NaN.

    Examples
    --------
    >>> first_highest((1.0, 3.0, 3.0))
    1
    """
    return fold(_first_place, np.int32(-1), row, (highest(row),))


@inlined
def total(row: Row):
    """The sum of the entries, from first to last.

    Examples
    --------
    >>> total((1.0, 3.0, 2.0))
    6.0
    """
    return fold(_sum, first(row), row[1:], ())


@inlined
def pick(row: Row, action: Action):
    """The entry of `action`, by comparison: in a tuple, and with many actions at once, there is no indexing.

    Examples
    --------
    >>> pick((1.0, 3.0, 2.0), 1)
    3.0
    """
    return fold(_picked, first(row), row, (whole(action, first(row)),))


@inlined
def replaced(row: Row, action: ActionOrNone, value: Number):
    """The row with `value` as the entry of `action`; action -1 leaves it as it is.

    Examples
    --------
    >>> replaced((1.0, 3.0, 2.0), 1, 0.5)
    (1.0, 0.5, 2.0)
    """
    return each(_replaced, row, (whole(action, first(row)), value))
