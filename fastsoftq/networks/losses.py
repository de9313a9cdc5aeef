"""Losses: what is made small."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import types
from numba.core import errors

from fastsoftq.kernels.jit import by_type

__all__ = ["Huber", "Squared", "slope"]


class Squared(NamedTuple):
    """Half the squared error."""


class Huber(NamedTuple):
    """Half the squared error, and linear beyond a threshold (Huber 1964)."""

    threshold: float = 1.0


@by_type
def slope(loss, error):
    """The derivative of a loss by the prediction, where that is `error` above its target.

    Parameters
    ----------
    loss : Squared or Huber
    error : float32

    Returns
    -------
    float32
        NaN where `error` is.

    Examples
    --------
    >>> slope(Huber(1.0), -2.5), slope(Squared(), -2.5)
    (-1.0, -2.5)
    """
    kind = getattr(loss, "instance_class", None)
    if kind is Squared:
        return lambda loss, error: np.float32(error)
    if kind is Huber:

        def clipped(loss, error):
            least, most, x = np.float32(-loss.threshold), np.float32(loss.threshold), np.float32(error)
            x = most if x > most else x
            return least if x < least else x

        return clipped
    raise errors.TypingError(f"loss is {loss}; it must be Squared or Huber")
