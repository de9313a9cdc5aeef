"""What there is to earn in a world, whoever learns there: by the best and the random policy, and in any one episode."""

from __future__ import annotations

import math
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.mdp.changing import ChangingMDP, EpisodicMDP, checked_episodic_mdp, phases_met, phases_of
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.planning.cut_episodes import Meter, OverBudgetError, best_cut_return, cut_totals, extreme_totals

__all__ = [
    "FREE",
    "EpisodeBounds",
    "ReturnSpan",
    "SpanOfRun",
    "apart",
    "episode_bounds",
    "length_bounds",
    "metered_span",
    "return_span",
]

FREE = 5e7  # units of a `Meter` that take a second or so: any answer may cost so much
_BINARY = 2.0**20  # sums of multiples of its reciprocal are exact in all orders, up to _SUMS
_SUMS = 2.0**32
_ROOM = 2.0**-40  # of their size, between bounds that are the same

_known: WeakKeyDictionary[TabularMDP, dict[tuple[Any, ...], Any]] = WeakKeyDictionary()


class ReturnSpan(NamedTuple):
    """The expected undiscounted returns between which there is something to learn.

    Attributes
    ----------
    optimum : float
        The largest that any policy has in an episode cut at `max_steps`, one that knows the step included.
    random : float
        That of all actions equally likely in every state.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> return_span(fsq.cliff_walking(), max_steps=1000).optimum
    -12.0
    """

    optimum: float
    random: float

    @property
    def of_run(self) -> bool:
        """Whether both are means over the episodes of a run, in the course of which the world changes."""
        return False


class SpanOfRun(ReturnSpan):
    """The means of both over the episodes of a run, in the course of which the world changes.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> return_span(fsq.dyna_maze("blocking", changes_at=100), episodes=500).of_run
    True
    """

    __slots__ = ()

    @property
    def of_run(self) -> bool:
        """True."""
        return True


class EpisodeBounds(NamedTuple):
    """The lowest and the highest that a single episode can have.

    Attributes
    ----------
    returns : (float, float)
        Undiscounted; infinite where they are not known.
    lengths : (float, float)
        In steps.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> episode_bounds(fsq.cliff_walking(), max_steps=20)
    EpisodeBounds(returns=(-2000.0, -12.0), lengths=(13.0, 20.0))
    """

    returns: tuple[float, float]
    lengths: tuple[float, float]


def return_span(
    mdp: EpisodicMDP, max_steps: int = 1000, *, steps: float = 0.0, episodes: int | None = None
) -> ReturnSpan | None:
    """Compute what the best policy and the uniformly random one earn in an episode.

    Parameters
    ----------
    mdp : TabularMDP or ChangingMDP
    max_steps : int
        Where episodes are cut.
    steps : float
        The steps of the training that this stands beside. The answer may cost a tenth as much work, and about a second
        in any case.
    episodes : int, optional
        Of a run. Only a ChangingMDP needs it: the answer is the mean over these episodes, each with the best policy of
        the world as it is then.

    Returns
    -------
    ReturnSpan or None
        None where it would cost too much.

    Raises
    ------
    TypeError, ValueError
        What is no MDP, or no number of steps or episodes.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> return_span(fsq.from_map("SG"), max_steps=2)
    ReturnSpan(optimum=0.0, random=-1.3125)
    """
    mdp, max_steps = checked_episodic_mdp(mdp), checks.count("max_steps", max_steps)
    count = checks.count("episodes", episodes) if isinstance(mdp, ChangingMDP) else 1
    try:
        return metered_span(mdp, max_steps, Meter(max(FREE, steps / 10)), count)
    except OverBudgetError:
        return None


def metered_span(mdp: EpisodicMDP, max_steps: int, meter: Meter, episodes: int = 1) -> ReturnSpan:
    """As `return_span`, its work counted together with other work.

    Parameters
    ----------
    mdp : TabularMDP or ChangingMDP
    max_steps : int
    meter : Meter
    episodes : int

    Returns
    -------
    ReturnSpan

    Raises
    ------
    OverBudgetError
        The meter allows no more.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> metered_span(fsq.from_map("SG"), 2, Meter()).random
    -1.3125
    """
    if not isinstance(mdp, ChangingMDP):
        return _span_of_phase(mdp, max_steps, meter)
    met = phases_met(mdp, episodes)
    each = np.array([_span_of_phase(phase.mdp, max_steps, meter) for phase in met])
    means = np.average(each, axis=0, weights=[phase.episodes for phase in met])
    return SpanOfRun(*means.tolist())


def _span_of_phase(mdp: TabularMDP, max_steps: int, meter: Meter) -> ReturnSpan:
    known, key = _known.setdefault(mdp, {}), ("span", max_steps)
    if key not in known:
        uniform = np.full((mdp.n_states, mdp.n_actions), 1.0 / mdp.n_actions)
        random = float(cut_totals(mdp, [uniform], max_steps, meter)[0][0])
        known[key] = ReturnSpan(best_cut_return(mdp, max_steps, meter), random)
    span: ReturnSpan = known[key]
    return span


def length_bounds(max_steps: int) -> tuple[float, float]:
    """The fewest and the most steps of an episode, in any world.

    Parameters
    ----------
    max_steps : int

    Returns
    -------
    (float, float)

    Examples
    --------
    >>> length_bounds(1000)
    (1.0, 1000.0)
    """
    return apart(1.0, float(max_steps))


def apart(low: float, high: float) -> tuple[float, float]:
    """Leave a little room between bounds that are the same: statistics are asked of what may vary.

    Parameters
    ----------
    low, high : float

    Returns
    -------
    (float, float)

    Examples
    --------
    >>> apart(1.0, 2.0), apart(-13.0, -13.0)[0] < -13.0
    ((1.0, 2.0), True)
    """
    room = _ROOM * max(1.0, abs(high))
    return (low, high) if high - low > room else (low - room, high + room)


def episode_bounds(mdp: EpisodicMDP, max_steps: int = 1000) -> EpisodeBounds:
    """Compute the lowest and the highest return, and length, that an episode can have in a world.

    Parameters
    ----------
    mdp : TabularMDP or ChangingMDP
    max_steps : int
        Where episodes are cut.

    Returns
    -------
    EpisodeBounds
        Those of the kindest and the unkindest actions and outcomes; of a world where that takes more than about a
        second, those of `max_steps` times the least and the greatest reward. No sum of an episode's rewards leaves
        them, rounding included, and there is always a little room between them. Of a ChangingMDP, those of all phases
        together.

    Raises
    ------
    TypeError, ValueError
        What is no MDP, or no number of steps.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> episode_bounds(fsq.from_map("SG"), max_steps=3).returns
    (-3.0, 0.0)
    """
    mdp, max_steps = checked_episodic_mdp(mdp), checks.count("max_steps", max_steps)
    each = np.array([_bounds_of_phase(phase, max_steps) for phase in phases_of(mdp)])  # [phases, returns or lengths, 2]
    (least, shortest), (most, longest) = each[..., 0].min(axis=0).tolist(), each[..., 1].max(axis=0).tolist()
    return EpisodeBounds((least, most), (shortest, longest))


def _bounds_of_phase(mdp: TabularMDP, max_steps: int) -> EpisodeBounds:
    known, key = _known.setdefault(mdp, {}), ("bounds", max_steps)
    if key not in known:
        returns = _widened(_extremes(mdp, mdp.reward, max_steps), mdp, max_steps)
        lengths = _extremes(mdp, np.ones(mdp.reward.shape), max_steps)
        known[key] = EpisodeBounds(apart(*returns), apart(*lengths))
    bounds: EpisodeBounds = known[key]
    return bounds


def _extremes(mdp: TabularMDP, reward: NDArray[np.float64], max_steps: int) -> tuple[float, float]:
    try:
        return extreme_totals(mdp, reward, max_steps, Meter(FREE))
    except OverBudgetError:
        possible = reward[mdp.probability > 0.0]
        low, high = float(possible.min()), float(possible.max())
        return min(low, max_steps * low), max(high, max_steps * high)  # an episode takes one step at least


def _widened(bounds: tuple[float, float], mdp: TabularMDP, max_steps: int) -> tuple[float, float]:
    """The bounds with room for the rounding of an episode's sum, where there is any."""
    largest = max_steps * mdp.largest_reward
    whole = largest <= _SUMS and np.array_equal(np.rint(mdp.reward * _BINARY), mdp.reward * _BINARY)
    room = 0.0 if whole else max_steps * math.ulp(1.0) * largest
    return bounds[0] - room, bounds[1] + room
