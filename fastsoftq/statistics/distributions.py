"""The whole distribution of runs: its empirical distribution function, its performance profile and its bad tail."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fastsoftq.checks import MOST, count
from fastsoftq.statistics.samples import FloatArray, as_fraction, as_numbers, as_runs
from fastsoftq.system.html import NotebookTable

#: Chance that no more runs than so many lie below a quantile, where runs are tied there.
_FURTHEST = 0.975


@dataclass(frozen=True, eq=False)
class Profile(NotebookTable):
    """Shares of runs at a range of thresholds, with a band that holds at all of them at once.

    Attributes
    ----------
    thresholds
        float64 [thresholds].
    share, low, high
        float64 [thresholds]: share of runs above the threshold (performance profile) or at or below it (distribution
        function), and the band.
    level
        Probability that the band holds everywhere.

    Examples
    --------
    >>> found = performance_profile([-13.0, -12.0, -12.0, -112.0], thresholds=[-12.5])
    >>> found.low.round(2).tolist(), found.share.tolist(), found.high.round(2).tolist()
    ([0.0], [0.5], [1.0])
    """

    thresholds: FloatArray
    share: FloatArray
    low: FloatArray
    high: FloatArray
    level: float


def empirical_distribution(x: npt.ArrayLike, level: float = 0.95) -> Profile:
    """Return the share of runs at or below each value that occurs, with Kolmogorov's band.

    Parameters
    ----------
    x
        One number per run, float [runs].
    level
        Probability that the band holds the whole true distribution function.

    Notes
    -----
    The band has the exact width of the Kolmogorov-Smirnov statistic (``scipy.stats.kstwo``), whatever the distribution;
    with ties it is wider than need be.

    Examples
    --------
    >>> found = empirical_distribution([-13.0, -12.0, -12.0, -112.0])
    >>> found.thresholds.tolist(), found.share.tolist()
    ([-112.0, -13.0, -12.0], [0.25, 0.5, 1.0])
    """
    sample = np.sort(as_runs(x, "x"))
    values = np.unique(sample)
    return _profile(values, np.searchsorted(sample, values, side="right") / len(sample), len(sample), level)


def performance_profile(x: npt.ArrayLike, thresholds: npt.ArrayLike, level: float = 0.95) -> Profile:
    """Return the share of runs above each threshold, with a band that holds for all thresholds.

    Parameters
    ----------
    x
        One number per run, float [runs].
    thresholds
        float [thresholds], in any order; at least one.
    level
        Probability that the band holds the whole true profile: that of `empirical_distribution`, turned over.

    Notes
    -----
    The score distribution of Agarwal et al. (NeurIPS 2021) for one environment.

    Examples
    --------
    >>> performance_profile([-13.0, -12.0, -12.0, -112.0], thresholds=[-100.0, -12.5]).share.tolist()
    [0.75, 0.5]
    """
    sample = np.sort(as_runs(x, "x"))
    taus = as_runs(thresholds, "thresholds", least=1)
    return _profile(taus, 1.0 - np.searchsorted(sample, taus, side="right") / len(sample), len(sample), level)


def tail_mean(x: npt.ArrayLike, fraction: float = 0.05, axis: int = -1) -> FloatArray:
    """Return the mean of the worst (lowest) part of the runs: conditional value at risk.

    Parameters
    ----------
    x
        Numbers of any shape; an array of runs, as a rule.
    fraction
        The part, in (0, 1). Where it holds no whole number of runs the last one counts in part.
    axis
        The axis to reduce.

    Examples
    --------
    >>> float(tail_mean([-112.0, -12.0, -13.0, -12.0], fraction=0.5))
    -62.5
    """
    ordered = np.sort(np.moveaxis(as_numbers(x, "x", count("axis", axis, least=-MOST)), axis, -1), axis=-1)
    n = ordered.shape[-1]
    weights = np.clip(_mass(fraction, n) - np.arange(n), 0.0, 1.0)
    return np.asarray(ordered @ (weights / weights.sum()))


def tail_contributions(x: FloatArray, fraction: float) -> FloatArray:
    """Return numbers [runs] whose mean is the tail mean and whose spread is what the tail mean varies by.

    They are the influence values q - max(q - x, 0) / fraction. For q the first run above the tail is taken: the last
    one within it would contribute nothing, and at 20 runs leave no variation at all. Where these two are tied chance
    alone says how far the tail reaches into the runs that are alike; q then is the highest that the quantile may be.
    """
    from scipy.stats import binom

    ordered = np.sort(x)
    above = min(math.ceil(_mass(fraction, len(x))), len(x) - 1)
    if ordered[above - 1] == ordered[above]:
        above = min(int(binom.ppf(_FURTHEST, len(x), fraction)), len(x) - 1)
    q = ordered[above]
    influence = q - np.maximum(q - x, 0.0) / fraction
    return np.asarray(influence - influence.mean() + tail_mean(x, fraction))


def _mass(fraction: float, runs: int) -> float:
    """Return the number of runs in the tail, free of the rounding error that would bring in a sliver of one more."""
    mass = as_fraction(fraction, "fraction") * runs
    whole = round(mass)
    return float(whole) if whole > 0 and abs(mass - whole) < 1e-9 else mass


def _profile(thresholds: FloatArray, share: FloatArray, runs: int, level: float) -> Profile:
    from scipy.stats import kstwo

    level = as_fraction(level, "level")
    half = float(kstwo.ppf(level, runs))
    return Profile(thresholds, share, np.maximum(share - half, 0.0), np.minimum(share + half, 1.0), level)
