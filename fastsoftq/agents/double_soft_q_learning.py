"""Double soft Q-learning: two tables, of which one gives the next soft policy and the other values its actions."""

from __future__ import annotations

from typing import NamedTuple

from fastsoftq.agents.double_q_learning import two_tables
from fastsoftq.agents.schedules import Schedule
from fastsoftq.agents.soft_policy import soft_policy

__all__ = ["DoubleSoftQLearning"]


@two_tables
@soft_policy
class DoubleSoftQLearning(NamedTuple):
    """Double soft Q-learning, acting by the soft policy of the mean of both tables.

    Double learning (van Hasselt 2010) of the soft value (Haarnoja et al. 2017): where the first table learns and pi is
    its soft policy in the next state, the target is r + discount * sum_a pi(a) (Q2(a) - T log pi(a)), Q2 of the second.

    Parameters
    ----------
    step_size : float or schedule
        In (0, 1].
    discount : float
        In [0, 1].
    temperature : float or schedule
        T, positive, in units of the scaled reward.
    reward_scale : float
        The factor of rewards in training, positive; curves report unscaled rewards.
    epsilon : float or schedule
        The probability of a random action instead of the soft policy's, in [0, 1].

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> agent = fsq.DoubleSoftQLearning(step_size=0.1, discount=0.95, reward_scale=10.0)
    >>> fsq.train(fsq.cliff_walking(), agent, seeds=4, episodes=50).returns.shape
    (4, 50)
    """

    step_size: Schedule
    discount: float
    temperature: Schedule = 1.0
    reward_scale: float = 1.0
    epsilon: Schedule = 0.0
