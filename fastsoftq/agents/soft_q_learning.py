"""Soft Q-learning (Haarnoja et al. 2017, tabular): bootstraps on the soft value, behaves by its own soft policy."""

from __future__ import annotations

from typing import NamedTuple

from fastsoftq.agents.schedules import Schedule
from fastsoftq.agents.soft_policy import soft_policy

__all__ = ["SoftQLearning"]


@soft_policy
class SoftQLearning(NamedTuple):
    """Soft Q-learning, acting with probability exp((Q - V) / T), V = T log sum exp(Q / T).

    The document's soft Q-learning is `temperature=1`; training with rewards times `reward_scale` at temperature T is
    training at temperature T / reward_scale.

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
    >>> agent = fsq.SoftQLearning(step_size=0.8, discount=0.95, temperature=1.0, reward_scale=10.0)
    >>> fsq.train(fsq.cliff_walking(), agent, seeds=4, episodes=200).lengths[:, -1].min()
    np.int32(13)
    """

    step_size: Schedule
    discount: float
    temperature: Schedule = 1.0
    reward_scale: float = 1.0
    epsilon: Schedule = 0.0
