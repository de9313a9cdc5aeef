"""The permutation test of two samples: exact where every permutation can be taken, drawn at random elsewhere."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from fastsoftq.checks import count, flag
from fastsoftq.statistics.intervals import BLOCK
from fastsoftq.statistics.samples import (
    FloatArray,
    as_generator,
    as_resamples,
    as_runs,
    check_same_shape,
    paired_differences,
)


@dataclass(frozen=True)
class Permutation:
    """A two-sided permutation test.

    Attributes
    ----------
    statistic
        Studentised difference of means, a - b: paired or Welch's t. Infinite where nothing varies within the samples.
    p_value
        Share of permutations at least as extreme; of drawn ones with the sample itself counted among them.
    exact
        Whether every permutation was taken.
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
    """
    first, second = as_runs(a, "a"), as_runs(b, "b")
    resamples = as_resamples(resamples)
    generator = as_generator(rng)
    if flag("paired", paired):
        check_same_shape(first, second, ("a", "b"), "to be paired")
        return _sign_flips(paired_differences(first, second), generator, resamples)
    return _relabellings(first, second, generator, resamples)


def least_p_value(runs_a: int, runs_b: int, paired: bool = True) -> float:
    """Return the least p-value that `permutation_test` can have with so many runs, however far apart they are.

    Parameters
    ----------
    runs_a, runs_b
        Numbers of runs; equal where paired.
    paired
        Whether they are matched.

    Notes
    -----
    Of all signs, or labels, two say that a and b differ by as much as they do; of labels one where runs are not as
    many. Permutations that are drawn rather than taken one and all add a little.

    Examples
    --------
    >>> least_p_value(5, 5)
    0.0625
    """
    runs_a, runs_b = count("runs_a", runs_a), count("runs_b", runs_b)
    if flag("paired", paired):
        return 0.5 ** (runs_a - 1)
    ways = math.lgamma(runs_a + runs_b + 1) - math.lgamma(runs_a + 1) - math.lgamma(runs_b + 1)
    return (2.0 if runs_a == runs_b else 1.0) * math.exp(-ways)


def _sign_flips(difference: FloatArray, rng: np.random.Generator, resamples: int) -> Permutation:
    n = len(difference)
    exact = n < 63 and 2**n <= resamples
    total = 2**n if exact else resamples
    extreme = 0
    # Flips leave the sum of squares alone, so t grows with the sum, and the sum alone need be compared.
    threshold = _just_below(abs(difference.sum()), np.abs(difference).sum())
    for start, stop in _blocks(total, n):
        if exact:
            bits = np.arange(start, stop)[:, None] >> np.arange(n) & 1
        else:
            bits = rng.integers(0, 2, size=(stop - start, n), dtype=np.int8)
        extreme += int(np.count_nonzero(np.abs((2.0 * bits - 1.0) @ difference) >= threshold))
    statistic = _t(difference.mean(), difference.var(ddof=1) / n if np.ptp(difference) > 0.0 else 0.0)
    return Permutation(float(statistic), _share(extreme, total, exact), exact)


def _relabellings(a: FloatArray, b: FloatArray, rng: np.random.Generator, resamples: int) -> Permutation:
    n, runs = len(a), len(a) + len(b)
    pooled = np.concatenate([a, b])
    if np.ptp(pooled) == 0.0:
        return Permutation(0.0, 1.0, exact=True)
    pooled -= pooled.mean()
    ways = math.comb(runs, n)
    exact = ways <= resamples
    total = ways if exact else resamples
    powers = np.stack([pooled, pooled**2], axis=1)
    everything = powers.sum(axis=0)

    def statistic(member: FloatArray) -> FloatArray:
        inside = member @ powers  # [permutations, 2]: sums and sums of squares of those labelled a
        outside = everything - inside
        variance = np.zeros(len(member))
        for sums, size in ((inside, n), (outside, runs - n)):
            squares = sums[:, 1] - sums[:, 0] ** 2 / size
            # What is left of equal numbers is rounding error: no variance.
            variance += np.where(squares > 1e-12 * everything[1], squares, 0.0) / (size * (size - 1))
        return _t(inside[:, 0] / n - outside[:, 0] / (runs - n), variance)

    observed = float(statistic((np.arange(runs) < n).astype(float)[None])[0])
    threshold = _just_below(abs(observed), abs(observed))
    extreme = sum(
        int(np.count_nonzero(np.abs(statistic(member)) >= threshold))
        for member in _memberships(runs, n, total, exact, rng)
    )
    return Permutation(observed, _share(extreme, total, exact), exact)


def _memberships(runs: int, n: int, total: int, exact: bool, rng: np.random.Generator) -> Iterator[FloatArray]:
    """Yield blocks of 0/1 rows [permutations, runs] with n ones each."""
    every = combinations(range(runs), n)
    for start, stop in _blocks(total, runs):
        member = np.zeros((stop - start, runs))
        if exact:
            chosen = np.array([next(every) for _ in range(stop - start)])
        else:
            chosen = np.argpartition(rng.random(member.shape), n - 1, axis=1)[:, :n]
        np.put_along_axis(member, chosen, 1.0, axis=1)
        yield member


def _t(difference: npt.ArrayLike, variance: npt.ArrayLike) -> FloatArray:
    """Return difference / sqrt(variance); without variance an infinity of the same sign, or 0."""
    d, v = np.asarray(difference, dtype=float), np.asarray(variance, dtype=float)
    t = d / np.sqrt(np.where(v > 0.0, v, 1.0))
    return np.where(v > 0.0, t, np.where(d == 0.0, 0.0, np.copysign(np.inf, d)))


def _just_below(value: float, scale: float) -> float:
    """Return ``value`` less the rounding error of a sum of size ``scale``, so that equal statistics count as equal."""
    return float(value - 1e-12 * scale) if np.isfinite(value) else value


def _share(extreme: int, total: int, exact: bool) -> float:
    return extreme / total if exact else (extreme + 1) / (total + 1)


def _blocks(total: int, width: int) -> Iterator[tuple[int, int]]:
    size = max(1, BLOCK // width)
    for start in range(0, total, size):
        yield start, min(start + size, total)
