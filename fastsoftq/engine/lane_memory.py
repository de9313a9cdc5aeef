"""What the lane engine keeps where, and how sixteen lanes at a time get to it and back.

Lanes' own numbers lie on the stack (`stack`, `shelf`), which LLVM knows nothing else points to. What is looked up by
index is moved a whole record or row at a time with plain loads: hardware gathers are half as fast (290 v 622 million
steps/s), hardware scatters 10 % slower (565 v 622), so both are kept from being formed.
"""

from __future__ import annotations

import operator
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

from fastsoftq.kernels.vectors import LANES, Vec, lane_order, llvm_type, spread

__all__ = [
    "bits_of",
    "fetch",
    "lanes_in",
    "load",
    "lowest_bit",
    "opaque",
    "pointer",
    "records",
    "rows",
    "scatter",
    "shelf",
    "stack",
    "store",
    "take_ticket",
]

QUAD = 4  # numbers of a row that are moved and transposed together

_WORD = ir.IntType(64)
_HALF = ir.IntType(32)


def _word(n: int) -> ir.Constant:
    return ir.Constant(_WORD, n)


def _at(builder: Any, base: Any, index: Any, t: ir.Type) -> Any:
    """The address `base + index`, seen as that of a `t`."""
    return builder.bitcast(builder.gep(base, [index]), t.as_pointer())


def _room(builder: Any, count: int, t: ir.Type) -> Any:
    """Room on the stack, taken once, aligned for the widest vectors."""
    with builder.goto_entry_block():
        memory = builder.alloca(ir.ArrayType(t, count))
        memory.align = 64
    return builder.bitcast(memory, t.as_pointer())


# ---- lanes' own numbers ----------------------------------------------------------------------------------------------


@intrinsic(prefer_literal=True)
def stack(typing, dtype, groups, per_lane):
    """Zeros on the stack, `per_lane` for each lane of `groups`, a tuple of the groups' first lanes."""
    count, t = LANES * len(groups) * per_lane.literal_value, dtype.dtype

    def emit(context, builder, sig, args):
        memory = _room(builder, count, llvm_type(t))
        cgutils.memset(builder, memory, _word(count * t.bitwidth // 8), 0)
        return memory

    return types.CPointer(t)(dtype, groups, per_lane), emit


@intrinsic
def load(typing, memory, lane):
    """The numbers of the sixteen lanes from `lane` on."""
    t = Vec(memory.dtype)

    def emit(context, builder, sig, args):
        return builder.load(_at(builder, args[0], args[1], context.get_value_type(t)), align=64)

    return t(memory, types.intp), emit


@intrinsic
def store(typing, memory, lane, vector):
    """Put the numbers of the sixteen lanes from `lane` on."""
    t = Vec(memory.dtype)

    def emit(context, builder, sig, args):
        value = spread(context, builder, args[2], sig.args[2], t)
        builder.store(value, _at(builder, args[0], args[1], context.get_value_type(t)), align=64)
        return context.get_dummy_value()

    return types.void(memory, types.intp, vector), emit


class Shelf(types.Type):
    """Room for one (nested) tuple of vectors for each group of lanes."""

    def __init__(self, item: types.Type) -> None:
        self.item = item
        super().__init__(f"Shelf({item})")


@register_model(Shelf)
class _ShelfModel(models.PrimitiveModel):
    def __init__(self, manager: Any, fe_type: Shelf) -> None:
        super().__init__(manager, fe_type, manager.lookup(fe_type.item).get_value_type().as_pointer())


@intrinsic
def shelf(typing, example, groups):
    """Room for one thing like `example` for each group, used as `shelf[first lane of the group]`."""
    return Shelf(example)(example, groups), lambda c, builder, s, args: _room(builder, len(groups), args[0].type)


@infer_global(operator.getitem)
@infer_global(operator.setitem)
class _ShelfItem(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        if not isinstance(args[0], Shelf):
            return None
        item = args[0].item
        return (
            signature(types.none, args[0], types.intp, item) if len(args) == 3 else signature(item, args[0], types.intp)
        )


def _place(builder: Any, base: Any, lane: Any) -> Any:
    return builder.gep(base, [builder.udiv(lane, _word(LANES))])


@lower_builtin(operator.getitem, Shelf, types.intp)
def _take_from_shelf(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.load(_place(builder, *args), align=64)


@lower_builtin(operator.setitem, Shelf, types.intp, types.Any)
def _put_on_shelf(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    builder.store(args[2], _place(builder, *args[:2]), align=64)
    return context.get_dummy_value()


# ---- by index --------------------------------------------------------------------------------------------------------


@intrinsic
def fetch(typing, table, where, pairs, lane):
    """Words `table[where[l]:][:2]` to `pairs[2*l:][:2]`, for sixteen lanes, as moves of 16 bytes."""

    def emit(context, builder, sig, args):
        table, where, pairs, lane = args
        t = ir.VectorType(_WORD, 2)
        for k in range(LANES):
            at = builder.add(lane, _word(k))
            entry = builder.sext(builder.load(builder.gep(where, [at])), _WORD)
            pair = builder.load(_at(builder, table, entry, t), align=16)
            builder.store(pair, _at(builder, pairs, builder.shl(at, _word(1)), t), align=16)
        return context.get_dummy_value()

    return types.void(table, where, pairs, types.intp), emit


@intrinsic
def records(typing, pairs, lane):
    """The (float64, int32, int32) records that sixteen lanes fetched, taken apart into three vectors."""
    t = types.Tuple((Vec(types.float64), Vec(types.int32), Vec(types.int32)))

    def emit(context, builder, sig, args):
        def evens_and_odds(v):
            return [builder.shuffle_vector(v, v, lane_order(range(k, 2 * LANES, 2))) for k in (0, 1)]

        start = builder.shl(args[1], _word(1))
        words = builder.load(_at(builder, args[0], start, ir.VectorType(_WORD, 2 * LANES)), align=64)
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
        offsets = builder.bitcast(builder.gep(pairs, [builder.shl(lane, _word(1))]), _HALF.as_pointer())
        base = builder.gep(table, [builder.mul(lane, lane_stride)])
        starts = []
        for k in range(LANES):
            offset = builder.sext(builder.load(builder.gep(offsets, [_word(4 * k + 2)])), _WORD)
            starts.append(builder.gep(base, [offset]))
            base = builder.gep(base, [lane_stride])
        quad = ir.VectorType(ir.DoubleType(), QUAD)
        columns = []
        for a in range(0, len(row), QUAD):
            columns += _transposed(
                builder, [builder.load(_at(builder, start, _word(a), quad), align=32) for start in starts]
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
            at = builder.add(lane, _word(k))
            value, index = (builder.load(builder.gep(source, [at])) for source in (values, where))
            target = _at(builder, table, builder.sext(index, _WORD), _WORD)
            builder.store_atomic(builder.bitcast(value, _WORD), target, "monotonic", 8)
        return context.get_dummy_value()

    return types.void(table, where, values, types.intp), emit


# ---- odds and ends of the loop ---------------------------------------------------------------------------------------


@intrinsic
def pointer(typing, array):
    """Where an array's numbers begin."""
    return types.CPointer(array.dtype)(array), lambda c, builder, s, args: c.make_array(array)(c, builder, args[0]).data


@intrinsic
def bits_of(typing, mask):
    """The mask of sixteen lanes as the low bits of a word."""

    def emit(context, builder, sig, args):
        return builder.zext(builder.bitcast(args[0], ir.IntType(LANES)), _WORD)

    return types.uint64(mask), emit


@intrinsic
def lanes_in(typing, word, lane):
    """The sixteen bits of a word from `lane` on, as a mask."""
    t = Vec(types.boolean)

    def emit(context, builder, sig, args):
        bits = builder.trunc(builder.lshr(args[0], args[1]), ir.IntType(LANES))
        return builder.bitcast(bits, context.get_value_type(t))

    return t(types.uint64, types.intp), emit


@intrinsic
def opaque(typing, number):
    """The number, but the optimiser does not know it: a loop up to it is not unrolled into its neighbours."""

    def emit(context, builder, sig, args):
        return builder.asm(ir.FunctionType(_WORD, [_WORD]), "", "=r,0", args, side_effect=False)

    return types.intp(types.intp), emit


@intrinsic
def lowest_bit(typing, bits):
    """The position of the lowest bit that is set."""
    return types.intp(bits), lambda c, builder, s, args: builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))


@intrinsic
def take_ticket(typing, counter):
    """`counter[0]`, which then is one more: no two threads get the same."""

    def emit(context, builder, sig, args):
        data = context.make_array(counter)(context, builder, args[0]).data
        return builder.atomic_rmw("add", data, _word(1), "monotonic")

    return types.intp(counter), emit
