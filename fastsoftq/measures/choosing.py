"""The best of several conditions by a measure, and what choosing it adds to what it seems worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fastsoftq.measures.measuring import Measure
from fastsoftq.measures.run_values import Measured, common_horizon

if TYPE_CHECKING:
    from fastsoftq.statistics import SelectionBias

__all__ = ["Best", "best_of", "choice_bias", "reference_among"]


@dataclass(frozen=True, eq=False)
class Best:
    """Which of several conditions is the best, by the runs that choose.

    Attributes
    ----------
    place : int
        Of the best, among all that were given; the first of equals.
    candidates : tuple of int
        The places of those it was chosen from.
    estimates : ndarray of float64, shape [candidates]
    tuned : tuple of Measured
        Of each candidate, the runs that choose, times cut at the horizon that these share.

    Examples
    --------
    >>> sample = Measured(np.array([1.0, 2.0]), np.arange(2, dtype=np.uint64))
    >>> Best(0, (0,), np.array([1.5]), (sample,)).candidates
    (0,)
    """

    place: int
    candidates: tuple[int, ...]
    estimates: NDArray[np.float64]
    tuned: tuple[Measured, ...]


def best_of(measure: Measure, found: Sequence[Measured], runs: int | None = None) -> Best:
    """Choose the best of several conditions on their first runs.

    Parameters
    ----------
    measure : Measure
    found : sequence of Measured
        Of each condition.
    runs : int, optional
        How many choose; all if not given. Conditions that have fewer were given up, and are no candidates, unless all
        have.

    Returns
    -------
    Best

    Examples
    --------
    >>> from fastsoftq.measures import measure
    >>> seeds = np.arange(3, dtype=np.uint64)
    >>> samples = [Measured(np.array(x), seeds) for x in ([1.0, 2.0, 9.0], [3.0, 3.0, 0.0])]
    >>> best_of(measure("area"), samples).place, best_of(measure("area"), samples, runs=2).place
    (0, 1)
    """
    sizes = [len(one.values) for one in found]
    needed = max(sizes) if runs is None else runs
    places = [place for place, size in enumerate(sizes) if size >= needed] or list(range(len(found)))
    tuned = [found[place].part(slice(needed)) for place in places]
    horizon = common_horizon(tuned)
    tuned = [one.restricted(horizon) for one in tuned]
    estimates = np.array([measure.point_estimate(one) for one in tuned])
    best = int(np.argmax(estimates if measure.higher_is_better else -estimates))
    return Best(places[best], tuple(places), estimates, tuple(tuned))


def choice_bias(measure: Measure, tuned: Sequence[Measured], test: Measured, level: float) -> SelectionBias:
    """How much better the best looks on the runs that chose it than on others.

    Parameters
    ----------
    measure : Measure
        A mean over runs.
    tuned : sequence of Measured
        Of each candidate, the runs that choose; equally many.
    test : Measured
        Of the best, other runs.
    level : float

    Returns
    -------
    fastsoftq.statistics.SelectionBias

    Raises
    ------
    ValueError
        A measure that is no mean over runs, or fewer than two runs.

    Examples
    --------
    >>> from fastsoftq.measures import measure
    >>> draw = np.random.default_rng(0).normal
    >>> some = [Measured(draw(size=20), np.arange(20, dtype=np.uint64)) for _ in range(9)]
    >>> other = Measured(draw(size=400), np.arange(400, dtype=np.uint64))
    >>> choice_bias(measure("area"), some, other, 0.95).expected > 0.2
    True
    """
    from fastsoftq.statistics import selection_bias

    if not measure.is_mean:
        raise ValueError(f"the measure is {measure.name!r}; it must be a mean over runs")
    horizon = common_horizon([*tuned, test])
    values, tested = [one.restricted(horizon).values for one in tuned], test.restricted(horizon).values
    return selection_bias(values, [tested] * len(values), level, higher_is_better=measure.higher_is_better)


def reference_among(tables: Mapping[str, str], against: str | None = None) -> str:
    """The table of agents that the others are compared with, wherever a study, a plan or a report compares.

    Parameters
    ----------
    tables : mapping of str to str
        From the names of tables, in the study's order, to the kind of their agents.
    against : str, optional
        The name of a table; otherwise "hard" if there is one, else the first of Q-learning, else the first.

    Returns
    -------
    str

    Examples
    --------
    >>> reference_among({"soft": "soft_q_learning", "plain": "q_learning"})
    'plain'
    >>> reference_among({"soft": "soft_q_learning", "plain": "q_learning", "hard": "sarsa"})
    'hard'
    """
    named = [name for name in (against or "hard", "hard") if name in tables]
    return [*named, *(name for name, kind in tables.items() if kind == "q_learning"), *tables][0]
