"""The interval of Clopper and Pearson for runs that take two values, as failure and success: exact for any number."""

import numpy as np

from fastsoftq.statistics.agreeing_runs import unseen
from fastsoftq.statistics.moments import ENOUGH, moments, skew_corrected_interval
from fastsoftq.statistics.samples import ROUNDING, FloatArray, exponent, scaled


def is_two_valued(sample: FloatArray) -> bool:
    """Return whether runs [runs] take two values, or one, up to rounding.

    Two runs always do, and three of a continuous distribution never: two values need a third run that repeats one.

    Examples
    --------
    >>> is_two_valued(np.array([0.0, 1.0, 1.0])), is_two_valued(np.array([0.0, 1.0, 2.0]))
    (True, False)
    """
    sample = scaled(sample, -exponent(sample))
    low, high = sample.min(), sample.max()
    slack = ROUNDING * max(abs(low), abs(high))
    return bool(((sample - low <= slack) | (high - sample <= slack)).all()) and (len(sample) > 2 or high - low <= slack)


def binomial_interval(sample: FloatArray, alpha: float) -> tuple[float, float]:
    """Return the interval of Clopper and Pearson (Biometrika 26, 1934) for the mean of runs that take two values.

    Parameters
    ----------
    sample
        float64 [runs] for which `is_two_valued` holds, and that vary.
    alpha
        Error, in (0, 1).

    Examples
    --------
    >>> low, high = binomial_interval(np.array([0.0, 0.0, 0.0, 1.0]), 0.05)
    >>> round(low, 4), round(high, 4)
    (0.0063, 0.8059)
    """
    from scipy.special import betaincinv

    n, low, high = len(sample), float(sample.min()), float(sample.max())
    k = int(np.count_nonzero(sample > low / 2.0 + high / 2.0))
    shares = betaincinv(k, n - k + 1, alpha / 2.0), betaincinv(k + 1, n - k, 1.0 - alpha / 2.0)
    lower, upper = (low * (1.0 - float(share)) + high * float(share) for share in shares)
    return lower, upper


def spans(sample: FloatArray, bounds: tuple[float, float] | None) -> bool:
    """Return whether the lowest and the highest run lie as far apart as the bounds, up to rounding; no, without any.

    Examples
    --------
    >>> spans(np.array([0.0, 1.0, 1.0]), (0.0, 1.0)), spans(np.array([0.0, 1.0, 1.0]), None)
    (True, False)
    """
    if bounds is None:
        return False
    slack = ROUNDING * max(abs(bounds[0]), abs(bounds[1]))
    return bool(np.ptp(sample) >= bounds[1] - bounds[0] - slack)


def two_valued_interval(sample: FloatArray, alpha: float, bounds: tuple[float, float] | None) -> tuple[float, float]:
    """Return the binomial interval, widened by what a third value may be, which no run has taken.

    There is no third where the two values are the ``bounds``. Other bounds say how far off it may be: n runs all miss a
    share s of it with probability (1 - s)^n. Where that is no more than half of the error no more often do runs take
    two values; where s is less, a mean is no further off than a share s at a bound can draw that of the others, which
    the binomial interval holds. Without bounds fewer than 20 runs have an interval no shorter than that of a mean.

    Examples
    --------
    >>> runs = np.array([0.0, 0.0, 0.0, 1.0])
    >>> two_valued_interval(runs, 0.05, (0.0, 1.0)) == binomial_interval(runs, 0.05)
    True
    >>> two_valued_interval(runs, 0.05, None)[1] > binomial_interval(runs, 0.05)[1]
    True
    >>> share = unseen(4, 0.05)
    >>> two_valued_interval(runs, 0.05, (0.0, 9.0))[1] == (1 - share) * binomial_interval(runs, 0.05)[1] + share * 9.0
    True
    """
    low, high = binomial_interval(sample, alpha)
    if bounds is not None and not spans(sample, bounds):
        share = unseen(len(sample), alpha)
        return (1.0 - share) * low + share * bounds[0], (1.0 - share) * high + share * bounds[1]
    if bounds is None and len(sample) < ENOUGH:
        wider = skew_corrected_interval(moments([sample]), alpha)
        low, high = min(low, float(wider[0])), max(high, float(wider[1]))
    return low, high
