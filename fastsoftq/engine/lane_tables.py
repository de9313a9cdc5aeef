"""What sixteen lanes look up by index: records of outcomes, and the rows of their tables.

A whole record or row is moved at a time, with plain loads: hardware gathers are half as fast (290 v 622 million
steps/s), hardware scatters 10 % slower (565 v 622), so both are kept from being formed.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from fastsoftq.engine.lane_memory import WORD, address, word
from fastsoftq.kernels.vectors import LANES, Vec, lane_order

__all__ = ["QUAD", "fetch", "fetch_add", "outcomes", "pointer", "rows", "scatter"]

QUAD = 4  # numbers of a row that are moved and transposed together

_HALF = ir.IntType(32)


@intrinsic
def fetch(typing, table, where, pairs, lane):
    """Words `table[where[l]:][:2]` to `pairs[2*l:][:2]`, for sixteen lanes, as moves of 16 bytes."""

    def emit(context, builder, sig, args):
        table, where, pairs, lane = args
        t = ir.VectorType(WORD, 2)
        for k in range(LANES):
            at = builder.add(lane, word(k))
            entry = builder.sext(builder.load(builder.gep(where, [at])), WORD)
            pair = builder.load(address(builder, table, entry, t), align=16)
            builder.store(pair, address(builder, pairs, builder.shl(at, word(1)), t), align=16)
        return context.get_dummy_value()

    return types.void(table, where, pairs, types.intp), emit


@intrinsic
def outcomes(typing, pairs, lane):
    """The (float64, int32, int32) records that sixteen lanes fetched, taken apart into three vectors."""
    t = types.Tuple((Vec(types.float64), Vec(types.int32), Vec(types.int32)))

    def emit(context, builder, sig, args):
        def evens_and_odds(v):
            return [builder.shuffle_vector(v, v, lane_order(range(k, 2 * LANES, 2))) for k in (0, 1)]

        start = builder.shl(args[1], word(1))
        words = builder.load(address(builder, args[0], start, ir.VectorType(WORD, 2 * LANES)), align=64)
        first, second = evens_and_odds(words)
        low, high = evens_and_odds(builder.bitcast(second, ir.VectorType(_HALF, 2 * LANES)))
        first = builder.bitcast(first, context.get_value_type(Vec(types.float64)))
        return context.make_tuple(builder, t, (first, low, high))

    return t(pairs, types.intp), emit


@intrinsic
def rows(typing, table, pairs, lane, lane_stride, row):
    """Each lane's row, as one vector for each action: number `a` of lane `l` is at `offset + l*lane_stride + a`.

    The offset is the first int32 of the second word that lane `l` fetched. Rows are read four numbers at a time, and
    transposed in registers; `row` is a tuple that tells the number of actions.
    """
    t = types.UniTuple(Vec(types.float64), len(row))

    def emit(context, builder, sig, args):
        table, pairs, lane, lane_stride, _ = args
        offsets = builder.bitcast(builder.gep(pairs, [builder.shl(lane, word(1))]), _HALF.as_pointer())
        base = builder.gep(table, [builder.mul(lane, lane_stride)])
        starts = []
        for k in range(LANES):
            offset = builder.sext(builder.load(builder.gep(offsets, [word(4 * k + 2)])), WORD)
            starts.append(builder.gep(base, [offset]))
            base = builder.gep(base, [lane_stride])
        quad = ir.VectorType(ir.DoubleType(), QUAD)
        columns = []
        for a in range(0, len(row), QUAD):
            columns += _transposed(
                builder, [builder.load(address(builder, start, word(a), quad), align=32) for start in starts]
            )
        return context.make_tuple(builder, t, columns[: len(row)])

    return t(table, pairs, types.intp, types.intp, row), emit


def _transposed(builder: Any, quads: list[Any]) -> list[Any]:
    """Sixteen vectors of four as four vectors of sixteen, by shuffles that AVX-512 and AVX2 have."""

    def shuffle(x: Any, y: Any, order: Any) -> Any:
        return builder.shuffle_vector(x, y, lane_order(order))

    halves = []
    for half in (quads[:8], quads[8:]):
        wide = [shuffle(half[k], half[k + 4], range(8)) for k in range(4)]  # lanes k and k + 4 side by side
        even, odd = (0, 8, 2, 10, 4, 12, 6, 14), (1, 9, 3, 11, 5, 13, 7, 15)
        pairs = [shuffle(wide[k], wide[k + 1], order) for order in (even, odd) for k in (0, 2)]
        low, high = (0, 1, 8, 9, 4, 5, 12, 13), (2, 3, 10, 11, 6, 7, 14, 15)
        halves.append([shuffle(pairs[k], pairs[k + 1], order) for order in (low, high) for k in (0, 2)])
    return [shuffle(x, y, range(LANES)) for x, y in zip(*halves, strict=True)]


@intrinsic
def scatter(typing, table, where, values, lane):
    """`table[where[l]] = values[l]` for sixteen lanes, one by one: atomic stores are not merged into a scatter."""

    def emit(context, builder, sig, args):
        table, where, values, lane = args
        for k in range(LANES):
            at = builder.add(lane, word(k))
            value, index = (builder.load(builder.gep(source, [at])) for source in (values, where))
            target = address(builder, table, builder.sext(index, WORD), WORD)
            builder.store_atomic(builder.bitcast(value, WORD), target, "monotonic", 8)
        return context.get_dummy_value()

    return types.void(table, where, values, types.intp), emit


@intrinsic
def pointer(typing, array):
    """Where an array's numbers begin."""
    return types.CPointer(array.dtype)(array), lambda c, builder, s, args: c.make_array(array)(c, builder, args[0]).data


@intrinsic
def fetch_add(typing, counter):
    """Return `counter[0]` and add one to it, atomically: no two threads get the same."""

    def emit(context, builder, sig, args):
        data = context.make_array(counter)(context, builder, args[0]).data
        return builder.atomic_rmw("add", data, word(1), "monotonic")

    return types.intp(counter), emit
