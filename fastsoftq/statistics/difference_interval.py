"""The interval of a difference of two means, paired or not, and its p-value.

Where a sample shows no spread, or takes two values only, its standard error says little: ten runs that fail once in ten
are all alike one time in three. Only the number of runs that agreed then says something.
"""

import math

import numpy as np

from fastsoftq.statistics.agreeing_runs import agreed_interval, of_weights
from fastsoftq.statistics.clopper_pearson import is_two_valued, two_valued_interval
from fastsoftq.statistics.moments import moments, skew_corrected_interval, skew_corrected_p_value
from fastsoftq.statistics.permuted_runs import least_p_value
from fastsoftq.statistics.pooled_shape import studentised_errors
from fastsoftq.statistics.samples import FloatArray, paired_differences

#: Few runs that differ by less than this part of the difference count as runs that agree.
_ALIKE = 0.01

#: The least p-value at which samples share a shape; smaller ones count as this one.
_FINEST = 0.01

_MEAN = of_weights(lambda share: share)


def difference_interval(
    a: FloatArray, b: FloatArray, paired: bool, alpha: float, bounds: tuple[float, float] | None = None
) -> tuple[float, float]:
    """Return the interval for the mean of a - b, samples [runs], at the error ``alpha``; runs lie within ``bounds``.

    Paired: the skewness-corrected t interval of the differences. Differences that all agree bound the share of others,
    which are taken to be no larger than runs of a and b lie apart. Where all runs of both are the same, nothing is
    known of others: the interval is that of `agreed_interval`.

    Not paired: Welch's interval, its skewness corrected, and where runs are few no less than the bootstrap-t of
    `studentised_errors`. Samples of which one takes two values, or one, have an interval each: `two_valued_interval`;
    where all runs agree, between the ends of both samples. They are joined by what each may be off by, squared and
    added (Newcombe, Statistics in Medicine 17, 1998; Zou and Donner, Statistics in Medicine 27, 2008).

    Examples
    --------
    >>> low, high = difference_interval(np.full(8, 2.0), np.full(8, 1.0), True, 0.05)
    >>> round(low, 2), high
    (0.26, 1.0)
    """
    low, high = (_paired if paired else _unpaired)(a, b, alpha, bounds)
    if bounds is None:
        return low, high
    reach = bounds[1] - bounds[0]
    return min(max(low, -reach), reach), min(max(high, -reach), reach)


def difference_p_value(a: FloatArray, b: FloatArray, bounds: tuple[float, float] | None = None) -> float:
    """Return the least error at which the interval of a - b, not paired, leaves out 0; the spread's skewness unbiased.

    For two-valued samples it is found by search; below 1e-12 it counts as 0.
    """
    from scipy.optimize import brentq

    if not any(_is_coarse(x, 0.0) for x in (a, b)):
        m = moments([a, -b], unbiased_skew=True)
        p, errors = float(skew_corrected_p_value(m)), studentised_errors(a, b, _FINEST)
        if errors is not None:
            t = float(m.estimate / m.error)
            p = max(p, 2.0 * min(float(np.mean(errors >= t)), float(np.mean(errors <= t))))
        return min(p, 1.0)

    def side(log_alpha: float) -> float:
        low, high = _unpaired(a, b, math.exp(log_alpha), bounds)
        return 1.0 if max(low, -high) > 0.0 else -1.0

    least = math.log(1e-12)
    if side(least) > 0.0:
        return 0.0
    if side(-1e-9) < 0.0:
        return 1.0
    return math.exp(brentq(side, least, -1e-9, xtol=1e-6))


def _paired(a: FloatArray, b: FloatArray, alpha: float, bounds: tuple[float, float] | None) -> tuple[float, float]:
    differences, few = paired_differences(a, b), least_p_value(len(a), len(b)) > alpha
    m, largest = moments([differences]), float(np.abs(differences).max())
    agree = np.ptp(differences) == 0.0
    if agree or (few and np.ptp(differences) <= _ALIKE * largest):
        reach = float(max(a.max(), b.max()) - min(a.min(), b.min())) if agree else largest
        reach = reach if bounds is None else bounds[1] - bounds[0]
        return agreed_interval(float(m.estimate), len(a), alpha, _MEAN, (-reach, reach) if reach > 0.0 else None)
    low, high = skew_corrected_interval(m, alpha)
    return float(low), float(high)


def _unpaired(a: FloatArray, b: FloatArray, alpha: float, bounds: tuple[float, float] | None) -> tuple[float, float]:
    m = moments([a, -b])
    estimate = float(m.estimate)
    alike = _ALIKE * abs(estimate) if least_p_value(len(a), len(b), paired=False) > alpha else 0.0
    if not any(_is_coarse(x, alike) for x in (a, b)):
        low, high = (float(end) for end in skew_corrected_interval(m, alpha))
        errors = studentised_errors(a, b, alpha)
        if errors is not None:
            least, most = np.quantile(errors, [alpha / 2.0, 1.0 - alpha / 2.0], method="nearest")
            low, high = min(low, estimate - float(most * m.error)), max(high, estimate - float(least * m.error))
        return low, high
    (low_a, high_a), (low_b, high_b) = (
        _own_interval(a, b, alpha, alike, bounds),
        _own_interval(b, a, alpha, alike, bounds),
    )
    mean_a, mean_b = float(moments([a]).estimate), float(moments([b]).estimate)
    below, above = math.hypot(mean_a - low_a, high_b - mean_b), math.hypot(high_a - mean_a, mean_b - low_b)
    return estimate - below, estimate + above


def _is_coarse(x: FloatArray, alike: float) -> bool:
    return is_two_valued(x) or bool(np.ptp(x) <= alike)


def _own_interval(
    x: FloatArray, other: FloatArray, alpha: float, alike: float, bounds: tuple[float, float] | None
) -> tuple[float, float]:
    """Return the interval of one sample's mean, in the light of the other."""
    mean = float(moments([x]).estimate)
    if np.ptp(x) <= alike:
        return agreed_interval(mean, len(x), alpha, _MEAN, _ends(x, other, alpha) if bounds is None else bounds)
    if is_two_valued(x):
        return two_valued_interval(x, alpha, bounds)
    low, high = skew_corrected_interval(moments([x]), alpha)
    return float(low), float(high)


def _ends(x: FloatArray, other: FloatArray, alpha: float) -> tuple[float, float] | None:
    """Return bounds on the runs of x, which all agree, from the other sample; None if it gives none.

    It gives none if it has values so rare that as many runs as x has may miss them all, unless x's value is among them:
    rare values of x may then lie anywhere.
    """
    both = np.concatenate([x, other])
    if np.ptp(both) == 0.0:
        return None
    usual = np.unique_counts(other).counts.max() / len(other)
    if usual ** len(x) > alpha / 2.0 and not is_two_valued(both):
        return None
    return float(both.min()), float(both.max())
