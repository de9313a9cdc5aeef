"""Permutations of runs, signs flipped or labels dealt anew, all of them or drawn ones; the least p-value they give."""

import math
from collections.abc import Iterator
from itertools import combinations

import numpy as np

from fastsoftq.checks import count, flag
from fastsoftq.statistics.samples import BLOCK, FloatArray

#: Ways to deal out so many runs are counted to the last one, so that a p-value at a level is not missed by rounding.
_COUNTED = 1000


def sign_flips(runs: int, total: int, exact: bool, rng: np.random.Generator, width: int = 0) -> Iterator[FloatArray]:
    """Yield blocks of rows [permutations, runs] of signs; of blocks so small that rows of ``width`` fit one, too."""
    for start, stop in _blocks(total, max(runs, width)):
        if exact:
            bits = np.arange(start, stop)[:, None] >> np.arange(runs) & 1
        else:
            bits = rng.integers(0, 2, size=(stop - start, runs), dtype=np.int8)
        yield (2 * bits - 1).astype(np.float64)


def memberships(
    runs: int, n: int, total: int, exact: bool, rng: np.random.Generator, width: int = 0
) -> Iterator[FloatArray]:
    """Yield blocks of 0/1 rows [permutations, runs] with n ones each."""
    every = combinations(range(runs), n)
    for start, stop in _blocks(total, max(runs, width)):
        member = np.zeros((stop - start, runs))
        if exact:
            chosen = np.array([next(every) for _ in range(stop - start)])
        else:
            chosen = np.argpartition(rng.random(member.shape), n - 1, axis=1)[:, :n]
        np.put_along_axis(member, chosen, 1.0, axis=1)
        yield member


def share(extreme: int, total: int, exact: bool) -> float:
    """Return the p-value of so many permutations as extreme: of those drawn the sample itself is one more."""
    return extreme / total if exact else (extreme + 1) / (total + 1)


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
    Two sign flips, or relabellings, are as extreme as the sample; only one relabelling is if the numbers of runs
    differ. Drawing permutations, instead of taking them all, adds a little.

    Examples
    --------
    >>> least_p_value(5, 5)
    0.0625
    """
    runs_a, runs_b = count("runs_a", runs_a), count("runs_b", runs_b)
    if flag("paired", paired):
        return 0.5 ** (runs_a - 1)
    alike = 2.0 if runs_a == runs_b else 1.0
    if runs_a + runs_b <= _COUNTED:
        return min(alike / math.comb(runs_a + runs_b, runs_a), 1.0)
    ways = math.lgamma(runs_a + runs_b + 1) - math.lgamma(runs_a + 1) - math.lgamma(runs_b + 1)
    return min(alike * math.exp(-ways), 1.0)


def fewest_runs(level: float, paired: bool = True) -> int:
    """Return with how many runs of either sample `permutation_test` can tell any two apart at a level.

    Examples
    --------
    >>> fewest_runs(0.95), fewest_runs(0.95, paired=False)
    (6, 4)
    """
    runs = 2
    while least_p_value(runs, runs, paired) > 1.0 - level:
        runs += 1
    return runs


def _blocks(total: int, width: int) -> Iterator[tuple[int, int]]:
    size = max(1, BLOCK // width)
    for start in range(0, total, size):
        yield start, min(start + size, total)
