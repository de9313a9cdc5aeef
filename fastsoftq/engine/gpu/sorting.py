"""Columns of numbers sorted in the memory that a block's threads share: a bitonic network, eight numbers a thread.

Every comparison leaves the smaller number at the lower place (Knuth 1998, section 5.3.4, exercise 23). Three stages of
the network take one pass over memory; a stage that is taken twice changes nothing, so that no pass is of fewer.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from fastsoftq.kernels.jit import inlined

__all__ = ["EIGHT", "load_at", "padded", "sort_columns", "store_at"]

EIGHT = 8  # numbers that a thread takes at a time; a column has as many at least
_APART = 4  # after every 16 numbers one is left out, so that threads' strides seldom meet in one bank of memory
_I32 = ir.IntType(32)


@inlined
def padded(size):
    """How much room a column of numbers takes.

    Examples
    --------
    >>> padded(8), padded(1024)
    (9, 1088)
    """
    return size + max(1, size >> _APART)


def _address(builder: Any, numbers: Any, place: Any) -> Any:
    """Where the number at a place (an i32) of a column lies."""
    return builder.gep(numbers, [builder.add(place, builder.lshr(place, _I32(_APART)))])


@intrinsic
def load_at(typing, numbers, place):
    """The number at a place of a column."""

    def emit(context, builder, sig, args):
        return builder.load(_address(builder, args[0], builder.trunc(args[1], _I32)))

    return types.float64(numbers, types.int64), emit


@intrinsic
def store_at(typing, numbers, place, value):
    """Put a number to a place of a column."""

    def emit(context, builder, sig, args):
        builder.store(args[2], _address(builder, args[0], builder.trunc(args[1], _I32)))
        return context.get_dummy_value()

    return types.void(numbers, types.int64, types.float64), emit


_ACROSS = [(j, j + 4) for j in range(4)]
_MIRRORED = [(j, 7 - j) for j in range(4)]
_WITHIN = [(0, 2), (1, 3), (4, 6), (5, 7), (0, 1), (2, 3), (4, 5), (6, 7)]
_PAIRS, _FOURS = [(0, 1), (2, 3), (4, 5), (6, 7)], [(0, 3), (1, 2), (4, 7), (5, 6)]


def _pass(network: list[tuple[int, int]]) -> Any:
    """An intrinsic that takes the numbers at four places from `low` on, and four up to `high`, through a network."""

    @intrinsic
    def go_through(typing, numbers, low, high, step):
        def emit(context, builder, sig, args):
            memory, low, high, step = args[0], *(builder.trunc(arg, _I32) for arg in args[1:])
            steps = [builder.mul(step, _I32(j)) for j in range(4)]
            places = [builder.add(low, steps[j]) for j in range(4)]
            places += [builder.sub(high, steps[3 - j]) for j in range(4)]
            at = [_address(builder, memory, place) for place in places]
            values = [builder.load(address) for address in at]
            for a, b in network:
                swapped = builder.fcmp_ordered("<", values[b], values[a])
                values[a], values[b] = (
                    builder.select(swapped, values[b], values[a]), builder.select(swapped, values[a], values[b]),
                )  # fmt: skip
            for value, address in zip(values, at, strict=True):
                builder.store(value, address)
            return context.get_dummy_value()

        return types.void(numbers, types.int64, types.int64, types.int64), emit

    return go_through


_sort_eight = _pass([*_PAIRS, *_FOURS, *_PAIRS, *_MIRRORED, *_WITHIN])
_flip, _split = _pass(_MIRRORED + _WITHIN), _pass(_ACROSS + _WITHIN)


@inlined
def sort_columns(numbers, columns, apart, log_size, thread, in_block, wait):
    """Sort columns ascending, by all threads of a block.

    Parameters
    ----------
    numbers : pointer to float64
        The first column; no number is NaN.
    columns, apart : int
        How many there are, and how far the next is.
    log_size : int
        Each has 2**log_size numbers, at least `EIGHT`.
    thread, in_block : int
    wait : function
        Returns when all threads of the block have called it.
    """
    log_groups = log_size - 3
    groups = columns << log_groups
    mask = (1 << log_groups) - 1
    for i in range(thread, groups, in_block):
        first = (i & mask) << 3
        _sort_eight(_column(numbers, i >> log_groups, apart), first, first + 7, 1)
    wait()
    for log_half in range(3, log_size):  # halves are sorted: merge them
        log_step = log_half - 2
        for i in range(thread, groups, in_block):
            place, within = (i & mask) >> log_step << (log_half + 1), i & ((1 << log_step) - 1)
            _flip(
                _column(numbers, i >> log_groups, apart),
                place + within, place + (2 << log_half) - 1 - within, 1 << log_step,
            )  # fmt: skip
        wait()
        log_step = (log_half - 3) // 3 * 3
        while log_step >= 0:
            step = 1 << log_step
            for i in range(thread, groups, in_block):
                first = ((i & mask) >> log_step << (log_step + 3)) + (i & (step - 1))
                _split(_column(numbers, i >> log_groups, apart), first, first + 7 * step, step)
            wait()
            log_step -= 3


@intrinsic
def _column(typing, numbers, column, apart):
    """The column of a number."""

    def emit(context, builder, sig, args):
        column, apart = (builder.trunc(arg, _I32) for arg in args[1:])
        return builder.gep(args[0], [builder.mul(column, apart)])

    return numbers(numbers, types.int64, types.int64), emit
