"""Confidence intervals for one number per run: mean, quantiles, interquartile mean, or any statistic."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastsoftq.checks import choice, shown
from fastsoftq.statistics.agreeing_runs import Parts, agreed_interval, of_unknown, of_weights
from fastsoftq.statistics.betting_bounds import mean_bounds
from fastsoftq.statistics.bootstraps import Statistic, bootstrap_interval, pseudo_values
from fastsoftq.statistics.cautions import (
    caution_of_agreement,
    caution_of_bootstrap,
    caution_of_function,
    caution_of_mean,
    caution_of_tail,
)
from fastsoftq.statistics.clopper_pearson import is_two_valued, two_valued_interval
from fastsoftq.statistics.distributions import tail_contributions, tail_mean
from fastsoftq.statistics.moments import moments, skew_corrected_interval, student_interval, variation
from fastsoftq.statistics.order_statistics import interquartile_mean, order_statistic_bounds
from fastsoftq.statistics.samples import (
    ROUNDING,
    FloatArray,
    as_fraction,
    as_generator,
    as_resamples,
    as_runs,
    as_share_of_runs,
    exponent,
    limits_of,
    scaled,
    within,
)
from fastsoftq.system.html import NotebookTable

#: The default fraction of runs in the tail.
TAIL = 0.05

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
        Why its coverage may be below its level; empty if nothing suggests it.

    Examples
    --------
    >>> ci = confidence_interval([1.0, 2.0, 3.0])
    >>> ci.estimate, ci.method, ci.caution
    (2.0, 'skew', '3 runs are enough where returns are nearly normal; elsewhere it takes 36')
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
          truth values or successes do; where all runs agree, exact for any distribution within ``bounds``. A third
          value may have gone unseen: unless the two are the bounds the interval reaches as far as it could draw the
          mean. Without bounds nobody knows how far; it is no less than ``"skew"`` below 20 runs, with a ``caution``.
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
        Lowest and highest value that a run, or the statistic, can have by nature, as (0, 1) for a share, if known: the
        interval is cut there. Truth values are bounded by 0 and 1 without being told.

    Returns
    -------
    Interval
        With ``.estimate``, ``.low`` and ``.high``, which may be infinite (Notes).

    Raises
    ------
    ValueError
        On an empty, single-run or non-finite sample, an estimate that leaves its bounds, an unknown statistic or
        method, a statistic that is not finite, a level finer than the resamples can tell, or a quantile so far out
        that no order statistic bounds it; the message then says how many resamples or runs it takes.

    Notes
    -----
    Runs that all agree bound the share of those that do not: n of them miss a share s with probability (1 - s)^n. Only
    ``bounds`` can tell how far off the mean may be; without them an end that depends on more than a tenth of the runs
    is infinite. At 95 % the interval of a mean has infinite ends for up to 35 runs that agree, and no width from 36 on.

    Examples
    --------
    >>> ci = confidence_interval([-49.0, -52.5, -47.1, -50.3, -48.8])
    >>> f"{ci.estimate:.2f} [{ci.low:.2f}, {ci.high:.2f}]"
    '-49.54 [-52.42, -47.05]'
    >>> confidence_interval([1.0] * 5).low, round(confidence_interval([1.0] * 5, bounds=(0.0, 1.0)).low, 2)
    (-inf, 0.48)
    """
    sample = as_runs(x, "x")
    level = as_fraction(level, "level")
    resamples = as_resamples(resamples)
    known = _known(statistic)
    method = choice("method", method, ("auto", *known.methods))
    generator = as_generator(rng)
    of_mean = known.function is np.mean and not callable(statistic)
    limits = limits_of(bounds, x) if of_mean or bounds is not None else None
    varies = _varies(sample)
    if method == "auto":
        method = "binomial" if of_mean and is_two_valued(sample) else known.methods[0]
    estimate = _estimate(sample, statistic, known.function)

    caution = ""
    if method == "betting":
        ends = _by_betting(sample, limits, level)
    elif method == "order":
        ends = order_statistic_bounds(sample, known.quantile, level)
    elif not varies:
        ends = agreed_interval(estimate, len(sample), 1.0 - level, known.parts, limits)
        if limits is None:
            caution = caution_of_agreement(len(sample), 1.0 - level, known=math.isfinite(ends[1] - ends[0]))
    elif method == "binomial":
        ends = _of_two_values(sample, level, limits)
        caution = caution_of_mean(sample, 1.0 - level, limits)
    elif method in _OF_MEANS:
        of_tail = known.function is tail_mean
        m = moments([tail_contributions(sample, TAIL) if of_tail else sample])
        low, high = _OF_MEANS[method](m, 1.0 - level)
        ends = float(low), float(high)
        if of_tail:
            caution = caution_of_tail(sample, TAIL, 1.0 - level, limits or limits_of(None, x))
        else:
            caution = caution_of_mean(sample, 1.0 - level)
    else:
        # The function of a user may be of any kind; named statistics scale with the runs.
        power = np.zeros_like(exponent(sample)) if callable(statistic) else exponent(sample)
        scaled_ends = bootstrap_interval(scaled(sample, -power), known.function, level, method, resamples, generator)
        ends = float(np.ldexp(scaled_ends[0], power)), float(np.ldexp(scaled_ends[1], power))
        caution = caution_of_bootstrap(len(sample), widened=method == "expanded")
        if of_mean and not caution:
            caution = caution_of_mean(sample, 1.0 - level)
        if callable(statistic):
            values = pseudo_values(sample, known.function, estimate)
            caution = caution_of_function(sample, values, 1.0 - level, limits_of(None, x))
            if method == "expanded":
                spread = skew_corrected_interval(moments([values]), 1.0 - level)
                ends = min(ends[0], float(spread[0])), max(ends[1], float(spread[1]))
    return Interval(*_within(limits, estimate, ends), level, method, len(sample), caution)


def _estimate(sample: FloatArray, statistic: str | float | Statistic, function: Statistic) -> float:
    if function is np.mean and not callable(statistic):
        return float(moments([sample]).estimate)
    try:
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused below
            estimate = float(function(sample, axis=0))
    except TypeError as error:
        raise TypeError(
            f"statistic is {shown(statistic)}; it must take an array and axis=, as numpy.std does"
        ) from error
    if not math.isfinite(estimate):
        raise ValueError(f"statistic is {statistic!r}; it gives {estimate} for the runs, and must give a finite number")
    return estimate


def _by_betting(sample: FloatArray, limits: tuple[float, float] | None, level: float) -> tuple[float, float]:
    if limits is None:
        raise ValueError("method is 'betting'; it needs bounds, the lowest and the highest value that a run can have")
    return mean_bounds(within(sample, "x", limits), limits, level)


def _of_two_values(sample: FloatArray, level: float, limits: tuple[float, float] | None) -> tuple[float, float]:
    """Return the interval of runs that take two values; refuse others."""
    if not is_two_valued(sample):
        raise ValueError(f"method is 'binomial'; x takes {len(np.unique(sample))} values, and must take two at most")
    return two_valued_interval(sample, 1.0 - level, limits)


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


class _Known(NamedTuple):
    """What is known of a statistic: its methods, the best one first, and how unseen runs can change it."""

    function: Statistic
    methods: tuple[str, ...]
    parts: Parts
    quantile: float = math.nan


_NAMED = {
    "mean": _Known(np.mean, (*_OF_MEANS, *_BOUNDED, *_BOOTSTRAPS), of_weights(lambda share: share)),
    "median": _Known(np.median, ("order", *_BOOTSTRAPS), of_weights(lambda share: float(share >= 0.5)), 0.5),
    "interquartile_mean": _Known(
        interquartile_mean, _BOOTSTRAPS, of_weights(lambda share: min(max(2.0 * share - 0.5, 0.0), 1.0))
    ),
    "tail_mean": _Known(tail_mean, ("skew", *_BOOTSTRAPS), of_weights(lambda share: min(share / TAIL, 1.0))),
}


def _known(statistic: str | float | Statistic) -> _Known:
    if callable(statistic):
        return _Known(statistic, _BOOTSTRAPS, of_unknown)
    if isinstance(statistic, str):
        return _NAMED[choice("statistic", statistic, tuple(_NAMED))]
    quantile = as_share_of_runs(statistic, "statistic, where it is a quantile,")

    def of_quantile(x: FloatArray, axis: int = -1) -> FloatArray:
        return np.asarray(np.quantile(x, quantile, axis=axis))

    parts = of_weights(lambda share: float(share >= quantile))
    return _Known(of_quantile, ("order", *_BOOTSTRAPS), parts, quantile)
