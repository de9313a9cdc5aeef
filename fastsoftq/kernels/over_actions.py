"""Rows: the numbers of one state, one for each action, as a tuple or as a one-dimensional array.

Engines hold rows as tuples (of numbers, or of sixteen-wide vectors); users pass rows of their own arrays. Rules go over
a row with `fold` and `each`: loops over an array, straight-line code over a tuple. Left to LLVM, a loop over eight
exponentials would not be unrolled, and a tuple indexed by a variable is slow.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from fastsoftq.kernels.jit import by_type, emit_call, inlined
from fastsoftq.kernels.simd import maximum, select

__all__ = ["each", "fold", "highest", "pick", "read_row", "replaced", "total"]


@inlined
def _fold_array(function, start, row, extra):
    for a in range(len(row)):
        start = function(start, row[a], np.int32(a), *extra)
    return start


@inlined
def _each_of_array(function, row, extra):
    first = function(row[0], np.int32(0), *extra)
    out = np.full(len(row), first)
    for a in range(1, len(row)):
        out[a] = function(row[a], np.int32(a), *extra)
    return out


def _as_compiled(typing: Any, implementation: Any, *arguments: types.Type) -> Any:
    """What an intrinsic returns to be no more than a compiled function."""
    function = types.Dispatcher(implementation)
    signature = function.get_call_type(typing, arguments, {})
    return signature.return_type(*arguments), lambda context, builder, _, args: emit_call(
        context, builder, function, signature, args
    )


@intrinsic
def fold(typing, function, start, row, extra):
    """Go over a row: `start = function(start, row[a], a, *extra)` for every action `a`; returns the last.

    Over a tuple the accumulator may change its type, at the first step only. From compiled code only, as `each`.
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


@intrinsic
def each(typing, function, row, extra):
    """The row of `function(row[a], a, *extra)` for every action `a`: a tuple, or a new array."""
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


@by_type
def read_row(table, state, row):
    """The row of `state` in a table [states, actions], in the form of `row`: a tuple, or an array (a view)."""
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
def highest(row):
    """The largest entry."""
    return fold(_larger, row[0], row[1:], ())


@inlined
def total(row):
    """The sum of the entries, from first to last."""
    return fold(_sum, row[0], row[1:], ())


@inlined
def pick(row, action):
    """The entry of `action`, by comparison: in a tuple, and with sixteen actions at once, there is no indexing."""
    return fold(_picked, row[0], row, (action,))


@inlined
def replaced(row, action, value):
    """The row with `value` as the entry of `action`; action -1 leaves it as it is."""
    return each(_replaced, row, (action, value))
