"""Least variances of episodes, from those nearby: few runs that happen to agree understate them.

Where a share p of all runs stands apart, n runs all agree with probability (1 - p)^n, and no spread of theirs tells how
far off their mean is. Episodes nearby tell: some of them have met what others have not.
"""

from collections.abc import Sequence

import numpy as np

from fastsoftq.statistics.moments import Moments, variation
from fastsoftq.statistics.samples import FloatArray, exponent, scaled

#: Episodes on either side that count as near.
_NEAR = 10

#: What part of the variance nearby an episode has at least, times the number of runs, and at most.
_LEAST, _MOST = 8.0, 0.5

#: The kurtosis up to which tails are taken for normal: 3, and 1 for chance.
_EVEN = 4.0

#: From so many runs on the spread at an episode speaks for itself, unless tails are heavy or nearly all runs agree.
_MANY = 30

#: So many runs must stand apart from all others for their spread to be known; else it is this part of that nearby.
_TELLING, _UNKNOWN = 5, 0.75


def with_least_variances(groups: Sequence[FloatArray], m: Moments) -> Moments:
    """Return the moments of a sum of mean curves, each episode with at least a part of the variance nearby.

    Parameters
    ----------
    groups
        float64 [runs, episodes] each.
    m
        Their moments.

    Notes
    -----
    The part is 8 / runs, a half at most, for fewer than 30 runs. A variance is known the less the heavier tails are:
    its logarithm varies by (kurtosis - 1) / runs (Bonett, Computational Statistics & Data Analysis 50, 2006). So the
    part is at least 8 (kurtosis - 4) / runs, three quarters at most, for any number of runs. Episodes that vary evenly
    are left alone from some ten runs on. The constants are chosen so that bands of Poisson counts, of rare failures, of
    lognormal returns and of learned curves hold (docs/statistics.md).
    """
    power = exponent(*(group.ravel() for group in groups))
    lacking = np.zeros(groups[0].shape[1:])
    for group in groups:
        x = scaled(group, -power)
        variance = np.where(variation(x), x.var(axis=0, ddof=1), 0.0)
        lacking += np.maximum(_least(x, variance) - variance, 0.0) / len(x)
    error = np.hypot(m.error, scaled(np.sqrt(lacking), power))
    safe = np.where(error > 0.0, error, 1.0)
    return m._replace(error=error, skew=m.skew * (m.error / safe) ** 3)


def _least(x: FloatArray, variance: FloatArray) -> FloatArray:
    """Return the least variance that each episode of runs [runs, episodes] is taken to have."""
    n = len(x)
    windows = _nearby(variance)
    # Without the largest: one wild episode must not make all about it wild.
    rest = np.nansum(windows, axis=1) - np.nanmax(windows, axis=1)
    others = np.maximum((~np.isnan(windows)).sum(axis=1) - 1, 1)
    least = _part(x, variance) * np.maximum(rest, 0.0) / others
    middle = np.partition(x, n // 2, axis=0)[n // 2]  # what all agree on, where nearly all do
    for episode in np.flatnonzero((x != middle).sum(axis=0) < min(_TELLING, n // 2)):
        near_by = slice(max(episode - _NEAR, 0), episode + _NEAR + 1)
        known = (x[:, near_by] == middle[episode]).any(axis=0)
        least[episode] = max(least[episode], _UNKNOWN * float(np.mean(known * variance[near_by])))
    return np.asarray(least)


def _part(x: FloatArray, variance: FloatArray) -> FloatArray:
    """Return which part of the variance nearby each episode has at least."""
    n = len(x)
    even = min(_LEAST / n, _MOST) if n < _MANY else 0.0
    varies = variance > 0.0
    # In units of its own spread: fourth powers of small episodes beside huge ones would vanish.
    units = (x - x.mean(axis=0)) / np.sqrt(np.where(varies, variance * (n - 1) / n, 1.0))
    kurtosis = np.where(varies, (units**4).mean(axis=0), np.nan)
    windows = _nearby(kurtosis)
    known = ~np.isnan(windows)
    mean = np.nansum(windows, axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.asarray(np.maximum(even, np.minimum(_LEAST / n * (mean - _EVEN), _UNKNOWN)))


def _nearby(values: FloatArray) -> FloatArray:
    """Return the values near each episode, [episodes, 2 * near + 1]; NaN beyond the ends."""
    padded = np.pad(values, _NEAR, constant_values=np.nan)
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * _NEAR + 1)
