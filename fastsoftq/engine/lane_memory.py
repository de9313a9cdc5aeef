"""The lane engine's own memory: an array of each number that a lane has; and masks.

All of it lies on the stack, which LLVM knows nothing else points to.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

from fastsoftq.kernels.targets import TARGETS, target_of
from fastsoftq.kernels.vectors import Vec, aligned_to, index_beside, lane_order, llvm_type, resized, spread

__all__ = [
    "WORD",
    "LaneArray",
    "Lanes",
    "address",
    "bits_of",
    "fetch",
    "fetch_to_write",
    "hidden_lane_count",
    "lane_array",
    "lane_arrays",
    "lanes_in",
    "load",
    "lowest_bit",
    "room",
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


def room(builder: Any, count: int, t: ir.Type) -> Any:
    """Room on the stack, taken once, aligned for the widest vectors."""
    with builder.goto_entry_block():
        memory = builder.alloca(ir.ArrayType(t, count))
        memory.align = 64
    return builder.bitcast(memory, t.as_pointer())


class Lanes(NamedTuple):
    """What the lane engine knows of each lane; arrays of one number a lane."""

    run: Any
    curve: Any  # where the episode's results go; -1 where the lane has no run
    key: Any  # of the run's random stream, as it would have been in turn 0
    bits: Any  # the draw for the next action
    episode: Any
    limit: Any  # the turn in which the episode is cut short
    total: Any  # the episode's return so far
    row_at: Any  # where the state's row begins in the lane's table
    records_at: Any  # where the records of the state's outcomes begin
    action: Any
    q: Any  # the action's value
    record_at: Any  # where the record of the action's outcome is
    reward: Any  # that record: what the action paid,
    word: Any  # and where it led
    value: Any  # of the next state
    entry_at: Any  # where the entry is that changes, in the lane's table
    entry: Any  # its new value
    changed: Any  # the entry's action, where it lies in the row ahead; -1 elsewhere
    next_action: Any  # where it is chosen before the update


_NUMBERS, _WORDS = ("total", "q", "reward", "value", "entry"), ("bits", "word")
_ALONE = {"run": types.int64, "curve": types.int64, "key": types.int64, "limit": types.int64, "episode": types.int32}


class LaneArray(types.CPointer):
    """A pointer to a number of each lane, which are stored and loaded as vectors of `width`."""

    def __init__(self, dtype: types.Type, width: int) -> None:
        self.width = width
        super().__init__(dtype)
        self.name = f"LaneArray({dtype}, {width})"

    @property
    def key(self) -> Any:
        """What tells it from other types."""
        return self.dtype, self.width


@register_model(LaneArray)
class _LaneArrayModel(models.PointerModel):
    pass


def lane_array(builder: Any, dtype: types.Type, lockstep: Any) -> Any:
    """A zero for each lane, on the stack of the function that is compiled."""
    memory = room(builder, lockstep.lanes, llvm_type(dtype))
    cgutils.memset(builder, memory, word(lockstep.lanes * dtype.bitwidth // 8), 0)
    return memory


def _dtype(field: str, width: int) -> types.Type:
    if field in _ALONE:
        return _ALONE[field]
    if field in _NUMBERS:
        return types.float64
    return types.uint64 if field in _WORDS else index_beside(types.float64, width)


@intrinsic
def lane_arrays(typing, lockstep):
    """`Lanes` of zeros, on the stack of the function that calls this."""
    dtypes = [_dtype(field, lockstep.width) for field in Lanes._fields]
    lanes = types.NamedTuple([LaneArray(t, lockstep.width) for t in dtypes], Lanes)

    def emit(context, builder, sig, args):
        return context.make_tuple(builder, lanes, [lane_array(builder, t, lockstep) for t in dtypes])

    return lanes(lockstep), emit


@intrinsic
def load(typing, memory, lane):
    """The numbers of a vector's lanes from `lane` on."""
    t = Vec(memory.dtype, memory.width)

    def emit(context, builder, sig, args):
        return builder.load(address(builder, args[0], args[1], context.get_value_type(t)), align=aligned_to(t))

    return t(memory, types.intp), emit


@intrinsic
def store(typing, memory, lane, vector):
    """Store the numbers of a vector's lanes from `lane` on; integers of another width are made to fit."""
    t = Vec(memory.dtype, memory.width)

    def emit(context, builder, sig, args):
        value = args[2]
        if isinstance(vector, Vec) and vector.dtype != t.dtype:
            value = resized(context, builder, value, vector, t)
        value = spread(context, builder, value, sig.args[2], t)
        builder.store(value, address(builder, args[0], args[1], context.get_value_type(t)), align=aligned_to(t))
        return context.get_dummy_value()

    return types.void(memory, types.intp, vector), emit


# ---- masks as bits of a word -----------------------------------------------------------------------------------------


@intrinsic
def bits_of(typing, mask):
    """A mask as the low bits of a word."""
    size = mask.width
    if size in TARGETS and target_of(size).index_bits == 64:
        size = min(size, target_of(size).register_bytes // 8)  # the mask of a register is one instruction

    def emit(context, builder, sig, args):
        bits = word(0)
        for k in range(0, mask.width, size):
            part = builder.shuffle_vector(args[0], args[0], lane_order(range(k, k + size)))
            part = builder.zext(builder.bitcast(part, ir.IntType(size)), WORD)
            bits = builder.or_(bits, builder.shl(part, word(k)))
        return bits

    return types.uint64(mask), emit


@intrinsic
def lanes_in(typing, word, lane, lockstep):
    """The bits of a word from `lane` on, as the mask of a vector."""
    t = Vec(types.boolean, lockstep.width)

    def emit(context, builder, sig, args):
        bits = builder.trunc(builder.lshr(args[0], args[1]), ir.IntType(lockstep.width))
        return builder.bitcast(bits, context.get_value_type(t))

    return t(types.uint64, types.intp, lockstep), emit


@intrinsic
def hidden_lane_count(typing, lockstep):
    """The number of lanes, hidden from the optimiser, so that a loop over them is not unrolled into its neighbours.

    A single lane is no loop.
    """

    def emit(context, builder, sig, args):
        count = word(lockstep.lanes)
        if lockstep.lanes == 1:
            return count
        return builder.asm(ir.FunctionType(WORD, [WORD]), "", "=r,0", [count], side_effect=False)

    return types.intp(lockstep), emit


@intrinsic
def lowest_bit(typing, bits):
    """The position of the lowest bit that is set."""
    return types.intp(bits), lambda c, builder, s, args: builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))


def fetch(builder: Any, place: Any, near: int, write: bool = False) -> None:
    """Ask the memory for the line that an address is in; 3 is for the nearest cache, 2 for the next."""
    byte, half = ir.IntType(8).as_pointer(), ir.IntType(32)
    prefetch = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(ir.VoidType(), [byte, half, half, half]), "llvm.prefetch.p0"
    )
    builder.call(prefetch, [builder.bitcast(place, byte), half(int(write)), half(near), half(1)])


@intrinsic
def fetch_to_write(typing, arrays, index, lockstep):
    """Ask the memory for places that are soon to be written, of each of a tuple of pointers.

    Not on a GPU, whose stores nobody awaits.
    """

    def emit(context, builder, sig, args):
        if lockstep.lanes > 1:
            for pointer in cgutils.unpack_tuple(builder, args[0]):
                fetch(builder, builder.gep(pointer, [args[1]]), 2, write=True)
        return context.get_dummy_value()

    return types.void(arrays, types.intp, lockstep), emit
