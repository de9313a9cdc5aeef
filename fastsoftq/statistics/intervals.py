"""Confidence intervals for one number per run: mean, quantiles, interquartile mean, or any statistic."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fastsoftq.checks import choice
from fastsoftq.statistics.betting import mean_bounds
from fastsoftq.statistics.bootstraps import Statistic, bootstrap_interval, pseudo_values
from fastsoftq.statistics.bootstraps import expanded_level as expanded_level
from fastsoftq.statistics.caution import ENOUGH, caution_of_mean
from fastsoftq.statistics.distributions import tail_contributions, tail_mean
from fastsoftq.statistics.moments import moments, skew_corrected_interval, student_interval, variation
from fastsoftq.statistics.samples import (
    ROUNDING,
    FloatArray,
    as_bounds,
    as_fraction,
    as_generator,
    as_numbers,
    as_resamples,
    as_runs,
    exponent,
    scaled,
    within,
)
from fastsoftq.statistics.two_valued import binomial_interval, is_two_valued
from fastsoftq.system.html import NotebookTable

#: The part of runs that is the tail, unless one says otherwise.
TAIL = 0.05

#: From so many runs on the tail holds two and a half of them, and a function of the runs is nearly linear in each.
_MANY = 50

_OF_MEANS = {"skew": skew_corrected_interval, "student": student_interval}
_BOUNDED = ("binomial", "betting")
_BOOTSTRAPS = ("expanded", "percentile", "bca")


@dataclass(frozen=True)
class Interval(NotebookTable):
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
    caution
        Why it may hold less often than its level says; empty where nothing is seen that speaks against it.
    """

    estimate: float
    low: float
    high: float
    level: float
    method: str
    runs: int
    caution: str = ""


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
        ``"auto"`` takes ``"skew"`` for means, or ``"binomial"`` where runs take two values only, ``"order"`` for
        quantiles and ``"expanded"`` for the rest.

        - ``"skew"`` (mean, tail mean): t interval, lengthened where the transformation of Hall (1992), which takes the
          skewness out, says so.
        - ``"student"`` (mean): the plain t interval.
        - ``"binomial"`` (mean): exact for runs that take two values (Clopper and Pearson, Biometrika 26, 1934), as
          truth values or successes do; where all runs agree, exact for any distribution within ``bounds``. Below 20
          runs a third value may have gone unseen: unless the two are the bounds it is no less than ``"skew"``.
        - ``"betting"`` (mean): holds for any distribution within ``bounds``, at any number of runs (Waudby-Smith and
          Ramdas, JRSS B 86, 2024); wide where the bounds are.
        - ``"order"`` (quantiles): interpolated order statistics, free of any distribution (Nyblom, Statistics and
          Probability Letters 14, 1992).
        - ``"percentile"``, ``"bca"``: bootstraps of ``scipy.stats.bootstrap``; both are too short below some 50 runs.
        - ``"expanded"``: percentile bootstrap at a level widened for small samples (Hesterberg, The American
          Statistician 69, 2015); of a function, at either end no less than the ``"skew"`` interval of its
          pseudo-values, the jackknife's (Tukey, 1958), because a bootstrap takes spreads for too small.
    resamples
        Number of bootstrap resamples.
    bounds
        Lowest and highest value that the statistic can have by nature, as (0, 1) for a share, if known: the interval
        is cut there. Where all runs agree they alone say how far the mean may be from what was seen. Truth values are
        bounded by 0 and 1 without being told.

    Returns
    -------
    Interval
        With ``.estimate``, ``.low`` and ``.high``. A sample without any variation gives an interval of width zero,
        with a ``.caution``, unless the bounds of a mean are known.

    Raises
    ------
    ValueError
        On an empty, single-run or non-finite sample, an estimate that leaves its bounds, an unknown statistic or
        method, a statistic that is not finite, a level finer than the resamples can tell, or a quantile so far out
        that no order statistic bounds it; the message then says how many resamples or runs it takes.

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
    generator = as_generator(rng)
    limits = None if bounds is None else as_bounds(bounds)
    of_mean = function is np.mean and not callable(statistic)
    if of_mean and limits is None and np.asarray(x).dtype == np.bool_:
        limits = (0.0, 1.0)
    if method == "auto":
        exact = of_mean and is_two_valued(sample) and (limits is not None or _varies(sample))
        method = "binomial" if exact else allowed[0]

    if method in _OF_MEANS or method in _BOUNDED:
        estimate, ends, caution = _of_mean(sample, function, level, method, limits)
        return Interval(*_within(limits, estimate, ends), level, method, len(sample), caution)
    try:
        estimate = float(function(sample, axis=0))
    except TypeError as error:
        raise TypeError(f"statistic is {statistic!r}; it must take an array and axis=, as numpy.std does") from error
    if not math.isfinite(estimate):
        raise ValueError(f"statistic is {statistic!r}; it gives {estimate} for the runs, and must give a finite number")
    caution = ""
    if method == "order":
        ends = order_statistic_bounds(sample, quantile, level)
    elif sample.min() == sample.max():
        ends, caution = (estimate, estimate), caution_of_mean(sample, 1.0 - level)
    else:
        ends = bootstrap_interval(sample, function, level, method, resamples, generator)
        enough = _MANY if callable(statistic) else ENOUGH
        if method == "expanded" and callable(statistic):
            spread = skew_corrected_interval(moments([pseudo_values(sample, function, estimate)]), 1.0 - level)
            ends = min(ends[0], float(spread[0])), max(ends[1], float(spread[1]))
        if len(sample) < enough:
            caution = f"{len(sample)} runs are few for a bootstrap: it takes {enough}, and more where tails are heavy"
    return Interval(*_within(limits, estimate, ends), level, method, len(sample), caution)


def _of_mean(
    sample: FloatArray, function: Statistic, level: float, method: str, limits: tuple[float, float] | None
) -> tuple[float, tuple[float, float], str]:
    """Return a mean, of all runs or of their tail, with its interval and what is to be said of it."""
    alpha = 1.0 - level
    if method == "betting":
        if limits is None:
            raise ValueError(
                "method is 'betting'; it needs bounds, the lowest and the highest value that a run can have"
            )
        return float(moments([sample]).estimate), mean_bounds(within(sample, "x", limits), limits, level), ""
    if method == "binomial":
        if not is_two_valued(sample):
            raise ValueError(
                f"method is 'binomial'; x takes {len(np.unique(sample))} values, and must take two at most"
            )
        m, ends = moments([sample]), binomial_interval(sample, alpha, limits)
        known = limits is not None or _varies(sample)
        if len(sample) < ENOUGH and _varies(sample) and limits != (sample.min(), sample.max()):
            # So few may have missed a third value, as counts do.
            wider = skew_corrected_interval(m, alpha)
            ends = min(ends[0], float(wider[0])), max(ends[1], float(wider[1]))
        return float(m.estimate), ends, "" if known else caution_of_mean(sample, alpha)
    of_tail = function is tail_mean
    m = moments([tail_contributions(sample, TAIL) if of_tail else sample])
    low, high = _OF_MEANS[method](m, alpha)
    caution = caution_of_mean(sample, alpha)
    if of_tail and len(sample) < _MANY:
        caution = f"the worst {TAIL:.0%} of {len(sample)} runs are too few to know how much they vary: it takes {_MANY}"
    return float(m.estimate), (float(low), float(high)), caution


def _varies(sample: FloatArray) -> bool:
    return bool(variation(scaled(sample, -exponent(sample))))


def _within(
    limits: tuple[float, float] | None, estimate: float, ends: tuple[float, float]
) -> tuple[float, float, float]:
    """Return the estimate and the ends of its interval, cut at what the statistic can be."""
    if limits is None:
        return estimate, *ends
    slack = ROUNDING * max(abs(limits[0]), abs(limits[1]))
    if not limits[0] - slack <= estimate <= limits[1] + slack:
        raise ValueError(f"bounds is {limits}; the sample's statistic is {estimate:g}, outside of it")
    estimate, low, high = (min(max(value, limits[0]), limits[1]) for value in (estimate, *ends))
    return estimate, low, high


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


def _resolve(statistic: str | float | Statistic) -> tuple[Statistic, float, tuple[str, ...]]:
    """Return the function, the quantile it is (or nan), and the methods it allows, the best one first."""
    if callable(statistic):
        return statistic, math.nan, _BOOTSTRAPS
    if isinstance(statistic, str):
        choice("statistic", statistic, ("mean", "median", "interquartile_mean", "tail_mean"))
        if statistic == "mean":
            return np.mean, math.nan, (*_OF_MEANS, *_BOUNDED, *_BOOTSTRAPS)
        if statistic == "tail_mean":
            return tail_mean, math.nan, ("skew", *_BOOTSTRAPS)
        if statistic == "interquartile_mean":
            return interquartile_mean, math.nan, _BOOTSTRAPS
        return np.median, 0.5, ("order", *_BOOTSTRAPS)
    quantile = as_fraction(statistic, "statistic, where it is a quantile,")

    def of_quantile(x: FloatArray, axis: int = -1) -> FloatArray:
        return np.asarray(np.quantile(x, quantile, axis=axis))

    return of_quantile, quantile, ("order", *_BOOTSTRAPS)
