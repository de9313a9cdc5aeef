"""The lane engine's own memory: numbers of each lane, and tuples of vectors of each group of sixteen lanes.

All of it lies on the stack, which LLVM knows nothing else points to.
"""

from __future__ import annotations

import operator
from typing import Any, NamedTuple

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

from fastsoftq.kernels.vectors import LANES, Vec, llvm_type, spread

__all__ = [
    "WORD",
    "GroupArray",
    "Lanes",
    "address",
    "bits_of",
    "group_array",
    "lane_arrays",
    "lanes_in",
    "load",
    "lowest_bit",
    "opaque",
    "store",
    "word",
]

WORD = ir.IntType(64)


def word(n: int) -> ir.Constant:
    """An integer of 64 bits, in LLVM's terms."""
    return ir.Constant(WORD, n)


def address(builder: Any, base: Any, index: Any, t: ir.Type) -> Any:
    """The address `base + index`, seen as that of a `t`."""
    return builder.bitcast(builder.gep(base, [index]), t.as_pointer())


def _room(builder: Any, count: int, t: ir.Type) -> Any:
    """Room on the stack, taken once, aligned for the widest vectors."""
    with builder.goto_entry_block():
        memory = builder.alloca(ir.ArrayType(t, count))
        memory.align = 64
    return builder.bitcast(memory, t.as_pointer())


class Lanes(NamedTuple):
    """What the lane engine knows of each lane; arrays of one number a lane."""

    run: Any
    curve: Any  # where the episode's results go; -1 where the lane has no run
    key: Any  # of the run's random stream
    high: Any  # the draw for the next action
    low: Any
    episode: Any
    steps: Any  # of the episode so far
    total: Any  # its return so far
    base: Any  # where the lane's table begins
    row_at: Any  # where the state's row begins in the lane's table
    records_at: Any  # where the records of the state's outcomes begin
    action: Any
    q: Any  # the action's value
    record_at: Any  # where the record of the action's outcome is
    record: Any  # that record, two words
    entry_at: Any  # where the entry is that has changed
    entry: Any  # its new value
    changed: Any  # the entry's action, where it lies in the row ahead; -1 elsewhere
    next_action: Any  # where it is chosen before the update


_DTYPES = Lanes(
    run=types.int64, curve=types.int64, key=types.int64, high=types.uint32, low=types.uint32, episode=types.int32,
    steps=types.int32, total=types.float64, base=types.int32, row_at=types.int32, records_at=types.int32,
    action=types.int32, q=types.float64, record_at=types.int32, record=types.UniTuple(types.uint64, 2),
    entry_at=types.int32, entry=types.float64, changed=types.int32, next_action=types.int32,
)  # fmt: skip


@intrinsic
def lane_arrays(typing, groups):
    """`Lanes` of zeros, on the stack of the function that calls this; `groups` holds the first lane of each group."""
    kinds = [(t.dtype, len(t)) if isinstance(t, types.UniTuple) else (t, 1) for t in _DTYPES]
    lanes = types.NamedTuple([types.CPointer(t) for t, _ in kinds], Lanes)

    def emit(context, builder, sig, args):
        arrays = []
        for t, per_lane in kinds:
            count = LANES * len(groups) * per_lane
            arrays.append(_room(builder, count, llvm_type(t)))
            cgutils.memset(builder, arrays[-1], word(count * t.bitwidth // 8), 0)
        return context.make_tuple(builder, lanes, arrays)

    return lanes(groups), emit


@intrinsic
def load(typing, memory, lane):
    """The numbers of the sixteen lanes from `lane` on."""
    t = Vec(memory.dtype)

    def emit(context, builder, sig, args):
        return builder.load(address(builder, args[0], args[1], context.get_value_type(t)), align=64)

    return t(memory, types.intp), emit


@intrinsic
def store(typing, memory, lane, vector):
    """Store the numbers of the sixteen lanes from `lane` on."""
    t = Vec(memory.dtype)

    def emit(context, builder, sig, args):
        value = spread(context, builder, args[2], sig.args[2], t)
        builder.store(value, address(builder, args[0], args[1], context.get_value_type(t)), align=64)
        return context.get_dummy_value()

    return types.void(memory, types.intp, vector), emit


class GroupArray(types.Type):
    """Room for one (nested) tuple of vectors for each group of lanes."""

    def __init__(self, item: types.Type) -> None:
        self.item = item
        super().__init__(f"GroupArray({item})")


@register_model(GroupArray)
class _GroupArrayModel(models.PrimitiveModel):
    def __init__(self, manager: Any, fe_type: GroupArray) -> None:
        super().__init__(manager, fe_type, manager.lookup(fe_type.item).get_value_type().as_pointer())


@intrinsic
def group_array(typing, example, groups):
    """Room for one thing like `example` for each group, indexed by the group's first lane."""
    return GroupArray(example)(example, groups), lambda c, builder, s, args: _room(builder, len(groups), args[0].type)


@infer_global(operator.getitem)
@infer_global(operator.setitem)
class _GroupArrayItem(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        if not isinstance(args[0], GroupArray):
            return None
        item = args[0].item
        return (
            signature(types.none, args[0], types.intp, item) if len(args) == 3 else signature(item, args[0], types.intp)
        )


def _item_at(builder: Any, base: Any, lane: Any) -> Any:
    return builder.gep(base, [builder.udiv(lane, word(LANES))])


@lower_builtin(operator.getitem, GroupArray, types.intp)
def _get_item(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.load(_item_at(builder, *args), align=64)


@lower_builtin(operator.setitem, GroupArray, types.intp, types.Any)
def _set_item(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    builder.store(args[2], _item_at(builder, *args[:2]), align=64)
    return context.get_dummy_value()


# ---- masks as bits of a word -----------------------------------------------------------------------------------------


@intrinsic
def bits_of(typing, mask):
    """The mask of sixteen lanes as the low bits of a word."""

    def emit(context, builder, sig, args):
        return builder.zext(builder.bitcast(args[0], ir.IntType(LANES)), WORD)

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
    """The number, hidden from the optimiser, so that a loop up to it is not unrolled into its neighbours."""

    def emit(context, builder, sig, args):
        return builder.asm(ir.FunctionType(WORD, [WORD]), "", "=r,0", args, side_effect=False)

    return types.intp(types.intp), emit


@intrinsic
def lowest_bit(typing, bits):
    """The position of the lowest bit that is set."""
    return types.intp(bits), lambda c, builder, s, args: builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))
