"""One counter-based stream of random numbers for each run.

A stream is splitmix64 (Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators"): a 64-bit key that
grows by a constant, and a mixing function that turns it into 64 random bits. A run's numbers depend on its seed and on
how many were drawn before, never on its neighbours, threads or engine.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import numpy as np
from numba import types

from fastsoftq.checks import shown
from fastsoftq.kernels.jit import by_type, inlined
from fastsoftq.kernels.mixing import GOLDEN, Draw, as_float, halves, mixed
from fastsoftq.kernels.number_kinds import Like, WholeKind, as_whole, is_number
from fastsoftq.kernels.simd import convert, element

__all__ = [
    "LEARNING",
    "OUTCOME",
    "ADraw",
    "Draw",
    "Half",
    "Key",
    "advance",
    "draw",
    "integer",
    "outcome_draw",
    "seed",
    "start_draw",
    "uniform",
    "unit",
]

# Added to a key, they make draws independent of those that choose actions: for outcomes, for start states, and those
# from which an agent learns.
OUTCOME, _START = np.int64(0xD1B54A32D192ED03 - 2**64), np.int64(0x2545F4914F6CDD1D)
LEARNING = np.int64(0x5851F42D4C957F2D)
_8 = np.uint32(8)
_11, _32 = np.uint64(11), np.uint64(32)


class _WordKind(WholeKind):
    """An integer of a fixed width, unsigned unless it is negative."""

    def __init__(self, dtype: type, least: int, most: int) -> None:
        super().__init__(least, most)
        self._dtype = dtype

    def beside(self, name: str, value: Any, given: Any) -> Any:
        return self._dtype(value) if value >= 0 else value


class _DrawKind(_WordKind):
    """A `Draw`, or a pair of halves."""

    allowed = "a Draw"

    def takes(self, t: types.Type) -> bool:
        return isinstance(t, types.BaseNamedTuple) and t.fields == Draw._fields and all(map(is_number, t.types))

    def checked(self, name: str, value: Any) -> Any:
        if not isinstance(value, tuple) or len(value) != 2:
            raise TypeError(f"{name} is {shown(value)}; it must be a Draw, or a pair of integers")
        return Draw(*(np.uint32(as_whole(name, half, 0, 2**32 - 1)) for half in value))

    def beside(self, name: str, value: Any, given: Any) -> Any:
        return value


_64 = 2**64 - 1
Half: TypeAlias = Annotated[Any, _WordKind(np.uint32, 0, 2**32 - 1)]
ADraw: TypeAlias = Annotated[Any, _DrawKind(np.uint32, 0, 2**32 - 1)]
Key: TypeAlias = Annotated[Any, _WordKind(np.uint64, -(2**63), _64)]
_Seed: TypeAlias = Annotated[Any, _WordKind(np.uint64, 0, _64)]
_Count: TypeAlias = Annotated[Any, _WordKind(np.uint64, 1, 2**32)]


@inlined
def seed(number: _Seed):
    """The key of the stream that belongs to a seed.

    Parameters
    ----------
    number : int
        The seed, 0 to 2**64 - 1 (a `numpy.uint64` where it is 2**63 or more).

    Returns
    -------
    int64

    Examples
    --------
    >>> seed(0)
    -2152535657050944081
    """
    return np.int64(mixed(np.int64(number) + GOLDEN))


@inlined
def advance(key: Key):
    """The key of the next draw.

    Parameters
    ----------
    key : int64

    Returns
    -------
    int64

    Examples
    --------
    >>> key = advance(seed(0))
    """
    return convert(key, np.int64(0)) + GOLDEN


@inlined
def draw(key: Key):
    """The agent's 64 random bits at `key`.

    Returns
    -------
    Draw

    Examples
    --------
    >>> draw(7) == draw(7), draw(7) == draw(8)
    (True, False)
    """
    return halves(mixed(key))


@inlined
def outcome_draw(key: Key):
    """64 random bits at `key` that decide an action's outcome, independent of the agent's.

    Returns
    -------
    Draw

    Examples
    --------
    >>> outcome_draw(7) == outcome_draw(7), outcome_draw(7) == outcome_draw(8)
    (True, False)
    """
    return draw(convert(key, np.int64(0)) + OUTCOME)


@inlined
def start_draw(key: Key):
    """64 random bits at `key` that decide the start state, independent of the agent's.

    Returns
    -------
    Draw

    Examples
    --------
    >>> start_draw(7) == start_draw(7), start_draw(7) == start_draw(8)
    (True, False)
    """
    return draw(convert(key, np.int64(0)) + _START)


@inlined
def uniform(key: Key):
    """Draw a number in [0, 1), a multiple of 2**-53.

    Returns
    -------
    key : int64
        The next key.
    number : float64

    Examples
    --------
    >>> key, number = uniform(7)
    >>> 0.0 <= number < 1.0
    True
    """
    key = advance(key)
    return key, np.float64(mixed(key) >> _11) * 2.0**-53


@inlined
def integer(key: Key, count: _Count):
    """Draw a whole number in 0..count - 1; unfair by less than count / 2**32 (Lemire 2019).

    Returns
    -------
    key : int64
        The next key.
    number : int64

    Examples
    --------
    >>> key, number = integer(7, 10)
    >>> number in range(10)
    True
    """
    key = advance(key)
    return key, np.int64(((mixed(key) >> _32) * np.uint64(count)) >> _32)


@by_type
def unit(half: Half, like: Like):
    """A number in [0, 1) from half a draw (uint32), in the precision of `like`.

    Examples
    --------
    >>> unit(2**31, 1.0)
    0.5
    """
    if element(like) == types.float32:
        spacing = np.float32(2.0**-24)  # 32 bits would round up to 1
        return lambda half, like: as_float(half >> _8, like) * spacing
    return lambda half, like: as_float(half, like) * 2.0**-32
