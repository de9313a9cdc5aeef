"""Episodes cut at a number of steps: what policies earn within them, the best of all, and what can happen at all."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.mdp.tabular import TabularMDP, checked_mdp
from fastsoftq.planning.bellman import action_values, hard_values, matrices
from fastsoftq.planning.evaluation import from_start
from fastsoftq.planning.optimal.choices import reachable

__all__ = ["Meter", "OverBudgetError", "best_cut_return", "cut_totals", "extreme_totals"]

# Units of work: what a step of all policies takes however small the world is, and how many cells are one.
_CALL, _CELLS_A_UNIT = 1500, 16
_CELLS = 1 << 18  # of policies evaluated at a time, so that they stay in the cache
_NEGLIGIBLE = 1e-12  # of a total


class OverBudgetError(Exception):
    """An answer that costs more work than was allowed."""


class Meter:
    """Counts work, so that an answer that costs too much is given up, at the same point on every machine.

    Parameters
    ----------
    allowed : float
        Units; one is about 20 ns of one core, as much as a step of training takes.

    Examples
    --------
    >>> meter = Meter(10.0)
    >>> meter.add(8.0)
    >>> meter.add(8.0)
    Traceback (most recent call last):
    fastsoftq.planning.cut_episodes.OverBudgetError
    """

    def __init__(self, allowed: float = np.inf) -> None:
        self.left = allowed

    def add(self, work: float) -> None:
        """Count so much more.

        Raises
        ------
        OverBudgetError
            That is more than was allowed.
        """
        self.left -= work
        if self.left < 0.0:
            raise OverBudgetError


def cut_totals(
    mdp: TabularMDP, policies: Iterable[NDArray[np.float64]], max_steps: int, meter: Meter | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Evaluate policies in episodes that are cut at `max_steps`: expected undiscounted return and length.

    State occupancies are followed step by step, those of all policies at once, until the mass that goes on cannot
    change a total by 1e-12 any more. As `evaluate_policy` with a horizon, which takes one policy and gives values too.

    Parameters
    ----------
    mdp : TabularMDP
    policies : iterable of ndarray of float64, shape [states, actions]
        Probabilities that sum to 1 over actions. Taken some at a time, so that few are in memory at once.
    max_steps : int
    meter : Meter, optional
        What the work is counted by.

    Returns
    -------
    returns, lengths : ndarray of float64, shape [policies]

    Raises
    ------
    OverBudgetError
        The meter allows no more.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> uniform = np.full((2, 4), 0.25)
    >>> cut_totals(fsq.from_map("SG"), [uniform], max_steps=2)  # -1 a step but for the one into the goal
    (array([-1.3125]), array([1.75]))
    """
    max_steps, meter = checks.count("max_steps", max_steps), meter or Meter()
    model = matrices(mdp)
    entering, reward = model.continuation.matrix().T, model.reward.ravel()
    most = max(1.0, mdp.largest_reward)
    returns, lengths = [np.zeros(0)], [np.zeros(0)]
    remaining = iter(policies)
    while some := list(islice(remaining, max(1, _CELLS // reward.size))):
        chosen = np.stack(some, axis=2)  # [states, actions, policies]
        occupancy = np.repeat(mdp.start[:, None], len(some), axis=1)
        earned, taken = np.zeros(len(some)), np.zeros(len(some))
        for left in range(max_steps, 0, -1):
            going_on = occupancy.sum(axis=0)
            if going_on.max() * left * most <= _NEGLIGIBLE:
                break
            meter.add(_CALL + len(some) * (reward.size + model.continuation.p.size) / _CELLS_A_UNIT)
            weights = (occupancy[:, None] * chosen).reshape(reward.size, -1)
            earned += reward @ weights
            taken += going_on
            occupancy = entering @ weights
        returns.append(earned)
        lengths.append(taken)
    return np.concatenate(returns), np.concatenate(lengths)


def best_cut_return(mdp: TabularMDP, max_steps: int, meter: Meter | None = None) -> float:
    """Return the largest expected undiscounted return of an episode that is cut at `max_steps`.

    Of all policies, those that know the step included (Puterman 1994, section 4.5: backward induction). It ends early
    where the steps that are left cannot change the values of start states by 1e-12 of the largest of them.

    Parameters
    ----------
    mdp : TabularMDP
    max_steps : int
    meter : Meter, optional
        What the work is counted by.

    Returns
    -------
    float

    Raises
    ------
    OverBudgetError
        The meter allows no more.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> best_cut_return(fsq.cliff_walking(), max_steps=1000), best_cut_return(fsq.cliff_walking(), max_steps=5)
    (-12.0, -5.0)
    """
    max_steps, meter = checks.count("max_steps", max_steps), meter or Meter()
    model, starts = matrices(checked_mdp(mdp)), mdp.start > 0.0
    seen = reachable(model, starts)  # values elsewhere say nothing of those at the start
    v = np.zeros(mdp.n_states)
    for left in range(max_steps, 0, -1):
        meter.add(_CALL + model.reward.size + model.continuation.p.size)
        before, v = v, hard_values(model, action_values(model, v, 1.0))
        # A step changes values by no more than the one before it did.
        if float(np.abs(v - before)[seen].max()) * left <= _NEGLIGIBLE * float(np.abs(v[starts]).max()):
            break
    return from_start(mdp, v)


def extreme_totals(
    mdp: TabularMDP, reward: NDArray[np.float64], max_steps: int, meter: Meter | None = None
) -> tuple[float, float]:
    """Return the least and the greatest total reward that an episode cut at `max_steps` can have, whatever happens.

    Backward induction over actions and outcomes alike: chance is as kind, or as unkind, as it can be.

    Parameters
    ----------
    mdp : TabularMDP
    reward : ndarray of float64, shape [states, actions, outcomes]
        What is added up: the rewards, or ones for steps.
    max_steps : int
    meter : Meter, optional
        What the work is counted by.

    Returns
    -------
    lowest, highest : float
        Summed from the end of an episode backwards, which rounds otherwise than from its beginning.

    Raises
    ------
    OverBudgetError
        The meter allows no more.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> mdp = fsq.cliff_walking()
    >>> extreme_totals(mdp, mdp.reward, max_steps=20)  # falls each time; goes straight to the goal
    (-2000.0, -12.0)
    """
    max_steps, meter = checks.count("max_steps", max_steps), meter or Meter()
    goes_on = np.where(mdp.terminated, 0.0, 1.0)
    starts = mdp.start > 0.0
    ends = []
    for best, worst in ((np.min, np.inf), (np.max, -np.inf)):
        # What cannot happen is never the best.
        own = np.where(mdp.probability > 0.0, reward, worst)
        v = np.zeros(mdp.n_states)
        for _ in range(max_steps):
            meter.add(_CALL + own.size)
            before, v = v, np.where(mdp.terminal, 0.0, best(own + goes_on * v[mdp.next_state], axis=(1, 2)))
            if np.array_equal(v, before):
                break
        ends.append(float(best(v[starts])))
    return ends[0], ends[1]
