"""One counter-based stream of random numbers for each run.

A stream is splitmix64 (Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators"): a 64-bit key that
grows by a constant, and a mixing function that turns it into 64 random bits. A run's numbers depend on its seed and on
how many were drawn before, never on its neighbours, threads or engine.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import types

from fastsoftq.kernels.jit import by_type, inlined
from fastsoftq.kernels.simd import convert, element

__all__ = ["Draw", "advance", "draw", "integer", "outcome_draw", "seed", "start_draw", "uniform", "unit"]

# Keys are int64, since a uint64 that has been a Python int is not always taken back; they wrap around.
_GOLDEN = np.int64(0x9E3779B97F4A7C15 - 2**64)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
# Added to a key, they set the environment's draws apart from the agent's: for what an action leads to, for a start.
_OUTCOME, _START = np.int64(0xD1B54A32D192ED03 - 2**64), np.int64(0x2545F4914F6CDD1D)
_11, _27, _30, _31, _32 = (np.uint64(n) for n in (11, 27, 30, 31, 32))


class Draw(NamedTuple):
    """64 random bits as two uint32: rules use `high` to decide whether to explore and `low` to choose."""

    high: int
    low: int


@inlined
def _mixed(key):
    z = np.uint64(key)
    z = (z ^ (z >> _30)) * _MIX_1
    z = (z ^ (z >> _27)) * _MIX_2
    return z ^ (z >> _31)


@inlined
def seed(number):
    """The key of the stream that belongs to a seed.

    Parameters
    ----------
    number : int
        The seed, 0 to 2**64 - 1 (a `numpy.uint64` where it is 2**63 or more).

    Returns
    -------
    int64
    """
    return np.int64(_mixed(np.int64(number) + _GOLDEN))


@inlined
def advance(key):
    """The key of the next draw."""
    return np.int64(key) + _GOLDEN


@inlined
def draw(key):
    """The agent's 64 random bits at `key`.

    Returns
    -------
    Draw
    """
    bits = _mixed(key)
    return Draw(np.uint32(bits >> _32), np.uint32(bits))  # type: ignore[arg-type]


@inlined
def outcome_draw(key):
    """64 random bits at `key` for what an action leads to, independent of the agent's.

    Returns
    -------
    Draw
    """
    return draw(np.int64(key) + _OUTCOME)


@inlined
def start_draw(key):
    """64 random bits at `key` for where an episode starts, independent of the agent's.

    Returns
    -------
    Draw
    """
    return draw(np.int64(key) + _START)


@inlined
def uniform(key):
    """Draw a number in [0, 1), a multiple of 2**-53.

    Returns
    -------
    key : int64
        The next key.
    number : float64
    """
    key = advance(key)
    return key, np.float64(_mixed(key) >> _11) * 2.0**-53


@inlined
def integer(key, count):
    """Draw a whole number in 0..count - 1; unfair by less than count / 2**32 (Lemire 2019).

    Returns
    -------
    key : int64
        The next key.
    number : int64
    """
    key = advance(key)
    return key, np.int64(((_mixed(key) >> _32) * np.uint64(count)) >> _32)


@by_type
def unit(half, like):
    """A number in [0, 1) from half a draw (uint32), in the precision of `like`."""
    if element(like) == types.float32:
        spacing = np.float32(2.0**-24)  # 32 bits would round up to 1
        return lambda half, like: convert(half >> np.uint32(8), like) * spacing
    return lambda half, like: convert(half, like) * 2.0**-32
