"""Dyna-Q (Sutton 1990): Q-learning from steps, and from those that a model of them makes up."""

from __future__ import annotations

from typing import NamedTuple

from fastsoftq.agents.dyna import dyna
from fastsoftq.agents.hard_policy import hard_policy
from fastsoftq.agents.schedules import Schedule

__all__ = ["DynaQ"]


@dyna
@hard_policy
class DynaQ(NamedTuple):
    """Dyna-Q with epsilon-greedy exploration; with a time bonus, Dyna-Q+.

    Sutton & Barto 2018, section 8.2: after each step, `planning_steps` updates of Q-learning from what came last of a
    state and action, drawn evenly among those that the run has met. With none it is Q-learning. In a stochastic world
    values stay about the true ones: the model knows one outcome of each action, the last.

    Parameters
    ----------
    step_size : float or schedule
        In (0, 1].
    discount : float
        In [0, 1].
    planning_steps : int
        Updates from the model after each step, 0 or more.
    time_bonus : float
        Kappa of Dyna-Q+ (section 8.3), at least 0, in units of the reward: planning pays kappa * sqrt(t) on top, where
        an action was last taken t steps of the run ago. If it is above 0, all actions of a state that was met are in
        the model; one that was never taken leads back to the state for nothing.
    epsilon : float or schedule
        The probability of a random action, in [0, 1].
    reward_scale : float
        The factor of rewards in training, positive; curves report unscaled rewards.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> agent = fsq.DynaQ(step_size=0.5, discount=0.95, planning_steps=10)
    >>> fsq.train(fsq.cliff_walking(), agent, seeds=4, episodes=50).returns.shape
    (4, 50)
    """

    step_size: Schedule
    discount: float
    planning_steps: int = 5
    time_bonus: float = 0.0
    epsilon: Schedule = 0.1
    reward_scale: float = 1.0
