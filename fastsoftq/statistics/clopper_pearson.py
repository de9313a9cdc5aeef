"""The interval of Clopper and Pearson for runs that take two values, as failure and success: exact for any number."""

import numpy as np

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


def two_valued_interval(sample: FloatArray, alpha: float, bounds: tuple[float, float] | None) -> tuple[float, float]:
    """Return the binomial interval; wider below 20 runs, which may have missed a third value, as counts do.

    There is no third where the two values are the ``bounds``.

    Examples
    --------
    >>> runs = np.array([0.0, 0.0, 0.0, 1.0])
    >>> two_valued_interval(runs, 0.05, (0.0, 1.0)) == binomial_interval(runs, 0.05)
    True
    >>> two_valued_interval(runs, 0.05, None)[1] > binomial_interval(runs, 0.05)[1]
    True
    """
    low, high = binomial_interval(sample, alpha)
    if len(sample) < ENOUGH and bounds != (sample.min(), sample.max()):
        wider = skew_corrected_interval(moments([sample]), alpha)
        low, high = min(low, float(wider[0])), max(high, float(wider[1]))
    return low, high
