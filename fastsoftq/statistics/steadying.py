"""Variances of episodes steadied by those about them: few runs that happen to agree look surer than they are.

Where a share p of all runs stands apart, n runs all agree with probability (1 - p)^n, and no spread of theirs tells how
far off their mean is. Episodes near by tell: some of them have met what others have not.
"""

from collections.abc import Sequence

import numpy as np

from fastsoftq.statistics.moments import Moments, variation
from fastsoftq.statistics.samples import FloatArray, exponent, scaled

#: Episodes on either side that count as near.
_NEAR = 10

#: What part of the variance about it an episode has at least, times the number of runs, and at most.
_LEAST, _MOST = 8.0, 0.5

#: From so many runs on the spread at an episode speaks for itself, unless nearly all runs agree.
_MANY = 30

#: So many runs must stand apart from all others for their spread to be known; else it is this part of that about it.
_TELLING, _UNKNOWN = 5, 0.75


def steadied(groups: Sequence[FloatArray], m: Moments) -> Moments:
    """Return the moments of a sum of mean curves, with variances that are no less than those about them allow.

    Episodes that vary evenly are left alone from some ten runs on: their variance is hardly ever that far below that of
    their neighbours. The parts are chosen so that bands of Poisson counts and of rare failures hold, and those of
    curves that are learned (docs/statistics.md).
    """
    power = np.asarray(np.max([exponent(group).max() for group in groups]))
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
    n, episodes = x.shape
    least = np.zeros(episodes)
    if n < _MANY:
        padded = np.pad(variance, _NEAR, constant_values=np.nan)
        windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * _NEAR + 1)
        # Without the largest: one wild episode must not make all about it wild.
        rest = np.nansum(windows, axis=1) - np.nanmax(windows, axis=1)
        others = np.maximum((~np.isnan(windows)).sum(axis=1) - 1, 1)
        least = min(_LEAST / n, _MOST) * np.maximum(rest, 0.0) / others
    middle = np.partition(x, n // 2, axis=0)[n // 2]  # what all agree on, where nearly all do
    for episode in np.flatnonzero((x != middle).sum(axis=0) < min(_TELLING, n // 2)):
        near_by = slice(max(episode - _NEAR, 0), episode + _NEAR + 1)
        known = (x[:, near_by] == middle[episode]).any(axis=0)
        least[episode] = max(least[episode], _UNKNOWN * float(np.mean(known * variance[near_by])))
    return np.asarray(least)
