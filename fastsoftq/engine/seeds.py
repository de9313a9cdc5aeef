"""The seeds of runs: a count, a range or the seeds themselves, checked."""

from __future__ import annotations

import sys
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastsoftq import checks

__all__ = ["checked_seeds"]


def checked_seeds(seeds: int | ArrayLike) -> range | NDArray[np.uint64]:
    """The seeds from a count or a range, which takes no memory, or from the seeds themselves, as uint64 [seeds].

    Raises
    ------
    TypeError
        Not integers.
    ValueError
        No seeds, negative or repeated ones, or ones beyond 64 bits.

    Examples
    --------
    >>> checked_seeds(3), checked_seeds([7, 3])
    (range(0, 3), array([7, 3], dtype=uint64))
    """
    if isinstance(seeds, range) and seeds and seeds.step > 0 and seeds.start >= 0 and seeds.stop <= sys.maxsize:
        return seeds
    array = _as_array(seeds)
    if array.ndim == 0:
        return range(checks.count("seeds", seeds, most=sys.maxsize))
    if array.size and array.dtype.kind not in "iu":
        raise TypeError(f"seeds has dtype {array.dtype}; it must be a count or an array of integers")
    if array.ndim != 1 or len(array) == 0:
        raise ValueError(
            f"seeds has shape {array.shape}; it must be a count or one-dimensional, with at least one seed"
        )
    if array.dtype.kind == "i" and (array < 0).any():
        raise ValueError(f"seeds includes {array[array < 0][0]}; seeds must be at least 0 and below 2**64")
    values, counts = np.unique(array, return_counts=True)
    if (counts > 1).any():
        raise ValueError(f"seeds includes {values[counts > 1][0]} more than once; every run needs a seed of its own")
    return array.astype(np.uint64)


def _as_array(seeds: ArrayLike) -> NDArray[Any]:
    array = checks.array("seeds", seeds)
    if array.ndim == 1 and array.dtype.kind in "fO":
        exact = np.asarray(seeds, object)  # NumPy makes floats of integers that share no integer type
        if all(isinstance(seed, Integral) and not isinstance(seed, bool) for seed in exact):
            outside = [seed for seed in exact if not 0 <= seed < 2**64]
            if outside:
                raise ValueError(f"seeds includes {checks.shown(outside[0])}; seeds must be at least 0 and below 2**64")
            return exact.astype(np.uint64)
    return array
