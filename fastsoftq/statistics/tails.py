"""The worst runs: the interval of their mean, and two samples compared by it, for any part of the runs."""

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from fastsoftq.statistics.agreeing_runs import agreed_interval, of_weights
from fastsoftq.statistics.cautions import caution_of_agreement, caution_of_tail
from fastsoftq.statistics.comparison import Comparison, compare_samples
from fastsoftq.statistics.distributions import tail_contributions, tail_mean
from fastsoftq.statistics.improvement import wins
from fastsoftq.statistics.intervals import TAIL, Interval
from fastsoftq.statistics.moments import moments, skew_corrected_interval, variation
from fastsoftq.statistics.samples import (
    BLOCK,
    FloatArray,
    as_fraction,
    as_generator,
    as_runs,
    as_share_of_runs,
    as_two_samples,
    limits_of,
    within,
)

#: Tails that hold fewer runs are not told apart unless a permutation test of tail means does so, too.
_GUARDED = 2.5


def tail_interval(
    x: npt.ArrayLike, fraction: float = TAIL, level: float = 0.95, bounds: tuple[float, float] | None = None
) -> Interval:
    """Estimate the mean of the worst part of the runs.

    Parameters
    ----------
    x
        One number per run, float [runs]; low is bad.
    fraction
        The part, in (0, 1).
    level
        Nominal coverage.
    bounds
        Lowest and highest value that a run can have, if known.

    Raises
    ------
    ValueError
        On a bad sample, or a run out of its bounds.

    Notes
    -----
    The skewness-corrected t interval of the tail mean's influence values, as ``confidence_interval(x, "tail_mean")``
    has for the worst 5 %. It takes some 5 runs in the tail, and 10 where tails are heavy; below that a ``caution``.

    Examples
    --------
    >>> ci = tail_interval(np.arange(100.0), fraction=0.1)
    >>> ci.estimate, ci.low < 4.5 < ci.high
    (4.5, True)
    """
    sample = as_runs(x, "x")
    fraction, level = as_share_of_runs(fraction, "fraction"), as_fraction(level, "level")
    limits = limits_of(bounds, x)
    sample = sample if limits is None else within(sample, "x", limits)
    estimate, alpha = float(tail_mean(sample, fraction)), 1.0 - level
    if not variation(sample):
        parts = of_weights(lambda share: min(share / fraction, 1.0))
        low, high = agreed_interval(estimate, len(sample), alpha, parts, limits)
        caution = caution_of_agreement(len(sample), alpha, known=math.isfinite(high - low))
        return Interval(estimate, low, high, level, "skew", len(sample), caution)
    low, high = (float(e) for e in skew_corrected_interval(moments([tail_contributions(sample, fraction)]), alpha))
    low, high = (low, high) if limits is None else (max(low, limits[0]), min(high, limits[1]))
    return Interval(estimate, low, high, level, "skew", len(sample), caution_of_tail(sample, fraction, alpha, limits))


def compare_tails(
    a: npt.ArrayLike,
    b: npt.ArrayLike,
    fraction: float = TAIL,
    paired: bool = True,
    level: float = 0.95,
    rng: int | np.random.Generator | None = None,
    *,
    resamples: int = 9999,
    bounds: tuple[float, float] | None = None,
) -> Comparison:
    """Compare the worst runs of two samples, a - b.

    Parameters
    ----------
    a, b
        One number per run, float [runs]; low is bad. Paired: entry i of both belongs to one seed.
    fraction
        The part of the runs that counts, in (0, 1).
    paired, level, rng, resamples, bounds
        As in `compare_samples`.

    Returns
    -------
    Comparison
        Of tail means. Its p-value is that of a permutation test of influence values, which holds as the interval does,
        where the tail holds a few runs; its effect size is in standard deviations of single runs.

    Notes
    -----
    A sample whose runs all agree has the interval of `tail_interval`, joined to the other's by Newcombe's method. Where
    tails hold fewer than 2.5 runs, the interval holds 0 unless a permutation test of the tail means themselves rejects.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> found = compare_tails(rng.normal(size=200), rng.normal(size=200) - 1.0, fraction=0.1)
    >>> found.low > 0.0, found.p_value < 0.01
    (True, True)
    """
    first, second = as_two_samples(a, b, paired)
    fraction = as_share_of_runs(fraction, "fraction")
    own = [tail_interval(x, fraction, level, bounds) for x in (a, b)]
    difference = own[0].estimate - own[1].estimate
    shares_a, shares_b = (tail_contributions(x, fraction) for x in (first, second))
    found = compare_samples(shares_a, shares_b, paired, level, rng, resamples=resamples)
    low, high, p_value = found.low, found.high, found.p_value
    if not all(variation(x) for x in (first, second)):
        low = difference - math.hypot(own[0].estimate - own[0].low, own[1].high - own[1].estimate)
        high = difference + math.hypot(own[0].high - own[0].estimate, own[1].estimate - own[1].low)
        p_value = 1.0 if low <= 0.0 <= high else p_value
    if min(len(first), len(second)) * fraction < _GUARDED:
        p_value = max(p_value, _relabelled(first, second, fraction, paired, as_generator(rng), resamples))
        low, high = (low, high) if p_value <= 1.0 - level else (min(low, 0.0), max(high, 0.0))
    reach = math.inf if bounds is None else bounds[1] - bounds[0]
    return replace(
        found,
        difference=difference,
        low=max(low, -reach),
        high=min(high, reach),
        p_value=p_value,
        effect_size=_effect(first, second, difference),
        probability_of_improvement=float(wins(first, second)[0].mean()),
        mean_a=own[0].estimate,
        mean_b=own[1].estimate,
        caution="; ".join(f"{n}: {ci.caution}" for n, ci in zip("ab", own, strict=True) if ci.caution),
    )


def _relabelled(
    a: FloatArray, b: FloatArray, fraction: float, paired: bool, rng: np.random.Generator, resamples: int
) -> float:
    """Return the p-value of a difference of tail means, runs dealt out anew, or pairs turned round."""
    from scipy.stats import permutation_test

    def difference(x: FloatArray, y: FloatArray, axis: int = -1) -> FloatArray:
        return np.asarray(tail_mean(x, fraction, axis) - tail_mean(y, fraction, axis))

    found = permutation_test(
        (a, b),
        difference,
        permutation_type="samples" if paired else "independent",
        n_resamples=resamples,
        batch=max(1, BLOCK // (len(a) + len(b))),
        rng=rng,
    )
    return float(found.pvalue)


def _effect(a: FloatArray, b: FloatArray, difference: float) -> float:
    deviation = math.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2.0)
    if deviation == 0.0:
        return math.copysign(math.inf, difference) if difference else 0.0
    return difference / deviation
