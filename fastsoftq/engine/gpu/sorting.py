"""Columns of numbers sorted in the memory that a block's threads share: a bitonic network, sixteen numbers a thread.

Every comparison leaves the smaller number at the lower place (Knuth 1998, section 5.3.4, exercise 23). Four stages of
the network take one pass over memory; a stage that is taken twice changes nothing, so that no pass is of fewer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from fastsoftq.kernels.jit import inlined

__all__ = ["LOG_TAKEN", "load_at", "padded", "sort_columns", "store_at"]

LOG_TAKEN = 4
"""A thread takes 2**LOG_TAKEN numbers at a time; a column has as many at least."""

_TAKEN = 1 << LOG_TAKEN
_I32 = ir.IntType(32)


@inlined
def padded(size):
    """How much room a column of numbers takes: after each that a thread takes together one place is left out.

    So that the threads' places seldom lie in one bank of memory.

    Examples
    --------
    >>> padded(16), padded(1024)
    (17, 1088)
    """
    return size + (size >> LOG_TAKEN)


def _address(builder: Any, numbers: Any, place: Any) -> Any:
    """Where the number at a place (an i32) of a column lies."""
    return builder.gep(numbers, [builder.add(place, builder.lshr(place, _I32(LOG_TAKEN)))])


@intrinsic
def load_at(typing, numbers, place):
    """The number at a place of a column."""

    def emit(context, builder, sig, args):
        return builder.load(_address(builder, args[0], builder.trunc(args[1], _I32)))

    return numbers.dtype(numbers, types.int64), emit


@intrinsic
def store_at(typing, numbers, place, value):
    """Put a number to a place of a column."""

    def emit(context, builder, sig, args):
        builder.store(args[2], _address(builder, args[0], builder.trunc(args[1], _I32)))
        return context.get_dummy_value()

    return types.void(numbers, types.int64, numbers.dtype), emit


def _mirrored(size: int) -> Iterator[tuple[int, int]]:
    """Compare the numbers of each so many with those that lie as far from their end."""
    for i in range(_TAKEN):
        other = i ^ (size - 1)
        if i < other:
            yield i, other


def _across(distance: int) -> Iterator[tuple[int, int]]:
    """Compare numbers that lie so far from one another, a distance that is a power of two."""
    for i in range(_TAKEN):
        if not i & distance:
            yield i, i + distance


def _pass(*stages: Iterator[tuple[int, int]]) -> Any:
    """An intrinsic that takes numbers from `low` on, `step` apart, and as many up to `high`, through some stages."""
    network = [pair for stage in stages for pair in stage]

    @intrinsic
    def go_through(typing, numbers, low, high, step):
        def emit(context, builder, sig, args):
            memory, low, high, step = args[0], *(builder.trunc(arg, _I32) for arg in args[1:])
            half = range(_TAKEN // 2)
            steps = [builder.mul(step, _I32(j)) for j in half]
            places = [builder.add(low, steps[j]) for j in half]
            places += [builder.sub(high, steps[j]) for j in reversed(half)]
            at = [_address(builder, memory, place) for place in places]
            values = [builder.load(address) for address in at]
            is_less = builder.icmp_signed if isinstance(numbers.dtype, types.Integer) else builder.fcmp_ordered
            for i, j in network:
                swapped = is_less("<", values[j], values[i])
                values[i], values[j] = (
                    builder.select(swapped, values[j], values[i]), builder.select(swapped, values[i], values[j]),
                )  # fmt: skip
            for value, address in zip(values, at, strict=True):
                builder.store(value, address)
            return context.get_dummy_value()

        return types.void(numbers, types.int64, types.int64, types.int64), emit

    return go_through


def _whole() -> Iterator[tuple[int, int]]:
    """The whole network, of what a thread takes."""
    for log_size in range(1, LOG_TAKEN + 1):
        yield from _mirrored(1 << log_size)
        for log_distance in reversed(range(log_size - 1)):
            yield from _across(1 << log_distance)


_below = [1 << log_distance for log_distance in reversed(range(LOG_TAKEN))]
_sort_taken = _pass(_whole())
_flip = _pass(_mirrored(_TAKEN), *map(_across, _below[1:]))
_split = _pass(*map(_across, _below))


@inlined
def sort_columns(numbers, columns, apart, log_size, thread, in_block, wait):
    """Sort columns ascending, by all threads of a block.

    Parameters
    ----------
    numbers : pointer to float64 or int32
        The first column; no number is NaN.
    columns, apart : int
        How many there are, and how far the next is.
    log_size : int
        Each has 2**log_size numbers, at least as many as a thread takes.
    thread, in_block : int
    wait : function
        Returns when all threads of the block have called it.
    """
    log_groups = log_size - LOG_TAKEN
    groups = columns << log_groups
    mask = (1 << log_groups) - 1
    for i in range(thread, groups, in_block):
        first = (i & mask) << LOG_TAKEN
        _sort_taken(_column(numbers, i >> log_groups, apart), first, first + (_TAKEN - 1), 1)
    wait()
    for log_half in range(LOG_TAKEN, log_size):  # halves are sorted: merge them
        log_step = log_half + 1 - LOG_TAKEN
        for i in range(thread, groups, in_block):
            begin, within = (i & mask) >> log_step << (log_half + 1), i & ((1 << log_step) - 1)
            _flip(
                _column(numbers, i >> log_groups, apart),
                begin + within, begin + (2 << log_half) - 1 - within, 1 << log_step,
            )  # fmt: skip
        wait()
        log_step = (log_step - 1) // LOG_TAKEN * LOG_TAKEN
        while log_step >= 0:
            step = 1 << log_step
            for i in range(thread, groups, in_block):
                first = ((i & mask) >> log_step << (log_step + LOG_TAKEN)) + (i & (step - 1))
                _split(_column(numbers, i >> log_groups, apart), first, first + (_TAKEN - 1) * step, step)
            wait()
            log_step -= LOG_TAKEN


@intrinsic
def _column(typing, numbers, column, apart):
    """The column of a number."""

    def emit(context, builder, sig, args):
        column, apart = (builder.trunc(arg, _I32) for arg in args[1:])
        return builder.gep(args[0], [builder.mul(column, apart)])

    return numbers(numbers, types.int64, types.int64), emit
