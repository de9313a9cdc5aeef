"""Random numbers that worlds are made of: the same for a seed on every machine, with every version of NumPy."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from fastsoftq import checks

__all__ = ["uniform_draws"]

_MOST_SEED = 2**63 - 1


def uniform_draws(seed: int, *shapes: tuple[int, ...]) -> Iterator[NDArray[np.float64]]:
    """Draw arrays of numbers that are uniform on [0, 1), multiples of 2**-53.

    The stream is PCG64's, which NumPy promises to keep; what its generators make of it, it does not.

    Parameters
    ----------
    seed : int
        At least 0.
    *shapes : tuple of int

    Returns
    -------
    iterator of ndarray of float64
        One of each shape, in turn.

    Raises
    ------
    ValueError
        A negative seed, or one beyond 63 bits.
    TypeError
        Not an integer.

    Examples
    --------
    >>> import numpy as np
    >>> drawn, = uniform_draws(7, (2,))
    >>> bool((drawn == np.random.default_rng(7).random(2)).all())
    True
    """
    stream = np.random.PCG64(checks.count("seed", seed, least=0, most=_MOST_SEED))
    raw = (stream.random_raw(int(np.prod(shape))).reshape(shape) for shape in shapes)
    return ((words >> np.uint64(11)).astype(np.float64) * np.float64(2.0**-53) for words in raw)
