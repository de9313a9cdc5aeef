"""Expected Sarsa (van Seijen et al. 2009): bootstraps on the mean over its next actions, behaves epsilon-greedily."""

from __future__ import annotations

from typing import NamedTuple

from fastsoftq.agents.epsilon_greedy import epsilon_greedy
from fastsoftq.agents.rules import bootstrap, double_bootstrap, rule
from fastsoftq.agents.schedules import Schedule
from fastsoftq.kernels.over_actions import first_highest, pick, total
from fastsoftq.kernels.simd import fma

__all__ = ["ExpectedSarsa"]


@epsilon_greedy
class ExpectedSarsa(NamedTuple):
    """Expected Sarsa with epsilon-greedy exploration; equal best actions are equally likely.

    Sutton & Barto 2018, section 6.6.

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
    >>> agent = fsq.ExpectedSarsa(step_size=0.8, discount=0.95, epsilon=fsq.LinearDecay(0.9, 0.1, 0.001))
    >>> fsq.train(fsq.cliff_walking(), agent, seeds=4, episodes=50).returns.shape
    (4, 50)
    """

    step_size: Schedule
    discount: float
    epsilon: Schedule = 0.1
    reward_scale: float = 1.0


@rule(bootstrap, ExpectedSarsa)
def _(agent, row, summary, action):
    mean = total(row) * (1.0 / len(row))
    return fma(agent.epsilon, mean - summary, summary)


@rule(double_bootstrap, ExpectedSarsa)
def _(agent, row, summary, values):
    mean = total(values) * (1.0 / len(values))
    greedy = pick(values, first_highest(row))
    return fma(agent.epsilon, mean - greedy, greedy)
