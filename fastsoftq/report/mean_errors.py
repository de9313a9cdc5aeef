"""Means of which the runs are not kept: intervals from standard errors that are the most they can be.

Of a mean over episodes the standard error is at most the mean of theirs, and of a difference the sum of both, however
they correlate; skewness is taken as if all went together.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastsoftq.statistics.agreeing_runs import NEGLIGIBLE
from fastsoftq.statistics.moments import Moments, skew_corrected_interval, skew_corrected_p_value

__all__ = ["MeanError", "agreement_p_value", "known_error", "skewness_of_runs"]

Floats = NDArray[np.float64]


class MeanError(NamedTuple):
    """Means of runs, and what is known of how far they may be off; arrays that are broadcast.

    Attributes
    ----------
    mean, error, skewness : ndarray of float64
        The standard error, the most that it can be; the skewness of a run.
    runs : ndarray of int64

    Examples
    --------
    >>> one = MeanError(np.array(-9.0), np.array(0.5), np.array(0.0), np.array(9))
    >>> low, high = one.ends(0.05)
    >>> float(high.round(3))  # t of 8 degrees of freedom is 2.306
    -7.847
    """

    mean: Floats
    error: Floats
    skewness: Floats
    runs: NDArray[np.int64]

    def ends(self, error: float) -> tuple[Floats, Floats]:
        """The ends of the interval of each mean, which misses with the chance `error`."""
        return _ends(self._moments, known_error(self.error, self.runs, error), error)

    def less(self, other: MeanError, error: float) -> tuple[Floats, Floats]:
        """The ends of the interval of each difference, as for `ends`."""
        known = known_error(self.error, self.runs, error) + known_error(other.error, other.runs, error)
        return _ends(self._less(other), known, error)

    def p_value(self, other: MeanError) -> Floats:
        """The least error at which the interval of each difference leaves out 0."""
        both, agreeing = self._less(other), []
        for side in (self, other):
            agreeing.append(np.where(side.error == 0.0, agreement_p_value(side.runs), 0.0))
        varies = both.error > 0.0
        scaled = both._replace(error=np.where(varies, both.error, 1.0))
        apart = np.where(varies, skew_corrected_p_value(scaled), np.where(both.estimate == 0.0, 1.0, 0.0))
        return np.asarray(np.maximum(apart, np.maximum(*agreeing)))

    @property
    def _moments(self) -> Moments:
        runs = np.asarray(self.runs, np.float64)
        return Moments(self.mean, self.error, self.skewness / np.sqrt(runs), runs - 1.0)

    def _less(self, other: MeanError) -> Moments:
        """The moments of each difference, with the fewer degrees of freedom: never too many for unlike variances."""
        a, b = self._moments, other._moments
        error = a.error + b.error
        shares = [np.divide(each.error, error, out=np.zeros_like(error), where=error > 0.0) for each in (a, b)]
        skew = shares[0] ** 3 * a.skew - shares[1] ** 3 * b.skew
        return Moments(a.estimate - b.estimate, error, skew, np.minimum(a.dof, b.dof))


def _ends(moments: Moments, known: Floats, error: float) -> tuple[Floats, Floats]:
    far = np.isinf(known)
    low, high = skew_corrected_interval(moments, error)
    return np.where(far, -np.inf, low), np.where(far, np.inf, high)


def known_error(spread: ArrayLike, runs: ArrayLike, error: float) -> Floats:
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


def agreement_p_value(runs: ArrayLike) -> Floats:
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


def skewness_of_runs(runs: Floats) -> Floats:
    """Give the skewness of each column of runs; 0 where they agree.

    Parameters
    ----------
    runs : ndarray of float64, shape [runs, columns]

    Returns
    -------
    ndarray of float64, shape [columns]

    Examples
    --------
    >>> skewness_of_runs(np.array([[0.0, 7.0], [0.0, 7.0], [3.0, 7.0]])).round(3).tolist()  # 2 / 2 ** 1.5
    [0.707, 0.0]
    """
    away = runs - runs.mean(axis=0)
    second, third = (away**2).mean(axis=0), (away**3).mean(axis=0)
    varies = np.ptp(runs, axis=0) > 0.0
    return np.asarray(np.where(varies, third / np.where(varies, second, 1.0) ** 1.5, 0.0))
