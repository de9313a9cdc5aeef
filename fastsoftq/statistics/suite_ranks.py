"""Ranks of algorithms over a suite of environments, and how far chance may have moved them.

A rank is known as well as the differences it rests on: where an algorithm is told to be worse than two others, its rank
is 3 or more; of those that it cannot be told from it may be on either side.

Source: Mogstad, Romano, Shaikh and Wilhelm, Inference for ranks, Review of Economic Studies 91 (2024).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from fastsoftq.checks import flag
from fastsoftq.statistics.agreeing_runs import unseen
from fastsoftq.statistics.moments import moments, skew_corrected_interval
from fastsoftq.statistics.permuted_runs import least_p_value
from fastsoftq.statistics.samples import FloatArray, as_conditions, as_curves, as_fraction, as_generator, as_resamples
from fastsoftq.statistics.sup_t import pointwise_alpha
from fastsoftq.system.html import NotebookTable

Ranks = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class SuiteRanks(NotebookTable):
    """Ranks, 1 for the best, that hold together.

    Attributes
    ----------
    score
        float64 [algorithms]: mean over environments and runs.
    rank, low, high
        int [algorithms]: by that score; and the ranks there may be.
    world_rank, world_low, world_high
        int [algorithms, environments]: the same in each environment.
    mean_rank, mean_low, mean_high
        float64 [algorithms]: the means of these over environments. Ties share a rank there: half of it counts.
    level
        Probability that all of them hold.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(3, 40, 2)) + [[[0.0, 0.0]], [[3.0, 3.0]], [[3.1, -3.0]]]
    >>> found = suite_ranks(x)
    >>> found.world_rank.tolist(), found.world_low[:, 0].tolist(), found.world_high[:, 0].tolist()
    ([[3, 2], [2, 1], [1, 3]], [3, 1, 1], [3, 2, 2])
    """

    score: FloatArray
    rank: Ranks
    low: Ranks
    high: Ranks
    world_rank: Ranks
    world_low: Ranks
    world_high: Ranks
    mean_rank: FloatArray
    mean_low: FloatArray
    mean_high: FloatArray
    level: float


def suite_ranks(
    scores: Sequence[npt.ArrayLike] | npt.ArrayLike,
    level: float = 0.95,
    paired: bool = True,
    rng: int | np.random.Generator | None = None,
    *,
    higher_is_better: bool = True,
    resamples: int = 2000,
) -> SuiteRanks:
    """Rank algorithms over a suite of environments.

    Parameters
    ----------
    scores
        Of each algorithm float [runs, environments], normalised so that environments compare (see `normalised`).
    level
        Probability that all ranks, over the suite and in each environment, lie within their ends.
    paired
        Whether run i of all algorithms belongs to one seed.
    rng
        Seed or generator of the calibration. None means a fixed seed: the answer is reproducible.
    higher_is_better
        Whether rank 1 is the highest score.
    resamples
        Number of resamples that calibrate the comparisons.

    Raises
    ------
    ValueError
        On fewer than two algorithms, a bad sample, or unequal numbers of environments, or of runs when paired.

    Notes
    -----
    All differences of two algorithms, in each environment and over the suite, have intervals that hold together:
    skewness-corrected t intervals, made wider as a bootstrap of the largest deviation of all says. Differences on which
    all runs agree bound the share of others, as in `compare_samples`.

    Examples
    --------
    >>> found = suite_ranks(np.zeros((2, 5, 3)))
    >>> found.low.tolist(), found.high.tolist()
    ([1, 1], [2, 2])
    """
    level = as_fraction(level, "level")
    sign = 1.0 if flag("higher_is_better", higher_is_better) else -1.0
    x = [sign * as_curves(s, f"scores[{i}]", "environments") for i, s in enumerate(as_conditions(scores, "scores"))]
    if len(x) < 2:
        raise ValueError(f"scores holds {len(x)} algorithm(s); ranks need two at least")
    environments, runs = ([s.shape[axis] for s in x] for axis in (1, 0))
    if len(set(environments)) > 1:
        raise ValueError(f"scores hold {', '.join(map(str, environments))} environments; they must be equally many")
    if flag("paired", paired) and len(set(runs)) > 1:
        raise ValueError(f"scores hold {', '.join(map(str, runs))} runs; they must be equally many to be paired")
    # The suite is one more column: the mean of a run over environments.
    x = [np.concatenate([s, s.mean(axis=1, keepdims=True)], axis=1) for s in x]
    told = _told_apart(x, paired, 1.0 - level, as_generator(rng), as_resamples(resamples))
    means = np.array([s.mean(axis=0) for s in x])
    rank = np.argsort(np.argsort(-means, axis=0, kind="stable"), axis=0, kind="stable") + 1
    low, high = 1 + (told < 0).sum(axis=1), len(x) - (told > 0).sum(axis=1)
    shared = 0.5 + (means[None] > means[:, None]).sum(axis=1) + 0.5 * (means[None] == means[:, None]).sum(axis=1)
    worlds = np.s_[:, :-1]
    return SuiteRanks(
        score=sign * means[:, -1],
        rank=rank[:, -1],
        low=low[:, -1],
        high=high[:, -1],
        world_rank=rank[worlds],
        world_low=low[worlds],
        world_high=high[worlds],
        mean_rank=shared[worlds].mean(axis=1),
        mean_low=low[worlds].mean(axis=1),
        mean_high=high[worlds].mean(axis=1),
        level=level,
    )


def _told_apart(
    x: Sequence[FloatArray], paired: bool, alpha: float, rng: np.random.Generator, resamples: int
) -> npt.NDArray[np.int8]:
    """Return [i, j, column]: 1 where i is told to be above j, -1 where below, 0 where neither."""
    k, columns = len(x), x[0].shape[1]
    pairs = list(combinations(range(k), 2))
    groups = _paired(x, pairs) if paired else _unpaired(x, pairs)
    m = moments(groups)
    each = pointwise_alpha(groups, m, 1.0 - alpha, rng, resamples)
    low, high = (np.asarray(end) for end in skew_corrected_interval(m, each))
    # Differences that all agree, and are not 0, differ by chance only if others are missed with at least that weight.
    fewest = min(len(s) for s in x)
    agreed = np.where(m.error == 0.0, np.sign(m.estimate) * float(unseen(fewest, each) < 0.5), 0.0)
    signs = np.where(m.error == 0.0, agreed, (low > 0.0).astype(int) - (high < 0.0)).reshape(len(pairs), columns)
    told = np.zeros((k, k, columns), dtype=np.int8)
    for (i, j), sign in zip(pairs, signs, strict=True):
        if least_p_value(len(x[i]), len(x[j]), paired) <= each:
            told[i, j], told[j, i] = sign, -sign
    return told


def _paired(x: Sequence[FloatArray], pairs: Sequence[tuple[int, int]]) -> list[FloatArray]:
    return [np.concatenate([x[i] - x[j] for i, j in pairs], axis=1)]


def _unpaired(x: Sequence[FloatArray], pairs: Sequence[tuple[int, int]]) -> list[FloatArray]:
    """Return a group for each algorithm: what its runs add to each difference, nothing where it has no part."""
    return [np.concatenate([s * ((own == i) - 1.0 * (own == j)) for i, j in pairs], axis=1) for own, s in enumerate(x)]
