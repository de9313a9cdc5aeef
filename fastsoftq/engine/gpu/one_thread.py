"""One thread of a GPU trains one run at a time, with the lane loop for a lane alone; and where its table lies.

Compiled for the CPU, the same functions run thread after thread, with the same bits.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from llvmlite import ir
from numba import int32, types
from numba.extending import intrinsic

from fastsoftq.engine.gpu.layout import pair_width
from fastsoftq.engine.lane_memory import WORD
from fastsoftq.engine.lane_tables import PAIR, LaneTables, moved, pointer
from fastsoftq.engine.lanes import run_lanes
from fastsoftq.engine.packing import Packed
from fastsoftq.kernels.jit import by_type, inlined

__all__ = ["Place", "Threads", "copy_records", "shares_memory", "train_in_thread"]


class Place(NamedTuple):
    """Where the tables of a block's threads lie, and the records that all of them look up.

    The first threads of a block have their tables in the memory that a multiprocessor's threads share, the others in
    the card's. In either, the rows of one state of many threads lie side by side. What is None decides the code.
    """

    near: int | None  # how many threads have theirs in shared memory; None: no thread
    far: Any  # float64: the other threads' tables; None: there are none
    words: int | None  # of records that are copied to shared memory; None: they stay where they are


class Threads(NamedTuple):
    """Which thread this is, and the memory that its block shares."""

    block: Any
    thread: Any  # of the block
    in_block: Any  # threads of a block
    shared: Any  # a pointer to float64, on 16 bytes


@intrinsic
def _as_words(typing, numbers):
    """A pointer to the same memory, as integers of 64 bits."""
    t = types.CPointer(types.int64)
    return t(numbers), lambda context, builder, sig, args: builder.bitcast(args[0], WORD.as_pointer())


@intrinsic
def _either(typing, condition, one, other):
    """One of two pointers, without a branch."""
    return one(types.boolean, one, other), lambda context, builder, sig, args: builder.select(
        builder.trunc(args[0], ir.IntType(1)), args[1], args[2]
    )


@by_type
def shares_memory(place):
    """Whether a block's threads share memory at all."""
    shares = any(place.types[place.fields.index(name)] != types.none for name in ("near", "words"))
    return lambda place: shares


@by_type
def _words(place):
    if place.types[place.fields.index("words")] == types.none:
        return lambda place: 0
    return lambda place: place.words


@by_type
def _records(place, threads, mdp):
    if place.types[place.fields.index("words")] == types.none:
        return lambda place, threads, mdp: pointer(mdp.records)
    return lambda place, threads, mdp: _as_words(threads.shared)


@by_type
def _tables(place, threads, mdp, row):
    """The thread's table."""
    near, far = (place.types[place.fields.index(name)] != types.none for name in ("near", "far"))
    width = pair_width(len(row))

    def in_shared_memory(place, threads, mdp, row):
        numbers = moved(threads.shared, _words(place) + PAIR * threads.thread)
        return LaneTables(numbers, 0, int32(PAIR * place.near))

    def in_the_cards(place, threads, mdp, row):
        return LaneTables(_far(place, threads, threads.thread, threads.in_block, mdp, width), 0, int32(PAIR))

    def in_either(place, threads, mdp, row):
        numbers = moved(threads.shared, _words(place) + PAIR * threads.thread)
        others = threads.in_block - place.near
        is_near = threads.thread < place.near
        numbers = _either(is_near, numbers, _far(place, threads, threads.thread - place.near, others, mdp, width))
        return LaneTables(numbers, 0, int32(PAIR * place.near if is_near else PAIR))

    if near and far:
        return in_either
    return in_shared_memory if near else in_the_cards


@inlined
def _far(place, threads, thread, others, mdp, width):
    """Where a thread's table begins in the card's memory: as many as fill a row of all lie side by side."""
    beside = mdp.row_stride // width
    groups = (others + beside - 1) // beside
    group = threads.block * groups + thread // beside
    return moved(pointer(place.far), group * mdp.n_rows * mdp.row_stride + thread % beside * width)


@by_type
def copy_records(place, threads, mdp):
    """Copy this thread's part of the records to shared memory, if they are to lie there."""
    if place.types[place.fields.index("words")] == types.none:
        return lambda place, threads, mdp: None

    def copy(place, threads, mdp):
        source, target = pointer(mdp.records), _as_words(threads.shared)
        for i in range(threads.thread, place.words, threads.in_block):
            target[i] = source[i]

    return copy


_train = inlined(run_lanes.py_func)


@inlined
def train_in_thread(place, threads, agent, mdp, lockstep, row, like, work, out):
    """Train runs until none is left, one after the other."""
    records = _records(place, threads, mdp)
    within = Packed(
        records, mdp.n_states, mdp.n_actions, mdp.n_rows, mdp.row_stride, None, 0, mdp.outcome, mdp.start, mdp.phases,
    )  # fmt: skip
    _train(agent, within, lockstep, _tables(place, threads, mdp, row), row, like, work, out)
