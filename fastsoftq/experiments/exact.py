"""Exact answers beside learned ones: the policy that an agent comes to, the states it can act in, entropies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fastsoftq.agents import QLearning, SoftQLearning
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.planning.iteration import soft_value_iteration, value_iteration

__all__ = ["can_act", "entropy", "exact_policy"]


def exact_policy(mdp: TabularMDP, agent: QLearning | SoftQLearning) -> NDArray[np.float64]:
    """The policy of the fixed point that an agent's table converges to, without its epsilon.

    Parameters
    ----------
    mdp : TabularMDP
    agent : QLearning or SoftQLearning
        A soft one at temperature 1.

    Returns
    -------
    ndarray of float64, shape [states, actions]
        Greedy with ties shared evenly, or soft.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> mdp = fsq.from_map("S.G")
    >>> exact_policy(mdp, fsq.QLearning(step_size=0.8, discount=0.95))[0].tolist()
    [0.0, 1.0, 0.0, 0.0]
    """
    if isinstance(agent, SoftQLearning):
        return soft_value_iteration(mdp, agent.discount, reward_scale=agent.reward_scale).policy
    return value_iteration(mdp, agent.discount).policy


def can_act(mdp: TabularMDP) -> NDArray[np.bool_]:
    """The states that an agent can ever act in: who falls off the cliff is back at the start at once.

    Parameters
    ----------
    mdp : TabularMDP
        With a map.

    Returns
    -------
    ndarray of bool, shape [states]

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> int(can_act(fsq.cliff_walking()).sum())
    37
    """
    marks = np.array([list(row) for row in mdp.map or ()])[tuple(np.asarray(mdp.cells).T)]
    return np.asarray(~mdp.terminal & (marks != "C"))


def entropy(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """The entropy of distributions, in nats.

    Parameters
    ----------
    p : ndarray of float64, shape [..., outcomes]

    Returns
    -------
    ndarray of float64, shape [...]

    Examples
    --------
    >>> entropy(np.array([[0.5, 0.5], [1.0, 0.0]])).round(3).tolist()
    [0.693, -0.0]
    """
    return np.asarray(-(p * np.log(p, out=np.zeros_like(p), where=p > 0.0)).sum(axis=-1))
