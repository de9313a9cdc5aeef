"""The permutation test of two samples: exact where every permutation can be taken, drawn at random elsewhere."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastsoftq.statistics.difference_interval import difference_p_value
from fastsoftq.statistics.moments import Moments, moments
from fastsoftq.statistics.permuted_runs import memberships, share, sign_flips
from fastsoftq.statistics.samples import (
    FloatArray,
    as_generator,
    as_resamples,
    as_two_samples,
    exponent,
    limits_of,
    paired_differences,
    scaled,
    scaled_bounds,
)
from fastsoftq.system.html import NotebookTable

#: P-values up to here are compared with the interval.
_GUARDED = 0.1

#: The relative error of a number as it was given: eight roundings, of decimals or in a sum.
_BLUR = 2.0**-50


@dataclass(frozen=True)
class Permutation(NotebookTable):
    """A two-sided permutation test.

    Attributes
    ----------
    statistic
        Studentised difference of means, a - b: paired or Welch's t. Infinite where nothing varies within the samples.
    p_value
        Share of permutations at least as extreme; of drawn ones with the sample itself counted among them, and where
        runs are not paired no less than unequal spreads allow (Notes of `permutation_test`).
    exact
        Whether every permutation was taken.

    Examples
    --------
    >>> result = permutation_test([1.0, 2.0, 3.0], [0.0, 0.0, 0.0])
    >>> round(result.statistic, 3), result.p_value, result.exact
    (3.464, 0.25, True)
    """

    statistic: float
    p_value: float
    exact: bool


def permutation_test(
    a: npt.ArrayLike,
    b: npt.ArrayLike,
    paired: bool = True,
    rng: int | np.random.Generator | None = None,
    *,
    resamples: int = 9999,
) -> Permutation:
    """Test whether a and b differ in mean.

    Parameters
    ----------
    a, b
        One number per run, float [runs]. Paired: entry i of both belongs to one seed.
    paired
        Flip the signs of the paired differences; otherwise deal the runs out anew.
    rng
        Seed or generator. None means a fixed seed: the answer is reproducible.
    resamples
        Permutations drawn; if there are no more than that in all, every one is taken.

    Notes
    -----
    Exact, at any number of runs, for the hypothesis that the labels a and b mean nothing. Because the statistic is
    studentised, the test also holds for large samples where only the means are equal (Janssen, Statistics and
    Probability Letters 36, 1997; Chung and Romano, Annals of Statistics 41, 2013): hard and soft differ in
    spread, and relabelling raw differences would take that for a difference in mean.

    Relabelling alone errs too often if unpaired runs are few, skewed and unequal in spread: ten runs against forty of a
    third of their spread are told apart in 12 % of samples that are exponential, in 33 % where one run in ten fails.
    So a p-value up to 0.1 from drawn permutations is raised, to 0.1 at the most, to where the interval of
    `compare_samples` leaves out 0, its skewness corrected for the number of runs. An exact p-value stays as it is.
    Truth values have the bounds 0 and 1, as there.

    Ties are judged by how far rounding may have moved the statistic, never in proportion to it; b against a has the
    p-value of a against b.

    Examples
    --------
    >>> permutation_test([-12.0, -13.0, -12.5, -11.0], [-48.0, -52.0, -47.5, -45.0]).p_value
    0.125
    """
    first, second = as_two_samples(a, b, paired)
    resamples = as_resamples(resamples)
    return permute(first, second, paired, as_generator(rng), resamples, limits_of(None, a, b))


def permute(
    a: FloatArray,
    b: FloatArray,
    paired: bool,
    rng: np.random.Generator,
    resamples: int,
    bounds: tuple[float, float] | None,
) -> Permutation:
    """Return the test of `permutation_test` for samples [runs] whose runs lie within ``bounds``, if these are known."""
    if paired:
        return _flip_signs(a, b, rng, resamples)
    return _deal_anew(a, b, rng, resamples, bounds)


def _flip_signs(a: FloatArray, b: FloatArray, rng: np.random.Generator, resamples: int) -> Permutation:
    power = exponent(a, b)
    a, b = scaled(a, -power), scaled(b, -power)
    difference = paired_differences(a, b)
    statistic = _t(moments([difference]))
    n = len(difference)
    exact = n < 63 and 2**n <= resamples
    total = 2**n if exact else resamples
    # Flips leave the sum of squares alone, so t grows with the sum, and the sum alone need be compared.
    blur = _BLUR * (np.maximum(np.abs(a), np.abs(b)).sum() + n * np.abs(difference).sum())
    threshold = abs(difference.sum()) - blur
    extreme = 0
    for signs in sign_flips(n, total, exact, rng):
        extreme += int(np.count_nonzero(np.abs(signs @ difference) >= threshold))
    return Permutation(statistic, share(extreme, total, exact), exact)


def _deal_anew(
    a: FloatArray, b: FloatArray, rng: np.random.Generator, resamples: int, bounds: tuple[float, float] | None
) -> Permutation:
    runs, n = len(a) + len(b), min(len(a), len(b))
    pooled = np.concatenate([a, b])
    if np.ptp(pooled) == 0.0:
        return Permutation(0.0, 1.0, exact=True)
    # In one order, and dealt to the smaller sample, so that a against b is the same test as b against a.
    order = np.argsort(pooled, kind="stable")
    observed = ((order < len(a)) == (len(a) <= len(b))).astype(float)[None]
    power = exponent(pooled)
    values = scaled(pooled[order], -power)
    error = _BLUR * np.abs(values)  # of each number, as it was given
    # Sums of numbers about their median keep what small ones differ by beside a large one.
    values -= np.median(values)
    powers = np.stack([values, values**2, error, error * np.abs(values)], axis=1)
    ways = math.comb(runs, n)
    exact = ways <= resamples
    total = ways if exact else resamples

    given = _differences(observed, powers)
    extreme = sum(
        int(np.count_nonzero(_as_extreme(_differences(member, powers), given)))
        for member in memberships(runs, n, total, exact, rng)
    )
    p_value = share(extreme, total, exact)
    if not exact and p_value <= _GUARDED:
        least = difference_p_value(scaled(a, -power), scaled(b, -power), scaled_bounds(bounds, power))
        p_value = max(p_value, min(least, _GUARDED))
    return Permutation(_t(moments([a, -b])), p_value, exact)


class _Differences(NamedTuple):
    """Differences of means and their variances, [permutations], and how far rounding may have moved either."""

    mean: FloatArray
    variance: FloatArray
    mean_blur: FloatArray
    variance_blur: FloatArray


def _differences(member: FloatArray, powers: FloatArray) -> _Differences:
    """Return the differences of those labelled 1, in rows [permutations, runs], and those labelled 0."""
    mean, variance, mean_blur, variance_blur = (np.zeros(len(member)) for _ in range(4))
    for label, sign in ((member, 1.0), (1.0 - member, -1.0)):
        size = label[0].sum()
        total, squares, error, product = (label @ powers).T
        rest = squares - total**2 / size
        blur = 2.0 * (product + np.abs(total) / size * error) + size * _BLUR * squares
        # What is left of equal numbers is rounding error: no variance.
        rest = np.where(rest > blur, rest, 0.0)
        mean += sign * total / size
        mean_blur += error / size
        variance += rest / (size * (size - 1))
        variance_blur += blur / (size * (size - 1))
    return _Differences(mean, variance, mean_blur, variance_blur)


def _as_extreme(other: _Differences, given: _Differences) -> npt.NDArray[np.bool_]:
    """Return whether |t| is as large as the one given, ties counted in spite of rounding.

    The products of each squared difference and the other's variance are compared: without a quotient nothing is lost
    where t is near 0 or a variance is 0, and the error is absolute.
    """
    x, y = np.abs(other.mean), np.abs(given.mean)
    blur = 2.0 * (x * other.mean_blur * given.variance + y * given.mean_blur * other.variance)
    blur += x**2 * given.variance_blur + y**2 * other.variance_blur
    return np.asarray(x**2 * given.variance - y**2 * other.variance >= -blur)


def _t(m: Moments) -> float:
    """Return the studentised difference; without variance an infinity of the same sign, or 0."""
    if m.error > 0.0:
        return float(m.estimate / m.error)
    return math.copysign(math.inf, float(m.estimate)) if m.estimate else 0.0
