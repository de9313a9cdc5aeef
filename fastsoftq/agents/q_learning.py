"""Q-learning (Watkins 1989): bootstraps on the best action, behaves epsilon-greedily."""

from __future__ import annotations

from typing import NamedTuple

from fastsoftq.agents.hard_policy import hard_policy
from fastsoftq.agents.schedules import Schedule

__all__ = ["QLearning"]


@hard_policy
class QLearning(NamedTuple):
    """Hard Q-learning with epsilon-greedy exploration; equal best actions are equally likely.

    Sutton & Barto 2018, section 6.5.

    Parameters
    ----------
    step_size : float or schedule
        In (0, 1].
    discount : float
        In [0, 1].
    epsilon : float or schedule
        The probability of a random action, in [0, 1].
    reward_scale : float
        The factor of rewards in training, positive; curves report unscaled rewards.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> agent = fsq.QLearning(step_size=0.8, discount=0.95, epsilon=fsq.LinearDecay(0.9, 0.1, 0.001))
    >>> fsq.train(fsq.cliff_walking(), agent, seeds=4, episodes=50).returns.shape
    (4, 50)
    """

    step_size: Schedule
    discount: float
    epsilon: Schedule = 0.1
    reward_scale: float = 1.0
