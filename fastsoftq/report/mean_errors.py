"""Means of which the runs are not kept: how far they may be off, from standard errors that are the most they can be."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastsoftq.statistics.agreeing_runs import NEGLIGIBLE

__all__ = ["agreement_p_value", "known_error", "t_quantile"]


def t_quantile(error: float, freedom: ArrayLike) -> NDArray[np.float64]:
    """Give the quantile of Student's t that its absolute value exceeds with a given chance.

    Parameters
    ----------
    error : float
        In (0, 1).
    freedom : float or array of float
        Degrees of freedom.

    Returns
    -------
    ndarray of float64

    Examples
    --------
    >>> t_quantile(0.05, [10.0, 100.0]).round(3)
    array([2.228, 1.984])
    """
    from scipy.special import stdtrit

    return np.asarray(stdtrit(np.asarray(freedom, np.float64), 1.0 - error / 2.0), np.float64)


def known_error(spread: ArrayLike, runs: ArrayLike, error: float) -> NDArray[np.float64]:
    """Give standard errors as far as they are known: few runs that all agree do not tell how far others may be.

    Parameters
    ----------
    spread : float or array of float
        Standard errors; 0 where all runs agree.
    runs : int or array of int
    error : float
        Chance that is allowed of missing what others there may be, in (0, 1).

    Returns
    -------
    ndarray of float64
        Infinite where too few runs agree.

    Examples
    --------
    >>> known_error([0.0, 0.5, 0.0], [20, 20, 80], 0.05)
    array([inf, 0.5, 0. ])
    """
    agreeing = np.equal(spread, 0.0) & (agreement_p_value(runs) > error)
    return np.asarray(np.where(agreeing, np.inf, spread))


def agreement_p_value(runs: ArrayLike) -> NDArray[np.float64]:
    """Give the least error at which runs that all agree are enough to take their mean as known.

    Parameters
    ----------
    runs : int or array of int

    Returns
    -------
    ndarray of float64

    Examples
    --------
    >>> agreement_p_value([35, 36]).round(3)
    array([0.05 , 0.045])
    """
    return np.asarray(2.0 * (1.0 - NEGLIGIBLE) ** np.asarray(runs, np.float64))
