"""n-step tree backup (Precup, Sutton & Singh 2000): n steps of Q-learning, without importance sampling."""

from __future__ import annotations

from typing import NamedTuple

from fastsoftq.agents.hard_policy import hard_policy
from fastsoftq.agents.memory_rules import pass_back, steps
from fastsoftq.agents.rules import rule
from fastsoftq.agents.schedules import Schedule
from fastsoftq.kernels.jit import inlined
from fastsoftq.kernels.over_actions import fold, highest, pick
from fastsoftq.kernels.simd import fma, select

__all__ = ["NStepTreeBackup"]


@hard_policy
class NStepTreeBackup(NamedTuple):
    """n-step tree backup towards the greedy policy, with epsilon-greedy exploration; equal best actions share evenly.

    Sutton & Barto 2018, section 7.5, equation 7.16. In a state within the n steps, the action taken counts with its
    return, all others with their values, each by its probability under the target policy. With n = 1 it is Q-learning.

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
    >>> agent = fsq.NStepTreeBackup(step_size=0.1, discount=0.95, n=4)
    >>> fsq.train(fsq.cliff_walking(), agent, seeds=4, episodes=50).returns.shape
    (4, 50)
    """

    step_size: Schedule
    discount: float
    n: int = 4
    epsilon: Schedule = 0.1
    reward_scale: float = 1.0


@rule(steps, NStepTreeBackup)
def _(agent):
    return agent.n


@inlined
def _count(so_far, q, action, top):
    return so_far + select(q >= top, 1.0, 0.0)


@rule(pass_back, NStepTreeBackup)
def _(agent, row, kept, action, value, like):
    top = highest(row)
    share = select(pick(row, action) >= top, 1.0 / fold(_count, 0.0, row, (top,)), 0.0)
    return fma(share, value - top, top)
