"""The interval of a difference of two means: Welch's with the skewness taken out, or one that needs no spread seen.

Where a sample shows no spread, or takes two values only, its standard error says little: ten runs that fail once in ten
are all alike one time in three. What is known of such a sample is how many of its runs agreed.
"""

import numpy as np

from fastsoftq.statistics.clopper_pearson import binomial_interval, is_two_valued
from fastsoftq.statistics.moments import moments, skew_corrected_interval, skew_corrected_p_value
from fastsoftq.statistics.permuted_runs import least_p_value
from fastsoftq.statistics.samples import FloatArray, paired_differences

#: Few runs that agree to within this part of what they differ by are no better than runs that agree.
_ALIKE = 0.01


def difference_interval(a: FloatArray, b: FloatArray, paired: bool, alpha: float) -> tuple[float, float]:
    """Return the interval for the mean of a - b, samples [runs], at the error ``alpha``.

    Where nothing is two-valued or alike it is the skewness-corrected t interval, of paired differences or Welch's.

    Paired differences that all agree could as well have been their opposites, were a and b the same: the interval is
    the binomial one between the two, which holds 0 exactly where the sign test does not reject.

    Samples that are not paired have an interval each: the binomial one where they take two values; where all runs
    agree, between the ends of both samples. These are joined by what each of them may be off by, squared and added
    (Newcombe, Statistics in Medicine 17, 1998; Zou and Donner, Statistics in Medicine 27, 2008).
    """
    few = least_p_value(len(a), len(b), paired) > alpha
    if paired:
        differences = paired_differences(a, b)
        m, reach = moments([differences]), float(np.abs(differences).max())
        if np.ptp(differences) <= (_ALIKE * reach if few else 0.0):
            return binomial_interval(np.full(len(a), float(m.estimate)), alpha, (-reach, reach))
        low, high = skew_corrected_interval(m, alpha)
        return float(low), float(high)
    estimate = float(moments([a, -b]).estimate)
    alike = _ALIKE * abs(estimate) if few else 0.0
    if not any(_is_coarse(x, alike) for x in (a, b)):
        low, high = skew_corrected_interval(moments([a, -b]), alpha)
        return float(low), float(high)
    ends = float(min(a.min(), b.min())), float(max(a.max(), b.max()))
    (low_a, high_a), (low_b, high_b) = (_own_interval(x, alpha, alike, ends) for x in (a, b))
    mean_a, mean_b = float(moments([a]).estimate), float(moments([b]).estimate)
    below, above = np.hypot(mean_a - low_a, high_b - mean_b), np.hypot(high_a - mean_a, mean_b - low_b)
    return float(estimate - below), float(estimate + above)


def difference_p_value(a: FloatArray, b: FloatArray) -> float:
    """Return the least error at which the interval of a - b, not paired, leaves out 0; the spread's skewness unbiased.

    Where samples are two-valued it is sought for; below 1e-12 it is not told from 0.
    """
    from scipy.optimize import brentq

    if not any(_is_coarse(x, 0.0) for x in (a, b)):
        return float(skew_corrected_p_value(moments([a, -b], unbiased_skew=True)))

    def excess(log_alpha: float) -> float:
        low, high = difference_interval(a, b, paired=False, alpha=float(np.exp(log_alpha)))
        return max(low, -high)

    least = np.log(1e-12)
    if excess(least) > 0.0:
        return 0.0
    if excess(-1e-9) <= 0.0:
        return 1.0
    return float(np.exp(brentq(excess, least, -1e-9, xtol=1e-6)))


def _is_coarse(x: FloatArray, alike: float) -> bool:
    return is_two_valued(x) or bool(np.ptp(x) <= alike)


def _own_interval(x: FloatArray, alpha: float, alike: float, ends: tuple[float, float]) -> tuple[float, float]:
    if np.ptp(x) <= alike:
        x = np.full(len(x), float(moments([x]).estimate))
    if is_two_valued(x):
        return binomial_interval(x, alpha, ends)
    low, high = skew_corrected_interval(moments([x]), alpha)
    return float(low), float(high)
