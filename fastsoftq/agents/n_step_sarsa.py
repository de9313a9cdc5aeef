"""n-step Sarsa (Sutton & Barto 2018, section 7.2): n rewards, then the value of the action that is taken next."""

from __future__ import annotations

from typing import NamedTuple

from fastsoftq.agents.epsilon_greedy import epsilon_greedy
from fastsoftq.agents.memory_rules import steps
from fastsoftq.agents.rules import bootstrap, on_policy, rule
from fastsoftq.agents.schedules import Schedule
from fastsoftq.kernels.over_actions import pick

__all__ = ["NStepSarsa"]


@epsilon_greedy
class NStepSarsa(NamedTuple):
    """n-step Sarsa with epsilon-greedy exploration; equal best actions are equally likely.

    Sutton & Barto 2018, section 7.2, equations 7.4 and 7.5. With n = 1 it is Sarsa. At an episode's end all steps that
    are left are learned from, with as many rewards as follow them; where it is truncated they bootstrap all the same.

    Parameters
    ----------
    step_size : float or schedule
        In (0, 1].
    discount : float
        In [0, 1].
    n : int
        How many steps a return takes before it bootstraps, at least 1.
    epsilon : float or schedule
        The probability of a random action, in [0, 1].
    reward_scale : float
        The factor of rewards in training, positive; curves report unscaled rewards.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> agent = fsq.NStepSarsa(step_size=0.1, discount=0.95, n=4)
    >>> fsq.train(fsq.cliff_walking(), agent, seeds=4, episodes=50).returns.shape
    (4, 50)
    """

    step_size: Schedule
    discount: float
    n: int = 4
    epsilon: Schedule = 0.1
    reward_scale: float = 1.0


@rule(steps, NStepSarsa)
def _(agent):
    return agent.n


@rule(on_policy, NStepSarsa)
def _(agent):
    return True


@rule(bootstrap, NStepSarsa)
def _(agent, row, summary, action):
    return pick(row, action)
