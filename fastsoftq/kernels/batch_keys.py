"""Many streams of random numbers at once: array forms of `random.py`'s, with their bits."""

from __future__ import annotations

import numpy as np

from fastsoftq.kernels.batch_entries import of_batch, over_batch, room
from fastsoftq.kernels.batch_kinds import Count, Keys, OutKeys, Seeds
from fastsoftq.kernels.jit import inlined
from fastsoftq.kernels.random import advance, integer, seed, uniform

__all__ = ["advances", "integers", "seeds", "uniforms"]


@inlined
def seeds(numbers: Seeds, out: OutKeys = None):
    """The keys of the streams that belong to seeds.

    Parameters
    ----------
    numbers : int or uint64 [...]
        Seeds.
    out : int64 [...], optional
        Receives the keys; may be `numbers`.

    Returns
    -------
    int64 [...]
        `out`, or a new array.

    Examples
    --------
    >>> seeds([0, 1])
    array([-2152535657050944081, -7995527694508729151])
    """
    found = room(out, numbers.shape, np.int64(0))
    for at in np.ndindex(numbers.shape):
        found[at] = seed(numbers[at])
    return found


@inlined
def advances(keys: Keys, out: OutKeys = None):
    """The keys of the next draws.

    Parameters
    ----------
    keys : int64 [...]
    out : int64 [...], optional
        Receives the keys; may be `keys`.

    Returns
    -------
    int64 [...]
        `out`, or a new array.

    Examples
    --------
    >>> keys = seeds([0, 1])
    >>> advances(keys, out=keys) is keys
    True
    """
    found = room(out, keys.shape, np.int64(0))
    for at in np.ndindex(keys.shape):
        found[at] = advance(keys[at])
    return found


@inlined
def uniforms(keys: Keys):
    """Draw a number in [0, 1) from each stream.

    Parameters
    ----------
    keys : int64 [...]

    Returns
    -------
    keys : int64 [...]
        The next keys.
    numbers : float64 [...]

    Examples
    --------
    >>> keys, numbers = uniforms(seeds([0, 1]))
    >>> bool(((numbers >= 0.0) & (numbers < 1.0)).all())
    True
    """
    found, numbers = np.empty(keys.shape, np.int64), np.empty(keys.shape, np.float64)
    for at in np.ndindex(keys.shape):
        found[at], numbers[at] = uniform(keys[at])
    return found, numbers


@inlined
def integers(keys: Keys, count: Count):
    """Draw a whole number in 0..count - 1 from each stream.

    Parameters
    ----------
    keys : int64 [...]
    count : int, or an array that broadcasts to [...]

    Returns
    -------
    keys : int64 [...]
        The next keys.
    numbers : int64 [...]

    Examples
    --------
    >>> keys, dice = integers(seeds([0, 1]), 6)
    >>> set(dice.tolist()) <= set(range(6))
    True
    """
    counts = over_batch(count, keys.shape)
    found, numbers = np.empty(keys.shape, np.int64), np.empty(keys.shape, np.int64)
    for at in np.ndindex(keys.shape):
        found[at], numbers[at] = integer(keys[at], of_batch(counts, at))
    return found, numbers
