"""How a key becomes random bits (splitmix64), and how rules see them: for one key and for vectors of keys."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import types
from numba.extending import intrinsic

from fastsoftq.kernels.jit import by_type, inlined
from fastsoftq.kernels.simd import bitcast, convert
from fastsoftq.kernels.vectors import Vec, half_words, index_beside

__all__ = ["GOLDEN", "Draw", "as_float", "halves", "mixed"]

# Keys are int64, since Numba does not always take a large Python int as uint64; they wrap around.
GOLDEN = np.int64(0x9E3779B97F4A7C15 - 2**64)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_27, _30, _31, _32 = (np.uint64(n) for n in (27, 30, 31, 32))
_LOW, _BITS_OF_2_52 = np.uint64(2**32 - 1), np.uint64(0x4330000000000000)


class Draw(NamedTuple):
    """64 random bits as two uint32: rules use `high` to decide whether to explore and `low` to choose.

    In vectors they are held in uint64 where the integers beside float64 are as wide (`targets.py`).

    Examples
    --------
    >>> Draw(high=1, low=2).low
    2
    """

    high: Any
    low: Any


@inlined
def mixed(key):
    """64 random bits, uint64: the key mixed by splitmix64.

    Examples
    --------
    >>> hex(mixed(1))
    '0x5692161d100b05e5'
    """
    z = convert(key, np.uint64(0))
    z = (z ^ (z >> _30)) * _MIX_1
    z = (z ^ (z >> _27)) * _MIX_2
    return z ^ (z >> _31)


@intrinsic
def _high_halves(typing, bits):
    """The higher 32 bits of each word."""
    return bits.of(types.uint32)(bits), lambda context, builder, sig, args: half_words(builder, args[0], higher=True)


@by_type
def halves(bits):
    """64 random bits as rules see them.

    Examples
    --------
    >>> halves(2**32 + 5)
    Draw(high=1, low=5)
    """
    if not isinstance(bits, Vec):
        return lambda bits: Draw(convert(bits >> _32, np.uint32(0)), convert(bits & _LOW, np.uint32(0)))
    if index_beside(types.float64, bits.width) == types.int64:
        return lambda bits: Draw(bits >> _32, bits & _LOW)
    return lambda bits: Draw(_high_halves(bits), convert(bits, np.uint32(0)))


@by_type
def as_float(half, like):
    """Half a draw as a float like `like`; for float32 it must be below 2**24.

    Examples
    --------
    >>> as_float(5, 1.0)
    5.0
    """
    if not isinstance(half, Vec) or half.dtype.bitwidth == 32:
        return lambda half, like: convert(half, like)
    # Below 2**52, the bits of half + 2**52 are those of half beside an exponent. AVX2 converts no 64-bit integers.
    return lambda half, like: convert(bitcast(half | _BITS_OF_2_52, 0.0) - 2.0**52, like)
