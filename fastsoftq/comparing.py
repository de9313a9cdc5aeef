"""Two sets of learning curves compared, run by run and seed by seed."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from fastsoftq.checks import choice, flag
from fastsoftq.statistics import Comparison, compare_samples

#: How many of the last episodes are compared, unless said otherwise.
LAST = 100

#: Metrics by name, singular or plural, and the field of the curves that holds each.
METRICS = {
    "return": "returns", "length": "lengths", "truncated": "truncated", "returns": "returns", "lengths": "lengths",
}  # fmt: skip


class Curves(Protocol):
    """The fields of learning curves that are compared: one row of each array per run; ``seeds`` names the runs."""

    @property
    def returns(self) -> npt.NDArray[np.float64]: ...  # noqa: D102
    @property
    def lengths(self) -> npt.NDArray[np.int32]: ...  # noqa: D102
    @property
    def truncated(self) -> npt.NDArray[np.bool_]: ...  # noqa: D102
    @property
    def seeds(self) -> npt.NDArray[np.uint64]: ...  # noqa: D102


def compare(
    curves_a: Curves,
    curves_b: Curves,
    metric: str = "return",
    episodes: slice = slice(-LAST, None),
    paired: bool = True,
    level: float = 0.95,
    rng: int | np.random.Generator | None = None,
) -> Comparison:
    """Compare two sets of learning curves, a - b.

    Each run counts once, with the mean of the metric over the chosen episodes.

    Parameters
    ----------
    curves_a, curves_b : LearningCurves
        With ``.returns``, ``.lengths``, ``.truncated`` of shape [seeds, episodes], and ``.seeds``.
    metric : {"return", "length", "truncated"}
        Return of an episode, its number of steps, or whether ``max_steps`` cut it; the names of the arrays, "returns"
        and "lengths", will do too.
    episodes : slice
        Which episodes; by default the last 100, or all where there are fewer.
    paired : bool
        Match runs by seed, in whatever order they are stored.
    level : float
        Coverage of the interval of the difference.
    rng : int, numpy.random.Generator or None
        For the permutation test. None means a fixed seed: the answer is reproducible.

    Returns
    -------
    fastsoftq.statistics.Comparison
        ``.difference .low .high .p_value .effect_size .probability_of_improvement .correlation`` and more.

    Raises
    ------
    TypeError
        Arguments that are not learning curves; `episodes` that is not a slice.
    ValueError
        Unequal numbers of episodes, an unknown metric, a slice that holds no episode, fewer than two runs, or, when
        paired, seeds that are repeated or found on one side only.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> mdp, task = fsq.cliff_walking(), {"seeds": 20, "episodes": 200, "max_steps": 500}
    >>> hard = fsq.train(mdp, fsq.QLearning(step_size=0.8, discount=0.95), **task)
    >>> soft = fsq.train(mdp, fsq.SoftQLearning(step_size=0.8, discount=0.95, reward_scale=10.0), **task)
    >>> comparison = fsq.compare(soft, hard, metric="return", episodes=slice(-50, None))
    >>> comparison.low > 0  # soft earns more while it learns, for hard goes on exploring
    True
    """
    field = METRICS[choice("metric", metric, METRICS)]
    if not isinstance(episodes, slice):
        raise TypeError(f"episodes is {episodes!r}; it must be a slice, such as slice(-100, None)")
    for name, curves in (("curves_a", curves_a), ("curves_b", curves_b)):
        if not (hasattr(curves, field) and hasattr(curves, "seeds")):
            raise TypeError(f"{name} is {curves!r}; it must be learning curves, as train yields them")
    a, b = (np.asarray(getattr(curves, field), dtype=np.float64) for curves in (curves_a, curves_b))
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"curves_a has {a.shape[1]} episodes and curves_b {b.shape[1]}; they must be equal")
    if a[:, episodes].shape[1] == 0:
        raise ValueError(f"episodes is {episodes}; it selects none of {a.shape[1]} episodes")
    first, second = a[:, episodes].mean(axis=1), b[:, episodes].mean(axis=1)
    if flag("paired", paired):
        order_a, order_b = match_seeds(curves_a.seeds, curves_b.seeds)
        first, second = first[order_a], second[order_b]
    return compare_samples(first, second, paired, level, rng)


def match_seeds(
    seeds_a: npt.NDArray[np.uint64], seeds_b: npt.NDArray[np.uint64]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the two orders of runs, intp [seeds] each, that bring equal seeds side by side.

    Parameters
    ----------
    seeds_a, seeds_b : uint64 [seeds]
        The same seeds in any order, each once.

    Raises
    ------
    ValueError
        If a seed is repeated, or found on one side only; the message names the first few.

    Examples
    --------
    >>> match_seeds(np.array([7, 3], np.uint64), np.array([3, 7], np.uint64))
    (array([1, 0]), array([0, 1]))
    """
    a, b = np.asarray(seeds_a), np.asarray(seeds_b)
    for name, seeds in (("curves_a", a), ("curves_b", b)):
        values, counts = np.unique(seeds, return_counts=True)
        if (counts > 1).any():
            raise ValueError(f"{name} has repeated seeds, so its runs cannot be paired: {_few(values[counts > 1])}")
    only = (("curves_a", np.setdiff1d(a, b)), ("curves_b", np.setdiff1d(b, a)))
    odd = [f"only {name} has {_few(seeds)}" for name, seeds in only if len(seeds)]
    if odd:
        raise ValueError(f"seeds do not match, so runs cannot be paired: {'; '.join(odd)}")
    return np.argsort(a), np.argsort(b)


def _few(seeds: npt.NDArray[Any], shown: int = 5) -> str:
    more = f" and {len(seeds) - shown} more" if len(seeds) > shown else ""
    return ", ".join(map(str, seeds[:shown].tolist())) + more
