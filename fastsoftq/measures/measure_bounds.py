"""The lowest and the highest value that a measure can have of a run, from those of a single episode."""

from __future__ import annotations

from fastsoftq.attainable_returns import EpisodeBounds
from fastsoftq.measures.run_values import Optimum

__all__ = [
    "Bounds",
    "bounds_of_episodes",
    "bounds_of_lengths",
    "bounds_of_regret",
    "bounds_of_returns",
    "bounds_of_steps",
]

Bounds = tuple[float, float]


def bounds_of_returns(of: EpisodeBounds, episodes: int, optimum: Optimum | None, *_: float) -> Bounds:
    """The mean return of some episodes lies within what one can have.

    Examples
    --------
    >>> of = EpisodeBounds(returns=(-9.0, -2.0), lengths=(3.0, 9.0))
    >>> bounds_of_returns(of, 500, None, 100)
    (-9.0, -2.0)
    """
    return of.returns


def bounds_of_lengths(of: EpisodeBounds, episodes: int, optimum: Optimum | None, *_: float) -> Bounds:
    """The mean length of some episodes, likewise.

    Examples
    --------
    >>> bounds_of_lengths(EpisodeBounds(returns=(-9.0, -2.0), lengths=(3.0, 9.0)), 500, None, 100)
    (3.0, 9.0)
    """
    return of.lengths


def bounds_of_regret(of: EpisodeBounds, episodes: int, optimum: Optimum) -> Bounds:
    """What all episodes together may fall short of the optimum; a lucky run exceeds it.

    Examples
    --------
    >>> from fastsoftq.attainable_returns import ReturnSpan
    >>> best = ReturnSpan(optimum=-3.0, random=-8.0)
    >>> bounds_of_regret(EpisodeBounds(returns=(-9.0, -2.0), lengths=(3.0, 9.0)), 500, best)
    (-500.0, 3000.0)
    """
    low, high = of.returns
    return episodes * (optimum.optimum - high), episodes * (optimum.optimum - low)


def bounds_of_steps(of: EpisodeBounds, episodes: int, optimum: Optimum | None, threshold: float, window: int) -> Bounds:
    """Steps until a window ends: the first at the soonest, and at most all that are taken.

    Examples
    --------
    >>> bounds_of_steps(EpisodeBounds(returns=(-9.0, -2.0), lengths=(3.0, 9.0)), 500, None, -3.0, 10)
    (30.0, 4500.0)
    """
    return min(window, episodes) * of.lengths[0], episodes * of.lengths[1]


def bounds_of_episodes(of: EpisodeBounds, episodes: int, optimum: Optimum | None, limit: float, window: int) -> Bounds:
    """Episodes until a window ends, likewise.

    Examples
    --------
    >>> bounds_of_episodes(EpisodeBounds(returns=(-9.0, -2.0), lengths=(3.0, 9.0)), 500, None, -3.0, 10)
    (10.0, 500.0)
    """
    return float(min(window, episodes)), float(episodes)
