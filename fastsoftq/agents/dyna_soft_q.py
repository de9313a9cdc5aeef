"""Dyna soft Q: soft Q-learning from steps, and from those that a model of them makes up."""

from __future__ import annotations

from typing import NamedTuple

from fastsoftq.agents.dyna import dyna
from fastsoftq.agents.schedules import Schedule
from fastsoftq.agents.soft_policy import soft_policy

__all__ = ["DynaSoftQ"]


@dyna
@soft_policy
class DynaSoftQ(NamedTuple):
    """Dyna-Q (Sutton & Barto 2018, section 8.2) of the soft value (Haarnoja et al. 2017), acting by the soft policy.

    After each step, `planning_steps` updates of soft Q-learning from what came last of a state and action, drawn evenly
    among those that the run has met. With none it is soft Q-learning; as the temperature goes to 0 it becomes Dyna-Q
    without exploration. In a stochastic world values stay about the true ones: the model knows one outcome of each
    action, the last.

    Parameters
    ----------
    step_size : float or schedule
        In (0, 1].
    discount : float
        In [0, 1].
    planning_steps : int
        Updates from the model after each step, 0 or more.
    time_bonus : float
        As of `DynaQ`, at least 0, in units of the reward.
    temperature : float or schedule
        T, positive, in units of the scaled reward.
    reward_scale : float
        The factor of rewards in training, positive; curves report unscaled rewards.
    epsilon : float or schedule
        The probability of a random action instead of the soft policy's, in [0, 1].

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> agent = fsq.DynaSoftQ(step_size=0.5, discount=0.95, planning_steps=10, reward_scale=10.0)
    >>> fsq.train(fsq.cliff_walking(), agent, seeds=4, episodes=50).returns.shape
    (4, 50)
    """

    step_size: Schedule
    discount: float
    planning_steps: int = 5
    time_bonus: float = 0.0
    temperature: Schedule = 1.0
    reward_scale: float = 1.0
    epsilon: Schedule = 0.0
