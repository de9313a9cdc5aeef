"""Intervals for the mean of runs that take two values, a share of successes for one: exact at any number of runs."""

import numpy as np

from fastsoftq.statistics.moments import variation
from fastsoftq.statistics.samples import ROUNDING, FloatArray, exponent, scaled


def is_two_valued(sample: FloatArray) -> bool:
    """Return whether runs [runs] take two values, or one, up to rounding.

    Two runs always do, and three of a continuous distribution never: two values need a third run that repeats one.
    """
    sample = scaled(sample, -exponent(sample))
    low, high = sample.min(), sample.max()
    slack = ROUNDING * max(abs(low), abs(high))
    return bool(((sample - low <= slack) | (high - sample <= slack)).all()) and (len(sample) > 2 or high - low <= slack)


def binomial_interval(sample: FloatArray, alpha: float, ends: tuple[float, float] | None = None) -> tuple[float, float]:
    """Return the interval of Clopper and Pearson for the mean of a sample [runs] that takes two values, or one.

    Parameters
    ----------
    sample
        float64 [runs] for which `is_two_valued` holds.
    alpha
        Error, in (0, 1).
    ends
        Lowest and highest value there can be: where all runs agree, the other value is taken to be the farther away of
        them, on either side. Without them such runs say nothing but their value.

    Returns
    -------
    low, high

    Notes
    -----
    Clopper and Pearson, Biometrika 26 (1934). Of runs that all agree it holds for any distribution within the ends: a
    share p of runs that differ lets n agree with probability (1 - p)^n only.
    """
    from scipy.special import betaincinv

    n, low, high = len(sample), float(sample.min()), float(sample.max())
    if not variation(scaled(sample, -exponent(sample))):
        least, most = (low, high) if ends is None else (min(ends[0], low), max(ends[1], high))
        differ = -float(np.expm1(np.log(alpha / 2.0) / n))
        return low - (low - least) * differ, high + (most - high) * differ
    k = int(np.count_nonzero(sample > low / 2.0 + high / 2.0))
    shares = betaincinv(k, n - k + 1, alpha / 2.0), betaincinv(k + 1, n - k, 1.0 - alpha / 2.0)
    lower, upper = (low * (1.0 - float(share)) + high * float(share) for share in shares)
    return lower, upper
