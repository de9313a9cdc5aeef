"""One decision on two samples of runs: the interval, the p-value and the band all agree with it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fastsoftq.statistics import Band, Comparison, compare_samples, difference_band, least_p_value
from fastsoftq.statistics.resampling import permutations_for, resamples_for

__all__ = ["decided", "decided_band"]

_HALVINGS = 25


def decided(
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    paired: bool = True,
    error: float = 0.05,
    bounds: tuple[float, float] | None = None,
) -> Comparison:
    """Compare two samples of runs, by an interval and a p-value that agree.

    Parameters
    ----------
    a, b : ndarray of float64, shape [runs]
        Paired: entry i of both belongs to one seed.
    paired : bool
    error : float
        Chance at which equals are taken for different, in (0, 1).
    bounds : (float, float), optional
        Lowest and highest value that a run can have.

    Returns
    -------
    Comparison
        Of a - b, at the level 1 - error. Its interval is clear of 0 if and only if its p-value is `error` at most: the
        more cautious of the two decides. Where that is the permutation test, the interval is stretched to hold 0; where
        it is the interval, the p-value is raised to the error at which the interval would be clear.

    Examples
    --------
    >>> found = decided(np.arange(20.0), np.arange(20.0) - 3.0 + np.arange(20.0) % 2)
    >>> found.low > 0.0, found.p_value <= 0.05
    (True, True)
    """
    found = compare_samples(a, b, paired, 1.0 - error, resamples=permutations_for(error))
    if bounds is not None:
        widest = max(bounds[1] - bounds[0], abs(found.difference))  # that of rounded sums may be past it
        found = replace(found, low=max(found.low, -widest), high=min(found.high, widest))
    if found.p_value > error:
        return replace(found, low=min(found.low, 0.0), high=max(found.high, 0.0))
    if found.low <= 0.0 <= found.high:
        return replace(found, p_value=max(found.p_value, _clear_at(a, b, paired, error)))
    return found


def _clear_at(a: NDArray[np.float64], b: NDArray[np.float64], paired: bool, error: float) -> float:
    """The least error at which the interval is clear of 0; at `error` it is not."""
    holds, clear = error, 1.0
    for _ in range(_HALVINGS):
        middle = (holds + clear) / 2.0
        found = compare_samples(a, b, paired, 1.0 - middle, resamples=permutations_for(middle))
        holds, clear = (middle, clear) if found.low <= 0.0 <= found.high else (holds, middle)
    return clear


def decided_band(
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    paired: bool = True,
    error: float = 0.05,
    bounds: tuple[float, float] | None = None,
) -> Band:
    """Find the band of a difference of mean curves; it holds 0 where so few runs could differ so by chance.

    Parameters
    ----------
    a, b : ndarray of float64, shape [runs, blocks]
    paired : bool
    error : float
        Chance at which equals are taken for different anywhere, in (0, 1).
    bounds : (float, float), optional
        Lowest and highest value that a block can have.

    Returns
    -------
    Band
        Of a - b, at the level 1 - error.

    Examples
    --------
    >>> few = np.array([[1.0], [1.1], [1.2]])
    >>> band = decided_band(few, few - 1.0)  # three pairs have the same sign one time in four
    >>> bool(band.low[0] <= 0.0)
    True
    """
    band = difference_band(a, b, paired, 1.0 - error, resamples=resamples_for(error), bounds=bounds)
    if least_p_value(len(a), len(b), paired) <= error:
        return band
    return replace(band, low=np.minimum(band.low, 0.0), high=np.maximum(band.high, 0.0))
