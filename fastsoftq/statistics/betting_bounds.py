"""Bounds for the mean of a bounded distribution, by betting against every candidate: they hold for any number of runs.

Source: Waudby-Smith and Ramdas, Estimating means of bounded random variables by betting, JRSS B 86 (2024).
"""

import numpy as np

from fastsoftq.statistics.samples import BLOCK, FloatArray

#: Candidate means between the bounds; an interval's ends are rounded outwards to them.
CANDIDATES = 2001


def mean_bounds(sample: FloatArray, bounds: tuple[float, float], level: float) -> tuple[float, float]:
    """Return the interval for the mean of runs [runs] within bounds; their order matters a little.

    Bets follow the paper, for a number of runs that is known beforehand. By Ville's inequality a true mean is
    ruled out with probability at most ``1 - level``, whatever the distribution within the bounds.

    Examples
    --------
    >>> low, high = mean_bounds(np.full(50, 0.8), (0.0, 1.0), 0.95)
    >>> 0.0 < low < 0.8 < high < 1.0
    True
    """
    low, high = bounds
    unit = (sample - low) / (high - low)
    below, above = (ruled_out(x, fixed_bets(x, 1.0 - level), level)[-1] for x in (unit, 1.0 - unit))
    return float(low + (high - low) * below), float(high - (high - low) * above)


def ruled_out(x: FloatArray, bets: FloatArray, level: float) -> FloatArray:
    """Return for each t the highest candidate in [0, 1] ruled out as too low by x[:t + 1]; 0 where there is none."""
    n = len(x)
    candidates = np.linspace(0.0, 1.0, CANDIDATES)[1:]
    out = np.zeros(n, dtype=np.intp)
    width = max(1, BLOCK // n)
    for start in range(0, len(candidates), width):
        m = candidates[start : start + width]
        stake = np.minimum(bets[:, None], 0.5 / m)
        log_capital = np.log1p(stake * (x[:, None] - m)).cumsum(axis=0)
        # Half of the capital is bet on either side. Capital falls as the candidate grows, so counting is enough.
        out += np.count_nonzero(log_capital >= np.log(2.0 / (1.0 - level)), axis=1)
    return np.concatenate([[0.0], candidates])[np.maximum.accumulate(out)]


def sequential_bets(x: FloatArray, error: float) -> FloatArray:
    """Return the predictable bets sqrt(2 log(2 / error) / (variance t log(t + 1))), each from the runs before it."""
    t = np.arange(1.0, len(x) + 1.0)
    return np.asarray(np.sqrt(2.0 * np.log(2.0 / error) / (_variance_before(x) * t * np.log(t + 1.0))))


def fixed_bets(x: FloatArray, error: float) -> FloatArray:
    """Return the predictable bets sqrt(2 log(2 / error) / (variance runs)), each from the runs before it."""
    return np.asarray(np.sqrt(2.0 * np.log(2.0 / error) / (_variance_before(x) * len(x))))


def _variance_before(x: FloatArray) -> FloatArray:
    t = np.arange(1.0, len(x) + 1.0)
    mean = (0.5 + x.cumsum()) / (t + 1.0)
    variance = (0.25 + ((x - mean) ** 2).cumsum()) / (t + 1.0)
    return np.concatenate([[0.25], variance[:-1]])
