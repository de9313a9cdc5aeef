"""Intervals for a sum of means of independent groups, from its first three moments.

One sample is one group; a difference of two samples is the groups ``a`` and ``-b``; a suite of
environments is one group each. Everything built on means in this package rests on this file.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fastsoftq.statistics.samples import ROUNDING, FloatArray

#: How much faster than its transform the studentised error may grow: beyond that the cubic is continued straight.
_STEEPEST = 3.0


class Moments(NamedTuple):
    """The estimate and what is known of its sampling distribution; each field has the shape of one run."""

    estimate: FloatArray
    error: FloatArray  # standard error
    skew: FloatArray  # skewness of the estimate itself: of order 1 / sqrt(runs)
    dof: FloatArray  # degrees of freedom, Welch-Satterthwaite


def moments(groups: Sequence[FloatArray]) -> Moments:
    """Return the moments of the sum of the groups' means; each group is [runs, ...], runs may differ."""
    shape = groups[0].shape[1:]
    estimate, variance, third, spread = (np.zeros(shape) for _ in range(4))
    for group in groups:
        n = group.shape[0]
        mean = group.mean(axis=0)
        centered = group - mean
        squares = centered * centered
        # A sample that does not vary must have no variance, though its mean, or itself, may be off by rounding errors.
        low, high = group.min(axis=0), group.max(axis=0)
        varies = high - low > ROUNDING * np.maximum(np.abs(low), np.abs(high))
        share = np.where(varies, squares.sum(axis=0) / ((n - 1) * n), 0.0)
        estimate += np.where(varies, mean, group[0])
        variance += share
        third += np.where(varies, (squares * centered).mean(axis=0), 0.0) / n**2
        spread += share * share / (n - 1)
    error = np.sqrt(variance)
    safe = np.where(variance > 0.0, variance, 1.0)
    some_dof = float(sum(group.shape[0] - 1 for group in groups))
    dof = np.where(variance > 0.0, safe * safe / np.where(variance > 0.0, spread, 1.0), some_dof)
    return Moments(estimate, error, third / safe**1.5, dof)


def student_interval(m: Moments, alpha: float) -> tuple[FloatArray, FloatArray]:
    """Return the t interval of Student (one group) and Welch (several)."""
    half = _t_quantile(m, alpha) * m.error
    return m.estimate - half, m.estimate + half


def skew_corrected_interval(m: Moments, alpha: float) -> tuple[FloatArray, FloatArray]:
    """Return the wider, at either end, of the t interval and the one after Hall's transformation for skewness.

    With T the studentised error and A the skewness of the estimate, T + A T^2 / 3 + A^2 T^3 / 27 + A / 6 is
    far closer to symmetric than T; the cubic is monotone and inverted in closed form. It is flat, though, where T is
    -3 / A, and its inverse steep: with few runs, much skewness or a small ``alpha`` the interval would have been
    lengthened fourfold by an expansion that holds for small A T only. Where the inverse would be steeper than 3 it is
    continued straight until the cubic's is met again, which costs no coverage (docs/statistics.md).

    The skewness of few runs is itself uncertain: where the distribution is symmetric with heavy tails, as that of a
    difference of two alike is, the corrected interval alone would miss up to twice as often as it says, on the side
    that it shortens.

    Sources: P. Hall, On the removal of skewness by transformation, JRSS B 54 (1992); two groups:
    X.-H. Zhou and P. Dinh, Nonparametric confidence intervals for the one- and two-sample problems,
    Biostatistics 6 (2005).
    """
    t = _t_quantile(m, alpha)
    low, high = np.maximum(t, _untransform(t, m.skew)), np.maximum(t, -_untransform(-t, m.skew))
    return m.estimate - m.error * low, m.estimate + m.error * high


def _t_quantile(m: Moments, alpha: float) -> FloatArray:
    from scipy.special import stdtrit

    return np.asarray(stdtrit(m.dof, 1.0 - alpha / 2.0))


def _untransform(y: FloatArray, skew: FloatArray) -> FloatArray:
    # Below 1e-6 the cubic differs from the identity by less than rounding in the cube root would add.
    bent = np.abs(skew) > 1e-6
    a = np.where(bent, skew, 1.0) / 3.0
    cube = 1.0 + 3.0 * a * (y - skew / 6.0)
    least = _STEEPEST**-0.5  # of the cube's root: the inverse is as steep as the root is small, squared
    root = np.cbrt(cube)
    root = np.where(cube >= least**3, root, np.maximum(root, least + (cube - least**3) * _STEEPEST / 3.0))
    return np.where(bent, (root - 1.0) / a, y)
