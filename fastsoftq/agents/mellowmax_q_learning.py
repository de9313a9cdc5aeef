"""Mellowmax Q-learning (Asadi & Littman 2017): bootstraps on the mellowmax, behaves epsilon-greedily."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastsoftq.agents.rules import act, bootstrap, rule
from fastsoftq.agents.schedules import Schedule
from fastsoftq.agents.soft_policy import soft_summary
from fastsoftq.kernels.numerics import LN_2, log2
from fastsoftq.kernels.over_actions import highest
from fastsoftq.kernels.policies import explores, greedy_given
from fastsoftq.kernels.simd import convert, fma

__all__ = ["MellowmaxQLearning"]


@soft_summary
class MellowmaxQLearning(NamedTuple):
    """Q-learning that backs up T log mean exp(Q / T), with epsilon-greedy exploration; equal best ones equally likely.

    Asadi & Littman 2017, "An alternative softmax operator for reinforcement learning", with omega = 1 / T: the soft
    value less T log(actions), which entropy adds to it; between the mean and the largest value. Their operator learned
    off-policy, as in Q-learning: it does not act by the policy of theirs that solves an equation in every state.

    Parameters
    ----------
    step_size : float or schedule
        In (0, 1].
    discount : float
        In [0, 1].
    temperature : float or schedule
        T, positive, in units of the scaled reward. Rounding of values is relative to it: where it is some 1e12 times as
        large as they are, it counts.
    reward_scale : float
        The factor of rewards in training, positive; curves report unscaled rewards.
    epsilon : float or schedule
        The probability of a random action, in [0, 1].

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> agent = fsq.MellowmaxQLearning(step_size=0.1, discount=0.95, temperature=0.5)
    >>> fsq.train(fsq.cliff_walking(), agent, seeds=4, episodes=50).returns.shape
    (4, 50)
    """

    step_size: Schedule
    discount: float
    temperature: Schedule = 1.0
    reward_scale: float = 1.0
    epsilon: Schedule = 0.1


@rule(bootstrap, MellowmaxQLearning)
def _(agent, row, summary, action):
    bits = convert(log2(summary.total), summary.top) - log2(np.float64(len(row)))
    return fma(bits, agent.temperature * LN_2, summary.top)


@rule(act, MellowmaxQLearning)
def _(agent, row, summary, draw):
    return greedy_given(row, highest(row), explores(draw, agent.epsilon), draw.low)
