"""Two kernels that make statistics of blocks of runs (`block_statistics.py`) of curves in a GPU's memory.

Compiled for the CPU, the same functions run a thread a block, with the same bits.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import int32, types
from numba.extending import intrinsic

from fastsoftq.engine.block_statistics import LEVELS, MOMENTS, STATISTICS
from fastsoftq.engine.gpu.card_intrinsics import block, shared, thread, threads_in_block, wait_for_the_block
from fastsoftq.engine.gpu.one_thread import Threads
from fastsoftq.engine.gpu.sorting import load_at, padded, sort_columns, store_at
from fastsoftq.engine.lane_tables import moved, pointer
from fastsoftq.kernels.jit import by_type, inlined

__all__ = ["Curves", "Sorted", "Summary", "moments", "moments_by_thread", "quantiles", "quantiles_by_block"]

_LEVELS, _STATISTICS = len(LEVELS), len(STATISTICS)
_LARGEST = 2**31 - 1


class Curves(NamedTuple):
    """What is summarised."""

    starts: Any  # int64 [blocks + 1]: the first run of each block of runs
    returns: Any  # float64 [runs, episodes]
    lengths: Any  # int32 [runs, episodes]
    truncated: Any  # uint8 [runs, episodes]


class Summary(NamedTuple):
    """Where it goes."""

    returns: Any  # float64 [blocks, episodes, statistics]
    lengths: Any  # float64 [blocks, episodes, statistics]
    truncated: Any  # float64 [blocks, episodes]


class Sorted(NamedTuple):
    """How columns lie in the memory that threads share, and what is read there of a block of runs."""

    log_columns: int  # that a block of threads sorts at a time
    log_size: int  # of each, numbers
    low: Any  # int64 [blocks, levels]: `QuantilePlaces`
    high: Any
    share: Any  # float64


@inlined
def _moments(x, first, last, episodes, out):
    """The moments of the numbers that lie `episodes` apart, to the first three places of `out`."""
    runs, total = float(last - first), 0.0
    for at in range(first * episodes, last * episodes, episodes):
        total += x[at]
    mean = total / runs
    second = third = 0.0
    for at in range(first * episodes, last * episodes, episodes):
        centered = x[at] - mean
        square = centered * centered
        second += square
        third += square * centered
    out[0], out[1], out[2] = mean, second / runs, third / runs


@inlined
def moments_by_thread(threads, curves, summary):
    """The moments of one episode of one block of runs; nothing, where a thread is beyond the last episode."""
    episodes = curves.returns.shape[1]
    in_row = (episodes + threads.in_block - 1) // threads.in_block
    row = threads.block // in_row
    episode = threads.block % in_row * threads.in_block + threads.thread
    if episode >= episodes:
        return
    first, last = curves.starts[row], curves.starts[row + 1]
    to = (row * episodes + episode) * _STATISTICS
    _moments(moved(pointer(curves.returns), episode), first, last, episodes, moved(pointer(summary.returns), to))
    _moments(moved(pointer(curves.lengths), episode), first, last, episodes, moved(pointer(summary.lengths), to))
    truncated, met = moved(pointer(curves.truncated), episode), 0
    for at in range(first * episodes, last * episodes, episodes):
        met += truncated[at]
    pointer(summary.truncated)[row * episodes + episode] = float(met) / float(last - first)


def moments(curves, summary):
    """Means, second and third central moments of returns and lengths, and the share of episodes cut short."""
    moments_by_thread(Threads(block(), thread(), threads_in_block(), shared()), curves, summary)


@by_type
def _room_for(x, shared):
    """The memory that threads share, for numbers like these."""
    if x.dtype == types.float64:
        return lambda x, shared: shared
    return lambda x, shared: _as_ints(shared)


@intrinsic
def _as_ints(typing, numbers):
    """A pointer to the same memory, as integers of 32 bits."""
    t = types.CPointer(types.int32)
    return t(numbers), lambda context, builder, sig, args: builder.bitcast(args[0], ir.IntType(32).as_pointer())


@by_type
def _largest(x):
    """No number of an array is larger: it fills columns up."""
    if x.dtype == types.float64:
        return lambda x: np.inf
    return lambda x: int32(_LARGEST)


@inlined
def _quantiles(threads, wait, x, first, last, episodes, episode, to_sort, row, out):
    """The quantiles of some episodes from one on, of one block of runs."""
    size, columns = 1 << to_sort.log_size, 1 << to_sort.log_columns
    apart, room = padded(size), _room_for(x, threads.shared)
    for i in range(threads.thread, size << to_sort.log_columns, threads.in_block):
        column, run = i & (columns - 1), first + (i >> to_sort.log_columns)
        value = _largest(x)
        if run < last and episode + column < episodes:
            value = x[run * episodes + episode + column]
        store_at(moved(room, column * apart), run - first, value)
    wait()
    sort_columns(room, columns, apart, to_sort.log_size, threads.thread, threads.in_block, wait)
    low, high, share = pointer(to_sort.low), pointer(to_sort.high), pointer(to_sort.share)
    for i in range(threads.thread, columns * _LEVELS, threads.in_block):
        column, level = i // _LEVELS, i % _LEVELS
        if episode + column < episodes:
            numbers, at = moved(room, column * apart), row * _LEVELS + level
            below = float(load_at(numbers, low[at]))
            to = (row * episodes + episode + column) * _STATISTICS + MOMENTS + level
            out[to] = below + (float(load_at(numbers, high[at])) - below) * share[at]


@inlined
def quantiles_by_block(threads, wait, curves, to_sort, summary):
    """The quantiles of returns, or of lengths, of some episodes of one block of runs, by all threads of a block."""
    episodes = curves.returns.shape[1]
    in_row = (episodes + (1 << to_sort.log_columns) - 1) >> to_sort.log_columns
    row = threads.block // (2 * in_row)
    episode = (threads.block >> 1) % in_row << to_sort.log_columns
    first, last = curves.starts[row], curves.starts[row + 1]
    if threads.block & 1:
        _quantiles(
            threads, wait, pointer(curves.lengths), first, last, episodes, episode, to_sort, row,
            pointer(summary.lengths),
        )  # fmt: skip
    else:
        _quantiles(
            threads, wait, pointer(curves.returns), first, last, episodes, episode, to_sort, row,
            pointer(summary.returns),
        )  # fmt: skip


def quantiles(curves, to_sort, summary):
    """The quantiles of returns and lengths."""
    threads = Threads(block(), thread(), threads_in_block(), shared())
    quantiles_by_block(threads, wait_for_the_block, curves, to_sort, summary)
