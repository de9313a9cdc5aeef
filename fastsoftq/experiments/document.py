"""The document's agents for cliff walking, with its settings; and the cliff where moves slip."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fastsoftq.agents import LinearDecay, QLearning, SoftQLearning
from fastsoftq.mdp.cliff_walking import cliff_walking
from fastsoftq.mdp.tabular import TabularMDP

__all__ = ["DISCOUNT", "EPSILON", "HARD", "STEP_SIZE", "epsilon_of", "slipping_cliff", "soft"]

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


def epsilon_of(agent: QLearning | SoftQLearning, episode: NDArray[np.int64]) -> NDArray[np.float64]:
    """The share of actions that an agent takes at random.

    Parameters
    ----------
    agent : QLearning or SoftQLearning
        Its epsilon is a number or a `LinearDecay`.
    episode : ndarray of int64
        From 0.

    Returns
    -------
    ndarray of float64, of the same shape

    Examples
    --------
    >>> epsilon_of(HARD, np.array([0, 100, 900])).round(3).tolist()
    [0.9, 0.8, 0.1]
    """
    if isinstance(agent.epsilon, LinearDecay):
        return np.asarray(np.maximum(agent.epsilon.stop, agent.epsilon.start - agent.epsilon.decrease * episode))
    return np.full(episode.shape, agent.epsilon, np.float64)
