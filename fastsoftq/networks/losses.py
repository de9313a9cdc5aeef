"""Losses: what is made small."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba.core import errors

from fastsoftq import checks
from fastsoftq.kernels.jit import by_type

__all__ = ["Huber", "Squared", "checked_loss", "slope"]


class Squared(NamedTuple):
    """Half the squared error; over a batch, the mean of it.

    Examples
    --------
    >>> Squared()
    Squared()
    """


class Huber(NamedTuple):
    """Half the squared error, and linear beyond a threshold (Huber 1964), with the threshold as its slope.

    Parameters
    ----------
    threshold : float
        1e-30 to 1e30, in units of action values.

    Examples
    --------
    >>> Huber().threshold
    1.0
    """

    threshold: float = 1.0


def checked_loss(loss: Any) -> Squared | Huber:
    """Return a loss with plain floats, if they are allowed.

    Raises
    ------
    TypeError
        Not a loss; a threshold that is not a number.
    ValueError
        A threshold out of bounds.

    Examples
    --------
    >>> checked_loss(Huber(0))
    Traceback (most recent call last):
    ValueError: Huber.threshold is 0.0; it must be above 0
    """
    if isinstance(loss, Huber):
        return Huber(checks.temperature("Huber.threshold", loss.threshold))  # of the same range, for the same reason
    if not isinstance(loss, Squared):
        raise TypeError(f"loss is {checks.shown(loss)}; it must be Squared() or a Huber")
    return loss


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
