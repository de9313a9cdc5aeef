"""Statistics of ordered runs: the interquartile mean, and intervals for quantiles that hold for any distribution."""

import math

import numpy as np
import numpy.typing as npt

from fastsoftq.statistics.samples import FloatArray, as_numbers


def interquartile_mean(x: npt.ArrayLike, axis: int | None = None) -> FloatArray:
    """Return the mean of the middle half: a quarter of the runs, rounded down, is cut from either end.

    Parameters
    ----------
    x
        Numbers of any shape.
    axis
        The axis to reduce; None takes all numbers together.

    Returns
    -------
    float64, of the shape of ``x`` without ``axis``

    Notes
    -----
    The definition of Agarwal et al. (NeurIPS 2021) and ``scipy.stats.trim_mean(x, 0.25)``. It describes collections of
    environments well; on one environment it hides the tails, so report it beside the mean.

    Examples
    --------
    >>> float(interquartile_mean([-112.0, -14.0, -12.0, -11.0]))
    -13.0
    """
    array = as_numbers(x, "x", axis)
    ordered = np.sort(array, axis=axis) if axis is not None else np.sort(array, axis=None)
    axis = 0 if axis is None else axis
    n = ordered.shape[axis]
    cut = n // 4
    return np.asarray(ordered.take(np.arange(cut, n - cut), axis=axis).mean(axis=axis))


def order_statistic_bounds(sample: FloatArray, quantile: float, level: float) -> tuple[float, float]:
    """Return the distribution-free interval for a quantile; ``sample`` [runs] may hold infinities.

    Raises
    ------
    ValueError
        Of so few runs that no order statistic bounds the quantile at this level.

    Notes
    -----
    Interpolated order statistics (Nyblom, Statistics and Probability Letters 14, 1992).

    Examples
    --------
    >>> low, high = order_statistic_bounds(np.arange(1.0, 11.0), 0.5, 0.95)
    >>> round(low, 2), round(high, 2)
    (2.66, 8.34)
    """
    from scipy.stats import binom

    n, alpha = len(sample), 1.0 - level
    least = math.floor(math.log(alpha / 2.0) / math.log(max(quantile, 1.0 - quantile))) + 1
    if n < least:
        raise ValueError(
            f"the {quantile}-quantile has a distribution-free interval at level {level} from {least} runs on, got {n}; "
            "method='percentile' gives an approximate one"
        )
    ordered = np.sort(sample)
    below = binom.cdf(np.arange(n), n, quantile)  # below[r] = P(the quantile is under order statistic r), r from 0

    def bound(gamma: float) -> float:
        r = int(np.searchsorted(below, gamma, side="right"))
        odds = r * (1.0 - quantile) * (below[r] - gamma) / ((n - r) * quantile * (gamma - below[r - 1]))
        lower, upper = ordered[r - 1], ordered[r]
        # Between an attained and an unattained (infinite) value there is nothing to interpolate.
        return float(lower if lower == upper else lower + (upper - lower) / (1.0 + odds))

    return bound(alpha / 2.0), bound(1.0 - alpha / 2.0)
