"""The goals that policies reach among several, exactly: of one policy, or of each run's own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.engine.curves import LearningCurves
from fastsoftq.experiments.document import entropy
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.planning.occupancy import Occupancy, occupancy

__all__ = ["NEAR_TIES", "N_GOALS", "Reached", "first_of_the_best", "goal_entropy", "goals_visited", "reached"]

N_GOALS = 4
NEAR_TIES = (0.0, -0.01, -0.02, -0.03)  # what goals pay where they are almost equally good


class Reached(NamedTuple):
    """What policies reach.

    Attributes
    ----------
    shares : ndarray of float64, shape [policies, 4]
        Probability that an episode ends at each goal.
    lengths : ndarray of float64, shape [policies]
        Expected steps of an episode.
    visits : ndarray of float64, shape [states]
        Expected steps from each state, averaged over policies.
    """

    shares: NDArray[np.float64]
    lengths: NDArray[np.float64]
    visits: NDArray[np.float64]


def reached(mdp: TabularMDP, policies: Iterable[NDArray[np.float64]], max_steps: int, *, cut: bool = False) -> Reached:
    """Find the goals that each policy reaches, from its absorbing chain.

    Parameters
    ----------
    mdp : TabularMDP
        Its goals are the digits on its map.
    policies : iterable of float64 [states, actions]
    max_steps : int
        Where episodes are cut that might never end.
    cut : bool
        Cut all episodes there.

    Returns
    -------
    Reached

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> reached(fsq.multi_goal(5), [np.full((25, 4), 0.25)], max_steps=100).shares.round(3).tolist()
    [[0.25, 0.25, 0.25, 0.25]]
    """
    marks = [(mdp.map or ())[y][x] for y, x in np.asarray(mdp.cells)]
    goals = np.array([[mark == str(goal) for mark in marks] for goal in range(N_GOALS)], np.float64)
    stays = [_occupancy(mdp, policy, max_steps, cut) for policy in policies]
    visits = np.array([stay.visits for stay in stays])
    return Reached(np.array([goals @ stay.endings for stay in stays]), visits.sum(axis=1), visits.mean(axis=0))


def goal_entropy(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Entropy in nats of the goal that an episode ends at, given that it does.

    Parameters
    ----------
    shares : ndarray of float64, shape [..., goals]
        Probabilities, or counts.

    Returns
    -------
    ndarray of float64, shape [...]
        0 where no goal is ever reached.

    Examples
    --------
    >>> goal_entropy(np.array([[1.0, 0.0, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25]])).round(3).tolist()
    [0.0, 1.386]
    """
    total = shares.sum(axis=-1, keepdims=True)
    p = np.divide(shares, total, out=np.zeros_like(shares, np.float64), where=total > 0.0)
    return entropy(p) + 0.0  # not -0


def goals_visited(curves: LearningCurves) -> NDArray[np.int64]:
    """Which goal each episode ended at, in a room where goals pay `NEAR_TIES`.

    The return tells it: every step costs 1 but the last, which pays the goal's reward.

    Parameters
    ----------
    curves : LearningCurves

    Returns
    -------
    ndarray of int64, shape [seeds, episodes]
        0 to 3, or 4 where the episode was cut.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> room = fsq.multi_goal(5, goal_rewards=NEAR_TIES)
    >>> to_the_right = fsq.train(room, fsq.Frozen(fsq.QLearning(1.0, 1.0, 0.0)), 2, 1, initial_q=np.eye(4)[[1] * 25])
    >>> goals_visited(to_the_right).tolist()
    [[1], [1]]
    """
    goal = np.rint((curves.returns + curves.lengths - 1.0) / NEAR_TIES[1]).astype(np.int64)
    return np.where(curves.truncated, N_GOALS, goal)


def first_of_the_best(q: NDArray[np.float64]) -> NDArray[np.float64]:
    """The greedy policy that gives ties to the first action, as `numpy.argmax` does.

    Parameters
    ----------
    q : ndarray of float64, shape [states, actions]
        Values of actions, or probabilities.

    Returns
    -------
    ndarray of float64, shape [states, actions]

    Examples
    --------
    >>> first_of_the_best(np.array([[1.0, 2.0, 2.0]])).tolist()
    [[0.0, 1.0, 0.0]]
    """
    return np.asarray(np.eye(q.shape[1])[q.argmax(axis=1)])


def _occupancy(mdp: TabularMDP, policy: NDArray[np.float64], max_steps: int, cut: bool) -> Occupancy:
    if not cut:
        without_limit = occupancy(mdp, policy)
        if np.isfinite(without_limit.visits).all():
            return without_limit
    return occupancy(mdp, policy, horizon=max_steps)
