"""Two sets of learning curves compared, run by run and seed by seed."""

from __future__ import annotations

from enum import Enum
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from fastsoftq.checks import choice, flag, shown, whole
from fastsoftq.statistics import Comparison, compare_samples
from fastsoftq.system.html import value_text

__all__ = ["LAST", "Axis", "Curves", "axis_of", "compare", "match_seeds"]


class Axis(Enum):
    """What the columns of learning curves stand for.

    A tabular agent's columns are episodes. A deep agent's are points on a grid of steps, each with the mean of the
    episodes that ended since the point before.

    Examples
    --------
    >>> Axis("points").unit, Axis.POINTS.last, Axis.EPISODES.over_last(1)
    ('point', 10, 'the last episode')
    """

    EPISODES = "episodes"
    POINTS = "points"

    @property
    def unit(self) -> str:
        """One of them."""
        return self.value.removesuffix("s")

    @property
    def last(self) -> int:
        """How many of the last are meant where nobody says."""
        return 100 if self is Axis.EPISODES else 10

    def over_last(self, columns: float) -> str:
        """Name the last so many."""
        return f"the last {self.unit}" if columns == 1 else f"the last {value_text(columns)} {self.value}"

    def steps(self, curves: Any) -> npt.NDArray[Any]:
        """The environment steps that each column of curves stands for.

        Returns
        -------
        ndarray, shape [seeds, columns]
            On a grid those of the grid, whether a run diverged or not.
        """
        if self is Axis.EPISODES:
            return np.asarray(curves.lengths)
        return np.broadcast_to(np.diff(curves.steps, prepend=0), curves.returns.shape)

    def steps_taken(self, curves: Any) -> npt.NDArray[np.int64]:
        """The environment steps of each run, int64 [seeds]."""
        taken: npt.NDArray[np.int64]
        taken = curves.lengths.sum(axis=1, dtype=np.int64) if self is Axis.EPISODES else curves.steps_taken
        return taken


#: How many of the last episodes are compared, unless said otherwise.
LAST = Axis.EPISODES.last

#: Metrics by name, singular or plural, and the field of the curves that holds each.
METRICS = {
    "return": "returns", "length": "lengths", "truncated": "truncated", "returns": "returns", "lengths": "lengths",
}  # fmt: skip


class Curves(Protocol):
    """The fields of learning curves that are compared: one row of each array per run; ``seeds`` names the runs.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> curves: Curves = fsq.train(fsq.cliff_walking(), fsq.QLearning(0.8, 0.95), seeds=2, episodes=3)
    >>> curves.returns.shape
    (2, 3)
    """

    @property
    def returns(self) -> npt.NDArray[np.float64]: ...  # noqa: D102
    @property
    def lengths(self) -> npt.NDArray[Any]: ...  # noqa: D102
    @property
    def truncated(self) -> npt.NDArray[Any]: ...  # noqa: D102
    @property
    def seeds(self) -> npt.NDArray[np.uint64]: ...  # noqa: D102


def axis_of(curves: Any) -> Axis:
    """What the columns of curves stand for.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> axis_of(fsq.train(fsq.cliff_walking(), fsq.QLearning(0.8, 0.95), seeds=2, episodes=3)).unit
    'episode'
    """
    return Axis.POINTS if isinstance(getattr(curves, "steps", None), np.ndarray) else Axis.EPISODES


def compare(
    curves_a: Curves,
    curves_b: Curves,
    metric: str = "return",
    episodes: slice | None = None,
    paired: bool = True,
    level: float = 0.95,
    rng: int | np.random.Generator | None = None,
    *,
    points: slice | None = None,
) -> Comparison:
    """Compare two sets of learning curves, a - b.

    Each run counts once, with the mean of the metric over the chosen episodes, or points of deep agents. A deep run
    that diverged counts with the lowest return that it had.

    Parameters
    ----------
    curves_a, curves_b : LearningCurves or DeepCurves
        With ``.returns``, ``.lengths``, ``.truncated`` of shape [seeds, episodes] or [seeds, points], and ``.seeds``.
    metric : {"return", "length", "truncated"}
        Return of an episode, its number of steps, or whether ``max_steps`` cut it; the names of the arrays, "returns"
        and "lengths", will do too.
    episodes : slice, optional
        Which episodes; by default the last 100, or all where there are fewer.
    paired : bool
        Match runs by seed, in whatever order they are stored.
    level : float
        Coverage of the interval of the difference.
    rng : int, numpy.random.Generator or None
        For the permutation test. None means a fixed seed: the answer is reproducible.
    points : slice, optional
        Of DeepCurves, which points of the grid of steps; by default the last 10.

    Returns
    -------
    fastsoftq.statistics.Comparison
        ``.difference .low .high .p_value .effect_size .probability_of_improvement .correlation`` and more.

    Raises
    ------
    TypeError
        Arguments that are not learning curves; `episodes` or `points` that is not a slice.
    ValueError
        Unequal numbers of episodes or grids of steps, an unknown metric, a slice that holds nothing, `episodes` of
        curves that have points or the reverse, fewer than two runs, or, when paired, seeds that are repeated or found
        on one side only.

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
    for name, curves in (("curves_a", curves_a), ("curves_b", curves_b)):
        if not (hasattr(curves, field) and hasattr(curves, "seeds")):
            raise TypeError(f"{name} is {shown(curves)}; it must be learning curves, as train yields them")
        if len(curves.seeds) < 2:
            raise ValueError(f"{name} holds {len(curves.seeds)} run(s); at least 2 are needed")
    axis = _common_axis(curves_a, curves_b)
    some = _columns(axis, {"episodes": episodes, "points": points})
    a, b = (np.asarray(getattr(curves, field), dtype=np.float64) for curves in (curves_a, curves_b))
    if a[:, some].shape[1] == 0:
        raise ValueError(f"{axis.value} is {some}; it selects none of {a.shape[1]} {axis.value}")
    first, second = a[:, some].mean(axis=1), b[:, some].mean(axis=1)
    if flag("paired", paired):
        order_a, order_b = match_seeds(curves_a.seeds, curves_b.seeds)
        first, second = first[order_a], second[order_b]
    return compare_samples(first, second, paired, level, rng)


def _common_axis(curves_a: Any, curves_b: Any) -> Axis:
    """What the columns of both stand for, if that is the same, column by column."""
    axis, other = axis_of(curves_a), axis_of(curves_b)
    if axis != other:
        raise ValueError(f"curves_a has {axis.value} and curves_b {other.value}; they cannot be compared")
    columns = curves_a.returns.shape[1], curves_b.returns.shape[1]
    if columns[0] != columns[1]:
        raise ValueError(f"curves_a has {columns[0]} {axis.value} and curves_b {columns[1]}; they must be equal")
    if axis is Axis.POINTS and not np.array_equal(curves_a.steps, curves_b.steps):
        raise ValueError(
            f"curves_a has points up to {curves_a.steps[-1]} steps and curves_b up to {curves_b.steps[-1]}; their "
            "grids must be equal"
        )
    return axis


def _columns(axis: Axis, given: dict[str, Any]) -> slice:
    """Those that are asked for, or else the last."""
    for name, chosen in given.items():
        if chosen is not None and not isinstance(chosen, slice):
            raise TypeError(f"{name} is {shown(chosen)}; it must be a slice, such as slice(-{Axis(name).last}, None)")
        for end in () if chosen is None else ("start", "stop", "step"):
            if getattr(chosen, end) is not None:
                whole(f"{name}.{end}", getattr(chosen, end))
        if chosen is not None and chosen.step == 0:
            raise ValueError(f"{name}.step is 0; it must be another integer, or None")
        if chosen is not None and name != axis.value:
            raise ValueError(f"{name} is {chosen}; these curves have {axis.value}: {axis.value}={chosen}")
    wanted: slice | None = given[axis.value]
    return slice(-axis.last, None) if wanted is None else wanted


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
