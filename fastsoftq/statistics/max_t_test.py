"""Where two mean curves part: the max-T permutation test of whole curves, whose level holds by construction.

Among many episodes chance makes all of five runs differ the same way at some of them: their small standard error proves
nothing. Permutations of whole runs meet the same chance at other episodes, so each episode's studentised difference is
compared with the largest of all episodes after each permutation.
Source: Westfall and Young, Resampling-Based Multiple Testing (1993), the single step of their max-T procedure.
"""

import math

import numpy as np
import numpy.typing as npt

from fastsoftq.statistics.permuted_runs import least_p_value, memberships, share, sign_flips
from fastsoftq.statistics.samples import MOST_RESAMPLES, FloatArray, exponent, paired_differences, scaled

#: Statistics closer than this, in proportion, are ties: squares of sums lose half of the digits where nothing varies.
_TIED = 1e-9


def parted(
    a: FloatArray, b: FloatArray, paired: bool, alpha: float, rng: np.random.Generator, resamples: int
) -> npt.NDArray[np.bool_]:
    """Return for each episode whether mean curves of a and b, [runs, episodes], differ, at ``alpha`` for all together.

    Raises
    ------
    ValueError
        Where so small an error takes more permutations than there may be.
    """
    if least_p_value(len(a), len(b), paired) > alpha:
        return np.zeros(a.shape[1], dtype=np.bool_)
    ways = 2 ** len(a) if paired else math.comb(len(a) + len(b), len(a))
    exact = ways <= resamples
    total = ways if exact else max(resamples, math.ceil(1.0 / alpha))
    if total > MOST_RESAMPLES:
        raise ValueError(
            f"level is {1.0 - alpha}; it takes {total} permutations, and at most {MOST_RESAMPLES} are drawn"
        )
    given, largest = (_flipped if paired else _dealt)(a, b, total, exact, rng)
    beyond = total - np.searchsorted(np.sort(largest), given * (1.0 - _TIED), side="left")
    return np.array([share(int(count), total, exact) <= alpha for count in beyond])


def _flipped(
    a: FloatArray, b: FloatArray, total: int, exact: bool, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Return the statistic at each episode, and after each flip of signs the largest of all.

    Flips leave sums of squares alone: t^2 grows with the square of the sum over them.
    """
    differences = paired_differences(a, b)
    differences = scaled(differences, -exponent(differences))
    squares = np.square(differences).sum(axis=0)
    scale = np.where(squares > 0.0, np.sqrt(len(differences) * squares), 1.0)
    largest = [
        np.abs(signs @ differences / scale).max(axis=1)
        for signs in sign_flips(len(a), total, exact, rng, width=a.shape[1])
    ]
    return np.abs(differences.sum(axis=0) / scale), np.concatenate(largest)


def _dealt(
    a: FloatArray, b: FloatArray, total: int, exact: bool, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Return Welch's t^2 at each episode, and after each dealing out of whole runs the largest of all."""
    pooled = np.concatenate([a, b])
    pooled = scaled(pooled, -exponent(pooled))
    pooled -= np.median(pooled, axis=0)
    squares = np.square(pooled)
    runs, n = len(pooled), len(a)
    sum_of_all, squares_of_all = pooled.sum(axis=0), squares.sum(axis=0)

    def statistic(member: FloatArray) -> FloatArray:
        inside, within = member @ pooled, member @ squares
        variance = np.zeros_like(inside)
        for sums, of_squares, size in (
            (inside, within, n),
            (sum_of_all - inside, squares_of_all - within, runs - n),
        ):
            rest = of_squares - sums**2 / size
            # What is left of equal numbers is rounding error: no variance.
            variance += np.where(rest > 1e-12 * squares_of_all, rest, 0.0) / (size * (size - 1))
        difference = np.abs(inside / n - (sum_of_all - inside) / (runs - n))
        apart = difference > 1e-12 * np.sqrt(squares_of_all)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(apart, np.square(difference) / variance, 0.0)

    given = statistic((np.arange(runs) < n).astype(float)[None])[0]
    largest = [
        statistic(member).max(axis=1) for member in memberships(runs, n, total, exact, rng, width=pooled.shape[1])
    ]
    return given, np.concatenate(largest)
