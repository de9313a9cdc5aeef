"""Intervals for a sum of means of independent groups, from its first three moments.

One sample is one group; a difference of two samples is the groups ``a`` and ``-b``; a suite of
environments is one group each. Everything built on means in this package rests on this file.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastsoftq.statistics.samples import ROUNDING, FloatArray, exponent, scaled

#: From so many runs on intervals of a mean hold for returns that are skewed (docs/statistics.md).
ENOUGH = 20

#: How much faster than its transform the studentised error may grow: beyond that the cubic is continued straight.
_STEEPEST = 3.0


class Moments(NamedTuple):
    """The estimate and what is known of its sampling distribution; each field has the shape of one run."""

    estimate: FloatArray
    error: FloatArray  # standard error
    skew: FloatArray  # skewness of the estimate itself: of order 1 / sqrt(runs)
    dof: FloatArray  # degrees of freedom, Welch-Satterthwaite


def moments(groups: Sequence[FloatArray], *, unbiased_skew: bool = False) -> Moments:
    """Return the moments of the sum of the groups' means; each group is [runs, ...], runs may differ.

    A third moment of few runs is too small on average; ``unbiased_skew`` corrects it, at the price of a larger error.
    """
    power = exponent(*groups)
    parts = [_part(scaled(group, -power), unbiased_skew) for group in groups]
    variance = np.sum([part.variance for part in parts], axis=0)
    error, varies = np.sqrt(variance), variance > 0.0
    safe = np.where(varies, variance, 1.0)
    # Welch's and Satterthwaite's; where nothing varies, all there are.
    rate = np.sum([(p.variance / safe) ** 2 / (len(g) - 1) for p, g in zip(parts, groups, strict=True)], axis=0)
    dof = np.where(varies, 1.0 / np.where(varies, rate, 1.0), float(sum(len(group) - 1 for group in groups)))
    scale = np.where(varies, error, 1.0)
    skew = np.sum([p.third / scale / scale / scale for p in parts], axis=0)
    estimate = np.sum([part.mean for part in parts], axis=0)
    return Moments(scaled(estimate, power), scaled(error, power), skew, dof)


class _Part(NamedTuple):
    """What one group brings: the moments of its mean."""

    mean: FloatArray
    variance: FloatArray
    third: FloatArray


def _part(group: FloatArray, unbiased_skew: bool) -> _Part:
    n = len(group)
    mean = group.mean(axis=0)
    centered = group - mean
    squares = centered * centered
    # A sample that does not vary must have no variance, though its mean, or itself, may be off by rounding errors.
    varies = variation(group)
    variance = np.where(varies, squares.sum(axis=0) / ((n - 1) * n), 0.0)
    correction = n * n / ((n - 1.0) * (n - 2.0)) if unbiased_skew and n > 2 else 1.0
    third = np.where(varies, correction * (squares * centered).mean(axis=0) / n**2, 0.0)
    return _Part(np.where(varies, mean, group[0]), variance, third)


def variation(group: FloatArray) -> npt.NDArray[np.bool_]:
    """Return for each column of a group [runs, ...] whether it varies by more than rounding."""
    low, high = group.min(axis=0), group.max(axis=0)
    return np.asarray(high - low > ROUNDING * np.maximum(np.abs(low), np.abs(high)))


def student_interval(m: Moments, alpha: float) -> tuple[FloatArray, FloatArray]:
    """Return the t interval of Student (one group) and Welch (several)."""
    half = _t_quantile(m, alpha) * m.error
    return m.estimate - half, m.estimate + half


def skew_corrected_interval(m: Moments, alpha: float | FloatArray) -> tuple[FloatArray, FloatArray]:
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


def skew_corrected_p_value(m: Moments) -> FloatArray:
    """Return the least error at which the interval of `skew_corrected_interval` leaves out 0; something must vary."""
    from scipy.special import stdtr

    t = m.estimate / m.error
    side, t = np.sign(t), np.abs(t)
    return np.asarray(np.minimum(2.0 * stdtr(m.dof, -np.minimum(t, _transform(t, side * m.skew))), 1.0))


def _t_quantile(m: Moments, alpha: float | FloatArray) -> FloatArray:
    from scipy.special import stdtrit

    return np.asarray(stdtrit(m.dof, 1.0 - alpha / 2.0))


def _transform(t: FloatArray, skew: FloatArray) -> FloatArray:
    """Return what `_untransform` turns into ``t``."""
    bent = np.abs(skew) > 1e-6
    a = np.where(bent, skew, 1.0) / 3.0
    root, least = 1.0 + a * t, _STEEPEST**-0.5
    cube = np.where(root >= least, root**3, np.minimum(root**3, least**3 + (root - least) * 3.0 / _STEEPEST))
    return np.where(bent, (cube - 1.0) / (3.0 * a) + skew / 6.0, t)


def _untransform(y: FloatArray, skew: FloatArray) -> FloatArray:
    # Below 1e-6 the cubic differs from the identity by less than rounding in the cube root would add.
    bent = np.abs(skew) > 1e-6
    a = np.where(bent, skew, 1.0) / 3.0
    cube = 1.0 + 3.0 * a * (y - skew / 6.0)
    least = _STEEPEST**-0.5  # of the cube's root: the inverse is as steep as the root is small, squared
    root = np.cbrt(cube)
    root = np.where(cube >= least**3, root, np.maximum(root, least + (cube - least**3) * _STEEPEST / 3.0))
    return np.where(bent, (root - 1.0) / a, y)
