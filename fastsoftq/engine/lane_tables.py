"""What the lanes of a vector look up by index: records of outcomes, and the rows of their tables.

A whole record or row is moved at a time, with plain loads: hardware gathers are half as fast (290 v 622 million
steps/s), hardware scatters 10 % slower (565 v 622), so both are kept from being formed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from fastsoftq.engine.lane_memory import WORD, address, word
from fastsoftq.kernels.targets import TARGETS
from fastsoftq.kernels.vectors import Vec, concatenated, lane_order

__all__ = ["QUAD", "arrive", "fetch_add", "fetch_rows_ahead", "pointer", "rows", "scatter", "values_at"]

QUAD = 4  # numbers of a row that are moved and transposed together

_HALF = ir.IntType(32)


def _alone(builder: Any, at: Any) -> Any:
    """A number from memory, by an instruction of its own: taken out of a vector that is at hand it would cost more."""
    return builder.load_atomic(at, "unordered", at.type.pointee.width // 8)


def _index(builder: Any, array: Any, lane: Any, k: int) -> Any:
    """The index that lane `lane + k` has in an array, as a word."""
    at = builder.gep(array, [builder.add(lane, word(k))])
    index = _alone(builder, at)
    return index if index.type == WORD else builder.sext(index, WORD)


def _starts(builder: Any, table: Any, lane: Any, lane_stride: Any, width: int, index: Callable[[int], Any]) -> Any:
    """The address of `table[index(k) + l*lane_stride]` in each lane l = lane + k."""
    base = builder.gep(table, [builder.mul(lane, lane_stride)])
    # Hidden from the optimiser, it stays in a register of its own, and the lanes' distances go into instructions.
    base = builder.asm(ir.FunctionType(base.type, [base.type]), "", "=r,0", [base], side_effect=False)
    starts = []
    for k in range(width):
        starts.append(builder.gep(base, [index(k)]))
        base = builder.gep(base, [lane_stride])
    return starts


def _columns(context: Any, builder: Any, starts: list[Any], t: types.UniTuple) -> Any:
    """The rows that begin at `starts`, one vector for each action."""
    quad, columns = ir.VectorType(ir.DoubleType(), QUAD), []
    for a in range(0, len(t), QUAD):
        columns += _transposed(
            builder, [builder.load(address(builder, start, word(a), quad), align=32) for start in starts]
        )
    return context.make_tuple(builder, t, columns[: len(t)])


def _transposed(builder: Any, quads: list[Any]) -> list[Any]:
    """As many vectors of four as there are lanes, as four vectors of all lanes, by shuffles that processors have."""

    def shuffle(x: Any, y: Any, order: Any) -> Any:
        return builder.shuffle_vector(x, y, lane_order(order))

    width = len(quads)
    if width < QUAD:
        return [concatenated(builder, [shuffle(quad, quad, [a]) for quad in quads], width) for a in range(QUAD)]
    # Four lanes' fours are transposed in registers of four; in registers of eight, two times four of them side by side.
    beside = min(width, TARGETS[width].register_bytes // 8) // QUAD or 1

    def in_each(*places: int) -> list[int]:
        return [place % QUAD + QUAD * (four + beside * (place // QUAD)) for four in range(beside) for place in places]

    even, odd, low, high = in_each(0, 4, 2, 6), in_each(1, 5, 3, 7), in_each(0, 1, 4, 5), in_each(2, 3, 6, 7)
    blocks = []
    for start in range(0, width, beside * QUAD):
        lanes = [
            concatenated(builder, quads[start + k : start + beside * QUAD : QUAD], beside * QUAD) for k in range(QUAD)
        ]
        pairs = [shuffle(lanes[k], lanes[k + 1], order) for order in (even, odd) for k in (0, 2)]
        blocks.append([shuffle(pairs[k], pairs[k + 1], order) for order in (low, high) for k in (0, 2)])
    return [concatenated(builder, list(parts), width) for parts in zip(*blocks, strict=True)]


@intrinsic
def arrive(typing, records, record_at, table, lane, lane_stride, row):
    """What the actions of a vector's lanes led to: rewards, words that say where to, and the rows there.

    The record of lane `l`, two words, is at `records[record_at[l]]`. The low half of the second says where the row
    begins that `rows` would read there. `row` is a tuple that tells the number of actions.
    """
    number, columns = Vec(types.float64, record_at.width), types.UniTuple(Vec(types.float64, record_at.width), len(row))
    t = types.Tuple((number, number.of(types.uint64), columns))

    def emit(context, builder, sig, args):
        records, record_at, table, lane, lane_stride, _ = args
        pair, pairs, offsets = ir.VectorType(WORD, 2), [], []
        for k in range(number.width):
            at = _index(builder, record_at, lane, k)
            pairs.append(builder.load(address(builder, records, at, pair), align=16))
            halves = builder.bitcast(builder.gep(records, [builder.add(at, word(1))]), _HALF.as_pointer())
            offsets.append(builder.zext(_alone(builder, halves), WORD))
        firsts, seconds = _unzipped(builder, pairs)
        starts = _starts(builder, table, lane, lane_stride, number.width, lambda k: offsets[k])
        reward = builder.bitcast(firsts, context.get_value_type(number))
        return context.make_tuple(builder, t, (reward, seconds, _columns(context, builder, starts, columns)))

    return t(records, record_at, table, types.intp, types.intp, row), emit


def _unzipped(builder: Any, pairs: list[Any]) -> list[Any]:
    """Pairs of each lane as a vector of the first and one of the second of each."""

    def shuffle(x: Any, y: Any, order: Any) -> Any:
        return builder.shuffle_vector(x, y, lane_order(order))

    width = len(pairs)
    if width < QUAD:
        return [concatenated(builder, [shuffle(pair, pair, [k]) for pair in pairs], width) for k in (0, 1)]
    blocks = []
    for k in range(0, width, QUAD):
        even, odd = (shuffle(pairs[k + i], pairs[k + i + 2], range(4)) for i in (0, 1))
        blocks.append([shuffle(even, odd, order) for order in ((0, 4, 2, 6), (1, 5, 3, 7))])
    return [concatenated(builder, list(parts), width) for parts in zip(*blocks, strict=True)]


@intrinsic
def fetch_rows_ahead(typing, records, record_at, table, lane_stride, count):
    """Ask the memory for the rows that all lanes' records lead to, so that it works on all of them at once."""

    def emit(context, builder, sig, args):
        records, record_at, table, lane_stride, count = args
        byte = ir.IntType(8).as_pointer()
        prefetch = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(ir.VoidType(), [byte, _HALF, _HALF, _HALF]), "llvm.prefetch.p0"
        )
        with cgutils.for_range(builder, count) as loop:
            at = _index(builder, record_at, loop.index, 0)
            halves = builder.bitcast(builder.gep(records, [builder.add(at, word(1))]), _HALF.as_pointer())
            offset = builder.zext(builder.load(halves), WORD)
            row = builder.gep(table, [builder.add(builder.mul(loop.index, lane_stride), offset)])
            builder.call(prefetch, [builder.bitcast(row, byte), _HALF(1), _HALF(3), _HALF(1)])
        return context.get_dummy_value()

    return types.void(records, record_at, table, types.intp, types.intp), emit


@intrinsic
def rows(typing, table, row_at, lane, lane_stride, row):
    """Each lane's row, as one vector for each action: number `a` of lane `l` is at `row_at[l] + l*lane_stride + a`.

    Rows are read four numbers at a time, and transposed in registers; `row` is a tuple that tells how many actions.
    """
    t = types.UniTuple(Vec(types.float64, row_at.width), len(row))

    def emit(context, builder, sig, args):
        table, row_at, lane, lane_stride, _ = args
        starts = _starts(builder, table, lane, lane_stride, t.dtype.width, lambda k: _index(builder, row_at, lane, k))
        return _columns(context, builder, starts, t)

    return t(table, row_at, types.intp, types.intp, row), emit


@intrinsic
def values_at(typing, table, where, lane, lane_stride):
    """`table[where[l] + l*lane_stride]` of a vector's lanes, one by one."""
    t = Vec(types.float64, where.width)

    def emit(context, builder, sig, args):
        table, where, lane, lane_stride = args
        starts = _starts(builder, table, lane, lane_stride, t.width, lambda k: _index(builder, where, lane, k))
        found = ir.Constant(context.get_value_type(t), ir.Undefined)
        for k, start in enumerate(starts):
            found = builder.insert_element(found, builder.load(start), ir.Constant(_HALF, k))
        return found

    return t(table, where, types.intp, types.intp), emit


@intrinsic
def scatter(typing, table, where, values, lane, lane_stride):
    """`table[where[l] + l*lane_stride] = values[l]` for a vector's lanes, one by one: atomic stores are not merged."""
    width = where.width

    def emit(context, builder, sig, args):
        table, where, values, lane, lane_stride = args
        starts = _starts(builder, table, lane, lane_stride, width, lambda k: _index(builder, where, lane, k))
        for k, start in enumerate(starts):
            value = _alone(builder, address(builder, values, builder.add(lane, word(k)), WORD))
            builder.store_atomic(value, builder.bitcast(start, WORD.as_pointer()), "unordered", 8)
        return context.get_dummy_value()

    return types.void(table, where, values, types.intp, types.intp), emit


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
