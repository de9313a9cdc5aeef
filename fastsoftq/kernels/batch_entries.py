"""What array forms share: numbers that belong to a whole batch or to each of it, and room for results."""

from __future__ import annotations

import numpy as np
from numba import types
from numba.core import errors

from fastsoftq.kernels.jit import by_type

__all__ = ["of_batch", "over_batch", "room"]


@by_type
def over_batch(value, shape):
    """A number as it is; an array broadcast to the batch's shape.

    Examples
    --------
    >>> over_batch(0.5, (2,)), over_batch(np.array([[1.0], [2.0]]), (2, 2)).tolist()
    (0.5, [[1.0, 1.0], [2.0, 2.0]])
    """
    if isinstance(value, types.Array):
        return lambda value, shape: np.broadcast_to(value, shape)
    return lambda value, shape: value


@by_type
def of_batch(value, index):
    """What `over_batch` gave, at one place of the batch.

    Examples
    --------
    >>> of_batch(0.5, (1,)), of_batch(np.array([1.0, 2.0]), (1,))
    (0.5, 2.0)
    """
    if isinstance(value, types.Array):
        return lambda value, index: value[index]
    return lambda value, index: value


@by_type
def room(out, shape, dtype):
    """`out`, of that shape, or a new array where it is None.

    Raises
    ------
    ValueError
        `out` has another shape.

    Examples
    --------
    >>> room(None, (2, 3), np.float64(0)).shape
    (2, 3)
    """
    if not isinstance(out, types.Array):
        number = np.dtype(dtype.name)
        return lambda out, shape, dtype: np.empty(shape, number)
    if out.ndim != len(shape):
        raise errors.TypingError(f"out has {out.ndim} axes; it must have {len(shape)}")

    def given(out, shape, dtype):
        if out.shape != shape:
            raise ValueError("out must have the shape of the results")
        return out

    return given
