"""Sixteen float32s at a time, to and from memory: what has no tile works on rows of sixteens, on every processor."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from fastsoftq.kernels.vectors import Vec, in_all_lanes, lane_order

__all__ = ["SIXTEEN", "aligned_floats", "first", "put", "square_root", "total", "transpose_eight", "vector"]

SIXTEEN = Vec(types.float32, 16)
_FLOATS = types.CPointer(types.float32)


def aligned_floats(count: int) -> NDArray[np.float32]:
    """Zeros that begin where a line of the cache does, as networks need them.

    Examples
    --------
    >>> aligned_floats(100).ctypes.data % 64
    0
    """
    room = np.zeros(count + SIXTEEN.width, np.float32)
    start = -(room.ctypes.data // 4) % SIXTEEN.width
    return room[start : start + count]


def _place(builder: Any, memory: Any, at: Any, count: int) -> Any:
    return builder.bitcast(builder.gep(memory, [at]), ir.VectorType(ir.FloatType(), count).as_pointer())


@intrinsic
def vector(typing, memory, at):
    """The sixteen numbers at `memory[at:]`, aligned to 64 bytes.

    Examples
    --------
    >>> from fastsoftq.kernels.addresses import address_of, floats_at
    >>> from fastsoftq.kernels.jit import compiled
    >>> numbers = aligned_floats(32)
    >>> numbers[16:] = 0.5
    >>> compiled(lambda array: total(vector(floats_at(address_of(array)), 16)))(numbers)
    8.0
    """

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.load(_place(builder, args[0], args[1], SIXTEEN.width), align=64)

    return SIXTEEN(_FLOATS, types.int64), emit


@intrinsic
def put(typing, memory, at, numbers):
    """Write sixteen numbers to `memory[at:]`, aligned to 64 bytes.

    Examples
    --------
    >>> from fastsoftq.kernels.addresses import address_of, floats_at
    >>> from fastsoftq.kernels.jit import compiled
    >>> @compiled
    ... def doubled(array):
    ...     floats = floats_at(address_of(array))
    ...     put(floats, 0, vector(floats, 0) * 2.0)
    >>> numbers = aligned_floats(16)
    >>> numbers[:] = 0.5
    >>> doubled(numbers)
    >>> numbers.sum()
    np.float32(16.0)
    """

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        builder.store(args[2], _place(builder, args[0], args[1], SIXTEEN.width), align=64)
        return context.get_dummy_value()

    return types.void(_FLOATS, types.int64, SIXTEEN), emit


@intrinsic
def square_root(typing, x):
    """The square root of each number, rounded once.

    Examples
    --------
    >>> from fastsoftq.kernels.addresses import address_of, floats_at
    >>> from fastsoftq.kernels.jit import compiled
    >>> numbers = aligned_floats(16)
    >>> numbers[:] = 4.0
    >>> compiled(lambda array: total(square_root(vector(floats_at(address_of(array)), 0))))(numbers)
    32.0
    """

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kind = args[0].type
        root = cgutils.get_or_insert_function(builder.module, ir.FunctionType(kind, [kind]), "llvm.sqrt.v16f32")
        return builder.call(root, args)

    return SIXTEEN(SIXTEEN), emit


@intrinsic
def total(typing, x):
    """The sum of sixteen numbers: those eight apart first, then four, two and one apart.

    Examples
    --------
    >>> from fastsoftq.kernels.addresses import address_of, floats_at
    >>> from fastsoftq.kernels.jit import compiled
    >>> numbers = aligned_floats(16)
    >>> numbers[:3] = 1.0
    >>> compiled(lambda array: total(vector(floats_at(address_of(array)), 0)))(numbers)
    3.0
    """

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        found, count = args[0], SIXTEEN.width
        while count > 1:
            count //= 2
            low, high = (builder.shuffle_vector(found, found, lane_order(range(k, k + count))) for k in (0, count))
            found = builder.fadd(low, high)
        return builder.extract_element(found, ir.Constant(ir.IntType(32), 0))

    return x.dtype(x), emit


@intrinsic
def first(typing, count):
    """A mask of the first `count` of sixteen.

    Examples
    --------
    >>> from fastsoftq.kernels.addresses import address_of, floats_at
    >>> from fastsoftq.kernels.jit import compiled
    >>> from fastsoftq.kernels.simd import select
    >>> @compiled
    ... def sum_of_first(array, count):
    ...     numbers = vector(floats_at(address_of(array)), 0)
    ...     return total(select(first(count), numbers, 0.0))
    >>> numbers = aligned_floats(16)
    >>> numbers[:] = 1.0
    >>> sum_of_first(numbers, 3)
    3.0
    """

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        places = ir.Constant(ir.VectorType(ir.IntType(64), SIXTEEN.width), list(range(SIXTEEN.width)))
        return builder.icmp_signed("<", places, in_all_lanes(builder, args[0], SIXTEEN.width))

    return SIXTEEN.of(types.boolean)(types.int64), emit


# Shuffles within halves of eight, which a processor has as one instruction: pairs, then quarters.
_HALVES = tuple(range(8))
_ONES = (0, 8, 1, 9, 4, 12, 5, 13), (2, 10, 3, 11, 6, 14, 7, 15)
_TWOS = (0, 1, 8, 9, 4, 5, 12, 13), (2, 3, 10, 11, 6, 7, 14, 15)


@intrinsic
def transpose_eight(typing, memory, source, source_row, to, to_row):
    """Write the 8 x 8 numbers at `source` as columns at `to`; rows are so many numbers apart.

    Examples
    --------
    >>> from fastsoftq.kernels.addresses import address_of, floats_at
    >>> from fastsoftq.kernels.jit import compiled
    >>> numbers = aligned_floats(128)
    >>> numbers[:64] = range(64)
    >>> compiled(lambda array: transpose_eight(floats_at(address_of(array)), 0, 8, 64, 8))(numbers)
    >>> numbers[64:].reshape(8, 8)[0].tolist()
    [0.0, 8.0, 16.0, 24.0, 32.0, 40.0, 48.0, 56.0]
    """

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        memory, source, source_row, to, to_row = args

        def place(start: Any, row: Any, k: int, j: int = 0, count: int = 8) -> Any:
            at = builder.add(start, builder.mul(row, ir.Constant(row.type, k)))
            return _place(builder, memory, builder.add(at, ir.Constant(row.type, j)), count)

        def mixed(x: Any, y: Any, order: tuple[int, ...]) -> Any:
            return builder.shuffle_vector(x, y, lane_order(order))

        def half(k: int, j: int) -> Any:
            return builder.load(place(source, source_row, k, j, 4), align=16)

        for j in (0, 4):
            # Columns j to j + 3 of rows r and r + 4: a half is put beside another as it is loaded.
            a, b, c, d = (mixed(half(r, j), half(r + 4, j), _HALVES) for r in range(4))
            pairs = [(mixed(a, b, order), mixed(c, d, order)) for order in _ONES]
            columns = [mixed(x, y, order) for x, y in pairs for order in _TWOS]
            for k, column in enumerate(columns):
                builder.store(column, place(to, to_row, j + k), align=32)
        return context.get_dummy_value()

    i = types.int64
    return types.void(_FLOATS, i, i, i, i), emit
