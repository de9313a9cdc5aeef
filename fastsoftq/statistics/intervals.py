"""Confidence intervals for one number per run: mean, quantiles, interquartile mean, or any statistic."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fastsoftq.checks import choice
from fastsoftq.statistics.distributions import tail_contributions, tail_mean
from fastsoftq.statistics.moments import moments, skew_corrected_interval, student_interval
from fastsoftq.statistics.samples import (
    FloatArray,
    as_bounds,
    as_fraction,
    as_generator,
    as_numbers,
    as_resamples,
    as_runs,
)

Statistic = Callable[..., Any]

#: How many numbers a block of resamples may hold at once: 16 MiB of float64.
BLOCK = 1 << 21

#: The part of runs that is the tail, unless one says otherwise.
TAIL = 0.05

_OF_MEANS = {"skew": skew_corrected_interval, "student": student_interval}
_BOOTSTRAPS = ("expanded", "percentile", "bca")


@dataclass(frozen=True)
class Interval:
    """An estimate with its confidence interval.

    Attributes
    ----------
    estimate, low, high
        The estimate and the ends of its interval, in the units of the sample.
    level
        Nominal coverage.
    method
        How the interval was found; what ``method="auto"`` chose.
    runs
        Number of runs behind it.
    """

    estimate: float
    low: float
    high: float
    level: float
    method: str
    runs: int


def confidence_interval(
    x: npt.ArrayLike,
    statistic: str | float | Statistic = "mean",
    level: float = 0.95,
    rng: int | np.random.Generator | None = None,
    *,
    method: str = "auto",
    resamples: int = 9999,
    bounds: tuple[float, float] | None = None,
) -> Interval:
    """Estimate a statistic of the distribution that the runs are drawn from.

    Parameters
    ----------
    x
        One number per run, float [runs]; at least two runs.
    statistic
        ``"mean"``, ``"median"``, ``"interquartile_mean"``, ``"tail_mean"`` (of the worst 5 %), a number in (0, 1) for
        that quantile, or a function ``statistic(x, axis)`` in the manner of ``numpy.mean``.
    level
        Nominal coverage, in (0, 1).
    rng
        Seed or generator for the bootstrap methods. None means a fixed seed: the answer is reproducible.
    method
        ``"auto"`` takes ``"skew"`` for means, ``"order"`` for quantiles and ``"expanded"`` for the rest.

        - ``"skew"`` (mean, tail mean): t interval, lengthened where the transformation of Hall (1992), which takes the
          skewness out, says so.
        - ``"student"`` (mean): the plain t interval.
        - ``"order"`` (quantiles): interpolated order statistics, free of any distribution (Nyblom, Statistics and
          Probability Letters 14, 1992).
        - ``"percentile"``, ``"bca"``: bootstraps of ``scipy.stats.bootstrap``; both are too short below some 50 runs.
        - ``"expanded"``: percentile bootstrap at a level widened for small samples (Hesterberg, The American
          Statistician 69, 2015).
    resamples
        Number of bootstrap resamples.
    bounds
        Lowest and highest value that the statistic can have by nature, as (0, 1) for a share, if known: the interval
        is cut there.

    Returns
    -------
    Interval
        With ``.estimate``, ``.low`` and ``.high``. A sample without any variation gives an interval of width zero.

    Raises
    ------
    ValueError
        On an empty, single-run or non-finite sample, an estimate that leaves its bounds, an unknown statistic or
        method, or a quantile so far out that no
        order statistic bounds it; the message then says from how many runs on one does.

    Examples
    --------
    >>> ci = confidence_interval([-49.0, -52.5, -47.1, -50.3, -48.8])
    >>> f"{ci.estimate:.2f} [{ci.low:.2f}, {ci.high:.2f}]"
    '-49.54 [-52.42, -47.05]'
    """
    sample = as_runs(x, "x")
    level = as_fraction(level, "level")
    resamples = as_resamples(resamples)
    function, quantile, allowed = _resolve(statistic)
    method = choice("method", method, ("auto", *allowed))
    method = allowed[0] if method == "auto" else method
    generator = as_generator(rng)
    limits = None if bounds is None else as_bounds(bounds)

    if method in _OF_MEANS:
        m = moments([tail_contributions(sample, TAIL) if function is tail_mean else sample])
        low, high = _OF_MEANS[method](m, 1.0 - level)
        estimate, ends = float(m.estimate), (float(low), float(high))
        return Interval(estimate, *_within(limits, estimate, ends), level, method, len(sample))
    try:
        estimate = float(function(sample, axis=0))
    except TypeError as error:
        raise TypeError(f"statistic is {statistic!r}; it must take an array and axis=, as numpy.std does") from error
    if method == "order":
        ends = order_statistic_bounds(sample, quantile, level)
    elif sample.min() == sample.max():
        ends = estimate, estimate
    else:
        ends = _bootstrap(sample, function, level, method, resamples, generator)
    return Interval(estimate, *_within(limits, estimate, ends), level, method, len(sample))


def _within(limits: tuple[float, float] | None, estimate: float, ends: tuple[float, float]) -> tuple[float, float]:
    if limits is None:
        return ends
    if not limits[0] <= estimate <= limits[1]:
        raise ValueError(f"bounds is {limits}; the sample's statistic is {estimate:g}, outside of it")
    return max(ends[0], limits[0]), min(ends[1], limits[1])


def interquartile_mean(x: npt.ArrayLike, axis: int | None = None) -> FloatArray:
    """Return the mean of the middle half: a quarter of the runs, rounded down, is cut from either end.

    Parameters
    ----------
    x
        Numbers of any shape.
    axis
        The axis to reduce; None takes all numbers together.

    Notes
    -----
    The definition of Agarwal et al. (NeurIPS 2021) and ``scipy.stats.trim_mean(x, 0.25)``. It describes collections of
    environments well; on one environment it hides the tails, so report it beside the mean.
    """
    array = as_numbers(x, "x", axis)
    ordered = np.sort(array, axis=axis) if axis is not None else np.sort(array, axis=None)
    axis = 0 if axis is None else axis
    n = ordered.shape[axis]
    cut = n // 4
    return np.asarray(ordered.take(np.arange(cut, n - cut), axis=axis).mean(axis=axis))


def order_statistic_bounds(sample: FloatArray, quantile: float, level: float) -> tuple[float, float]:
    """Return the distribution-free interval for a quantile; ``sample`` [runs] may hold infinities."""
    from scipy.stats import binom

    n, alpha = len(sample), 1.0 - level
    least = math.floor(math.log(alpha / 2.0) / math.log(max(quantile, 1.0 - quantile))) + 1
    if n < least:
        raise ValueError(
            f"the {quantile:g}-quantile has a distribution-free {level:.0%} interval from {least} runs on, got {n}; "
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


def expanded_level(level: float, runs: int, dof: int | None = None) -> float:
    """Return the level at which a percentile bootstrap of ``runs`` runs has the length of a t interval at ``level``.

    ``dof`` are the degrees of freedom of the t interval, where several groups of ``runs`` runs lend more than one does.
    """
    from scipy.stats import norm, t

    return float(1.0 - 2.0 * norm.sf(math.sqrt(runs / (runs - 1)) * t.isf((1.0 - level) / 2.0, dof or runs - 1)))


def _resolve(statistic: str | float | Statistic) -> tuple[Statistic, float, tuple[str, ...]]:
    """Return the function, the quantile it is (or nan), and the methods it allows, the best one first."""
    if callable(statistic):
        return statistic, math.nan, _BOOTSTRAPS
    if isinstance(statistic, str):
        choice("statistic", statistic, ("mean", "median", "interquartile_mean", "tail_mean"))
        if statistic == "mean":
            return np.mean, math.nan, (*_OF_MEANS, *_BOOTSTRAPS)
        if statistic == "tail_mean":
            return tail_mean, math.nan, ("skew", *_BOOTSTRAPS)
        if statistic == "interquartile_mean":
            return interquartile_mean, math.nan, _BOOTSTRAPS
        return np.median, 0.5, ("order", *_BOOTSTRAPS)
    quantile = as_fraction(statistic, "statistic, where it is a quantile,")

    def of_quantile(x: FloatArray, axis: int = -1) -> FloatArray:
        return np.asarray(np.quantile(x, quantile, axis=axis))

    return of_quantile, quantile, ("order", *_BOOTSTRAPS)


def _bootstrap(
    sample: FloatArray, function: Statistic, level: float, method: str, resamples: int, rng: np.random.Generator
) -> tuple[float, float]:
    from scipy.stats import bootstrap

    expanded = method == "expanded"
    result = bootstrap(
        (sample,),
        function,
        confidence_level=expanded_level(level, len(sample)) if expanded else level,
        method="bca" if method == "bca" else "percentile",
        n_resamples=resamples,
        batch=max(1, BLOCK // len(sample)),
        rng=rng,
    )
    low, high = (float(end) for end in result.confidence_interval)
    if math.isnan(low) or math.isnan(high):
        raise ValueError(f"method={method!r} has no interval for this sample (too many ties); use method='percentile'")
    return low, high
