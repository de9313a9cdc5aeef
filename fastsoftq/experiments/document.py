"""The document's agents and its slipping cliff, and what agents come to exactly: policies, entropies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fastsoftq.agents import LinearDecay, QLearning, SoftQLearning
from fastsoftq.mdp.cliff_walking import cliff_walking
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.planning.iteration import soft_value_iteration, value_iteration

__all__ = [
    "DISCOUNT",
    "EPSILON",
    "HARD",
    "STEP_SIZE",
    "entropy",
    "exact_policy",
    "slipping_cliff",
    "soft",
]

STEP_SIZE, DISCOUNT = 0.8, 0.95
EPSILON = LinearDecay(start=0.9, stop=0.1, decrease=0.001)
HARD = QLearning(STEP_SIZE, DISCOUNT, EPSILON)


def soft(reward_scale: float) -> SoftQLearning:
    """The document's soft agent: at temperature 1, acting by its own policy alone.

    Parameters
    ----------
    reward_scale : float

    Returns
    -------
    SoftQLearning

    Examples
    --------
    >>> soft(10.0)
    SoftQLearning(step_size=0.8, discount=0.95, temperature=1.0, reward_scale=10.0, epsilon=0.0)
    """
    return SoftQLearning(STEP_SIZE, DISCOUNT, temperature=1.0, reward_scale=reward_scale, epsilon=0.0)


def slipping_cliff(slip: float) -> TabularMDP:
    """Cliff walking where a move turns left or right with probability `slip`, as often either way.

    Parameters
    ----------
    slip : float
        In [0, 1]; 2/3 on Gymnasium's slippery cliff.

    Returns
    -------
    TabularMDP

    Examples
    --------
    >>> slipping_cliff(0.5).probability[0, 0].tolist()
    [0.25, 0.5, 0.25]
    """
    mdp = cliff_walking(slippery=True)
    chances = np.broadcast_to([slip / 2.0, 1.0 - slip, slip / 2.0], mdp.probability.shape)
    return TabularMDP(mdp.next_state, mdp.reward, mdp.terminated, chances, mdp.start, mdp.name)


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
